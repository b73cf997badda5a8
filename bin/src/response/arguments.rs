//! Which points of which curves are measured, and how: the flags that `response` and `fit` share.

use super::curve::{Curves, Plan};
use crate::neuron_arguments::NeuronArguments;
use crate::run::Interrupt;
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use sim::IfCurrExp;
use sim::response::{Drive, Engine, ResponseTrials};
use sim::theory::Fluctuation;

/// Mean currents are whole multiples of 1 / STEPS_PER_NA nA, so that 0.1 is 0.1 wherever a curve starts.
const STEPS_PER_NA: f64 = 1e9;

/// Most trials of a point; each has a neuron and a random stream of its own.
const MOST_TRIALS: usize = 1_000_000;

/// Interval between redraws of PyNN's noise, and of what stands for white noise (ms).
const NOISE_DT: f64 = 1.0;
const WHITE_DT: f64 = 0.05;

/// Flags of the curves.
#[derive(Debug, Clone, Args)]
pub struct CurveArguments {
    /// Noise; may be repeated. With --source noise the standard deviation (nA) of the current that is redrawn every --noise-dt, with
    /// --source poisson that of the synaptic current (nA), with --source white the amplitude of the white noise (nA sqrt(ms)) [default: 1;
    /// of fit: 0.2 0.5 1]
    #[arg(long, value_name = "SIGMA", allow_negative_numbers = true)]
    sigma: Vec<f64>,
    /// Lowest mean current (nA), i_offset not included
    #[arg(long, value_name = "NA", default_value_t = -0.5, allow_negative_numbers = true)]
    from: f64,
    /// Highest mean current (nA), i_offset not included
    #[arg(long, value_name = "NA", default_value_t = 0.6, allow_negative_numbers = true)]
    to: f64,
    /// Step of the mean current (nA)
    #[arg(long, value_name = "NA", default_value_t = 0.1, allow_negative_numbers = true)]
    step: f64,
    /// Independent trials per point
    #[arg(long, default_value_t = 10, value_name = "N")]
    trials: usize,
    /// Length of a trial (ms)
    #[arg(long, value_name = "MS", default_value_t = 10_000.0, allow_negative_numbers = true)]
    duration: f64,
    /// What makes the noise
    #[arg(long, value_enum, default_value_t = NoiseSource::Noise)]
    source: NoiseSource,
    /// Interval between redraws of the noisy current (ms); only with --source noise and white [default: 1; white: 0.05]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    noise_dt: Option<f64>,
    /// Weight of the 500 excitatory sources, minus that of the 500 inhibitory ones (nA); only with --source poisson
    #[arg(long, value_name = "NA", default_value_t = 0.05, allow_negative_numbers = true)]
    weight: f64,
    /// Simulate on a grid of so many ms, as NEST's iaf_psc_exp does, instead of exactly
    #[arg(long, value_name = "DT", allow_negative_numbers = true)]
    grid: Option<f64>,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    neuron: NeuronArguments,
}

/// Largest mean current (nA), far beyond any neuron's.
const MOST_NA: f64 = 1e6;

/// What makes the fluctuating current.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NoiseSource {
    /// A Gaussian current, redrawn at regular intervals and injected (PyNN's NoisyCurrentSource)
    Noise,
    /// 500 excitatory and 500 inhibitory Poisson sources through exponential synapses
    Poisson,
    /// White noise, approached by a Gaussian current of the same intensity that is redrawn every --noise-dt
    White,
}

impl NoiseSource {
    /// What a sigma means with this source: `noise_dt` (ms) between redraws, `tau_syn` (ms) of the synapses.
    pub(crate) fn fluctuation(self, noise_dt: Option<f64>, tau_syn: f64) -> Fluctuation {
        match self {
            NoiseSource::Noise => Fluctuation::Redrawn { dt: noise_dt.unwrap_or(NOISE_DT) },
            NoiseSource::Poisson => Fluctuation::Synaptic { tau_syn },
            NoiseSource::White => Fluctuation::White { dt: noise_dt.unwrap_or(WHITE_DT) },
        }
    }
}

impl CurveArguments {
    /// The neurons, one per synaptic time constant, with what a sigma means for each.
    pub(crate) fn neurons(&self) -> Result<Vec<(IfCurrExp, Fluctuation)>> {
        let neurons = self.neuron.neurons()?;
        if self.source != NoiseSource::Poisson && neurons.len() > 1 {
            bail!("several --tau-syn need --source poisson: an injected current passes no synapse");
        }
        if let Some(dt) = self.noise_dt.filter(|dt| !(*dt > 0.0 && dt.is_finite())) {
            bail!("--noise-dt must be positive and finite (ms), found {dt:?}");
        }
        if self.source == NoiseSource::Poisson {
            if self.noise_dt.is_some() {
                bail!("--noise-dt needs --source noise or white: Poisson spikes are not redrawn");
            }
            if let Some(n) = neurons.iter().find(|n| n.tau_syn_e != n.tau_syn_i) {
                bail!(
                    "--source poisson needs receptors of one time constant, found {} and {} ms",
                    n.tau_syn_e,
                    n.tau_syn_i
                );
            }
        }
        if !(self.weight > 0.0 && self.weight.is_finite()) {
            bail!("--weight must be positive and finite (nA), found {:?}", self.weight);
        }
        Ok(neurons.iter().map(|n| (*n, self.source.fluctuation(self.noise_dt, n.tau_syn_e))).collect())
    }

    /// The interval between redraws (ms) that the flags give.
    pub(crate) fn noise_dt(&self) -> Option<f64> {
        self.noise_dt
    }

    /// The sigmas, or those of the command where none are given.
    fn sigmas(&self, default: &[f64]) -> Result<Vec<f64>> {
        if let Some(sigma) = self.sigma.iter().find(|sigma| !(0.0 <= **sigma && sigma.is_finite())) {
            bail!("--sigma must be zero or more and finite, found {sigma}");
        }
        if let Some(i) = (1..self.sigma.len()).find(|&i| self.sigma[..i].contains(&self.sigma[i])) {
            bail!("--sigma {} is given twice (number {})", self.sigma[i], i + 1);
        }
        Ok(if self.sigma.is_empty() { default.to_vec() } else { self.sigma.clone() })
    }

    /// Mean currents of the curve (nA).
    fn means(&self) -> Result<Vec<f64>> {
        let Self { from, to, step, .. } = *self;
        if !(from.abs() <= MOST_NA && to.abs() <= MOST_NA && from <= to) {
            bail!("--from and --to must be within ±{MOST_NA:e} nA and --from at most --to, found {from:?} and {to:?}");
        }
        if !(1.0 <= step * STEPS_PER_NA && step.is_finite()) {
            bail!("--step must be finite and at least {:e} nA, found {step:?}", 1.0 / STEPS_PER_NA);
        }
        let steps = ((to - from) / step * (1.0 + 1e-12)).floor();
        if steps > 1e6 {
            bail!("--step {step:?} gives more than a million points between {from} and {to} nA");
        }
        let rounded = |mean: f64| (mean * STEPS_PER_NA).round() / STEPS_PER_NA;
        Ok((0..=steps as u32).map(|i| rounded(from + f64::from(i) * step)).collect())
    }

    /// The points to be measured, at these sigmas where the flags name none.
    pub(crate) fn plan(&self, default_sigmas: &[f64]) -> Result<Plan> {
        let neurons = self.neurons()?;
        if !(1..=MOST_TRIALS).contains(&self.trials) {
            bail!("--trials must be between 1 and {MOST_TRIALS}, found {}", self.trials);
        }
        Ok(Plan { neurons, sigmas: self.sigmas(default_sigmas)?, means: self.means()? })
    }

    /// The trials of a point.
    fn trials(&self, neuron: IfCurrExp, fluctuation: Fluctuation, sigma: f64) -> ResponseTrials {
        let drive = match fluctuation {
            Fluctuation::Redrawn { dt } => Drive::Noise { stdev: sigma, dt },
            Fluctuation::Synaptic { .. } => Drive::Poisson { sigma, weight: self.weight },
            Fluctuation::White { dt } => Drive::Noise { stdev: sigma / dt.sqrt(), dt },
        };
        let engine = self.grid.map_or(Engine::Exact, |dt| Engine::Grid { dt });
        ResponseTrials { neuron, drive, engine, trials: self.trials, duration: self.duration }
    }

    /// Measures the points of a plan.
    pub(crate) fn measure(&self, plan: &Plan, interrupt: &Interrupt) -> Result<Curves> {
        Curves::measure(plan, interrupt, |neuron, fluctuation, sigma, mu| {
            Ok(self.trials(neuron, fluctuation, sigma).measure(mu, self.seed)?)
        })
    }

    /// How the rates were measured, in words.
    pub(crate) fn method(&self) -> String {
        let engine = self.grid.map_or("simulated exactly".to_owned(), |dt| format!("simulated on a grid of {dt} ms"));
        format!("{engine}, {} trials of {} ms per point", self.trials, self.duration)
    }

    /// The flags that only `response` puts into its document.
    pub(crate) fn size(&self) -> (usize, f64, Option<f64>) {
        (self.trials, self.duration, self.grid)
    }
}
