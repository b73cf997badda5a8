//! Where the weights of a layer lie in a file.

use std::collections::BTreeMap;

use crate::error::ModelFileError;
use crate::keras::hdf5_file::InputFile;
use crate::keras::keras_1::tensor_ending;
use crate::keras::model_config::ModelRecord;

/// Where the weights of a model's layers lie.
#[derive(Clone)]
pub(crate) enum Shelf {
    /// A whole model in HDF5: one group per layer, whose attribute `weight_names` lists the paths of its tensors.
    Named {
        /// `model_weights/`, or nothing.
        prefix: String,
        /// Of a model within a model: the name of the one group that holds the weights of all its layers.
        nested: Option<String>,
    },
    /// `model.weights.h5` of a `.keras` archive: one group per layer, by class and number, with tensors `0`, `1`, ...
    Numbered {
        /// The group of the model.
        folder: String,
    },
}

/// Where the weights of one layer lie.
pub(crate) enum Place {
    Named { group: String, layer: Option<String> },
    Numbered { group: String },
}

/// In the names of variables of Keras 2 that random layers keep.
const RANDOM_STATES: [&str; 3] = ["StateVar", "random_generator", "seed_generator"];

/// Most layers of a model, those of models within it included.
const MOST_GROUPS: usize = 10_000;

/// Longest path of a group; groups that hold each other have no longest.
const LONGEST_PATH: usize = 500;

/// Names of the groups of the layers of a model, in their order.
pub(crate) fn numbered_names(model: &ModelRecord) -> Vec<String> {
    let mut counts = BTreeMap::new();
    let name = |layer: &crate::keras::model_config::LayerRecord| {
        let stem = snake_case(layer.class_name.rsplit('>').next().unwrap_or_default());
        let count = counts.entry(stem.clone()).or_insert(0_usize);
        *count += 1;
        if *count == 1 { stem } else { format!("{stem}_{}", *count - 1) }
    };
    model.layers().iter().map(name).collect()
}

/// The class name of a layer as Keras 3 writes it in a path: `AveragePooling2D` as `average_pooling2d`, `ReLU` as `re_lu`.
fn snake_case(class: &str) -> String {
    let letters: Vec<char> = class.chars().filter(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    let mut name = String::new();
    for (index, &letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|index| letters[index]);
        let after = letters.get(index + 1);
        // A capital begins a word behind a lower-case letter, and anywhere if a lower-case letter follows.
        let begins = letter.is_ascii_uppercase()
            && before.is_some_and(|before| before != '_')
            && (before.is_some_and(|before| before.is_ascii_lowercase())
                || after.is_some_and(char::is_ascii_lowercase));
        if begins {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

impl Shelf {
    /// Of a whole model in HDF5, whose weights lie in `model_weights`, or at the root of an older file.
    pub(crate) fn named(file: &InputFile) -> Result<Self, ModelFileError> {
        let prefix = if file.has_group("model_weights")? { "model_weights/" } else { "" };
        Ok(Self::Named { prefix: prefix.to_owned(), nested: None })
    }

    /// Of a file that has weights alone; `None` for a file that has none.
    pub(crate) fn alone(file: &InputFile) -> Result<Option<Self>, ModelFileError> {
        if !file.texts("", "layer_names")?.is_empty() {
            return Ok(Some(Self::Named { prefix: String::new(), nested: None }));
        }
        Ok(file.has_group("layers")?.then(|| Self::Numbered { folder: String::new() }))
    }

    /// Paths of all tensors, but for the state of random numbers.
    pub(crate) fn tensors(&self, file: &InputFile) -> Result<Vec<String>, ModelFileError> {
        let mut tensors = Vec::new();
        match self {
            Self::Named { prefix, .. } => {
                for layer in file.texts(prefix.trim_end_matches('/'), "layer_names")? {
                    let group = format!("{prefix}{layer}");
                    let names = file.texts(&group, "weight_names")?;
                    let learned = names.iter().filter(|name| !RANDOM_STATES.iter().any(|state| name.contains(state)));
                    tensors.extend(learned.map(|name| format!("{group}/{name}")));
                }
            }
            Self::Numbered { folder } => {
                // Models within models have layers of their own.
                let (mut folders, mut groups) = (vec![folder.clone()], 0_usize);
                while let Some(folder) = folders.pop() {
                    for layer in file.groups(&format!("{folder}layers"))? {
                        let group = format!("{folder}layers/{layer}");
                        let names = file.datasets(&format!("{group}/vars"))?;
                        tensors.extend(names.into_iter().map(|name| format!("{group}/vars/{name}")));
                        groups += 1;
                        if groups > MOST_GROUPS || group.len() > LONGEST_PATH {
                            return Err(file.damaged("its groups do not end".to_owned()));
                        }
                        folders.push(format!("{group}/"));
                    }
                }
            }
        }
        Ok(tensors)
    }

    /// Of layer `layer`, whose group in an archive is `numbered`.
    pub(crate) fn place(&self, layer: &str, numbered: &str) -> Place {
        match self {
            Self::Named { prefix, nested: None } => Place::Named { group: format!("{prefix}{layer}"), layer: None },
            Self::Named { prefix, nested: Some(group) } => {
                Place::Named { group: format!("{prefix}{group}"), layer: Some(layer.to_owned()) }
            }
            Self::Numbered { folder } => Place::Numbered { group: format!("{folder}layers/{numbered}") },
        }
    }

    /// Of the layers of a model within this one.
    pub(crate) fn within(&self, model: &str, numbered: &str) -> Self {
        match self {
            Self::Named { prefix, nested } => {
                let nested = nested.clone().unwrap_or_else(|| model.to_owned());
                Self::Named { prefix: prefix.clone(), nested: Some(nested) }
            }
            Self::Numbered { folder } => Self::Numbered { folder: format!("{folder}layers/{numbered}/") },
        }
    }
}

impl Place {
    /// The path of a tensor, the `position`-th of its layer; `None` if the file does not list it.
    pub(crate) fn tensor(
        &self,
        file: &InputFile,
        tensor: &str,
        position: usize,
    ) -> Result<Option<String>, ModelFileError> {
        match self {
            Self::Named { group, layer } => {
                let names = file.texts(group, "weight_names")?;
                let is_wanted = |name: &&String| {
                    let (last, before) = ends(name);
                    last == tensor && layer.as_deref().is_none_or(|layer| before == Some(layer))
                };
                // Keras 1 begins with the name of the layer, `dense_1_W`.
                let is_old = |name: &&String| {
                    let (last, _) = ends(name);
                    let stem = tensor_ending(tensor).and_then(|ending| last.strip_suffix(ending));
                    stem.is_some_and(|stem| layer.as_deref().is_none_or(|layer| stem == layer))
                };
                let found = names.iter().find(is_wanted).or_else(|| names.iter().find(is_old));
                Ok(found.map(|name| format!("{group}/{name}")))
            }
            Self::Numbered { group } => Ok(Some(format!("{group}/vars/{position}"))),
        }
    }
}

/// The last part of a tensor's name, without the number of the output that Keras 2 appends (`kernel:0`), and the one before.
fn ends(name: &str) -> (&str, Option<&str>) {
    let mut parts = name.rsplit('/');
    let last = parts.next().and_then(|last| last.split(':').next());
    (last.unwrap_or_default(), parts.next())
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    /// Names as Keras 3.15 gives them (`keras.src.utils.naming.to_snake_case`).
    #[test]
    fn classes_in_snake_case() {
        for (class, name) in [
            ("Conv2D", "conv2d"),
            ("BatchNormalization", "batch_normalization"),
            ("GlobalAveragePooling2D", "global_average_pooling2d"),
            ("DepthwiseConv2D", "depthwise_conv2d"),
            ("ReLU", "re_lu"),
            ("LeakyReLU", "leaky_re_lu"),
            ("ELU", "elu"),
            ("InputLayer", "input_layer"),
            ("NoisySoftplusConv2D", "noisy_softplus_conv2d"),
        ] {
            assert_eq!(snake_case(class), name);
        }
    }
}
