//! What can be wrong with a description: each error says what was expected, what was found and what to do.

use thiserror::Error;

/// A parameter of a neuron, source or current that no simulation can honour.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ParameterError {
    /// A time constant or capacitance that is not a positive finite number.
    #[error("{name} must be positive and finite ({unit}), found {found}")]
    NotPositive {
        /// PyNN's name of the parameter.
        name: &'static str,
        /// Its unit.
        unit: &'static str,
        /// The value given.
        found: f64,
    },
    /// A parameter that may be zero but not negative, NaN or infinite.
    #[error("{name} must be zero or more and finite ({unit}), found {found}")]
    Negative {
        /// PyNN's name of the parameter.
        name: &'static str,
        /// Its unit.
        unit: &'static str,
        /// The value given.
        found: f64,
    },
    /// NaN or infinite where any finite number is allowed.
    #[error("{name} must be a finite number ({unit}), found {found}")]
    NotFinite {
        /// PyNN's name of the parameter.
        name: &'static str,
        /// Its unit.
        unit: &'static str,
        /// The value given.
        found: f64,
    },
    /// A neuron that would fire again at the very instant of its reset.
    #[error("v_reset must lie below v_thresh, found v_reset {v_reset} mV and v_thresh {v_thresh} mV")]
    ResetAboveThreshold {
        /// Reset potential (mV).
        v_reset: f64,
        /// Threshold (mV).
        v_thresh: f64,
    },
    /// A stretch of time that ends before it begins.
    #[error("stop must not come before start, found start {start} ms and stop {stop} ms")]
    StopBeforeStart {
        /// Beginning (ms).
        start: f64,
        /// End (ms).
        stop: f64,
    },
    /// A probability or fraction outside [0, 1].
    #[error("a probability or fraction must lie between 0 and 1, found {found}")]
    NotProbability {
        /// The value given.
        found: f64,
    },
    /// A distribution without room between its bounds.
    #[error("the distribution of {name} has no room between {low} and {high}")]
    EmptyRange {
        /// What is drawn.
        name: &'static str,
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// More neurons than can be numbered.
    #[error("a population may have at most {most} neurons, found {found}")]
    TooManyNeurons {
        /// Number of neurons asked for.
        found: usize,
        /// Largest number.
        most: usize,
    },
    /// A constant current that makes the neuron fire without end.
    #[error(
        "a constant current of {current:?} nA makes the neuron fire every {interval:e} ms: lower it, or lengthen tau_refrac"
    )]
    EndlessFiring {
        /// Constant current (nA).
        current: f64,
        /// Interval between spikes (ms).
        interval: f64,
    },
    /// Noise of zero cannot come with a mean.
    #[error("a synaptic current without noise has no mean either: a mean of {mu} nA needs sigma > 0")]
    MeanWithoutNoise {
        /// Mean asked for (nA).
        mu: f64,
    },
    /// Receptors of different time constants where the formula at hand has one.
    #[error("tau_syn_e and tau_syn_i must be equal here, found {tau_syn_e} ms and {tau_syn_i} ms")]
    UnequalReceptors {
        /// Excitatory time constant (ms).
        tau_syn_e: f64,
        /// Inhibitory time constant (ms).
        tau_syn_i: f64,
    },
    /// A mean and noise amplitude that the given weights cannot produce with rates of zero or more.
    #[error(
        "a synaptic weight of {weight} nA cannot give a mean of {mu} nA with a noise of {sigma} nA: \
         one of the two rates would be negative; use a weight of at most {largest} nA"
    )]
    InfeasibleMoments {
        /// Weight of the excitatory synapses (nA); the inhibitory ones have its negative.
        weight: f64,
        /// Mean synaptic current (nA).
        mu: f64,
        /// Standard deviation of the synaptic current (nA).
        sigma: f64,
        /// Largest feasible weight, 2 sigma^2 / |mu| (nA).
        largest: f64,
    },
}

/// A network description whose parts do not fit together.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum NetworkError {
    /// A parameter of a population or projection is impossible.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// A list with one entry per neuron, synapse or probe has the wrong length.
    #[error("{what}: expected {expected} values, found {found}")]
    Length {
        /// What the list is.
        what: &'static str,
        /// Expected number of entries.
        expected: usize,
        /// Number found.
        found: usize,
    },
    /// Neurons that are named twice or out of order.
    #[error("{what} must be in ascending order, each once; {found} is not")]
    NotAscending {
        /// What is listed.
        what: &'static str,
        /// The first out of order.
        found: usize,
    },
    /// A loop of projections without delay.
    #[error("the projection from population {pre} to population {post} is part of a loop and needs a delay above zero")]
    LoopWithoutDelay {
        /// Index of the presynaptic population.
        pre: usize,
        /// Index of the postsynaptic population.
        post: usize,
    },
    /// A time that does not lie on the grid, or an interval that is no whole number of steps.
    #[error("{what} must be a whole number of grid steps of {dt:?} ms, found {found:?} ms: change one of the two")]
    OffGrid {
        /// What the time is.
        what: &'static str,
        /// The time (ms).
        found: f64,
        /// Length of a step (ms).
        dt: f64,
    },
    /// A delay that would be rounded to zero steps of the grid.
    #[error(
        "a projection onto population {post} has a delay of {delay:?} ms, which is less than half a grid step of {dt:?} ms: lengthen the delay or shorten the step"
    )]
    DelayBelowStep {
        /// Index of the postsynaptic population.
        post: usize,
        /// The delay (ms).
        delay: f64,
        /// Length of a step (ms).
        dt: f64,
    },
    /// Delays of so many steps that the weights under way would not fit into memory.
    #[error(
        "delays of {delay} grid steps onto the {size} neurons of population {post} need more than {most} sums of weights: shorten the delays or lengthen the step"
    )]
    DelayTooLong {
        /// Index of the postsynaptic population.
        post: usize,
        /// Its number of neurons.
        size: usize,
        /// The longest delay (steps).
        delay: u64,
        /// Largest product of the two.
        most: u64,
    },
    /// Learning synapses in a simulation on a grid.
    #[error(
        "a projection onto population {post} learns, which only the exact engine can simulate: leave out the grid or the learning rule"
    )]
    PlasticityOnGrid {
        /// Index of the postsynaptic population.
        post: usize,
    },
    /// More synapses in one projection than can be numbered.
    #[error("a projection may list at most {most} synapses, found {found}: divide it into several projections")]
    TooManySynapses {
        /// Number of synapses.
        found: usize,
        /// Largest number.
        most: usize,
    },
    /// More currents than can be told apart.
    #[error("a population may have at most {most} {what}")]
    TooManyCurrents {
        /// Which currents.
        what: &'static str,
        /// Largest number.
        most: usize,
    },
    /// Learning synapses that are not listed one by one.
    #[error("only listed synapses can learn: use a one-to-one, random or list connector")]
    PlasticityNeedsList,
    /// An initial weight outside the bounds of its learning rule, or of the wrong sign.
    #[error(
        "learning weights must have one sign and a size between w_min {w_min} and w_max {w_max} nA, found {found} nA"
    )]
    WeightOutOfBounds {
        /// The weight (nA).
        found: f64,
        /// Lower bound (nA).
        w_min: f64,
        /// Upper bound (nA).
        w_max: f64,
    },
    /// A population or source index that does not exist.
    #[error("{what} {index} does not exist (there are {count})")]
    Missing {
        /// What the index counts.
        what: &'static str,
        /// The index given.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// A run that would take more steps than could ever be finished.
    #[error(
        "a run of {duration:?} ms with {what} of {interval:?} ms takes more than {most:e} steps: shorten the run or lengthen the interval"
    )]
    TooManySteps {
        /// Duration of the run (ms).
        duration: f64,
        /// What sets the pace.
        what: &'static str,
        /// Its interval (ms).
        interval: f64,
        /// Largest number of steps.
        most: f64,
    },
    /// Poisson sources that would send more spikes than fit into memory.
    #[error(
        "the sources would send about {expected:.2e} spikes in this run, at most {most:e} fit: lower the rates or shorten the run"
    )]
    TooManySpikes {
        /// Expected number of spikes.
        expected: f64,
        /// Largest number.
        most: f64,
    },
    /// Spike or probe times must ascend and lie within the run.
    #[error("{what}: times must be finite, zero or more and ascending, found {found} ms at position {position}")]
    Times {
        /// Which list of times.
        what: &'static str,
        /// Position in the list.
        position: usize,
        /// The offending time (ms).
        found: f64,
    },
}

/// Points of a response surface to which a model cannot be fitted.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FitError {
    /// NaN or infinite where a number is needed.
    #[error("the {name} of point {point} must be a finite number, found {found}")]
    NotFinite {
        /// Number of the point, from 1.
        point: usize,
        /// Which of its numbers.
        name: &'static str,
        /// The value given.
        found: f64,
    },
    /// A noise or rate below zero.
    #[error("the {name} of point {point} must be zero or more, found {found}")]
    Negative {
        /// Number of the point, from 1.
        point: usize,
        /// Which of its numbers.
        name: &'static str,
        /// The value given.
        found: f64,
    },
    /// Not more points than parameters.
    #[error("a fit of {model} needs at least {expected} points, found {found}")]
    TooFewPoints {
        /// Name of the model.
        model: &'static str,
        /// Least number of points.
        expected: usize,
        /// Number found.
        found: usize,
    },
    /// Nothing fires.
    #[error("all rates are zero: the points say nothing about the response; raise the mean current or the noise")]
    Silent,
    /// No noise in a model of its effect.
    #[error("all sigmas are zero: {model} needs points with noise")]
    NoNoise {
        /// Name of the model.
        model: &'static str,
    },
    /// No parameters give finite rates.
    #[error(
        "no parameters of {model} describe these points: it is silent at all of them, or rates or currents are too large to be squared"
    )]
    Undetermined {
        /// Name of the model.
        model: &'static str,
    },
}

/// A rate that a theory cannot give.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum TheoryError {
    /// A parameter of the neuron or of the noise is impossible.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// A theory that is made for another noise.
    #[error("the theory '{theory}' is made for {expected}, found {found}")]
    OtherNoise {
        /// Name of the theory.
        theory: &'static str,
        /// The noise that it is made for.
        expected: &'static str,
        /// The noise given.
        found: &'static str,
    },
    /// A refractory period that is no whole number of steps of the grid on which the neuron fires.
    #[error(
        "tau_refrac must be a multiple of the {dt:?} ms between redraws for spikes on their grid, found {tau_refrac:?} ms"
    )]
    RefractoryOffGrid {
        /// Refractory period (ms).
        tau_refrac: f64,
        /// Interval between redraws (ms).
        dt: f64,
    },
    /// A neuron that may fire twice in one current.
    #[error(
        "tau_refrac must be at least the {dt:?} ms between redraws, found {tau_refrac:?} ms: \
         no exact rate is known for a neuron that fires twice in the same current; the corrected theory has no such limit"
    )]
    RefractoryInsideInterval {
        /// Refractory period (ms).
        tau_refrac: f64,
        /// Interval between redraws (ms).
        dt: f64,
    },
    /// Noise so weak or so quick that its random walk takes too many steps to follow.
    #[error(
        "the potential moves by so small steps that it takes {steps:.0} to cross its range: \
         the noise is too weak, or redrawn too often, for the exact theory; the corrected one is accurate there"
    )]
    NoiseTooFine {
        /// Range of the potential in standard deviations of one step.
        steps: f64,
    },
    /// Successive refinements that do not agree.
    #[error("the theory '{theory}' reached a relative accuracy of {reached:.1e}, not the {wanted:.0e} asked for")]
    NotConverged {
        /// Name of the theory.
        theory: &'static str,
        /// Relative difference of the two finest refinements.
        reached: f64,
        /// Difference asked for.
        wanted: f64,
    },
}

/// Accepts only a positive finite number.
pub(crate) fn positive(name: &'static str, unit: &'static str, found: f64) -> Result<(), ParameterError> {
    if 0.0 < found && found.is_finite() { Ok(()) } else { Err(ParameterError::NotPositive { name, unit, found }) }
}

/// Accepts only zero or a positive finite number.
pub(crate) fn not_negative(name: &'static str, unit: &'static str, found: f64) -> Result<(), ParameterError> {
    if 0.0 <= found && found.is_finite() { Ok(()) } else { Err(ParameterError::Negative { name, unit, found }) }
}

/// Accepts only a finite number.
pub(crate) fn finite(name: &'static str, unit: &'static str, found: f64) -> Result<(), ParameterError> {
    if found.is_finite() { Ok(()) } else { Err(ParameterError::NotFinite { name, unit, found }) }
}
