//! Proves or refutes what the engine says about one neuron, given everything that reaches it.
//!
//! The neuron is reset at its alleged spikes, so that errors do not add up from spike to spike.

use super::enclosure::stays_below;
use super::series::{Motion, TwoFloat};
use sim::{IfCurrExp, Psc};

/// The engine may deliver at the start of a window what belongs to it but for a rounding error: a delta synapse then makes its target
/// fire so much (relative) after the arrival.
const INSTANT: f64 = 1.0 + 2.0 * f64::EPSILON;

/// What reaches a neuron, and when. Times (ms) are those of floating point: a sum of a spike's time and a delay is rounded once.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) neuron: IfCurrExp,
    pub(super) psc: Psc,
    pub(super) v_init: f64,
    /// Arrivals: time, weight (nA, mV for delta synapses), in order of time.
    pub(super) arrivals: Vec<(f64, f64)>,
    /// Changes of the currents, in order of time.
    pub(super) changes: Vec<(f64, Change)>,
    pub(super) duration: f64,
}

/// A change of the injected currents.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    /// A part of the constant current: its number among the currents, its new value (nA).
    Level(usize, f64),
    /// A sinusoidal current begins.
    WaveOn { number: usize, amplitude: f64, frequency: f64, phase: f64 },
    /// It ends.
    WaveOff(usize),
}

/// What the engine says about a neuron.
#[derive(Debug, Clone, Default)]
pub(super) struct Alleged {
    /// Spike times (ms), in order.
    pub(super) spikes: Vec<f64>,
    /// Recorded values, in order of time.
    pub(super) readings: Vec<Reading>,
}

/// Recorded values of a neuron at one time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    /// Time (ms).
    pub(super) time: f64,
    /// Potential (mV).
    pub(super) v: f64,
    /// Synaptic currents (nA).
    pub(super) currents: Option<[f64; 2]>,
}

/// What is wrong with a neuron.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fault {
    /// A spike at `time` (ms), `off` mV from threshold.
    Invented { time: f64, off: f64 },
    /// A spike at `time` in a refractory period that lasts until `until` (ms), or after the run.
    Forbidden { time: f64, until: f64 },
    /// Threshold was passed between two times (ms), without a spike.
    Missed { from: f64, to: f64 },
    /// A potential at `time` (ms) that is wrong by `error` mV.
    Potential { time: f64, error: f64 },
    /// A synaptic current at `time` (ms) that is wrong by `error` nA.
    Current { time: f64, error: f64 },
}

/// How far a neuron is from what is right, up to its first fault.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Findings {
    /// Spikes that were checked.
    pub(super) spikes: u64,
    /// Arrivals that were followed.
    pub(super) arrivals: u64,
    /// Neurons that were followed only until a delta arrival coincided, to rounding, with a crossing: which comes first decides whether
    /// the jump is lost in the reset.
    pub(super) undecided: u64,
    /// Largest distance from threshold at a spike (mV).
    pub(super) off: f64,
    /// Largest of these distances over the slope (ms).
    pub(super) time: f64,
    /// Largest error of a potential (mV).
    pub(super) v: f64,
    /// Largest error of a synaptic current (nA).
    pub(super) current: f64,
    pub(super) fault: Option<Fault>,
}

/// Follows a neuron through its inputs and alleged spikes. Potentials (mV) and currents (nA) may be wrong by `tolerance`.
pub(super) fn prove(given: &Given, alleged: &Alleged, tolerance: f64) -> Findings {
    let mut proof = Proof::new(given, alleged, tolerance);
    let fault = proof.run().err();
    Findings { fault, ..proof.findings }
}

struct Proof<'a> {
    given: &'a Given,
    alleged: &'a Alleged,
    tolerance: f64,
    /// v_thresh and v_reset, from v_rest (mV).
    theta: TwoFloat,
    reset: TwoFloat,
    motion: Motion,
    now: f64,
    /// End of the refractory period.
    until: f64,
    /// Number of alleged spikes so far.
    spikes: usize,
    levels: Vec<f64>,
    terms: Vec<f64>,
    /// Time of the last crossing without a jump, since the last event.
    crossed: f64,
    /// The farthest that the potential has been from rest, or its synaptic currents could have driven it (mV).
    swing: f64,
    findings: Findings,
}

/// A swing (mV) whose rounding error is far below any tolerance; that of a larger one is larger in proportion.
const ORDINARY_SWING: f64 = 100.0;

impl<'a> Proof<'a> {
    fn new(given: &'a Given, alleged: &'a Alleged, tolerance: f64) -> Proof<'a> {
        let neuron = &given.neuron;
        let from_rest = |v: f64| TwoFloat::from(v) - neuron.v_rest;
        let mut motion = Motion::new(neuron, given.psc, from_rest(given.v_init));
        motion.current = TwoFloat::from(neuron.i_offset);
        Proof {
            given,
            alleged,
            tolerance,
            theta: from_rest(neuron.v_thresh),
            reset: from_rest(neuron.v_reset),
            motion,
            now: 0.0,
            until: 0.0,
            spikes: 0,
            levels: Vec::new(),
            terms: Vec::new(),
            crossed: f64::NEG_INFINITY,
            swing: ORDINARY_SWING,
            findings: Findings::default(),
        }
    }

    fn run(&mut self) -> Result<(), Fault> {
        let Given { arrivals, changes, duration, .. } = self.given;
        let readings = &self.alleged.readings;
        let (mut arrived, mut changed, mut read) = (0, 0, 0);
        loop {
            let next = [
                arrivals.get(arrived).map(|arrival| arrival.0),
                changes.get(changed).map(|change| change.0),
                readings.get(read).map(|reading| reading.time),
            ];
            let time = next.into_iter().flatten().fold(*duration, f64::min);
            // A crossing at or before this instant, then the end of refractoriness, then readings, currents and arrivals.
            let arrives = arrivals.get(arrived).is_some_and(|arrival| arrival.0 <= time);
            self.crossed = f64::NEG_INFINITY;
            self.follow(time)?;
            let brink = self.crossed * INSTANT >= time || !self.motion.held && self.off().abs() <= self.tolerance;
            if arrives && brink && self.given.psc == Psc::Delta && time > 0.0 {
                self.findings.undecided = 1;
                return Ok(());
            }
            while let Some(reading) = readings.get(read).filter(|reading| reading.time <= time) {
                self.compare(reading)?;
                read += 1;
            }
            while let Some(&(_, change)) = changes.get(changed).filter(|change| change.0 <= time) {
                self.change(change);
                changed += 1;
            }
            let before = arrived;
            while let Some(&(_, w)) = arrivals.get(arrived).filter(|arrival| arrival.0 <= time) {
                if !(self.motion.held && self.given.psc == Psc::Delta) {
                    self.motion.arrive(w);
                }
                arrived += 1;
            }
            self.findings.arrivals += (arrived - before) as u64;
            if time >= *duration {
                return self.nothing_left();
            }
            self.jump()?;
        }
    }

    fn next_spike(&self) -> f64 {
        self.alleged.spikes.get(self.spikes).copied().unwrap_or(f64::INFINITY)
    }

    fn off(&self) -> f64 {
        f64::from(self.motion.u - self.theta)
    }

    /// Goes on to a time, through the spikes and ends of refractory periods until then.
    fn follow(&mut self, time: f64) -> Result<(), Fault> {
        loop {
            let spike = self.next_spike();
            if self.motion.held {
                if spike < self.until {
                    return Err(Fault::Forbidden { time: spike, until: self.until });
                }
                self.advance(self.until.min(time))?;
                if self.until > time {
                    return Ok(());
                }
                self.motion.held = false;
                continue;
            }
            if spike < self.now {
                return Err(Fault::Forbidden { time: spike, until: self.now });
            }
            self.advance(spike.min(time))?;
            let off = self.off();
            // At the very start the potential may be above threshold.
            let above = off > 0.0 && self.now == 0.0;
            if spike > time {
                return if above && off > self.tolerance { Err(Fault::Missed { from: 0.0, to: 0.0 }) } else { Ok(()) };
            }
            if above {
                self.fire();
            } else if off.abs() <= self.tolerance {
                self.findings.off = self.findings.off.max(off.abs());
                let slope = self.motion.slope();
                if slope > 0.0 {
                    self.findings.time = self.findings.time.max(off.abs() / slope);
                }
                self.crossed = spike;
                self.fire();
            } else if spike == time && self.given.psc == Psc::Delta {
                return Ok(()); // Arrivals of this instant may bring it to threshold.
            } else {
                return Err(Fault::Invented { time: spike, off });
            }
        }
    }

    /// Moves to a time; the potential has to stay below threshold all the way.
    fn advance(&mut self, time: f64) -> Result<(), Fault> {
        if !(time > self.now) {
            return Ok(());
        }
        let length = TwoFloat::new_sub(time, self.now);
        let count = (f64::from(length) / self.motion.longest_step()).ceil().max(1.0);
        let limit = f64::from(self.theta + self.tolerance);
        for _ in 0..count as u64 {
            self.motion.step(length / count, &mut self.terms);
            let [i_e, i_i] = self.motion.synaptic_currents().map(f64::abs);
            let driven = self.given.neuron.resistance() * (i_e + i_i);
            self.swing = self.swing.max(driven).max(f64::from(self.motion.u).abs());
            if !self.motion.held && !stays_below(&self.terms, limit) {
                return Err(Fault::Missed { from: self.now, to: time });
            }
        }
        self.now = time;
        Ok(())
    }

    fn fire(&mut self) {
        let time = self.next_spike();
        self.findings.spikes += 1;
        self.spikes += 1;
        self.motion.u = self.reset;
        self.motion.held = true;
        self.until = time + self.given.neuron.tau_refrac;
    }

    /// Weights of delta synapses may have brought the potential to threshold.
    fn jump(&mut self) -> Result<(), Fault> {
        if self.given.psc != Psc::Delta || self.motion.held {
            return Ok(());
        }
        let (off, spike) = (self.off(), self.next_spike());
        if spike <= self.now * INSTANT {
            if off >= -self.tolerance {
                self.fire();
            } else if spike == self.now {
                return Err(Fault::Invented { time: spike, off });
            }
        } else if off > self.tolerance {
            return Err(Fault::Missed { from: self.now, to: self.now });
        }
        Ok(())
    }

    fn compare(&mut self, reading: &Reading) -> Result<(), Fault> {
        let time = reading.time;
        let error = f64::from(self.motion.u + self.given.neuron.v_rest - reading.v).abs();
        self.findings.v = self.findings.v.max(error);
        let tolerance = self.tolerance * self.swing / ORDINARY_SWING;
        if !(error <= tolerance) {
            return Err(Fault::Potential { time, error });
        }
        for (said, is) in reading.currents.iter().flatten().zip(self.motion.synaptic_currents()) {
            let error = (said - is).abs();
            self.findings.current = self.findings.current.max(error);
            if !(error <= tolerance) {
                return Err(Fault::Current { time, error });
            }
        }
        Ok(())
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Level(number, value) => {
                self.levels.resize(self.levels.len().max(number + 1), 0.0);
                self.levels[number] = value;
                let offset = TwoFloat::from(self.given.neuron.i_offset);
                self.motion.current = self.levels.iter().fold(offset, |sum, level| sum + *level);
            }
            Change::WaveOn { number, amplitude, frequency, phase } => {
                self.motion.wave_on(number, amplitude, frequency, phase);
            }
            Change::WaveOff(number) => self.motion.wave_off(number),
        }
    }

    fn nothing_left(&self) -> Result<(), Fault> {
        let spike = self.next_spike();
        if spike == f64::INFINITY { Ok(()) } else { Err(Fault::Forbidden { time: spike, until: f64::INFINITY }) }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fault::Invented { time, off } => write!(f, "invented a spike at {time:?} ms, {off:.3e} mV from threshold"),
            Fault::Forbidden { time, until } => {
                write!(f, "a spike at {time:?} ms, though none can be until {until:?} ms")
            }
            Fault::Missed { from, to } => write!(f, "missed a crossing between {from:?} and {to:?} ms"),
            Fault::Potential { time, error } => write!(f, "V at {time:?} ms is wrong by {error:.3e} mV"),
            Fault::Current { time, error } => write!(f, "a synaptic current at {time:?} ms is wrong by {error:.3e} nA"),
        }
    }
}
