//! Networks that between them hold every layer and activation that a model file can.

use ann::{
    Activation, AveragePool2d, Averaging, BatchNormalization, Conv2d, ConvAct, CwaConv2d, CwaDense, CwaLateral, Dense,
    DoubledInput, Dropout, Extent, FixedNoise, KernelShape, Layer, LifRate, Margins, MaxPool2d, Maxout, Network, Node,
    NoisySoftplus, Origin, Padding, Rescaling, Reshape, RootFamily, RootUnit, Shape, SynapticMaxout, ZeroPadding2d,
    initialiser::Fans, initialiser::glorot_uniform,
};

fn weights(count: usize, tensor: u32) -> Vec<f32> {
    glorot_uniform(count, Fans { fan_in: 6, fan_out: 6, tensor }, 1.0, 13)
}

fn conv(shape: [usize; 4], activation: Activation, tensor: u32) -> Conv2d<f32> {
    let [height, width, inputs, outputs] = shape;
    let shape = KernelShape { height, width, inputs, outputs };
    let bias = tensor.is_multiple_of(2).then(|| weights(outputs, tensor + 100));
    Conv2d::new(shape, weights(shape.weights(), tensor), bias, Extent::square(1), activation).expect("lengths fit")
}

fn dense(inputs: usize, outputs: usize, activation: Activation, tensor: u32) -> Layer<f32> {
    let bias = Some(weights(outputs, tensor + 100));
    Layer::Dense(Dense::new(inputs, weights(inputs * outputs, tensor), bias, activation).expect("lengths fit"))
}

fn normalisation(channels: usize, tensor: u32, scale: bool, centre: bool) -> Layer<f32> {
    let positive = |tensor| weights(channels, tensor).iter().map(|value| 1.0 + 0.5 * value).collect::<Vec<f32>>();
    let gamma = scale.then(|| positive(tensor + 200));
    let beta = centre.then(|| weights(channels, tensor + 201));
    let layer = BatchNormalization::new(gamma, beta, weights(channels, tensor + 202), positive(tensor + 203));
    Layer::BatchNormalization(layer.expect("lengths fit").with_epsilon(1e-5).with_momentum(0.9))
}

/// A chain for images of 9x11x2.
pub(crate) fn chain() -> Network<f32> {
    let shape = KernelShape { height: 3, width: 3, inputs: 2, outputs: 6 };
    let strided = Conv2d::new(shape, weights(108, 1), None, Extent::square(2), Activation::Linear).expect("fits");
    let average = AveragePool2d::new(Extent::new(3, 2), Activation::Linear).with_stride(Extent::square(1));
    let max = MaxPool2d::new(Extent::square(3)).with_stride(Extent::square(2));
    let margins = Margins { top: 1, bottom: 0, left: 2, right: 1 };
    let layers = vec![
        Layer::Rescaling(Rescaling::new(2.0, -0.5)),
        Layer::Conv2d(strided.with_padding(Padding::Same)),
        normalisation(6, 1, true, true),
        Layer::Activation(Activation::Relu),
        Layer::Conv2d(conv([2, 2, 1, 12], Activation::LeakyRelu { slope: 0.15 }, 2).with_groups(6)),
        Layer::AveragePool2d(average.with_padding(Padding::Same)),
        Layer::Dropout(Dropout::new(0.25)),
        Layer::ZeroPadding2d(ZeroPadding2d::new(margins)),
        Layer::Conv2d(conv([3, 2, 12, 5], Activation::Elu { alpha: 0.7 }, 3).with_dilation(Extent::square(2))),
        Layer::Activation(Activation::LeakyRelu { slope: 0.3 }),
        Layer::Activation(Activation::Elu { alpha: 1.5 }),
        Layer::MaxPool2d(max.with_padding(Padding::Same)),
        Layer::Flatten,
        dense(15, 12, Activation::Sigmoid, 4),
        normalisation(12, 2, false, true),
        Layer::Reshape(Reshape::new(Shape::new(2, 3, 2))),
        Layer::Conv2d(conv([1, 2, 2, 4], Activation::Tanh, 5)),
        Layer::Activation(Activation::Softplus),
        Layer::Activation(Activation::Sigmoid),
        Layer::GlobalAveragePool2d,
        normalisation(4, 3, true, false),
        dense(4, 5, Activation::Linear, 6),
        Layer::Activation(Activation::Softmax),
    ];
    Network::new(Shape::new(9, 11, 2), layers).expect("the layers fit")
}

/// A chain of Noisy Softplus layers for images of 9x8x2.
pub(crate) fn noisy() -> Network<f32> {
    let noisy = Activation::NoisySoftplus(NoisySoftplus::EVENT_DRIVEN_5_MS);
    let pool = AveragePool2d::new(Extent::square(3), noisy).with_stride(Extent::square(2));
    let layers = vec![
        Layer::Conv2d(conv([3, 2, 2, 4], noisy, 20).with_padding(Padding::Same)),
        Layer::AveragePool2d(pool.with_padding(Padding::Same)),
        Layer::Conv2d(conv([2, 2, 4, 3], noisy, 21).with_dilation(Extent::new(2, 1))),
        Layer::Flatten,
        dense(27, 6, noisy, 22),
        dense(6, 3, Activation::Softmax, 23),
    ];
    Network::new(Shape::new(9, 8, 2), layers).expect("the layers fit")
}

/// A chain of units that Keras has in docs/keras_layers.py, for images of 6x7x2.
pub(crate) fn own_units() -> Network<f32> {
    let shape = KernelShape { height: 2, width: 3, inputs: 4, outputs: 6 };
    let averages = CwaConv2d::new(shape, weights(144, 30), Extent::new(2, 1), Averaging::conductances(4, -0.1));
    let averages = averages.expect("lengths fit").with_padding(Padding::Same);
    let root = |family, radix| Activation::RootUnit(RootUnit::new(family, radix));
    let slopes = ConvAct::new(weights(6, 31), weights(6, 32)).expect("lengths fit");
    let neuron = sim::IfCurrExp { i_offset: 0.25, tau_refrac: 1.5, ..sim::IfCurrExp::default() };
    let lif = Activation::LifRate(LifRate { neuron, sigma: 0.0 });
    let lateral = CwaLateral::new(5, [weights(25, 40), weights(15, 41), weights(15, 42)], 1.0, 0.3).expect("fits");
    let cwa = |inputs: usize, averaging, tensor| {
        Layer::CwaDense(CwaDense::new(inputs, weights(inputs * 5, tensor), averaging).expect("lengths fit"))
    };
    let synaptic = |bias: Option<Vec<f32>>, inputs, tensor| {
        SynapticMaxout::new(inputs, weights(35, tensor), bias).expect("lengths fit")
    };
    let layers = vec![
        Layer::DoubledInput(DoubledInput),
        Layer::CwaConv2d(averages),
        Layer::ConvAct(slopes),
        Layer::Maxout(Maxout::new(2).with_minima(0.5)),
        Layer::Conv2d(conv([2, 2, 3, 4], root(RootFamily::Rectified, 3.0), 33)),
        Layer::Activation(root(RootFamily::Exponential, 2.0)),
        Layer::Conv2d(conv([1, 1, 4, 4], Activation::NegLu, 34)),
        Layer::Activation(Activation::NegLu),
        Layer::Activation(Activation::FixedNoise(FixedNoise { k: 0.1 + 0.2, sigma: 1.0 / 3.0 })),
        Layer::Maxout(Maxout::new(2)),
        Layer::Flatten,
        dense(24, 6, root(RootFamily::Odd, 1.5), 35),
        dense(6, 6, Activation::FixedNoise(FixedNoise { k: 0.3, sigma: 0.45 }), 39),
        dense(6, 5, lif, 36),
        Layer::Activation(lif),
        cwa(5, Averaging { leak: 0.5, clips: false, ..Averaging::conductances(5, 0.25) }, 37),
        Layer::Activation(Activation::Relu),
        Layer::SynapticMaxout(synaptic(Some(weights(7, 44)), 5, 43).with_minima(0.3)),
        Layer::SynapticMaxout(synaptic(None, 7, 45)),
        Layer::Activation(Activation::Relu),
        Layer::CwaLateral(lateral.with_steps(2)),
        cwa(5, Averaging::ABSOLUTE, 38),
        dense(5, 3, Activation::Softmax, 39),
    ];
    Network::new(Shape::new(6, 7, 2), layers).expect("the layers fit")
}

/// A graph for images of 6x5x3: two residual blocks, a concatenation, two global pools.
pub(crate) fn graph() -> Network<f32> {
    let node = Origin::Node;
    let same = |shape, activation, tensor| Layer::Conv2d(conv(shape, activation, tensor).with_padding(Padding::Same));
    let nodes = vec![
        Node::new(same([3, 3, 3, 4], Activation::Relu, 10), [Origin::Input]),
        Node::new(same([3, 3, 4, 4], Activation::Linear, 11), [node(0)]),
        Node::new(normalisation(4, 4, true, true), [node(1)]),
        Node::new(Layer::Add, [node(2), node(0)]),
        Node::new(Layer::Activation(Activation::Tanh), [node(3)]),
        Node::new(same([1, 1, 4, 4], Activation::Softplus, 12), [node(4)]),
        Node::new(Layer::Add, [node(5), node(4), node(0)]),
        Node::new(Layer::Concatenate, [node(6), Origin::Input, node(4)]),
        Node::new(Layer::GlobalAveragePool2d, [node(7)]),
        Node::new(Layer::GlobalMaxPool2d, [node(7)]),
        Node::new(Layer::Concatenate, [node(9), node(8)]),
        Node::new(dense(22, 4, Activation::Softmax, 13), [node(10)]),
    ];
    Network::graph(Shape::new(6, 5, 3), nodes).expect("the nodes fit")
}
