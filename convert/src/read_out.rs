//! What the outputs are judged by.

use crate::circuit::CircuitRecord;
use crate::error::ConversionError;
use crate::presentation::{Decision, greatest_class};
use crate::spiking_network::SpikingNetwork;
use sim::{MS_PER_S, Spike};

/// What the outputs are judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadOut {
    /// The number of spikes of each output.
    Count,
    /// All that has arrived at each output: its potential, if it neither leaked nor fired.
    Potential,
    /// The output that fires first.
    FirstSpike,
}

/// Decisions by the numbers of spikes of `classes` outputs up to each latency (ms); `spikes` are in order of time.
pub(crate) fn by_count(spikes: &[Spike], classes: usize, latencies: &[f64]) -> Vec<Decision> {
    let mut counts = vec![0u32; classes];
    let mut spikes = spikes.iter().peekable();
    let decide_at = |&latency: &f64| {
        while let Some(spike) = spikes.next_if(|spike| spike.time <= latency) {
            counts[spike.neuron as usize] += 1;
        }
        if counts.iter().all(|&count| count == 0) { Decision::Silent } else { greatest_class(&counts) }
    };
    latencies.iter().map(decide_at).collect()
}

/// Decisions for the output of the first spike, from its time on; `spikes` are in order of time.
pub(crate) fn by_first_spike(spikes: &[Spike], latencies: &[f64]) -> Vec<Decision> {
    let Some(first) = spikes.first() else { return vec![Decision::Silent; latencies.len()] };
    let shared = spikes.iter().take_while(|spike| spike.time == first.time).any(|spike| spike.neuron != first.neuron);
    let decision = if shared { Decision::Tie } else { Decision::Class(first.neuron as u8) };
    latencies.iter().map(|&latency| if first.time <= latency { decision } else { Decision::Silent }).collect()
}

impl SpikingNetwork {
    /// Decisions by all that has arrived at the outputs up to each latency (ms), in units of the trained logits times time.
    ///
    /// `image` are the spikes of the image, `brightness` what constant currents stand for.
    pub(crate) fn by_potential(
        &self,
        record: &CircuitRecord,
        image: &[Spike],
        brightness: &[f32],
        latencies: &[f64],
    ) -> Result<Vec<Decision>, ConversionError> {
        let Some(stage) = self.plan().stages.last() else { return Ok(Vec::new()) };
        let mut activity = vec![Vec::new(); self.plan().trains.len()];
        for link in &stage.links {
            let units = self.plan().trains[link.train].shape.units();
            if link.train == 0 && !brightness.is_empty() {
                activity[0] = brightness.repeat(latencies.len());
                continue;
            }
            let spikes = self.circuit().spikes(link.train, image, &record.parts);
            let mut spikes = spikes.iter().peekable();
            let mut counts = vec![0.0; units];
            let mut rates = Vec::with_capacity(units * latencies.len());
            for &latency in latencies {
                while let Some(spike) = spikes.next_if(|spike| spike.time + self.delay() <= latency) {
                    counts[spike.neuron as usize] += 1.0;
                }
                rates.extend(counts.iter().map(|count| count * MS_PER_S / latency));
            }
            activity[link.train] = self.unit_rates().activity(link.train, &rates);
        }
        let sums = stage.sums(|train| &activity[train], latencies.len())?;
        Ok(sums.chunks_exact(stage.shape.units()).map(greatest_class).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spikes(list: &[(f64, u32)]) -> Vec<Spike> {
        list.iter().map(|&(time, neuron)| Spike { time, neuron }).collect()
    }

    #[test]
    fn counts_decide_when_one_leads() {
        let fired = spikes(&[(5.0, 1), (15.0, 2), (25.0, 2)]);
        let decided = by_count(&fired, 3, &[4.0, 5.0, 20.0, 30.0]);
        assert_eq!(decided, [Decision::Silent, Decision::Class(1), Decision::Tie, Decision::Class(2)]);
    }

    #[test]
    fn the_first_spike_decides_for_good() {
        let decided = by_first_spike(&spikes(&[(5.0, 1), (15.0, 2), (25.0, 2)]), &[4.0, 5.0, 30.0]);
        assert_eq!(decided, [Decision::Silent, Decision::Class(1), Decision::Class(1)]);
        assert_eq!(by_first_spike(&spikes(&[(5.0, 1), (5.0, 2)]), &[5.0]), [Decision::Tie]);
        assert_eq!(by_first_spike(&[], &[5.0]), [Decision::Silent]);
    }
}
