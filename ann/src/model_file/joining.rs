//! Activations that files keep as layers of their own.

use crate::activation::Activation;
use crate::layer::Layer;
use crate::network::{Node, Origin};

/// Gives activations that are nodes of their own to the convolution or dense layer before, where nothing else takes its
/// outputs.
pub(crate) fn join(nodes: Vec<Node<f32>>) -> Vec<Node<f32>> {
    let mut consumers = vec![0_usize; nodes.len()];
    for origin in nodes.iter().flat_map(|node| &node.inputs) {
        if let Origin::Node(origin) = *origin {
            consumers[origin] += 1;
        }
    }
    let mut joined: Vec<Node<f32>> = Vec::new();
    // Where each node has gone.
    let mut places: Vec<usize> = Vec::new();
    for Node { layer, mut inputs } in nodes {
        if let (Layer::Activation(activation), [Origin::Node(origin)]) = (&layer, &inputs[..])
            && consumers[*origin] == 1
            && let Some(linear) = linear_activation(&mut joined[places[*origin]].layer)
        {
            *linear = *activation;
            places.push(places[*origin]);
            continue;
        }
        for origin in &mut inputs {
            if let Origin::Node(node) = origin {
                *node = places[*node];
            }
        }
        places.push(joined.len());
        joined.push(Node { layer, inputs });
    }
    joined
}

/// The activation of a weighted layer that has none yet.
fn linear_activation(layer: &mut Layer<f32>) -> Option<&mut Activation> {
    let activation = match layer {
        Layer::Conv2d(conv) => conv.activation_mut(),
        Layer::Dense(dense) => dense.activation_mut(),
        _ => return None,
    };
    (*activation == Activation::Linear).then_some(activation)
}
