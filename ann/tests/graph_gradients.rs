//! Gradients of every kind of layer, graph and activation against central differences, in `f64`.

use ann::{
    Activation, AveragePool2d, Averaging, BatchNormalization, Conv2d, ConvAct, CwaConv2d, CwaDense, CwaLateral, Dense,
    DoubledInput, Dropout, Extent, FixedNoise, KernelShape, Layer, LifRate, Margins, MaxPool2d, Maxout, MixLu,
    MixLuVariant, Network, Node, NoisySoftplus, Objective, Origin, Padding, Phase, RateLimit, Rescaling, Reshape,
    RootFamily, RootUnit, Shape, SynapticMaxout, VarianceGradient, Weighting, ZeroPadding2d, initialiser::Fans,
    initialiser::glorot_uniform, loss_and_gradients,
};
use sim::IfCurrExp;

const NOISY: Activation = Activation::NoisySoftplus(NoisySoftplus::EVENT_DRIVEN_5_MS);
const TRAINING: Phase = Phase::Training { seed: 5, epoch: 2 };

fn values(count: usize, tensor: u32) -> Vec<f64> {
    glorot_uniform(count, Fans { fan_in: 6, fan_out: 6, tensor }, 1.0, 11)
}

fn conv(shape: [usize; 4], activation: Activation, tensor: u32) -> Conv2d<f64> {
    let [height, width, inputs, outputs] = shape;
    let shape = KernelShape { height, width, inputs, outputs };
    let bias = Some(values(outputs, tensor + 100));
    Conv2d::new(shape, values(shape.weights(), tensor), bias, Extent::square(1), activation).expect("lengths fit")
}

fn dense(inputs: usize, outputs: usize, activation: Activation, tensor: u32) -> Layer<f64> {
    let bias = Some(values(outputs, tensor + 100));
    Layer::Dense(Dense::new(inputs, values(inputs * outputs, tensor), bias, activation).expect("lengths fit"))
}

fn normalisation(channels: usize, tensor: u32) -> BatchNormalization<f64> {
    let around_one = |tensor| values(channels, tensor).iter().map(|value| 1.0 + 0.3 * value).collect::<Vec<_>>();
    let gamma = Some(around_one(tensor + 200));
    let mean = values(channels, tensor + 202);
    BatchNormalization::new(gamma, Some(values(channels, tensor + 201)), mean, around_one(tensor + 203))
        .expect("lengths fit")
}

/// Greatest difference between the gradient and central differences, relative to the tensor's largest gradient.
///
/// With steps h = 1e-5 the differences err by h^2 (1e-10) and by rounding, 1e-16 / h (1e-11).
fn greatest_error(mut network: Network<f64>, objective: Objective, phase: Phase) -> f64 {
    const STEP: f64 = 1e-5;
    const SAMPLES: usize = 5;
    let inputs: Vec<f64> =
        values(SAMPLES * network.input().units(), 77).iter().map(|value| value.clamp(0.0, 1.0)).collect();
    let classes = network.output().units();
    let labels: Vec<u8> = (0..SAMPLES).map(|sample| (sample * 3 % classes) as u8).collect();
    let (_, gradients) = loss_and_gradients(&network, &inputs, &labels, objective, phase);
    let mut greatest = 0.0_f64;
    for (tensor, gradient) in gradients.tensors().iter().enumerate() {
        let scale = gradient.iter().fold(0.0_f64, |scale, value| scale.max(value.abs()));
        assert!(scale > 1e-6, "tensor {tensor} has no gradient to speak of: {scale}");
        for (index, &found) in gradient.iter().enumerate() {
            let mut mean_loss = |change: f64| {
                network.parameters_mut()[tensor][index] += change;
                let loss = loss_and_gradients(&network, &inputs, &labels, objective, phase).0.total();
                network.parameters_mut()[tensor][index] -= change;
                loss / labels.len() as f64
            };
            let difference = (mean_loss(STEP) - mean_loss(-STEP)) / (2.0 * STEP);
            greatest = greatest.max((difference - found).abs() / scale);
        }
    }
    greatest
}

fn check(name: &str, network: &Network<f64>, phase: Phase) {
    let rate_limit = Some(RateLimit { ceiling: 0.3, strength: 0.7 });
    for objective in [
        Objective::default(),
        Objective { rate_limit, variance_gradient: VarianceGradient::On, ..Objective::default() },
    ] {
        let error = greatest_error(network.clone(), objective, phase);
        assert!(error < 1e-6, "{name}: relative error {error:e}");
    }
}

/// A chain of a 3x3 convolution, the layers, Flatten and a classifier.
fn between(name: &str, layers: Vec<Layer<f64>>, phase: Phase) {
    let input = Shape::new(7, 6, 2);
    let mut chain = vec![Layer::Conv2d(conv([2, 3, 2, 4], Activation::Tanh, 0))];
    chain.extend(layers);
    chain.push(Layer::Flatten);
    let units = Network::new(input, chain.clone()).expect("the layers fit").output().units();
    chain.push(dense(units, 3, Activation::Softmax, 90));
    check(name, &Network::new(input, chain).expect("the layers fit"), phase);
}

#[test]
fn convolutions_with_stride_padding_dilation_and_groups() {
    let margins = Padding::Explicit(Margins { top: 2, bottom: 0, left: 1, right: 3 });
    for activation in [Activation::Elu { alpha: 0.7 }, Activation::Sigmoid] {
        let plain = || conv([3, 2, 4, 3], activation, 1);
        let strided = conv([3, 2, 4, 3], activation, 1).with_padding(Padding::Same);
        between("same", vec![Layer::Conv2d(plain().with_padding(Padding::Same))], TRAINING);
        between("explicit", vec![Layer::Conv2d(plain().with_padding(margins))], TRAINING);
        between("dilated", vec![Layer::Conv2d(plain().with_dilation(Extent::new(2, 3)))], TRAINING);
        let both = plain().with_dilation(Extent::new(2, 2)).with_padding(margins);
        between("dilated and padded", vec![Layer::Conv2d(both)], TRAINING);
        between(
            "two of them",
            vec![Layer::Conv2d(strided), Layer::Conv2d(conv([2, 2, 3, 2], activation, 2))],
            TRAINING,
        );
        let shape = KernelShape { height: 3, width: 3, inputs: 4, outputs: 3 };
        for stride in [Extent::square(2), Extent::new(3, 1)] {
            let conv = Conv2d::new(shape, values(108, 5), None, stride, activation).expect("lengths fit");
            between("stride", vec![Layer::Conv2d(conv.with_padding(Padding::Same))], TRAINING);
        }
        // Two groups of two channels; depthwise with one and with two outputs per channel.
        for (inputs, outputs, groups) in [(2, 6, 2), (1, 4, 4), (1, 8, 4)] {
            let grouped = conv([3, 2, inputs, outputs], activation, 3).with_groups(groups);
            between("groups", vec![Layer::Conv2d(grouped.clone().with_padding(margins))], TRAINING);
            between("dilated groups", vec![Layer::Conv2d(grouped.with_dilation(Extent::new(2, 1)))], TRAINING);
        }
    }
}

/// Both paths of Noisy Softplus through padded and grouped convolutions and overlapping pools.
#[test]
fn noisy_softplus_with_padding_groups_and_overlap() {
    let shape = KernelShape { height: 3, width: 3, inputs: 1, outputs: 4 };
    let strided = Conv2d::new(shape, values(36, 6), Some(values(4, 7)), Extent::square(2), NOISY).expect("fits");
    let pool = AveragePool2d::new(Extent::square(3), NOISY).with_stride(Extent::square(2));
    let layers = vec![
        Layer::Conv2d(conv([2, 3, 2, 4], NOISY, 1).with_padding(Padding::Same)),
        Layer::AveragePool2d(pool.with_padding(Padding::Same)),
        Layer::Conv2d(strided.with_groups(4).with_padding(Padding::Same)),
        Layer::Conv2d(conv([2, 2, 2, 4], NOISY, 2).with_groups(2)),
        Layer::Flatten,
        dense(4, 3, Activation::Softmax, 4),
    ];
    let network = Network::new(Shape::new(8, 7, 2), layers).expect("the layers fit");
    check("noisy softplus", &network, TRAINING);
}

#[test]
fn pools() {
    let margins = Padding::Explicit(Margins { top: 1, bottom: 2, left: 0, right: 1 });
    for padding in [Padding::Valid, Padding::Same, margins] {
        for stride in [Extent::new(1, 2), Extent::square(2), Extent::square(3)] {
            let average = AveragePool2d::new(Extent::new(3, 2), Activation::Linear).with_stride(stride);
            between("average", vec![Layer::AveragePool2d(average.with_padding(padding))], TRAINING);
            let max = MaxPool2d::new(Extent::new(2, 3)).with_stride(stride);
            between("max", vec![Layer::MaxPool2d(max.with_padding(padding))], TRAINING);
        }
    }
    between("global average", vec![Layer::GlobalAveragePool2d], TRAINING);
    between("global max", vec![Layer::GlobalMaxPool2d], TRAINING);
}

#[test]
fn layers_that_move_and_scale() {
    let margins = Margins { top: 1, bottom: 0, left: 2, right: 3 };
    between("padding", vec![Layer::ZeroPadding2d(ZeroPadding2d::new(margins))], TRAINING);
    between("rescaling", vec![Layer::Rescaling(Rescaling::new(-1.7, 0.3))], TRAINING);
    let reshape = Layer::Reshape(Reshape::new(Shape::new(8, 3, 4)));
    between("reshape", vec![reshape, Layer::Conv2d(conv([2, 2, 4, 2], Activation::Relu, 8))], TRAINING);
    for phase in [TRAINING, Phase::Inference] {
        between("dropout", vec![Layer::Dropout(Dropout::new(0.4))], phase);
    }
}

#[test]
fn activations_as_layers_and_fused() {
    let activations = [
        Activation::Linear,
        Activation::Relu,
        Activation::LeakyRelu { slope: 0.3 },
        Activation::Elu { alpha: 1.3 },
        Activation::NegLu,
        Activation::RootUnit(RootUnit::new(RootFamily::Rectified, 3.0)),
        Activation::RootUnit(RootUnit::new(RootFamily::Exponential, 1.0)),
        Activation::RootUnit(RootUnit::new(RootFamily::Exponential, 2.0)),
        Activation::RootUnit(RootUnit::new(RootFamily::Odd, 2.5)),
        Activation::Sigmoid,
        Activation::Tanh,
        Activation::Softplus,
        Activation::FixedNoise(FixedNoise { k: 0.3, sigma: 0.45 }),
        Activation::FixedNoise(FixedNoise { k: 2.0, sigma: 1.5 }),
    ];
    for activation in activations {
        between(&format!("{activation}"), vec![Layer::Activation(activation)], TRAINING);
        between("fused", vec![Layer::Conv2d(conv([2, 2, 4, 3], activation, 9))], TRAINING);
    }
}

/// A small network, because each of these rates is an integral.
#[test]
fn rates_of_lif_neurons() {
    let neuron = IfCurrExp { i_offset: 0.3, ..IfCurrExp::default() };
    for sigma in [0.0, 1.0] {
        let rate = Activation::LifRate(LifRate { neuron, sigma });
        let layers = vec![dense(3, 4, rate, 0), dense(4, 2, rate, 1), dense(2, 3, Activation::Softmax, 2)];
        check("rate", &Network::new(Shape::flat(3), layers).expect("the layers fit"), TRAINING);
    }
}

#[test]
fn mixed_units_and_learned_slopes() {
    for phase in [TRAINING, Phase::Inference] {
        for variant in [MixLuVariant::Fixed, MixLuVariant::Redrawn] {
            between("mixlu", vec![Layer::MixLu(MixLu::new(0.4, variant, 3))], phase);
        }
    }
    between("maxout", vec![Layer::Conv2d(conv([2, 2, 4, 6], Activation::Linear, 1)), maxout(3, 0.0)], TRAINING);
    between("min-maxout", vec![maxout(2, 0.5)], TRAINING);
    for minima in [0.0, 0.4] {
        let synaptic = SynapticMaxout::new(4, values(20, 3), Some(values(5, 4))).expect("lengths fit");
        let layers = vec![
            dense(3, 4, Activation::Tanh, 1),
            Layer::SynapticMaxout(synaptic.with_minima(minima)),
            dense(5, 3, Activation::Softmax, 2),
        ];
        check("synaptic maxout", &Network::new(Shape::flat(3), layers).expect("the layers fit"), TRAINING);
    }
    let slopes = || ConvAct::new(values(4, 2), values(4, 3)).expect("lengths fit");
    between("conv act", vec![Layer::ConvAct(slopes())], TRAINING);
    let layers =
        vec![dense(3, 4, Activation::Linear, 1), Layer::ConvAct(slopes()), dense(4, 3, Activation::Softmax, 2)];
    check("dense", &Network::new(Shape::flat(3), layers).expect("the layers fit"), TRAINING);
    // A kernel for each side: y = A * max(x, 0) + B * min(x, 0).
    let node = Origin::Node;
    let depthwise = |tensor| {
        Layer::Conv2d(conv([3, 3, 1, 3], Activation::Linear, tensor).with_groups(3).with_padding(Padding::Same))
    };
    let nodes = vec![
        Node::new(Layer::Conv2d(conv([2, 2, 2, 3], Activation::Linear, 5)), [Origin::Input]),
        Node::new(Layer::Activation(Activation::Relu), [node(0)]),
        Node::new(Layer::Activation(Activation::NegLu), [node(0)]),
        Node::new(depthwise(6), [node(1)]),
        Node::new(depthwise(7), [node(2)]),
        Node::new(Layer::Add, [node(3), node(4)]),
        Node::new(Layer::GlobalAveragePool2d, [node(5)]),
        Node::new(dense(3, 3, Activation::Softmax, 8), [node(6)]),
    ];
    check("kernels", &Network::graph(Shape::new(4, 5, 2), nodes).expect("the nodes fit"), TRAINING);
}

fn maxout(pieces: usize, minima: f64) -> Layer<f64> {
    Layer::Maxout(Maxout::new(pieces).with_minima(minima))
}

/// Weights on both sides of -1, where the conductance ends.
fn averages(shape: [usize; 4], averaging: Averaging, tensor: u32) -> CwaConv2d<f64> {
    let [height, width, inputs, outputs] = shape;
    let shape = KernelShape { height, width, inputs, outputs };
    let kernel = values(shape.weights(), tensor).iter().map(|value| 2.0 * value).collect();
    CwaConv2d::new(shape, kernel, Extent::new(1, 2), averaging).expect("lengths fit")
}

#[test]
fn conductance_weighted_averages() {
    let open = |inputs| Averaging { clips: false, ..Averaging::conductances(inputs, -0.4) };
    let absolute = Averaging { leak: 0.3, rest: -0.2, clips: false, ..Averaging::ABSOLUTE };
    for averaging in [open(4), absolute, Averaging::conductances(4, 0.3)] {
        let layer = averages([2, 3, 4, 3], averaging, 1).with_padding(Padding::Same);
        between("cwa", vec![Layer::Activation(Activation::Softplus), Layer::CwaConv2d(layer)], TRAINING);
    }
    let layers = vec![
        Layer::DoubledInput(DoubledInput),
        Layer::CwaConv2d(averages([2, 2, 4, 6], Averaging::conductances(4, 0.4), 2)),
        Layer::CwaConv2d(averages([2, 2, 6, 4], Averaging::conductances(6, 0.4), 3)),
        Layer::Flatten,
        Layer::CwaDense(CwaDense::new(24, values(24 * 5, 4), Averaging::conductances(24, 0.4)).expect("lengths fit")),
        Layer::CwaDense(CwaDense::new(5, values(20, 5), absolute).expect("lengths fit")),
        dense(4, 3, Activation::Softmax, 6),
    ];
    check("network", &Network::new(Shape::new(5, 9, 2), layers).expect("the layers fit"), TRAINING);
    // All inputs on one side.
    for excitatory in [0, 1] {
        let averaging = Averaging { weighting: Weighting::Conductance { excitatory }, ..open(1) };
        let all =
            |inputs| Averaging { weighting: Weighting::Conductance { excitatory: excitatory * inputs }, ..averaging };
        let layers = vec![
            Layer::Activation(Activation::Sigmoid),
            Layer::CwaConv2d(averages([2, 2, 1, 6], averaging, 2)),
            Layer::Activation(Activation::Softplus),
            Layer::Flatten,
            Layer::CwaDense(CwaDense::new(48, values(48 * 5, 4), all(48)).expect("lengths fit")),
            dense(5, 3, Activation::Softmax, 6),
        ];
        check("one side", &Network::new(Shape::new(3, 9, 1), layers).expect("the layers fit"), TRAINING);
    }
    // What the doubling of inputs hands back, behind a layer that learns.
    between("doubled", vec![Layer::Activation(Activation::Sigmoid), Layer::DoubledInput(DoubledInput)], TRAINING);
}

/// With weights on both sides of -1, where the conductance ends; a strong leak keeps all units awake.
#[test]
fn lateral_inhibition() {
    for steps in [1, 3] {
        let kernels = [(30, 1), (18, 2), (18, 3)]
            .map(|(count, tensor)| values(count, tensor).iter().map(|value| 2.0 * value).collect::<Vec<_>>());
        let lateral = CwaLateral::new(5, kernels, 4.0, 0.8).expect("lengths fit").with_steps(steps);
        let layers =
            vec![dense(4, 5, Activation::Sigmoid, 4), Layer::CwaLateral(lateral), dense(6, 3, Activation::Softmax, 5)];
        check("lateral", &Network::new(Shape::flat(4), layers).expect("the layers fit"), TRAINING);
    }
}

/// A residual block of averages: p = max(0, (z + p_in) / 2), which stays between 0 and 1.
#[test]
fn halved_residual_connections() {
    let node = Origin::Node;
    let open = Averaging { clips: false, ..Averaging::conductances(4, -0.1) };
    let shape = KernelShape { height: 3, width: 3, inputs: 4, outputs: 4 };
    let block = CwaConv2d::new(shape, values(144, 1), Extent::square(1), open).expect("lengths fit");
    let nodes = vec![
        Node::new(Layer::DoubledInput(DoubledInput), [Origin::Input]),
        Node::new(Layer::CwaConv2d(averages([2, 2, 4, 4], Averaging::conductances(4, 0.5), 2)), [node(0)]),
        Node::new(Layer::CwaConv2d(block.with_padding(Padding::Same)), [node(1)]),
        Node::new(Layer::Add, [node(2), node(1)]),
        Node::new(Layer::Rescaling(Rescaling::new(0.5, 0.0)), [node(3)]),
        Node::new(Layer::Activation(Activation::Relu), [node(4)]),
        Node::new(Layer::Flatten, [node(5)]),
        Node::new(dense(48, 3, Activation::Softmax, 3), [node(6)]),
    ];
    let network = Network::graph(Shape::new(5, 6, 2), nodes).expect("the nodes fit");
    let inputs: Vec<f64> = values(600, 9).iter().map(|value| value.clamp(0.0, 1.0)).collect();
    let outputs = &network.activations(&inputs, 10)[5];
    assert!(outputs.iter().all(|output| (0.0..=1.0).contains(output)) && outputs.iter().any(|&output| output > 0.0));
    check("residual", &network, TRAINING);
}

/// With the statistics of the batch, whose gradient couples all samples, and with the moving ones.
#[test]
fn batch_normalisation() {
    for phase in [TRAINING, Phase::Inference] {
        let normalised = || Layer::BatchNormalization(normalisation(4, 0));
        between("normalisation", vec![normalised(), Layer::Activation(Activation::Softplus)], phase);
        let layers = vec![
            normalised(),
            Layer::Conv2d(conv([2, 2, 4, 3], Activation::Softplus, 1)),
            Layer::BatchNormalization(normalisation(3, 1).with_epsilon(0.1)),
            Layer::GlobalAveragePool2d,
            dense(3, 5, Activation::Tanh, 2),
            Layer::BatchNormalization(normalisation(5, 2)),
        ];
        between("several", layers, phase);
        let plain = normalisation(4, 0);
        let (gamma, beta) = (plain.gamma().map(<[f64]>::to_vec), plain.beta().map(<[f64]>::to_vec));
        let (mean, variance) = (plain.moving_mean().to_vec(), plain.moving_variance().to_vec());
        let partial = |gamma, beta| BatchNormalization::new(gamma, beta, mean.clone(), variance.clone()).expect("fits");
        for layer in [partial(gamma, None), partial(None, beta), partial(None, None)] {
            between("without scale or centre", vec![Layer::BatchNormalization(layer)], phase);
        }
        // The first layer of the network, behind which nothing wants a gradient.
        let first =
            vec![Layer::BatchNormalization(normalisation(2, 3)), Layer::Flatten, dense(12, 3, Activation::Softmax, 4)];
        check("first", &Network::new(Shape::new(2, 3, 2), first).expect("fits"), phase);
    }
}

/// Two residual blocks with batch normalisation on the branch and on the shortcut, a concatenation, a node with four
/// consumers, and a sum that takes one node twice.
#[test]
fn graphs() {
    let (input, node) = (Origin::Input, Origin::Node);
    // Without biases, which batch normalisation would take out again: their gradient is 0.
    let same = |[height, width, inputs, outputs]: [usize; 4], tensor| {
        let shape = KernelShape { height, width, inputs, outputs };
        let kernel = values(shape.weights(), tensor);
        let conv = Conv2d::new(shape, kernel, None, Extent::square(1), Activation::Linear).expect("lengths fit");
        Layer::Conv2d(conv.with_padding(Padding::Same))
    };
    let relu = || Layer::Activation(Activation::Softplus);
    let nodes = vec![
        Node::new(same([3, 3, 2, 3], 0), [input]),
        Node::new(Layer::BatchNormalization(normalisation(3, 0)), [node(0)]),
        Node::new(relu(), [node(1)]),
        Node::new(same([3, 3, 3, 3], 1), [node(2)]),
        Node::new(Layer::BatchNormalization(normalisation(3, 1)), [node(3)]),
        Node::new(same([1, 1, 3, 3], 2), [node(2)]),
        Node::new(Layer::BatchNormalization(normalisation(3, 2)), [node(5)]),
        Node::new(Layer::Add, [node(4), node(6), node(2)]),
        Node::new(relu(), [node(7)]),
        Node::new(Layer::Concatenate, [node(8), input, node(2)]),
        Node::new(Layer::Dropout(Dropout::new(0.2)), [node(9)]),
        Node::new(Layer::GlobalAveragePool2d, [node(10)]),
        Node::new(Layer::Add, [node(11), node(11)]),
        Node::new(dense(8, 3, Activation::Softmax, 5), [node(12)]),
    ];
    let network = Network::graph(Shape::new(4, 5, 2), nodes).expect("the nodes fit");
    for phase in [TRAINING, Phase::Inference] {
        check("graph", &network, phase);
    }
}
