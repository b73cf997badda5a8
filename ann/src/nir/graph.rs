//! Nodes and edges of a NIR file.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::ModelFileError;
use crate::keras::InputFile;

/// Nodes in an order in which they can be computed.
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Record>,
}

/// A node of the file.
pub(crate) struct Record {
    pub(crate) name: String,
    /// `Affine`, `Conv2d`, ...
    pub(crate) class: String,
    /// Names of the nodes whose outputs it takes, and adds.
    pub(crate) sources: Vec<String>,
}

impl Graph {
    pub(crate) fn of(file: &InputFile) -> Result<Self, ModelFileError> {
        let topology = |detail: String| ModelFileError::Topology { path: file.path().to_owned(), detail };
        let mut waiting = Vec::new();
        for name in file.groups("node/nodes")? {
            let class = file.strings(&format!("node/nodes/{name}/type"))?.and_then(|mut texts| texts.pop());
            let class = class.ok_or_else(|| topology(format!("node '{name}' has no type")))?;
            waiting.push(Record { name, class, sources: Vec::new() });
        }
        let edges = file.strings("node/edges")?.unwrap_or_default();
        let places: BTreeMap<String, usize> =
            waiting.iter().enumerate().map(|(place, record)| (record.name.clone(), place)).collect();
        for edge in edges.chunks_exact(2) {
            match places.get(&edge[1]) {
                Some(&place) if places.contains_key(&edge[0]) => waiting[place].sources.push(edge[0].clone()),
                _ => return Err(topology(format!("the edge from '{}' to '{}' has no such nodes", edge[0], edge[1]))),
            }
        }
        let mut done: BTreeSet<String> = BTreeSet::new();
        let mut nodes = Vec::new();
        while !waiting.is_empty() {
            let (ready, later): (Vec<Record>, Vec<Record>) =
                waiting.into_iter().partition(|record| record.sources.iter().all(|source| done.contains(source)));
            if ready.is_empty() {
                let name = &later[0].name;
                return Err(topology(format!(
                    "node '{name}' is in or behind a loop; recurrent networks are not supported"
                )));
            }
            done.extend(ready.iter().map(|record| record.name.clone()));
            nodes.extend(ready);
            waiting = later;
        }
        Ok(Self { nodes })
    }
}

impl Record {
    /// Path of one of its parameters.
    pub(crate) fn path(&self, parameter: &str) -> String {
        format!("node/nodes/{}/{parameter}", self.name)
    }

    /// A class that has no counterpart here.
    pub(crate) fn unsupported_class(&self, advice: &'static str) -> ModelFileError {
        ModelFileError::UnsupportedLayer { layer: self.name.clone(), class: self.class.clone(), advice }
    }

    /// A parameter that has no counterpart here.
    pub(crate) fn unsupported(
        &self,
        setting: &'static str,
        found: impl ToString,
        advice: &'static str,
    ) -> ModelFileError {
        let (layer, class) = (self.name.clone(), self.class.clone());
        ModelFileError::UnsupportedSetting { layer, class, setting, found: found.to_string(), advice }
    }

    /// Something that is missing or contradictory.
    pub(crate) fn contradiction(&self, detail: impl Into<String>) -> ModelFileError {
        let (layer, class) = (self.name.clone(), self.class.clone());
        ModelFileError::LayerConfig { layer, class, detail: detail.into() }
    }
}
