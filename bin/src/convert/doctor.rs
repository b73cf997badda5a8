//! `convert doctor`: where a conversion loses what the trained network knew.

use super::arguments::{ConvertArguments, NeuronChoice};
use super::mapping::layer_name;
use super::spiking::Spiking;
use crate::dataset;
use crate::output::{Provenance, ResultFolder, json_text};
use crate::run;
use crate::table::{number, table};
use anyhow::{Context, Result, bail};
use clap::Args;
use convert::{Diagnosis, LayerExamination, SpikingNetwork};
use data::ImageSet;
use data::mnist::Split;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Flags of `convert doctor`.
#[derive(Debug, Args)]
pub struct DoctorArguments {
    #[command(flatten)]
    convert: ConvertArguments,
    /// Number of test images that are looked at
    #[arg(long, value_name = "N", default_value_t = 20)]
    look_at: usize,
}

/// Examines each layer and says which is the first to lose information, the likely cause, and what to do; with `-o`, also in doctor.json.
///
/// # Errors
///
/// As a conversion.
pub fn doctor(arguments: &DoctorArguments) -> Result<ExitCode> {
    let flags = &arguments.convert;
    if flags.neuron == NeuronChoice::If {
        bail!("the doctor knows LIF neurons only: leave out --neuron if");
    }
    if arguments.look_at == 0 {
        bail!("--look-at must be at least 1");
    }
    let (trained, spiking) = super::converted(flags)?;
    let Spiking::Leaky(spiking) = spiking else { bail!("the doctor knows LIF neurons only") };
    let images = flags.data().load(Split::Test)?.first(arguments.look_at);
    let examinations = run::on_threads(flags.run.threads, || examine(&spiking, &trained, &images, flags))?;
    let diagnosis = Diagnosis::of(&examinations);
    let document = document(&spiking, &examinations, diagnosis, &Provenance::of("convert", Some(flags.seed)));
    if let Some(folder) = &flags.output {
        let folder = ResultFolder::open(folder)?;
        folder.json("doctor", &document)?;
        eprintln!("wrote doctor.json into {}", folder.path().display());
    }
    if flags.run.json {
        run::print(&json_text(&document)?)?;
    } else {
        run::print(&(tell(&spiking, &examinations) + &sentence(&spiking, diagnosis) + "\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Examines the layers on some images.
pub(super) fn examine(
    spiking: &SpikingNetwork,
    trained: &ann::Network<f32>,
    images: &ImageSet,
    flags: &ConvertArguments,
) -> Result<Vec<LayerExamination>> {
    let duration = flags.latencies().last().copied().unwrap_or(f64::NAN);
    spiking.examine(trained, dataset::samples(images), duration, flags.seed).context("cannot examine the layers")
}

/// What is wrong, if anything.
pub(super) fn sentence(spiking: &SpikingNetwork, diagnosis: Option<Diagnosis>) -> String {
    match diagnosis {
        None => "Each layer tells what its activations were: nothing to be cured before the read-out.".to_owned(),
        Some(Diagnosis { layer, cause }) => {
            let mapped = &spiking.layers()[layer];
            format!(
                "Population {} ({}, trained layer {}) loses what came before: {cause}.",
                layer + 1,
                mapped.kind,
                mapped.node
            )
        }
    }
}

fn tell(spiking: &SpikingNetwork, examinations: &[LayerExamination]) -> String {
    let rows: Vec<Vec<String>> = spiking
        .layers()
        .iter()
        .zip(examinations)
        .map(|(layer, examined)| {
            let mut row = vec![layer_name(layer)];
            row.push(number(examined.wanted, 2));
            row.push(number(examined.measured, 2));
            row.push(number(examined.correlation, 4));
            row.push(number(examined.slope, 3));
            let parts = [examined.error, examined.response, examined.inherited, examined.neuron, examined.transient];
            row.extend(parts.map(|part| number(part, 2)));
            row
        })
        .collect();
    let columns = [
        "population",
        "wanted (Hz)",
        "rate (Hz)",
        "correlation",
        "slope",
        "error (Hz)",
        "response",
        "inherited",
        "neuron",
        "transient",
    ];
    table(&columns, &rows)
        + "Errors are root mean squares; the error of each neuron is the sum of its four parts: the response is no rectifier, its inputs were\n\
           wrong already, the neuron does not follow its response or fires too few spikes to tell, rates had not settled.\n"
}

fn document(
    spiking: &SpikingNetwork,
    examinations: &[LayerExamination],
    diagnosis: Option<Diagnosis>,
    provenance: &Provenance,
) -> Value {
    let layers = spiking.layers().iter().zip(examinations).map(|(layer, examined)| {
        json!({
            "layer": layer.kind,
            "node": layer.node,
            "is_negative": layer.is_negative,
            "wanted_hz": examined.wanted,
            "rate_hz": examined.measured,
            "correlation": examined.correlation,
            "slope": examined.slope,
            "error_hz": examined.error,
            "error_of_response_hz": examined.response,
            "error_inherited_hz": examined.inherited,
            "error_of_neuron_hz": examined.neuron,
            "error_of_transient_hz": examined.transient,
            "poisson_counting_error_hz": examined.counting,
            "saturated": examined.saturated,
        })
    });
    json!({
        "provenance": provenance,
        "layers": layers.collect::<Vec<_>>(),
        "first_lost": diagnosis.map(|found| found.layer),
        "diagnosis": sentence(spiking, diagnosis),
    })
}
