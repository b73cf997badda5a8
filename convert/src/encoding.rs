//! Images as spikes.

use sim::{MS_PER_S, Source, Spike};

/// How the brightness of a pixel becomes spikes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Independent Poisson processes, whose rates are proportional to the brightness.
    #[default]
    Poisson,
    /// Spikes at equal intervals, at rates proportional to the brightness. Pixels begin at different phases, spread evenly, so that they do not
    /// fire together; nothing is random.
    Regular,
}

/// The fraction of a period between the phases of neighbouring pixels: the golden section, whose multiples are spread evenly.
const PHASE: f64 = 0.618_033_988_749_894_8;

impl Encoding {
    /// The spikes of an image over `duration` ms, a full-scale pixel having `max_rate` (Hz).
    pub(crate) fn stimulus(self, pixels: &[u8], max_rate: f64, duration: f64) -> Source {
        let rates = pixels.iter().map(|&pixel| f64::from(pixel) / 255.0 * max_rate);
        if self == Encoding::Poisson {
            return Source::poisson(rates.collect());
        }
        let mut spikes = Vec::new();
        for (neuron, rate) in rates.enumerate().filter(|&(_, rate)| rate > 0.0) {
            let (interval, phase) = (MS_PER_S / rate, (neuron as f64 * PHASE).fract());
            let times = (0..).map(|count| (f64::from(count) + phase) * interval).take_while(|&time| time < duration);
            spikes.extend(times.map(|time| Spike { time, neuron: neuron as u32 }));
        }
        spikes.sort_by(|one, other| one.time.total_cmp(&other.time).then(one.neuron.cmp(&other.neuron)));
        Source::Spikes(spikes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regular_spikes_have_their_rates_and_phases() {
        let Source::Spikes(spikes) = Encoding::Regular.stimulus(&[255, 51, 0], 100.0, 1000.0) else { panic!() };
        let times = |neuron| spikes.iter().filter(|s| s.neuron == neuron).map(|s| s.time).collect::<Vec<f64>>();
        // 100 Hz from 0 on; 20 Hz from 0.618 of 50 ms on.
        assert_eq!(times(0), (0..100).map(|k| 10.0 * f64::from(k)).collect::<Vec<_>>());
        assert_eq!(times(1).len(), 20);
        assert!((times(1)[0] - 30.901_699).abs() < 1e-5 && (times(1)[1] - 80.901_699).abs() < 1e-5);
        assert!(times(2).is_empty());
        assert!(spikes.is_sorted_by_key(|spike| spike.time));
    }
}
