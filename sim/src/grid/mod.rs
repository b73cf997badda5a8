//! The same network on a grid of time, as clock-driven simulators run it: the measure of what a grid costs and distorts.
//!
//! Every step is the exact propagator of the membrane and its currents, but neurons hear and fire at grid points only.

mod arrivals;
mod background;
mod cells;
mod delays;
mod runner;
mod steps;

use crate::background::check_backgrounds;
use crate::error::{NetworkError, not_negative};
use crate::network::Network;
use crate::projection::{Pre, Projection};
use crate::random::StreamKey;
use crate::record::{Record, Spike};
use crate::source::Source;
use arrivals::Arrivals;
use cells::Cells;
use delays::Delays;
use runner::Runner;
use steps::Steps;

/// Most steps of one run; so many take hours, and still tell one grid point from the next.
const MOST_STEPS: f64 = 1e9;

/// Most weights under way to a population, neurons times steps of the longest delay: 1.6 GB.
const MOST_UNDER_WAY: u64 = 100_000_000;

/// Steps between two calls of the watch.
const STEPS_PER_WATCH: u64 = 1024;

/// Most background spikes of a population in one run: their numbers are counted without rounding.
const MOST_ARRIVALS: f64 = 1e15;

/// The running state of a network on a grid of time, reusable from run to run; one per thread.
///
/// It follows NEST's `iaf_psc_exp` (`iaf_psc_alpha`, `iaf_psc_delta`) step by step. In the step of length dt that ends at grid point k:
///
/// ```text
/// if r > 0:  r -= 1                                        V stays at v_reset
/// else:      V by the exact propagator, from the synaptic currents at the step's start and the constant current
/// synaptic currents decay by exp(-dt/tau_syn); then the weights that arrive at k are added to them
/// if V >= v_thresh:  spike at k,  V = v_reset,  r = tau_refrac/dt, rounded up to a whole number
/// ```
///
/// * A spike of a source between two grid points is put on the later one. It arrives there plus the delay, as do spikes
///   of populations; the membrane feels it from the next step on.
/// * Delays are rounded to the nearest whole step, from half a step on up; shorter ones are refused.
/// * Background spikes arrive at the first grid point at or after their time.
/// * Currents change at the first grid point at or after their time of change; a sinusoidal one keeps, during a step, its value
///   at the step's start.
/// * Delta synapses: arrivals are added after V has moved and before the threshold test, and are lost while r > 0.
/// * A neuron that starts at or above threshold is moved by one step before it is tested.
/// * Recorded potentials and synaptic currents are those after all that happens at their grid point, the reset and the arrivals included.
///
/// All random numbers are those of [`Simulation`](crate::Simulation), so that both engines receive the same input; only of a background with
/// more than 8 spikes per neuron and step the number in each step is drawn instead, as NEST's `poisson_generator` does. NEST differs in
/// that it puts a delay between a current source and its target.
///
/// ```
/// use sim::{GridSimulation, IfCurrExp, Network, Population, Recording, StreamKey};
///
/// let neuron = IfCurrExp { i_offset: 0.3, ..IfCurrExp::liu_furber_2016() };
/// let recording = Recording { spikes: true, ..Recording::default() };
/// let mut network = Network::new();
/// network.add_population(Population::new(1, neuron)?.with_recording(recording)?);
///
/// let record = GridSimulation::new(&network, 1.0)?.run(&[], StreamKey { seed: 1, sample: 0 }, 100.0)?;
/// // Closed form: threshold after 20 ln(24/9) = 19.6 ms, hence at the end of step 20; then the refractory step.
/// let times: Vec<f64> = record.populations[0].spikes.iter().map(|spike| spike.time).collect();
/// assert_eq!(times, [20.0, 41.0, 62.0, 83.0]);
/// # Ok::<(), sim::NetworkError>(())
/// ```
#[derive(Debug, Clone)]
pub struct GridSimulation<'a> {
    network: &'a Network,
    steps: Steps,
    cells: Vec<Cells>,
    arrivals: Vec<Arrivals>,
    /// Of each projection.
    delays: Vec<Delays>,
    /// Grid points at which the potentials of each population are recorded.
    probes: Vec<Vec<u64>>,
}

impl<'a> GridSimulation<'a> {
    /// Allocates the state of a network on a grid of steps of `dt` (ms).
    ///
    /// # Errors
    ///
    /// The step must be positive and finite. Refuses learning synapses, delays of less than half a step or of more steps than fit into memory,
    /// and recorded times and intervals of noisy currents that are not whole numbers of steps.
    pub fn new(network: &'a Network, dt: f64) -> Result<GridSimulation<'a>, NetworkError> {
        let steps = Steps::new(dt)?;
        let mut longest = vec![1; network.populations().len()];
        let mut delays = Vec::with_capacity(network.projections().len());
        for projection in network.projections() {
            if projection.plasticity().is_some() {
                return Err(NetworkError::PlasticityOnGrid { post: projection.post() });
            }
            let projection_delays = Delays::new(projection, &steps)?;
            longest[projection.post()] = projection_delays.longest().max(longest[projection.post()]);
            delays.push(projection_delays);
        }
        let mut probes = Vec::with_capacity(network.populations().len());
        for population in network.populations() {
            for interval in population.currents().iter().filter_map(|current| current.source.interval()) {
                if steps.whole("the interval of a noisy current", interval)? == 0 {
                    return Err(NetworkError::OffGrid { what: "the interval of a noisy current", found: interval, dt });
                }
            }
            let times = population.recording().v_at.iter();
            probes.push(times.map(|&time| steps.whole("a recorded time", time)).collect::<Result<_, _>>()?);
        }
        let populations = network.populations();
        for (post, (population, &delay)) in populations.iter().zip(&longest).enumerate() {
            let size = population.size();
            if delay.saturating_mul(size as u64) > MOST_UNDER_WAY {
                return Err(NetworkError::DelayTooLong { post, size, delay, most: MOST_UNDER_WAY });
            }
        }
        Ok(GridSimulation {
            network,
            steps,
            cells: populations.iter().map(|population| Cells::new(population, &steps)).collect(),
            arrivals: populations.iter().zip(longest).map(|(p, longest)| Arrivals::new(p.size(), longest)).collect(),
            delays,
            probes,
        })
    }

    /// Simulates [0, duration] ms from the initial state; arguments and record are those of [`Simulation::run`](crate::Simulation::run).
    ///
    /// # Errors
    ///
    /// Refuses durations that are not whole numbers of steps, more than 1e9 steps, and sources that do not fit the network.
    pub fn run(&mut self, sources: &[Source], key: StreamKey, duration: f64) -> Result<Record, NetworkError> {
        self.run_watched(sources, key, duration, &mut |_| true)
    }

    /// As [`GridSimulation::run`], and tells `watch` how far it has come (0 to 1) now and then; ends early, with what has happened until
    /// then, when that returns false.
    ///
    /// # Errors
    ///
    /// As [`GridSimulation::run`].
    pub fn run_watched(
        &mut self,
        sources: &[Source],
        key: StreamKey,
        duration: f64,
        watch: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Record, NetworkError> {
        not_negative("duration", "ms", duration)?;
        let dt = self.steps.dt();
        if duration > MOST_STEPS * dt {
            return Err(NetworkError::TooManySteps { duration, what: "a grid step", interval: dt, most: MOST_STEPS });
        }
        for population in self.network.populations() {
            check_backgrounds(population, duration, MOST_ARRIVALS)?;
        }
        let end = self.steps.whole("the duration of a run on a grid", duration)?;
        let emitted = self.network.emit(sources, key, duration)?;
        let populations = self.network.populations();
        let mut runners: Vec<Runner<'_>> = (0..populations.len())
            .map(|index| Runner::new(self.network, index, key, self.steps, &self.probes[index]))
            .collect();
        self.cells.iter_mut().zip(populations).for_each(|(cells, population)| cells.reset(population));
        self.arrivals.iter_mut().for_each(Arrivals::reset);
        let mut trains: Vec<Train<'_>> = emitted.iter().map(|spikes| Train { spikes, stamped: spikes }).collect();
        let mut record = Record {
            source_spikes: emitted.iter().map(|spikes| spikes.len() as u64).collect(),
            weights: vec![None; self.network.projections().len()],
            duration,
            ..Record::default()
        };
        let routes: Vec<_> = self.network.projections().iter().zip(&self.delays).collect();
        for step in 0..=end {
            for ((runner, cells), arrivals) in runners.iter_mut().zip(&mut self.cells).zip(&mut self.arrivals) {
                if step > 0 {
                    runner.advance(cells, arrivals, step, end);
                }
                runner.probe(cells, step);
            }
            trains.iter_mut().for_each(|train| train.advance(step, &self.steps));
            record.synaptic_events += send(&routes, &mut self.arrivals, &trains, &runners, step, end);
            let done = step as f64 / end.max(1) as f64;
            if (step == end || step % STEPS_PER_WATCH == STEPS_PER_WATCH - 1) && !watch(done) {
                record.duration = self.steps.time(step);
                break;
            }
        }
        for runner in runners {
            let (seen, events) = runner.finish(record.duration);
            record.populations.push(seen);
            record.synaptic_events += events;
        }
        Ok(record)
    }
}

/// Sends everything that has been fired at a grid point on its way; returns the number of synaptic events before `end`.
fn send(
    routes: &[(&Projection, &Delays)],
    arrivals: &mut [Arrivals],
    trains: &[Train<'_>],
    runners: &[Runner<'_>],
    step: u64,
    end: u64,
) -> u64 {
    let mut events = 0;
    for (projection, delays) in routes {
        let arrivals = &mut arrivals[projection.post()];
        let mut send = |pre: u32| {
            events += delays.send(projection.synapses(), pre as usize, step, end, arrivals);
        };
        match projection.pre() {
            Pre::Source(source) => trains[source].stamped.iter().for_each(|spike| send(spike.neuron)),
            Pre::Population(population) => runners[population].fired.iter().for_each(|&neuron| send(neuron)),
        }
    }
    events
}

/// The spikes of a source in one run.
struct Train<'a> {
    /// Those to come.
    spikes: &'a [Spike],
    /// Those of the present grid point.
    stamped: &'a [Spike],
}

impl Train<'_> {
    /// Goes on to a grid point.
    fn advance(&mut self, step: u64, steps: &Steps) {
        let count = self.spikes.iter().take_while(|spike| steps.at_or_after(spike.time) <= step).count();
        (self.stamped, self.spikes) = self.spikes.split_at(count);
    }
}
