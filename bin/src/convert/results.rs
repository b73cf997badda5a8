//! The results of a run: on the terminal, and in a folder.

use super::energy::Energy;
use super::insight::Insight;
use super::mapping::Mapping;
use super::measurement::Measurement;
use super::{page, report};
use crate::output::{Provenance, ResultFolder, json_text};
use crate::run;
use anyhow::{Result, bail};
use std::path::Path;
use std::process::ExitCode;

/// What a run has shown.
pub(super) struct Results<'a> {
    pub(super) mapping: &'a Mapping,
    pub(super) measurement: &'a Measurement,
    /// Number of classes.
    pub(super) classes: usize,
    /// The layers on some images; merged runs have none.
    pub(super) insight: Option<&'a Insight<'a>>,
    /// What it would take on a device.
    pub(super) energy: Option<Energy<'a>>,
}

impl Results<'_> {
    /// Prints the results, and writes them into a folder; fails behind that, with what is wrong, where the run was near chance.
    pub(super) fn tell(&self, provenance: &Provenance, folder: Option<&Path>, json: bool) -> Result<ExitCode> {
        let &Results { mapping, measurement, insight, classes, ref energy } = self;
        if measurement.latency.images == 0 {
            bail!("interrupted before the first image was done");
        }
        let mut document = report::document(mapping, measurement, provenance);
        if let Some(energy) = energy {
            document["energy"] = energy.document();
        }
        if let Some(folder) = folder {
            let folder = ResultFolder::open(folder)?;
            folder.json("conversion", &document)?;
            folder.csv("latency", provenance, &report::LATENCY_COLUMNS, &report::latency_rows(measurement))?;
            folder.figure("latency", &report::figure(measurement))?;
            let (columns, rows) = page::confusion_table(measurement);
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            folder.csv("confusion", provenance, &columns, &rows)?;
            folder.figure("confusion", &page::confusion_figure(measurement))?;
            if let Some(insight) = insight {
                folder.json("layers", &insight.document(provenance))?;
                folder.plate("rates", &insight.rates())?;
                folder.figure("budget", &insight.budget())?;
                if let Some(raster) = insight.raster() {
                    folder.panels("raster", &raster)?;
                }
            }
            folder.bytes("report.html", page::page(self, provenance)?.as_bytes())?;
            eprintln!(
                "wrote report.html, and what it shows as .json, .csv, .svg and .png into {}",
                folder.path().display()
            );
        }
        run::print(&if json { json_text(&document)? } else { self.text() })?;
        if measurement.is_near_chance(classes) {
            eprintln!("error: the spiking network does little better than chance");
            if let Some(insight) = insight {
                eprintln!("{}", insight.sentence());
            }
            return Ok(ExitCode::FAILURE);
        }
        Ok(if measurement.complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// For the terminal.
    pub(super) fn text(&self) -> String {
        report::text(self.mapping, self.measurement) + &self.energy.as_ref().map_or_else(String::new, Energy::text)
    }
}
