//! Layer by layer: the rates that were wanted, the rates that came, and where they part.

use crate::calibration::LayerFit;
use crate::error::{ConversionError, check_images};
use crate::observation::Seen;
use crate::plan::{Sign, Stage, TrainId};
use crate::spiking_network::SpikingNetwork;
use ann::{Network, Samples};
use sim::{MS_PER_S, Spike};

/// Rates of one population against those that stand for the trained activations, over images and neurons.
///
/// The error of a rate is the sum of [`ErrorParts`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerExamination {
    /// Mean of the wanted rates (Hz).
    pub wanted: f64,
    /// Mean of the rates (Hz).
    pub measured: f64,
    /// Correlation of rates and wanted rates; NaN where one of them does not vary.
    pub correlation: f64,
    /// Slope of the rates over the wanted rates (least squares).
    pub slope: f64,
    /// Root mean square of the error (Hz).
    pub error: f64,
    /// Root mean squares of its parts (Hz).
    pub parts: ErrorParts,
    /// What each part contributes to the error (Hz): its mean product with the error, divided by the error. Contributions add up to the
    /// error; a part that makes up for others has a negative one.
    pub budget: ErrorParts,
    /// Share of the neurons and images that are wanted to fire faster than half of what the refractory period allows.
    pub saturated: f64,
}

/// The parts of which the error of a rate is the sum, neuron by neuron and image by image.
///
/// ```text
/// rate - wanted = (predicted from wanted inputs - wanted)                       response
///               + (predicted from measured inputs - predicted from wanted)      inherited
///               + (rate in the long run - predicted from measured inputs)       neuron, or saturation
///               + (rate after the transient - rate in the long run)             counting
///               + (rate - rate after the transient)                             transient
/// ```
///
/// Predicted is what the fitted response makes of mean and variance of the synaptic current. The long run are four more presentations of the
/// same image that follow without a break; spikes are few in it too, with a fifth of the variance of those after the transient,
/// which counts for the neuron.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ErrorParts {
    /// The response is no rectifier.
    pub response: f64,
    /// The moments of the input are wrong, because rates of the layers before are.
    pub inherited: f64,
    /// The neuron does not follow its response.
    pub neuron: f64,
    /// The same, of neurons that are wanted to fire faster than half of what the refractory period allows.
    pub saturation: f64,
    /// There are few spikes in a finite time.
    pub counting: f64,
    /// Rates have not settled at the beginning.
    pub transient: f64,
}

impl ErrorParts {
    /// Names of the parts, in their order.
    pub const NAMES: [&str; 6] = ["response", "inherited", "neuron", "saturation", "counting", "transient"];

    /// The parts in their order.
    pub fn values(&self) -> [f64; 6] {
        [self.response, self.inherited, self.neuron, self.saturation, self.counting, self.transient]
    }

    fn from_values([response, inherited, neuron, saturation, counting, transient]: [f64; 6]) -> ErrorParts {
        ErrorParts { response, inherited, neuron, saturation, counting, transient }
    }
}

/// What an examination has found.
#[derive(Debug, Clone, PartialEq)]
pub struct Examination {
    /// Of each population, in the order of [`SpikingNetwork::layers`].
    pub layers: Vec<LayerExamination>,
    /// Wanted rate and rate (Hz) of each neuron, image by image, of each population.
    pub rates: Vec<Vec<(f64, f64)>>,
}

/// Share of the presentation that counts as the transient.
const TRANSIENT: f64 = 0.2;

/// The presentation and the long run behind it, in presentations.
const LONG: f64 = 5.0;

/// Rates (Hz) of each train, image by image.
struct Rates {
    /// Over the presentation.
    all: Vec<Vec<f64>>,
    /// After the transient.
    settled: Vec<Vec<f64>>,
    /// In the long run.
    long: Vec<Vec<f64>>,
}

impl SpikingNetwork {
    /// Runs the network on `samples`, longer than the `duration` (ms) of a presentation, and examines every population but the output.
    ///
    /// # Errors
    ///
    /// Refuses images of another size than the network takes.
    pub fn examine(
        &self,
        trained: &Network<f32>,
        samples: Samples<'_>,
        duration: f64,
        seed: u64,
    ) -> Result<Examination, ConversionError> {
        check_images(samples, self.input(), "an examination")?;
        let plan = self.plan();
        let rates = self.rates(samples, duration, seed)?;
        let mut ideal = plan.activity(trained, &samples.inputs(trained), samples.len());
        self.encoder().heard(&mut ideal[0]);
        let each = rates.long.iter().enumerate();
        let measured: Vec<Vec<f32>> = each.map(|(train, rates)| self.unit_rates().activity(train, rates)).collect();
        let mut examination = Examination { layers: Vec::new(), rates: Vec::new() };
        for (index, layer) in self.layers().iter().enumerate() {
            let stage_index = self.stage_of(index);
            let stage = &plan.stages[stage_index];
            let sign = if layer.is_negative { Sign::Negative } else { Sign::Positive };
            let factor = if layer.is_negative { -1.0 } else { 1.0 };
            let Some(train) = plan.train_of(stage_index, sign) else { continue };
            let predicted = |activity: &[Vec<f32>]| {
                self.predicted(stage, activity, samples.len(), factor * layer.per_unit, &layer.fits)
            };
            let wanted = ideal[train].iter().map(|&a| layer.unit_rate * f64::from(a));
            let levels = Levels {
                wanted: &wanted.collect::<Vec<f64>>(),
                from_wanted: &predicted(&ideal)?,
                from_measured: &predicted(&measured)?,
                long: &rates.long[train],
                settled: &rates.settled[train],
                all: &rates.all[train],
            };
            examination.layers.push(levels.examine(self.neuron().tau_refrac));
            examination.rates.push(levels.wanted.iter().copied().zip(levels.all.iter().copied()).collect());
        }
        Ok(examination)
    }

    /// Rates (Hz) that the response predicts.
    fn predicted(
        &self,
        stage: &Stage,
        activity: &[Vec<f32>],
        images: usize,
        per_unit: f64,
        fits: &[LayerFit],
    ) -> Result<Vec<f64>, ConversionError> {
        let drive = stage.sums(|train| &activity[train], images)?;
        let activity = |train: TrainId| &activity[train][..];
        let noise = self.unit_rates().noise(&stage.links, self.tau_syn(), activity, images, drive.len())?;
        let response = self.response();
        let rate = |((&z, noise), fit): ((&f32, f64), &LayerFit)| {
            let per_unit = per_unit * fit.gain;
            response.rate(per_unit * f64::from(z) + fit.current, per_unit.abs() * noise.sqrt())
        };
        Ok(drive.iter().zip(noise).zip(fits.iter().cycle()).map(rate).collect())
    }

    fn rates(&self, samples: Samples<'_>, duration: f64, seed: u64) -> Result<Rates, ConversionError> {
        let trains = self.plan().trains.len();
        let images = self.observe_each(samples, LONG * duration, seed, |Seen { input, brightness, record }| {
            let of = |train: usize| {
                if train == 0 && !brightness.is_empty() {
                    let rates = brightness.iter().map(|&b| f64::from(b) * self.unit_rates().rates[0]);
                    let rates: Vec<f64> = rates.collect();
                    return [rates.clone(), rates.clone(), rates];
                }
                let spikes = self.circuit().spikes(train, &input, &record.parts);
                counted(&spikes, self.plan().trains[train].shape.units(), duration)
            };
            (0..trains).map(of).collect::<Vec<_>>()
        })?;
        let empty = || vec![Vec::new(); trains];
        let mut rates = Rates { all: empty(), settled: empty(), long: empty() };
        for image in images {
            for (train, [all, settled, long]) in image.into_iter().enumerate() {
                rates.all[train].extend(all);
                rates.settled[train].extend(settled);
                rates.long[train].extend(long);
            }
        }
        Ok(rates)
    }
}

/// Rates over the presentation, after the transient, and in the long run.
fn counted(spikes: &[Spike], units: usize, duration: f64) -> [Vec<f64>; 3] {
    let start = TRANSIENT * duration;
    [(0.0, duration), (start, duration), (duration, LONG * duration)].map(|(from, to)| {
        let mut rates = vec![0.0; units];
        for spike in spikes.iter().filter(|spike| (from..to).contains(&spike.time)) {
            rates[spike.neuron as usize] += MS_PER_S / (to - from);
        }
        rates
    })
}

/// Rates (Hz) of a population on the way from those that are wanted to those that come.
struct Levels<'a> {
    wanted: &'a [f64],
    from_wanted: &'a [f64],
    from_measured: &'a [f64],
    long: &'a [f64],
    settled: &'a [f64],
    all: &'a [f64],
}

impl Levels<'_> {
    fn examine(&self, tau_refrac: f64) -> LayerExamination {
        let Levels { wanted, all: rates, .. } = *self;
        let n = wanted.len() as f64;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
        let product = |one: &[f64], other: &[f64]| {
            let means = (mean(one), mean(other));
            one.iter().zip(other).map(|(a, b)| (a - means.0) * (b - means.1)).sum::<f64>() / n
        };
        let (covariance, variance) = (product(wanted, rates), product(wanted, wanted));
        let limit = if tau_refrac > 0.0 { 0.5 * MS_PER_S / tau_refrac } else { f64::INFINITY };
        let (mut squares, mut products, mut square) = ([0.0; 6], [0.0; 6], 0.0);
        for (index, (&wanted, &rate)) in wanted.iter().zip(rates).enumerate() {
            let error = rate - wanted;
            let unlike = self.long[index] - self.from_measured[index];
            let (neuron, saturation) = if wanted > limit { (0.0, unlike) } else { (unlike, 0.0) };
            let parts = ErrorParts {
                response: self.from_wanted[index] - wanted,
                inherited: self.from_measured[index] - self.from_wanted[index],
                neuron,
                saturation,
                counting: self.settled[index] - self.long[index],
                transient: rate - self.settled[index],
            };
            square += error * error / n;
            for (part, (squares, products)) in parts.values().into_iter().zip(squares.iter_mut().zip(&mut products)) {
                *squares += part * part / n;
                *products += part * error / n;
            }
        }
        let error = square.sqrt();
        LayerExamination {
            wanted: mean(wanted),
            measured: mean(rates),
            correlation: covariance / (variance * product(rates, rates)).sqrt(),
            slope: covariance / variance,
            error,
            parts: ErrorParts::from_values(squares.map(f64::sqrt)),
            budget: ErrorParts::from_values(products.map(|product| if error > 0.0 { product / error } else { 0.0 })),
            saturated: wanted.iter().filter(|&&rate| rate > limit).count() as f64 / n,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two neurons by hand: the first misses 10 Hz by 2 - 1 + 3 + 1 - 2 = 3, the second, which is to fire faster than half of what a refractory
    /// period of 2 ms allows, 400 Hz by -20 + 10 - 40 - 10 + 2 = -58.
    #[test]
    fn errors_are_divided_neuron_by_neuron() {
        let levels = Levels {
            wanted: &[10.0, 400.0],
            from_wanted: &[12.0, 380.0],
            from_measured: &[11.0, 390.0],
            long: &[14.0, 350.0],
            settled: &[15.0, 340.0],
            all: &[13.0, 342.0],
        };
        let examined = levels.examine(2.0);
        let parts = [[2.0, -20.0], [-1.0, 10.0], [3.0, 0.0], [0.0, -40.0], [1.0, -10.0], [-2.0, 2.0]];
        let error = f64::sqrt((9.0 + 58.0 * 58.0) / 2.0);
        assert!((examined.error - error).abs() < 1e-12);
        assert_eq!((examined.wanted, examined.measured, examined.saturated), (205.0, 177.5, 0.5));
        for (part, [one, other]) in parts.into_iter().enumerate() {
            let rms = f64::sqrt((one * one + other * other) / 2.0);
            let share = (3.0 * one - 58.0 * other) / 2.0 / error;
            assert!((examined.parts.values()[part] - rms).abs() < 1e-12, "{}", ErrorParts::NAMES[part]);
            assert!((examined.budget.values()[part] - share).abs() < 1e-12, "{}", ErrorParts::NAMES[part]);
        }
    }
}
