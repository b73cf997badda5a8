//! The input shape that a `model_config` declares.

use serde_json::Value;

use crate::error::ModelFileError;
use crate::keras::model_config::ModelRecord;
use crate::shape::Shape;

/// The shape of one sample; `(28, 28)` is one channel, which only Flatten may take.
pub(crate) fn input_shape(record: &ModelRecord) -> Result<Shape, ModelFileError> {
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
    let found = || Value::Array(batch_shape.clone());
    match sizes.as_deref() {
        Some(&[units]) => Ok(Shape::flat(units)),
        Some(&[height, width]) => {
            let first = record.layers().iter().find(|layer| layer.class_name != "InputLayer");
            match first {
                Some(layer) if layer.class_name == "Flatten" => Ok(Shape::new(height, width, 1)),
                Some(layer) if !matches!(layer.class_name.as_str(), "Dense" | "Conv2D" | "AveragePooling2D") => {
                    // The layer itself is what is not supported; its own refusal says more.
                    Ok(Shape::new(height, width, 1))
                }
                _ => Err(failed(format!("input shape {} needs a Flatten layer first", found()))),
            }
        }
        Some(&[height, width, channels]) => Ok(Shape::new(height, width, channels)),
        _ => Err(failed(format!("input shape {} is not one of fixed height, width and channels", found()))),
    }
}
