//! Exact, event-driven simulation of networks of current-based leaky integrate-and-fire neurons, and the
//! theory of their response.
//!
//! There is no time grid. Between events the membrane is known in closed form ([`membrane`]); whether and when
//! it reaches threshold is decided exactly ([`crossing`]); a spike moves its targets by two multiply-adds each.
//! Parameters, names and units are PyNN's: ms, mV, nA, nF, MOhm, and Hz for rates.
//!
//! A network is described once ([`Network`], [`Population`], [`Projection`]), run by a [`Simulation`] with the
//! spikes of its [`Source`]s, and observed in a [`Record`]. A [`GridSimulation`] runs the same network on a grid of time, for comparison. All randomness has an address ([`StreamKey`]).
//!
//! ```
//! use sim::{IfCurrExp, Network, Population, Recording, Simulation, StreamKey};
//!
//! // A constant current of 0.3 nA into the neuron of Liu & Furber (2016).
//! let neuron = IfCurrExp { i_offset: 0.3, ..IfCurrExp::liu_furber_2016() };
//! let recording = Recording { spikes: true, ..Recording::default() };
//! let mut network = Network::new();
//! network.add_population(Population::new(1, neuron)?.with_recording(recording)?);
//!
//! let record = Simulation::new(&network)?.run(&[], StreamKey { seed: 1, sample: 0 }, 100.0)?;
//! let spikes = &record.populations[0].spikes;
//! // Closed form: the first spike at 20 ln(24/9) ms, then one every 1 + 20 ln(24/9) ms.
//! let interval = 20.0 * (24.0f64 / 9.0).ln();
//! assert_eq!(spikes.len(), 4);
//! assert!((spikes[3].time - (4.0 * interval + 3.0)).abs() < 1e-12);
//! # Ok::<(), sim::NetworkError>(())
//! ```
//!
//! Reading order: [`IfCurrExp`], [`membrane`], [`crossing`], `population/coordinates.rs`, `population/state.rs`,
//! [`Simulation`]; then [`theory`].

mod background;
pub mod crossing;
mod current;
mod error;
mod grid;
mod lanes;
pub mod membrane;
mod network;
mod neuron;
mod noise;
mod philox;
mod plasticity;
mod population;
mod projection;
mod random;
mod record;
pub mod response;
mod simulation;
mod source;
pub mod theory;

pub use background::Background;
pub use current::{CurrentSource, Injection, NoisyCurrent};
pub use error::{FitError, NetworkError, ParameterError, TheoryError};
pub use grid::GridSimulation;
pub use network::Network;
pub use neuron::{IfCurrExp, Psc, TimeConstants};
pub use plasticity::Stdp;
pub use population::{PerNeuron, Population, Recording};
pub use projection::{
    Connector, Convolution, ConvolutionShape, Dense, MapLayout, PerSynapse, Pooling, Pre, Projection, Sparse, Synapse,
    Synapses, Uniform, Wiring, connect,
};
pub use random::{Distribution, Purpose, Stream, StreamKey};
pub use record::{PopulationRecord, Record, Spike};
pub use simulation::Simulation;
pub use source::{Source, poisson_rates_for_moments};

/// The one factor between rates in 1/ms, which formulas use, and rates in Hz, which people use.
pub const MS_PER_S: f64 = 1000.0;
