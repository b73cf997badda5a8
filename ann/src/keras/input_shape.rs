//! The input shape that a `model_config` declares.

use serde_json::Value;

use crate::error::ModelFileError;
use crate::keras::model_config::ModelRecord;
use crate::keras::value::{Axes, DataFormat, Flow};
use crate::network::Origin;
use crate::shape::Shape;

/// The input of a model; `(28, 28)` is one channel, `(784,)` a vector, `(1, 28, 28)` a map in a model with its channels
/// first.
pub(crate) fn input(record: &ModelRecord, format: DataFormat) -> Result<Flow, ModelFileError> {
    let failed = |detail: String| {
        let first = record.layers().first();
        ModelFileError::LayerConfig {
            layer: first.map_or_else(String::new, |layer| layer.name().to_owned()),
            class: first.map_or_else(String::new, |layer| layer.class_name.clone()),
            detail,
        }
    };
    let batch_shape = record
        .batch_shape()
        .ok_or_else(|| failed("the model has no input shape; build it before saving".to_owned()))?;
    let sizes: Option<Vec<usize>> =
        batch_shape.iter().skip(1).map(|size| size.as_u64().and_then(|size| usize::try_from(size).ok())).collect();
    let (shape, axes) = match (sizes.as_deref(), format) {
        (Some(&[units]), _) => (Shape::flat(units), Axes::Vector),
        (Some(&[height, width]), _) => (Shape::new(height, width, 1), Axes::Matrix),
        (Some(&[height, width, channels]), DataFormat::ChannelsLast)
        | (Some(&[channels, height, width]), DataFormat::ChannelsFirst) => {
            (Shape::new(height, width, channels), Axes::Map)
        }
        _ => {
            let found = Value::Array(batch_shape);
            return Err(failed(format!("input shape {found} is not one of fixed height, width and channels")));
        }
    };
    Ok(Flow { origin: Origin::Input, shape, axes })
}
