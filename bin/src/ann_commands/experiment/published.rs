//! The published numbers, which the program carries with it.

use super::measure::Measure;
use crate::published::entries;
use anyhow::Result;

/// The file; its head says where the numbers come from.
const FILE: &str = include_str!("published.csv");

/// One number.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    experiment: &'static str,
    data: &'static str,
    condition: &'static str,
    measure: &'static str,
    value: f64,
}

/// The numbers of one experiment on one data set.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Published {
    entries: Vec<Entry>,
}

impl Published {
    /// Reads the file.
    pub(super) fn read(experiment: &str, data: &str) -> Result<Published> {
        let mut entries = entries("published.csv", FILE, |[experiment, data, condition, measure, value]| {
            Ok(Entry { experiment, data, condition, measure, value: value.parse()? })
        })?;
        entries.retain(|entry| entry.experiment == experiment && entry.data == data);
        Ok(Published { entries })
    }

    /// The value of a measure in a condition.
    pub(super) fn value(&self, condition: &str, measure: Measure) -> Option<f64> {
        let entry = |entry: &&Entry| entry.condition == condition && entry.measure == measure.key();
        self.entries.iter().find(entry).map(|entry| entry.value)
    }

    /// Whether there is a value of this measure at all.
    pub(super) fn knows(&self, measure: Measure) -> bool {
        self.entries.iter().any(|entry| entry.measure == measure.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_name() {
        let published = Published::read("cwa-fcn", "mnist").unwrap();
        assert_eq!(published.value("CWA", Measure::TestAccuracy), Some(98.65));
        assert_eq!(published.value("CWA", Measure::TestError), None);
        assert!(Published::read("cwa-fcn", "cifar10").unwrap().knows(Measure::TestAccuracy));
    }
}
