//! Currents injected into neurons: constant, stepped, sinusoidal and noisy, changing at any time.

use crate::error::{NetworkError, ParameterError, finite, not_negative, positive};
use crate::noise::Noise;
use crate::population::Population;
use crate::random::StreamKey;

/// PyNN's current sources. Times in ms, currents in nA.
#[derive(Debug, Clone, PartialEq)]
pub enum CurrentSource {
    /// A constant current between `start` and `stop`.
    #[doc(alias = "DCSource")]
    Dc {
        /// Current (nA).
        amplitude: f64,
        /// When it begins (ms).
        start: f64,
        /// When it ends (ms); may be infinite.
        stop: f64,
    },
    /// `amplitudes[i]` from `times[i]` until the next time; zero before the first, and the last one holds.
    #[doc(alias = "StepCurrentSource")]
    Step {
        /// Times of change (ms, ascending).
        times: Vec<f64>,
        /// Currents (nA).
        amplitudes: Vec<f64>,
    },
    /// `offset + amplitude sin(2 pi frequency (t - start) + phase)` between `start` and `stop`.
    #[doc(alias = "ACSource")]
    Ac {
        /// Amplitude of the sine (nA).
        amplitude: f64,
        /// Constant part (nA).
        offset: f64,
        /// Frequency (Hz).
        frequency: f64,
        /// Phase at `start` (degrees).
        phase: f64,
        /// When it begins (ms).
        start: f64,
        /// When it ends (ms); may be infinite.
        stop: f64,
    },
    /// A Gaussian current, each neuron its own.
    Noisy(NoisyCurrent),
}

/// PyNN's `NoisyCurrentSource`: a Gaussian current, redrawn at regular intervals, independent for each neuron.
///
/// `stdev` is the standard deviation of the piecewise-constant amplitude. The white noise of equal intensity has
/// the amplitude `stdev sqrt(dt)` (nA sqrt(ms)).
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(alias = "NoisyCurrentSource")]
pub struct NoisyCurrent {
    /// Mean of the current (nA).
    pub mean: f64,
    /// Standard deviation of the amplitude (nA).
    pub stdev: f64,
    /// Interval between redraws (ms); the first draw is at `start`.
    pub dt: f64,
    /// When it begins (ms).
    pub start: f64,
    /// When it ends (ms); may be infinite.
    pub stop: f64,
}

/// A current source and the neurons that it feeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Injection {
    /// The source.
    pub source: CurrentSource,
    /// Indices of the neurons, ascending; all for `None`.
    pub neurons: Option<Vec<u32>>,
}

/// The sinusoidal part of a current.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wave {
    amplitude: f64,
    /// Angular frequency (1/ms).
    pub(crate) omega: f64,
    phase: f64,
    start: f64,
}

/// How many standard deviations of a noisy current the check for endless firing looks at.
const EXTREME: f64 = 8.0;

impl NoisyCurrent {
    /// A noisy current over the whole run: mean and standard deviation of the amplitude (nA), interval of redraws (ms).
    pub fn new(mean: f64, stdev: f64, dt: f64) -> NoisyCurrent {
        NoisyCurrent { mean, stdev, dt, start: 0.0, stop: f64::INFINITY }
    }
}

impl CurrentSource {
    /// Refuses what cannot be injected.
    ///
    /// # Errors
    ///
    /// Currents must be finite, intervals positive, starts zero or more and not after the stops, steps ascending.
    pub fn check(&self) -> Result<(), NetworkError> {
        match self {
            CurrentSource::Dc { amplitude, start, stop } => {
                finite("amplitude", "nA", *amplitude)?;
                check_stretch(*start, *stop)?;
            }
            CurrentSource::Step { times, amplitudes } => {
                crate::source::check_times("times of a step current", times)?;
                if times.len() != amplitudes.len() {
                    let (expected, found) = (times.len(), amplitudes.len());
                    return Err(NetworkError::Length { what: "amplitudes of a step current", expected, found });
                }
                amplitudes.iter().try_for_each(|&amplitude| finite("amplitude", "nA", amplitude))?;
            }
            CurrentSource::Ac { amplitude, offset, frequency, phase, start, stop } => {
                finite("amplitude", "nA", *amplitude)?;
                finite("offset", "nA", *offset)?;
                not_negative("frequency", "Hz", *frequency)?;
                finite("phase", "degrees", *phase)?;
                check_stretch(*start, *stop)?;
            }
            CurrentSource::Noisy(noise) => {
                finite("mean", "nA", noise.mean)?;
                not_negative("stdev", "nA", noise.stdev)?;
                positive("dt", "ms", noise.dt)?;
                check_stretch(noise.start, noise.stop)?;
            }
        }
        Ok(())
    }

    /// The largest current that it injects (nA); of a noisy one, eight standard deviations above the mean.
    pub(crate) fn largest(&self) -> f64 {
        match self {
            CurrentSource::Dc { amplitude, .. } => *amplitude,
            CurrentSource::Step { amplitudes, .. } => amplitudes.iter().copied().fold(0.0, f64::max),
            CurrentSource::Ac { amplitude, offset, .. } => offset + amplitude.abs(),
            CurrentSource::Noisy(noise) => noise.mean + EXTREME * noise.stdev,
        }
    }

    /// Its sinusoidal part.
    pub(crate) fn wave(&self) -> Option<Wave> {
        match *self {
            CurrentSource::Ac { amplitude, frequency, phase, start, .. } => {
                let omega = std::f64::consts::TAU * frequency / crate::MS_PER_S;
                Some(Wave { amplitude, omega, phase: phase.to_radians(), start })
            }
            _ => None,
        }
    }

    /// How often it changes (ms), where that is regular.
    pub(crate) fn interval(&self) -> Option<f64> {
        match self {
            CurrentSource::Noisy(noise) => Some(noise.dt),
            _ => None,
        }
    }

    /// Time of its n-th change (ms); infinite after the last.
    pub(crate) fn change(&self, n: u64) -> f64 {
        match self {
            CurrentSource::Dc { start, stop, .. } | CurrentSource::Ac { start, stop, .. } => match n {
                0 => *start,
                1 => *stop,
                _ => f64::INFINITY,
            },
            CurrentSource::Step { times, .. } => times.get(n as usize).copied().unwrap_or(f64::INFINITY),
            CurrentSource::Noisy(noise) => {
                let draw = |n: u64| noise.start + n as f64 * noise.dt;
                if draw(n) < noise.stop {
                    draw(n)
                } else if n == 0 || draw(n - 1) < noise.stop {
                    noise.stop
                } else {
                    f64::INFINITY
                }
            }
        }
    }

    /// The current from its n-th change on (nA), without the sinusoidal part; `normal` draws a standard normal deviate.
    pub(crate) fn value(&self, n: u64, normal: impl FnOnce() -> f64) -> f64 {
        match self {
            CurrentSource::Dc { amplitude, .. } if n == 0 => *amplitude,
            CurrentSource::Ac { offset, .. } if n == 0 => *offset,
            CurrentSource::Dc { .. } | CurrentSource::Ac { .. } => 0.0,
            CurrentSource::Step { amplitudes, .. } => amplitudes[n as usize],
            CurrentSource::Noisy(noise) if noise.start + n as f64 * noise.dt < noise.stop => {
                noise.mean + noise.stdev * normal()
            }
            CurrentSource::Noisy(_) => 0.0,
        }
    }
}

/// Refuses a stretch of time that begins before zero, or ends before it begins.
fn check_stretch(start: f64, stop: f64) -> Result<(), ParameterError> {
    not_negative("start", "ms", start)?;
    if start <= stop { Ok(()) } else { Err(ParameterError::StopBeforeStart { start, stop }) }
}

impl Wave {
    /// What the current adds to V in the long run, at t, and the slope of that (mV, mV/ms).
    ///
    /// ```text
    /// R a sin(omega (t - start) + phase - atan(omega tau_m)) / sqrt(1 + (omega tau_m)^2)
    /// ```
    pub(crate) fn potential(&self, tau_m: f64, resistance: f64, t: f64) -> [f64; 2] {
        let angle = self.omega * (t - self.start) + self.phase - (self.omega * tau_m).atan();
        let swing = resistance * self.amplitude / (self.omega * tau_m).hypot(1.0);
        [swing * angle.sin(), swing * self.omega * angle.cos()]
    }

    /// The current at t (nA), without the offset.
    pub(crate) fn current(&self, t: f64) -> f64 {
        self.amplitude * (self.omega * (t - self.start) + self.phase).sin()
    }

    /// The most that it adds to V (mV).
    pub(crate) fn swing(&self, tau_m: f64, resistance: f64) -> f64 {
        resistance * self.amplitude.abs() / (self.omega * tau_m).hypot(1.0)
    }
}

/// The noise of the current number `index` of a population with this address.
pub(crate) fn noise(key: StreamKey, address: u32, index: usize) -> Noise {
    Noise::new(key, address, index as u16)
}

/// The currents of a population in one run.
#[derive(Default)]
pub(crate) struct Currents<'a> {
    i_offset: &'a [f64],
    feeds: Vec<Feed<'a>>,
}

/// One source in one run.
struct Feed<'a> {
    injection: &'a Injection,
    /// Number of changes so far.
    changes: u64,
    next: f64,
    /// Present current into each neuron (nA).
    values: Vec<f64>,
    noise: Noise,
    /// Index among the sinusoidal sources.
    wave: Option<usize>,
}

impl<'a> Currents<'a> {
    /// The sources of a population; `address` is that of its random streams.
    pub(crate) fn new(population: &'a Population, key: StreamKey, address: u32) -> Currents<'a> {
        let size = population.size();
        let mut waves = 0;
        let feeds = population.currents().iter().enumerate().map(|(index, injection)| {
            let source = &injection.source;
            let noise = noise(key, address, index);
            let wave = source.wave().map(|_| {
                waves += 1;
                waves - 1
            });
            Feed { injection, changes: 0, next: source.change(0), values: vec![0.0; size], noise, wave }
        });
        Currents { i_offset: population.i_offset(), feeds: feeds.collect() }
    }

    /// Time of the next change (ms).
    #[inline]
    pub(crate) fn next(&self) -> f64 {
        self.feeds.iter().map(|feed| feed.next).fold(f64::INFINITY, f64::min)
    }

    /// Makes all changes of time t, and hands on to `inject` the new currents (nA, `i_offset` included) of the neurons concerned, and the
    /// sinusoidal one, by its index among these, that is turned on or off for them.
    pub(crate) fn change(&mut self, t: f64, mut inject: impl FnMut(&[(usize, f64)], Option<(usize, bool)>)) {
        for index in 0..self.feeds.len() {
            if self.feeds[index].next != t {
                continue;
            }
            let Feed { injection, changes, values, noise, wave, next } = &mut self.feeds[index];
            let targets: Vec<usize> = match &injection.neurons {
                Some(chosen) => chosen.iter().map(|&j| j as usize).collect(),
                None => (0..self.i_offset.len()).collect(),
            };
            let normal = match injection.source {
                CurrentSource::Noisy(_) => noise.values(values.len(), *changes),
                _ => Vec::new(),
            };
            for &j in &targets {
                values[j] = injection.source.value(*changes, || normal[j]);
            }
            let turned = wave.map(|wave| (wave, *changes == 0));
            *changes += 1;
            *next = injection.source.change(*changes);
            let total = |j: usize| self.i_offset[j] + self.feeds.iter().map(|feed| feed.values[j]).sum::<f64>();
            let levels: Vec<(usize, f64)> = targets.iter().map(|&j| (j, total(j))).collect();
            inject(&levels, turned);
        }
    }
}
