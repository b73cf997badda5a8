//! Tables of reference rates against the theories.

use super::rate_table::{Model, Row, read_rows};
use crate::output::{Provenance, json_text};
use crate::run::{self, RunArguments};
use crate::table::table;
use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Whether a file is a table of rates: by its name, as cases are JSON.
pub(super) fn is_rate_table(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
}

/// How far a theory is from the rows of a model.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Deviation {
    rows: usize,
    beyond: usize,
    largest: f64,
}

/// Evaluates all rows; the exit code is 1 if any is beyond the tolerance of its model.
///
/// # Errors
///
/// Fails on files that cannot be read or understood, and on rows to which no rate belongs.
pub(super) fn verify_rates(paths: &[PathBuf], run: RunArguments) -> Result<ExitCode> {
    let mut found = [Deviation::default(); Model::ALL.len()];
    for path in paths {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let rows = read_rows(&text).with_context(|| format!("in {}", path.display()))?;
        ensure!(!rows.is_empty(), "{} holds no rows", path.display());
        for row in &rows {
            let deviation =
                relative_deviation(row).with_context(|| format!("in {}: line {}", path.display(), row.line))?;
            let of_model = &mut found[row.model as usize];
            of_model.rows += 1;
            of_model.largest = of_model.largest.max(deviation);
            of_model.beyond += usize::from(!(deviation <= row.model.tolerance()));
        }
    }
    let seen: Vec<(Model, Deviation)> =
        Model::ALL.into_iter().zip(found).filter(|(_, deviation)| deviation.rows > 0).collect();
    let beyond: usize = found.iter().map(|deviation| deviation.beyond).sum();
    if run.json {
        let largest: Map<String, Value> =
            seen.iter().map(|(model, deviation)| (model.name().to_owned(), json!(deviation.largest))).collect();
        let document = json!({
            "rows": found.iter().map(|deviation| deviation.rows).sum::<usize>(),
            "max_relative_error": largest,
            "beyond_tolerance": beyond,
            "provenance": Provenance::of("lif-sim", None),
        });
        run::print(&json_text(&document)?)?;
    } else {
        let rows: Vec<Vec<String>> = seen
            .iter()
            .map(|(model, deviation)| {
                vec![
                    model.name().to_owned(),
                    deviation.rows.to_string(),
                    format!("{:.1e}", deviation.largest),
                    format!("{:.0e}", model.tolerance()),
                    deviation.beyond.to_string(),
                ]
            })
            .collect();
        run::print(&table(&["model", "rows", "max relative error", "tolerance", "beyond tolerance"], &rows))?;
    }
    Ok(if beyond == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Deviation of the theory's rate, relative to the expected one; where none is expected any rate counts as wholly wrong.
fn relative_deviation(row: &Row) -> Result<f64> {
    let rate = row.theory.rate(&row.neuron, row.noise, row.mu)?;
    Ok(match (rate == row.rate, row.rate == 0.0) {
        (true, _) => 0.0,
        (false, true) => 1.0,
        (false, false) => (rate / row.rate - 1.0).abs(),
    })
}
