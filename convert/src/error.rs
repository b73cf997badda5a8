//! Why a trained network cannot be converted, and what to do about it.

use ann::{Samples, Shape};
use thiserror::Error;

/// A network, or a layer of it, that has no spiking counterpart here.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ConversionError {
    /// A layer, or a setting of it, without a spiking counterpart.
    #[error("layer {layer} ({kind}) {reason} and cannot be converted: {advice}")]
    Unsupported {
        /// Index of the layer.
        layer: usize,
        /// What the layer is.
        kind: &'static str,
        /// What is in the way.
        reason: &'static str,
        /// What the user can do.
        advice: &'static str,
    },
    /// Noisy Softplus beside other activations, or with other constants than the first such layer.
    #[error(
        "layer {layer} ({kind}) has the activation {activation}, but an earlier one has {expected}: \
         a network converts by its physical units only if all hidden layers are Noisy Softplus with the same constants"
    )]
    MixedUnits {
        /// Index of the layer.
        layer: usize,
        /// What the layer is.
        kind: &'static str,
        /// Its activation.
        activation: String,
        /// The activation found before.
        expected: String,
    },
    /// The last layer must be one with weights, whose units stand for the classes.
    #[error("the last layer is {kind}: expected one with weights and one unit per class")]
    NoClassifier {
        /// What the last layer is.
        kind: &'static str,
    },
    /// More classes than labels can name.
    #[error("the network has {found} outputs, labels are bytes: at most 256 are supported")]
    TooManyClasses {
        /// Number of outputs.
        found: usize,
    },
    /// A layer that is silent on all calibration images.
    #[error("layer {layer} ({kind}) stays at zero on all {images} calibration images: it cannot be scaled")]
    Silent {
        /// Index of the layer.
        layer: usize,
        /// What the layer is.
        kind: &'static str,
        /// Number of calibration images.
        images: usize,
    },
    /// The images are not what the network was trained for.
    #[error("the network takes images of {expected}, the data set has {found} numbers per image")]
    InputShape {
        /// Shape that the network takes.
        expected: String,
        /// Bytes per image found.
        found: usize,
    },
    /// No calibration images, or none that are left to run.
    #[error("{what} needs at least one image")]
    NoImages {
        /// What needs images.
        what: &'static str,
    },
    /// An image that is not there.
    #[error("there is no image {image}: there are {found}, counted from 0")]
    MissingImage {
        /// Number of the image.
        image: usize,
        /// How many there are.
        found: usize,
    },
    /// A setting that is no positive finite number.
    #[error("{name} must be positive and finite ({unit}), found {found}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// Its unit.
        unit: &'static str,
        /// The value given.
        found: f64,
    },
    /// Receptors of different time constants.
    #[error("the neurons need one synaptic time constant, found tau_syn_E = {e} ms and tau_syn_I = {i} ms")]
    SynapticTimeConstants {
        /// Of excitatory receptors (ms).
        e: f64,
        /// Of inhibitory receptors (ms).
        i: f64,
    },
    /// A neuron whose rates Noisy Softplus does not fit.
    #[error(
        "Noisy Softplus does not fit the rates of these neurons: fit them by hand with lif-sim fit, or choose others"
    )]
    NoResponse,
    /// The rates of the neuron cannot be computed.
    #[error("the response of these neurons cannot be computed: {0}")]
    Theory(#[from] sim::TheoryError),
    /// The rates of the neuron cannot be fitted.
    #[error("the response of these neurons cannot be fitted: {0}")]
    Fit(#[from] sim::FitError),
    /// The simulator refused the mapped network.
    #[error(transparent)]
    Simulation(#[from] sim::NetworkError),
    /// The trained network refused a layer taken out of it.
    #[error(transparent)]
    Network(#[from] ann::NetworkError),
}

/// A spiking network, or a part of it, that other simulators cannot have.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ExportError {
    /// A layer that stands between two networks.
    #[error(
        "layer {layer} ({kind}) chooses or renumbers spikes, which other simulators do not: \
         use AveragePooling2D in place of maxima and Add in place of Concatenate, or export the spikes alone"
    )]
    Gate {
        /// Index of the layer.
        layer: usize,
        /// What the layer is.
        kind: &'static str,
    },
    /// Images that are told by currents.
    #[error("images are told by constant currents, which an export does not hold: choose an encoding by spikes")]
    Currents,
    /// Several networks, or none.
    #[error("the conversion is not one network, which an export needs: export the spikes alone")]
    Several,
    /// A population with more than the parameters of its neuron.
    #[error("population {name} has {what}, which an export does not tell")]
    Population {
        /// Name of the population.
        name: String,
        /// What is too much.
        what: &'static str,
    },
    /// A projection that arrives at once.
    #[error("the projection onto {name} has no delay, which simulators on a grid need: give --delay, 1 ms for example")]
    NoDelay {
        /// Name of the population.
        name: String,
    },
    /// More synapses than fit.
    #[error(
        "the network has {found} synapses, of which at most {most} can be listed one by one: \
         export a smaller network, or the spikes alone"
    )]
    TooManySynapses {
        /// Number of synapses.
        found: u64,
        /// Largest number.
        most: u64,
    },
    /// A connection that NIR has no word for, too large for a matrix.
    #[error(
        "the connections from {from} to {to} are no Conv2d or SumPool2d of NIR ({reason}), and a matrix of {rows} x {columns} is too large (at most {most} numbers): \
         use square kernels, padding of the same size on both sides, and pools without overlap"
    )]
    MatrixTooLarge {
        /// Name of the presynaptic population.
        from: String,
        /// Name of the postsynaptic population.
        to: String,
        /// Why they are none.
        reason: &'static str,
        /// Number of postsynaptic neurons.
        rows: usize,
        /// Number of presynaptic neurons.
        columns: usize,
        /// Largest number of entries.
        most: usize,
    },
}

/// Accepts only a positive finite number.
pub(crate) fn positive(name: &'static str, unit: &'static str, found: f64) -> Result<f64, ConversionError> {
    if 0.0 < found && found.is_finite() { Ok(found) } else { Err(ConversionError::Setting { name, unit, found }) }
}

/// Accepts images, at least one, of the shape that a network takes; `what` needs them.
pub(crate) fn check_images(samples: Samples<'_>, input: Shape, what: &'static str) -> Result<(), ConversionError> {
    if samples.is_empty() {
        return Err(ConversionError::NoImages { what });
    }
    if samples.pixels.len() != samples.len() * input.units() {
        let found = samples.pixels.len() / samples.len();
        return Err(ConversionError::InputShape { expected: input.to_string(), found });
    }
    Ok(())
}

/// Accepts numbers of images of which there are `found`.
pub(crate) fn check_numbers(images: &[usize], found: usize) -> Result<(), ConversionError> {
    match images.iter().find(|&&image| image >= found) {
        Some(&image) => Err(ConversionError::MissingImage { image, found }),
        None => Ok(()),
    }
}
