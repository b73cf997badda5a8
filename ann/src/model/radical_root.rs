//! Networks of radical root units, and the same of other units.

use crate::activation::Activation;
use crate::activation::root_unit::{RootFamily, RootUnit};
use crate::error::NetworkError;
use crate::initialiser::Initialiser;
use crate::layer::{Layer, MaxPool2d, Padding};
use crate::model::builder::{Bias, Builder, Convolution};
use crate::network::Network;
use crate::real::Real;
use crate::shape::{Extent, Shape};

/// A network of Bhumbra (2018), "Deep learning improved by biological activation functions", arXiv:1804.11237; biases begin as 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootNetwork {
    /// `layers` hidden layers of `units` units, a softmax over the classes.
    Mlp {
        /// Hidden layers, 1 or more.
        layers: usize,
        /// Units of each; 128 there.
        units: usize,
    },
    /// Hidden layers of `units` and back, each but the last of them twice, and a sigmoid for each input.
    Autoencoder {
        /// From the inputs to the code; 1000, 500, 250, 30 there.
        units: [usize; 4],
    },
    /// LeNet-5: convolutions 5x5 of 6, 16 and 120 maps that keep the size, the first two with a maximum over 2x2 before the units
    /// respond, 84 units, a softmax over the classes.
    LeNet,
}

/// What the hidden units are, and with them the distribution of their weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HiddenUnits {
    /// Rectified radical root units at both ends of the network and of its code, odd units of radix 2 between them, each with its own
    /// distribution; the first layer has radix 3 (in the auto-encoder 1), the last radix 1.
    Radical,
    /// The same function everywhere, weights by [`Initialiser::HeNormal`].
    Same(Activation),
}

impl RootNetwork {
    /// Hidden layers.
    fn depth(self) -> usize {
        match self {
            Self::Mlp { layers, .. } => layers,
            Self::Autoencoder { .. } => 7,
            Self::LeNet => 4,
        }
    }

    /// The root unit of a hidden layer, from 0.
    fn root_unit(self, layer: usize) -> RootUnit {
        let rectified = |radix| RootUnit::new(RootFamily::Rectified, radix);
        match self {
            _ if layer + 1 == self.depth() => rectified(1.0),
            Self::Autoencoder { .. } if layer.is_multiple_of(3) => rectified(1.0),
            Self::Mlp { .. } | Self::LeNet if layer == 0 => rectified(3.0),
            _ => RootUnit::new(RootFamily::Odd, 2.0),
        }
    }

    /// Activation and distribution of weights of a hidden layer, from 0.
    fn hidden(self, layer: usize, units: HiddenUnits) -> (Activation, Initialiser) {
        match units {
            HiddenUnits::Same(activation) => (activation, Initialiser::HeNormal),
            HiddenUnits::Radical => {
                let unit @ RootUnit { family, radix } = self.root_unit(layer);
                let initialiser = match family {
                    RootFamily::Rectified => Initialiser::RootGamma { radix },
                    RootFamily::Odd => Initialiser::RootBeta { radix },
                    RootFamily::Exponential => Initialiser::RootNormal { radix },
                };
                (Activation::RootUnit(unit), initialiser)
            }
        }
    }

    /// The network for such inputs, its weights drawn by `seed`.
    ///
    /// # Errors
    /// If the images are too small, or there is no hidden layer.
    pub fn build<T: Real>(
        self,
        input: Shape,
        classes: usize,
        units: HiddenUnits,
        seed: u64,
    ) -> Result<Network<T>, NetworkError> {
        let mut builder = Builder::new(input, seed);
        let dense = |builder: &mut Builder<T>, layer: usize, outputs: usize| {
            let (activation, initialiser) = self.hidden(layer, units);
            builder.draw_from(initialiser).dense(outputs, Bias::Zero, activation).map(drop)
        };
        match self {
            Self::Mlp { layers, units } => (0..layers).try_for_each(|layer| dense(&mut builder, layer, units))?,
            Self::Autoencoder { units: [a, b, c, code] } => {
                let mut layers = [a, b, c, code, c, b, a].into_iter().enumerate();
                layers.try_for_each(|(layer, outputs)| dense(&mut builder, layer, outputs))?;
            }
            Self::LeNet => {
                for (layer, outputs) in [6, 16, 120].into_iter().enumerate() {
                    let (activation, initialiser) = self.hidden(layer, units);
                    let convolution = Convolution { side: 5, stride: 1, outputs, padding: Padding::Same };
                    builder.draw_from(initialiser).convolution(convolution, Bias::Zero, Activation::Linear)?;
                    if layer < 2 {
                        builder.layer(Layer::MaxPool2d(MaxPool2d::new(Extent::square(2))))?;
                    }
                    builder.layer(Layer::Activation(activation))?;
                }
                dense(&mut builder, 3, 84)?;
            }
        }
        let last = match units {
            HiddenUnits::Radical => Initialiser::RootBeta { radix: 1.0 },
            HiddenUnits::Same(_) => Initialiser::HeNormal,
        };
        let (outputs, activation) = match self {
            Self::Autoencoder { .. } => (input.units(), Activation::Sigmoid),
            Self::Mlp { .. } | Self::LeNet => (classes, Activation::Softmax),
        };
        builder.draw_from(last).dense(outputs, Bias::Zero, activation)?;
        builder.finish()
    }
}
