//! `convert`: a trained network as spiking neurons, measured on MNIST.

mod measurement;
mod report;

use crate::dataset;
use crate::fit::SynapticResponse;
use crate::output::{Provenance, ResultFolder, json_text};
use crate::run::{self, Interrupt, RunArguments, progress};
use anyhow::{Context, Result, bail};
use clap::Args;
use convert::{ConversionSettings, Presentation, Route, SpikingNetwork, Tuning, present, standard_latencies};
use data::mnist::Split;
use measurement::Measurement;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Longest presentation (ms).
const LONGEST: f64 = 1e6;

/// Most calibration images; the activations of all of them are held in memory.
const MOST_CALIBRATION: usize = 5_000;

/// Flags of `convert`.
#[derive(Debug, Args)]
pub struct ConvertArguments {
    /// Trained network (Keras .h5 or .keras)
    model: PathBuf,
    /// Run the spiking network on the MNIST test images and measure the conversion loss; without it, only the mapping is shown
    #[arg(long)]
    run_mnist: bool,
    /// Presentation time of an image (ms)
    #[arg(long, value_name = "MS", default_value_t = 1000.0, allow_negative_numbers = true)]
    duration: f64,
    /// Poisson rate of a full-scale pixel (Hz) [default: 1000 / tau_syn]
    #[arg(long, value_name = "HZ", allow_negative_numbers = true)]
    max_rate: Option<f64>,
    /// Number of test images, from the first
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    images: usize,
    /// Number of training images on which activations are measured for scaling
    #[arg(long, value_name = "N", default_value_t = 500)]
    calibration: usize,
    /// Rate of hidden units at the percentile of their layer's activations (Hz); ReLU and Softplus networks
    #[arg(long, value_name = "HZ", default_value_t = ConversionSettings::default().hidden_rate, allow_negative_numbers = true)]
    hidden_rate: f64,
    /// Rate of the winning output at the percentile (Hz)
    #[arg(long, value_name = "HZ", default_value_t = ConversionSettings::default().output_rate, allow_negative_numbers = true)]
    output_rate: f64,
    /// Percentile of the activations that is taken as full scale
    #[arg(long, value_name = "P", default_value_t = 100.0 * ConversionSettings::default().percentile, value_parser = percentile)]
    percentile: f64,
    /// Synaptic time constant (ms): 1, 5 or 10, or one of --response-fit; a Noisy Softplus network brings its own [default: 5, or the only one
    /// of --response-fit]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    tau_syn: Option<f64>,
    /// Take the response of the neurons from this fit.json of lif-sim fit (Noisy Softplus, k and S); ReLU and Softplus networks
    #[arg(long, value_name = "FILE")]
    response_fit: Option<PathBuf>,
    /// Delay of every projection (ms)
    #[arg(long, value_name = "MS", default_value_t = ConversionSettings::default().delay, allow_negative_numbers = true)]
    delay: f64,
    /// Number of calibration images on which the fit of each layer is corrected by simulation; 0 for fits to the response alone
    #[arg(long, value_name = "N", default_value_t = Tuning::STANDARD.images)]
    tuning: usize,
    /// Seed of the Poisson input
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    run: RunArguments,
    /// Folder with the four MNIST files [default: $LIF_DATA/mnist, data/mnist]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Write conversion.json, latency.csv, latency.svg and latency.png into this folder
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

fn percentile(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(p) if p > 50.0 && p <= 100.0 => Ok(p),
        _ => Err("must be above 50 and at most 100".to_owned()),
    }
}

/// Runs the command.
///
/// # Errors
///
/// Fails on models that cannot be read or converted, missing data, impossible settings and files that cannot be written.
pub fn convert(arguments: &ConvertArguments) -> Result<ExitCode> {
    let model = &arguments.model;
    let trained = ann::keras::read(model).with_context(|| format!("cannot read the model {}", model.display()))?;
    if !(arguments.duration > 0.0 && arguments.duration <= LONGEST) {
        bail!("--duration must be positive and at most {LONGEST} ms, found {:?}", arguments.duration);
    }
    if arguments.images == 0 {
        bail!("--images must be at least 1");
    }
    if !(1..=MOST_CALIBRATION).contains(&arguments.calibration) {
        bail!("--calibration must be between 1 and {MOST_CALIBRATION}, found {}", arguments.calibration);
    }
    let folder = dataset::folder(arguments.data_dir.as_deref(), "mnist")?;
    let training = dataset::load(&folder, Split::Train)?.first(arguments.calibration);
    let fitted = arguments.response_fit.as_deref().map(|file| SynapticResponse::read(file, arguments.tau_syn));
    let fitted = fitted.transpose()?;
    let known = arguments.tau_syn.unwrap_or(ConversionSettings::default().tau_syn);
    let settings = ConversionSettings {
        tau_syn: fitted.map_or(known, |fitted| fitted.tau_syn),
        response: fitted.map(|fitted| fitted.constants),
        max_rate: arguments.max_rate,
        hidden_rate: arguments.hidden_rate,
        output_rate: arguments.output_rate,
        percentile: arguments.percentile / 100.0,
        delay: arguments.delay,
        tuning: (arguments.tuning > 0).then_some(Tuning { images: arguments.tuning, seed: arguments.seed, ..Tuning::STANDARD }),
    };
    let spiking = run::on_threads(arguments.run.threads, || {
        SpikingNetwork::convert(&trained, dataset::samples(&training), &settings)
            .with_context(|| format!("cannot convert {}", model.display()))
    })?;
    if spiking.route() == Route::Physical && fitted.is_some() {
        bail!("--response-fit is for ReLU and Softplus networks: a Noisy Softplus network brings its own constants");
    }
    let provenance = Provenance::of("convert", Some(arguments.seed));
    if !arguments.run_mnist {
        let document = report::mapping_document(&spiking, &provenance);
        run::print(&if arguments.run.json { json_text(&document)? } else { report::mapping(&spiking) })?;
        return Ok(ExitCode::SUCCESS);
    }

    let test = dataset::load(&folder, Split::Test)?.first(arguments.images);
    let interrupt = Interrupt::listen()?;
    let presentation = Presentation { latencies: standard_latencies(arguments.duration), seed: arguments.seed };
    let measurement = run::on_threads(arguments.run.threads, || {
        let started = Instant::now();
        let bar = progress(test.len() as u64, "images");
        let outcomes = present(&spiking, dataset::samples(&test), &presentation, &|_| {
            bar.inc(1);
            if interrupt.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        bar.finish_and_clear();
        let seconds = started.elapsed().as_secs_f64();
        let predicted = ann::predict(&trained, dataset::samples(&test))?;
        Ok(Measurement::of(&presentation.latencies, &outcomes, &predicted, test.labels(), seconds))
    })?;
    if measurement.latency.images == 0 {
        bail!("interrupted before the first image was done");
    }
    let document = report::document(&spiking, &measurement, arguments.duration, &provenance);
    if let Some(folder) = &arguments.output {
        let folder = ResultFolder::open(folder)?;
        folder.json("conversion", &document)?;
        folder.csv("latency", &provenance, &report::LATENCY_COLUMNS, &report::latency_rows(&measurement))?;
        folder.figure("latency", &report::figure(&measurement))?;
        eprintln!("wrote conversion.json, latency.csv, latency.svg and latency.png into {}", folder.path().display());
    }
    let text = if arguments.run.json { json_text(&document)? } else { report::text(&spiking, &measurement) };
    run::print(&text)?;
    Ok(if measurement.complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
