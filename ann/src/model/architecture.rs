//! Architectures of the literature, for images of any size that they can take.

use crate::activation::{Activation, ActivationChoice};
use crate::error::NetworkError;
use crate::initialiser::Initialiser;
use crate::layer::{AveragePool2d, Layer, MaxPool2d, MixLuVariant, Padding};
use crate::model::builder::{Bias, Builder, Convolution};
use crate::model::cwa::{CwaNetwork, CwaUnits};
use crate::model::mixture::{MixtureNetwork, MixtureUnits};
use crate::network::{Network, Origin};
use crate::real::Real;
use crate::shape::{Extent, Shape};

/// A network known by name. Hidden layers have the chosen activation, the last one is a softmax over the classes (a sigmoid in the
/// auto-encoder). Under Noisy Softplus average pools have it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Two convolutions of 5x5, each with an average pool of 2, and the classes, without biases: `maps` 6 and 12 in Liu and Furber
    /// (2016), 16 and 64 in its follow-up.
    Paper {
        /// Of the two convolutions.
        maps: [usize; 2],
    },
    /// The same, with the chosen activation on the outputs too, to be trained towards one spike per synaptic time constant of the right
    /// class and none of the others (Liu et al. 2017, arXiv:1706.03609); its outputs begin positive.
    #[doc(alias = "PAF")]
    Paf {
        /// Of the two convolutions.
        maps: [usize; 2],
    },
    /// LeNet-5: convolutions 5x5 of 6, 16 and 120 maps that keep the size, pools of 2 behind the first two, 84 units, the classes.
    LeNet5(Pool),
    /// `layers` hidden layers of `units` units each.
    Mlp {
        /// Hidden layers.
        layers: usize,
        /// Units of each.
        units: usize,
    },
    /// 1000-500-250-30-250-500-1000 units between the inputs and as many outputs (Hinton and Salakhutdinov 2006).
    Autoencoder,
    /// Convolutions 5x5 of stride 2 that keep the borders: 32, 64, 128 and 256 maps, and 512 for images of 32 pixels or more.
    Cnn5,
    /// ResNet-18 for small images (He et al. 2016): a convolution 3x3 and four stages of two blocks of 64, 128, 256 and 512 maps, with batch
    /// normalisation. Noisy Softplus cannot stand behind batch normalisation and is refused.
    ResNet18,
    /// Fully connected conductance-weighted averages, [`CwaNetwork::fcn`]; the activation is their clip.
    CwaFcn,
    /// Convolutions of conductance-weighted averages, [`CwaNetwork::cnn`]; the activation is their clip.
    CwaCnn,
    /// Conductance-weighted averages in place of the convolutions of ResNet-18, [`CwaNetwork::RESNET_18`]; the activation is their clip.
    CwaResNet18,
    /// [`MixtureNetwork::Mnist`] or, for images of 32 pixels, [`MixtureNetwork::Cifar10`], with MixLU units of which one in a hundred, drawn
    /// anew for each sample, keeps the negative side.
    MixLu,
}

/// How LeNet-5 pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// The average.
    Average,
    /// The greatest value.
    Max,
}

impl Architecture {
    /// The network for images of shape `input`, its weights drawn by `seed`.
    ///
    /// # Errors
    /// If the images are too small, or the activation cannot be had with these layers.
    pub fn build<T: Real>(
        self,
        input: Shape,
        classes: usize,
        activation: ActivationChoice,
        seed: u64,
    ) -> Result<Network<T>, NetworkError> {
        let mut builder = Builder::new(input, seed);
        let hidden = activation.weighted();
        let valid = |outputs| Convolution { side: 5, stride: 1, outputs, padding: Padding::Valid };
        match self {
            Self::Paper { maps } | Self::Paf { maps } => {
                for outputs in maps {
                    builder.convolution(valid(outputs), Bias::None, hidden)?;
                    builder.layer(pool(Pool::Average, activation))?;
                }
                if matches!(self, Self::Paf { .. }) {
                    let gain = if matches!(hidden, Activation::NoisySoftplus(_)) { 0.01 } else { 0.005 };
                    builder.draw_from(Initialiser::PositiveUniform { gain });
                    builder.dense(classes, Bias::None, hidden)?;
                } else {
                    builder.dense(classes, Bias::None, Activation::Softmax)?;
                }
            }
            Self::LeNet5(kind) => {
                for outputs in [6, 16, 120] {
                    let same = Convolution { padding: Padding::Same, ..valid(outputs) };
                    builder.convolution(same, Bias::Zero, hidden)?;
                    if outputs < 120 {
                        builder.layer(pool(kind, activation))?;
                    }
                }
                builder.dense(84, Bias::Zero, hidden)?;
                builder.dense(classes, Bias::Zero, Activation::Softmax)?;
            }
            Self::Mlp { layers, units } => {
                for _ in 0..layers {
                    builder.dense(units, Bias::Zero, hidden)?;
                }
                builder.dense(classes, Bias::Zero, Activation::Softmax)?;
            }
            Self::Autoencoder => {
                for units in [1000, 500, 250, 30, 250, 500, 1000] {
                    builder.dense(units, Bias::Zero, hidden)?;
                }
                builder.dense(input.units(), Bias::Zero, Activation::Sigmoid)?;
            }
            Self::Cnn5 => {
                let maps: &[usize] = if input.height >= 32 { &[32, 64, 128, 256, 512] } else { &[32, 64, 128, 256] };
                for &outputs in maps {
                    let halving = Convolution { stride: 2, padding: Padding::Same, ..valid(outputs) };
                    builder.convolution(halving, Bias::Zero, hidden)?;
                }
                builder.dense(classes, Bias::Zero, Activation::Softmax)?;
            }
            Self::ResNet18 => {
                let stem = Convolution { side: 3, stride: 1, outputs: 64, padding: Padding::Same };
                builder.convolution(stem, Bias::None, Activation::Linear)?;
                builder.normalisation()?;
                builder.activation(activation)?;
                for (stage, outputs) in [64, 128, 256, 512].into_iter().enumerate() {
                    for block in 0..2 {
                        let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                        residual(&mut builder, Convolution { stride, outputs, ..stem }, activation)?;
                    }
                }
                builder.layer(Layer::GlobalAveragePool2d)?;
                builder.dense(classes, Bias::Zero, Activation::Softmax)?;
            }
            Self::CwaFcn => return CwaNetwork::fcn(input).build(input, classes, CwaUnits::USUAL, seed),
            Self::MixLu => {
                let network = if input.height >= 32 { MixtureNetwork::Cifar10 } else { MixtureNetwork::Mnist };
                let units = MixtureUnits::MixLu { fraction: 0.01, variant: MixLuVariant::Redrawn };
                return network.build(input, classes, units, seed);
            }
            Self::CwaResNet18 => return CwaNetwork::RESNET_18.build(input, classes, CwaUnits::BALANCED, seed),
            Self::CwaCnn => return CwaNetwork::cnn(input).build(input, classes, CwaUnits::BALANCED, seed),
        }
        builder.finish()
    }
}

/// A pool of 2x2.
fn pool<T>(kind: Pool, activation: ActivationChoice) -> Layer<T> {
    match kind {
        Pool::Average => Layer::AveragePool2d(AveragePool2d::new(Extent::square(2), activation.pool())),
        Pool::Max => Layer::MaxPool2d(MaxPool2d::new(Extent::square(2))),
    }
}

/// Two convolutions, and a shortcut that is one of 1x1 where the shape changes.
fn residual<T: Real>(
    builder: &mut Builder<T>,
    first: Convolution,
    activation: ActivationChoice,
) -> Result<Origin, NetworkError> {
    let input = builder.top();
    builder.convolution(first, Bias::None, Activation::Linear)?;
    builder.normalisation()?;
    builder.activation(activation)?;
    builder.convolution(Convolution { stride: 1, ..first }, Bias::None, Activation::Linear)?;
    let branch = builder.normalisation()?;
    let changes = first.stride > 1 || builder.shape(input).channels != first.outputs;
    let shortcut = if changes {
        builder.convolution_of(input, Convolution { side: 1, ..first }, Bias::None, Activation::Linear)?;
        builder.normalisation()?
    } else {
        input
    };
    builder.put(Layer::Add, [branch, shortcut])?;
    builder.activation(activation)
}
