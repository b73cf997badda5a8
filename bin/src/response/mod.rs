//! `lif-sim response`: the firing rate against the mean of a noisy current, simulated and in theory.

mod arguments;
mod curve;
mod figure;
mod report;
mod sigma;
mod theory;

pub use arguments::{CurveArguments, NoiseSource};
pub(crate) use curve::{CurvePoint, Curves, NeuronCurves};
pub(crate) use figure::line;
pub(crate) use sigma::{SigmaText, fluctuation_document, neuron_document};
pub use theory::TheoryChoice;

use crate::output::{Provenance, ResultFolder, json_text};
use crate::run::{self, Interrupt, RunArguments};
use anyhow::{Context, Result, bail};
use clap::Args;
use report::Report;
use std::path::PathBuf;
use std::process::ExitCode;

/// The noise where none is given.
const SIGMAS: [f64; 1] = [1.0];

/// Flags of `lif-sim response`.
#[derive(Debug, Args)]
pub struct ResponseArguments {
    #[command(flatten)]
    curves: CurveArguments,
    /// Theory to set beside the simulation; may be repeated
    #[arg(long, value_enum, default_values_t = [TheoryChoice::Siegert, TheoryChoice::Corrected])]
    theory: Vec<TheoryChoice>,
    #[command(flatten)]
    run: RunArguments,
    /// Write response.csv, .json, .svg and .png into this folder
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

impl ResponseArguments {
    /// The theories, each once and in their own order.
    fn theories(&self) -> Result<Vec<TheoryChoice>> {
        let none = self.theory.contains(&TheoryChoice::None);
        if none && self.theory.len() > 1 {
            bail!("--theory none excludes other theories");
        }
        let mut theories = Vec::new();
        for &theory in self.theory.iter().filter(|_| !none) {
            if theories.contains(&theory) {
                bail!("--theory {} is given twice", theory.name());
            }
            theories.push(theory);
        }
        Ok(theories)
    }
}

/// Runs the command.
///
/// # Errors
///
/// Fails on impossible parameters and on files that cannot be written.
pub fn response(arguments: &ResponseArguments) -> Result<ExitCode> {
    let theories = arguments.theories()?;
    let plan = arguments.curves.plan(&SIGMAS)?;
    // A theory that does not fit is refused before anything is simulated.
    let largest = plan.sigmas.iter().copied().fold(0.0, f64::max);
    for (neuron, fluctuation) in &plan.neurons {
        for theory in &theories {
            theory.rate_if_solved(neuron, fluctuation.noise(largest), plan.means[0] + neuron.i_offset)?;
        }
    }
    let interrupt = Interrupt::listen()?;
    let threads = arguments.run.threads;
    let curves = run::on_threads(threads, || arguments.curves.measure(&plan, &interrupt))?;
    let report = run::on_threads(threads, || Ok(Report::new(&curves, theories, &arguments.curves)?))?;
    let provenance = Provenance::of("lif-sim", Some(arguments.curves.seed));
    let document = report.document(&provenance);
    if let Some(folder) = &arguments.output {
        let folder = ResultFolder::open(folder)?;
        folder.json("response", &document)?;
        folder.csv("response", &provenance, &report.columns(), &report.csv_rows())?;
        folder.panels("response", &run::on_threads(threads, || Ok(report.figure()))?)?;
        eprintln!("wrote response.csv, .json, .svg and .png into {}", folder.path().display());
    }
    run::print(&if arguments.run.json { json_text(&document)? } else { report.text() }).context("cannot print")?;
    Ok(if curves.complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
