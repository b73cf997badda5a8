//! A node of an ONNX graph: its name, its attributes, and what is said when it cannot be read.

use crate::error::ModelFileError;
use crate::onnx::message::{Attribute, Node};

/// A node of the file.
#[derive(Clone, Copy)]
pub(crate) struct Step<'a> {
    pub(crate) node: &'a Node,
}

impl<'a> Step<'a> {
    /// Its name, or that of its first output where it has none.
    pub(crate) fn name(self) -> &'a str {
        let output = self.node.outputs.first().map_or("", String::as_str);
        if self.node.name.is_empty() { output } else { &self.node.name }
    }

    /// Name of its input `position`; `None` if it is left out.
    pub(crate) fn input(self, position: usize) -> Option<&'a str> {
        self.node.inputs.get(position).map(String::as_str).filter(|name| !name.is_empty())
    }

    /// An operator that has no counterpart here.
    pub(crate) fn unsupported_operator(self, advice: &'static str) -> ModelFileError {
        let class = match self.node.domain.as_str() {
            "" | "ai.onnx" => self.node.operator.clone(),
            domain => format!("{domain}.{}", self.node.operator),
        };
        ModelFileError::UnsupportedLayer { layer: self.name().to_owned(), class, advice }
    }

    /// A setting that has no counterpart here.
    pub(crate) fn unsupported(
        self,
        setting: &'static str,
        found: impl ToString,
        advice: &'static str,
    ) -> ModelFileError {
        let (layer, class) = (self.name().to_owned(), self.node.operator.clone());
        ModelFileError::UnsupportedSetting { layer, class, setting, found: found.to_string(), advice }
    }

    /// Something that is missing or contradictory.
    pub(crate) fn contradiction(self, detail: impl Into<String>) -> ModelFileError {
        let (layer, class) = (self.name().to_owned(), self.node.operator.clone());
        ModelFileError::LayerConfig { layer, class, detail: detail.into() }
    }

    /// Refuses attributes other than these.
    pub(crate) fn allow(self, known: &[&str]) -> Result<(), ModelFileError> {
        match self.node.attributes.iter().find(|attribute| !known.contains(&attribute.name.as_str())) {
            None => Ok(()),
            Some(Attribute { name, .. }) => {
                let advice = "export the model without it, with operator set 13 or later";
                Err(self.contradiction(format!("attribute {name} is not supported; {advice}")))
            }
        }
    }

    pub(crate) fn attribute(self, name: &str) -> Option<&'a Attribute> {
        self.node.attributes.iter().find(|attribute| attribute.name == name)
    }

    pub(crate) fn float(self, name: &str, default: f64) -> f64 {
        // The number that was written in decimals, of which the file holds the nearest f32: 0.1 is not 0.10000000149.
        self.attribute(name).map_or(default, |attribute| attribute.float.to_string().parse().unwrap_or(f64::NAN))
    }

    pub(crate) fn integer(self, name: &str, default: i64) -> i64 {
        self.attribute(name).map_or(default, |attribute| attribute.integer)
    }

    /// A flag that has to be as it is by default.
    pub(crate) fn require(self, name: &'static str, value: i64, advice: &'static str) -> Result<(), ModelFileError> {
        match self.integer(name, value) {
            found if found == value => Ok(()),
            found => Err(self.unsupported(name, found, advice)),
        }
    }

    /// A list of `N` numbers from 0 on; `None` if there is none.
    pub(crate) fn sizes<const N: usize>(self, name: &'static str) -> Result<Option<[usize; N]>, ModelFileError> {
        let Some(attribute) = self.attribute(name) else {
            return Ok(None);
        };
        let sizes: Option<Vec<usize>> = attribute.integers.iter().map(|&size| usize::try_from(size).ok()).collect();
        match sizes.and_then(|sizes| <[usize; N]>::try_from(sizes).ok()) {
            Some(sizes) => Ok(Some(sizes)),
            None => {
                let found = format!("{:?}", attribute.integers);
                Err(self.unsupported(name, found, "images have two dimensions, and sizes are 0 or above"))
            }
        }
    }
}
