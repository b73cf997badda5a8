//! `lif-sim fit`: closed-form models fitted to response curves, simulated, theoretical or from files.

mod curve_file;
mod figure;
mod fit_file;
mod report;

pub use curve_file::Columns;
pub use fit_file::SynapticResponse;

use crate::output::{Provenance, ResultFolder, json_text};
use crate::response::{CurveArguments, Curves, NeuronCurves, TheoryChoice};
use crate::run::{self, Interrupt, RunArguments};
use anyhow::{Context, Result, bail};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use curve_file::Defaults;
use report::{FittedSurface, Report};
use sim::response::MeasuredRate;
use sim::theory::{ResponseModel, fit as fit_model};
use std::path::PathBuf;
use std::process::ExitCode;

/// The noises where none are given: those of Liu & Furber (2016).
const SIGMAS: [f64; 3] = [0.2, 0.5, 1.0];

/// Flags of `lif-sim fit`.
#[derive(Debug, Args)]
pub struct FitArguments {
    /// Files of curves (CSV with named columns, see docs/FORMATS.md); without any, the curves are simulated as `lif-sim response` does
    #[arg(value_name = "FILE", conflicts_with = "from_theory")]
    files: Vec<PathBuf>,
    /// Which columns of the files are what, such as mean=I,sigma=s,rate=f,sem=e [default: by their usual names]
    #[arg(long, value_name = "ROLE=NAME,..", requires = "files")]
    columns: Option<Columns>,
    /// Fit the curves of a theory instead of simulated ones
    #[arg(long, value_enum, value_name = "THEORY")]
    from_theory: Option<TheoryChoice>,
    /// Model to fit; may be repeated [default: all]
    #[arg(long, value_name = "MODEL", value_parser = model_parser())]
    model: Vec<ResponseModel>,
    #[command(flatten)]
    curves: CurveArguments,
    #[command(flatten)]
    run: RunArguments,
    /// Write fit.json, fit.csv (residuals) and figures into this folder; ann train and convert take their constants from fit.json
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// The models by their names.
fn model_parser() -> impl TypedValueParser<Value = ResponseModel> {
    PossibleValuesParser::new(ResponseModel::ALL.map(ResponseModel::name))
        .try_map(|name| ResponseModel::ALL.into_iter().find(|model| model.name() == name).ok_or("no such model"))
}

/// Curves to be fitted, with where they come from.
struct Origin {
    data: String,
    curves: NeuronCurves,
}

impl FitArguments {
    /// The curves, and whether they are complete.
    fn origins(&self, interrupt: &Interrupt) -> Result<(Vec<Origin>, bool)> {
        let origins = |data: &str, curves: Vec<NeuronCurves>| -> Vec<Origin> {
            curves.into_iter().map(|curves| Origin { data: data.to_owned(), curves }).collect()
        };
        if !self.files.is_empty() {
            let &[(neuron, fluctuation)] = &self.curves.neurons()?[..] else {
                bail!("several --tau-syn do not go with files: a column tau_syn_ms tells them apart");
            };
            let defaults = Defaults { neuron, fluctuation, noise_dt: self.curves.noise_dt() };
            let columns = self.columns.clone().unwrap_or_default();
            let mut found = Vec::new();
            for file in &self.files {
                found.extend(origins(&file.display().to_string(), curve_file::read(file, &columns, &defaults)?));
            }
            return Ok((found, true));
        }
        let plan = self.curves.plan(&SIGMAS)?;
        let (data, Curves { neurons, complete }) = match self.from_theory {
            Some(TheoryChoice::None) => bail!("--from-theory needs a theory, found none"),
            Some(theory) => {
                let curves = Curves::measure(&plan, interrupt, |neuron, fluctuation, sigma, mu| {
                    let rate = theory.rate(&neuron, fluctuation.noise(sigma), mu + neuron.i_offset)?;
                    Ok(MeasuredRate { rate, sem: f64::NAN })
                })?;
                (format!("theory {}", theory.name()), curves)
            }
            None => (self.curves.method(), self.curves.measure(&plan, interrupt)?),
        };
        Ok((origins(&data, neurons), complete))
    }

    /// The models, each once and in their own order.
    fn models(&self) -> Vec<ResponseModel> {
        let chosen = |model: &ResponseModel| self.model.is_empty() || self.model.contains(model);
        ResponseModel::ALL.into_iter().filter(chosen).collect()
    }
}

/// Runs the command.
///
/// # Errors
///
/// Fails on impossible parameters, curves that cannot be read or fitted by any model, and files that cannot be written.
pub fn fit(arguments: &FitArguments) -> Result<ExitCode> {
    let interrupt = Interrupt::listen()?;
    let models = arguments.models();
    let (surfaces, complete) = run::on_threads(arguments.run.threads, || {
        let (origins, complete) = arguments.origins(&interrupt)?;
        let fitted = |Origin { data, curves }| {
            let surface = curves.surface();
            let fits = models.iter().map(|&model| (model, fit_model(model, &surface))).collect();
            FittedSurface { data, curves, fits }
        };
        Ok((origins.into_iter().map(fitted).collect::<Vec<_>>(), complete))
    })?;
    for surface in &surfaces {
        if surface.succeeded().next().is_none()
            && let Some((_, Err(error))) = surface.fits.first()
        {
            return Err(error.clone()).with_context(|| format!("cannot fit the curves of {}", surface.data));
        }
    }
    let simulated = arguments.files.is_empty() && arguments.from_theory.is_none();
    let provenance = Provenance::of("lif-sim", simulated.then_some(arguments.curves.seed));
    let report = Report { surfaces: &surfaces, complete };
    let document = report.document(&provenance);
    if let Some(folder) = &arguments.output {
        let folder = ResultFolder::open(folder)?;
        folder.json("fit", &document)?;
        folder.csv("fit", &provenance, &report.columns(&models), &report.csv_rows(&models))?;
        for (index, surface) in surfaces.iter().enumerate() {
            let name = if surfaces.len() == 1 { "fit".to_owned() } else { format!("fit-{}", index + 1) };
            folder.panels(&name, &surface.figure())?;
        }
        eprintln!("wrote fit.json, fit.csv and figures into {}", folder.path().display());
    }
    run::print(&if arguments.run.json { json_text(&document)? } else { report.text() }).context("cannot print")?;
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
