//! Neurons that are looked at one by one, but only when they can have come near threshold.
//!
//! Every neuron that has been looked at carries a promise: without more excitatory weight than its *budget*, it cannot
//! reach threshold before the window in which it is *due*. An arrival moves the coordinates and spends budget; nothing else is
//! done for it. Only a neuron that is due, or has spent its budget, is looked at again, and gets a new promise from
//! closed-form bounds. A neuron so close to threshold that no promise can be made is *critical*: its trajectory is searched for a
//! crossing at every arrival and at the end of every window, until the end of which no other neuron can hear of it.

mod alpha;
mod arrival;
mod calendar;
mod delta;
mod exponential;
mod injection;
mod model;
mod outlook;
mod search;

use super::Population;
use crate::current::Wave;
use crate::neuron::IfCurrExp;
use crate::record::Spike;
use calendar::Calendar;
use model::{Factors, Model};
use outlook::{LANES, Outlook};

/// How far the origin may lag behind, in units of the shortest time constant: coordinates carried back so far lose exp(2).
const HORIZON: f64 = 2.0;

/// One neuron: a line of the cache, where its coordinates are few.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Cell<const N: usize> {
    x: [f64; N],
    /// Excitatory weight (nA) that may still arrive; negative where every arrival has to be looked at.
    budget: f64,
    /// v_thresh - V_inf (mV).
    theta: f64,
    /// Critical: searched up to this time (ms). Held: end of the refractory period.
    since: f64,
    /// The window in which the neuron is due (the lower bits of its number, which nobody looks that far ahead to confuse).
    due: u32,
    /// The last window in which the neuron was put on the list of critical ones.
    listed: u32,
    mode: Mode,
}

impl<const N: usize> Cell<N> {
    /// A neuron that nobody has looked at yet.
    fn new(x: [f64; N], theta: f64) -> Cell<N> {
        Cell { x, budget: -1.0, theta, since: 0.0, due: 0, listed: u32::MAX, mode: Mode::Critical }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Has a promise.
    Calm,
    /// Has none: searched at every event.
    Critical,
    /// Refractory; its first coordinate means nothing until it is released.
    Held,
}

/// Running state of the neurons of a population.
#[derive(Debug, Clone)]
pub(crate) struct Cells<M, const N: usize> {
    neuron: IfCurrExp,
    /// One model for all, or one per neuron.
    models: Vec<M>,
    /// Their bounds.
    outlooks: Vec<Outlook<N>>,
    cells: Vec<Cell<N>>,
    /// V_inf (mV).
    level: Vec<f64>,
    v_thresh: Vec<f64>,
    /// Sinusoidal currents, and which of them each neuron receives at present (empty where there are none).
    waves: Vec<Wave>,
    waving: Vec<u64>,
    origin: f64,
    horizon: f64,
    window: f64,
    /// 1 / window.
    per_window: f64,
    current: u64,
    /// Start of the present window.
    start: Now<N>,
    calendar: Calendar,
    critical: Vec<u32>,
    due: Vec<u32>,
    spikes: Vec<Spike>,
    arch: pulp::Arch,
}

/// An instant: its time, and the factors of a population whose neurons share their time constants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now<const N: usize> {
    pub(crate) t: f64,
    shared: Factors<N>,
}

pub(crate) type ExponentialCells = Cells<exponential::Exponential, 3>;
pub(crate) type AlphaCells = Cells<alpha::Alpha, 5>;
pub(crate) type DeltaCells = Cells<delta::Delta, 1>;

impl ExponentialCells {
    pub(crate) fn exponential(population: &Population, window: f64) -> ExponentialCells {
        Cells::new(population, window, exponential::Exponential::new)
    }
}

impl AlphaCells {
    pub(crate) fn alpha(population: &Population, window: f64) -> AlphaCells {
        Cells::new(population, window, alpha::Alpha::new)
    }
}

impl DeltaCells {
    pub(crate) fn delta(population: &Population, window: f64) -> DeltaCells {
        Cells::new(population, window, delta::Delta::new)
    }
}

impl<M: Model<N>, const N: usize> Cells<M, N> {
    fn new(population: &Population, window: f64, model: fn(IfCurrExp) -> M) -> Cells<M, N> {
        let neuron = *population.neuron();
        let models: Vec<M> = match population.time_constants() {
            Some(each) if !each.is_empty() => each.iter().map(|tau| model(tau.of(&neuron))).collect(),
            _ => vec![model(neuron)],
        };
        let outlooks: Vec<Outlook<N>> = models.iter().map(|model| Outlook::new(model, window)).collect();
        let longest = outlooks.iter().map(Outlook::longest).fold(0.0, f64::max);
        let shortest = models.iter().map(|model| model.time_constants().1).fold(f64::INFINITY, f64::min);
        let size = population.size();
        let start = Now { t: 0.0, shared: models[0].factors(0.0) };
        Cells {
            neuron,
            models,
            outlooks,
            cells: vec![Cell::new([0.0; N], 0.0); size],
            level: vec![0.0; size],
            v_thresh: population.v_thresh().to_vec(),
            waves: population.currents().iter().filter_map(|current| current.source.wave()).collect(),
            waving: Vec::new(),
            origin: 0.0,
            horizon: HORIZON * shortest,
            window,
            per_window: 1.0 / window,
            current: 0,
            start,
            calendar: Calendar::new(longest / window),
            critical: Vec::new(),
            due: Vec::new(),
            spikes: Vec::new(),
            arch: pulp::Arch::new(),
        }
    }

    /// Back to the initial state at time zero.
    pub(crate) fn reset(&mut self, population: &Population) {
        self.origin = 0.0;
        self.current = 0;
        self.spikes.clear();
        self.calendar.clear();
        self.critical.clear();
        self.waving = if self.waves.is_empty() { Vec::new() } else { vec![0; self.cells.len()] };
        for j in 0..self.cells.len() {
            let level = self.neuron.v_rest + self.model(j).resistance() * population.i_offset()[j];
            self.level[j] = level;
            let mut x = [0.0; N];
            x[0] = population.v_init()[j] - level;
            let theta = self.v_thresh[j] - level;
            let mut cell = Cell::new(x, theta);
            if x[0] >= theta {
                // It fires before anything can arrive.
                self.spikes.push(Spike { time: 0.0, neuron: j as u32 });
                cell = Cell { budget: f64::INFINITY, since: self.neuron.tau_refrac, mode: Mode::Held, ..cell };
            }
            self.cells[j] = cell;
            self.schedule(j, self.window_of(cell.since));
        }
    }

    /// Length of a window (ms).
    pub(crate) fn window(&self) -> f64 {
        self.window
    }

    #[inline]
    fn model(&self, j: usize) -> &M {
        if self.models.len() == 1 { &self.models[0] } else { &self.models[j] }
    }

    /// The instant t.
    #[inline]
    pub(crate) fn at(&self, t: f64) -> Now<N> {
        Now { t, shared: self.models[0].factors(t - self.origin) }
    }

    #[inline]
    fn factors(&self, j: usize, now: &Now<N>) -> Factors<N> {
        if self.models.len() == 1 { now.shared } else { self.models[j].factors(now.t - self.origin) }
    }

    #[inline(always)]
    fn state(&self, j: usize, now: &Now<N>) -> [f64; N] {
        self.model(j).state(&self.cells[j].x, &self.factors(j, now))
    }

    /// Enters a window: looks at the neurons that are due.
    pub(crate) fn begin(&mut self, window: u64) {
        self.current = window;
        let start = window as f64 * self.window;
        if start + self.window > self.origin + self.horizon {
            self.move_origin(start);
        }
        self.start = self.at(start);
        let now = self.start;
        let mut due = std::mem::take(&mut self.due);
        self.calendar.take(window, &mut due);
        let arch = self.arch;
        arch.dispatch(Call { cells: self, due: &due, now: &now });
        self.due = due;
    }

    /// Looks at the neurons that are due, several at a time.
    #[inline(always)]
    fn call(&mut self, due: &[u32], now: &Now<N>) {
        let mut together = [0; LANES];
        let mut count = 0;
        for &neuron in due {
            let j = neuron as usize;
            let Cell { due, mode, since, .. } = self.cells[j];
            if due != self.current as u32 {
                continue;
            }
            if mode == Mode::Held {
                let end = self.window_of(since);
                if end <= self.current {
                    self.cells[j].budget = -1.0;
                    self.list(j);
                } else {
                    self.schedule(j, end);
                }
            } else if self.models.len() > 1 {
                self.look::<1>(&[j], now);
            } else {
                together[count] = j;
                count += 1;
                if count == LANES {
                    self.look::<LANES>(&together, now);
                    count = 0;
                }
            }
        }
        match count {
            0 => {}
            1 => self.look::<1>(&together[..1], now),
            _ => self.look::<LANES>(&together[..count], now),
        }
    }

    /// Leaves a window at its end t: emits the crossings of the critical neurons.
    pub(crate) fn finish(&mut self, t: f64) {
        let now = self.at(t);
        for index in 0..self.critical.len() {
            let j = self.critical[index] as usize;
            self.resolve(j, &now);
            match self.cells[j].mode {
                Mode::Calm => {}
                Mode::Critical => self.schedule(j, self.current + 1),
                Mode::Held => {
                    self.cells[j].budget = f64::INFINITY;
                    self.schedule(j, self.window_of(self.cells[j].since).max(self.current + 1));
                }
            }
        }
        self.critical.clear();
    }

    fn move_origin(&mut self, t: f64) {
        let now = self.at(t);
        for j in 0..self.cells.len() {
            self.cells[j].x = self.state(j, &now);
        }
        self.origin = t;
    }

    /// The window of a time: rounding must not put it into a later one.
    fn window_of(&self, t: f64) -> u64 {
        let window = (t * self.per_window) as u64;
        if window as f64 * self.window > t { window - 1 } else { window }
    }

    #[inline(always)]
    fn schedule(&mut self, j: usize, window: u64) {
        let window = window.min(self.calendar.reach(self.current));
        self.cells[j].due = window as u32;
        self.calendar.note(window, j as u32);
    }

    fn list(&mut self, j: usize) {
        if self.cells[j].listed != self.current as u32 {
            self.cells[j].listed = self.current as u32;
            self.critical.push(j as u32);
        }
    }

    /// Looks at up to L neurons (with one model) that are not refractory and have not crossed: gives them new promises, or lists them as critical.
    #[inline(always)]
    fn look<const L: usize>(&mut self, neurons: &[usize], now: &Now<N>) {
        let mut states = [[0.0; L]; N];
        let mut theta = [0.0; L];
        for (lane, &j) in neurons.iter().enumerate() {
            let state = self.state(j, now);
            for component in 0..N {
                states[component][lane] = state[component];
            }
            theta[lane] = self.cells[j].theta - if self.waves.is_empty() { 0.0 } else { self.swing(j) };
        }
        let outlook = &self.outlooks[if self.models.len() == 1 { 0 } else { neurons[0] }];
        let promises = outlook.promises(self.model(neurons[0]), &states, &theta);
        for (lane, &j) in neurons.iter().enumerate() {
            let ahead = promises.ahead[lane];
            if ahead > 0.0 {
                self.cells[j].budget = promises.budget[lane];
                self.cells[j].mode = Mode::Calm;
                self.schedule(j, self.window_of(now.t + ahead).max(self.current + 1));
            } else {
                let cell = &mut self.cells[j];
                cell.budget = -1.0;
                cell.mode = Mode::Critical;
                cell.since = now.t;
                self.list(j);
            }
        }
    }

    /// Emits the crossings of a critical or refractory neuron up to an instant.
    fn resolve(&mut self, j: usize, now: &Now<N>) {
        loop {
            let Cell { since, theta, mode, .. } = self.cells[j];
            if mode == Mode::Calm || !(since <= now.t) {
                return;
            }
            let then = if since == self.start.t { self.start } else { self.at(since) };
            if mode == Mode::Held {
                self.release(j, &then);
            }
            if since == now.t {
                return; // What arrives at this instant, the very end of a refractory period included, comes first.
            }
            let model = *self.model(j);
            let start = self.state(j, &then);
            let h = now.t - since;
            let crossing = if self.waves.is_empty() {
                search::first_crossing(&model, &start, h, |_| (theta, 0.0, 0.0))
            } else {
                search::first_crossing(&model, &start, h, |t| self.moving_threshold(j, since + t))
            };
            let Some(after) = crossing else {
                self.cells[j].since = now.t;
                return;
            };
            let time = since + after;
            self.spikes.push(Spike { time, neuron: j as u32 });
            // Time goes on even where the interval is below its resolution.
            self.cells[j].since = (time + self.neuron.tau_refrac).max(time.next_up());
            self.cells[j].mode = Mode::Held;
        }
    }

    /// Lets a neuron start from v_reset, with the synaptic current that has gathered until then.
    fn release(&mut self, j: usize, then: &Now<N>) {
        let factors = self.factors(j, then);
        let start = self.neuron.v_reset - self.level[j] - self.wave(j, then.t);
        let x = &mut self.cells[j].x;
        x[0] = 0.0;
        x[0] = (start - factors.deviation(x)) / factors.potential[0];
        self.cells[j].mode = Mode::Critical;
    }

    /// Emits what neuron j has to emit up to an instant, and returns its potential (mV) and synaptic currents (nA).
    pub(crate) fn observe(&mut self, j: usize, now: &Now<N>) -> (f64, [f64; 2]) {
        self.resolve(j, now);
        let state = self.state(j, now);
        let held = self.cells[j].mode == Mode::Held && self.cells[j].since > now.t;
        let v = if held { self.neuron.v_reset } else { self.level[j] + state[0] + self.wave(j, now.t) };
        (v, self.model(j).currents(&state))
    }

    /// Spikes not yet taken, in order of detection.
    pub(crate) fn fresh_spikes(&self) -> &[Spike] {
        &self.spikes
    }

    /// Spikes since they were last taken, to be emptied.
    pub(crate) fn spikes(&mut self) -> &mut Vec<Spike> {
        &mut self.spikes
    }
}

/// Looks at the neurons that are due, compiled for the vectors that the machine has.
struct Call<'a, M, const N: usize> {
    cells: &'a mut Cells<M, N>,
    due: &'a [u32],
    now: &'a Now<N>,
}

impl<M: Model<N>, const N: usize> pulp::WithSimd for Call<'_, M, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        self.cells.call(self.due, self.now);
    }
}
