//! Training: it learns, and the number of threads does not matter.

use std::ops::ControlFlow;

use ann::{
    Activation, ActivationChoice, AveragePool2d, BatchNormalization, Conv2d, Dense, Dropout, Extent, History,
    KernelShape, Layer, Method, Network, Node, NoisySoftplus, Objective, Optimiser, Origin, Padding, Progress,
    RateLimit, Samples, Schedule, Shape, TrainingError, TrainingSettings, WeightDecay, evaluate, initialiser::Fans,
    initialiser::glorot_uniform, loss_and_gradients, model, train,
};

const CONSTANTS: ActivationChoice = ActivationChoice::NoisySoftplus(NoisySoftplus::EVENT_DRIVEN_5_MS);

/// Images of 28x28 with a bar whose row tells the class: a task that any sound training solves.
fn bars(count: usize) -> (Vec<u8>, Vec<u8>) {
    let labels: Vec<u8> = (0..count).map(|sample| (sample % 10) as u8).collect();
    let mut pixels = vec![0; count * 784];
    for (sample, (image, &label)) in pixels.chunks_exact_mut(784).zip(&labels).enumerate() {
        let row = 2 + 2 * usize::from(label);
        let (left, length) = (4 + sample % 7, 12 + sample % 5);
        for row in [row, row + 1] {
            image[row * 28 + left..row * 28 + left + length].fill(180 + (sample % 70) as u8);
        }
    }
    (pixels, labels)
}

fn settings(epochs: usize) -> TrainingSettings {
    let schedule = Schedule::Exponential { factor: 0.9 };
    TrainingSettings::new(Optimiser { schedule, ..Optimiser::new(Method::ADAM, 0.01) }, epochs, 50, 9)
}

fn trained(choice: ActivationChoice, settings: &TrainingSettings, threads: usize) -> (Network<f32>, History) {
    let (pixels, labels) = bars(330);
    let mut network = model::paper(choice, 4);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let history = pool.install(|| {
        let samples = Samples { pixels: &pixels, labels: &labels };
        train(&mut network, samples, settings, &mut |_| ControlFlow::Continue(()))
    });
    (network, history.expect("trains"))
}

#[test]
fn each_activation_and_method_learns_bars() {
    let (pixels, labels) = bars(330);
    let adam = settings(8);
    // Softplus starts from outputs near ln 2 everywhere, in which the bars hardly show.
    let mut patient = settings(60);
    patient.optimiser.learning_rate = 0.003;
    patient.optimiser.schedule = Schedule::Exponential { factor: 0.95 };
    let mut descent = adam.clone();
    descent.optimiser.method = Method::Sgd { momentum: 0.9 };
    descent.optimiser.learning_rate = 0.05;
    for (choice, settings) in [
        (CONSTANTS, &adam),
        (ActivationChoice::Relu, &adam),
        (ActivationChoice::Softplus, &patient),
        (ActivationChoice::Relu, &descent),
    ] {
        let (network, history) = trained(choice, settings, 2);
        let result = evaluate(&network, Samples { pixels: &pixels, labels: &labels }).expect("fits");
        assert!(result.accuracy() > 0.95, "{choice:?} {:?}: {}", settings.optimiser.method, result.accuracy());
        assert_eq!(history.epochs.len(), settings.epochs);
        assert!(history.epochs[settings.epochs - 1].loss < 0.5 * history.epochs[0].loss, "{choice:?}");
    }
}

/// Bit for bit, with everything switched on.
#[test]
fn the_number_of_threads_does_not_change_the_weights() {
    let mut settings = settings(1);
    settings.optimiser.weight_decay = WeightDecay::Decoupled(0.01);
    settings.objective.rate_limit = Some(RateLimit { ceiling: 0.5, strength: 0.01 });
    // A batch that leaves some parts empty and others uneven, and a last batch smaller still.
    settings.batch_size = 37;
    let (one, history) = trained(CONSTANTS, &settings, 1);
    for threads in [2, 5] {
        let (many, same) = trained(CONSTANTS, &settings, threads);
        assert_eq!(one, many, "{threads} threads");
        assert_eq!(history, same);
    }
    settings.seed += 1;
    assert_ne!(one, trained(CONSTANTS, &settings, 1).0, "the seed orders the samples");
}

/// Batch normalisation of convolutions and dense layers on a branch and on its shortcut, dropout, Noisy Softplus beside.
fn residual() -> Network<f32> {
    let draw = |count, tensor| glorot_uniform(count, Fans { fan_in: 30, fan_out: 30, tensor }, 1.0, 8);
    let conv = |inputs: usize, outputs: usize, stride: usize, activation, tensor| {
        let shape = KernelShape { height: 3, width: 3, inputs, outputs };
        let conv = Conv2d::new(shape, draw(shape.weights(), tensor), None, Extent::square(stride), activation);
        Layer::Conv2d(conv.expect("lengths fit").with_padding(Padding::Same))
    };
    let normal = |channels| Layer::BatchNormalization(BatchNormalization::fresh(channels).with_momentum(0.8));
    let pool = Layer::AveragePool2d(AveragePool2d::new(Extent::square(2), Activation::Linear));
    let dense = Dense::new(7 * 7 * 6, draw(2940, 3), Some(vec![0.0; 10]), Activation::Softmax).expect("lengths fit");
    let node = Origin::Node;
    let nodes = vec![
        Node::new(conv(1, 6, 2, Activation::NoisySoftplus(NoisySoftplus::EVENT_DRIVEN_5_MS), 0), [Origin::Input]),
        Node::new(normal(6), [node(0)]),
        Node::new(conv(6, 6, 1, Activation::Linear, 1), [node(1)]),
        Node::new(normal(6), [node(2)]),
        Node::new(Layer::Add, [node(3), node(1)]),
        Node::new(Layer::Activation(Activation::Relu), [node(4)]),
        Node::new(Layer::Dropout(Dropout::new(0.3)), [node(5)]),
        Node::new(pool, [node(6)]),
        Node::new(Layer::Flatten, [node(7)]),
        Node::new(Layer::Dense(dense), [node(8)]),
    ];
    Network::graph(Shape::new(28, 28, 1), nodes).expect("the nodes fit")
}

fn trained_residual(settings: &TrainingSettings, threads: usize) -> (Network<f32>, History) {
    let (pixels, labels) = bars(330);
    let mut network = residual();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let history = pool.install(|| {
        let samples = Samples { pixels: &pixels, labels: &labels };
        train(&mut network, samples, settings, &mut |_| ControlFlow::Continue(()))
    });
    (network, history.expect("trains"))
}

/// Layers that have to know the whole batch, and random ones: the same bits on any number of threads, moving statistics
/// included. And it learns: the moving statistics serve after training.
#[test]
fn batch_normalisation_and_dropout_do_not_depend_on_threads() {
    let mut settings = settings(2);
    settings.optimiser.weight_decay = WeightDecay::Decoupled(0.01);
    settings.batch_size = 37;
    let (one, history) = trained_residual(&settings, 1);
    for threads in [2, 5] {
        let (many, same) = trained_residual(&settings, threads);
        assert_eq!(one, many, "{threads} threads");
        assert_eq!(history, same);
    }
    let moved = one.layers().iter().filter_map(|layer| match layer {
        Layer::BatchNormalization(layer) => Some((layer.moving_mean().to_vec(), layer.moving_variance().to_vec())),
        _ => None,
    });
    for (mean, variance) in moved {
        assert!(mean.iter().all(|&mean| mean != 0.0) && variance.iter().all(|&variance| variance != 1.0));
    }
    let (pixels, labels) = bars(330);
    settings.epochs = 10;
    settings.optimiser.weight_decay = WeightDecay::NONE;
    let (network, _) = trained_residual(&settings, 2);
    let result = evaluate(&network, Samples { pixels: &pixels, labels: &labels }).expect("fits");
    assert!(result.accuracy() > 0.95, "{}", result.accuracy());
}

/// By hand: one step over the values 0, 51/255, ..., 255/255 of one pixel, whose mean is 0.5 and whose variance with
/// divisor 6 is 0.7/6; from mean 0 and variance 1 the moving ones go a hundredth of the way.
#[test]
fn a_step_moves_the_statistics() {
    let pixels: Vec<u8> = (0..6).map(|value| value * 51).collect();
    let layers = vec![
        Layer::BatchNormalization(BatchNormalization::fresh(1)),
        Layer::Dense(Dense::new(1, vec![1.0, -1.0], None, Activation::Softmax).expect("lengths fit")),
    ];
    let mut network = Network::new(Shape::flat(1), layers).expect("fits");
    let labels = [0, 0, 0, 1, 1, 1];
    let samples = Samples { pixels: &pixels, labels: &labels };
    train(&mut network, samples, &settings(1), &mut |_| ControlFlow::Continue(())).expect("trains");
    let Layer::BatchNormalization(layer) = &network.layers()[0] else { panic!("the first layer") };
    assert!((layer.moving_mean()[0] - 0.005).abs() < 1e-7, "{:?}", layer.moving_mean());
    assert!((layer.moving_variance()[0] - (0.99 + 0.01 * 0.7 / 6.0)).abs() < 1e-7, "{:?}", layer.moving_variance());
}

/// Kernels shrink; biases, and the scale and centre of batch normalisation, do not.
#[test]
fn weight_decay_leaves_batch_normalisation_alone() {
    let mut settings = settings(1);
    settings.optimiser = Optimiser {
        weight_decay: WeightDecay::Decoupled(1e29),
        ..Optimiser::new(Method::Sgd { momentum: 0.0 }, 1e-30)
    };
    settings.batch_size = 330;
    // One step that takes a tenth off what decays and moves nothing else.
    let (after, _) = trained_residual(&settings, 2);
    for (before, after) in residual().layers().iter().zip(after.layers()) {
        let (before, after) = (before.parameters(), after.parameters());
        for (index, (before, after)) in before.iter().zip(after).enumerate() {
            let is_kernel = index == 0 && before.len() > 10;
            let kept = if is_kernel { 0.9 } else { 1.0 };
            assert!(before.iter().zip(after).all(|(&before, &after)| (after - kept * before).abs() < 1e-6));
        }
    }
}

#[test]
fn weight_decay_and_rate_limit_do_what_they_say() {
    let mut decayed = settings(8);
    decayed.optimiser.weight_decay = WeightDecay::Decoupled(1.0);
    let norm = |network: &Network<f32>| network.parameters().concat().iter().map(|w| w * w).sum::<f32>();
    let (plain, _) = trained(CONSTANTS, &settings(8), 2);
    let (small, _) = trained(CONSTANTS, &decayed, 2);
    assert!(norm(&small) < norm(&plain));
    let mut limited = settings(8);
    limited.objective.rate_limit = Some(RateLimit { ceiling: 0.2, strength: 0.1 });
    let (calm, _) = trained(CONSTANTS, &limited, 2);
    let (pixels, _) = bars(10);
    let inputs: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
    let highest = |network: &Network<f32>| network.activations(&inputs, 10)[2].iter().copied().fold(0.0, f32::max);
    assert!(highest(&calm) < highest(&plain), "{} {}", highest(&calm), highest(&plain));
}

#[test]
fn the_observer_sees_each_batch_and_can_stop() {
    let (pixels, labels) = bars(120);
    let samples = Samples { pixels: &pixels, labels: &labels };
    let mut network = model::paper(ActivationChoice::Relu, 4);
    let mut seen = Vec::new();
    let history = train(&mut network, samples, &settings(5), &mut |progress| {
        if let Progress::Batch { epoch, done, samples, .. } = progress {
            seen.push((epoch, done, samples));
        }
        if seen.len() == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(seen, [(0, 50, 120), (0, 100, 120), (0, 120, 120), (1, 50, 120)]);
    let history = history.expect("a stop is no error");
    assert!(history.stopped);
    assert_eq!(history.epochs.len(), 1);
}

#[test]
fn impossible_settings_and_samples_are_refused() {
    let (pixels, mut labels) = bars(20);
    let refusal = |pixels: &[u8], labels: &[u8], change: &dyn Fn(&mut TrainingSettings)| {
        let mut settings = settings(1);
        change(&mut settings);
        let mut network = model::paper(ActivationChoice::Relu, 4);
        let samples = Samples { pixels, labels };
        train(&mut network, samples, &settings, &mut |_| ControlFlow::Continue(())).expect_err("must be refused")
    };
    let batch = refusal(&pixels, &labels, &|settings| settings.batch_size = 0);
    assert_eq!(batch.to_string(), "the batch size must be 1 or more, found 0");
    let rate = refusal(&pixels, &labels, &|settings| settings.optimiser.learning_rate = f64::NAN);
    assert_eq!(rate.to_string(), "the learning rate must be above 0, found NaN");
    let wild = |settings: &mut TrainingSettings| {
        settings.optimiser = Optimiser::new(Method::Sgd { momentum: 0.0 }, 1e30);
        settings.batch_size = 1;
    };
    assert!(matches!(refusal(&pixels, &labels, &wild), TrainingError::Diverged { epoch: 0, .. }));
    assert_eq!(refusal(&[], &[], &|_| {}), TrainingError::NoSamples);
    assert!(matches!(refusal(&pixels[1..], &labels, &|_| {}), TrainingError::SampleSize { labels: 20, .. }));
    labels[7] = 10;
    assert_eq!(refusal(&pixels, &labels, &|_| {}), TrainingError::Label { sample: 7, label: 10, classes: 10 });
}

/// One step over all samples. Plain descent is `w - rate g`. By their definitions, the first step of Adam is
/// `rate g / (|g| + epsilon)`, and weight decay takes `rate * decay * w`. The gradient is that of the whole batch at
/// once, which the parts of the batch must sum to.
#[test]
fn one_step_is_what_its_method_says() {
    let (pixels, labels) = bars(37);
    let inputs: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
    let start = model::paper::<f32>(CONSTANTS, 4);
    let (loss, gradients) = loss_and_gradients(&start, &inputs, &labels, Objective::default(), ann::Phase::Inference);
    let (rate, decay) = (0.01_f32, 0.5_f32);
    for method in [Method::Sgd { momentum: 0.9 }, Method::ADAM] {
        let mut settings = settings(1);
        settings.optimiser = Optimiser {
            weight_decay: WeightDecay::Decoupled(f64::from(decay)),
            ..Optimiser::new(method, f64::from(rate))
        };
        let mut network = start.clone();
        let samples = Samples { pixels: &pixels, labels: &labels };
        let history = train(&mut network, samples, &settings, &mut |_| ControlFlow::Continue(())).expect("trains");
        let epoch = history.epochs[0];
        assert!((epoch.loss - loss.distance / 37.0).abs() < 1e-6);
        assert_eq!(epoch.accuracy, Some(loss.correct as f64 / 37.0));
        let tensors = start.parameters().into_iter().zip(network.parameters());
        for ((before, after), gradient) in tensors.zip(gradients.tensors()) {
            for ((&before, &after), &gradient) in before.iter().zip(after).zip(gradient) {
                // Where the gradient is next to nothing, rounding decides what Adam makes of it.
                let step = match method {
                    Method::Sgd { .. } | Method::Nesterov { .. } => gradient,
                    Method::Adam { .. } if gradient.abs() < 1e-5 => continue,
                    Method::Adam { .. } => gradient.signum(),
                };
                let expected = before - rate * decay * before - rate * step;
                assert!((after - expected).abs() < 2e-5, "{method:?}: {before} {after} {expected}");
            }
        }
    }
}
