//! Ready-made networks, and other activations for them.

use ann::initialiser::Initialiser;
use ann::model::{Architecture, CwaNetwork, CwaUnits, HiddenUnits, MixtureNetwork, MixtureUnits, Pool, RootNetwork};
use ann::{Activation, ActivationChoice, Layer, MixLuVariant, Network, NetworkError, NoisySoftplus, Shape, Weighting};

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
    // Outputs that are rates change as well: with no weight far from another's function, all three tensors are divided.
    let rates = built(Architecture::Paf { maps: [6, 12] }, GREY, ActivationChoice::Relu).expect("can be built");
    let noisy = rates.with_activation(NOISY).expect("fits");
    assert_eq!(noisy.layers()[5].activation(), NOISY.weighted());
    for (before, after) in rates.parameters().into_iter().zip(noisy.parameters()) {
        assert!(before.iter().zip(after).all(|(&before, &after)| (before - p * after).abs() <= 3e-7 * before.abs()));
    }
}

/// Counted by hand: inputs are doubled for averages, which have a weight per input and no bias, and the classes have both.
#[test]
fn networks_of_averages_have_their_parameters() {
    let count = |architecture, input| {
        built(architecture, input, ActivationChoice::Relu).expect("can be built").parameter_count()
    };
    assert_eq!(count(Architecture::CwaFcn, GREY), 1568 * 2000 + 2000 * 2000 + 2000 * 10 + 10);
    let maps = |from: usize, to: usize| 25 * from * to;
    let last = 2 * 2 * 256 * 10 + 10;
    assert_eq!(count(Architecture::CwaCnn, GREY), maps(2, 32) + maps(32, 64) + maps(64, 128) + maps(128, 256) + last);
    // As ResNet-18 without its 9600 scales and centres, and with three more channels at its 3x3 kernel.
    assert_eq!(count(Architecture::CwaResNet18, COLOUR), 11_173_962 - 9_600 + 9 * 3 * 64);
}

/// Every layer of averages responds from the start with the usual weights; from Glorot's distribution at a resting potential of -0.4 the
/// second layer is silent, by independent sampling in NumPy: 0.0 % of its units are above 0, and 32 % with the usual weights.
#[test]
fn averages_begin_alive() {
    let image: Vec<f32> = (0..784).map(|pixel| if (pixel / 28 + pixel % 28) % 9 == 0 { 1.0 } else { 0.0 }).collect();
    let active = |units| {
        let network: Network<f32> = CwaNetwork::Fcn(&[2000, 300]).build(GREY, 10, units, 3).expect("can be built");
        let activations = network.activations(&image, 1);
        let second = &activations[3];
        assert_eq!(second.len(), 300);
        // Every pixel excites and inhibits.
        let Layer::CwaDense(first) = &network.layers()[2] else { panic!("averages behind the doubled input") };
        assert_eq!(first.averaging().weighting, Weighting::Conductance { excitatory: 784 });
        let (excitatory, inhibitory) = activations[1].split_at(784);
        assert!(excitatory == inhibitory && excitatory.iter().zip(&image).all(|(x, pixel)| (x - pixel).abs() < 1e-6));
        second.iter().filter(|&&output| output > 0.0).count()
    };
    let glorot = CwaUnits::Conductances { rest: -0.4, initialiser: Initialiser::GlorotUniform { gain: 1.0 } };
    assert_eq!(active(glorot), 0);
    assert!(active(CwaUnits::USUAL) > 30, "{}", active(CwaUnits::USUAL));
    assert!(active(CwaUnits::BALANCED) > 30, "{}", active(CwaUnits::BALANCED));
}

/// The units and the variances of the weights that Bhumbra (2018) gives: 3 / (3.5 n) for radix 3, 1 / n for odd units of radix 2, 2 / n for
/// the last layer, with n of 784 and 128; of ReLU 2 / n.
#[test]
fn root_units_have_their_places_and_weights() {
    let variances = |units| {
        let network: Network<f32> =
            RootNetwork::Mlp { layers: 3, units: 128 }.build(GREY, 10, units, 5).expect("can be built");
        let names: Vec<String> = network.layers()[1..].iter().map(|layer| layer.activation().to_string()).collect();
        let variance = |kernel: &[f32]| {
            let mean = kernel.iter().sum::<f32>() / kernel.len() as f32;
            f64::from(kernel.iter().map(|weight| (weight - mean).powi(2)).sum::<f32>() / kernel.len() as f32)
        };
        (names.join(" "), [0, 2, 4, 6].map(|tensor| variance(network.parameters()[tensor])))
    };
    let (names, found) = variances(HiddenUnits::Radical);
    assert_eq!(names, "rrru-3 orru-2 rrru-1 softmax");
    for (found, expected) in found.into_iter().zip([3.0 / 3.5 / 784.0, 1.0 / 128.0, 2.0 / 128.0, 2.0 / 128.0]) {
        // 1280 weights and more: the variance of a sample is off by 4 % or less for a normal, three times as much for the tails of a gamma
        // distribution; five of these.
        assert!((found / expected - 1.0).abs() < 0.25, "{found} {expected}");
    }
    let (names, found) = variances(HiddenUnits::Same(Activation::Relu));
    assert_eq!(names, "relu relu relu softmax");
    assert!((found[1] * 128.0 / 2.0 - 1.0).abs() < 0.1, "{found:?}");
}

/// Maps by hand: 28, 24, 12, 8, 4 and 1; 32, 16, 8, 4 and 1. Maxout has two pieces per unit, ConvAct two slopes.
#[test]
fn networks_of_mixed_units_fit_their_images() {
    let mixed = MixtureUnits::MixLu { fraction: 0.1, variant: MixLuVariant::Redrawn };
    let parameters = |network: MixtureNetwork, input, units| {
        network.build::<f32>(input, 10, units, 1).expect("can be built").parameter_count()
    };
    let digits = 26 * 20 + 501 * 50 + 801 * 500 + 501 * 10;
    let colours = 76 * 32 + 801 * 32 + 801 * 64 + 1025 * 64 + 65 * 10;
    assert_eq!(parameters(MixtureNetwork::Mnist, GREY, mixed), digits);
    assert_eq!(parameters(MixtureNetwork::Cifar10, COLOUR, mixed), colours);
    assert_eq!(parameters(MixtureNetwork::Mnist, GREY, MixtureUnits::Maxout { minima: 0.5 }), digits + 801 * 500);
    assert_eq!(parameters(MixtureNetwork::Mnist, GREY, MixtureUnits::SynapticMaxout { minima: 0.5 }), digits);
    let slopes = 2 * (32 + 32 + 64 + 64);
    assert_eq!(parameters(MixtureNetwork::Cifar10, COLOUR, MixtureUnits::ConvAct), colours + slopes);
}

/// Outputs that are trained towards counts begin positive, as every weight of theirs is.
#[test]
fn outputs_towards_counts_begin_positive() {
    let network = built(Architecture::Paf { maps: [6, 12] }, GREY, NOISY).expect("can be built");
    assert_eq!(network.parameter_count(), 3_870);
    let last = network.parameters()[2];
    let limit = 0.01 * (6.0_f32 / (192.0 + 10.0)).sqrt();
    assert!(last.iter().all(|&weight| 0.0 < weight && weight < limit), "{last:?}");
    let outputs = network.forward(&[1.0; 784], 1);
    assert!(outputs.iter().all(|&output| output > 0.0), "{outputs:?}");
}
