//! Graphs made by hand, held to the definitions of the operators.

use std::path::Path;

use crate::error::ModelFileError;
use crate::layer::{Layer, Padding};
use crate::network::Network;
use crate::onnx::assembly::Assembly;
use crate::onnx::message::{Attribute, Dimension, Graph, Node, Tensor, TensorShape, TensorType, ValueInfo, ValueType};

fn value(name: &str, sizes: &[i64]) -> ValueInfo {
    let sizes = sizes.iter().map(|&size| Dimension { size }).collect();
    let tensor = Some(TensorType { shape: Some(TensorShape { sizes }) });
    ValueInfo { name: name.to_owned(), kind: Some(ValueType { tensor }) }
}

fn weights(name: &str, sizes: &[i64], floats: &[f32]) -> Tensor {
    Tensor { name: name.to_owned(), sizes: sizes.to_vec(), data_type: 1, floats: floats.to_vec(), ..Tensor::default() }
}

fn list(name: &str, integers: &[i64]) -> Tensor {
    let sizes = vec![integers.len() as i64];
    Tensor { name: name.to_owned(), sizes, data_type: 7, integers: integers.to_vec(), ..Tensor::default() }
}

fn integers(name: &str, integers: &[i64]) -> Attribute {
    Attribute { name: name.to_owned(), integers: integers.to_vec(), ..Attribute::default() }
}

fn integer(name: &str, integer: i64) -> Attribute {
    Attribute { name: name.to_owned(), integer, ..Attribute::default() }
}

fn text(name: &str, text: &str) -> Attribute {
    Attribute { name: name.to_owned(), text: text.as_bytes().to_vec(), ..Attribute::default() }
}

/// `output = operator(inputs)`, words apart by spaces.
fn node(operator: &str, inputs: &str, output: &str, attributes: &[Attribute]) -> Node {
    Node {
        inputs: inputs.split(' ').map(str::to_owned).collect(),
        outputs: vec![output.to_owned()],
        operator: operator.to_owned(),
        attributes: attributes.to_vec(),
        ..Node::default()
    }
}

fn read(sizes: &[i64], nodes: &[Node], initializers: &[Tensor]) -> Result<Network<f32>, ModelFileError> {
    let graph = Graph {
        nodes: nodes.to_vec(),
        initializers: initializers.to_vec(),
        inputs: vec![value("x", sizes)],
        outputs: vec![value("y", &[])],
    };
    Assembly::network(Path::new("model.onnx"), &graph)
}

fn outputs(sizes: &[i64], nodes: &[Node], initializers: &[Tensor], inputs: &[f32]) -> Vec<f32> {
    read(sizes, nodes, initializers).unwrap().forward(inputs, 1)
}

fn message(sizes: &[i64], nodes: &[Node], initializers: &[Tensor]) -> String {
    read(sizes, nodes, initializers).map(|_| ()).unwrap_err().to_string()
}

/// A pool of 2 and 4 over a row of two, with one zero on each side: zeros count or not.
#[test]
fn padding_of_average_pools() {
    let pool = |counts: i64| {
        let attributes = [integers("kernel_shape", &[1, 2]), integers("pads", &[0, 1, 0, 1])];
        let attributes = [&attributes[..], &[integer("count_include_pad", counts)]].concat();
        outputs(&[0, 1, 1, 2], &[node("AveragePool", "x", "y", &attributes)], &[], &[2.0, 4.0])
    };
    assert_eq!(pool(0), [2.0, 3.0, 4.0]);
    assert_eq!(pool(1), [1.0, 3.0, 2.0]);
}

/// A kernel of two ones over three cells, stride 1: the odd zero comes behind the map or before it.
#[test]
fn automatic_padding() {
    let conv = |mode: &str| {
        let network = read(
            &[0, 1, 1, 3],
            &[node("Conv", "x w", "y", &[text("auto_pad", mode)])],
            &[weights("w", &[1, 1, 1, 2], &[1.0, 1.0])],
        );
        network.unwrap()
    };
    assert_eq!(conv("SAME_UPPER").forward(&[1.0, 2.0, 4.0], 1), [3.0, 6.0, 4.0]);
    assert_eq!(conv("SAME_LOWER").forward(&[1.0, 2.0, 4.0], 1), [1.0, 3.0, 6.0]);
    assert_eq!(conv("VALID").forward(&[1.0, 2.0, 4.0], 1), [3.0, 6.0]);
    assert!(matches!(&conv("SAME_UPPER").layers()[0], Layer::Conv2d(conv) if conv.padding() == Padding::Same));
}

/// `alpha x B' + beta C`, one number of C for all columns.
#[test]
fn factors_of_a_matrix_product() {
    let factor = |name: &str, float: f32| Attribute { name: name.to_owned(), float, ..Attribute::default() };
    let attributes = [factor("alpha", 2.0), factor("beta", 0.5), integer("transB", 1)];
    let kernel = weights("w", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let found = outputs(
        &[0, 3],
        &[node("Gemm", "x w c", "y", &attributes)],
        &[kernel, weights("c", &[1], &[6.0])],
        &[1.0, 0.0, -1.0],
    );
    assert_eq!(found, [-1.0, -1.0]);
}

/// Two channels of two cells each, [1, 2] and [3, 4], which ours hold as 1, 3, 2, 4; weights of 1, 10, 100, 1000 see them in
/// the order of the file, beside the units of another branch, whatever leads to the vector.
#[test]
fn units_behind_flatten_keep_their_weights() {
    let kernel = weights("w", &[4, 1], &[1.0, 10.0, 100.0, 1000.0]);
    let product = node("MatMul", "f w", "y", &[]);
    for (name, flatten) in [("Flatten", node("Flatten", "x", "f", &[])), ("Reshape", node("Reshape", "x t", "f", &[]))]
    {
        let found = outputs(
            &[0, 2, 1, 2],
            &[flatten, product.clone()],
            &[kernel.clone(), list("t", &[-1, 4])],
            &[1.0, 3.0, 2.0, 4.0],
        );
        assert_eq!(found, [4321.0], "{name}");
    }
    let long = weights("w", &[6, 1], &[1.0, 10.0, 100.0, 1000.0, 0.5, 0.25]);
    let nodes = [
        node("Flatten", "x", "a", &[]),
        node("GlobalMaxPool", "x", "p", &[]),
        node("Flatten", "p", "b", &[]),
        node("Concat", "a b", "f", &[integer("axis", -1)]),
        product,
    ];
    assert_eq!(outputs(&[0, 2, 1, 2], &nodes, &[long], &[1.0, 3.0, 2.0, 4.0]), [4321.0 + 1.0 + 1.0]);
}

/// As converters from Keras write it: channels last, moved first and back before the units are laid out.
#[test]
fn channels_that_move_leave_the_numbers_where_they_are() {
    let nodes = [
        node("Transpose", "x", "a", &[integers("perm", &[0, 3, 1, 2])]),
        node("Relu", "a", "b", &[]),
        node("Transpose", "b", "c", &[integers("perm", &[0, 2, 3, 1])]),
        node("Reshape", "c t", "f", &[]),
        node("MatMul", "f w", "y", &[]),
    ];
    let initializers = [weights("w", &[4, 1], &[1.0, 10.0, 100.0, 1000.0]), list("t", &[-1, 4])];
    let network = read(&[0, 1, 2, 2], &nodes, &initializers).unwrap();
    assert_eq!(network.input(), crate::Shape::new(1, 2, 2));
    assert_eq!(network.forward(&[1.0, 2.0, 3.0, 4.0], 1), [4321.0]);
    // A vector whose numbers would have to move is refused.
    let nodes = [node("Reshape", "x t", "a", &[]), node("Relu", "a", "y", &[])];
    assert!(message(&[0, 8], &nodes, &[list("t", &[-1, 2, 2, 2])]).contains("change places"));
}

/// Constants beside a flow: a bias, one factor for all, one summand per channel.
#[test]
fn arithmetic_with_constants() {
    let nodes = [
        node("Mul", "half x", "a", &[]),
        node("Sub", "a mean", "b", &[]),
        node("Flatten", "b", "c", &[]),
        node("MatMul", "c w", "d", &[]),
        node("Add", "d bias", "y", &[]),
    ];
    let initializers = [
        weights("half", &[], &[0.5]),
        weights("mean", &[2, 1, 1], &[1.0, -1.0]),
        weights("w", &[2, 1], &[1.0, 10.0]),
        weights("bias", &[1], &[100.0]),
    ];
    let network = read(&[0, 2, 1, 1], &nodes, &initializers).unwrap();
    // (4/2 - 1) + 10 (6/2 + 1) + 100
    assert_eq!(network.forward(&[4.0, 6.0], 1), [141.0]);
    assert_eq!(network.layers().len(), 4, "the sum is the bias of the dense layer");
    let backwards = [node("Sub", "half x", "y", &[])];
    assert!(message(&[0, 2, 1, 1], &backwards, &initializers).contains("outputs of a layer"));
}

/// PyTorch's Softplus, and choices that only look like it.
#[test]
fn softplus_with_a_threshold() {
    let nodes = |below: &str| {
        vec![
            node("Softplus", "x", "s", &[]),
            node("Relu", "x", "r", &[]),
            node("Greater", "x t", "g", &[]),
            node("Where", &format!("g x {below}"), "y", &[]),
        ]
    };
    let found = outputs(&[0, 1], &nodes("s"), &[weights("t", &[], &[20.0])], &[1.0]);
    // ln(1 + e)
    assert!((found[0] - 1.313_261_7).abs() < 1e-6, "{found:?}");
    assert!(message(&[0, 1], &nodes("r"), &[weights("t", &[], &[20.0])]).contains("Softplus"));
    assert!(message(&[0, 1], &nodes("s"), &[weights("t", &[], &[2.0])]).contains("Softplus"));
}

#[test]
fn what_is_not_supported_is_named() {
    let map = [0, 1, 4, 4];
    let pool = |more: Attribute| [integers("kernel_shape", &[3, 3]), integers("strides", &[2, 2]), more];
    let kernel = weights("w", &[1, 1, 3, 3], &[0.0; 9]);
    for (nodes, words) in [
        (vec![node("LSTM", "x", "y", &[])], ["'y'", "LSTM"]),
        (vec![node("Relu", "x", "y", &[integer("slope", 1)])], ["Relu", "slope"]),
        (vec![node("MaxPool", "x", "y", &pool(integer("ceil_mode", 1)))], ["ceil_mode", "MaxPool"]),
        (vec![node("MaxPool", "x", "y", &pool(integers("dilations", &[2, 2])))], ["dilations", "MaxPool"]),
        (vec![node("MaxPool", "x", "y", &pool(integers("pads", &[-1, 0, 0, 0])))], ["pads", "-1"]),
        (vec![node("Conv", "x w", "y", &[integers("strides", &[0, 1])])], ["Conv", "size 0"]),
        (vec![node("Conv", "x w", "y", &[text("auto_pad", "MOST")])], ["auto_pad", "MOST"]),
        (vec![node("Gemm", "x w", "y", &[])], ["Gemm", "Flatten"]),
        (vec![node("Softmax", "x", "y", &[])], ["axis", "dense layer"]),
        (vec![node("Relu", "z", "y", &[])], ["'z'", "no node before it"]),
        (vec![node("Flatten", "x", "y", &[integer("axis", 2)])], ["axis", "batch"]),
        (vec![node("BatchNormalization", "x", "y", &[integer("training_mode", 1)])], ["training_mode", "eval"]),
        (vec![node("BatchNormalization", "x", "y", &[])], ["scale", "'y'"]),
        (vec![node("Transpose", "x", "y", &[integers("perm", &[0, 1, 3, 2])])], ["perm", "channels"]),
        (vec![node("Greater", "x w", "y", &[])], ["Greater", "Softplus"]),
    ] {
        let message = message(&map, &nodes, std::slice::from_ref(&kernel));
        assert!(words.iter().all(|word| message.contains(word)), "{message}");
    }
    let custom = Node { domain: "com.example".to_owned(), ..node("Relu", "x", "y", &[]) };
    assert!(message(&map, &[custom], &[]).contains("com.example.Relu"));
    let relu = [node("Relu", "x", "y", &[])];
    assert!(message(&[0, 3, 0, 0], &relu, &[]).contains("fixed"));
    assert!(message(&[0, 1 << 20, 1 << 20, 1 << 20], &relu, &[]).contains("units"));
    let infinite = weights("w", &[1, 1, 1, 1], &[f32::INFINITY]);
    assert!(message(&map, &[node("Conv", "x w", "y", &[])], &[infinite]).contains("inf"));
    let short = weights("w", &[3, 1], &[0.0; 3]);
    let nodes = [node("Flatten", "x", "f", &[]), node("MatMul", "f w", "y", &[])];
    assert!(message(&map, &nodes, &[short]).contains("[16, 1] was expected, found [3, 1]"));
}

/// Lists, vectors and constants that are joined with themselves, or shared, a hundred times over.
#[test]
fn graphs_that_grow_without_bounds_are_refused() {
    let doubled = |first: &str| {
        let value = |step: usize| if step == 0 { first.to_owned() } else { format!("v{step}") };
        let join =
            |step: usize| node("Concat", &format!("{0} {0}", value(step)), &value(step + 1), &[integer("axis", 0)]);
        let mut nodes: Vec<Node> = (0..100).map(join).collect();
        nodes.push(node("Reshape", "x v100", "y", &[]));
        nodes
    };
    assert!(message(&[0, 4], &doubled("list"), &[list("list", &[1])]).contains("sizes"));
    let vectors = doubled("x").into_iter().map(|node| Node { attributes: vec![integer("axis", 1)], ..node });
    let mut vectors: Vec<Node> = vectors.take(100).collect();
    vectors.push(node("Relu", "v100", "y", &[]));
    assert!(message(&[0, 4], &vectors, &[]).contains("vectors"));
    // A matrix of 2^16 weights behind 300 transpositions.
    let turn = |step: usize| node("Transpose", &format!("w{step}"), &format!("w{}", step + 1), &[]);
    let mut nodes: Vec<Node> = (0..300).map(turn).collect();
    nodes.push(node("MatMul", "x w300", "y", &[]));
    let matrix = weights("w0", &[1, 1 << 16], &vec![0.0; 1 << 16]);
    assert!(message(&[0, 1], &nodes, &[matrix]).contains("times over"));
}
