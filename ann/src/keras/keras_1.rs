//! What Keras 1 wrote, in the words of Keras 2.

use serde_json::{Map, Value};

use crate::keras::model_config::LayerRecord;

/// The key that keeps how Keras 1 stored a kernel.
const STORED: &str = "keras_1_kernel";

/// Names of keys in Keras 1 and since.
const KEYS: [(&str, &str); 9] = [
    ("nb_filter", "filters"),
    ("output_dim", "units"),
    ("border_mode", "padding"),
    ("subsample", "strides"),
    ("atrous_rate", "dilation_rate"),
    ("bias", "use_bias"),
    ("p", "rate"),
    ("sigma", "stddev"),
    ("concat_axis", "axis"),
];

/// Names of classes, likewise.
const CLASSES: [(&str, &str); 2] = [("Convolution2D", "Conv2D"), ("AtrousConvolution2D", "Conv2D")];

/// Keys that only Keras 1 wrote.
const SIGNS: [&str; 4] = ["nb_filter", "output_dim", "border_mode", "dim_ordering"];

/// How a kernel is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoredKernel {
    /// As today: rows, columns, inputs, outputs.
    Today,
    /// The same, turned by half a turn: Theano convolved, all others correlate.
    Turned,
    /// Outputs, inputs, rows, columns.
    OutputsFirst,
    /// The same, turned.
    OutputsFirstTurned,
}

impl StoredKernel {
    /// That of a layer.
    pub(crate) fn of(record: &LayerRecord) -> StoredKernel {
        match record.config.get(STORED).and_then(Value::as_str) {
            Some("turned") => StoredKernel::Turned,
            Some("outputs first") => StoredKernel::OutputsFirst,
            Some("outputs first, turned") => StoredKernel::OutputsFirstTurned,
            _ => StoredKernel::Today,
        }
    }

    /// The shape in the file, of `[rows, columns, inputs, outputs]`.
    pub(crate) fn shape(self, [rows, columns, inputs, outputs]: [usize; 4]) -> [usize; 4] {
        match self {
            StoredKernel::Today | StoredKernel::Turned => [rows, columns, inputs, outputs],
            StoredKernel::OutputsFirst | StoredKernel::OutputsFirstTurned => [outputs, inputs, rows, columns],
        }
    }

    /// The kernel as today, of the values in the file.
    pub(crate) fn kernel(self, values: Vec<f32>, [rows, columns, inputs, outputs]: [usize; 4]) -> Vec<f32> {
        if self == StoredKernel::Today {
            return values;
        }
        let cells = rows * columns;
        let mut kernel = Vec::with_capacity(values.len());
        for cell in 0..cells {
            let is_turned = matches!(self, StoredKernel::Turned | StoredKernel::OutputsFirstTurned);
            let cell = if is_turned { cells - 1 - cell } else { cell };
            for input in 0..inputs {
                for output in 0..outputs {
                    kernel.push(match self {
                        StoredKernel::Today | StoredKernel::Turned => {
                            values[(cell * inputs + input) * outputs + output]
                        }
                        _ => values[(output * inputs + input) * cells + cell],
                    });
                }
            }
        }
        kernel
    }
}

/// The end of the name that Keras 1 gave a tensor, of today's name.
pub(crate) fn tensor_ending(tensor: &str) -> Option<&'static str> {
    match tensor {
        "kernel" => Some("_W"),
        "bias" => Some("_b"),
        "gamma" => Some("_gamma"),
        "beta" => Some("_beta"),
        "moving_mean" => Some("_running_mean"),
        // The variance, in spite of its name.
        "moving_variance" => Some("_running_std"),
        _ => None,
    }
}

/// A `model_config` of Keras 1 in the words of Keras 2, any other as it is; `backend` is the attribute of that name.
pub(crate) fn translated(model: Value, backend: Option<&str>) -> Value {
    if is_old(&model) { model_of(model, backend == Some("theano")) } else { model }
}

/// The layers of a model, in either form.
fn layers(model: &Value) -> Option<&Vec<Value>> {
    let config = model.get("config")?;
    config.as_array().or_else(|| config.get("layers")?.as_array())
}

fn is_old(model: &Value) -> bool {
    layers(model).into_iter().flatten().any(|layer| {
        let keys = layer.get("config").and_then(Value::as_object);
        keys.is_some_and(|keys| SIGNS.iter().any(|sign| keys.contains_key(*sign))) || is_old(layer)
    })
}

fn model_of(mut model: Value, theano: bool) -> Value {
    let list = match model.get_mut("config") {
        Some(Value::Array(list)) => Some(list),
        Some(config) => config.get_mut("layers").and_then(Value::as_array_mut),
        None => None,
    };
    for layer in list.into_iter().flatten() {
        *layer = layer_of(std::mem::take(layer), theano);
    }
    model
}

fn layer_of(mut layer: Value, theano: bool) -> Value {
    if layers(&layer).is_some() {
        return model_of(layer, theano);
    }
    let class = layer.get("class_name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some(config) = layer.get_mut("config").and_then(Value::as_object_mut) else { return layer };
    let name = class_of(&class, config);
    let ordering = config.remove("dim_ordering");
    let is_first = ordering.as_ref().and_then(Value::as_str) == Some("th");
    if ordering.is_some() {
        let format = if is_first { "channels_first" } else { "channels_last" };
        config.insert("data_format".to_owned(), format.into());
    }
    if let (Some(rows), Some(columns)) = (config.remove("nb_row"), config.remove("nb_col")) {
        config.insert("kernel_size".to_owned(), vec![rows, columns].into());
        let stored = match (is_first, theano) {
            (false, false) => "today",
            (false, true) => "turned",
            (true, false) => "outputs first",
            (true, true) => "outputs first, turned",
        };
        config.insert(STORED.to_owned(), stored.into());
    }
    for (old, new) in KEYS {
        if let Some(value) = config.remove(old) {
            config.insert(new.to_owned(), value);
        }
    }
    layer["class_name"] = name.into();
    layer
}

/// Today's name of a class; where there is none, one that says what it is.
fn class_of(class: &str, config: &Map<String, Value>) -> String {
    let mode = config.get("mode");
    match (class, mode.and_then(Value::as_str)) {
        ("Merge", Some("sum")) => return "Add".to_owned(),
        ("Merge", Some("concat")) => return "Concatenate".to_owned(),
        ("Merge", Some(other)) => return format!("Merge of mode {other}"),
        // Statistics of each batch, in tests too.
        ("BatchNormalization", _) if mode.and_then(Value::as_i64) == Some(1) => {
            return "BatchNormalization of mode 1".to_owned();
        }
        _ => {}
    }
    CLASSES.iter().find(|(old, _)| *old == class).map_or(class, |(_, new)| new).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kernel of two rows, three columns, two inputs and two outputs, whose values tell their place.
    #[test]
    fn kernels_come_to_todays_order() {
        let shape = [2, 3, 2, 2];
        let value = |row: usize, column: usize, input: usize, output: usize| {
            (1000 * row + 100 * column + 10 * input + output) as f32
        };
        let mut today = Vec::new();
        let mut first = Vec::new();
        let mut first_turned = Vec::new();
        let mut turned = Vec::new();
        let all = |[a, b, c, d]: [usize; 4]| {
            (0..a * b * c * d).map(move |i| [i / (b * c * d), i / (c * d) % b, i / d % c, i % d])
        };
        for [row, column, input, output] in all(shape) {
            today.push(value(row, column, input, output));
            turned.push(value(1 - row, 2 - column, input, output));
        }
        for [output, input, row, column] in all([2, 2, 2, 3]) {
            first.push(value(row, column, input, output));
            first_turned.push(value(1 - row, 2 - column, input, output));
        }
        for (stored, values) in [
            (StoredKernel::Today, today.clone()),
            (StoredKernel::Turned, turned),
            (StoredKernel::OutputsFirst, first),
            (StoredKernel::OutputsFirstTurned, first_turned),
        ] {
            assert_eq!(stored.kernel(values, shape), today, "{stored:?}");
        }
        assert_eq!(StoredKernel::OutputsFirst.shape(shape), [2, 2, 2, 3]);
    }
}
