//! Networks in which rectified units are mixed, doubled or learned.

use crate::activation::Activation;
use crate::error::NetworkError;
use crate::initialiser::Initialiser;
use crate::layer::{AveragePool2d, ConvAct, Layer, MaxPool2d, Maxout, MixLu, MixLuVariant, Padding};
use crate::model::builder::{Bias, Builder, Convolution};
use crate::network::{Network, Origin};
use crate::real::Real;
use crate::shape::{Extent, Shape};

/// A convolutional network of Maharaj (2015), by its data set; the last layer is a softmax over the classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MixtureNetwork {
    /// Convolutions 5x5 of 20 and 50 maps, each with a maximum over 2x2, then 4x4 of 500 with the units, the only ones.
    Mnist,
    /// Convolutions 5x5 of 32, 32 and 64 maps that keep the borders, a maximum over 3x3 before the first units and averages behind the
    /// others, each of stride 2, then a convolution 4x4 of 64 units.
    Cifar10,
}

/// The units behind a weighted layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MixtureUnits {
    /// One function for all.
    Same(Activation),
    /// [`MixLu`]: this fraction keeps the negative side.
    MixLu {
        /// In [0, 1].
        fraction: f64,
        /// Which units.
        variant: MixLuVariant,
    },
    /// [`Maxout`] of two pieces each, from a weighted layer of twice as many outputs.
    Maxout {
        /// Fraction of minima, in [0, 1].
        minima: f64,
    },
    /// [`SynapticMaxout`](crate::SynapticMaxout), the greatest product of any synapse and no sum, instead of the last convolution, which
    /// covers its whole map; the other layers have ReLU units.
    SynapticMaxout {
        /// Fraction of minima, in [0, 1].
        minima: f64,
    },
    /// [`ConvAct`], the slopes drawn around 1 and 0 with a deviation of 0.1.
    ConvAct,
}

impl MixtureUnits {
    /// Outputs of the weighted layer per unit.
    fn pieces(self) -> usize {
        if matches!(self, Self::Maxout { .. }) { 2 } else { 1 }
    }
}

impl MixtureNetwork {
    /// The network for such images, its weights drawn by `seed` as published: normal, with a deviation of 0.01, for CIFAR-10 of 0.05
    /// behind the first layer.
    ///
    /// # Errors
    /// If the images are too small, or a constant is out of its range.
    pub fn build<T: Real>(
        self,
        input: Shape,
        classes: usize,
        units: MixtureUnits,
        seed: u64,
    ) -> Result<Network<T>, NetworkError> {
        let mut mixture = Mixture { builder: Builder::new(input, seed), units, seed, layers: 0 };
        let convolution = |side, outputs, padding| Convolution { side, stride: 1, outputs, padding };
        let normal = |deviation| Initialiser::Normal { mean: 0.0, deviation };
        mixture.builder.draw_from(normal(0.01));
        match self {
            Self::Mnist => {
                for outputs in [20, 50] {
                    let valid = convolution(5, outputs, Padding::Valid);
                    mixture.builder.convolution(valid, Bias::Zero, Activation::Linear)?;
                    mixture.builder.layer(Layer::MaxPool2d(MaxPool2d::new(Extent::square(2))))?;
                }
                mixture.covering(500)?;
            }
            Self::Cifar10 => {
                let halving = Extent::square(2);
                mixture.weighted(convolution(5, 32, Padding::Same))?;
                let maximum = MaxPool2d::new(Extent::square(3)).with_stride(halving).with_padding(Padding::Same);
                mixture.builder.layer(Layer::MaxPool2d(maximum))?;
                mixture.units()?;
                mixture.builder.draw_from(normal(0.05));
                for outputs in [32, 64] {
                    mixture.weighted(convolution(5, outputs, Padding::Same))?;
                    mixture.units()?;
                    let average = AveragePool2d::new(Extent::square(3), Activation::Linear);
                    let average = average.with_stride(halving).with_padding(Padding::Same);
                    mixture.builder.layer(Layer::AveragePool2d(average))?;
                }
                mixture.covering(64)?;
            }
        }
        mixture.builder.dense(classes, Bias::Zero, Activation::Softmax)?;
        mixture.builder.finish()
    }
}

/// A network in the making.
struct Mixture<T> {
    builder: Builder<T>,
    units: MixtureUnits,
    seed: u64,
    /// Layers of units so far.
    layers: u64,
}

impl<T: Real> Mixture<T> {
    /// The convolution that drives the next units.
    fn weighted(&mut self, convolution: Convolution) -> Result<Origin, NetworkError> {
        let outputs = convolution.outputs * self.units.pieces();
        self.builder.convolution(Convolution { outputs, ..convolution }, Bias::Zero, Activation::Linear)
    }

    /// So many units that hear the whole map of 4x4.
    fn covering(&mut self, outputs: usize) -> Result<Origin, NetworkError> {
        if let MixtureUnits::SynapticMaxout { minima } = self.units {
            return self.builder.synaptic_maxout(outputs, Bias::Zero, minima);
        }
        self.weighted(Convolution { side: 4, stride: 1, outputs, padding: Padding::Valid })?;
        self.units()
    }

    fn units(&mut self) -> Result<Origin, NetworkError> {
        let layer = match self.units {
            MixtureUnits::Same(activation) => Layer::Activation(activation),
            MixtureUnits::SynapticMaxout { .. } => Layer::Activation(Activation::Relu),
            // Layers of one size would choose the same units with one seed.
            MixtureUnits::MixLu { fraction, variant } => {
                Layer::MixLu(MixLu::new(fraction, variant, self.seed ^ (self.layers << 48)))
            }
            MixtureUnits::Maxout { minima } => Layer::Maxout(Maxout::new(2).with_minima(minima)),
            MixtureUnits::ConvAct => {
                let channels = self.builder.shape(self.builder.top()).channels;
                Layer::ConvAct(self.builder.slopes(channels)?)
            }
        };
        self.layers += 1;
        self.builder.layer(layer)
    }
}

impl<T: Real> Builder<T> {
    /// Fresh slopes of so many channels.
    fn slopes(&mut self, channels: usize) -> Result<ConvAct<T>, NetworkError> {
        let weights = self.initialiser();
        let mut around = |mean| {
            self.draw_from(Initialiser::Normal { mean, deviation: 0.1 });
            self.weights(channels, [1, 1])
        };
        let (above, below) = (around(1.0)?, around(0.0)?);
        self.draw_from(weights);
        ConvAct::new(above, below)
    }
}
