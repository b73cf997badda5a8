//! `convert export`: the converted network and its spikes for other simulators, so that anybody can check them.

mod nir_file;
mod simulator_files;

use super::arguments::{ConvertArguments, NeuronChoice};
use super::spiking::Spiking;
use crate::dataset;
use crate::output::{Provenance, ResultFolder, json_text, write_file};
use crate::run;
use crate::sonata;
use crate::table::table;
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use convert::{ExportedNetwork, Nir, Observation, SpikingNetwork, observe};
use data::ImageSet;
use serde_json::{Value, json};
use sim::{Pre, Spike};
use std::path::Path;
use std::process::ExitCode;

/// Most images whose spikes are exported; those of all of them are held in memory.
const MOST_IMAGES: usize = 1000;

/// For whom the export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    /// A folder with the network, its input, the spikes that we expect and run_nest.py, which compares
    Nest,
    /// The same with run_pynn.py, for the simulators behind PyNN
    Pynn,
    /// One file of the Neuromorphic Intermediate Representation, without input
    Nir,
    /// One file with all spikes of the presented images, in HDF5 after the SONATA specification
    Sonata,
}

/// Flags of `convert export`.
#[derive(Debug, Args)]
pub struct ExportArguments {
    #[command(flatten)]
    convert: ConvertArguments,
    /// What is written
    #[arg(long, value_enum)]
    to: Target,
    /// Expect spikes on a grid of steps of DT ms as well, every one of which NEST has to fire; with --to nest
    #[arg(long, value_name = "DT", allow_negative_numbers = true)]
    grid: Option<f64>,
}

/// Converts a network, presents the first images, and writes what another simulator needs to do the same.
///
/// # Errors
///
/// As a conversion; and on networks that other simulators cannot have, and files that cannot be written.
pub fn export(arguments: &ExportArguments) -> Result<ExitCode> {
    let ExportArguments { convert: flags, to, grid } = arguments;
    let Some(path) = flags.output.as_deref() else {
        bail!("say with -o where to write: a folder for --to nest and pynn, a file for --to nir and sonata");
    };
    if flags.neuron == NeuronChoice::If {
        bail!("only LIF neurons are exported: leave out --neuron if");
    }
    if flags.images > MOST_IMAGES {
        bail!("--images of an export must be at most {MOST_IMAGES}, found {}", flags.images);
    }
    flags.refuse_run_flags("an export")?;
    if grid.is_some() && *to != Target::Nest {
        bail!("--grid needs --to nest: run_nest.py alone compares spike by spike");
    }
    let (_, spiking) = super::converted(flags)?;
    let Spiking::Leaky(spiking) = spiking else { bail!("only LIF neurons are exported") };
    let made = Provenance::of("convert", Some(flags.seed));
    let (document, text) = match to {
        Target::Nest | Target::Pynn => {
            let exported = alone(&spiking)?;
            let trial = Trial::run(&spiking, flags)?;
            let grid = grid.map(|dt| trial.on_grid(&exported, dt, flags)).transpose()?;
            let document = document(&exported, &trial, grid.as_ref(), &made);
            let files = simulator_files::encode(*to, &exported, &trial, grid.as_ref(), &made)?;
            let folder = ResultFolder::open(path)?;
            files.iter().try_for_each(|(name, contents)| folder.bytes(name, contents))?;
            folder.json("export", &document)?;
            (document, tell_folder(&exported, *to, path, &trial, grid.as_ref()))
        }
        Target::Nir => {
            let exported = alone(&spiking)?;
            let graph = Nir::of(&exported).context("cannot write NIR")?;
            write_file(path, &nir_file::encode(&graph, &exported, &made)?)?;
            let left_out: Vec<String> = nir_file::left_out(&exported);
            let mut text = format!("wrote {} nodes into {}\n", graph.nodes.len(), path.display());
            left_out.iter().for_each(|sentence| text += &format!("left out: {sentence}\n"));
            (json!({ "provenance": made, "nodes": graph.nodes.len(), "left_out": left_out }), text)
        }
        Target::Sonata => {
            let trial = Trial::run(&spiking, flags)?;
            let names = spiking.names();
            let trains = trial.trains(&names);
            let spikes: Vec<(&str, &[Spike])> = trains.iter().map(|(name, spikes)| (*name, &spikes[..])).collect();
            write_file(path, &sonata::encode(&spikes, &made)?)?;
            let rows: Vec<Vec<String>> =
                spikes.iter().map(|(name, spikes)| vec![(*name).to_owned(), spikes.len().to_string()]).collect();
            let counts: serde_json::Map<String, Value> =
                spikes.iter().map(|(name, spikes)| ((*name).to_owned(), json!(spikes.len()))).collect();
            let words = format!(
                "wrote the spikes of {} images of {} ms, one after the other, into {}\n",
                trial.images.len(),
                trial.duration,
                path.display()
            );
            (json!({ "provenance": made, "spikes": counts }), table(&["population", "spikes"], &rows) + &words)
        }
    };
    run::print(&if flags.run.json { json_text(&document)? } else { text })?;
    Ok(ExitCode::SUCCESS)
}

/// The network where it is one.
fn alone(spiking: &SpikingNetwork) -> Result<ExportedNetwork<'_>> {
    spiking.exported().context("this network has no counterpart elsewhere (its spikes have: --to sonata)")
}

/// The presented images, and all their spikes.
struct Trial {
    images: ImageSet,
    /// Presentation time (ms).
    duration: f64,
    observations: Vec<Observation>,
}

/// The same on a grid.
struct GridTrial {
    /// Length of a step (ms).
    dt: f64,
    /// Of each image and population.
    spikes: Vec<Vec<Vec<Spike>>>,
}

impl Trial {
    fn run(spiking: &SpikingNetwork, flags: &ConvertArguments) -> Result<Trial> {
        let images = super::test_images(flags)?;
        let duration = flags.latencies().last().copied().unwrap_or(f64::NAN);
        let observations = run::on_threads(flags.run.threads, || {
            Ok(observe(spiking, dataset::samples(&images), duration, flags.seed)?)
        })?;
        Ok(Trial { images, duration, observations })
    }

    fn on_grid(&self, exported: &ExportedNetwork<'_>, dt: f64, flags: &ConvertArguments) -> Result<GridTrial> {
        let inputs: Vec<Vec<Spike>> = self.observations.iter().map(|seen| seen.input.clone()).collect();
        let spikes = run::on_threads(flags.run.threads, || Ok(exported.on_grid(&inputs, dt, self.duration)?))
            .context("cannot simulate on the grid")?;
        Ok(GridTrial { dt, spikes })
    }

    /// The spikes of the input and of each population, image i later by i times the duration.
    fn trains<'a>(&self, names: &'a [String]) -> Vec<(&'a str, Vec<Spike>)> {
        let joined = |spikes: &dyn Fn(&Observation) -> &Vec<Spike>| -> Vec<Spike> {
            let shifted = |(image, seen)| {
                let shift =
                    |&Spike { time, neuron }: &Spike| Spike { time: time + image as f64 * self.duration, neuron };
                spikes(seen).iter().map(shift).collect::<Vec<Spike>>()
            };
            self.observations.iter().enumerate().flat_map(shifted).collect()
        };
        let populations = names.iter().enumerate();
        std::iter::once(("input", joined(&|seen| &seen.input)))
            .chain(populations.map(|(index, name)| (name.as_str(), joined(&|seen| &seen.populations[index]))))
            .collect()
    }
}

/// What the files hold, in words and numbers.
fn document(exported: &ExportedNetwork<'_>, trial: &Trial, grid: Option<&GridTrial>, made: &Provenance) -> Value {
    let name = |pre: Pre| match pre {
        Pre::Source(_) => "input",
        Pre::Population(index) => &exported.names()[index],
    };
    let shape = |shape: ann::Shape| [shape.height, shape.width, shape.channels];
    let populations = exported.names().iter().zip(exported.layers()).map(|(name, layer)| {
        json!({
            "name": name,
            "layer": layer.kind,
            "node": layer.node,
            "is_negative": layer.is_negative,
            "shape": shape(layer.shape),
        })
    });
    let projections = exported.network().projections().iter().map(|projection| {
        json!({
            "from": name(projection.pre()),
            "to": exported.names()[projection.post()],
            "synapses": projection.synapses().count(),
            "delay_ms": projection.delays().1,
        })
    });
    json!({
        "provenance": made,
        "images": trial.images.len(),
        "labels": trial.images.labels(),
        "duration_ms": trial.duration,
        "grid_ms": grid.map(|grid| grid.dt),
        "input_shape": shape(exported.input()),
        "populations": populations.collect::<Vec<_>>(),
        "projections": projections.collect::<Vec<_>>(),
    })
}

fn tell_folder(
    exported: &ExportedNetwork<'_>,
    target: Target,
    path: &Path,
    trial: &Trial,
    grid: Option<&GridTrial>,
) -> String {
    let network = exported.network();
    let rows = exported.names().iter().zip(network.populations()).enumerate().map(|(index, (name, population))| {
        let incoming = network.projections().iter().filter(|projection| projection.post() == index);
        let spikes: usize = trial.observations.iter().map(|seen| seen.populations[index].len()).sum();
        vec![
            name.clone(),
            population.size().to_string(),
            incoming.map(|projection| projection.synapses().count()).sum::<u64>().to_string(),
            spikes.to_string(),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let script = simulator_files::script(target);
    let on_grid = grid.map_or(String::new(), |grid| format!(", or with --grid on steps of {} ms", grid.dt));
    table(&["population", "neurons", "synapses", "spikes"], &rows)
        + &format!(
            "wrote {} images of {} ms into {}; python {} compares{on_grid}\n",
            trial.images.len(),
            trial.duration,
            path.display(),
            path.join(script).display(),
        )
}
