//! What becomes of a figure: tables, files and words.

use crate::figure::Plate;
use crate::output::{Provenance, ResultFolder};
use crate::records::Records;
use anyhow::Result;
use serde_json::{Value, json};

/// One reproduced figure or table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    /// Name on the command line, and of the files.
    pub(crate) name: &'static str,
    pub(crate) title: String,
    pub(crate) records: Vec<Records>,
    /// Longer tables, for files only.
    pub(crate) data: Vec<Records>,
    pub(crate) notes: Vec<String>,
    /// The figures with the names of their files.
    pub(crate) plates: Vec<(&'static str, Plate)>,
}

impl Outcome {
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}: {}\n", self.name, self.title);
        text.extend(self.records.iter().map(Records::text));
        text.extend(self.notes.iter().map(|note| format!("{note}\n")));
        text
    }

    pub(crate) fn document(&self) -> Value {
        let records: serde_json::Map<String, Value> =
            self.records.iter().map(|records| (records.name.clone(), records.document())).collect();
        json!({ "name": self.name, "title": self.title, "records": records, "notes": self.notes })
    }

    /// Writes NAME.csv of each table, and NAME.svg and .png of each figure.
    pub(crate) fn write(&self, folder: &ResultFolder, provenance: &Provenance) -> Result<()> {
        for records in self.records.iter().chain(&self.data) {
            let keys = records.keys();
            let columns: Vec<&str> = keys.iter().map(String::as_str).collect();
            folder.csv(&records.name, provenance, &columns, &records.csv_rows())?;
        }
        self.plates.iter().try_for_each(|(name, plate)| folder.plate(name, plate))
    }
}
