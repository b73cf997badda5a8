//! Networks of conductance-weighted averages, and the affine networks that they are compared with.

use crate::activation::{Activation, ActivationChoice};
use crate::error::NetworkError;
use crate::initialiser::Initialiser;
use crate::layer::{Averaging, CwaConv2d, CwaDense, CwaLateral, DoubledInput, KernelShape, Layer, Padding};
use crate::model::builder::{Bias, Builder, Convolution};
use crate::network::{Network, Origin};
use crate::real::Real;
use crate::shape::{Extent, Shape};

/// Hidden layers of a network of averages; an affine layer with a softmax gives the classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CwaNetwork {
    /// Fully connected layers of so many units: 2000 twice for MNIST, 2000, 1000 and 500 for CIFAR-10.
    Fcn(&'static [usize]),
    /// Convolutions 5x5 of stride 2 that keep the borders, of so many maps: 32, 64, 128, 256, and 512 for CIFAR-10.
    Cnn(&'static [usize]),
}

/// Hidden units of such a network. Averages get their images by [`Layer::DoubledInput`], affine units as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CwaUnits {
    /// Conductance-weighted averages, clipped at 0.
    Conductances {
        /// Resting potential `e_r`, in [-1, 1].
        rest: f64,
        /// Weights begin uniformly within this; with weights near 0 and `rest` -0.4 the second layer is silent from the start.
        limit: f64,
    },
    /// The same with batch normalisation before the clip.
    Normalised {
        /// As above.
        rest: f64,
        /// As above.
        limit: f64,
    },
    /// Averages with absolute weights, from [`Initialiser::GlorotUniform`].
    #[doc(alias = "AbsNorm")]
    Absolute,
    /// Conductance-weighted averages that inhibit one another through so many units per layer, in fully connected layers.
    Lateral {
        /// Inhibitory units.
        inhibitory: usize,
        /// As above.
        rest: f64,
        /// As above.
        limit: f64,
    },
    /// `max(0, w x + b)`, weights by [`Initialiser::HeNormal`].
    Affine,
    /// `max(0, n(w x))` with batch normalisation `n`.
    AffineNormalised,
}

impl CwaNetwork {
    /// The fully connected network of the paper for images of this shape.
    pub const fn fcn(input: Shape) -> Self {
        if input.height >= 32 { Self::Fcn(&[2000, 1000, 500]) } else { Self::Fcn(&[2000, 2000]) }
    }

    /// Its convolutional network.
    pub const fn cnn(input: Shape) -> Self {
        if input.height >= 32 { Self::Cnn(&[32, 64, 128, 256, 512]) } else { Self::Cnn(&[32, 64, 128, 256]) }
    }

    /// The network for such images, its weights drawn by `seed`.
    ///
    /// # Errors
    /// If the images are too small, a constant is out of its range, or there is no lateral inhibition between such layers.
    pub fn build<T: Real>(
        self,
        input: Shape,
        classes: usize,
        units: CwaUnits,
        seed: u64,
    ) -> Result<Network<T>, NetworkError> {
        let mut builder = Builder::new(input, seed);
        match units {
            CwaUnits::Affine | CwaUnits::AffineNormalised => builder.draw_from(Initialiser::HeNormal),
            CwaUnits::Absolute => &mut builder,
            CwaUnits::Conductances { limit, .. }
            | CwaUnits::Normalised { limit, .. }
            | CwaUnits::Lateral { limit, .. } => builder.draw_from(Initialiser::Uniform { limit }),
        };
        if !matches!(units, CwaUnits::Affine | CwaUnits::AffineNormalised) {
            builder.layer(Layer::DoubledInput(DoubledInput))?;
        }
        match self {
            Self::Fcn(layers) => {
                for &outputs in layers {
                    builder.dense_units(outputs, units)?;
                }
            }
            Self::Cnn(layers) => {
                for &outputs in layers {
                    let convolution = Convolution { side: 5, stride: 2, outputs, padding: Padding::Same };
                    builder.convolved_units(convolution, units)?;
                }
            }
        }
        builder.draw_from(Initialiser::GlorotUniform { gain: 1.0 });
        builder.dense(classes, Bias::Zero, Activation::Softmax)?;
        builder.finish()
    }
}

impl CwaUnits {
    /// Conductances with `e_r` -0.4 and weights within 1, of which every layer responds from the start.
    pub const USUAL: Self = Self::Conductances { rest: -0.4, limit: 1.0 };

    /// How units with so many input channels average, if they do.
    fn averaging(self, channels: usize) -> Option<Averaging> {
        match self {
            Self::Conductances { rest, .. } => Some(Averaging::conductances(channels, rest)),
            Self::Normalised { rest, .. } => {
                Some(Averaging { clips: false, ..Averaging::conductances(channels, rest) })
            }
            Self::Absolute => Some(Averaging::ABSOLUTE),
            Self::Lateral { .. } | Self::Affine | Self::AffineNormalised => None,
        }
    }

    fn bias(self) -> Bias {
        if self == Self::AffineNormalised { Bias::None } else { Bias::Zero }
    }
}

impl<T: Real> Builder<T> {
    /// Averages of the whole last layer, behind a `Flatten` if that gives a map.
    ///
    /// # Errors
    /// If they do not fit there.
    pub fn cwa_dense(&mut self, outputs: usize, averaging: Averaging) -> Result<Origin, NetworkError> {
        let inputs = self.flat()?;
        self.check(Shape::flat(outputs), inputs)?;
        let kernel = self.weights(inputs * outputs, [inputs, outputs])?;
        self.layer(Layer::CwaDense(CwaDense::new(inputs, kernel, averaging)?))
    }

    /// A convolution of averages on the last layer.
    ///
    /// # Errors
    /// If it does not fit there.
    pub fn cwa_convolution(
        &mut self,
        Convolution { side, stride, outputs, padding }: Convolution,
        averaging: Averaging,
    ) -> Result<Origin, NetworkError> {
        let inputs = self.shape(self.top()).channels;
        self.check(Shape::new(side, side, outputs), inputs)?;
        let kernel = KernelShape { height: side, width: side, inputs, outputs };
        let weights = self.weights(kernel.weights(), [kernel.fan_in(), side * side * outputs])?;
        let layer = CwaConv2d::new(kernel, weights, Extent::square(stride), averaging)?.with_padding(padding);
        self.layer(Layer::CwaConv2d(layer))
    }

    /// Averages of the whole last layer, behind a `Flatten` if that gives a map, which inhibit one another.
    ///
    /// # Errors
    /// If they do not fit there.
    pub fn cwa_lateral(&mut self, outputs: usize, inhibitory: usize, rest: f64) -> Result<Origin, NetworkError> {
        let inputs = self.flat()?;
        self.check(Shape::flat(outputs), inputs.max(inhibitory))?;
        let sizes = [[inputs, outputs], [outputs, inhibitory], [inhibitory, outputs]];
        let [first, second, third] = sizes.map(|[from, to]| self.weights(from * to, [from, to]));
        self.layer(Layer::CwaLateral(CwaLateral::new(inputs, [first?, second?, third?], 1.0, rest)?))
    }

    /// Units of the last layer, flattened if it gives a map.
    fn flat(&mut self) -> Result<usize, NetworkError> {
        if !self.shape(self.top()).is_flat() {
            self.layer(Layer::Flatten)?;
        }
        Ok(self.shape(self.top()).units())
    }

    fn dense_units(&mut self, outputs: usize, units: CwaUnits) -> Result<Origin, NetworkError> {
        let inputs = self.flat()?;
        match (units, units.averaging(inputs)) {
            (_, Some(averaging)) => self.cwa_dense(outputs, averaging)?,
            (CwaUnits::Lateral { inhibitory, rest, .. }, None) => return self.cwa_lateral(outputs, inhibitory, rest),
            (CwaUnits::Affine, None) => return self.dense(outputs, Bias::Zero, Activation::Relu),
            (_, None) => self.dense(outputs, units.bias(), Activation::Linear)?,
        };
        self.normalised(units)
    }

    fn convolved_units(&mut self, convolution: Convolution, units: CwaUnits) -> Result<Origin, NetworkError> {
        let input = self.shape(self.top());
        match (units, units.averaging(input.channels)) {
            (_, Some(averaging)) => self.cwa_convolution(convolution, averaging)?,
            (CwaUnits::Lateral { .. }, None) => return Err(NetworkError::NotFlat { layer: self.len(), input }),
            (CwaUnits::Affine, None) => return self.convolution(convolution, Bias::Zero, Activation::Relu),
            (_, None) => self.convolution(convolution, units.bias(), Activation::Linear)?,
        };
        self.normalised(units)
    }

    /// Batch normalisation and a clip, where these units have them.
    fn normalised(&mut self, units: CwaUnits) -> Result<Origin, NetworkError> {
        if !matches!(units, CwaUnits::Normalised { .. } | CwaUnits::AffineNormalised) {
            return Ok(self.top());
        }
        self.normalisation()?;
        self.activation(ActivationChoice::Relu)
    }
}
