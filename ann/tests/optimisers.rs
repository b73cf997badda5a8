//! Optimisers, schedules and rules, on one weight whose gradient is known.

use std::ops::ControlFlow;

use ann::{
    Activation, Criterion, Dense, Examples, Layer, LayerRate, Method, Network, Optimiser, Pixels, Plateau, Progress,
    Schedule, Shape, Targets, TrainingError, TrainingSettings, Watched, WeightDecay, train,
};

/// One weight of 1 that sees the input 1, and is drawn to 0.25: its gradient is `w - 0.25`.
fn weight() -> Network<f32> {
    let dense = Dense::new(1, vec![1.0], None, Activation::Linear).expect("lengths fit");
    Network::new(Shape::flat(1), vec![Layer::Dense(dense)]).expect("fits")
}

const EXAMPLES: Examples<'_> = Examples { pixels: Pixels::Bytes(&[255]), targets: Targets::Values(&[0.25]) };

fn settings(optimiser: Optimiser, epochs: usize) -> TrainingSettings {
    let mut settings = TrainingSettings::new(optimiser, epochs, 1, 1);
    settings.objective.criterion = Criterion::HALF_SQUARE;
    settings
}

/// The weight after each of five steps.
fn path(optimiser: Optimiser) -> Vec<f32> {
    let mut path = Vec::new();
    let mut observer = |progress: Progress<'_>| {
        if let Progress::Epoch { network, .. } = progress {
            path.push(network.parameters()[0][0]);
        }
        ControlFlow::Continue(())
    };
    train(&mut weight(), EXAMPLES, &settings(optimiser, 5), &mut observer).expect("trains");
    path
}

/// Expected: the update rules of PyTorch's documentation (SGD, `nesterov=True`, Adam, AdamW), stepped in NumPy, float64.
#[test]
fn steps_are_those_of_the_published_rules() {
    let momentum = 0.9;
    let sgd = Optimiser::new(Method::Sgd { momentum }, 0.1);
    let plain = Optimiser::new(Method::Sgd { momentum: 0.0 }, 0.1);
    let nesterov = Optimiser::new(Method::Nesterov { momentum }, 0.1);
    let adam = Optimiser::new(Method::ADAM, 0.1);
    let with = |optimiser: &Optimiser, weight_decay| Optimiser { weight_decay, ..optimiser.clone() };
    for (name, optimiser, expected) in [
        ("momentum", sgd.clone(), [0.925, 0.79, 0.6145, 0.4201, 0.22813]),
        ("Nesterov", nesterov, [0.8575, 0.681325, 0.49549075, 0.320415933, 0.171563737]),
        ("Adam", adam.clone(), [0.900000001, 0.800625584, 0.702456661, 0.606230601, 0.512868868]),
        (
            "AdamW",
            with(&adam, WeightDecay::Decoupled(0.5)),
            [0.850000001, 0.708687422, 0.576790129, 0.455347302, 0.345702577],
        ),
        (
            "Adam with L2",
            with(&adam, WeightDecay::L2(0.5)),
            [0.900000001, 0.800535194, 0.702084359, 0.605241064, 0.510731666],
        ),
        ("L2", with(&sgd, WeightDecay::L2(0.5)), [0.875, 0.65625, 0.3859375, 0.109765625, -0.130253906]),
        (
            "warm-up",
            Optimiser { warm_up: 4, ..plain.clone() },
            [0.98125, 0.9446875, 0.892585937, 0.828327344, 0.770494609],
        ),
        ("limit", Optimiser { weight_limits: vec![0.9], ..plain }, [0.9, 0.835, 0.7765, 0.72385, 0.676465]),
    ] {
        for (found, expected) in path(optimiser).into_iter().zip(expected) {
            // Roundings of f32 are 1e-7 each. In f32, 1 - 0.999 is 5e-5 of itself too large, which changes Adam's steps of 0.1 by
            // half of that, 2.5e-6 each.
            assert!((f64::from(found) - expected).abs() < 1e-5, "{name}: {found} {expected}");
        }
    }
}

/// By hand: plain descent at rates 0.1, 0.05, 0.025 takes the distance 0.75 to 0.9, 0.95, 0.975 of itself.
#[test]
fn the_schedule_sets_the_rate_of_each_epoch() {
    let method = Method::Sgd { momentum: 0.0 };
    let schedule = Schedule::Exponential { factor: 0.5 };
    let path = path(Optimiser { schedule, ..Optimiser::new(method, 0.1) });
    let mut distance = 0.75;
    for (weight, kept) in path.into_iter().zip([0.9, 0.95, 0.975]) {
        distance *= kept;
        assert!((f64::from(weight) - 0.25 - distance).abs() < 1e-6);
    }
}

/// A rate of 2 throws the weight from one side of its target to the other for ever: the loss stays at its first value, so that with a
/// patience of 2 the rate is halved after epochs 2, and at 1 the next step hits the target.
#[test]
fn a_plateau_lowers_the_rate() {
    let plateau = Some(Plateau { factor: 0.5, patience: 2, watched: Watched::TrainingLoss });
    let optimiser = Optimiser { plateau, ..Optimiser::new(Method::Sgd { momentum: 0.0 }, 2.0) };
    let mut network = weight();
    let history = train(&mut network, EXAMPLES, &settings(optimiser, 5), &mut |_| ControlFlow::Continue(()));
    let history = history.expect("trains");
    let rates: Vec<f64> = history.epochs.iter().map(|epoch| epoch.learning_rate).collect();
    assert_eq!(rates, [2.0, 2.0, 2.0, 1.0, 1.0]);
    let losses: Vec<f64> = history.epochs.iter().map(|epoch| epoch.loss).collect();
    assert_eq!(losses, [0.28125, 0.28125, 0.28125, 0.28125, 0.0], "0.75^2 / 2, then none");
    assert_eq!(network.parameters()[0], [0.25]);
}

#[test]
fn impossible_rules_are_refused() {
    let base = Optimiser::new(Method::ADAM, 0.1);
    let message = |optimiser: Optimiser| {
        let refused = train(&mut weight(), EXAMPLES, &settings(optimiser, 1), &mut |_| ControlFlow::Continue(()));
        refused.expect_err("must be refused").to_string()
    };
    let cosine = Schedule::Cosine { epochs: 0, last: 0.0 };
    assert!(message(Optimiser { schedule: cosine, ..base.clone() }).contains("cosine must be 1 epoch or more"));
    assert!(message(Optimiser { weight_limits: vec![f64::NAN], ..base.clone() }).contains("the weight limit"));
    assert!(message(Optimiser { weight_limits: vec![0.0], ..base.clone() }).contains("the weight limit"));
    assert!(message(Optimiser { weight_decay: WeightDecay::L2(-1.0), ..base.clone() }).contains("the weight decay"));
    let rule = |factor, watched| Some(Plateau { factor, patience: 1, watched });
    assert!(message(Optimiser { plateau: rule(1.0, Watched::TrainingLoss), ..base.clone() }).contains("in (0, 1)"));
    let unmeasured = message(Optimiser { plateau: rule(0.5, Watched::ValidationLoss), ..base });
    assert!(unmeasured.contains("no samples are set apart"), "{unmeasured}");
    let short = Examples { pixels: Pixels::Bytes(&[255, 0]), targets: Targets::Values(&[0.25]) };
    let settings = settings(Optimiser::new(Method::ADAM, 0.1), 1);
    let refused = train(&mut weight(), short, &settings, &mut |_| ControlFlow::Continue(()));
    assert_eq!(refused, Err(TrainingError::TargetCount { expected: 2, found: 1 }));
}

/// Weights and biases of two units in a row after a step at a rate of 0.1. They are `y = w2 (w1 x + b1) + b2` with weights of 1 and biases of
/// 0 and have the output 1 for the input 1: with the target 0.25 all four gradients are 0.75.
fn two_in_a_row(optimiser: Optimiser) -> Result<Vec<f32>, TrainingError> {
    let dense = || Dense::new(1, vec![1.0], Some(vec![0.0]), Activation::Linear).expect("lengths fit");
    let layers = vec![Layer::Dense(dense()), Layer::Activation(Activation::Linear), Layer::Dense(dense())];
    let mut network = Network::new(Shape::flat(1), layers).expect("fits");
    let history = train(&mut network, EXAMPLES, &settings(optimiser, 1), &mut |_| ControlFlow::Continue(()));
    history.map(|_| network.parameters().concat())
}

/// By hand: each less 0.075 times its factor.
#[test]
fn layers_learn_at_rates_of_their_own() {
    let trained = |layer_rates: Vec<LayerRate>| {
        two_in_a_row(Optimiser { layer_rates, ..Optimiser::new(Method::Sgd { momentum: 0.0 }, 0.1) })
    };
    let rates = vec![LayerRate { kernel: 2.0, bias: 0.5 }, LayerRate::uniform(4.0)];
    for (found, expected) in trained(rates).expect("trains").into_iter().zip([0.85, -0.0375, 0.7, -0.3]) {
        assert!((found - expected).abs() < 1e-6_f32, "{found} {expected}");
    }
    assert_eq!(trained(vec![LayerRate::uniform(1.0); 2]), trained(Vec::new()));
    let refused = trained(vec![LayerRate::uniform(1.0); 3]).expect_err("the middle one learns nothing");
    assert_eq!(refused, TrainingError::LayerRates { expected: 2, found: 3 });
    let refused = trained(vec![LayerRate { kernel: 1.0, bias: 0.0 }; 2]).expect_err("no rate at all");
    assert!(refused.to_string().contains("the factor of a layer on the learning rate must be above 0, found 0"));
}

/// By hand: without a limit both weights are 0.925 and both biases -0.075, which no limit concerns.
#[test]
fn layers_have_weight_limits_of_their_own() {
    let trained = |weight_limits: &[f64]| {
        let method = Method::Sgd { momentum: 0.0 };
        two_in_a_row(Optimiser { weight_limits: weight_limits.to_vec(), ..Optimiser::new(method, 0.1) })
    };
    for (limits, [first, second]) in [
        (&[0.01][..], [0.01, 0.01]),
        (&[0.01, f64::INFINITY], [0.01, 0.925]),
        (&[f64::INFINITY, 0.5], [0.925, 0.5]),
        (&[], [0.925, 0.925]),
    ] {
        for (found, expected) in trained(limits).expect("trains").into_iter().zip([first, -0.075, second, -0.075]) {
            // Roundings of f32.
            assert!((found - expected).abs() < 1e-6_f32, "{limits:?}: {found} {expected}");
        }
    }
    assert_eq!(trained(&[1.0; 3]), Err(TrainingError::WeightLimits { expected: 2, found: 3 }));
}

/// Preprocessed values that are what the bytes are train alike to the last bit.
#[test]
fn values_train_as_bytes_do() {
    let trained = |pixels: Pixels<'_>| {
        let mut network = weight();
        let optimiser = Optimiser::new(Method::ADAM, 0.1);
        let examples = Examples { pixels, targets: Targets::Values(&[0.25, 0.5]) };
        train(&mut network, examples, &settings(optimiser, 3), &mut |_| ControlFlow::Continue(())).expect("trains");
        network.parameters()[0][0]
    };
    assert_eq!(trained(Pixels::Bytes(&[255, 51])), trained(Pixels::Values(&[1.0, 51.0 / 255.0])));
}
