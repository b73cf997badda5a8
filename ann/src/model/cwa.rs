//! Networks of conductance-weighted averages, and the affine networks that they are compared with.

use crate::activation::{Activation, ActivationChoice};
use crate::error::NetworkError;
use crate::initialiser::Initialiser;
use crate::layer::{Averaging, CwaConv2d, CwaDense, CwaLateral, DoubledInput, KernelShape, Layer, Padding, Rescaling};
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
    /// ResNet-18: a convolution 3x3 and stages of two blocks of so many maps each, 64, 128, 256 and 512. A block of averages halves the sum
    /// of branch and shortcut before its clip, so that it stays within [0, 1].
    ResNet(&'static [usize]),
}

/// Hidden units of such a network. Averages get their images by [`Layer::DoubledInput`], affine units as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CwaUnits {
    /// Conductance-weighted averages, clipped at 0.
    Conductances {
        /// Resting potential `e_r`, in [-1, 1].
        rest: f64,
        /// Of the weights; with weights near 0 and `rest` -0.4 the second layer is silent from the start.
        initialiser: Initialiser,
    },
    /// The same with batch normalisation before the clip.
    Normalised {
        /// As above.
        rest: f64,
        /// As above.
        initialiser: Initialiser,
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
        initialiser: Initialiser,
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

    /// Its residual network, the same for all images.
    pub const RESNET_18: Self = Self::ResNet(&[64, 128, 256, 512]);

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
            CwaUnits::Conductances { initialiser, .. }
            | CwaUnits::Normalised { initialiser, .. }
            | CwaUnits::Lateral { initialiser, .. } => builder.draw_from(initialiser),
        };
        if !units.is_affine() {
            // Flattened first: of a map that is doubled and then flattened, the first half of the units, which excite, is the upper half
            // of the image.
            if matches!(self, Self::Fcn(_)) {
                builder.flat()?;
            }
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
            Self::ResNet(stages) => {
                let maps = |outputs| Convolution { side: 3, stride: 1, outputs, padding: Padding::Same };
                builder.convolved_units(maps(stages.first().copied().unwrap_or(0)), units)?;
                for (stage, &outputs) in stages.iter().enumerate() {
                    for block in 0..2 {
                        let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                        builder.residual_units(Convolution { stride, ..maps(outputs) }, units)?;
                    }
                }
                builder.layer(Layer::GlobalAveragePool2d)?;
            }
        }
        builder.draw_from(Initialiser::GlorotUniform { gain: 1.0 });
        builder.dense(classes, Bias::Zero, Activation::Softmax)?;
        builder.finish()
    }
}

impl CwaUnits {
    fn is_normalised(self) -> bool {
        matches!(self, Self::Normalised { .. } | Self::AffineNormalised)
    }

    /// Whether these are affine units and no averages.
    fn is_affine(self) -> bool {
        matches!(self, Self::Affine | Self::AffineNormalised)
    }

    /// Conductances with `e_r` -0.4 and weights within 1, of which every layer responds from the start.
    pub const USUAL: Self = Self::Conductances { rest: -0.4, initialiser: Initialiser::Uniform { limit: 1.0 } };

    /// Conductances with `e_r` 0 and weights from [`Initialiser::GlorotUniform`], for convolutions.
    pub const BALANCED: Self = Self::Conductances { rest: 0.0, initialiser: Initialiser::GlorotUniform { gain: 1.0 } };

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

    /// A convolution of averages of these outputs.
    ///
    /// # Errors
    /// If it does not fit there.
    pub fn cwa_convolution_of(
        &mut self,
        origin: Origin,
        Convolution { side, stride, outputs, padding }: Convolution,
        averaging: Averaging,
    ) -> Result<Origin, NetworkError> {
        let inputs = self.shape(origin).channels;
        self.check(Shape::new(side, side, outputs), inputs)?;
        let kernel = KernelShape { height: side, width: side, inputs, outputs };
        let weights = self.weights(kernel.weights(), [kernel.fan_in(), side * side * outputs])?;
        let layer = CwaConv2d::new(kernel, weights, Extent::square(stride), averaging)?.with_padding(padding);
        self.put(Layer::CwaConv2d(layer), [origin])
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
        self.convolved_units_of(self.top(), convolution, units)
    }

    fn convolved_units_of(
        &mut self,
        origin: Origin,
        convolution: Convolution,
        units: CwaUnits,
    ) -> Result<Origin, NetworkError> {
        self.drive(origin, convolution, units)?;
        self.activation(ActivationChoice::Relu)
    }

    /// What a convolution of these outputs gives before the clip.
    fn drive(&mut self, origin: Origin, convolution: Convolution, units: CwaUnits) -> Result<Origin, NetworkError> {
        let input = self.shape(origin);
        match (units, units.averaging(input.channels)) {
            (_, Some(averaging)) => {
                self.cwa_convolution_of(origin, convolution, Averaging { clips: false, ..averaging })?
            }
            (CwaUnits::Lateral { .. }, None) => return Err(NetworkError::NotFlat { layer: self.len(), input }),
            (_, None) => self.convolution_of(origin, convolution, units.bias(), Activation::Linear)?,
        };
        if units.is_normalised() { self.normalisation() } else { Ok(self.top()) }
    }

    /// Two convolutions, and a shortcut that is one of 1x1 where the shape changes. Averages are clipped there too, so that what is added to
    /// the branch is always a response.
    fn residual_units(&mut self, first: Convolution, units: CwaUnits) -> Result<Origin, NetworkError> {
        let input = self.top();
        self.convolved_units(first, units)?;
        let top = self.top();
        let branch = self.drive(top, Convolution { stride: 1, ..first }, units)?;
        let changes = first.stride > 1 || self.shape(input).channels != first.outputs;
        let projection = Convolution { side: 1, ..first };
        let shortcut = match (changes, units.is_affine()) {
            (false, _) => input,
            (true, true) => self.drive(input, projection, units)?,
            (true, false) => self.convolved_units_of(input, projection, units)?,
        };
        self.put(Layer::Add, [branch, shortcut])?;
        if !units.is_affine() {
            self.layer(Layer::Rescaling(Rescaling::new(0.5, 0.0)))?;
        }
        self.activation(ActivationChoice::Relu)
    }

    /// Batch normalisation and a clip, where these units have them.
    fn normalised(&mut self, units: CwaUnits) -> Result<Origin, NetworkError> {
        if !units.is_normalised() {
            return Ok(self.top());
        }
        self.normalisation()?;
        self.activation(ActivationChoice::Relu)
    }
}
