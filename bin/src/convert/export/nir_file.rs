//! A graph of the Neuromorphic Intermediate Representation as a file: HDF5, one group for each node.

use crate::output::Provenance;
use anyhow::{Context, Result};
use convert::{ExportedNetwork, Nir, NirNode};
use hdf5_writer::{DatasetBuilder, Error, Hdf5Builder, WriteOptions};

/// The version of NIR's Python package whose layout this is.
const VERSION: &str = "1.0.8";

/// Units of the file, and what its numbers mean.
const UNITS: [(&str, &str); 6] = [
    ("units", "time: ms; potential: mV, relative to v_rest; current and weights: nA; r: MOhm"),
    ("input", "a spike is an impulse of 1 (a Dirac delta): with w_in = tau_syn the current jumps by the weight (nA)"),
    ("bias", "the constant current i_offset (nA) of each neuron is r i_offset (mV) in v_leak"),
    ("initial_state", "v = 0 mV and no synaptic current, before each image"),
    ("order", "maps are (channels, rows, columns); vectors behind maps are flattened in that order"),
    ("read_out", "the unit of the output with the most spikes is the class"),
];

/// What the file does not tell.
pub(super) fn left_out(exported: &ExportedNetwork<'_>) -> Vec<String> {
    let network = exported.network();
    let mut sentences = Vec::new();
    let refractory = network.populations().iter().map(|population| population.neuron().tau_refrac);
    let refractory = refractory.fold(0.0, f64::max);
    if refractory > 0.0 {
        sentences.push(format!(
            "the refractory period of {refractory} ms, for which NIR has no word: a reader has to hold v at v_reset for so long after a spike, or neurons fire faster"
        ));
    }
    let delay = network.projections().iter().map(|projection| projection.delays().1).fold(0.0, f64::max);
    if delay > 0.0 {
        sentences.push(format!(
            "the delay of {delay} ms of each projection, as few readers know Delay nodes; along a chain of layers it only puts spikes off"
        ));
    }
    sentences
}

/// The bytes of the file.
///
/// # Errors
///
/// Fails only for graphs that HDF5 cannot hold.
pub(super) fn encode(graph: &Nir, exported: &ExportedNetwork<'_>, made: &Provenance) -> Result<Vec<u8>> {
    let made = serde_json::to_string(made).context("cannot express the provenance in JSON")?;
    let mut file = File(Hdf5Builder::new());
    let bytes = file.graph(graph, &left_out(exported).join("; "), &made).and_then(|()| {
        let plan = file.0.into_plan()?;
        plan.encode(WriteOptions::default())
    });
    bytes.context("cannot express the graph in HDF5")
}

struct File(Hdf5Builder);

impl File {
    fn add(&mut self, dataset: DatasetBuilder) {
        self.0 = std::mem::take(&mut self.0).dataset(dataset);
    }

    fn text(&mut self, path: &str, text: &str) -> Result<(), Error> {
        self.add(DatasetBuilder::vlen_string_data(path, vec![], &[text])?);
        Ok(())
    }

    fn integers(&mut self, path: &str, values: &[usize]) -> Result<(), Error> {
        let values: Vec<i64> = values.iter().map(|&value| value as i64).collect();
        self.add(DatasetBuilder::typed_data(path, vec![values.len() as u64], &values)?);
        Ok(())
    }

    fn floats(&mut self, path: &str, shape: &[usize], values: &[f32]) -> Result<(), Error> {
        let shape: Vec<u64> = shape.iter().map(|&size| size as u64).collect();
        self.add(DatasetBuilder::typed_data(path, shape, values)?);
        Ok(())
    }

    fn graph(&mut self, graph: &Nir, left_out: &str, made: &str) -> Result<(), Error> {
        self.text("version", VERSION)?;
        self.text("node/type", "NIRGraph")?;
        let ends: Vec<&str> = graph.edges.iter().flat_map(|(from, to)| [from.as_str(), to]).collect();
        self.add(DatasetBuilder::vlen_string_data("node/edges", vec![graph.edges.len() as u64, 2], &ends)?);
        for (name, text) in UNITS.into_iter().chain([("left_out", left_out), ("lif_provenance", made)]) {
            self.text(&format!("node/metadata/{name}"), text)?;
        }
        graph.nodes.iter().try_for_each(|(name, node)| self.node(&format!("node/nodes/{name}"), node))
    }

    fn node(&mut self, path: &str, node: &NirNode) -> Result<(), Error> {
        let at = |name: &str| format!("{path}/{name}");
        let class = match node {
            NirNode::Input { shape } => {
                self.integers(&at("shape"), shape)?;
                "Input"
            }
            NirNode::Output { shape } => {
                self.integers(&at("shape"), shape)?;
                "Output"
            }
            NirNode::Conv2d { input_shape, shape, weight, stride, padding, dilation } => {
                self.integers(&at("input_shape"), input_shape)?;
                self.floats(&at("weight"), shape, weight)?;
                self.integers(&at("stride"), stride)?;
                self.integers(&at("padding"), padding)?;
                self.integers(&at("dilation"), dilation)?;
                self.add(DatasetBuilder::typed_data(at("groups"), vec![], &[1_i64])?);
                self.floats(&at("bias"), &shape[..1], &vec![0.0; shape[0]])?;
                "Conv2d"
            }
            NirNode::SumPool2d { window } => {
                self.integers(&at("kernel_size"), window)?;
                self.integers(&at("stride"), window)?;
                self.integers(&at("padding"), &[0, 0])?;
                "SumPool2d"
            }
            NirNode::Scale { shape, factor } => {
                self.floats(&at("scale"), shape, &vec![*factor; shape.iter().product()])?;
                "Scale"
            }
            NirNode::Flatten { shape } => {
                self.integers(&at("input_type"), shape)?;
                self.add(DatasetBuilder::typed_data(at("start_dim"), vec![], &[0_i64])?);
                self.add(DatasetBuilder::typed_data(at("end_dim"), vec![], &[-1_i64])?);
                "Flatten"
            }
            NirNode::Linear { shape, weight } => {
                self.floats(&at("weight"), shape, weight)?;
                "Linear"
            }
            NirNode::CubaLif { shape, tau_mem, tau_syn, r, v_leak, v_threshold, v_reset, tau_refrac } => {
                let alike = [
                    ("tau_mem", tau_mem),
                    ("tau_syn", tau_syn),
                    ("r", r),
                    ("v_threshold", v_threshold),
                    ("v_reset", v_reset),
                    ("w_in", tau_syn),
                ];
                for (name, value) in alike {
                    self.floats(&at(name), shape, &vec![*value; v_leak.len()])?;
                }
                self.floats(&at("v_leak"), shape, v_leak)?;
                self.floats(&at("metadata/tau_refrac"), &[], &[*tau_refrac])?;
                "CubaLIF"
            }
        };
        self.text(&at("type"), class)
    }
}
