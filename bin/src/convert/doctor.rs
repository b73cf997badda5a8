//! `convert doctor`: where a conversion loses what the trained network knew.

use super::arguments::{ConvertArguments, NeuronChoice};
use super::insight::Insight;
use super::spiking::Spiking;
use crate::output::{Provenance, ResultFolder, json_text};
use crate::run;
use anyhow::{Result, bail};
use clap::Args;
use data::mnist::Split;
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
    flags.refuse_run_flags("the doctor")?;
    if arguments.look_at == 0 {
        bail!("--look-at must be at least 1");
    }
    let (trained, spiking) = super::converted(flags)?;
    let Spiking::Leaky(spiking) = spiking else { bail!("the doctor knows LIF neurons only") };
    let images = flags.data().load(Split::Test, arguments.look_at)?;
    let insight = run::on_threads(flags.run.threads, || Insight::of(&spiking, &trained, &images, flags))?;
    let document = insight.document(&Provenance::of("convert", Some(flags.seed)));
    if let Some(folder) = &flags.output {
        let folder = ResultFolder::open(folder)?;
        folder.json("doctor", &document)?;
        folder.plate("rates", &insight.rates())?;
        folder.figure("budget", &insight.budget())?;
        eprintln!("wrote doctor.json, and rates and budget as .svg and .png into {}", folder.path().display());
    }
    if flags.run.json {
        run::print(&json_text(&document)?)?;
    } else {
        run::print(&(insight.text() + &insight.sentence() + "\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}
