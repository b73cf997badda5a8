//! What a figure is measured under: the drive, the engine, and the points.

use crate::run::{Interrupt, progress};
use anyhow::{Result, bail};
use rayon::prelude::*;
use sim::response::{self, ResponseTrials};
use sim::theory::{Fluctuation, Noise, ResponsePoint, ResponseSurface};
use sim::{IfCurrExp, NetworkError};

/// Step of the published grid (ms).
pub(super) const GRID: f64 = 1.0;

/// Weight of an excitatory source (nA), minus that of an inhibitory one.
const WEIGHT: f64 = 0.05;

/// Largest mean current of a sweep, up or down (nA).
const GREATEST_MEAN: f64 = 0.6;

/// What makes the fluctuating current.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Drive {
    /// A Gaussian current, redrawn every `dt` (ms). Sigma is its standard deviation (nA) at 1 ms; at other intervals the deviation is
    /// sigma sqrt(1 ms/dt), so that the intensity, sigma^2 times 1 ms, stays.
    Noise {
        /// Interval between redraws (ms).
        dt: f64,
    },
    /// Excitatory and inhibitory Poisson spikes through exponential synapses; sigma is the standard deviation of the synaptic current (nA).
    Poisson {
        /// Synaptic time constant (ms).
        tau_syn: f64,
    },
}

/// How time goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    /// On a grid of 1 ms, as NEST runs it.
    Grid,
    /// With exact spike times.
    Exact,
}

/// Which points are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sweep {
    /// The published curves: three sigmas, twelve means.
    Curves,
    /// Ten sigmas, 23 means.
    Plane,
}

/// All of that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Condition {
    pub(super) drive: Drive,
    pub(super) engine: Engine,
    pub(super) sweep: Sweep,
}

/// How often and how long each point is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Effort {
    pub(super) trials: usize,
    /// Length of a trial (ms).
    pub(super) duration: f64,
    pub(super) seed: u64,
}

/// One point.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measured {
    /// Mean current (nA), i_offset not included.
    pub(super) x: f64,
    /// Noise (nA) in the meaning of the drive.
    pub(super) sigma: f64,
    /// Rate (Hz) of each trial.
    pub(super) rates: Vec<f64>,
}

impl Engine {
    /// In a few words.
    pub(super) fn name(self) -> &'static str {
        match self {
            Engine::Grid => "1 ms grid",
            Engine::Exact => "exact",
        }
    }
}

impl Sweep {
    /// Sigmas (nA).
    pub(super) fn sigmas(self) -> Vec<f64> {
        match self {
            Sweep::Curves => vec![0.2, 0.5, 1.0],
            Sweep::Plane => (1..=10).map(|i| f64::from(i) / 10.0).collect(),
        }
    }

    /// Mean currents (nA), i_offset not included.
    pub(super) fn means(self) -> Vec<f64> {
        match self {
            Sweep::Curves => (-5..=6).map(|i| f64::from(i) / 10.0).collect(),
            Sweep::Plane => (-10..=12).map(|i| f64::from(i) / 20.0).collect(),
        }
    }
}

impl Drive {
    /// The published neuron; under Poisson spikes with this time constant.
    pub(super) fn neuron(self) -> IfCurrExp {
        let paper = IfCurrExp::liu_furber_2016();
        match self {
            Drive::Noise { .. } => paper,
            Drive::Poisson { tau_syn } => IfCurrExp { tau_syn_e: tau_syn, tau_syn_i: tau_syn, ..paper },
        }
    }

    /// The same fluctuation for the theory.
    pub(super) fn noise(self, sigma: f64) -> Noise {
        self.fluctuation().noise(sigma)
    }

    fn fluctuation(self) -> Fluctuation {
        match self {
            Drive::Noise { dt } => Fluctuation::White { dt },
            Drive::Poisson { tau_syn } => Fluctuation::Synaptic { tau_syn },
        }
    }

    /// Rates under this drive, to be fitted.
    pub(super) fn surface(self, points: Vec<ResponsePoint>) -> ResponseSurface {
        ResponseSurface { neuron: self.neuron(), fluctuation: self.fluctuation(), points }
    }

    /// In a few words.
    pub(super) fn name(self) -> String {
        match self {
            Drive::Noise { dt } => format!("noise redrawn every {dt} ms"),
            Drive::Poisson { tau_syn } => format!("Poisson spikes at tau_syn {tau_syn} ms"),
        }
    }
}

impl Condition {
    /// The published curves under a drive.
    pub(super) fn curves(drive: Drive, engine: Engine) -> Condition {
        Condition { drive, engine, sweep: Sweep::Curves }
    }

    /// Measures all points; the trials of a point are the neurons of one population.
    ///
    /// # Errors
    ///
    /// Fails when the effort is impossible, or when the user asks to stop.
    pub(super) fn measure(&self, effort: &Effort, interrupt: &Interrupt) -> Result<Vec<Measured>> {
        let means = self.sweep.means();
        let points: Vec<(f64, f64)> =
            self.sweep.sigmas().iter().flat_map(|&sigma| means.iter().map(move |&x| (x, sigma))).collect();
        let bar = progress(points.len() as u64, "points");
        bar.set_message(self.drive.name());
        let measured = points
            .par_iter()
            .map(|&(x, sigma)| {
                if interrupt.asked() {
                    bail!("stopped before all points were measured");
                }
                let rates = self.rates(x, sigma, effort)?;
                bar.inc(1);
                Ok(Measured { x, sigma, rates })
            })
            .collect();
        bar.finish_and_clear();
        measured
    }

    /// Rates (Hz) of the trials of one point.
    fn rates(&self, x: f64, sigma: f64, effort: &Effort) -> Result<Vec<f64>, NetworkError> {
        let drive = match self.drive.noise(sigma) {
            Noise::Redrawn { stdev, dt } => response::Drive::Noise { stdev, dt },
            // Half the largest weight that gives these moments, where that is below the published one.
            Noise::Synaptic { sigma, .. } => {
                response::Drive::Poisson { sigma, weight: WEIGHT.min(sigma * sigma / GREATEST_MEAN) }
            }
        };
        let engine = match self.engine {
            Engine::Grid => response::Engine::Grid { dt: GRID },
            Engine::Exact => response::Engine::Exact,
        };
        let Effort { trials, duration, seed } = *effort;
        ResponseTrials { neuron: self.drive.neuron(), drive, engine, trials, duration }.rates(x, seed ^ self.address())
    }

    /// What makes the seed one of its own: conditions draw independent numbers.
    fn address(&self) -> u64 {
        let (drive, constant) = match self.drive {
            Drive::Noise { dt } => (0, dt),
            Drive::Poisson { tau_syn } => (1, tau_syn),
        };
        let kind = drive | u64::from(self.engine == Engine::Grid) << 1 | u64::from(self.sweep == Sweep::Plane) << 2;
        (constant.to_bits() ^ kind).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl Measured {
    /// Mean over the trials (Hz).
    pub(super) fn rate(&self) -> f64 {
        self.rates.iter().sum::<f64>() / self.rates.len() as f64
    }

    /// Its standard error (Hz); NaN for a single trial.
    pub(super) fn error(&self) -> f64 {
        self.deviation() / (self.rates.len() as f64).sqrt()
    }

    /// Standard deviation (Hz) of the trials.
    fn deviation(&self) -> f64 {
        let (mean, n) = (self.rate(), self.rates.len() as f64);
        (self.rates.iter().map(|rate| (rate - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
    }

    /// Standard error (Hz) that the rate has in trials of another number and length (ms), from the spread of these of `duration` ms.
    pub(super) fn error_in(&self, trials: f64, length: f64, duration: f64) -> f64 {
        self.deviation() * (duration / length).sqrt() / trials.sqrt()
    }

    /// For a fit.
    pub(super) fn point(&self) -> ResponsePoint {
        ResponsePoint { x: self.x, sigma: self.sigma, rate: self.rate() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_scale_with_trials_and_length() {
        let measured = Measured { x: 0.0, sigma: 1.0, rates: vec![9.0, 10.0, 11.0] };
        assert_eq!((measured.rate(), measured.deviation()), (10.0, 1.0));
        // Four times as long: half the spread; 12 trials instead of 3: half of that.
        let error = measured.error_in(12.0, 4_000.0, 1_000.0);
        assert!((error - measured.error() / 4.0).abs() < 1e-15);
    }

    #[test]
    fn intensity_does_not_depend_on_the_interval() {
        let white = |dt| Drive::Noise { dt }.noise(0.5).white_amplitude();
        assert!((white(1.0) - 0.5).abs() < 1e-15 && (white(0.1) - 0.5).abs() < 1e-15);
    }
}
