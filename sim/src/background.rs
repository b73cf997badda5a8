//! Poisson input of the neurons' own, which nobody else hears.

use crate::error::{NetworkError, ParameterError, finite, not_negative};
use crate::population::{PerNeuron, Population};
use crate::random::{Lottery, Purpose, Stream, StreamKey};

/// A Poisson input of a neuron's own: the sum of many sources that nobody else hears.
///
/// However many they are, sources of one weight add up to one Poisson process with the sum of their rates. A population that hears nothing
/// but one or two backgrounds over the whole run is simulated several neurons at a time; its arrivals are then not those of a run on the grid.
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "poisson_generator")]
pub struct Background {
    /// Rate (Hz): one for all neurons, or one each.
    pub rate: PerNeuron,
    /// Weight (nA; mV for delta synapses).
    pub weight: f64,
    /// When it begins (ms).
    pub start: f64,
    /// How long it lasts (ms); may be infinite.
    pub duration: f64,
}

impl Background {
    /// A background over the whole run: rate (Hz) of a neuron's input, weight (nA; mV for delta synapses).
    pub fn new(rate: impl Into<PerNeuron>, weight: f64) -> Background {
        Background { rate: rate.into(), weight, start: 0.0, duration: f64::INFINITY }
    }

    /// Rate (Hz) of the input of neuron j.
    pub(crate) fn rate_of(&self, j: usize) -> f64 {
        match &self.rate {
            PerNeuron::Same(rate) => *rate,
            PerNeuron::Each(rates) => rates[j],
        }
    }

    /// Refuses what cannot be drawn for a population of `size` neurons.
    ///
    /// # Errors
    ///
    /// Rates and times must be zero or more, one rate or one per neuron, the weight finite.
    pub(crate) fn check(&self, size: usize) -> Result<(), NetworkError> {
        match &self.rate {
            PerNeuron::Same(rate) => not_negative("rate", "Hz", *rate)?,
            PerNeuron::Each(rates) if rates.len() == size => {
                rates.iter().try_for_each(|&rate| not_negative("rate", "Hz", rate))?;
            }
            PerNeuron::Each(rates) => {
                return Err(NetworkError::Length { what: "rates of a background", expected: size, found: rates.len() });
            }
        }
        finite("weight", "nA", self.weight)?;
        not_negative("start", "ms", self.start)?;
        if self.duration >= 0.0 {
            Ok(())
        } else {
            Err(ParameterError::StopBeforeStart { start: self.start, stop: self.start + self.duration }.into())
        }
    }
}

/// Refuses backgrounds of a population that would send more than `most` spikes in a run of `duration` ms.
pub(crate) fn check_backgrounds(population: &Population, duration: f64, most: f64) -> Result<(), NetworkError> {
    let expected = population.background().iter().map(|background| {
        let rate = match &background.rate {
            PerNeuron::Same(rate) => rate * population.size() as f64,
            PerNeuron::Each(rates) => rates.iter().sum(),
        };
        rate * (duration - background.start).min(background.duration).max(0.0) / crate::MS_PER_S
    });
    let expected: f64 = expected.sum();
    if expected <= most { Ok(()) } else { Err(NetworkError::TooManySpikes { expected, most }) }
}

/// The background of all neurons of a population, drawn as one process whose spikes fall on neurons at random.
pub(crate) struct BackgroundTrain {
    pub(crate) weight: f64,
    size: usize,
    /// Which neuron a spike falls on, where their rates differ.
    targets: Option<Lottery>,
    interval: f64,
    stop: f64,
    stream: Stream,
    /// Time of the next spike (ms); infinite after the last.
    pub(crate) next: f64,
}

impl BackgroundTrain {
    /// The train of a population of `size` neurons; `address` is that of its random streams, `index` its number among them.
    pub(crate) fn new(background: &Background, size: usize, key: StreamKey, address: u32, index: u32) -> Self {
        let Background { rate, weight, start, duration } = background;
        let (total, targets) = match rate {
            PerNeuron::Same(rate) => (rate * size as f64, None),
            // Rates that are all zero have no table, and no spikes.
            PerNeuron::Each(rates) => (rates.iter().sum(), Lottery::new(rates.clone())),
        };
        let stream = key.stream(address, index, Purpose::Background);
        let interval = crate::MS_PER_S / total;
        let stop = start + duration;
        let mut train = BackgroundTrain { weight: *weight, size, targets, interval, stop, stream, next: *start };
        train.wait();
        train
    }

    fn wait(&mut self) {
        let next = self.next + self.interval * self.stream.exponential();
        // An infinite interval (rate zero) gives NaN after a wait of zero: never.
        self.next = if next < self.stop { next } else { f64::INFINITY };
    }

    /// The neuron on which the next spike falls; goes on to the one after it.
    pub(crate) fn pop(&mut self) -> usize {
        let neuron = match &self.targets {
            None => self.stream.below(self.size),
            Some(targets) => targets.draw(&mut self.stream),
        };
        self.wait();
        neuron
    }
}
