//! Ready-made networks, and other activations for them.

use ann::model::{Architecture, Pool};
use ann::{Activation, ActivationChoice, Layer, Network, NetworkError, NoisySoftplus, Shape};

const GREY: Shape = Shape::new(28, 28, 1);
const COLOUR: Shape = Shape::new(32, 32, 3);
const NOISY: ActivationChoice = ActivationChoice::NoisySoftplus(NoisySoftplus::EVENT_DRIVEN_5_MS);

fn built(architecture: Architecture, input: Shape, choice: ActivationChoice) -> Result<Network<f32>, NetworkError> {
    architecture.build(input, 10, choice, 1)
}

/// Counted by hand from the sizes; ResNet-18 for CIFAR-10 has 11,173,962 by its authors' layout without biases before batch normalisation.
#[test]
fn architectures_have_the_parameters_of_the_literature() {
    for (architecture, input, parameters) in [
        (Architecture::Paper { maps: [6, 12] }, GREY, 3_870),
        (Architecture::Paper { maps: [16, 64] }, GREY, 36_240),
        (Architecture::LeNet5(Pool::Average), GREY, 545_546),
        (Architecture::LeNet5(Pool::Max), GREY, 545_546),
        (Architecture::Mlp { layers: 4, units: 128 }, GREY, 151_306),
        (Architecture::Mlp { layers: 2, units: 1200 }, GREY, 2_395_210),
        (Architecture::Autoencoder, GREY, 2_837_314),
        (Architecture::Cnn5, COLOUR, 4_360_522),
        (Architecture::ResNet18, COLOUR, 11_173_962),
    ] {
        let network = built(architecture, input, ActivationChoice::Relu).expect("can be built");
        assert_eq!(network.parameter_count(), parameters, "{architecture:?}");
        let noisy = built(architecture, input, NOISY);
        assert_eq!(noisy.is_err(), architecture == Architecture::ResNet18, "{architecture:?}");
    }
    let small = built(Architecture::Paper { maps: [6, 12] }, Shape::new(8, 8, 1), ActivationChoice::Relu);
    assert!(matches!(small, Err(NetworkError::Window { layer: 2, .. })), "{small:?}");
}

/// `max(w x, 0) = p max(w / p x, 0)`: hidden weights are divided by p = S tau_syn, those of the last layer are left alone, and the
/// way back restores them. Where a drive is far above its noise, the outputs are those of ReLU.
#[test]
fn another_activation_keeps_the_function() {
    let relu = built(Architecture::Paper { maps: [6, 12] }, GREY, ActivationChoice::Relu).expect("can be built");
    let noisy = relu.with_activation(NOISY).expect("fits");
    // 0.2192 kHz/nA times 5 ms.
    let p = (NoisySoftplus::EVENT_DRIVEN_5_MS.s_hz_per_na * 0.005) as f32;
    for (index, (before, after)) in relu.parameters().into_iter().zip(noisy.parameters()).enumerate() {
        let factor = if index < 2 { p } else { 1.0 };
        // One rounding of f32 each way.
        assert!(
            before.iter().zip(after).all(|(&before, &after)| (before - factor * after).abs() <= 3e-7 * before.abs())
        );
    }
    assert!(noisy.layers()[..4].iter().all(|layer| matches!(layer.activation(), Activation::NoisySoftplus(_))));
    assert_eq!(noisy.layers()[5].activation(), Activation::Softmax);
    let back = noisy.with_activation(ActivationChoice::Relu).expect("fits");
    for (before, after) in relu.parameters().into_iter().zip(back.parameters()) {
        assert!(before.iter().zip(after).all(|(&before, &after)| (before - after).abs() <= 3e-7 * before.abs()));
    }
    assert!(matches!(&back.layers()[1], Layer::AveragePool2d(pool) if pool.activation() == Activation::Linear));
    let residual = built(Architecture::ResNet18, COLOUR, ActivationChoice::Relu).expect("can be built");
    assert!(residual.with_activation(NOISY).is_err());
}
