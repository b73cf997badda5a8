//! The spiking network of a conversion, of either kind of neuron.

use super::arguments::{ConvertArguments, NeuronChoice};
use crate::dataset;
use crate::fit::SynapticResponse;
use anyhow::{Result, bail};
use convert::{
    ConversionSettings, Done, IntegrateNetwork, IntegrateSettings, Outcome, Presentation, Route, SpikingNetwork,
    Tuning, present,
};
use data::ImageSet;

/// A converted network.
pub(super) enum Spiking {
    /// Of leaky integrate-and-fire neurons, with exact spike times.
    Leaky(Box<SpikingNetwork>),
    /// Of integrate-and-fire neurons, in steps of 1 ms.
    Integrating(Box<IntegrateNetwork>),
}

impl Spiking {
    /// Converts a trained network, its activations measured on `training`.
    pub(super) fn convert(
        trained: &ann::Network<f32>,
        training: &ImageSet,
        arguments: &ConvertArguments,
    ) -> Result<Spiking> {
        let samples = dataset::samples(training);
        let (percentile, normalisation) = (arguments.percentile(), arguments.normalisation());
        if arguments.neuron == NeuronChoice::If {
            let settings =
                IntegrateSettings { percentile, normalisation, read_out: arguments.read_out(), ..Default::default() };
            return Ok(Spiking::Integrating(Box::new(IntegrateNetwork::convert(trained, samples, &settings)?)));
        }
        let standard = ConversionSettings::default();
        let parameters = &arguments.neuron_parameters;
        let &[named] = &parameters.neurons()?[..] else { bail!("--tau-syn: a network has neurons of one kind") };
        let route = Route::of(trained);
        if route == Route::Physical {
            let last = trained.layers().last().map(ann::Layer::activation);
            let has_units = matches!(last, Some(ann::Activation::NoisySoftplus(_)));
            let flags = [
                ("--hidden-rate", arguments.hidden_rate.is_some()),
                ("--normalise", arguments.normalise.is_some()),
                ("--tuning", arguments.tuning.is_some_and(|images| images > 0)),
                ("--response-fit", arguments.response_fit.is_some()),
                ("--tau-syn", parameters.tau_syn().is_some()),
                // Of the outputs, unless they are Noisy Softplus too.
                ("--output-rate", has_units && arguments.output_rate.is_some()),
                ("--percentile", has_units && arguments.percentile.is_some()),
            ];
            if let Some((flag, _)) = flags.iter().find(|(_, is_given)| *is_given) {
                bail!(
                    "{flag} is for ReLU and Softplus networks: a Noisy Softplus network brings its own scales, response and time constant"
                );
            }
        } else if named.i_offset != standard.neuron.i_offset && arguments.response_fit.is_none() {
            bail!(
                "i_offset (--i-offset or --params) is for Noisy Softplus networks: otherwise a current is fitted for each layer, leave it out"
            );
        }
        let fitted = arguments.response_fit.as_deref().map(|file| SynapticResponse::read(file, parameters.tau_syn()));
        let fitted = fitted.transpose()?;
        let neuron = match fitted {
            Some(SynapticResponse { neuron, .. }) if neuron != named && !parameters.is_only_tau_syn() => {
                bail!("--response-fit brings its neuron: leave out its parameters, but for --tau-syn")
            }
            Some(SynapticResponse { neuron, .. }) => neuron,
            None => named,
        };
        let images = arguments.tuning.unwrap_or(Tuning::STANDARD.images);
        let tuning = Tuning { images, seed: arguments.seed, ..Tuning::STANDARD };
        let settings = ConversionSettings {
            neuron,
            response: fitted.map(|fitted| fitted.constants),
            encoding: arguments.encoding(),
            max_rate: arguments.max_rate,
            hidden_rate: arguments.hidden_rate.unwrap_or(standard.hidden_rate),
            output_rate: arguments.output_rate.unwrap_or(standard.output_rate),
            percentile,
            normalisation,
            delay: arguments.delay.unwrap_or(standard.delay),
            tuning: (images > 0).then_some(tuning),
        };
        let spiking = SpikingNetwork::convert(trained, samples, &settings)?;
        Ok(Spiking::Leaky(Box::new(spiking)))
    }

    /// Presents those of the images that are named by their numbers.
    pub(super) fn present(
        &self,
        set: &ImageSet,
        images: &[usize],
        arguments: &ConvertArguments,
        done: &Done<'_>,
    ) -> Result<Vec<Option<Outcome>>> {
        let (samples, latencies) = (dataset::samples(set), arguments.latencies());
        Ok(match self {
            Spiking::Leaky(network) => {
                let presentation = Presentation { latencies, seed: arguments.seed, read_out: arguments.read_out() };
                present(network, samples, images, &presentation, done)?
            }
            Spiking::Integrating(network) => {
                let steps: Vec<usize> = latencies.iter().map(|&latency| latency as usize).collect();
                network.present(samples, images, &steps, done)?
            }
        })
    }
}
