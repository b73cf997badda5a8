//! The motion of one membrane as a Taylor series in double-double arithmetic.
//!
//! The equations are linear with constant coefficients between two events, so each term of the series follows from the one before:
//!
//! ```text
//! u' = -u/tau_m + (i_E + i_I + sum of a s + I)/cm        i' = -i/tau + j        j' = -j/tau        s' = omega c        c' = -omega s
//! ```
//!
//! No exponential is evaluated, and no case is special: tau_syn may equal tau_m. Sums and products of `twofloat` have relative errors
//! below 1e-31 (its exponential and sine were not needed, and their accuracy not relied on).

use sim::{IfCurrExp, MS_PER_S, Psc};
pub(super) use twofloat::TwoFloat;
use twofloat::consts;

/// Terms that are left out are below this part of the state.
const REMAINDER: f64 = 1e-32;

/// One sinusoidal current: a s.
#[derive(Debug, Clone, Copy)]
struct Wave {
    /// Its number among the currents of the population.
    number: usize,
    amplitude: TwoFloat,
    omega: TwoFloat,
    sine: TwoFloat,
    cosine: TwoFloat,
}

/// The state of one receptor: i (nA), and j (nA/ms) of an alpha-shaped current.
type Receptor = [TwoFloat; 2];

/// State and constants of one membrane.
#[derive(Debug, Clone)]
pub(super) struct Motion {
    psc: Psc,
    per_cm: TwoFloat,
    per_tau_m: TwoFloat,
    per_tau_syn: [TwoFloat; 2],
    /// The shortest time constant (ms).
    shortest: f64,
    /// V - v_rest (mV).
    pub(super) u: TwoFloat,
    /// Whether u stands still.
    pub(super) held: bool,
    /// Constant current (nA).
    pub(super) current: TwoFloat,
    receptors: [Receptor; 2],
    waves: Vec<Wave>,
}

impl Motion {
    /// A membrane at u (mV above rest), without current.
    pub(super) fn new(neuron: &IfCurrExp, psc: Psc, u: TwoFloat) -> Motion {
        let one = TwoFloat::from(1.0);
        let shortest = match psc {
            Psc::Delta => neuron.tau_m,
            Psc::Exponential | Psc::Alpha => neuron.tau_m.min(neuron.tau_syn_e).min(neuron.tau_syn_i),
        };
        let zero = TwoFloat::from(0.0);
        Motion {
            psc,
            per_cm: one / neuron.cm,
            per_tau_m: one / neuron.tau_m,
            per_tau_syn: [one / neuron.tau_syn_e, one / neuron.tau_syn_i],
            shortest,
            u,
            held: false,
            current: zero,
            receptors: [[zero; 2]; 2],
            waves: Vec::new(),
        }
    }

    /// Longest step (ms).
    pub(super) fn longest_step(&self) -> f64 {
        self.waves.iter().map(|wave| 1.0 / f64::from(wave.omega)).fold(self.shortest, f64::min)
    }

    /// An arrival of weight w (nA, mV for delta synapses).
    pub(super) fn arrive(&mut self, w: f64) {
        let receptor = usize::from(w < 0.0);
        match self.psc {
            Psc::Delta => self.u += w,
            Psc::Exponential => self.receptors[receptor][0] += w,
            Psc::Alpha => self.receptors[receptor][1] += consts::E * self.per_tau_syn[receptor] * w,
        }
    }

    /// Turns a sinusoidal current on: amplitude (nA), frequency (Hz), phase (degrees).
    pub(super) fn wave_on(&mut self, number: usize, amplitude: f64, frequency: f64, phase: f64) {
        let omega = consts::PI * 2.0 * frequency / MS_PER_S;
        let [sine, cosine] = sine_cosine(consts::PI * phase / 180.0);
        self.waves.push(Wave { number, amplitude: TwoFloat::from(amplitude), omega, sine, cosine });
    }

    /// Turns it off.
    pub(super) fn wave_off(&mut self, number: usize) {
        self.waves.retain(|wave| wave.number != number);
    }

    /// Excitatory and inhibitory synaptic current (nA).
    pub(super) fn synaptic_currents(&self) -> [f64; 2] {
        self.receptors.map(|[i, _]| f64::from(i))
    }

    /// du/dt (mV/ms) of a membrane that moves.
    pub(super) fn slope(&self) -> f64 {
        let synaptic = self.receptors[0][0] + self.receptors[1][0];
        let waves = self.waves.iter().fold(self.current, |sum, wave| sum + wave.amplitude * wave.sine);
        f64::from((synaptic + waves) * self.per_cm - self.u * self.per_tau_m)
    }

    /// Moves by a step of h ms, and leaves the terms of u over it: u at the fraction x of the step is the sum of `terms[k]` x^k.
    pub(super) fn step(&mut self, h: TwoFloat, terms: &mut Vec<f64>) {
        // In units of R times a current no row of the equations sums up to more than 3 and the number of waves, over the shortest time
        // constant: this to the power k, over k!, bounds the k-th term.
        let ratio = (3 + self.waves.len()) as f64 * f64::from(h) / self.longest_step();
        let zero = TwoFloat::from(0.0);
        let (mut u, mut receptors, mut waves) = (self.u, self.receptors, self.waves.clone());
        terms.clear();
        terms.push(f64::from(u));
        let (mut k, mut bound) = (0.0, 1.0);
        while bound > REMAINDER || ratio > 0.5 * k {
            k += 1.0;
            bound *= ratio / k;
            let g = h / k;
            let mut drive = if k == 1.0 { self.current } else { zero };
            for wave in &mut waves {
                drive += wave.amplitude * wave.sine;
                let turn = g * wave.omega;
                (wave.sine, wave.cosine) = (turn * wave.cosine, -(turn * wave.sine));
            }
            for ([i, j], per_tau) in receptors.iter_mut().zip(self.per_tau_syn) {
                drive += *i;
                *i = g * (*j - *i * per_tau);
                *j = if self.psc == Psc::Alpha { -(g * *j * per_tau) } else { zero };
            }
            u = if self.held { zero } else { g * (drive * self.per_cm - u * self.per_tau_m) };
            terms.push(f64::from(u));
            self.u += u;
            for (sum, term) in self.receptors.iter_mut().flatten().zip(receptors.iter().flatten()) {
                *sum += *term;
            }
            for (sum, term) in self.waves.iter_mut().zip(&waves) {
                sum.sine += term.sine;
                sum.cosine += term.cosine;
            }
        }
    }
}

/// Sine and cosine by their series; the angle is a few turns at most.
fn sine_cosine(angle: TwoFloat) -> [TwoFloat; 2] {
    let mut sums = [TwoFloat::from(0.0), TwoFloat::from(1.0)];
    let (mut term, mut k) = (TwoFloat::from(1.0), 0.0);
    while f64::from(term).abs() > REMAINDER || f64::from(angle).abs() > 0.5 * k {
        k += 1.0;
        term = term * angle / k;
        // Sine takes the odd terms, cosine the even ones; the signs go + + - - from k = 0 on.
        let signed = if k % 4.0 >= 2.0 { -term } else { term };
        sums[usize::from(k % 2.0 == 0.0)] += signed;
    }
    sums
}

/// The highest deviation (mV) that one arrival of weight 1 causes in a membrane at rest.
pub(super) fn peak(neuron: &IfCurrExp, psc: Psc) -> f64 {
    let mut motion = Motion::new(neuron, psc, TwoFloat::from(0.0));
    motion.arrive(1.0);
    let mut terms = Vec::new();
    let mut h = TwoFloat::from(motion.longest_step());
    // Up to the last state of a ladder of ever smaller steps from which the next step still rises.
    while f64::from(h) > 1e-12 * neuron.tau_m {
        let mut next = motion.clone();
        next.step(h, &mut terms);
        if next.slope() > 0.0 { motion = next } else { h /= 2.0 }
    }
    f64::from(motion.u)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against closed forms, whose values were computed with 50 digits: the numbers of the worked examples "PSP of one spike" and
    /// "IF_curr_alpha" of a neuron with cm 0.25 nF, tau_m 20 ms, tau_syn 5 ms.
    #[test]
    fn peaks_of_single_inputs() {
        let neuron = IfCurrExp::liu_furber_2016();
        assert!((peak(&neuron, Psc::Exponential) - 12.599_210_498_948_732).abs() < 1e-14);
        assert!((peak(&neuron, Psc::Alpha) - 30.050_578_129_295_738).abs() < 1e-14);
        assert_eq!(peak(&neuron, Psc::Delta), 1.0);
    }

    /// A decay over one time constant is 1/e, and a wave comes back after a period, to 30 digits.
    #[test]
    fn series_are_exact_to_thirty_digits() {
        let neuron = IfCurrExp { tau_m: 0.3, ..IfCurrExp::liu_furber_2016() };
        let mut motion = Motion::new(&neuron, Psc::Delta, consts::E);
        motion.wave_on(0, 0.0, 12.5, 90.0);
        let h = TwoFloat::from(0.3) / 3.0;
        let mut terms = Vec::new();
        (0..3).for_each(|_| motion.step(h, &mut terms));
        assert!(f64::from(motion.u - 1.0).abs() < 1e-30, "{:?}", motion.u - 1.0);
        (0..797).for_each(|_| motion.step(h, &mut terms));
        // 800 steps of 0.1 ms (as the quotient 0.3/3 has it, in double-double) are one period of 80 ms to 1e-15.
        let wave = motion.waves[0];
        assert!(f64::from(wave.sine - 1.0).abs() < 1e-27);
        assert!((f64::from(wave.sine * wave.sine + wave.cosine * wave.cosine - 1.0)).abs() < 1e-28);
    }
}
