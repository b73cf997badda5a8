//! What flows between the layers of a Keras model, and how its axes relate to ours.

use crate::error::ModelFileError;
use crate::keras::model_config::{LayerRecord, ModelRecord};
use crate::network::Origin;
use crate::shape::Shape;

/// Where the channels of a model's maps are; ours are always last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DataFormat {
    ChannelsLast,
    ChannelsFirst,
}

/// A tensor of a Keras model, and the node that computes it.
#[derive(Clone, Copy)]
pub(crate) struct Flow {
    pub(crate) origin: Origin,
    pub(crate) shape: Shape,
    pub(crate) axes: Axes,
}

/// The axes of a tensor behind the batch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Axes {
    /// One.
    Vector,
    /// One, and the units of a map of this shape come channel by channel, unlike ours.
    ByChannel(Shape),
    /// Rows and columns, without channels.
    Matrix,
    /// Rows, columns and channels.
    Map,
}

impl DataFormat {
    /// The format that the layers of a model name, those of models within it included; channels last if none does.
    ///
    /// `Flatten` has a format of its own, and counts only where no other layer names one.
    pub(crate) fn of(model: &ModelRecord) -> Result<Self, ModelFileError> {
        let (mut maps, mut vectors) = (None, None);
        collect(model, &mut maps, &mut vectors)?;
        Ok(maps.or(vectors).unwrap_or(Self::ChannelsLast))
    }
}

fn collect(
    model: &ModelRecord,
    maps: &mut Option<DataFormat>,
    vectors: &mut Option<DataFormat>,
) -> Result<(), ModelFileError> {
    for layer in model.layers() {
        if let Some(Ok(model)) = layer.model() {
            collect(&model, maps, vectors)?;
            continue;
        }
        let Some(format) = layer.data_format()? else { continue };
        let known = if layer.class_name == "Flatten" { &mut *vectors } else { &mut *maps };
        if known.is_some_and(|known| known != format) && layer.class_name != "Flatten" {
            let found = layer.config.get("data_format").map_or_else(String::new, ToString::to_string);
            return Err(layer.unsupported("data_format", found, "use one data_format in the whole model"));
        }
        *known = Some(format);
    }
    Ok(())
}

impl LayerRecord {
    /// The key `data_format`.
    pub(crate) fn data_format(&self) -> Result<Option<DataFormat>, ModelFileError> {
        match self.config.get("data_format").map(|value| value.as_str().ok_or(value)) {
            None | Some(Err(serde_json::Value::Null)) => Ok(None),
            Some(Ok("channels_last")) => Ok(Some(DataFormat::ChannelsLast)),
            Some(Ok("channels_first")) => Ok(Some(DataFormat::ChannelsFirst)),
            Some(Ok(other)) => Err(self.unsupported("data_format", other, "use channels_last")),
            Some(Err(other)) => Err(self.unsupported("data_format", other, "use channels_last")),
        }
    }
}
