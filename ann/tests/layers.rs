//! Layers against direct sums, and what a network refuses.

use ann::{
    Activation, ActivationError, AveragePool2d, Conv2d, Dense, Extent, KernelShape, Layer, Network, NetworkError,
    NoisySoftplus, Shape, initialiser::Fans, initialiser::glorot_uniform, noisy_softplus,
};

const CONSTANTS: NoisySoftplus = NoisySoftplus::EVENT_DRIVEN_5_MS;

fn values(count: usize, tensor: u32) -> Vec<f64> {
    glorot_uniform(count, Fans { fan_in: 3, fan_out: 3, tensor }, 1.0, 5)
}

/// The definition, cell by cell: `sum over (y, x, channel) of w^power * input` at each position.
fn direct(image: &[f64], input: Shape, kernel: &[f64], shape: KernelShape, stride: Extent, power: i32) -> Vec<f64> {
    let mut sums = Vec::new();
    for row in (0..=input.height - shape.height).step_by(stride.height) {
        for column in (0..=input.width - shape.width).step_by(stride.width) {
            for output in 0..shape.outputs {
                let mut sum = 0.0;
                for y in 0..shape.height {
                    for x in 0..shape.width {
                        for channel in 0..shape.inputs {
                            let weight =
                                kernel[((y * shape.width + x) * shape.inputs + channel) * shape.outputs + output];
                            let cell = ((row + y) * input.width + column + x) * input.channels + channel;
                            sum += weight.powi(power) * image[cell];
                        }
                    }
                }
                sums.push(sum);
            }
        }
    }
    sums
}

/// Three images, so that strides from image to image are seen as well.
#[test]
fn a_convolution_is_its_definition_in_mean_and_variance() {
    let input = Shape::new(9, 8, 3);
    let shape = KernelShape { height: 3, width: 2, inputs: 3, outputs: 4 };
    let stride = Extent::new(2, 3);
    let kernel = values(shape.weights(), 0);
    let images: Vec<f64> = values(3 * input.units(), 1).iter().map(|value| value.abs()).collect();
    let bias = vec![0.1, -0.2, 0.3, 0.0];
    let outputs = |activation| {
        let conv = Conv2d::new(shape, kernel.clone(), Some(bias.clone()), stride, activation).expect("lengths fit");
        let network = Network::new(input, vec![Layer::Conv2d(conv)]).expect("fits");
        assert_eq!(network.output(), Shape::new(4, 3, 4));
        network.forward(&images, 3)
    };
    let (linear, noisy) = (outputs(Activation::Linear), outputs(Activation::NoisySoftplus(CONSTANTS)));
    let mut expected = Vec::new();
    for image in images.chunks(input.units()) {
        let means = direct(image, input, &kernel, shape, stride, 1);
        let squares = direct(image, input, &kernel, shape, stride, 2);
        for ((mean, square), bias) in means.iter().zip(squares).zip(bias.iter().cycle()) {
            expected.push((mean + bias, 0.5 * square));
        }
    }
    assert_eq!(expected.len(), linear.len());
    for ((linear, noisy), (mean, variance)) in linear.iter().zip(noisy).zip(expected) {
        assert!((linear - mean).abs() < 1e-14, "{linear} {mean}");
        // ln(1 + e^z) as it stands is exact enough for such arguments.
        let width = CONSTANTS.k * (variance + 1e-12).sqrt();
        let y = CONSTANTS.p() * width * (mean / width).exp().ln_1p();
        assert!((noisy - y).abs() < 1e-13, "{noisy} {y}");
    }
}

/// By hand: the mean of 1, 2, 3, 6 is 3; of 0, 4, 4, 0 it is 2. The fifth row and column fill no window.
#[test]
fn a_linear_pool_averages_its_window() {
    let layer = Layer::AveragePool2d(AveragePool2d::new(Extent::square(2), Activation::Linear));
    let network = Network::new(Shape::new(3, 5, 1), vec![layer]).expect("fits");
    let image = [1.0, 2.0, 0.0, 4.0, 9.0, 3.0, 6.0, 4.0, 0.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0];
    assert_eq!(network.forward(&image, 1), [3.0, 2.0]);
}

/// A pool neuron's weight is 1/(4 p), so its mean current is the average over p.
#[test]
fn a_noisy_softplus_pool_is_a_neuron_with_fixed_weights() {
    let pool = AveragePool2d::new(Extent::square(2), Activation::NoisySoftplus(CONSTANTS));
    let p = 219.23 * 0.005;
    assert!((pool.weight() - 0.25 / p).abs() < 1e-15);
    let network = Network::new(Shape::new(2, 2, 1), vec![Layer::AveragePool2d(pool)]).expect("fits");
    let y = network.forward(&[0.1, 0.2, 0.3, 0.4], 1)[0];
    let (mean, sigma) = (0.25 / p, (0.5 * (0.25 / p).powi(2) + 1e-12_f64).sqrt());
    assert!((y - p * noisy_softplus::evaluate(mean, sigma, CONSTANTS.k).f).abs() < 1e-15, "{y}");
}

/// Rows of a table computed with 50 digits (mpmath): k, sigma, x, f, df/dx, df/dsigma, df/dk.
#[test]
fn noisy_softplus_agrees_with_50_digit_arithmetic() {
    let rows: [[f64; 7]; 6] = [
        [0.3, 1.0, -15.2, 2.970759570828554e-23, 9.902531902761845e-23, 1.534892444928086e-21, 5.116308149760287e-21],
        [0.15, 0.2, 0.008, 0.02506029568567924, 0.5662743941954392, 0.10265050266057862, 0.13686733688077152],
        [0.31, 2.0, -1.377, 0.06386707254542698, 0.09788331732107983, 0.09932620024827694, 0.6408141951501739],
        [0.17, 1.0, 1.115, 1.1152408132721174, 0.998584454171963, 0.0018191468703786873, 0.010700863943404042],
        [0.3, 2.0, 46.47, 46.47, 1.0, 5.440096195221362e-33, 3.6267307968142414e-32],
        [0.35, 0.5, 1.169, 1.1692196232750065, 0.9987457970279031, 0.0033715730987756453, 0.004816532998250922],
    ];
    for [k, sigma, x, f, by_mean, by_sigma, by_k] in rows {
        let value = noisy_softplus::evaluate(x, sigma, k);
        for (found, expected) in
            [(value.f, f), (value.by_mean, by_mean), (value.by_sigma, by_sigma), (value.by_k, by_k)]
        {
            assert!((found / expected - 1.0).abs() < 1e-13, "x {x}: {found} {expected}");
        }
        let single = noisy_softplus::evaluate(x as f32, sigma as f32, k as f32);
        assert!((f64::from(single.f) - f).abs() < 1e-6 * (1.0 + f), "x {x}: {}", single.f);
    }
}

fn noisy_dense(inputs: usize, outputs: usize, activation: Activation) -> Layer<f64> {
    Layer::Dense(Dense::new(inputs, vec![0.1; inputs * outputs], None, activation).expect("lengths fit"))
}

#[test]
fn layers_that_do_not_fit_are_refused_by_number() {
    let noisy = Activation::NoisySoftplus(CONSTANTS);
    let pool = |pool, activation| Layer::AveragePool2d(AveragePool2d::new(pool, activation));
    let refusal = |layers| Network::<f64>::new(Shape::new(4, 4, 1), layers).expect_err("must be refused");
    assert_eq!(refusal(Vec::new()), NetworkError::Empty);
    let input = Shape::new(4, 4, 1);
    assert_eq!(refusal(vec![noisy_dense(16, 2, Activation::Relu)]), NetworkError::NotFlat { layer: 0, input });
    assert_eq!(
        refusal(vec![Layer::Flatten, noisy_dense(15, 2, Activation::Relu)]),
        NetworkError::Channels { layer: 1, expected: 15, found: Shape::flat(16) }
    );
    assert_eq!(
        refusal(vec![Layer::Flatten, noisy_dense(16, 2, Activation::Softmax), noisy_dense(2, 2, Activation::Linear)]),
        NetworkError::HiddenSoftmax { layer: 1 }
    );
    assert_eq!(
        refusal(vec![Layer::Flatten, noisy_dense(16, 2, Activation::Linear), noisy_dense(2, 2, noisy)]),
        NetworkError::SignedInput { layer: 2 }
    );
    let kernel = KernelShape { height: 1, width: 1, inputs: 1, outputs: 2 };
    let conv = Conv2d::new(kernel, vec![0.1; 2], None, Extent::square(1), Activation::Softmax);
    assert_eq!(
        refusal(vec![Layer::Conv2d(conv.expect("lengths fit"))]),
        NetworkError::SoftmaxMap { layer: 0, shape: Shape::new(4, 4, 2) }
    );
    let window = Extent::square(5);
    assert_eq!(refusal(vec![pool(window, noisy)]), NetworkError::Window { layer: 0, window, input });
    assert_eq!(refusal(vec![pool(Extent::new(0, 2), noisy)]), NetworkError::ZeroDimension { layer: 0 });
    let found = "relu".to_owned();
    assert_eq!(refusal(vec![pool(window, Activation::Relu)]), NetworkError::PoolActivation { layer: 0, found });
    let nameless = Activation::NoisySoftplus(NoisySoftplus { k: f64::NAN, ..CONSTANTS });
    assert!(matches!(
        refusal(vec![pool(Extent::square(2), nameless)]),
        NetworkError::Activation { layer: 0, source: ActivationError::Constant { constant: "k", .. } }
    ));
    let bias = Some(vec![0.0; 3]);
    assert_eq!(
        Dense::new(2, vec![0.0; 4], bias, Activation::Linear),
        Err(NetworkError::TensorLength { tensor: "bias", expected: 2, found: 3 })
    );
}
