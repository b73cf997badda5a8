//! Graphs of NIR: their linear nodes compute what the trained layers do, in the order of the graph.

#![allow(clippy::unwrap_used)] // A failure here is a failed test.

use ann::{
    Activation, AveragePool2d, Conv2d, Dense, Extent, KernelShape, Layer, Margins, MaxPool2d, Network, NoisySoftplus,
    Padding, Samples, Shape,
};
use convert::{ConversionSettings, Encoding, ExportError, Nir, NirNode, SpikingNetwork};

const CONSTANTS: NoisySoftplus = NoisySoftplus::EVENT_DRIVEN_5_MS;
const NSP: Activation = Activation::NoisySoftplus(CONSTANTS);
const IMAGE: Shape = Shape::new(6, 6, 2);

fn numbers(count: usize, factor: usize) -> Vec<f32> {
    (0..count).map(|i| (i * factor % 199) as f32 / 199.0 - 0.3).collect()
}

fn conv([height, width]: [usize; 2], [inputs, outputs]: [usize; 2], activation: Activation) -> Conv2d<f32> {
    let shape = KernelShape { height, width, inputs, outputs };
    Conv2d::new(shape, numbers(shape.weights(), 37), None, Extent::square(1), activation).unwrap()
}

/// Groups with padding; a pool; a kernel that is not square; a dense layer.
fn layers(activation: Activation) -> Vec<Layer<f32>> {
    let margins = Margins { top: 1, bottom: 1, left: 1, right: 1 };
    let grouped = conv([3, 3], [1, 4], activation).with_groups(2).with_padding(Padding::Explicit(margins));
    vec![
        Layer::Conv2d(grouped),
        Layer::AveragePool2d(AveragePool2d::new(Extent::square(2), activation)),
        Layer::Conv2d(conv([2, 1], [4, 3], activation)),
        Layer::Flatten,
        Layer::Dense(Dense::new(18, numbers(18 * 3, 53), None, Activation::Linear).unwrap()),
    ]
}

fn converted(layers: Vec<Layer<f32>>, settings: &ConversionSettings) -> SpikingNetwork {
    let pixels: Vec<u8> = (0..50 * IMAGE.units()).map(|i| (i * 7919 % 256) as u8).collect();
    let network = Network::new(IMAGE, layers).unwrap();
    SpikingNetwork::convert(&network, Samples { pixels: &pixels, labels: &[0; 50] }, settings).unwrap()
}

/// Numbers in the order of rows, columns, channels as channels, rows, columns.
fn channels_first(shape: Shape, values: &[f32]) -> Vec<f32> {
    let cells = shape.height * shape.width;
    (0..values.len()).map(|i| values[i % cells * shape.channels + i / cells]).collect()
}

/// What a node makes of a map (channels, rows, columns) or a vector, after the definitions of NIR (PyTorch's).
fn apply(node: &NirNode, x: &[f32]) -> Vec<f32> {
    match node {
        NirNode::Conv2d {
            input_shape: [h, w],
            shape: [outputs, inputs, kh, kw],
            weight,
            stride,
            padding,
            dilation,
        } => {
            assert_eq!((*stride, *dilation), ([1, 1], [1, 1]));
            let [oh, ow] = [h + 2 * padding[0] + 1 - kh, w + 2 * padding[1] + 1 - kw];
            let mut y = vec![0.0; outputs * oh * ow];
            for (index, y) in y.iter_mut().enumerate() {
                let (o, row, column) = (index / (oh * ow), index / ow % oh, index % ow);
                for (i, ky, kx) in (0..inputs * kh * kw).map(|k| (k / (kh * kw), k / kw % kh, k % kw)) {
                    let (r, c) = ((row + ky).wrapping_sub(padding[0]), (column + kx).wrapping_sub(padding[1]));
                    if r < *h && c < *w {
                        *y += weight[((o * inputs + i) * kh + ky) * kw + kx] * x[(i * h + r) * w + c];
                    }
                }
            }
            y
        }
        // Of 4 maps of 6 x 6.
        NirNode::SumPool2d { window: [2, 2] } => (0..36)
            .map(|i| {
                let corner = (i / 9 * 6 + i / 3 % 3 * 2) * 6 + i % 3 * 2;
                x[corner] + x[corner + 1] + x[corner + 6] + x[corner + 7]
            })
            .collect(),
        NirNode::Scale { factor, .. } => x.iter().map(|x| factor * x).collect(),
        NirNode::Flatten { .. } => x.to_vec(),
        NirNode::Linear { shape: [_, columns], weight } => {
            weight.chunks_exact(*columns).map(|row| row.iter().zip(x).map(|(w, x)| w * x).sum()).collect()
        }
        other => panic!("{other:?} is not linear"),
    }
}

#[test]
fn linear_nodes_compute_the_layers() {
    let spiking = converted(layers(NSP), &ConversionSettings::default());
    let exported = spiking.exported().unwrap();
    let graph = Nir::of(&exported).unwrap();
    let node = |name: &str| &graph.nodes.iter().find(|(other, _)| other == name).unwrap().1;
    let behind = |name: &str| graph.edges.iter().find(|(from, _)| from == name).unwrap().1.as_str();
    let shapes = [IMAGE, Shape::new(6, 6, 4), Shape::new(3, 3, 4), Shape::new(2, 3, 3), Shape::flat(3)];
    // Behind a matrix, neurons are a vector in our order.
    let is_map = [true, true, true, false, false];
    let mut at = "input";
    let trained = layers(Activation::Linear).into_iter().filter(|layer| *layer != Layer::Flatten);
    for (stage, layer) in trained.enumerate() {
        let [mut from, to] = [shapes[stage], shapes[stage + 1]];
        if matches!(layer, Layer::Dense(_)) {
            from = Shape::flat(from.units());
        }
        let given: Vec<f32> = numbers(from.units(), 61);
        // The weights of a Noisy Softplus network are nA; an average over p = S tau_syn; outputs have a scale of their own.
        let factor = match stage {
            1 => 1000.0 / (CONSTANTS.s_hz_per_na * CONSTANTS.tau_syn_ms),
            3 => spiking.layers()[3].per_unit,
            _ => 1.0,
        };
        let wanted = Network::new(from, vec![layer]).unwrap().logits(&given, 1);
        let mut x = if is_map[stage] { channels_first(from, &given) } else { given };
        at = behind(at);
        while !matches!(node(at), NirNode::CubaLif { .. }) {
            x = apply(node(at), &x);
            at = behind(at);
        }
        let wanted = if is_map[stage + 1] { channels_first(to, &wanted) } else { wanted };
        assert_eq!(x.len(), wanted.len());
        for (x, wanted) in x.iter().zip(wanted) {
            // f32 sums of up to 18 products of order 1 in another order.
            assert!(
                (f64::from(*x) - factor * f64::from(wanted)).abs() < 2e-6 * (1.0 + factor),
                "{stage}: {x}, {wanted}"
            );
        }
    }
    assert_eq!(behind(at), "output");
}

/// Liu & Furber (2016): tau_m 20 ms, cm 0.25 nF, hence 80 MOhm; threshold 15 mV above rest; i_offset 0.1 nA, hence 8 mV.
#[test]
fn neurons_have_their_parameters() {
    let spiking = converted(layers(NSP), &ConversionSettings::default());
    let graph = Nir::of(&spiking.exported().unwrap()).unwrap();
    let (_, first) = graph.nodes.iter().find(|(name, _)| name == "layer1_Conv2D").unwrap();
    let expected = NirNode::CubaLif {
        shape: vec![4, 6, 6],
        tau_mem: 20.0,
        tau_syn: 5.0,
        r: 80.0,
        v_leak: vec![8.0; 144],
        v_threshold: 15.0,
        v_reset: 0.0,
        tau_refrac: 1.0,
    };
    assert_eq!(first, &expected);
}

#[test]
fn what_has_no_counterpart_is_refused() {
    let maxima = vec![
        Layer::Conv2d(conv([3, 3], [2, 4], Activation::Relu)),
        Layer::MaxPool2d(MaxPool2d::new(Extent::square(2))),
        Layer::Flatten,
        Layer::Dense(Dense::new(16, numbers(16 * 3, 53), None, Activation::Linear).unwrap()),
    ];
    let settings = ConversionSettings { tuning: None, ..ConversionSettings::default() };
    let error = converted(maxima, &settings).exported().err();
    assert_eq!(error, Some(ExportError::Gate { layer: 1, kind: "MaxPooling2D" }));

    let settings = ConversionSettings { encoding: Encoding::Constant, ..ConversionSettings::default() };
    assert_eq!(converted(layers(NSP), &settings).exported().err(), Some(ExportError::Currents));

    let settings = ConversionSettings { delay: 0.0, ..ConversionSettings::default() };
    let spiking = converted(layers(NSP), &settings);
    let error = spiking.exported().unwrap().synapses().unwrap().find_map(Result::err);
    assert_eq!(error, Some(ExportError::NoDelay { name: "layer1_Conv2D".to_owned() }));

    // 6,000 x 6,000 entries are more than a matrix may have, and the kernel is not square.
    let image = Shape::new(60, 100, 1);
    let large = Network::new(
        image,
        vec![
            Layer::Conv2d(conv([1, 2], [1, 1], NSP).with_padding(Padding::Same)),
            Layer::AveragePool2d(AveragePool2d::new(Extent::new(60, 50), NSP)),
            Layer::Flatten,
            Layer::Dense(Dense::new(2, vec![0.5; 4], None, Activation::Linear).unwrap()),
        ],
    );
    let pixels = vec![200; image.units()];
    let samples = Samples { pixels: &pixels, labels: &[0] };
    let spiking = SpikingNetwork::convert(&large.unwrap(), samples, &ConversionSettings::default()).unwrap();
    let error = Nir::of(&spiking.exported().unwrap()).unwrap_err();
    assert!(matches!(error, ExportError::MatrixTooLarge { rows: 6000, columns: 6000, .. }), "{error}");
}
