//! The convolutional workload: 28x28 - 6 maps 5x5 - pool 2 - 12 maps 5x5 - pool 2 - 10, random weights, recorded input.

use super::resources::{BenchArguments, Cost, Stopwatch};
use crate::archive::Archive;
use crate::run;
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use rayon::prelude::*;
use serde_json::json;
use sim::{
    Convolution, ConvolutionShape, Dense, GridSimulation, IfCurrExp, MapLayout, Network, NetworkError, Pooling,
    Population, Pre, Projection, Record, Recording, Simulation, Source, Spike, StreamKey, Synapses,
};
use std::path::PathBuf;
use std::process::ExitCode;

/// Flags of `lif-sim bench convnet`.
#[derive(Debug, Args)]
pub struct ConvnetArguments {
    /// Archive with kernels K1, K2, weights F, pool1, pool2 (nA), delay_ms and input_spikes (image, ms, pixel)
    #[arg(long, value_name = "FILE.npz")]
    net: PathBuf,
    /// Images to simulate; the recorded ones in turn
    #[arg(long, value_name = "N", default_value_t = 10)]
    images: usize,
    /// Time per image (ms)
    #[arg(long, value_name = "MS", default_value_t = 1000.0)]
    duration: f64,
    /// Simulate on a grid of steps of DT ms instead of exactly
    #[arg(long, value_name = "DT")]
    grid: Option<f64>,
    #[command(flatten)]
    bench: BenchArguments,
}

/// The engine at work.
#[derive(Clone)]
enum Engine<'a> {
    Exact(Simulation<'a>),
    Grid(GridSimulation<'a>),
}

impl Engine<'_> {
    fn run(&mut self, input: &Source, key: StreamKey, duration: f64) -> Result<Record, NetworkError> {
        let sources = std::slice::from_ref(input);
        match self {
            Engine::Exact(simulation) => simulation.run(sources, key, duration),
            Engine::Grid(simulation) => simulation.run(sources, key, duration),
        }
    }
}

/// Geometry of a layer's presynaptic maps: side, channels; then filters.
const CONVOLUTIONS: [(usize, usize, usize); 2] = [(28, 1, 6), (12, 6, 12)];
const KERNEL: usize = 5;
const CLASSES: usize = 10;

pub(super) fn convnet(arguments: &ConvnetArguments) -> Result<ExitCode> {
    ensure!(arguments.images > 0, "--images must be at least 1");
    let mut archive = Archive::open(&arguments.net)?;
    let network =
        network(&mut archive, &Recording::default()).with_context(|| format!("in {}", arguments.net.display()))?;
    let inputs = inputs(&mut archive).with_context(|| format!("in {}", arguments.net.display()))?;
    let key = StreamKey { seed: 0, sample: 0 };
    let fresh = match arguments.grid {
        None => Engine::Exact(Simulation::new(&network)?),
        Some(dt) => Engine::Grid(GridSimulation::new(&network, dt)?),
    };
    let stopwatch = Stopwatch::start();
    let (events, counts) = run::on_threads(Some(arguments.bench.threads), || {
        (0..arguments.images)
            .into_par_iter()
            .map_init(
                || fresh.clone(),
                |engine, image| {
                    let record = engine.run(&inputs[image % inputs.len()], key, arguments.duration)?;
                    let counts: Vec<u64> = record.populations.iter().map(sim::PopulationRecord::total).collect();
                    Ok((record.synaptic_events, counts))
                },
            )
            .try_reduce(
                || (0, vec![0; network.populations().len()]),
                |(events, counts), (more, others)| {
                    Ok((events + more, counts.iter().zip(others).map(|(a, b)| a + b).collect()))
                },
            )
    })?;
    let seconds = stopwatch.seconds();
    let simulated = arguments.images as f64 * arguments.duration / sim::MS_PER_S;
    let rate = |(&count, population): (&u64, &Population)| count as f64 / (population.size() as f64 * simulated);
    let grid = arguments.grid.map_or(String::new(), |dt| format!(" on a grid of {dt} ms"));
    let words = format!("{} images of {} ms{grid}", arguments.images, arguments.duration);
    let named = json!({ "images": arguments.images, "grid_ms": arguments.grid });
    let rates = counts.iter().zip(network.populations()).map(rate).collect();
    Cost { workload: (words, named), seconds, events, rates }.print(&arguments.bench)?;
    Ok(ExitCode::SUCCESS)
}

/// The network of an archive; every population has this recording.
///
/// # Errors
///
/// Fails if arrays are missing or have other shapes than the network.
pub fn network(archive: &mut Archive, recording: &Recording) -> Result<Network> {
    let connect = |network: &mut Network, pre: Pre, synapses: Synapses, delay: f64| -> Result<Pre> {
        let population = Population::new(synapses.post_size(), IfCurrExp::liu_furber_2016())?;
        let post = network.add_population(population.with_recording(recording.clone())?);
        network.add_projection(Projection::new(pre, post, delay, synapses)?)?;
        Ok(Pre::Population(post))
    };
    let delay = archive.array::<f64>("delay_ms", &[])?[0];
    let mut network = Network::new();
    let mut pre = network.add_source(28 * 28);
    for (layer, (side, channels, filters)) in CONVOLUTIONS.into_iter().enumerate() {
        let shape = ConvolutionShape {
            map: [side, side],
            channels,
            kernel: [KERNEL, KERNEL],
            filters,
            stride: [1, 1],
            padding: [[0, 0], [0, 0]],
            dilation: [1, 1],
            groups: 1,
            layout: MapLayout::ChannelsLast,
        };
        let [height, width] = shape.output();
        let name = format!("K{}", layer + 1);
        let stored = archive.array::<f64>(&name, &[filters, channels, KERNEL, KERNEL].map(|n| n as u64))?;
        // Stored as [filter][channel][row][column].
        let mut kernel = Vec::with_capacity(stored.len());
        for cell in 0..KERNEL * KERNEL {
            for channel in 0..channels {
                kernel.extend((0..filters).map(|f| stored[(f * channels + channel) * KERNEL * KERNEL + cell]));
            }
        }
        let convolution = Synapses::Convolution(Convolution::new(shape, &kernel)?);
        pre = connect(&mut network, pre, convolution, delay)?;
        let weight = archive.array::<f64>(&format!("pool{}", layer + 1), &[])?[0];
        let pooling = Synapses::Pooling(Pooling::new([height, width], filters, [2, 2], weight)?);
        pre = connect(&mut network, pre, pooling, delay)?;
    }
    // Stored as [class][channel][row][column].
    let (cells, channels) = (16, CONVOLUTIONS[1].2);
    let stored = archive.array::<f64>("F", &[CLASSES as u64, (channels * cells) as u64])?;
    let mut weights = Vec::with_capacity(stored.len());
    for cell in 0..cells {
        for channel in 0..channels {
            weights.extend((0..CLASSES).map(|class| stored[(class * channels + channel) * cells + cell]));
        }
    }
    connect(&mut network, pre, Synapses::Dense(Dense::new(cells * channels, CLASSES, weights)?), delay)?;
    Ok(network)
}

/// The recorded input of each image. A recorded time is a grid step; the spike leaves at its end, 1 ms later.
///
/// # Errors
///
/// Fails if the input is missing or malformed.
pub fn inputs(archive: &mut Archive) -> Result<Vec<Source>> {
    let (shape, rows) = archive.any::<i32>("input_spikes")?;
    ensure!(shape.len() == 2 && shape[1] == 3, "input_spikes has the shape {shape:?}, expected [n, 3]");
    let mut images: Vec<Vec<Spike>> = Vec::new();
    for row in rows.chunks_exact(3) {
        let &[image, ms, pixel] = row else { bail!("input_spikes is cut short") };
        let (image, neuron) = (usize::try_from(image)?, u32::try_from(pixel)?);
        if images.len() <= image && image < 1 << 20 {
            images.resize(image + 1, Vec::new());
        }
        let spikes = images.get_mut(image).context("input_spikes has an image beyond 2^20")?;
        spikes.push(Spike { time: f64::from(ms) + 1.0, neuron });
    }
    ensure!(!images.is_empty(), "input_spikes is empty");
    Ok(images.into_iter().map(Source::Spikes).collect())
}
