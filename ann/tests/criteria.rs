//! Criteria: their values by hand and their gradients by central differences.

use ann::{
    Activation, Criterion, Dense, Layer, Network, Objective, Phase, Samples, Shape, Targets, initialiser::Fans,
    initialiser::glorot_uniform, loss_and_gradients, measure_loss,
};

/// Four inputs, three outputs with a bias.
fn network(activation: Activation) -> Network<f64> {
    let kernel = glorot_uniform(12, Fans { fan_in: 4, fan_out: 3, tensor: 0 }, 1.5, 3);
    let dense = Dense::new(4, kernel, Some(vec![0.1, -0.3, 0.2]), activation).expect("lengths fit");
    Network::new(Shape::flat(4), vec![Layer::Dense(dense)]).expect("fits")
}

const SMOOTHED: Criterion = Criterion::SoftmaxCrossEntropy { label_smoothing: 0.1 };

#[test]
fn gradients_are_those_of_the_losses() {
    let inputs = [0.2, 0.9, 0.0, 0.5, 1.0, 0.3, 0.7, 0.1];
    // Rows of the softmax's targets need not sum to 1.
    let values = [0.2, 0.3, 0.5, 0.9, 0.0, 0.4];
    let targets = [Targets::Labels(&[2, 0]), Targets::Values(&values)];
    for (criterion, activation) in [
        (Criterion::default(), Activation::Softmax),
        (SMOOTHED, Activation::Softmax),
        (SMOOTHED, Activation::Linear),
        (Criterion::SigmoidCrossEntropy, Activation::Sigmoid),
        (Criterion::SigmoidCrossEntropy, Activation::Linear),
        (Criterion::MEAN_SQUARE, Activation::Sigmoid),
        (Criterion::MEAN_SQUARE, Activation::Linear),
        (Criterion::HALF_SQUARE, Activation::Softplus),
        (Criterion::HalfSquare { target_offset: 0.01 }, Activation::Softplus),
        (Criterion::MeanSquare { target_offset: -0.2 }, Activation::Linear),
    ] {
        for targets in targets {
            let objective = Objective { criterion, ..Objective::default() };
            let mut network = network(activation);
            let (_, gradients) = loss_and_gradients(&network, &inputs, targets, objective, Phase::Inference);
            for (tensor, gradient) in gradients.tensors().iter().enumerate() {
                for (index, gradient) in gradient.iter().enumerate() {
                    // With h = 1e-5 the differences err by h^2 (1e-10) and by rounding, 1e-16 / h.
                    let mut mean_loss = |change: f64| {
                        network.parameters_mut()[tensor][index] += change;
                        let loss = loss_and_gradients(&network, &inputs, targets, objective, Phase::Inference).0;
                        network.parameters_mut()[tensor][index] -= change;
                        loss.total() / 2.0
                    };
                    let difference = (mean_loss(1e-5) - mean_loss(-1e-5)) / 2e-5;
                    assert!(
                        (difference - gradient).abs() < 1e-8,
                        "{criterion:?} {activation:?}: {difference} {gradient}"
                    );
                }
            }
        }
    }
}

/// By hand, from logits that are the input itself: (0, ln 2) has the softmax (1/3, 2/3) and the sigmoids (1/2, 2/3).
#[test]
fn losses_are_what_they_say() {
    let logits = [0.0, 2.0_f64.ln()];
    let identity = |activation| {
        let dense = Dense::new(2, vec![1.0, 0.0, 0.0, 1.0], None, activation).expect("lengths fit");
        Network::new(Shape::flat(2), vec![Layer::Dense(dense)]).expect("fits")
    };
    let loss = |criterion, activation| {
        let objective = Objective { criterion, ..Objective::default() };
        loss_and_gradients(&identity(activation), &logits, &[0], objective, Phase::Inference).0
    };
    let third = -(1.0_f64 / 3.0).ln();
    let two_thirds = -(2.0_f64 / 3.0).ln();
    for (criterion, activation, expected) in [
        (Criterion::default(), Activation::Softmax, third),
        // Targets 0.95 and 0.05.
        (SMOOTHED, Activation::Softmax, 0.95 * third + 0.05 * two_thirds),
        (Criterion::SigmoidCrossEntropy, Activation::Linear, 2.0_f64.ln() + third),
        (Criterion::SigmoidCrossEntropy, Activation::Sigmoid, 2.0_f64.ln() + third),
        (Criterion::MEAN_SQUARE, Activation::Sigmoid, (0.25 + 4.0 / 9.0) / 2.0),
        (Criterion::HALF_SQUARE, Activation::Linear, (1.0 + logits[1] * logits[1]) / 2.0),
        // Targets 1.01 and 0.01; 0.75 and -0.25.
        (
            Criterion::HalfSquare { target_offset: 0.01 },
            Activation::Linear,
            (1.01 * 1.01 + (logits[1] - 0.01).powi(2)) / 2.0,
        ),
        (
            Criterion::MeanSquare { target_offset: -0.25 },
            Activation::Sigmoid,
            (0.0625 + (11.0_f64 / 12.0).powi(2)) / 2.0,
        ),
    ] {
        let found = loss(criterion, activation);
        // Rounding of a few operations in f64.
        assert!((found.distance - expected).abs() < 1e-13, "{criterion:?} {activation:?}: {}", found.distance);
        assert_eq!(found.correct, 0);
    }
}

/// A saturated sigmoid that is wrong has the loss of 1e-7 and a gradient of 1, not one of 0 by 0.
#[test]
fn a_saturated_sigmoid_still_learns() {
    let dense = Dense::new(1, vec![100.0_f32], None, Activation::Sigmoid).expect("lengths fit");
    let network = Network::new(Shape::flat(1), vec![Layer::Dense(dense)]).expect("fits");
    let objective = Objective { criterion: Criterion::SigmoidCrossEntropy, ..Objective::default() };
    let (loss, gradients) = loss_and_gradients(&network, &[1.0], Targets::Values(&[0.0]), objective, Phase::Inference);
    // ln of 1 - (1 - 1e-7), which f64 knows to nine digits.
    assert!((loss.distance - 16.118_095_65).abs() < 1e-6, "{}", loss.distance);
    assert_eq!(gradients.tensors()[0], [1.0]);
}

#[test]
fn a_criterion_names_the_last_layer_that_it_needs() {
    let dense = Dense::new(1, vec![1.0_f32, 2.0], None, Activation::Softmax).expect("lengths fit");
    let network = Network::new(Shape::flat(1), vec![Layer::Dense(dense)]).expect("fits");
    let samples = Samples { pixels: &[0], labels: &[1] };
    let message = |criterion| {
        let objective = Objective { criterion, ..Objective::default() };
        measure_loss(&network, samples, objective).map(|_| ()).expect_err("must be refused").to_string()
    };
    assert_eq!(
        message(Criterion::SigmoidCrossEntropy),
        "sigmoid cross-entropy needs a last layer with sigmoid or linear activation, found softmax"
    );
    assert!(message(Criterion::MEAN_SQUARE).contains("any but softmax"));
    let smoothing = Criterion::SoftmaxCrossEntropy { label_smoothing: 1.0 };
    assert_eq!(message(smoothing), "the label smoothing must be in [0, 1), found 1");
    let offset = Criterion::HalfSquare { target_offset: f64::NAN };
    assert_eq!(message(offset), "the target offset must be finite, found NaN");
}
