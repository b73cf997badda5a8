//! Trained networks as networks of spiking LIF neurons: how they are mapped, run and judged.
//!
//! [`SpikingNetwork::convert`] maps a trained [`ann::Network`] layer by layer, on one of two [`Route`]s: a network of
//! Noisy Softplus units was trained in the neuron's own physical units and goes over unchanged; any other is scaled
//! layer by layer so that the neuron's response comes closest to the trained activations. [`present`] runs it on
//! images, with exact spike times, and decides at every latency ([`ReadOut`]); [`ConversionLoss`],
//! [`LatencyAccuracy`] and [`wilson`] say what was lost, and how sure that is.
//!
//! Reading order: `plan/`, [`Route`], [`SpikingNetwork`], `calibration.rs`, `tuning.rs`, `circuit.rs`, [`present`], [`ConversionLoss`],
//! [`LayerExamination`], [`IntegrateNetwork`]; [`observe`], [`ExportedNetwork`] and [`Nir`] for other simulators.

mod calibration;
mod circuit;
mod conversion_loss;
mod diagnosis;
mod encoding;
mod error;
mod examination;
mod exported;
mod gate;
mod integrate;
mod latency;
mod mapping;
mod nir;
mod observation;
mod plan;
mod presentation;
mod read_out;
mod response;
mod route;
mod spiking_network;
mod statistics;
mod tuning;
mod unit_rates;

pub use calibration::{LayerFit, ResponseFit};
pub use conversion_loss::ConversionLoss;
pub use diagnosis::{Cause, Diagnosis};
pub use encoding::Encoding;
pub use error::{ConversionError, ExportError};
pub use examination::{ErrorParts, Examination, LayerExamination};
pub use exported::{ExportedNetwork, SynapseList, grid_step};
pub use integrate::{IntegrateLayer, IntegrateNetwork, IntegrateSettings};
pub use latency::{LatencyAccuracy, standard_latencies};
pub use nir::{Nir, NirNode};
pub use observation::{Observation, observe};
pub use plan::Normalisation;
pub use presentation::{Decision, Done, Outcome, Presentation, present};
pub use read_out::ReadOut;
pub use route::Route;
pub use spiking_network::{ConversionSettings, MappedLayer, SpikingNetwork};
pub use statistics::{Interval, mcnemar, mean_interval, quantile, wilson};
pub use tuning::Tuning;
