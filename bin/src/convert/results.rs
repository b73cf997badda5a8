//! The results of a run: on the terminal, and in a folder.

use super::energy::Device;
use super::insight::Insight;
use super::mapping::Mapping;
use super::measurement::Measurement;
use super::{page, report};
use crate::output::{Provenance, ResultFolder, json_text};
use crate::run;
use anyhow::{Result, bail};
use std::path::Path;

/// What a run has shown.
pub(super) struct Results<'a> {
    pub(super) mapping: &'a Mapping,
    pub(super) measurement: &'a Measurement,
    /// The layers on some images; merged runs have none.
    pub(super) insight: Option<&'a Insight<'a>>,
    /// The device whose energy is reckoned.
    pub(super) device: Option<&'a Device>,
}

impl Results<'_> {
    /// Prints the results, and writes them into a folder.
    pub(super) fn tell(&self, provenance: &Provenance, folder: Option<&Path>, json: bool) -> Result<()> {
        let Results { mapping, measurement, insight, device } = *self;
        if measurement.latency.images == 0 {
            bail!("interrupted before the first image was done");
        }
        let mut document = report::document(mapping, measurement, provenance);
        if let Some(device) = device {
            document["energy"] = device.of(mapping, measurement).document(device);
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
        run::print(&if json { json_text(&document)? } else { self.text() })
    }

    /// For the terminal.
    pub(super) fn text(&self) -> String {
        let Results { mapping, measurement, device, .. } = *self;
        let energy = device.map_or_else(String::new, |device| device.of(mapping, measurement).text(device));
        report::text(mapping, measurement) + &energy
    }
}
