//! Images as spikes, or as currents.

use crate::error::{ConversionError, positive};
use crate::plan::{Plan, TrainOrigin};
use sim::{MS_PER_S, Source, Spike};

/// How the brightness of a pixel is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Independent Poisson processes, whose rates are proportional to the brightness.
    #[default]
    Poisson,
    /// Spikes at equal intervals, at rates proportional to the brightness. Pixels begin at different phases, spread evenly, so that they do not
    /// fire together; nothing is random.
    Regular,
    /// One spike in each period of 1000 / `max_rate` ms, the earlier the brighter: at `(1 - b)` of the period for a pixel of brightness b
    /// between 0 and 1. Black pixels are silent. The others all fire equally often: over periods shorter than the membrane's and the
    /// synapse's time constants, neurons tell lit pixels from black ones, but not how bright they are.
    Latency,
    /// No spikes: the first neurons get the mean current of the other encodings as a constant one, without noise.
    Constant,
}

/// The fraction of a period between the phases of neighbouring pixels: the golden section, whose multiples are spread evenly.
const PHASE: f64 = 0.618_033_988_749_894_8;

/// Most spikes of an image, which are held in memory.
const MOST_SPIKES: f64 = 1e8;

/// An image as a network gets it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stimulus {
    /// The spikes of its pixels; none where they are told by currents.
    pub(crate) source: Source,
    /// The inputs of the trained network, where they are told by currents; else empty.
    pub(crate) brightness: Vec<f32>,
}

/// How the images of a conversion are told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Encoder {
    pub(crate) encoding: Encoding,
    /// Rate (Hz) of a full-scale pixel.
    pub(crate) max_rate: f64,
    /// Input of the trained network that stands for a full-scale pixel.
    pub(crate) full_scale: f64,
}

impl Encoder {
    /// Refuses maxima and concatenations of the image where there are no spikes to choose from.
    pub(crate) fn check(&self, plan: &Plan) -> Result<(), ConversionError> {
        positive("maximal pixel rate", "Hz", self.max_rate)?;
        let chooses = plan.trains.iter().find(|train| match &train.origin {
            TrainOrigin::Input | TrainOrigin::Neurons { .. } => false,
            &TrainOrigin::Greatest { of, .. } => of == 0,
            TrainOrigin::Together(parts) => parts.iter().any(|&(part, _)| part == 0),
        });
        match chooses {
            Some(train) if self.encoding == Encoding::Constant => Err(ConversionError::Unsupported {
                layer: train.node.unwrap_or(0),
                kind: if matches!(train.origin, TrainOrigin::Together(_)) { "Concatenate" } else { "MaxPooling2D" },
                reason: "takes the image itself, which has no spikes under constant current",
                advice: "use another encoding",
            }),
            _ => Ok(()),
        }
    }

    /// What rates tell of the inputs of the trained network.
    pub(crate) fn heard(&self, inputs: &mut [f32]) {
        if self.encoding == Encoding::Latency {
            let full_scale = self.full_scale as f32;
            inputs.iter_mut().for_each(|input| *input = if *input > 0.0 { full_scale } else { 0.0 });
        }
    }

    /// Refuses stimuli (ms in all) whose spikes would not fit into memory.
    pub(crate) fn check_duration(&self, pixels: usize, duration: f64) -> Result<(), ConversionError> {
        let spikes = pixels as f64 * self.max_rate * duration / MS_PER_S;
        let listed = matches!(self.encoding, Encoding::Regular | Encoding::Latency);
        // Poisson sources check themselves.
        if !listed || spikes <= MOST_SPIKES {
            return Ok(());
        }
        Err(sim::NetworkError::TooManySpikes { expected: spikes, most: MOST_SPIKES }.into())
    }

    /// An image of bytes over `duration` ms.
    pub(crate) fn stimulus(&self, pixels: &[u8], duration: f64) -> Stimulus {
        let brightness = pixels.iter().map(|&pixel| f64::from(pixel) / 255.0);
        let spikes = |source| Stimulus { source, brightness: Vec::new() };
        let period = MS_PER_S / self.max_rate;
        match self.encoding {
            Encoding::Poisson => spikes(Source::poisson(brightness.map(|b| b * self.max_rate).collect())),
            Encoding::Regular => {
                let phase = |neuron: usize| (neuron as f64 * PHASE).fract();
                let interval = |b: f64| period / b;
                let lit = brightness.enumerate().map(|(neuron, b)| (phase(neuron) * interval(b), interval(b)));
                spikes(periodic(lit, duration))
            }
            Encoding::Latency => {
                let lit = brightness.map(|b| if b > 0.0 { ((1.0 - b) * period, period) } else { (0.0, f64::INFINITY) });
                spikes(periodic(lit, duration))
            }
            Encoding::Constant => Stimulus {
                source: Source::Spikes(Vec::new()),
                brightness: brightness.map(|b| (b * self.full_scale) as f32).collect(),
            },
        }
    }
}

/// Spikes of neurons that begin at a time (ms) and go on at an interval (ms); those of infinite intervals are silent.
fn periodic(neurons: impl Iterator<Item = (f64, f64)>, duration: f64) -> Source {
    let mut spikes = Vec::new();
    for (neuron, (start, interval)) in neurons.enumerate().filter(|(_, (_, interval))| interval.is_finite()) {
        let times = (0..).map(|count| start + f64::from(count) * interval).take_while(|&time| time < duration);
        spikes.extend(times.map(|time| Spike { time, neuron: neuron as u32 }));
    }
    spikes.sort_by(|one, other| one.time.total_cmp(&other.time).then(one.neuron.cmp(&other.neuron)));
    Source::Spikes(spikes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times of each of three pixels: of full scale, of a fifth of it, and black.
    fn times(encoding: Encoding) -> Vec<Vec<f64>> {
        let encoder = Encoder { encoding, max_rate: 100.0, full_scale: 1.0 };
        let Source::Spikes(spikes) = encoder.stimulus(&[255, 51, 0], 1000.0).source else { panic!() };
        assert!(spikes.is_sorted_by_key(|spike| spike.time));
        (0..3).map(|neuron| spikes.iter().filter(|s| s.neuron == neuron).map(|s| s.time).collect()).collect()
    }

    #[test]
    fn regular_spikes_have_their_rates_and_phases() {
        let times = times(Encoding::Regular);
        // 100 Hz from 0 on; 20 Hz from 0.618 of 50 ms on.
        assert_eq!(times[0], (0..100).map(|k| 10.0 * f64::from(k)).collect::<Vec<_>>());
        assert_eq!(times[1].len(), 20);
        assert!((times[1][0] - 30.901_699).abs() < 1e-5 && (times[1][1] - 80.901_699).abs() < 1e-5);
        assert!(times[2].is_empty());
    }

    #[test]
    fn bright_pixels_fire_early() {
        let times = times(Encoding::Latency);
        assert_eq!(times[0], (0..100).map(|k| 10.0 * f64::from(k)).collect::<Vec<_>>());
        // At 0.8 of each period of 10 ms, but for rounding.
        assert_eq!(times[1].len(), 100);
        assert!((times[1][7] - 78.0).abs() < 1e-12);
        assert!(times[2].is_empty());
    }

    #[test]
    fn constant_currents_have_no_spikes() {
        let encoder = Encoder { encoding: Encoding::Constant, max_rate: 100.0, full_scale: 2.0 };
        let stimulus = encoder.stimulus(&[255, 51, 0], 1000.0);
        assert_eq!(stimulus.source, Source::Spikes(Vec::new()));
        assert_eq!(stimulus.brightness, [2.0, 0.4, 0.0]);
    }
}
