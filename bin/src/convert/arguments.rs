//! The flags of `convert`.

use super::energy::Device;
use super::mapping::{encoding_name, normalisation_name};
use crate::dataset::{DataSet, Images};
use crate::model_arguments::ModelArguments;
use crate::neuron_arguments::NeuronArguments;
use crate::run::RunArguments;
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use convert::{ConversionSettings, Encoding, IntegrateSettings, Normalisation, ReadOut, standard_latencies};
use serde_json::{Map, Value, json};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Longest presentation (ms).
const LONGEST: f64 = 1e6;

/// Most steps of integrate-and-fire neurons, all of which are held in memory.
const MOST_STEPS: f64 = 4096.0;

/// Most calibration images; the activations of all of them are held in memory.
const MOST_CALIBRATION: usize = 5_000;

/// A neuron that can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum NeuronChoice {
    /// Leaky integrate-and-fire with synaptic currents (PyNN's IF_curr_exp), exact spike times
    Lif,
    /// Integrate-and-fire without leak, reset by subtraction, steps of 1 ms, constant input
    If,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ReadOutChoice {
    /// All that has arrived at an output: its potential, if it neither leaked nor fired
    Potential,
    /// The number of its spikes
    Count,
    /// Which output fires first
    FirstSpike,
}

/// Flags of `convert`.
#[derive(Debug, Args)]
pub struct ConvertArguments {
    /// Trained network (Keras .h5 or .keras, ONNX, NIR)
    #[arg(required = true)]
    model: Option<PathBuf>,
    #[command(flatten)]
    pub(super) supplement: ModelArguments,
    /// Run the spiking network on the MNIST test images and measure the conversion loss; without a data set to run on, only the mapping is shown
    #[arg(long)]
    run_mnist: bool,
    /// Run it on Fashion-MNIST
    #[arg(long, conflicts_with = "run_mnist")]
    run_fashion: bool,
    /// Run it on CIFAR-10
    #[arg(long, conflicts_with_all = ["run_mnist", "run_fashion"])]
    run_cifar10: bool,
    /// Run it on images of your own: an .npz archive with x_train, y_train, x_test and y_test, or a folder with x_norm.npz, x_test.npz and
    /// y_test.npz, with the files of MNIST or with those of CIFAR-10
    #[arg(long, value_name = "PATH", conflicts_with_all = ["run_mnist", "run_fashion", "run_cifar10", "data_dir"])]
    data: Option<PathBuf>,
    /// Neurons of the spiking network
    #[arg(long, value_enum, default_value_t = NeuronChoice::Lif)]
    pub(super) neuron: NeuronChoice,
    /// What decides [default: count for lif, potential for if]
    #[arg(long, value_enum)]
    read_out: Option<ReadOutChoice>,
    /// Presentation time of an image (ms; with --neuron if the number of steps) [default: 1000 for lif, 64 for if]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    duration: Option<f64>,
    /// How brightness is told [default: poisson]
    #[arg(long, value_enum)]
    encoding: Option<EncodingChoice>,
    /// Rate of a full-scale pixel (Hz) [default: 1000 / tau_syn]
    #[arg(long, value_name = "HZ", allow_negative_numbers = true)]
    pub(super) max_rate: Option<f64>,
    /// Number of test images, from the first
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(super) images: usize,
    /// Number of training images on which activations are measured for scaling
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(super) calibration: usize,
    /// Rate of hidden units at the percentile of their layer's activations (Hz); ReLU and Softplus networks [default: 200]
    #[arg(long, value_name = "HZ", allow_negative_numbers = true)]
    pub(super) hidden_rate: Option<f64>,
    /// Rate of the winning output at the percentile (Hz) [default: 200]
    #[arg(long, value_name = "HZ", allow_negative_numbers = true)]
    pub(super) output_rate: Option<f64>,
    /// Percentile of the activations that is taken as full scale [default: 99.9 for lif, 99.5 for if]
    #[arg(long, value_name = "P", value_parser = percentile)]
    pub(super) percentile: Option<f64>,
    /// What has one scale between activations and rates [default: layer]
    #[arg(long, value_enum)]
    pub(super) normalise: Option<NormalisationChoice>,
    /// Take the neurons and their response from this fit.json of lif-sim fit (Noisy Softplus, k and S) [default: what fits their exact rates
    /// best]; ReLU and Softplus networks
    #[arg(long, value_name = "FILE")]
    pub(super) response_fit: Option<PathBuf>,
    /// Delay of every projection (ms) [default: 1]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    pub(super) delay: Option<f64>,
    /// Number of calibration images on which the fit of each layer is corrected by simulation; 0 for fits to the response alone [default: 20]
    #[arg(long, value_name = "N")]
    pub(super) tuning: Option<usize>,
    /// Seed of the Poisson input
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    #[command(flatten)]
    pub(super) neuron_parameters: NeuronArguments,
    #[command(flatten)]
    pub(super) run: RunArguments,
    /// Folder with the files of the data set [default: $LIF_DATA/NAME, data/NAME]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Reckon the energy on a device: loihi, truenorth, cmos45 or a table of your own (TOML)
    #[arg(long, value_name = "DEVICE")]
    energy: Option<String>,
    /// Present only part I of N of the images, to be put together by convert merge
    #[arg(long, value_name = "I/N", requires = "output")]
    shard: Option<Shard>,
    /// Go on with an interrupted run in the folder of -o
    #[arg(long, requires = "output")]
    pub(super) resume: bool,
    /// Write into this folder: report.html, conversion.json, outcomes.jsonl, latency and confusion (.csv, .svg, .png), and for LIF neurons
    /// layers.json, rates, budget and raster (.svg, .png)
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
}

/// One of several parts of the images, side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shard {
    /// From 1 to `of`.
    number: usize,
    of: usize,
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let numbers = text.split_once('/').map(|(number, of)| (number.parse(), of.parse()));
        match numbers {
            Some((Ok(number), Ok(of))) if 1 <= number && number <= of => Ok(Shard { number, of }),
            _ => Err("expected I/N, as in 2/4, with I from 1 to N".to_owned()),
        }
    }
}

fn percentile(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(p) if p > 50.0 && p <= 100.0 => Ok(p),
        _ => Err("must be above 50 and at most 100".to_owned()),
    }
}

/// A normalisation that can be named.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum NormalisationChoice {
    /// All units of a layer
    Layer,
    /// Those of a channel: weak channels are raised to the rates of strong ones
    Channel,
}

/// An encoding that can be named.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum EncodingChoice {
    /// Poisson processes
    Poisson,
    /// Equal intervals, pixels at different phases
    Regular,
    /// One spike per lit pixel and period of 1000 / max_rate ms, the earlier the brighter
    Latency,
    /// Constant currents into the first neurons
    Constant,
}

impl ConvertArguments {
    pub(super) fn encoding(&self) -> Encoding {
        match self.encoding {
            None | Some(EncodingChoice::Poisson) => Encoding::Poisson,
            Some(EncodingChoice::Regular) => Encoding::Regular,
            Some(EncodingChoice::Latency) => Encoding::Latency,
            Some(EncodingChoice::Constant) => Encoding::Constant,
        }
    }

    /// What has one scale.
    pub(super) fn normalisation(&self) -> Normalisation {
        match self.normalise {
            None | Some(NormalisationChoice::Layer) => Normalisation::Layer,
            Some(NormalisationChoice::Channel) => Normalisation::Channel,
        }
    }

    /// The device whose energy is reckoned.
    pub(super) fn device(&self) -> Result<Option<Device>> {
        self.energy.as_deref().map(Device::read).transpose()
    }

    /// The trained network; clap asks for it, unless there is a subcommand.
    pub(super) fn model(&self) -> Result<&Path> {
        self.model.as_deref().context("name a model")
    }

    /// The images that the network is run on, or that activations are measured on.
    pub(super) fn data(&self) -> Images {
        let set = match (self.run_fashion, self.run_cifar10) {
            (true, _) => DataSet::FashionMnist,
            (_, true) => DataSet::Cifar10,
            _ => DataSet::Mnist,
        };
        self.data.clone().map_or_else(|| Images::Named(set, self.data_dir.clone()), Images::Own)
    }

    /// Those of so many images that are to be presented.
    pub(super) fn range(&self, images: usize) -> Range<usize> {
        let Shard { number, of } = self.shard.unwrap_or(Shard { number: 1, of: 1 });
        let end = |number: usize| (images as u128 * number as u128 / of as u128) as usize;
        end(number - 1)..end(number)
    }

    /// Whether the spiking network is to be run.
    pub(super) fn runs(&self) -> bool {
        self.run_mnist || self.run_fashion || self.run_cifar10 || self.data.is_some()
    }

    pub(super) fn read_out(&self) -> ReadOut {
        match (self.read_out, self.neuron) {
            (None, NeuronChoice::If) | (Some(ReadOutChoice::Potential), _) => ReadOut::Potential,
            (None, NeuronChoice::Lif) | (Some(ReadOutChoice::Count), _) => ReadOut::Count,
            (Some(ReadOutChoice::FirstSpike), _) => ReadOut::FirstSpike,
        }
    }

    /// Share of the activations that is taken as full scale.
    pub(super) fn percentile(&self) -> f64 {
        let standard = match self.neuron {
            NeuronChoice::Lif => ConversionSettings::default().percentile,
            NeuronChoice::If => IntegrateSettings::default().percentile,
        };
        self.percentile.map_or(standard, |percentile| percentile / 100.0)
    }

    /// Times (ms) at which decisions are read; the last is the duration.
    pub(super) fn latencies(&self) -> Vec<f64> {
        match (self.neuron, self.duration) {
            (NeuronChoice::Lif, duration) => standard_latencies(duration.unwrap_or(1000.0)),
            (NeuronChoice::If, steps) => (1..=steps.unwrap_or(64.0) as u32).map(f64::from).collect(),
        }
    }

    /// The flags that decide on what the spiking network does, but for those of the neuron.
    pub(super) fn settings(&self) -> Map<String, Value> {
        let value = |flag: Option<f64>| json!(flag);
        let flags = [
            ("neuron_model", json!(format!("{:?}", self.neuron).to_lowercase())),
            ("encoding", json!(encoding_name(self.encoding()))),
            ("read_out", json!(format!("{:?}", self.read_out()).to_lowercase())),
            ("max_rate", value(self.max_rate)),
            ("hidden_rate", value(self.hidden_rate)),
            ("output_rate", value(self.output_rate)),
            ("percentile", json!(self.percentile())),
            ("normalise", json!(normalisation_name(self.normalisation()))),
            ("delay", value(self.delay)),
            ("tuning", json!(self.tuning)),
            ("calibration", json!(self.calibration)),
            ("noisy_softplus", json!(self.supplement.constants())),
        ];
        flags.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Refuses flags that a command has no use for: those of long runs and results.
    pub(super) fn refuse_run_flags(&self, command: &str) -> Result<()> {
        let flags = [("--shard", self.shard.is_some()), ("--resume", self.resume), ("--energy", self.energy.is_some())];
        match flags.iter().find(|(_, is_given)| *is_given) {
            Some((flag, _)) => bail!("{flag} has no meaning for {command}: leave it out"),
            None => Ok(()),
        }
    }

    /// Refuses what makes no sense.
    pub(super) fn check(&self) -> Result<()> {
        if let Some(duration) = self.duration {
            if !(duration > 0.0 && duration <= LONGEST) {
                bail!("--duration must be positive and at most {LONGEST} ms, found {duration:?}");
            }
            if self.neuron == NeuronChoice::If && !(duration.fract() == 0.0 && duration <= MOST_STEPS) {
                bail!(
                    "--duration of --neuron if must be a whole number of steps, at most {MOST_STEPS}, found {duration:?}"
                );
            }
        }
        let leaky = [
            ("--encoding", self.encoding.is_some()),
            ("--max-rate", self.max_rate.is_some()),
            ("--hidden-rate", self.hidden_rate.is_some()),
            ("--output-rate", self.output_rate.is_some()),
            ("parameters of the neuron", !self.neuron_parameters.is_default()),
            ("--response-fit", self.response_fit.is_some()),
            ("--delay", self.delay.is_some()),
            ("--tuning", self.tuning.is_some()),
        ];
        if self.neuron == NeuronChoice::If
            && let Some((flag, _)) = leaky.iter().find(|(_, is_given)| *is_given)
        {
            bail!("{flag}: needs --neuron lif, integrate-and-fire neurons have constant input and thresholds only");
        }
        if self.max_rate.is_some() && self.encoding() == Encoding::Constant {
            bail!("--max-rate has no meaning for --encoding constant, which has no spikes: leave it out");
        }
        if self.images == 0 {
            bail!("--images must be at least 1");
        }
        if !(1..=MOST_CALIBRATION).contains(&self.calibration) {
            bail!("--calibration must be between 1 and {MOST_CALIBRATION}, found {}", self.calibration);
        }
        Ok(())
    }
}
