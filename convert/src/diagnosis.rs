//! Why a conversion loses accuracy, and what to do about it.

use crate::examination::{ErrorParts, LayerExamination};
use std::fmt;

/// The first layer whose rates no longer tell what its activations were.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Diagnosis {
    /// Index into the examinations.
    pub layer: usize,
    /// What is most to blame there.
    pub cause: Cause,
}

/// What spoils the rates of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Hardly a spike.
    Silent,
    /// Rates near the limit of the refractory period.
    Saturated,
    /// The response of the neurons is no rectifier at these rates.
    Response,
    /// The neurons do not follow the response that was fitted.
    Neuron,
    /// There are too few spikes to tell rates apart.
    Counting,
    /// The presentation is over before rates have settled.
    Transient,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::Silent => "its neurons hardly fire: raise --max-rate, or --hidden-rate of ReLU and Softplus networks",
            Cause::Saturated => "its neurons are to fire nearly as fast as their refractory period allows: lower --hidden-rate",
            Cause::Response => {
                "the response of its neurons is too far from the trained activation at these rates: raise --max-rate, give the channels of ReLU networks scales of their own (--normalise channel), or raise --hidden-rate of ReLU and Softplus networks"
            }
            Cause::Neuron => {
                "its neurons do not follow the response that was fitted, as their input is more regular than Poisson trains: use --encoding poisson, fit the channels of ReLU networks one by one (--normalise channel), or correct the fits of ReLU and Softplus networks on more images (--tuning)"
            }
            Cause::Counting => "it fires too few spikes: raise --hidden-rate or --duration",
            Cause::Transient => "its rates have not settled: raise --duration",
        })
    }
}

/// Correlation with the wanted rates below which a layer counts as one that has lost information: one that explains less than
/// nine tenths of their variance.
const ENOUGH: f64 = 0.95;

/// Rate (Hz) below which neurons count as silent, on average.
const SILENT: f64 = 0.05;

impl Diagnosis {
    /// Of examined layers; none if all of them tell what they should.
    pub fn of(examinations: &[LayerExamination]) -> Option<Diagnosis> {
        // What is silent as it should be is not lost.
        let is_silent = |layer: &LayerExamination| layer.wanted < SILENT && layer.measured < SILENT;
        let is_lost = |layer: &LayerExamination| !(layer.correlation >= ENOUGH || is_silent(layer));
        let layer = examinations.iter().position(is_lost)?;
        let LayerExamination { wanted, measured, parts, saturated, .. } = examinations[layer];
        let ErrorParts { response, neuron, counting, transient, .. } = parts;
        let causes = [
            (Cause::Response, response),
            (Cause::Neuron, neuron),
            (Cause::Counting, counting),
            (Cause::Transient, transient),
        ];
        let greatest = causes.into_iter().fold(causes[0], |most, cause| if cause.1 > most.1 { cause } else { most });
        let cause = if measured < SILENT && measured < wanted {
            Cause::Silent
        } else if saturated > 0.01 {
            Cause::Saturated
        } else {
            greatest.0
        };
        Some(Diagnosis { layer, cause })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: LayerExamination = LayerExamination {
        wanted: 20.0,
        measured: 20.0,
        correlation: 0.99,
        slope: 1.0,
        error: 3.0,
        parts: PARTS,
        budget: PARTS,
        saturated: 0.0,
    };

    const PARTS: ErrorParts =
        ErrorParts { response: 2.0, inherited: 5.0, neuron: 1.0, saturation: 0.0, counting: 1.0, transient: 0.5 };

    #[test]
    fn the_first_layer_that_loses_information_is_named() {
        assert_eq!(Diagnosis::of(&[GOOD, GOOD]), None);
        let poor = LayerExamination { correlation: 0.5, ..GOOD };
        let diagnosis = |layer| Diagnosis::of(&[GOOD, layer, poor]).map(|found| (found.layer, found.cause));
        assert_eq!(diagnosis(poor), Some((1, Cause::Response)));
        let with = |parts| diagnosis(LayerExamination { parts, ..poor });
        assert_eq!(with(ErrorParts { neuron: 9.0, ..PARTS }), Some((1, Cause::Neuron)));
        assert_eq!(with(ErrorParts { neuron: 2.5, counting: 3.0, ..PARTS }), Some((1, Cause::Counting)));
        assert_eq!(with(ErrorParts { transient: 9.0, ..PARTS }), Some((1, Cause::Transient)));
        assert_eq!(diagnosis(LayerExamination { saturated: 0.5, ..poor }), Some((1, Cause::Saturated)));
        // A silent layer has no correlation.
        let silent = LayerExamination { measured: 0.0, correlation: f64::NAN, ..poor };
        assert_eq!(diagnosis(silent), Some((1, Cause::Silent)));
        assert_eq!(diagnosis(LayerExamination { wanted: 0.0, ..silent }), Some((2, Cause::Response)));
        assert_eq!(diagnosis(GOOD), Some((2, Cause::Response)));
    }
}
