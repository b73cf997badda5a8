//! Conversion of networks that are small enough to be understood.

#![allow(clippy::unwrap_used)] // A failure here is a failed test.

use ann::{
    Activation, AveragePool2d, Averaging, Conv2d, CwaDense, DoubledInput, Dropout, Extent, FixedNoise, KernelShape,
    Layer, Margins, MaxPool2d, Maxout, MixLu, MixLuVariant, Network, Node, NoisySoftplus, Origin, Reshape, Samples,
    Shape, ZeroPadding2d,
};
use convert::{
    ConversionError, ConversionSettings, Decision, IntegrateNetwork, IntegrateSettings, Outcome, Presentation, ReadOut,
    Route, SpikingNetwork, present,
};
use sim::IfCurrExp;
use std::ops::ControlFlow;

mod probe;

use probe::{assert_rates, dense, pixels, rates};

const NSP: Activation = Activation::NoisySoftplus(NoisySoftplus::EVENT_DRIVEN_5_MS);

/// Four inputs, three ReLU units (one with a bias), two classes.
fn relu_network() -> Network<f32> {
    let hidden = [1.0, -0.5, 0.3, 0.5, 0.5, -0.4, -0.25, 1.0, 0.6, 0.25, 0.25, 0.1];
    let layers = vec![
        dense(4, &hidden, Some(&[0.0, 0.0, 0.3]), Activation::Relu),
        dense(3, &[1.0, -1.0, -1.0, 1.0, 0.2, 0.1], None, Activation::Softmax),
    ];
    Network::new(Shape::flat(4), layers).unwrap()
}

fn convert(network: &Network<f32>) -> Result<SpikingNetwork, ConversionError> {
    let (pixels, labels) = (pixels(), vec![0; 100]);
    SpikingNetwork::convert(network, Samples { pixels: &pixels, labels: &labels }, &ConversionSettings::default())
}

#[test]
fn rates_stand_for_relu_activations() {
    let trained = relu_network();
    let spiking = convert(&trained).unwrap();
    assert_eq!(spiking.route(), Route::Normalised);
    for image in [[255, 0, 0, 0], [0, 255, 100, 0], [200, 200, 200, 200], [10, 10, 10, 10]] {
        let inputs = image.map(|pixel| f32::from(pixel) / 255.0);
        let wanted = trained.activations(&inputs, 1);
        assert_rates(&rates(&spiking, &image, 0), &wanted[0], spiking.layers()[0].unit_rate);
    }
}

/// At a fixed noise Noisy Softplus is an activation like Softplus: without units of its own, and above 0 at rest.
#[test]
fn noisy_softplus_at_a_fixed_noise_is_normalised() {
    let hidden = [1.0, -0.5, 0.3, 0.5, 0.5, -0.4, -0.25, 1.0, 0.6, 0.25, 0.25, 0.1];
    let layers = vec![
        dense(4, &hidden, None, Activation::FixedNoise(FixedNoise { k: 0.3, sigma: 0.45 })),
        dense(3, &[1.0, -1.0, -1.0, 1.0, 0.2, 0.1], None, Activation::Softmax),
    ];
    let trained = Network::new(Shape::flat(4), layers).unwrap();
    let spiking = convert(&trained).unwrap();
    assert_eq!(spiking.route(), Route::Normalised);
    for image in [[255, 0, 0, 0], [0, 255, 100, 0], [200, 200, 200, 200]] {
        let inputs = image.map(|pixel| f32::from(pixel) / 255.0);
        assert_rates(&rates(&spiking, &image, 0), &trained.activations(&inputs, 1)[0], spiking.layers()[0].unit_rate);
    }
}

#[test]
fn noisy_softplus_weights_stay_nano_amperes() {
    let kernel = KernelShape { height: 2, width: 2, inputs: 1, outputs: 2 };
    let weights: Vec<f32> = (0..8u8).map(|i| f32::from(i) / 10.0 - 0.3).collect();
    let conv = Conv2d::new(kernel, weights, Some(vec![0.05, -0.02]), Extent::square(1), NSP).unwrap();
    let layers = vec![
        Layer::Conv2d(conv),
        Layer::AveragePool2d(AveragePool2d::new(Extent::square(2), NSP)),
        Layer::Flatten,
        dense(2, &[1.0, -1.0, -0.5, 0.5], None, Activation::Softmax),
    ];
    let trained = Network::new(Shape::new(3, 3, 1), layers).unwrap();
    let (pixels, labels) = (vec![128; 90], vec![0; 10]);
    let samples = Samples { pixels: &pixels, labels: &labels };
    let spiking = SpikingNetwork::convert(&trained, samples, &ConversionSettings::default()).unwrap();
    assert_eq!(spiking.route(), Route::Physical);
    // One spike per synaptic time constant stands for one.
    assert_eq!(spiking.max_rate(), 200.0);
    let populations = spiking.networks().next().unwrap().populations();
    assert_eq!(populations.iter().map(sim::Population::size).collect::<Vec<_>>(), [8, 2, 2]);
    // i_offset of the calibration (0.1 nA) plus the bias of the channel, channels last.
    for (i, &i_offset) in populations[0].i_offset().iter().enumerate() {
        assert!((i_offset - [0.15, 0.08][i % 2]).abs() < 1e-8);
    }
    let wanted = trained.activations(&[128.0 / 255.0; 9], 1);
    for (layer, wanted) in wanted[..2].iter().enumerate() {
        assert_rates(&rates(&spiking, &[128; 9], layer), wanted, 200.0);
    }
}

/// Flattening comes before the first neurons and decides nothing; a lower pixel rate is made up for by the weights.
#[test]
fn noisy_softplus_after_flatten_at_another_input_rate() {
    let layers = vec![
        Layer::Flatten,
        dense(4, &[0.4, -0.2, 0.1, 0.5, 0.3, 0.3, -0.1, 0.6], Some(&[0.05, 0.0]), NSP),
        dense(2, &[1.0, -1.0, -0.5, 0.5], None, Activation::Softmax),
    ];
    let trained = Network::new(Shape::new(2, 2, 1), layers).unwrap();
    let (pixels, labels) = (pixels(), vec![0; 100]);
    let samples = Samples { pixels: &pixels, labels: &labels };
    for max_rate in [Some(100.0), None] {
        let settings = ConversionSettings { max_rate, ..ConversionSettings::default() };
        let spiking = SpikingNetwork::convert(&trained, samples, &settings).unwrap();
        assert_eq!(spiking.route(), Route::Physical);
        let wanted = trained.activations(&[1.0, 0.0, 1.0, 0.5], 1);
        assert_rates(&rates(&spiking, &[255, 0, 255, 128], 0), &wanted[1], 200.0);
    }
}

#[test]
fn outcomes_depend_on_the_image_alone() {
    let spiking = convert(&relu_network()).unwrap();
    let (pixels, labels) = (pixels(), vec![0; 100]);
    let presentation = Presentation { latencies: vec![2.0, 100.0, 200.0], seed: 5, read_out: ReadOut::Count };
    let all = Samples { pixels: &pixels, labels: &labels };
    let few = Samples { pixels: &pixels[..40], labels: &labels[..10] };
    let every: Vec<usize> = (0..100).collect();
    let outcomes = present(&spiking, all, &every, &presentation, &|_, _| ControlFlow::Continue(())).unwrap();
    let first = present(&spiking, few, &every[..10], &presentation, &|_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!(outcomes[..10], first[..]);
    let chosen = present(&spiking, all, &[7, 3], &presentation, &|_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!(chosen, [outcomes[7].clone(), outcomes[3].clone()]);
    assert!(outcomes.iter().flatten().any(|outcome| matches!(outcome.decisions[2], Decision::Class(_))));
    // Two delays of 1 ms lie between input and output.
    assert!(outcomes.iter().flatten().all(|outcome| outcome.decisions[0] == Decision::Silent));
    // Stopping keeps what is done.
    let stopped = present(&spiking, few, &every[..10], &presentation, &|_, _| ControlFlow::Break(())).unwrap();
    assert!(stopped.iter().flatten().count() < 10);
    assert!(stopped[0].is_none() || stopped[0] == outcomes[0]);
}

/// Outputs may rectify or not: the greatest sum decides. Weights of Noisy Softplus outputs are nA as well.
#[test]
fn outputs_of_any_activation_decide() {
    let hidden = [1.0, -0.5, 0.3, 0.5, 0.5, -0.4, -0.25, 1.0, 0.6, 0.25, 0.25, 0.1];
    let outputs = [0.3, 0.2, 0.2, 0.3, 0.1, 0.05];
    let network = |within, last| {
        Network::new(Shape::flat(4), vec![dense(4, &hidden, None, within), dense(3, &outputs, None, last)]).unwrap()
    };
    let spiking = |last| convert(&network(Activation::Relu, last)).unwrap();
    let softmax = spiking(Activation::Softmax);
    for last in [Activation::Relu, Activation::Sigmoid, Activation::Linear] {
        assert_eq!(spiking(last).layers(), softmax.layers(), "{last:?}");
    }
    let integrate = |last| {
        let (pixels, labels) = (pixels(), vec![0; 100]);
        let samples = Samples { pixels: &pixels, labels: &labels };
        let network = IntegrateNetwork::convert(&network(Activation::Relu, last), samples, &Default::default());
        network.unwrap().layers().map(|layer| layer.threshold).collect::<Vec<_>>()
    };
    assert_eq!(integrate(Activation::Sigmoid), integrate(Activation::Softmax));
    let falling = network(Activation::Relu, Activation::LeakyRelu { slope: -1.0 });
    assert!(matches!(convert(&falling), Err(ConversionError::Unsupported { layer: 1, .. })));
    let trained = network(NSP, NSP);
    let spiking = convert(&trained).unwrap();
    assert_eq!((spiking.layers()[1].per_unit, spiking.layers()[1].unit_rate), (1.0, 200.0));
    let image = [255, 100, 100, 200];
    let wanted = trained.activations(&image.map(|pixel| f32::from(pixel) / 255.0), 1);
    assert_rates(&rates(&spiking, &image, 1), &wanted[1], 200.0);
}

#[test]
fn what_cannot_be_converted_is_refused() {
    let shape = Shape::flat(4);
    let classifier = || dense(2, &[1.0, 0.0, 0.0, 1.0], None, Activation::Softmax);
    let hidden = |activation| dense(4, &[0.1; 8], None, activation);
    let refusal = |layers| convert(&Network::new(shape, layers).unwrap()).unwrap_err();

    let error = refusal(vec![hidden(NSP), dense(2, &[0.1; 4], None, Activation::Relu), classifier()]);
    assert!(matches!(error, ConversionError::MixedUnits { layer: 1, .. }), "{error}");
    let error = refusal(vec![hidden(Activation::Relu), dense(2, &[0.1; 4], None, NSP), classifier()]);
    assert!(matches!(error, ConversionError::MixedUnits { layer: 1, .. }), "{error}");
    let kernel = KernelShape { height: 1, width: 1, inputs: 1, outputs: 1 };
    let map = Conv2d::new(kernel, vec![1.0], None, Extent::square(1), Activation::Relu).unwrap();
    let error = refusal(vec![Layer::Reshape(Reshape::new(Shape::new(2, 2, 1))), Layer::Conv2d(map)]);
    assert!(matches!(error, ConversionError::NoClassifier { .. }), "{error}");
    let error = refusal(vec![dense(4, &[-0.1; 8], None, Activation::Relu), classifier()]);
    assert!(matches!(error, ConversionError::Silent { layer: 0, .. }), "{error}");

    let neuron = IfCurrExp { tau_syn_i: 7.0, ..IfCurrExp::liu_furber_2016() };
    let settings = ConversionSettings { neuron, ..ConversionSettings::default() };
    let (pixels, labels) = (pixels(), vec![0; 100]);
    let samples = Samples { pixels: &pixels, labels: &labels };
    let error = SpikingNetwork::convert(&relu_network(), samples, &settings).unwrap_err();
    assert!(matches!(error, ConversionError::SynapticTimeConstants { .. }), "{error}");
    for broken in [
        ConversionSettings { max_rate: Some(-1.0), ..ConversionSettings::default() },
        ConversionSettings { hidden_rate: f64::NAN, ..ConversionSettings::default() },
        ConversionSettings { output_rate: 0.0, ..ConversionSettings::default() },
        ConversionSettings { delay: -1.0, ..ConversionSettings::default() },
    ] {
        assert!(SpikingNetwork::convert(&relu_network(), samples, &broken).is_err(), "{broken:?}");
    }
    let many = vec![dense(4, &[0.1; 4 * 300], None, Activation::Softmax)];
    let error = refusal(many);
    assert!(matches!(error, ConversionError::TooManyClasses { found: 300 }), "{error}");
    let wrong = Samples { pixels: &pixels[..300], labels: &labels };
    let error = SpikingNetwork::convert(&relu_network(), wrong, &ConversionSettings::default()).unwrap_err();
    assert!(matches!(error, ConversionError::InputShape { .. }), "{error}");
}

/// Dropout does nothing after training: the spiking network is that without it.
#[test]
fn dropout_is_an_identity() {
    let plain = relu_network();
    let mut layers = plain.layers().to_vec();
    layers.insert(1, Layer::Dropout(Dropout::new(0.5)));
    let with = convert(&Network::new(plain.input(), layers).unwrap()).unwrap();
    let without = convert(&plain).unwrap();
    let fits = |spiking: &SpikingNetwork| spiking.layers().iter().map(|layer| layer.fits[0]).collect::<Vec<_>>();
    assert_eq!(fits(&with), fits(&without));
}

/// Each layer without a counterpart is named, with what is in the way and what to do.
#[test]
fn layers_without_counterpart_are_refused_by_name() {
    let input = Shape::new(2, 2, 1);
    let classifier = |units| dense(units, &vec![0.5; 2 * units], None, Activation::Softmax);
    let refusal = |layers: Vec<Layer<f32>>| {
        let mut layers = layers;
        layers.push(Layer::Flatten);
        let units = Network::new(input, layers.clone()).unwrap().output().units();
        layers.push(classifier(units));
        convert(&Network::new(input, layers).unwrap()).unwrap_err().to_string()
    };
    let conv = |activation| {
        let shape = KernelShape { height: 1, width: 1, inputs: 1, outputs: 2 };
        Layer::Conv2d(Conv2d::new(shape, vec![0.5, -0.5], None, Extent::square(1), activation).unwrap())
    };
    let cwa = || Layer::CwaDense(CwaDense::new(4, vec![0.1; 8], Averaging::conductances(4, -0.4)).unwrap());
    let pool = AveragePool2d::new(Extent::square(2), NSP).with_stride(Extent::square(1));
    let margins = ZeroPadding2d::new(Margins::square(1));
    for (layers, expected) in [
        (vec![conv(NSP), Layer::AveragePool2d(pool)], "layer 1 (AveragePooling2D) has windows that overlap"),
        (
            vec![conv(Activation::Linear), Layer::MaxPool2d(MaxPool2d::new(Extent::square(2)))],
            "layer 1 (MaxPooling2D) takes a maximum of outputs that may be negative",
        ),
        (vec![Layer::ZeroPadding2d(margins)], "layer 1 (Flatten) takes padded maps"),
        (vec![Layer::DoubledInput(DoubledInput)], "layer 0 (DoubledInput) stretches"),
        (vec![Layer::MixLu(MixLu::new(0.1, MixLuVariant::Fixed, 1))], "layer 0 (MixLU) has units of two kinds"),
        (vec![Layer::Flatten, cwa()], "layer 1 (CwaDense) weighs conductances"),
        (vec![Layer::Flatten, Layer::Maxout(Maxout::new(2))], "layer 1 (Maxout) takes a maximum"),
        (
            vec![Layer::Flatten, dense(4, &[0.1; 8], None, "siegert".parse().unwrap())],
            "layer 1 (Dense) has a firing rate under noise of one strength",
        ),
    ] {
        let message = refusal(layers);
        assert!(message.starts_with(expected), "{message}");
        assert!(message.contains("cannot be converted: "), "{message}");
    }
}

/// The rates of two populations stand for outputs of both signs; 20 s of Poisson input.
#[test]
fn signed_outputs_have_two_populations() {
    let hidden = [1.0, -0.5, -1.3, 0.5, 0.5, -1.4, -0.25, 1.0, 0.6, 0.25, -1.25, 0.1];
    for activation in [Activation::Tanh, Activation::Linear, Activation::LeakyRelu { slope: 0.3 }] {
        let layers = vec![
            dense(4, &hidden, Some(&[0.0, 0.0, 0.3]), activation),
            dense(3, &[1.0, -1.0, -1.0, 1.0, 0.2, 0.1], None, Activation::Softmax),
        ];
        let trained = Network::new(Shape::flat(4), layers).unwrap();
        let spiking = convert(&trained).unwrap();
        let [positive, negative, _] = spiking.layers() else { panic!("{:?}", spiking.layers()) };
        assert!(!positive.is_negative && negative.is_negative);
        let image = [200, 10, 100, 250];
        let wanted = trained.activations(&image.map(|pixel| f32::from(pixel) / 255.0), 1).swap_remove(0);
        let signed: Vec<f64> =
            rates(&spiking, &image, 0).iter().zip(rates(&spiking, &image, 1)).map(|(p, n)| p - n).collect();
        assert!(wanted.iter().any(|&wanted| wanted < -0.1) && wanted.iter().any(|&wanted| wanted > 0.1));
        for (rate, wanted) in signed.iter().zip(wanted) {
            let wanted = positive.unit_rate * f64::from(wanted);
            // Each of the two has the error that the fit tells of, of which this is three times.
            let error = 3.0 * (positive.fits[0].rmse + negative.fits[0].rmse);
            assert!((rate - wanted).abs() < error.max(10.0), "{activation}: {rate} Hz instead of {wanted} Hz");
        }
    }
}

/// A maximum passes on as many spikes as its most active unit fires.
#[test]
fn a_maximum_has_the_rate_of_the_greatest() {
    let kernel = KernelShape { height: 1, width: 1, inputs: 1, outputs: 1 };
    let conv = Conv2d::new(kernel, vec![1.0], None, Extent::square(1), Activation::Relu).unwrap();
    let layers = vec![
        Layer::Conv2d(conv),
        Layer::MaxPool2d(MaxPool2d::new(Extent::square(2))),
        Layer::Flatten,
        dense(1, &[1.0, -1.0], None, Activation::Softmax),
    ];
    let spiking = convert(&Network::new(Shape::new(2, 2, 1), layers).unwrap()).unwrap();
    assert_eq!(spiking.networks().count(), 2);
    let samples = Samples { pixels: &[0, 255, 60, 128], labels: &[0] };
    let presentation = Presentation { latencies: vec![20_000.0], seed: 3, read_out: ReadOut::Count };
    let outcome = present(&spiking, samples, &[0], &presentation, &|_, _| ControlFlow::Continue(())).unwrap();
    let outcome = outcome[0].clone().unwrap();
    assert_eq!(outcome.decisions, [Decision::Class(0)]);
    // The brightest pixel of four alone makes what the output hears: twice the weight is twice the rate of one unit.
    let events = outcome.synaptic_events - outcome.input_spikes;
    let alone = rates(&spiking, &[0, 255, 60, 128], 0)[1] * 20.0;
    assert!((events as f64 / 2.0 - alone).abs() <= 0.05 * alone, "{events} events, {alone} spikes");
}

/// Channels of branches that were flattened first lie one branch after the other, not cell by cell; and a vector may become a map again.
#[test]
fn shapes_are_those_at_the_junction() {
    let conv = |weights: [f32; 2]| {
        let shape = KernelShape { height: 1, width: 1, inputs: 1, outputs: 2 };
        Layer::Conv2d(Conv2d::new(shape, weights.to_vec(), None, Extent::square(1), Activation::Relu).unwrap())
    };
    // The classifier hears nothing but the second channel of the second branch, in its last cell.
    let mut kernel = vec![0.0; 16 * 2];
    kernel[15 * 2] = 1.0;
    let nodes = vec![
        Node::new(conv([1.0, 0.5]), [Origin::Input]),
        Node::new(conv([0.25, 1.0]), [Origin::Input]),
        Node::new(Layer::Flatten, [Origin::Node(0)]),
        Node::new(Layer::Flatten, [Origin::Node(1)]),
        Node::new(Layer::Concatenate, [Origin::Node(2), Origin::Node(3)]),
        Node::new(dense(16, &kernel, None, Activation::Softmax), [Origin::Node(4)]),
    ];
    let joined = Network::graph(Shape::new(2, 2, 1), nodes).unwrap();
    let identity: Vec<f32> = (0..16).map(|i| if i % 5 == 0 { 1.0 } else { 0.0 }).collect();
    let layers = vec![
        dense(4, &identity, None, Activation::Relu),
        Layer::Reshape(Reshape::new(Shape::new(2, 2, 1))),
        Layer::MaxPool2d(MaxPool2d::new(Extent::new(1, 2))),
        Layer::Flatten,
        dense(2, &[0.0, 0.0, 1.0, 0.0], None, Activation::Softmax),
    ];
    let reshaped = Network::new(Shape::flat(4), layers).unwrap();
    let presentation = Presentation { latencies: vec![2000.0], seed: 3, read_out: ReadOut::Count };
    for trained in [joined, reshaped] {
        let spiking = convert(&trained).unwrap();
        let integrating = {
            let (pixels, labels) = (pixels(), vec![0; 100]);
            let samples = Samples { pixels: &pixels, labels: &labels };
            IntegrateNetwork::convert(&trained, samples, &IntegrateSettings::default()).unwrap()
        };
        // Only the last pixel decides for the first class.
        let samples = Samples { pixels: &[0, 0, 0, 255, 255, 255, 0, 0], labels: &[0, 0] };
        let keep_on = |_: usize, _: &Outcome| ControlFlow::Continue(());
        let leaky = present(&spiking, samples, &[0, 1], &presentation, &keep_on).unwrap();
        let steps = integrating.present(samples, &[0, 1], &[50], &keep_on).unwrap();
        for outcomes in [leaky, steps] {
            let decided = outcomes.into_iter().map(|outcome| outcome.unwrap().decisions[0]).collect::<Vec<_>>();
            assert_eq!(decided[0], Decision::Class(0));
            assert_ne!(decided[1], Decision::Class(0));
        }
    }
}

/// Images may meet a maximum before any neuron.
#[test]
fn a_network_that_begins_with_a_maximum_can_be_examined() {
    let layers = vec![
        Layer::MaxPool2d(MaxPool2d::new(Extent::square(2))),
        Layer::Flatten,
        dense(1, &[1.0, 0.5], None, Activation::Relu),
        dense(2, &[1.0, -1.0, 0.3, 0.2], None, Activation::Softmax),
    ];
    let trained = Network::new(Shape::new(2, 2, 1), layers).unwrap();
    let spiking = convert(&trained).unwrap();
    let samples = Samples { pixels: &[200, 10, 0, 250, 20, 20, 20, 20], labels: &[0, 0] };
    let layers = spiking.examine(&trained, samples, 500.0, 1).unwrap().layers;
    assert_eq!(layers.len(), 1);
    assert!(layers[0].correlation > 0.9, "{layers:?}");
    let presentation = Presentation { latencies: vec![500.0], seed: 1, read_out: ReadOut::Count };
    let outcomes = present(&spiking, samples, &[0], &presentation, &|_, _| ControlFlow::Continue(())).unwrap();
    assert!(outcomes[0].as_ref().unwrap().input_spikes > 50);
}
