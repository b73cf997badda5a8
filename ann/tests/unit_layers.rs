//! MixLU, Maxout, ConvAct and conductance-weighted averages: values by hand and from reference tables, and what is refused.

use ann::{
    Activation, Averaging, ConvAct, CwaConv2d, CwaDense, CwaLateral, Dense, DoubledInput, Extent, KernelShape, Layer,
    Maxout, MixLu, MixLuVariant, Network, NetworkError, Objective, Padding, Phase, Shape, SynapticMaxout, Weighting,
    initialiser::Fans, initialiser::Initialiser, loss_and_gradients,
};

fn run(input: Shape, layers: Vec<Layer<f64>>, values: &[f64]) -> Vec<f64> {
    let network = Network::new(input, layers).expect("the layers fit");
    network.forward(values, values.len() / input.units())
}

fn refusal(input: Shape, layers: Vec<Layer<f64>>) -> NetworkError {
    Network::new(input, layers).expect_err("must be refused")
}

fn uniform(count: usize, tensor: u32) -> Vec<f64> {
    let fans = Fans { fan_in: 1, fan_out: 1, tensor };
    Initialiser::Uniform { limit: 1.0 }.weights(count, fans, 4).expect("a limit")
}

/// Inputs of 1 give 0 at units of the negative kind and 1 at the others.
fn negative(layer: MixLu, units: usize, samples: usize) -> Vec<bool> {
    let outputs = run(Shape::flat(units), vec![Layer::MixLu(layer)], &vec![1.0; units * samples]);
    outputs.iter().map(|&output| output == 0.0).collect()
}

#[test]
fn mixlu_keeps_one_side_of_each_unit() {
    let x = uniform(300, 1);
    let shape = Shape::flat(100);
    for variant in MixLuVariant::ALL {
        let layer = |q| vec![Layer::MixLu(MixLu::new(q, variant, 7))];
        let rectified: Vec<f64> = x.iter().map(|x| x.max(0.0)).collect();
        let mirrored: Vec<f64> = x.iter().map(|x| x.min(0.0)).collect();
        assert_eq!(run(shape, layer(0.0), &x), rectified);
        assert_eq!(run(shape, layer(1.0), &x), mirrored);
        let outputs = run(shape, layer(0.3), &x);
        let sides = rectified.iter().zip(&mirrored);
        assert!(outputs.iter().zip(sides).all(|(y, (above, below))| y == above || y == below));
    }
}

#[test]
fn fixed_units_are_as_many_as_asked_for_and_the_same_for_all_samples() {
    for variant in [MixLuVariant::Fixed, MixLuVariant::Gated] {
        for (q, expected) in [(0.05, 5), (0.3, 30), (0.004, 0), (0.994, 99)] {
            let all = negative(MixLu::new(q, variant, 7), 100, 40);
            assert_eq!(all[..100].iter().filter(|&&is_negative| is_negative).count(), expected, "{q}");
            assert!(all.chunks(100).all(|sample| sample == &all[..100]));
        }
        assert_ne!(negative(MixLu::new(0.3, variant, 7), 100, 1), negative(MixLu::new(0.3, variant, 8), 100, 1));
    }
}

#[test]
fn redrawn_units_depend_on_the_sample_and_not_on_the_threads() {
    let layer = MixLu::new(0.3, MixLuVariant::Redrawn, 7);
    let all = negative(layer, 100, 100);
    assert_eq!(negative(MixLu::new(0.3, MixLuVariant::RedrawnGated, 7), 100, 100), all);
    let count = all.iter().filter(|&&is_negative| is_negative).count() as f64;
    // Five standard deviations of a binomial of 10,000 trials, sqrt(10000 0.3 0.7) = 45.8.
    assert!((count - 3000.0).abs() < 229.0, "{count}");
    assert_ne!(all[..100], all[100..200]);
    // Fewer samples are the first of more, wherever a thread's share ends.
    assert_eq!(negative(layer, 100, 37), all[..3700]);
    let alone = rayon_pool(1, || negative(layer, 100, 100));
    assert_eq!(alone, all);
    assert_eq!(rayon_pool(3, || negative(layer, 100, 100)), all);
}

fn rayon_pool<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool").install(work)
}

/// A unit with the bias 1 and one with -1, both of the negative kind: outputs 0 and -1. The exact gradient reaches the
/// second, that of the published program the first.
#[test]
fn the_gate_of_the_published_program_lets_the_wrong_side_through() {
    for (variant, reached) in [
        (MixLuVariant::Fixed, [false, true]),
        (MixLuVariant::Redrawn, [false, true]),
        (MixLuVariant::Gated, [true, false]),
        (MixLuVariant::RedrawnGated, [true, false]),
    ] {
        let network = biased(vec![1.0, -1.0], vec![Layer::MixLu(MixLu::new(1.0, variant, 1))], 2);
        let (_, gradients) = loss_and_gradients(&network, &[0.0], &[1], Objective::default(), Phase::Inference);
        let found: Vec<bool> = gradients.tensors()[1].iter().map(|&gradient| gradient != 0.0).collect();
        assert_eq!(found, reached, "{variant:?}");
    }
}

/// Units whose values are the biases, the layers, and a classifier of two.
fn biased(biases: Vec<f64>, layers: Vec<Layer<f64>>, units: usize) -> Network<f64> {
    let dense = Dense::new(1, vec![0.0; biases.len()], Some(biases), Activation::Linear).expect("lengths fit");
    let kernel = (0..2 * units).map(|index| 0.3 - 0.4 * index as f64).collect();
    let last = Dense::new(units, kernel, None, Activation::Softmax).expect("lengths fit");
    let layers = std::iter::once(Layer::Dense(dense)).chain(layers).chain([Layer::Dense(last)]).collect();
    Network::new(Shape::flat(1), layers).expect("the layers fit")
}

#[test]
fn maxout_takes_the_greatest_or_least_of_neighbours() {
    let pieces = [1.0, 3.0, 2.0, -1.0, 5.0, 5.0];
    let outputs = |layer| run(Shape::flat(6), vec![Layer::Maxout(layer)], &pieces);
    assert_eq!(outputs(Maxout::new(2)), [3.0, 2.0, 5.0]);
    assert_eq!(outputs(Maxout::new(3)), [3.0, 5.0]);
    assert_eq!(outputs(Maxout::new(2).with_minima(0.33)), [1.0, 2.0, 5.0]);
    assert_eq!(outputs(Maxout::new(2).with_minima(1.0)), [1.0, -1.0, 5.0]);
    // On a map, cell by cell.
    let outputs = run(Shape::new(1, 3, 2), vec![Layer::Maxout(Maxout::new(2))], &pieces);
    assert_eq!(outputs, [3.0, 2.0, 5.0]);
    // Equal pieces: the first learns.
    let network = biased(vec![5.0, 5.0, 1.0, 2.0], vec![Layer::Maxout(Maxout::new(2))], 2);
    let (_, gradients) = loss_and_gradients(&network, &[0.0], &[1], Objective::default(), Phase::Inference);
    let found: Vec<bool> = gradients.tensors()[1].iter().map(|&gradient| gradient != 0.0).collect();
    assert_eq!(found, [true, false, false, true]);
}

/// Products by hand: 2, -3, 0.5 and 1, 1, 0.25 of the inputs 1, -1 and 0.5 with the weights of two units.
#[test]
fn synaptic_maxout_chooses_one_synapse() {
    let kernel = || vec![2.0, 1.0, 3.0, -1.0, 1.0, 0.5];
    let layer = |bias| SynapticMaxout::new(3, kernel(), bias).expect("lengths fit");
    let outputs = |layer| run(Shape::flat(3), vec![Layer::SynapticMaxout(layer)], &[1.0, -1.0, 0.5]);
    assert_eq!(outputs(layer(None)), [2.0, 1.0]);
    assert_eq!(outputs(layer(Some(vec![0.5, -1.0]))), [2.5, 0.0]);
    assert_eq!(outputs(layer(None).with_minima(0.5)), [-3.0, 1.0]);
    assert_eq!(outputs(layer(None).with_minima(1.0)), [-3.0, 0.25]);
    // The first of equal products learns: of the second unit that of the first input, times its value.
    let last = Dense::new(2, vec![0.3, -0.1, -0.5, 0.7], None, Activation::Softmax).expect("lengths fit");
    let layers = vec![Layer::SynapticMaxout(layer(Some(vec![0.0, 0.0]))), Layer::Dense(last)];
    let network = Network::new(Shape::flat(3), layers).expect("the layers fit");
    let (_, gradients) = loss_and_gradients(&network, &[1.0, -1.0, 0.5], &[1], Objective::default(), Phase::Inference);
    let [kernel, bias, ..] = gradients.tensors() else { panic!("two tensors of the layer") };
    assert_eq!(kernel[..], [bias[0], bias[1], 0.0, 0.0, 0.0, 0.0]);
    assert!(bias.iter().all(|&gradient| gradient != 0.0));
}

#[test]
fn conv_act_scales_each_side_of_each_channel() {
    let layer = ConvAct::new(vec![1.0, 1.0, 0.5], vec![0.0, -1.0, 2.0]).expect("lengths fit");
    let outputs = run(Shape::new(1, 2, 3), vec![Layer::ConvAct(layer)], &[2.0, 3.0, 4.0, -2.0, -3.0, -4.0]);
    assert_eq!(outputs, [2.0, 3.0, 2.0, -0.0, 3.0, -8.0]);
    assert!(matches!(ConvAct::new(vec![1.0], vec![0.0, 0.0]), Err(NetworkError::TensorLength { .. })));
}

#[test]
fn inputs_are_stretched_clipped_and_doubled() {
    let outputs = run(Shape::new(1, 2, 2), vec![Layer::DoubledInput(DoubledInput)], &[0.2, 0.5, 1.0, 0.9]);
    let expected = [0.0, 0.35, 0.0, 0.35, 1.0, 0.87, 1.0, 0.87];
    // Roundings of numbers of the order of one.
    assert!(outputs.iter().zip(expected).all(|(found, want)| (found - want).abs() < 1e-15), "{outputs:?}");
}

/// A fully connected layer and its gradient for a given dL/dz, before clipping; G_r = 1, e_r = -0.4.
struct Case {
    inputs: usize,
    /// Row by row, one row per output.
    g: &'static [f64],
    p: &'static [f64],
    z: &'static [f64],
    dl_dz: &'static [f64],
    dl_dg: &'static [f64],
    dl_dp: &'static [f64],
}

/// From the formulas in double precision, by an implementation of their own.
const CASES: [Case; 3] = [
    Case {
        inputs: 4,
        g: &[-0.312, 0.225, 0.282, -0.585, -0.391, 0.038, -0.095, -0.005, -0.256, 0.264, 0.233, 0.02],
        p: &[0.651, 0.387, 0.0, 0.348],
        z: &[0.1827071748073808, 0.024204623617053538, 0.09386069491065384],
        dl_dz: &[-0.959, 0.878, -0.05],
        dl_dg: &[
            -0.2469257956551031,
            -0.14678998912215804,
            0.0,
            0.1910135879277059,
            0.2600898467618181,
            0.15461562319020522,
            -0.0,
            -0.14593169615092577,
            -0.012667034166894952,
            -0.007530172384928335,
            0.0,
            0.008174105632983937,
        ],
        dl_dp: &[-0.03212673448991326, -0.07453451601488371, 0.3531319165293113, -0.1654994567084183],
    },
    Case {
        inputs: 7,
        g: &[-0.141, 0.004, 0.144, 0.134, 0.2, -0.03, -0.127, -0.024, -0.506, -0.434, -0.397, -0.299, 0.12, -0.272],
        p: &[0.049, 0.72, 0.057, 0.495, 0.0, 0.118, 0.0],
        z: &[-0.0980103903919003, -0.21157129914043585],
        dl_dz: &[-0.339, 0.84],
        dl_dg: &[
            -0.007278242705635967,
            -0.10694560710322236,
            -0.008466527229005103,
            0.06039913759519259,
            0.0,
            0.014398178255015607,
            0.0,
            0.026718806668317073,
            0.39260287349363865,
            0.031081060818246395,
            -0.17564655042078445,
            -0.0,
            -0.041871298888187004,
            -0.0,
        ],
        dl_dp: &[
            0.40460295559461573,
            0.12023948607530865,
            0.1387047942657127,
            -0.07560050074905986,
            -0.10232175097118953,
            -0.27906459192715516,
            -0.15180250825399588,
        ],
    },
    Case {
        inputs: 5,
        g: &[-0.441, -0.305, 0.094, 0.251, 0.599, 0.874, 0.124, -0.297, -0.64, 0.08],
        p: &[0.0, 0.034, 0.0, 0.144, 0.626],
        z: &[-0.7064244984007242, -0.6169989174106637],
        dl_dz: &[0.157, -0.159],
        dl_dg: &[
            0.0,
            0.004131489844854408,
            -0.0,
            -0.0030103916366661524,
            -0.013086841420507027,
            -0.0,
            -0.004949503406035576,
            0.0,
            0.004965185459650584,
            0.021584764567647678,
        ],
        dl_dp: &[
            -0.20487842822461924,
            -0.07917224665324041,
            0.001369145330705486,
            -0.013739813694410742,
            0.003811000481898974,
        ],
    },
];

/// The loss is the cross-entropy of two equal logits, of which the first is `sum 2 dL/dz z` less its value, so that what
/// reaches z is dL/dz; p are rectified biases.
#[test]
fn averages_and_their_gradients_against_a_table() {
    for case in CASES {
        let outputs = case.z.len();
        let kernel = |flat: &[f64]| -> Vec<f64> {
            (0..flat.len()).map(|index| flat[index % outputs * case.inputs + index / outputs]).collect()
        };
        let averaging = Averaging { clips: false, ..Averaging::conductances(case.inputs, -0.4) };
        let dense = CwaDense::new(case.inputs, kernel(case.g), averaging).expect("lengths fit");
        // Sums of fewer than ten terms, each right to a rounding.
        let close = |found: f64, want: f64| (found - want).abs() < 1e-14;
        let found = run(Shape::flat(case.inputs), vec![Layer::CwaDense(dense.clone())], case.p);
        assert!(found.iter().zip(case.z).all(|(&found, &want)| close(found, want)), "{found:?}");
        let clipped = CwaDense::new(case.inputs, kernel(case.g), Averaging::conductances(case.inputs, -0.4));
        let found = run(Shape::flat(case.inputs), vec![Layer::CwaDense(clipped.expect("lengths fit"))], case.p);
        assert!(found.iter().zip(case.z).all(|(&found, &want)| close(found, want.max(0.0))), "{found:?}");

        let biases = Dense::new(1, vec![0.0; case.inputs], Some(case.p.to_vec()), Activation::Relu);
        let weights: Vec<f64> = case.dl_dz.iter().flat_map(|&gradient| [2.0 * gradient, 0.0]).collect();
        let value: f64 = case.dl_dz.iter().zip(case.z).map(|(gradient, z)| 2.0 * gradient * z).sum();
        let last = Dense::new(outputs, weights, Some(vec![-value, 0.0]), Activation::Softmax);
        let layers = vec![
            Layer::Dense(biases.expect("lengths fit")),
            Layer::CwaDense(dense),
            Layer::Dense(last.expect("lengths fit")),
        ];
        let network = Network::new(Shape::flat(1), layers).expect("the layers fit");
        let (_, gradients) = loss_and_gradients(&network, &[0.0], &[1], Objective::default(), Phase::Inference);
        let [_, by_p, by_g, ..] = gradients.tensors() else { panic!("five tensors") };
        assert!(by_g.iter().zip(kernel(case.dl_dg)).all(|(&found, want)| close(found, want)), "{by_g:?}");
        // A silent input has no slope behind the ReLU that makes it.
        let by_p = by_p.iter().zip(case.dl_dp).zip(case.p).filter(|&(_, &p)| p > 0.0);
        by_p.for_each(|((&found, &want), _)| assert!(close(found, want), "{found} for {want}"));
    }
}

/// One input, one output, one inhibitory unit, G_r = 1; conductances of 1 but for the synapse onto the inhibitory unit. All
/// inputs of an odd one are inhibitory, so that the average of a and b is (e_r - a - b) / (1 + a + b), or 0.
#[test]
fn lateral_inhibition_by_hand() {
    let outputs = |rest, g: f64, input| {
        let layer = CwaLateral::new(1, [vec![0.0], vec![g], vec![0.0]], 1.0, rest).expect("lengths fit");
        run(Shape::flat(1), vec![Layer::CwaLateral(layer.with_steps(1))], &[input])[0]
    };
    assert_eq!(outputs(0.5, 0.0, 1.0), 0.0);
    // p = 0.5, q = 0, p = 0.5.
    assert_eq!(outputs(0.5, 0.0, 0.0), 0.5);
    // Without a synapse onto it the inhibitory unit rests at 0.5: p = (0.5 - 0.1 - 0.5) / 1.6 is clipped; at e_r = 0.9,
    // p = (0.9 - 0.9) / 1.9 = 0.
    assert_eq!(outputs(0.5, -1.0, 0.1), 0.0);
    assert_eq!(outputs(0.9, -1.0, 0.0), 0.0);
    // p = 0.5, q = (0.5 - 0.25) / 1.25 = 0.2 with the conductance 0.5, p = (0.5 - 0.2) / 1.2 = 0.25.
    assert!((outputs(0.5, -0.5, 0.0) - 0.25).abs() < 1e-15);
}

#[test]
fn no_samples_have_no_outputs_and_no_gradient() {
    let lateral = CwaLateral::new(2, [vec![0.5; 4], vec![0.5; 2], vec![0.5; 2]], 1.0, 0.0).expect("lengths fit");
    let dense = Dense::new(2, vec![1.0; 4], None, Activation::Softmax).expect("lengths fit");
    let layers = vec![Layer::CwaLateral(lateral), Layer::Dense(dense)];
    let network = Network::<f64>::new(Shape::flat(2), layers).expect("the layers fit");
    assert!(network.activations(&[], 0).iter().all(Vec::is_empty));
    let (loss, gradients) = loss_and_gradients(&network, &[], &[0_u8; 0], Objective::default(), Phase::Inference);
    assert_eq!(loss.total(), 0.0);
    assert!(gradients.tensors().iter().flatten().all(|&gradient| gradient == 0.0));
}

/// By hand: absolute weights 1, -3 and inputs 2, 1 give (2 - 3) / (2 + 3); with e_r = -0.4 and G_r = 5, (-1 - 2) / 10.
#[test]
fn absolute_weights_by_hand() {
    let outputs = |averaging| {
        let layer = CwaDense::new(2, vec![1.0, -3.0], averaging).expect("lengths fit");
        run(Shape::flat(2), vec![Layer::CwaDense(layer)], &[2.0, 1.0])[0]
    };
    let open = Averaging { clips: false, ..Averaging::ABSOLUTE };
    // G_r = 1e-6 is 2e-7 of the denominator.
    assert!((outputs(open) + 0.2).abs() < 1e-7);
    assert!((outputs(Averaging { leak: 5.0, rest: -0.4, ..open }) + 0.3).abs() < 1e-15);
    assert_eq!(outputs(Averaging::ABSOLUTE), 0.0);
}

/// Sums over the cells under the kernel in the order of the formula.
#[test]
fn convolutions_of_averages_against_the_formula() {
    let (height, width, inputs, outputs) = (3, 4, 3, 2);
    let shape = KernelShape { height: 2, width: 3, inputs, outputs };
    let kernel: Vec<f64> = uniform(shape.weights(), 2).iter().map(|weight| 1.6 * weight).collect();
    let map: Vec<f64> = uniform(height * width * inputs, 3).iter().map(|value| value.abs()).collect();
    let averaging = Averaging { clips: false, ..Averaging::conductances(inputs, -0.4) };
    let layer = CwaConv2d::new(shape, kernel.clone(), Extent::square(1), averaging).expect("lengths fit");
    let layer = layer.with_padding(Padding::Same);
    let found = run(Shape::new(height, width, inputs), vec![Layer::CwaConv2d(layer)], &map);
    for row in 0..height {
        for column in 0..width {
            for output in 0..outputs {
                let (mut numerator, mut denominator) = (-0.4, 1.0);
                // Keras pads a kernel of 2 behind, one of 3 on both sides.
                for (y, x, input) in (0..2).flat_map(|y| (0..3).flat_map(move |x| (0..3).map(move |i| (y, x, i)))) {
                    let (line, cell) = (row + y, (column + x).wrapping_sub(1));
                    if line < height && cell < width {
                        let h = (1.0 + kernel[((y * 3 + x) * inputs + input) * outputs + output]).max(0.0);
                        let p = map[(line * width + cell) * inputs + input];
                        // Of three channels the first is excitatory.
                        numerator += if input < 1 { h * p } else { -h * p };
                        denominator += h * p;
                    }
                }
                let z = found[(row * width + column) * outputs + output];
                // Nineteen terms of the order of one.
                assert!((z - numerator / denominator).abs() < 1e-14);
                assert!(z.abs() <= 1.0);
            }
        }
    }
}

#[test]
fn impossible_settings_are_refused() {
    let flat = Shape::flat(4);
    for q in [-0.1, 1.1, f64::NAN] {
        let error = refusal(flat, vec![Layer::MixLu(MixLu::new(q, MixLuVariant::Fixed, 1))]);
        assert!(error.to_string().contains("fraction of negative units must be in [0, 1], found"), "{error}");
        let error = refusal(flat, vec![Layer::Maxout(Maxout::new(2).with_minima(q))]);
        assert!(error.to_string().contains("fraction of minima must be in [0, 1], found"), "{error}");
        let synaptic = SynapticMaxout::new(4, vec![0.0; 8], None).expect("lengths fit");
        let error = refusal(flat, vec![Layer::SynapticMaxout(synaptic.with_minima(q))]);
        assert!(error.to_string().contains("fraction of minima must be in [0, 1], found"), "{error}");
    }
    for pieces in [0, 1] {
        let error = refusal(flat, vec![Layer::Maxout(Maxout::new(pieces))]);
        assert!(error.to_string().contains("number of pieces must be 2 or more"), "{error}");
    }
    assert!(matches!(refusal(flat, vec![Layer::Maxout(Maxout::new(3))]), NetworkError::Pieces { pieces: 3, .. }));
    let synaptic = SynapticMaxout::new(3, vec![0.0; 6], None).expect("lengths fit");
    assert!(matches!(refusal(flat, vec![Layer::SynapticMaxout(synaptic)]), NetworkError::Channels { .. }));
    assert!(SynapticMaxout::new(3, vec![0.0; 6], Some(vec![0.0])).is_err());
    let slopes = ConvAct::new(vec![1.0; 3], vec![0.0; 3]).expect("lengths fit");
    assert!(matches!(refusal(flat, vec![Layer::ConvAct(slopes)]), NetworkError::Channels { .. }));
    let good = Averaging::conductances(4, -0.4);
    let cwa = |averaging| Layer::CwaDense(CwaDense::new(4, vec![0.0; 8], averaging).expect("lengths fit"));
    for (averaging, expected) in [
        (Averaging { leak: 0.0, ..good }, "the resting conductance must be positive"),
        (Averaging { rest: -1.5, ..good }, "the resting potential must be in [-1, 1]"),
        (Averaging { weighting: Weighting::Conductance { excitatory: 5 }, ..good }, "the number of excitatory inputs"),
    ] {
        let error = refusal(flat, vec![cwa(averaging)]);
        assert!(error.to_string().contains(expected), "{error}");
    }
    let signed = || Layer::Dense(Dense::new(4, vec![0.1; 16], None, Activation::Tanh).expect("lengths fit"));
    let error = refusal(flat, vec![signed(), cwa(good)]);
    assert!(matches!(error, NetworkError::SignedConductance { layer: 1, kind: "CwaDense" }), "{error}");
    let root = ann::RootUnit::new(ann::RootFamily::Odd, 0.5);
    let error = refusal(flat, vec![Layer::Activation(Activation::RootUnit(root))]);
    assert!(matches!(error, NetworkError::Activation { .. }), "{error}");
}
