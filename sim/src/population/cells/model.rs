//! What the engine asks of a kind of membrane: closed-form motion, and bounds on it.

/// Everything about an instant that all neurons with the same time constants share.
///
/// A neuron's coordinates x are its state (deviation d = V - V_inf in mV, then synaptic currents in nA), carried back in
/// closed form to the origin of its population. Input is linear in them, with factors that are the same for all targets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Factors<const N: usize> {
    /// Time since the origin (ms).
    pub(super) t: f64,
    /// d at this instant per unit of each coordinate (1, then MOhm); the first is exp(-t/tau_m).
    pub(super) potential: [f64; N],
    /// exp(-t/tau_syn) of the excitatory and the inhibitory receptor.
    pub(super) decay: [f64; 2],
    /// What an excitatory arrival adds to the coordinates, per nA (per mV for delta synapses).
    pub(super) excitatory: [f64; N],
    /// What an inhibitory arrival adds to the coordinates, per nA (per mV for delta synapses).
    pub(super) inhibitory: [f64; N],
}

impl<const N: usize> Factors<N> {
    /// d of a neuron (mV).
    #[expect(clippy::needless_range_loop, reason = "iterators are not inlined into vector code")]
    #[inline(always)]
    pub(super) fn deviation(&self, x: &[f64; N]) -> f64 {
        let mut d = 0.0;
        for n in 0..N {
            d += self.potential[n] * x[n];
        }
        d
    }
}

/// One kind of membrane with given time constants; a state is d followed by the synaptic currents.
pub(crate) trait Model<const N: usize>: Copy + std::fmt::Debug {
    /// The membrane's resistance (MOhm): what one nA changes V_inf by.
    fn resistance(&self) -> f64;

    /// The membrane's time constant and the shortest of all (ms).
    fn time_constants(&self) -> (f64, f64);

    /// The factors at t ms after the origin.
    fn factors(&self, t: f64) -> Factors<N>;

    /// The state at an instant.
    fn state(&self, x: &[f64; N], at: &Factors<N>) -> [f64; N];

    /// The state after t ms, from the state at zero.
    fn advance(&self, state: &[f64; N], t: f64) -> [f64; N];

    /// Excitatory and inhibitory synaptic current of a state (nA).
    fn currents(&self, state: &[f64; N]) -> [f64; 2];

    /// dd/dt (mV/ms).
    fn slope(&self, state: &[f64; N]) -> f64;

    /// An upper bound of the second derivative of d over the next h ms (mV/ms^2).
    fn curvature(&self, state: &[f64; N], h: f64) -> f64;

    /// An upper bound of R times the synaptic current from `start` to `end` ms from now, per unit of each component of the state (mV).
    fn ceiling(&self, start: f64, end: f64) -> [f64; N];

    /// Inverse of the largest deviation within `end` ms that a unit of excitatory weight arriving from now on causes (nA/mV).
    fn per_weight(&self, end: f64) -> f64;

    /// Expected excitatory weight per ms of some neurons, judged by their present currents (nA/ms).
    fn expected<const L: usize>(&self, states: &[[f64; L]; N]) -> [f64; L];
}
