//! A spiking network as a graph of the Neuromorphic Intermediate Representation (NIR).
//!
//! Maps are `(channels, rows, columns)` there, and rows, columns, channels here. NIR knows square kernels with even padding and pools
//! without overlap; what else connects two populations becomes a matrix, and a population behind a matrix a vector, which NIR
//! cannot make a map again.

use crate::error::ExportError;
use crate::exported::ExportedNetwork;
use ann::Shape;
use sim::{Convolution, ConvolutionShape, MapLayout, Pooling, Population, Pre, Projection, Synapses};

/// Most entries of a matrix: 100 MB.
const MOST_ENTRIES: usize = 25_000_000;

/// A node of NIR; numbers are in C order.
#[derive(Debug, Clone, PartialEq)]
pub enum NirNode {
    /// What is fed in.
    Input {
        /// Its shape.
        shape: Vec<usize>,
    },
    /// What is read.
    Output {
        /// Its shape.
        shape: Vec<usize>,
    },
    /// A convolution without bias.
    Conv2d {
        /// Rows and columns of the presynaptic maps.
        input_shape: [usize; 2],
        /// Output channels, input channels, rows, columns.
        shape: [usize; 4],
        /// Weights (nA).
        weight: Vec<f32>,
        /// Vertical and horizontal stride.
        stride: [usize; 2],
        /// Zeros on both sides of rows and columns.
        padding: [usize; 2],
        /// Distance of neighbouring kernel elements.
        dilation: [usize; 2],
    },
    /// Sums over windows side by side.
    SumPool2d {
        /// Rows and columns of a window.
        window: [usize; 2],
    },
    /// A factor for each unit.
    Scale {
        /// Shape of the units.
        shape: Vec<usize>,
        /// The factor of all of them (nA).
        factor: f32,
    },
    /// A map as a vector.
    Flatten {
        /// Shape of the map.
        shape: Vec<usize>,
    },
    /// A matrix.
    Linear {
        /// Rows: postsynaptic neurons; columns: presynaptic neurons.
        shape: [usize; 2],
        /// Weights (nA).
        weight: Vec<f32>,
    },
    /// Leaky integrate-and-fire neurons with exponential synaptic currents; potentials are relative to `v_rest`.
    CubaLif {
        /// Shape of the neurons.
        shape: Vec<usize>,
        /// Membrane time constant (ms).
        tau_mem: f32,
        /// Synaptic time constant (ms), which is `w_in` as well.
        tau_syn: f32,
        /// Membrane resistance (MOhm).
        r: f32,
        /// r i_offset (mV), one for each neuron.
        v_leak: Vec<f32>,
        /// v_thresh - v_rest (mV).
        v_threshold: f32,
        /// v_reset - v_rest (mV).
        v_reset: f32,
        /// What NIR has no word for (ms).
        tau_refrac: f32,
    },
}

/// Nodes by name, and edges between them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Nir {
    /// Nodes in an order in which each comes behind what it needs, except for the output, which is the second.
    pub nodes: Vec<(String, NirNode)>,
    /// From where to where.
    pub edges: Vec<(String, String)>,
}

/// Neurons of a graph.
struct Units {
    name: String,
    /// Their shape here, where they are a map there.
    map: Option<Shape>,
    count: usize,
}

impl Units {
    fn shape(&self) -> Vec<usize> {
        self.map.map_or_else(|| vec![self.count], |map| vec![map.channels, map.height, map.width])
    }

    /// Values in the order of the graph.
    fn in_order<T: Copy>(&self, values: &[T]) -> Vec<T> {
        let Some(map) = self.map else { return values.to_vec() };
        let cells = map.height * map.width;
        let channel = |channel: usize| (0..cells).map(move |cell| cell * map.channels + channel);
        (0..map.channels).flat_map(channel).map(|index| values[index]).collect()
    }
}

impl Nir {
    /// The graph of a network.
    ///
    /// # Errors
    ///
    /// Names populations whose receptors differ, and connections that no node and no matrix of reasonable size can tell.
    pub fn of(exported: &ExportedNetwork<'_>) -> Result<Nir, ExportError> {
        let (network, input) = (exported.network(), exported.input());
        let mut graph = Nir::default();
        let image = units("input".to_owned(), input, input.units(), true);
        graph.nodes.push((image.name.clone(), NirNode::Input { shape: image.shape() }));
        let mut populations: Vec<Units> = Vec::new();
        let parts = exported.names().iter().zip(exported.layers()).zip(network.populations());
        for (index, ((name, layer), population)) in parts.enumerate() {
            let incoming: Vec<&Projection> = network.projections().iter().filter(|p| p.post() == index).collect();
            let from = |projection: &Projection| match projection.pre() {
                Pre::Source(_) => &image,
                Pre::Population(pre) => &populations[pre],
            };
            let is_map = incoming.iter().all(|p| word(p.synapses(), from(p)).is_ok());
            let neurons = units(name.clone(), layer.shape, population.size(), is_map);
            let mut edges = Vec::new();
            for projection in incoming {
                edges.push(graph.connect(from(projection), projection.synapses(), &neurons)?);
            }
            graph.nodes.push((name.clone(), cuba_lif(&neurons, population)?));
            graph.edges.extend(edges.into_iter().map(|edge| (edge, name.clone())));
            populations.push(neurons);
        }
        if let Some(last) = populations.last() {
            graph.nodes.insert(1, ("output".to_owned(), NirNode::Output { shape: last.shape() }));
            graph.edges.push((last.name.clone(), "output".to_owned()));
        }
        Ok(graph)
    }

    /// Adds what connects two sets of neurons, and returns the node that ends in the second.
    fn connect(&mut self, from: &Units, synapses: &Synapses, to: &Units) -> Result<String, ExportError> {
        let base = format!("{}_from_{}", to.name, from.name);
        let twins = self.nodes.iter().filter(|(name, _)| name.starts_with(&base)).count();
        let name = if twins == 0 { base } else { format!("{base}_{}", twins + 1) };
        Ok(match (word(synapses, from), to.map) {
            (Ok(Word::Conv2d(convolution, padding)), Some(_)) => {
                self.follow(&from.name, name, conv2d(convolution, padding))
            }
            (Ok(Word::SumPool2d(pool)), Some(_)) => {
                let sum = self.follow(&from.name, name.clone(), NirNode::SumPool2d { window: pool.window() });
                let scale = NirNode::Scale { shape: to.shape(), factor: pool.weight() as f32 };
                self.follow(&sum, format!("{name}_scale"), scale)
            }
            (word, _) => {
                let reason = word.err().unwrap_or("the population is a vector, because of other connections onto it");
                let linear = matrix(from, synapses, to, reason)?;
                let vector = self.flat(from);
                self.follow(&vector, name, linear)
            }
        })
    }

    /// Adds a node behind another, and returns its name.
    fn follow(&mut self, from: &str, name: String, node: NirNode) -> String {
        self.edges.push((from.to_owned(), name.clone()));
        self.nodes.push((name.clone(), node));
        name
    }

    /// The node at which neurons are a vector.
    fn flat(&mut self, units: &Units) -> String {
        let flat = format!("{}_flat", units.name);
        match units.map {
            None => units.name.clone(),
            Some(_) if self.nodes.iter().any(|(name, _)| *name == flat) => flat,
            Some(_) => self.follow(&units.name, flat, NirNode::Flatten { shape: units.shape() }),
        }
    }
}

fn units(name: String, shape: Shape, count: usize, is_map: bool) -> Units {
    Units { name, map: (is_map && !shape.is_flat()).then_some(shape), count }
}

/// A connection that NIR has a word for.
enum Word<'a> {
    Conv2d(&'a Convolution, [usize; 2]),
    SumPool2d(&'a Pooling),
}

/// NIR's word for synapses from some neurons, or why it has none.
fn word<'a>(synapses: &'a Synapses, from: &Units) -> Result<Word<'a>, &'static str> {
    if from.map.is_none() {
        return Err("they do not come from a map");
    }
    match synapses {
        Synapses::Convolution(convolution) => {
            let ConvolutionShape { kernel, padding: [rows, columns], layout, .. } = *convolution.shape();
            match () {
                () if layout != MapLayout::ChannelsLast => Err("the map has its channels first"),
                // NIR's own package takes kernels for square when it works out shapes.
                () if kernel[0] != kernel[1] => Err("the kernel is not square"),
                () if rows[0] != rows[1] || columns[0] != columns[1] => Err("the padding differs between two sides"),
                () => Ok(Word::Conv2d(convolution, [rows[0], columns[0]])),
            }
        }
        Synapses::Pooling(pool) if pool.layout() == MapLayout::ChannelsLast => Ok(Word::SumPool2d(pool)),
        Synapses::Pooling(_) => Err("the map has its channels first"),
        Synapses::Dense(_) | Synapses::Uniform(_) | Synapses::Sparse(_) => Err("they are listed one by one"),
    }
}

/// A convolution; groups become one, with zeros between channels that are not connected.
fn conv2d(convolution: &Convolution, padding: [usize; 2]) -> NirNode {
    let ConvolutionShape { map, channels, kernel: [height, width], filters, stride, dilation, groups, .. } =
        *convolution.shape();
    let (kernel, [group_channels, group_filters]) = (convolution.kernel(), [channels / groups, filters / groups]);
    let mut weight = vec![0.0; filters * channels * height * width];
    for (index, &value) in kernel.iter().enumerate() {
        let (filter, rest) = (index % filters, index / filters);
        let channel = filter / group_filters * group_channels + rest % group_channels;
        weight[(filter * channels + channel) * height * width + rest / group_channels] = value as f32;
    }
    let shape = [filters, channels, height, width];
    NirNode::Conv2d { input_shape: map, shape, weight, stride, padding, dilation }
}

/// All synapses as a matrix between neurons in the order of the graph.
fn matrix(from: &Units, synapses: &Synapses, to: &Units, reason: &'static str) -> Result<NirNode, ExportError> {
    let (rows, columns) = (to.count, from.count);
    if rows.saturating_mul(columns) > MOST_ENTRIES {
        let (from, to) = (from.name.clone(), to.name.clone());
        return Err(ExportError::MatrixTooLarge { from, to, reason, rows, columns, most: MOST_ENTRIES });
    }
    // Place in the graph of each neuron here.
    let places = |units: &Units| {
        let mut places = vec![0; units.count];
        let order = units.in_order(&(0..units.count).collect::<Vec<usize>>());
        order.into_iter().enumerate().for_each(|(place, neuron)| places[neuron] = place);
        places
    };
    let (pre, post) = (places(from), places(to));
    let mut weight = vec![0.0_f32; rows * columns];
    synapses.for_each(|synapse| {
        weight[post[synapse.post as usize] * columns + pre[synapse.pre as usize]] += synapse.weight as f32;
    });
    Ok(NirNode::Linear { shape: [rows, columns], weight })
}

fn cuba_lif(neurons: &Units, population: &Population) -> Result<NirNode, ExportError> {
    let neuron = population.neuron();
    if neuron.tau_syn_e != neuron.tau_syn_i {
        let what = "different time constants of its receptors";
        return Err(ExportError::Population { name: neurons.name.clone(), what });
    }
    let v_leak: Vec<f32> = population.i_offset().iter().map(|i| (neuron.resistance() * i) as f32).collect();
    Ok(NirNode::CubaLif {
        shape: neurons.shape(),
        tau_mem: neuron.tau_m as f32,
        tau_syn: neuron.tau_syn_e as f32,
        r: neuron.resistance() as f32,
        v_leak: neurons.in_order(&v_leak),
        v_threshold: (neuron.v_thresh - neuron.v_rest) as f32,
        v_reset: (neuron.v_reset - neuron.v_rest) as f32,
        tau_refrac: neuron.tau_refrac as f32,
    })
}
