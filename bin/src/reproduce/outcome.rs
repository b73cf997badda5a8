//! What becomes of a figure: tables, files and words.

use super::records::Records;
use crate::figure::Plate;
use crate::output::{Provenance, ResultFolder};
use anyhow::Result;
use serde_json::{Value, json};

/// One reproduced figure or table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    /// Name on the command line, and of the files.
    pub(super) name: &'static str,
    pub(super) title: String,
    pub(super) records: Vec<Records>,
    /// Longer tables, for files only.
    pub(super) data: Vec<Records>,
    pub(super) notes: Vec<String>,
    /// The figures with the names of their files.
    pub(super) plates: Vec<(&'static str, Plate)>,
}

impl Outcome {
    pub(super) fn text(&self) -> String {
        let mut text = format!("{}: {}\n", self.name, self.title);
        text.extend(self.records.iter().map(Records::text));
        text.extend(self.notes.iter().map(|note| format!("{note}\n")));
        text
    }

    pub(super) fn document(&self) -> Value {
        let records: serde_json::Map<String, Value> =
            self.records.iter().map(|records| (records.name.clone(), records.document())).collect();
        json!({ "name": self.name, "title": self.title, "records": records, "notes": self.notes })
    }

    /// Writes NAME.csv of each table, and NAME.svg and .png of each figure.
    pub(super) fn write(&self, folder: &ResultFolder, provenance: &Provenance) -> Result<()> {
        for records in self.records.iter().chain(&self.data) {
            let keys = records.keys();
            let columns: Vec<&str> = keys.iter().map(String::as_str).collect();
            folder.csv(&records.name, provenance, &columns, &records.csv_rows())?;
        }
        self.plates.iter().try_for_each(|(name, plate)| folder.plate(name, plate))
    }
}
