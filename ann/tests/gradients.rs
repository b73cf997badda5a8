//! Gradients of every layer and activation against central differences, in `f64`.

use ann::{
    Activation, ActivationChoice, AveragePool2d, Conv2d, Dense, Extent, KernelShape, Layer, Network, NoisySoftplus,
    Objective, Padding, RateLimit, Shape, VarianceGradient, initialiser::Fans, initialiser::glorot_uniform,
    loss_and_gradients, model,
};

const NOISY: Activation = Activation::NoisySoftplus(NoisySoftplus::EVENT_DRIVEN_5_MS);
const CONSTANTS: ActivationChoice = ActivationChoice::NoisySoftplus(NoisySoftplus::EVENT_DRIVEN_5_MS);

fn weights(count: usize, tensor: u32) -> Vec<f64> {
    glorot_uniform(count, Fans { fan_in: 6, fan_out: 6, tensor }, 1.0, 11)
}

fn conv(shape: [usize; 4], stride: Extent, activation: Activation, tensor: u32) -> Layer<f64> {
    let [height, width, inputs, outputs] = shape;
    let shape = KernelShape { height, width, inputs, outputs };
    let kernel = weights(shape.weights(), tensor);
    let bias = Some(weights(outputs, tensor + 100));
    Layer::Conv2d(Conv2d::new(shape, kernel, bias, stride, activation).expect("lengths fit"))
}

fn dense(inputs: usize, outputs: usize, activation: Activation, tensor: u32) -> Layer<f64> {
    let bias = Some(weights(outputs, tensor + 100));
    let kernel = weights(inputs * outputs, tensor);
    Layer::Dense(Dense::new(inputs, kernel, bias, activation).expect("lengths fit"))
}

/// Samples in [0, 1], some of them exactly 0 as in images.
fn samples(network: &Network<f64>, count: usize) -> (Vec<f64>, Vec<u8>) {
    let inputs = weights(count * network.input().units(), 77).iter().map(|value| value.clamp(0.0, 1.0)).collect();
    let classes = network.output().units();
    (inputs, (0..count).map(|sample| (sample * 3 % classes) as u8).collect())
}

/// Greatest difference between the gradient and central differences, relative to the tensor's largest gradient.
///
/// With steps h = 1e-5 the differences err by h^2 (1e-10) and by rounding, 1e-16 / h (1e-11).
fn greatest_error(mut network: Network<f64>, objective: Objective, stride: usize) -> f64 {
    const STEP: f64 = 1e-5;
    let (inputs, labels) = samples(&network, 5);
    let (_, gradients) = loss_and_gradients(&network, &inputs, &labels, objective, ann::Phase::Inference);
    let mut greatest = 0.0_f64;
    for (tensor, gradient) in gradients.tensors().iter().enumerate() {
        let scale = gradient.iter().fold(0.0_f64, |scale, value| scale.max(value.abs()));
        assert!(scale > 1e-6, "tensor {tensor} has no gradient to speak of: {scale}");
        for index in (0..gradient.len()).step_by(stride) {
            let mut mean_loss = |change: f64| {
                network.parameters_mut()[tensor][index] += change;
                let loss = loss_and_gradients(&network, &inputs, &labels, objective, ann::Phase::Inference).0.total();
                network.parameters_mut()[tensor][index] -= change;
                loss / labels.len() as f64
            };
            let difference = (mean_loss(STEP) - mean_loss(-STEP)) / (2.0 * STEP);
            greatest = greatest.max((difference - gradient[index]).abs() / scale);
        }
    }
    greatest
}

fn check(input: Shape, layers: Vec<Layer<f64>>, objective: Objective) {
    let network = Network::new(input, layers).expect("the layers fit");
    let error = greatest_error(network, objective, 1);
    assert!(error < 1e-6, "relative error {error:e}");
}

fn limited() -> Objective {
    let rate_limit = Some(RateLimit { ceiling: 0.3, strength: 0.7 });
    Objective { rate_limit, variance_gradient: VarianceGradient::On, ..Objective::default() }
}

/// Two layers of each kind, so that the gradient of a layer's inputs is checked too; uneven sizes and strides.
#[test]
fn convolutions_with_each_activation() {
    for activation in [Activation::Relu, Activation::Softplus, Activation::Linear, NOISY] {
        // Noisy Softplus cannot follow a linear layer.
        let second = if activation == Activation::Linear { Activation::Relu } else { activation };
        for objective in [Objective::default(), limited()] {
            let layers = vec![
                conv([3, 2, 2, 3], Extent::new(2, 1), second, 0),
                conv([2, 3, 3, 4], Extent::new(1, 2), activation, 1),
                Layer::Flatten,
                dense(3 * 2 * 4, 3, Activation::Softmax, 2),
            ];
            check(Shape::new(9, 7, 2), layers, objective);
        }
    }
}

/// Kernels of 3x3 between sixteen channels and more, by Winograd's algorithm with one path, over tiles that hang over the map; every
/// 97th weight.
#[test]
fn convolutions_of_many_channels() {
    for (padding, flat) in [(Padding::Same, 5 * 7 * 20), (Padding::Valid, 3 * 20)] {
        for activation in [Activation::Softplus, NOISY] {
            let many = |inputs, outputs, tensor| {
                let shape = KernelShape { height: 3, width: 3, inputs, outputs };
                // Many inputs, whose sum is to stay where the loss has a slope.
                let kernel = weights(shape.weights(), tensor).iter().map(|weight| 0.1 * weight).collect();
                let bias = Some(weights(outputs, tensor + 100));
                let conv = Conv2d::new(shape, kernel, bias, Extent::square(1), activation).expect("lengths fit");
                Layer::Conv2d(conv.with_padding(padding))
            };
            let layers = vec![
                conv([1, 1, 2, 16], Extent::square(1), activation, 0),
                many(16, 33, 1),
                many(33, 20, 2),
                Layer::Flatten,
                dense(flat, 3, Activation::Softmax, 3),
            ];
            let network = Network::new(Shape::new(5, 7, 2), layers).expect("the layers fit");
            let error = greatest_error(network, Objective::default(), 97);
            assert!(error < 1e-6, "{padding:?}, {activation}: relative error {error:e}");
        }
    }
}

#[test]
fn dense_layers_with_each_activation() {
    for activation in [Activation::Relu, Activation::Softplus, NOISY] {
        for last in [Activation::Softmax, Activation::Linear] {
            let layers = vec![dense(7, 5, activation, 0), dense(5, 6, activation, 1), dense(6, 4, last, 2)];
            check(Shape::flat(7), layers, limited());
        }
    }
}

/// Pools whose windows do not cover the last row and column.
#[test]
fn average_pools_with_each_activation() {
    for (weighted, pool) in
        [(Activation::Relu, Activation::Linear), (Activation::Linear, Activation::Linear), (NOISY, NOISY)]
    {
        let layers = vec![
            conv([2, 2, 1, 3], Extent::square(1), weighted, 0),
            Layer::AveragePool2d(AveragePool2d::new(Extent::new(2, 3), pool)),
            Layer::Flatten,
            dense(3 * 2 * 3, 4, Activation::Softmax, 1),
        ];
        check(Shape::new(8, 9, 1), layers, limited());
    }
}

/// The whole network of the paper; every 31st of its 3,870 weights.
#[test]
fn the_papers_network_with_noisy_softplus() {
    for objective in [Objective::default(), limited()] {
        let error = greatest_error(model::paper(CONSTANTS, 3), objective, 31);
        assert!(error < 1e-6, "relative error {error:e}");
    }
}

/// Without the variance's share the gradient is another one: the check above can see the difference.
#[test]
fn the_gradient_without_the_variance_path_is_not_exact() {
    let objective = Objective { variance_gradient: VarianceGradient::Off, ..Objective::default() };
    let error = greatest_error(model::paper(CONSTANTS, 3), objective, 31);
    assert!(error > 1e-3, "relative error {error:e}");
}
