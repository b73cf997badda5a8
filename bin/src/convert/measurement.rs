//! What a run of the spiking network has shown, set beside the trained network on the same images.

use super::trial::{Shown, Trial};
use convert::{ConversionLoss, Decision, Interval, LatencyAccuracy, Outcome, wilson};

/// Loss (percentage points) that does not matter.
pub(super) const MARGIN: f64 = 1.0;

/// Measures of one conversion.
#[derive(Debug, Clone)]
pub(super) struct Measurement {
    /// Correct decisions of the trained network, on the images that were presented.
    pub(super) ann_correct: u64,
    /// The paired comparison at the end of the presentation.
    pub(super) loss: ConversionLoss,
    /// Correct decisions of the spiking network over time.
    pub(super) latency: LatencyAccuracy,
    /// First latency (ms) from which on the upper end of the 95 % interval of the loss stays below [`MARGIN`].
    pub(super) non_inferior: Option<f64>,
    /// Images on which both networks decide for the same class.
    pub(super) agreeing: u64,
    /// Final decisions for each class that images show: a column for each class, and one for ties and silence.
    pub(super) confusion: Vec<Vec<u64>>,
    /// Input spikes of all images.
    pub(super) input_spikes: u64,
    /// Spikes of all neurons on all images.
    pub(super) spikes: u64,
    /// Spikes of each population on all images.
    pub(super) layer_spikes: Vec<u64>,
    /// Synaptic events of all images.
    pub(super) synaptic_events: u64,
    /// Wall-clock time of the simulation.
    pub(super) seconds: f64,
    /// Whether all images were presented; false after an interruption.
    pub(super) complete: bool,
}

impl Measurement {
    pub(super) fn of(latencies: &[f64], trial: &Trial) -> Measurement {
        let Trial { shown, asked, seconds } = trial;
        let count = |holds: fn(&Shown) -> bool| shown.iter().filter(|shown| holds(shown)).count() as u64;
        let total = |count: fn(&Outcome) -> u64| shown.iter().map(|shown| count(&shown.outcome)).sum();
        Measurement {
            ann_correct: count(|shown| shown.predicted == shown.label),
            loss: ConversionLoss::of(shown.iter().map(|shown| right(shown, shown.decision()))),
            latency: LatencyAccuracy::of(latencies, shown.iter().map(|shown| (&shown.outcome, shown.label))),
            non_inferior: non_inferior(shown, latencies),
            agreeing: count(|shown| shown.decision() == Decision::Class(shown.predicted)),
            confusion: confusion(shown),
            input_spikes: total(|outcome| outcome.input_spikes),
            spikes: total(|outcome| outcome.spikes),
            layer_spikes: layer_spikes(shown),
            synaptic_events: total(|outcome| outcome.synaptic_events),
            seconds: *seconds,
            complete: shown.len() == *asked,
        }
    }

    /// A sum over the images as a mean per image.
    pub(super) fn per_image(&self, sum: u64) -> f64 {
        sum as f64 / self.latency.images as f64
    }

    pub(super) fn ann_accuracy(&self) -> f64 {
        self.per_image(self.ann_correct)
    }

    pub(super) fn ann_interval(&self) -> Interval {
        wilson(self.ann_correct, self.latency.images)
    }

    /// Whether the final accuracy is below twice that of guessing among so many classes, and the trained network's is not.
    pub(super) fn is_near_chance(&self, classes: usize) -> bool {
        let twice = 2.0 / classes as f64;
        self.latency.accuracy(self.last()) < twice && self.ann_interval().low > twice
    }

    /// Number of the last latency.
    pub(super) fn last(&self) -> usize {
        self.latency.latencies.len() - 1
    }
}

/// Whether the trained network is right on an image, and whether the spiking one is that decides so.
fn right(shown: &Shown, decision: Decision) -> (bool, bool) {
    (shown.predicted == shown.label, decision == Decision::Class(shown.label))
}

/// Spikes of each population on all images.
fn layer_spikes(shown: &[Shown]) -> Vec<u64> {
    let layers = shown.first().map_or(0, |shown| shown.outcome.layer_spikes.len());
    (0..layers).map(|layer| shown.iter().map(|shown| shown.outcome.layer_spikes[layer]).sum()).collect()
}

/// Final decisions for each label.
fn confusion(shown: &[Shown]) -> Vec<Vec<u64>> {
    let highest = shown.iter().map(|shown| match shown.decision() {
        Decision::Class(class) => class.max(shown.predicted).max(shown.label),
        _ => shown.predicted.max(shown.label),
    });
    let classes = highest.max().map_or(0, |class| usize::from(class) + 1);
    let mut counts = vec![vec![0; classes + 1]; classes];
    for shown in shown {
        let column = match shown.decision() {
            Decision::Class(class) => usize::from(class),
            _ => classes,
        };
        counts[usize::from(shown.label)][column] += 1;
    }
    counts
}

/// First latency from which on a loss of [`MARGIN`] can be excluded.
fn non_inferior(shown: &[Shown], latencies: &[f64]) -> Option<f64> {
    let highest = |index: usize| {
        ConversionLoss::of(shown.iter().map(|shown| right(shown, shown.outcome.decisions[index]))).interval().high
    };
    let inferior = (0..latencies.len()).rev().find(|&index| !(highest(index) < MARGIN));
    latencies.get(inferior.map_or(0, |index| index + 1)).copied()
}
