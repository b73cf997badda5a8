//! Layers of graphs against numbers made by hand, and what does not fit together.

use ann::{
    Activation, AveragePool2d, BatchNormalization, Conv2d, Dense, Dropout, Extent, KernelShape, Layer, Margins,
    MaxPool2d, Network, NetworkError, Node, NoisySoftplus, Objective, Origin, Padding, Phase, Rescaling, Reshape,
    Shape, ZeroPadding2d, loss_and_gradients,
};

fn run(input: Shape, layers: Vec<Layer<f64>>, values: &[f64]) -> Vec<f64> {
    let network = Network::new(input, layers).expect("the layers fit");
    network.forward(values, values.len() / input.units())
}

fn ones(shape: [usize; 4], stride: usize) -> Conv2d<f64> {
    let [height, width, inputs, outputs] = shape;
    let shape = KernelShape { height, width, inputs, outputs };
    let kernel = (1..=shape.weights()).map(|weight| weight as f64).collect();
    Conv2d::new(shape, kernel, None, Extent::square(stride), Activation::Linear).expect("lengths fit")
}

/// A row of 1 2 3 4 under the kernel 1 2 3, by hand. With stride 2 the zeros of `Same` come behind: 0 before, 1 after.
#[test]
fn convolutions_pad_and_dilate_as_keras_does() {
    let input = Shape::new(1, 4, 1);
    let row = [1.0, 2.0, 3.0, 4.0];
    let outputs = |conv| run(input, vec![Layer::Conv2d(conv)], &row);
    assert_eq!(outputs(ones([1, 3, 1, 1], 1)), [14.0, 20.0]);
    assert_eq!(outputs(ones([1, 3, 1, 1], 1).with_padding(Padding::Same)), [8.0, 14.0, 20.0, 11.0]);
    assert_eq!(outputs(ones([1, 3, 1, 1], 2).with_padding(Padding::Same)), [14.0, 11.0]);
    let margins = Padding::Explicit(Margins { top: 0, bottom: 0, left: 2, right: 0 });
    assert_eq!(outputs(ones([1, 3, 1, 1], 1).with_padding(margins)), [3.0, 8.0, 14.0, 20.0]);
    assert_eq!(outputs(ones([1, 2, 1, 1], 1).with_dilation(Extent::new(1, 3))), [1.0 + 2.0 * 4.0]);
    let dilated = ones([1, 3, 1, 1], 1).with_dilation(Extent::new(1, 2)).with_padding(Padding::Same);
    assert_eq!(outputs(dilated), [2.0 + 9.0, 4.0 + 12.0, 1.0 + 6.0, 2.0 + 8.0]);
}

/// One cell with the channels 1 10 100 1000, by hand.
#[test]
fn groups_see_their_own_channels() {
    let cell = [1.0, 10.0, 100.0, 1000.0];
    let outputs = |conv| run(Shape::new(1, 1, 4), vec![Layer::Conv2d(conv)], &cell);
    // Weights [input, output]: 1 2 / 3 4; output 0 sees channels 0 and 1, output 1 channels 2 and 3.
    assert_eq!(outputs(ones([1, 1, 2, 2], 1).with_groups(2)), [1.0 + 30.0, 200.0 + 4000.0]);
    assert_eq!(outputs(ones([1, 1, 1, 4], 1).with_groups(4)), [1.0, 20.0, 300.0, 4000.0]);
    let depthwise = [1.0, 2.0, 30.0, 40.0, 500.0, 600.0, 7000.0, 8000.0];
    assert_eq!(outputs(ones([1, 1, 1, 8], 1).with_groups(4)), depthwise);
}

/// The map 1 2 3 / 4 5 6 / 7 8 -9 in 2x2 windows, by hand; cells outside the map do not count.
#[test]
fn pools_count_real_cells_only() {
    let map = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, -9.0];
    let input = Shape::new(3, 3, 1);
    let average = AveragePool2d::new(Extent::square(2), Activation::Linear).with_padding(Padding::Same);
    assert_eq!(run(input, vec![Layer::AveragePool2d(average)], &map), [3.0, 4.5, 7.5, -9.0]);
    let max = MaxPool2d::new(Extent::square(2));
    assert_eq!(run(input, vec![Layer::MaxPool2d(max)], &map), [5.0]);
    assert_eq!(run(input, vec![Layer::MaxPool2d(max.with_padding(Padding::Same))], &map), [5.0, 6.0, 8.0, -9.0]);
    let overlapping = max.with_stride(Extent::square(1));
    assert_eq!(run(input, vec![Layer::MaxPool2d(overlapping)], &map), [5.0, 6.0, 8.0, 8.0]);
    // Explicit padding may leave a window without any cell; its output is 0.
    let beside = Padding::Explicit(Margins { top: 0, bottom: 0, left: 3, right: 0 });
    let wide = AveragePool2d::new(Extent::square(3), Activation::Linear).with_padding(beside);
    assert_eq!(run(input, vec![Layer::AveragePool2d(wide)], &map), [0.0, 3.0]);
    assert_eq!(
        run(input, vec![Layer::MaxPool2d(MaxPool2d::new(Extent::square(3)).with_padding(beside))], &map),
        [0.0, 8.0]
    );
    assert_eq!(run(input, vec![Layer::GlobalAveragePool2d], &map), [3.0]);
    assert_eq!(run(input, vec![Layer::GlobalMaxPool2d], &map), [8.0]);
}

/// tanh and the logistic function at 0.5, e^-1 and ln 2 from mpmath, 40 digits.
#[test]
fn activations_by_number() {
    let at = |activation, value: f64| run(Shape::flat(1), vec![Layer::Activation(activation)], &[value])[0];
    for (activation, value, expected) in [
        (Activation::LeakyRelu { slope: 0.25 }, -2.0, -0.5),
        (Activation::LeakyRelu { slope: 0.25 }, 3.0, 3.0),
        (Activation::Elu { alpha: 2.0 }, -1.0, -1.264_241_117_657_115_4),
        (Activation::Elu { alpha: 2.0 }, 700.0, 700.0),
        (Activation::Sigmoid, 0.5, 0.622_459_331_201_854_6),
        (Activation::Sigmoid, -0.5, 0.377_540_668_798_145_4),
        (Activation::Tanh, 0.5, 0.462_117_157_260_009_8),
        (Activation::Tanh, -800.0, -1.0),
        (Activation::Softplus, 0.0, std::f64::consts::LN_2),
    ] {
        assert!((at(activation, value) - expected).abs() < 1e-15, "{activation} {value}: {}", at(activation, value));
        let layer: Layer<f32> = Layer::Activation(activation);
        let single = Network::new(Shape::flat(1), vec![layer]).expect("fits").forward(&[value as f32], 1)[0];
        assert!((f64::from(single) - expected).abs() < 2e-7 * (1.0 + expected.abs()), "{activation} {value}: {single}");
    }
}

#[test]
fn the_rest_by_hand() {
    let margins = Margins { top: 1, bottom: 0, left: 0, right: 2 };
    let padded = run(Shape::new(1, 1, 2), vec![Layer::ZeroPadding2d(ZeroPadding2d::new(margins))], &[5.0, 6.0]);
    assert_eq!(padded, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 5.0, 6.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(run(Shape::flat(2), vec![Layer::Rescaling(Rescaling::new(2.0, -1.0))], &[0.5, 3.0]), [0.0, 5.0]);
    // (x - 1) / sqrt(3.75 + 0.25) 3 + 0.5
    let layer = BatchNormalization::new(Some(vec![3.0]), Some(vec![0.5]), vec![1.0], vec![3.75]).expect("lengths fit");
    let layers = vec![Layer::BatchNormalization(layer.with_epsilon(0.25))];
    assert_eq!(run(Shape::flat(1), layers, &[1.0, 5.0]), [0.5, 6.5]);
    let node = Origin::Node;
    let nodes = vec![
        Node::new(Layer::Rescaling(Rescaling::new(10.0, 0.0)), [Origin::Input]),
        Node::new(Layer::Add, [node(0), Origin::Input, node(0)]),
        Node::new(Layer::Concatenate, [node(1), Origin::Input]),
    ];
    let network = Network::graph(Shape::new(1, 2, 1), nodes).expect("the nodes fit");
    assert_eq!(network.forward(&[1.0, 2.0], 1), [21.0, 1.0, 42.0, 2.0]);
    assert!(!network.is_chain());
}

/// Dropout is an identity after training. In training the kept units are scaled to keep the mean; the mask of a sample
/// follows from seed, epoch and number.
#[test]
fn dropout_leaves_out_a_fraction_by_address() {
    let units = 20_000;
    let dense = Dense::new(units, vec![1.0; 2 * units], None, Activation::Linear).expect("lengths fit");
    let layers = vec![Layer::Dropout(Dropout::new(0.25)), Layer::Dense(dense)];
    let network = Network::new(Shape::flat(units), layers).expect("fits");
    let inputs = vec![1.0_f64; 2 * units];
    assert_eq!(network.forward(&inputs[..units], 1), [units as f64; 2]);
    // With equal logits the gradient of a weight of the first output is -x/2 for label 0.
    let mask = |seed, epoch| {
        let phase = Phase::Training { seed, epoch };
        let gradients = loss_and_gradients(&network, &inputs, &[0, 0], Objective::default(), phase).1;
        gradients.tensors()[0].iter().step_by(2).map(|gradient| -4.0 * gradient).collect::<Vec<f64>>()
    };
    // Sums over two samples of 0 or 4/3 each.
    let sums = mask(1, 0);
    assert!(sums.iter().all(|sum| [0.0, 4.0 / 3.0, 8.0 / 3.0].iter().any(|value| (sum - value).abs() < 1e-12)));
    let kept = sums.iter().sum::<f64>() / (8.0 / 3.0) / units as f64;
    // Standard error of 40,000 draws: 0.0022; five of them.
    assert!((kept - 0.75).abs() < 0.011, "{kept}");
    assert_eq!(sums, mask(1, 0));
    assert!(sums != mask(2, 0) && sums != mask(1, 1));
    assert!(sums.iter().any(|&sum| (sum - 4.0 / 3.0).abs() < 1e-12), "two samples have masks of their own");
}

#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    let input = Shape::new(4, 4, 2);
    let node = Origin::Node;
    let graph = |nodes| Network::<f64>::graph(input, nodes).expect_err("must be refused");
    let chain = |layers| Network::<f64>::new(input, layers).expect_err("must be refused");
    let pool = || Layer::AveragePool2d(AveragePool2d::new(Extent::square(2), Activation::Linear));
    assert_eq!(
        graph(vec![Node::new(Layer::Add, [Origin::Input])]),
        NetworkError::Inputs { layer: 0, kind: "Add", expected: "two or more inputs", found: 1 }
    );
    assert_eq!(
        graph(vec![Node::new(Layer::Flatten, [Origin::Input, Origin::Input])]),
        NetworkError::Inputs { layer: 0, kind: "Flatten", expected: "one input", found: 2 }
    );
    assert_eq!(graph(vec![Node::new(Layer::Flatten, [node(0)])]), NetworkError::Order { layer: 0, origin: 0 });
    let unused = vec![Node::new(pool(), [Origin::Input]), Node::new(Layer::Flatten, [Origin::Input])];
    assert_eq!(graph(unused), NetworkError::Unused { layer: 0 });
    for merge in [Layer::Add, Layer::Concatenate] {
        let nodes = vec![Node::new(pool(), [Origin::Input]), Node::new(merge, [node(0), Origin::Input])];
        assert_eq!(graph(nodes), NetworkError::Merge { layer: 1, expected: Shape::new(2, 2, 2), found: input });
    }
    let output = Shape::new(3, 3, 2);
    let reshape = vec![Layer::Reshape(Reshape::new(output))];
    assert_eq!(chain(reshape), NetworkError::Reshape { layer: 0, input, output });
    let (setting, expected) = ("rate", "in [0, 1)");
    assert_eq!(
        chain(vec![Layer::Dropout(Dropout::new(1.0))]),
        NetworkError::Setting { layer: 0, setting, expected, found: 1.0 }
    );
    assert!(matches!(chain(vec![Layer::Dropout(Dropout::new(f64::NAN))]), NetworkError::Setting { .. }));
    assert!(matches!(
        chain(vec![Layer::Rescaling(Rescaling::new(f64::INFINITY, 0.0))]),
        NetworkError::Setting { layer: 0, setting: "scale", .. }
    ));
    let normal = |channels| BatchNormalization::<f64>::fresh(channels);
    assert_eq!(
        chain(vec![Layer::BatchNormalization(normal(3))]),
        NetworkError::Channels { layer: 0, expected: 3, found: input }
    );
    assert!(matches!(
        chain(vec![Layer::BatchNormalization(normal(2).with_epsilon(0.0))]),
        NetworkError::Setting { setting: "epsilon", .. }
    ));
    assert!(matches!(
        chain(vec![Layer::BatchNormalization(normal(2).with_momentum(1.5))]),
        NetworkError::Setting { setting: "momentum", .. }
    ));
    assert_eq!(
        BatchNormalization::new(None, Some(vec![0.0; 3]), vec![0.0; 2], vec![1.0; 2]),
        Err(NetworkError::TensorLength { tensor: "beta", expected: 2, found: 3 })
    );
    assert_eq!(
        BatchNormalization::new(None, None, vec![0.0; 2], vec![1.0, -1.0]),
        Err(NetworkError::Variance { channel: 1, found: -1.0 })
    );
    assert_eq!(
        chain(vec![Layer::Conv2d(ones([1, 1, 1, 3], 1).with_groups(2))]),
        NetworkError::Groups { layer: 0, groups: 2, outputs: 3 }
    );
    assert_eq!(
        chain(vec![Layer::Conv2d(ones([1, 1, 2, 2], 1).with_groups(2))]),
        NetworkError::Channels { layer: 0, expected: 4, found: input }
    );
    assert!(matches!(
        chain(vec![Layer::Conv2d(ones([2, 2, 2, 1], 1).with_dilation(Extent::square(4)))]),
        NetworkError::Window { layer: 0, .. }
    ));
    let margins = Margins::square(usize::MAX);
    assert!(matches!(
        chain(vec![Layer::ZeroPadding2d(ZeroPadding2d::new(margins))]),
        NetworkError::Size { layer: 0, .. }
    ));
    let padded = ones([2, 2, 2, 1], 1).with_padding(Padding::Explicit(margins));
    assert!(matches!(chain(vec![Layer::Conv2d(padded)]), NetworkError::Window { layer: 0, .. }));
    let noisy = Activation::NoisySoftplus(NoisySoftplus::EVENT_DRIVEN_5_MS);
    assert_eq!(chain(vec![Layer::Activation(noisy)]), NetworkError::NoVariance { layer: 0 });
    assert!(matches!(
        chain(vec![Layer::Activation(Activation::Elu { alpha: f64::NAN })]),
        NetworkError::Activation { layer: 0, .. }
    ));
    // A batch normalisation makes signed numbers, which no spike rate is.
    let signed =
        vec![Layer::BatchNormalization(normal(2)), Layer::AveragePool2d(AveragePool2d::new(Extent::square(2), noisy))];
    assert_eq!(chain(signed), NetworkError::SignedInput { layer: 1 });
}
