//! The results of a run: on the terminal, and in a folder.

use super::mapping::Mapping;
use super::measurement::Measurement;
use super::{page, report};
use crate::output::{Provenance, ResultFolder, json_text};
use crate::run;
use anyhow::{Result, bail};
use std::path::Path;

/// Prints the results, and writes them into a folder.
pub(super) fn tell(
    mapping: &Mapping,
    measurement: &Measurement,
    provenance: &Provenance,
    folder: Option<&Path>,
    json: bool,
) -> Result<()> {
    if measurement.latency.images == 0 {
        bail!("interrupted before the first image was done");
    }
    let document = report::document(mapping, measurement, provenance);
    if let Some(folder) = folder {
        let folder = ResultFolder::open(folder)?;
        folder.json("conversion", &document)?;
        folder.csv("latency", provenance, &report::LATENCY_COLUMNS, &report::latency_rows(measurement))?;
        folder.figure("latency", &report::figure(measurement))?;
        let (columns, rows) = page::confusion_table(measurement);
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        folder.csv("confusion", provenance, &columns, &rows)?;
        folder.figure("confusion", &page::confusion_figure(measurement))?;
        folder.bytes("report.html", page::page(mapping, measurement, provenance)?.as_bytes())?;
        eprintln!(
            "wrote report.html, conversion.json, outcomes.jsonl, and latency and confusion as .csv, .svg and .png into {}",
            folder.path().display()
        );
    }
    run::print(&if json { json_text(&document)? } else { report::text(mapping, measurement) })
}
