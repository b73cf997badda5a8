//! What the outputs of a trained layer are made of, on the way to a plan.

use super::padding::NO_MARGINS;
use super::{LinearMap, Link, Sign, Train, TrainId};
use ann::{BatchNormalization, Margins};

/// What a layer's outputs are made of.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Spikes: for positive, and where there may be any for negative outputs.
    Spikes { positive: TrainId, negative: Option<TrainId>, margins: Margins },
    /// Sums that no neuron has received yet.
    Sums { links: Vec<Link>, bias: Vec<f32> },
}

impl Value {
    /// Spikes without padding around them.
    pub(super) fn spikes(positive: TrainId, negative: Option<TrainId>) -> Value {
        Value::Spikes { positive, negative, margins: NO_MARGINS }
    }
}

/// A map of signed outputs: the negative part counts as negative.
pub(super) fn links(positive: TrainId, negative: Option<TrainId>, map: &LinearMap) -> Vec<Link> {
    let link = |train, factor| Link { train, map: map.clone(), factor };
    std::iter::once(link(positive, 1.0)).chain(negative.map(|negative| link(negative, -1.0))).collect()
}

/// Whether no sum of these can be negative.
pub(super) fn is_non_negative(links: &[Link], bias: &[f32], trains: &[Train]) -> bool {
    let positive =
        |link: &Link| trains[link.train].sign == Sign::Positive && link.factor > 0.0 && link.map.is_non_negative();
    links.iter().all(positive) && bias.iter().all(|&bias| bias >= 0.0)
}

/// The sum of two biases, of which either may be empty for none.
pub(super) fn add(one: Vec<f32>, other: Vec<f32>) -> Vec<f32> {
    match (one.is_empty(), other.is_empty()) {
        (true, _) => other,
        (_, true) => one,
        _ => one.iter().zip(&other).map(|(one, other)| one + other).collect(),
    }
}

/// The factor and the shift of each unit that batch normalisation comes to after training.
pub(super) fn affine(layer: &BatchNormalization<f32>, units: usize) -> (Vec<f32>, Vec<f32>) {
    let channels = layer.moving_mean().len();
    let each = |channel: usize| {
        let deviation = (f64::from(layer.moving_variance()[channel]) + layer.epsilon()).sqrt();
        let factor = layer.gamma().map_or(1.0, |gamma| f64::from(gamma[channel])) / deviation;
        let centre = layer.beta().map_or(0.0, |beta| f64::from(beta[channel]));
        (factor as f32, (centre - factor * f64::from(layer.moving_mean()[channel])) as f32)
    };
    (0..units).map(|unit| each(unit % channels)).unzip()
}
