//! `convert`: a trained network as spiking neurons, measured on test images.

mod arguments;
mod compare;
mod doctor;
mod energy;
mod export;
mod insight;
mod journal;
mod mapping;
mod measurement;
mod merge;
mod page;
mod report;
mod results;
mod spiking;
mod trial;

use crate::output::{Provenance, json_text};
use crate::response::neuron_document;
use crate::run::{self, Interrupt};
use anyhow::{Context, Result, bail};
pub use arguments::ConvertArguments;
pub use compare::{CompareArguments, compare};
use data::ImageSet;
use data::mnist::Split;
pub use doctor::{DoctorArguments, doctor};
pub use export::{ExportArguments, export};
use insight::Insight;
use journal::{Header, Journal};
use mapping::Mapping;
use measurement::Measurement;
pub use merge::{MergeArguments, merge};
use results::Results;
use serde_json::json;
use sim::theory::NoisySoftplus;
use spiking::Spiking;
use std::process::ExitCode;
use trial::Trial;

/// Images on which the layers are looked at.
const LOOKED_AT: usize = 10;

/// Runs the command.
///
/// # Errors
///
/// Fails on models that cannot be read or converted, missing data, impossible settings and files that cannot be written.
pub fn convert(arguments: &ConvertArguments) -> Result<ExitCode> {
    let device = arguments.device()?;
    let (trained, spiking) = converted(arguments)?;
    let provenance = Provenance::of("convert", Some(arguments.seed));
    let mapping = Mapping::of(&spiking);
    if !arguments.runs() {
        arguments.refuse_run_flags("a mapping without images")?;
        if arguments.output.is_some() {
            bail!("-o needs images to run on: add --run-mnist, --run-fashion, --run-cifar10 or --data");
        }
        let document = report::mapping_document(&mapping, &provenance);
        run::print(&if arguments.run.json { json_text(&document)? } else { mapping.text })?;
        return Ok(ExitCode::SUCCESS);
    }

    if let Some(device) = &device {
        device.check(&mapping)?;
    }
    let test = test_images(arguments)?;
    let range = arguments.range(test.len());
    if range.is_empty() {
        bail!("this shard has none of the {} images: choose fewer shards", test.len());
    }
    let journal = match &arguments.output {
        Some(folder) => {
            let shard = [range.start, range.end];
            let header = header(arguments, (&trained, &spiking), &mapping, &test, shard)?;
            Some(Journal::open(folder, header, arguments.resume)?)
        }
        None => None,
    };
    let trial = Trial::run(arguments, &trained, &spiking, &test, range, journal, &Interrupt::listen()?)?;
    let measurement = Measurement::of(&arguments.latencies(), &trial);
    let classes = trained.output().units();
    let insight = match &spiking {
        Spiking::Leaky(spiking) if measurement.is_near_chance(classes) || arguments.output.is_some() => {
            let few = test.first(LOOKED_AT);
            let insight = run::on_threads(arguments.run.threads, || Insight::of(spiking, &trained, &few, arguments));
            // The results do not depend on it.
            insight.inspect_err(|error| eprintln!("note: {error:#}")).ok()
        }
        _ => None,
    };
    let energy = device.as_ref().map(|device| device.of(&mapping, &measurement)).transpose()?;
    let results = Results { mapping: &mapping, measurement: &measurement, classes, insight: insight.as_ref(), energy };
    results.tell(&provenance, arguments.output.as_deref(), arguments.run.json)
}

/// What decides on the outcomes of a run.
fn header(
    arguments: &ConvertArguments,
    (trained, spiking): (&ann::Network<f32>, &Spiking),
    mapping: &Mapping,
    test: &ImageSet,
    shard: [usize; 2],
) -> Result<Header> {
    let mut model = crc32fast::Hasher::new();
    for path in std::iter::once(arguments.model()?).chain(arguments.supplement.description()) {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read the model {}", path.display()))?;
        model.update(&bytes);
    }
    let mut images = crc32fast::Hasher::new();
    [test.pixels(), test.labels()].iter().for_each(|bytes| images.update(bytes));
    let mut settings = arguments.settings();
    settings.insert("data_crc32".to_owned(), json!(images.finalize()));
    settings.insert("model_crc32".to_owned(), json!(model.finalize()));
    if let Spiking::Leaky(spiking) = spiking {
        let NoisySoftplus { k, s_hz_per_na } = spiking.response();
        settings.insert("neuron".to_owned(), neuron_document(spiking.neuron()));
        settings.insert("response".to_owned(), json!({ "k": k, "s_hz_per_na": s_hz_per_na }));
    }
    Ok(Header {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        settings: settings.into(),
        latencies: arguments.latencies(),
        images: test.len(),
        shard,
        classes: trained.output().units(),
        seed: arguments.seed,
        mapping: mapping.clone(),
    })
}

/// The images that are presented, or chosen from.
fn test_images(arguments: &ConvertArguments) -> Result<ImageSet> {
    arguments.data().load(Split::Test, arguments.images)
}

/// The trained network, and what it was converted to.
fn converted(arguments: &ConvertArguments) -> Result<(ann::Network<f32>, Spiking)> {
    let model = arguments.model()?;
    let trained = arguments.supplement.read(model)?;
    arguments.check()?;
    let training = arguments.data().load(Split::Train, arguments.calibration)?;
    let spiking = run::on_threads(arguments.run.threads, || {
        Spiking::convert(&trained, &training, arguments).with_context(|| format!("cannot convert {}", model.display()))
    })?;
    Ok((trained, spiking))
}
