//! `convert`: a trained network as spiking neurons, measured on test images.

mod arguments;
mod compare;
mod doctor;
mod export;
mod measurement;
mod page;
mod report;
mod spiking;

use crate::dataset;
use crate::output::{Provenance, ResultFolder, json_text};
use crate::run::{self, Interrupt, progress};
use anyhow::{Context, Result, bail};
pub use arguments::ConvertArguments;
pub use compare::{CompareArguments, compare};
use convert::{Diagnosis, Outcome};
use data::ImageSet;
use data::mnist::Split;
pub use doctor::{DoctorArguments, doctor};
pub use export::{ExportArguments, export};
use measurement::Measurement;
use spiking::Spiking;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::Instant;

/// Images that are looked at where a run ends near chance.
const LOOKED_AT: usize = 10;

/// Runs the command.
///
/// # Errors
///
/// Fails on models that cannot be read or converted, missing data, impossible settings and files that cannot be written.
pub fn convert(arguments: &ConvertArguments) -> Result<ExitCode> {
    let (trained, spiking) = converted(arguments)?;
    let provenance = Provenance::of("convert", Some(arguments.seed));
    if !arguments.runs() {
        let document = report::mapping_document(&spiking, &provenance);
        run::print(&if arguments.run.json { json_text(&document)? } else { report::mapping(&spiking) })?;
        return Ok(ExitCode::SUCCESS);
    }

    let test = test_images(arguments)?;
    let trial = trial(arguments, &trained, &spiking, &test, &Interrupt::listen()?)?;
    let measurement = Measurement::of(&arguments.latencies(), &trial, test.labels());
    if measurement.latency.images == 0 {
        bail!("interrupted before the first image was done");
    }
    let document = report::document(&spiking, &measurement, &provenance);
    if let Some(folder) = &arguments.output {
        let folder = ResultFolder::open(folder)?;
        folder.json("conversion", &document)?;
        folder.csv("latency", &provenance, &report::LATENCY_COLUMNS, &report::latency_rows(&measurement))?;
        folder.figure("latency", &report::figure(&measurement))?;
        let (columns, rows) = page::confusion_table(&measurement);
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        folder.csv("confusion", &provenance, &columns, &rows)?;
        folder.figure("confusion", &page::confusion_figure(&measurement))?;
        folder.bytes("report.html", page::page(&spiking, &measurement, &provenance)?.as_bytes())?;
        eprintln!(
            "wrote report.html, conversion.json, and latency and confusion as .csv, .svg and .png into {}",
            folder.path().display()
        );
    }
    let text = if arguments.run.json { json_text(&document)? } else { report::text(&spiking, &measurement) };
    run::print(&text)?;
    if measurement.is_near_chance(trained.output().units()) {
        eprintln!("error: the spiking network does little better than chance");
        if let Spiking::Leaky(spiking) = &spiking {
            let few = test.first(LOOKED_AT);
            let examinations =
                run::on_threads(arguments.run.threads, || doctor::examine(spiking, &trained, &few, arguments))?;
            eprintln!("{}", doctor::sentence(spiking, Diagnosis::of(&examinations)));
        }
        return Ok(ExitCode::FAILURE);
    }
    Ok(if measurement.complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A run of both networks on the same images.
struct Trial {
    /// What the spiking network did; nothing for images that were not presented.
    outcomes: Vec<Option<Outcome>>,
    /// The class that the trained network finds.
    predicted: Vec<u8>,
    /// Wall-clock time of the simulation.
    seconds: f64,
}

fn trial(
    arguments: &ConvertArguments,
    trained: &ann::Network<f32>,
    spiking: &Spiking,
    test: &ImageSet,
    interrupt: &Interrupt,
) -> Result<Trial> {
    run::on_threads(arguments.run.threads, || {
        let started = Instant::now();
        let bar = progress(test.len() as u64, "images");
        let outcomes = spiking.present(test, &arguments.latencies(), arguments.seed, &|_| {
            bar.inc(1);
            if interrupt.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        bar.finish_and_clear();
        let seconds = started.elapsed().as_secs_f64();
        Ok(Trial { outcomes, predicted: ann::predict(trained, dataset::samples(test))?, seconds })
    })
}

/// The images that are presented.
fn test_images(arguments: &ConvertArguments) -> Result<ImageSet> {
    let data = arguments.data();
    let folder = dataset::folder(arguments.data_dir.as_deref(), data.name())?;
    Ok(data.load(&folder, Split::Test)?.first(arguments.images))
}

/// The trained network, and what it was converted to.
fn converted(arguments: &ConvertArguments) -> Result<(ann::Network<f32>, Spiking)> {
    let model = arguments.model()?;
    let trained = ann::model_file::read(model).with_context(|| format!("cannot read the model {}", model.display()))?;
    arguments.check()?;
    let data = arguments.data();
    let folder = dataset::folder(arguments.data_dir.as_deref(), data.name())?;
    let training = data.load(&folder, Split::Train)?.first(arguments.calibration);
    let spiking = run::on_threads(arguments.run.threads, || {
        Spiking::convert(&trained, &training, arguments).with_context(|| format!("cannot convert {}", model.display()))
    })?;
    Ok((trained, spiking))
}
