//! How long, and for how much more excitation, a neuron cannot cross: bounds of its motion over a ladder of times ahead.

use super::model::Model;

/// Length of a coarse step, in units of the membrane's time constant.
const COARSE: f64 = 0.2;

/// Number of coarse steps.
const STEPS: usize = 4;

/// A budget has to last for so many times the expected weight, unless no shorter promise is left.
const COMFORT: f64 = 1.25;

/// Safety of a bound against rounding: a part in 1e9.
const SLACK: f64 = 1.0 - 1e-9;

/// Neurons that are looked at together.
pub(super) const LANES: usize = 8;

/// What holds for some neurons without more excitatory weight than `budget` (nA) during the next `ahead` ms: no crossing. Where `ahead`
/// is zero, nothing does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Promises<const L: usize> {
    pub(super) budget: [f64; L],
    pub(super) ahead: [f64; L],
}

/// The bounds of one model over a ladder of times ahead: from one window doubling to a coarse step, then in coarse steps.
///
/// From the exact deviation at t_(k-1), during the step to t_k, d moves monotonically towards a drive that excitation as of the step's
/// start and inhibition as of its end exceed nowhere. Where that ends, M_k, is linear in the present state; and up to t_k, d stays below
/// the largest of the present one and M_1 ... M_k.
#[derive(Debug, Clone)]
pub(super) struct Outlook<const N: usize> {
    rungs: Vec<Rung<N>>,
}

/// One time ahead, t_k.
#[derive(Debug, Clone, Copy)]
struct Rung<const N: usize> {
    end: f64,
    /// M_k per unit of each component of the state.
    highest: [f64; N],
    /// Inverse of the largest deviation until t_k that a unit of excitatory weight arriving from now on causes (nA/mV).
    per_weight: f64,
    /// For how long (ms) the expected weight has to fit into the budget.
    comfort: f64,
}

impl<const N: usize> Outlook<N> {
    /// The bounds of a model, for windows of this length (ms).
    pub(super) fn new(model: &impl Model<N>, window: f64) -> Outlook<N> {
        // A little more than a window: a promise from its start lasts to the start of the next.
        let window = window * (1.0 + 1e-9);
        let coarse = window.max(COARSE * model.time_constants().0);
        let doublings = std::iter::successors(Some(window), |end| Some(2.0 * end)).take_while(|&end| end < coarse);
        let fine = doublings.map(|end| (end, 0.0));
        let steps = (1..=STEPS).map(|k| k as f64 * coarse).map(|end| (end, COMFORT * end));
        let mut start = 0.0;
        let rungs = fine.chain(steps).map(|(end, comfort)| {
            let rung = Rung::new(model, start, end, comfort);
            start = end;
            rung
        });
        Outlook { rungs: rungs.collect() }
    }

    /// The farthest that it looks ahead (ms).
    pub(super) fn longest(&self) -> f64 {
        self.rungs.last().map_or(0.0, |rung| rung.end)
    }

    /// Promises for neurons in these states (by component, then neuron), `theta` being their thresholds.
    ///
    /// Of the fine rungs any with room will do, of the coarse ones those whose budget lasts for the expected weight.
    #[expect(clippy::needless_range_loop, reason = "iterators are not inlined into vector code")]
    #[inline(always)]
    pub(super) fn promises<const L: usize>(
        &self,
        model: &impl Model<N>,
        states: &[[f64; L]; N],
        theta: &[f64; L],
    ) -> Promises<L> {
        let expected = model.expected(states);
        let mut promises = Promises { budget: [0.0; L], ahead: [0.0; L] };
        let mut highest = states[0];
        let mut before = 0.0;
        for rung in &self.rungs {
            for lane in 0..L {
                let mut bound = 0.0;
                for component in 0..N {
                    bound += rung.highest[component] * states[component][lane];
                }
                highest[lane] = if bound > highest[lane] { bound } else { highest[lane] };
                let room = (theta[lane] - highest[lane]) * rung.per_weight;
                // Only from rung to rung.
                let holds = room > (expected[lane] * rung.comfort).max(0.0) && promises.ahead[lane] == before;
                promises.budget[lane] = if holds { room } else { promises.budget[lane] };
                promises.ahead[lane] = if holds { rung.end } else { promises.ahead[lane] };
            }
            before = rung.end;
        }
        promises
    }
}

impl<const N: usize> Rung<N> {
    fn new(model: &impl Model<N>, start: f64, end: f64, comfort: f64) -> Rung<N> {
        let stays = (-(end - start) / model.time_constants().0).exp();
        let (exact, ceiling) = (model.factors(start).potential, model.ceiling(start, end));
        let mut highest = exact.map(|exact| exact * stays);
        highest.iter_mut().zip(ceiling).for_each(|(highest, ceiling)| *highest += ceiling * (1.0 - stays));
        Rung { end, highest, per_weight: model.per_weight(end) * SLACK, comfort }
    }
}
