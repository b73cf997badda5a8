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
    /// From 1; none for the end of the training.
    epoch: Option<usize>,
    value: f64,
}

/// A number after an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct AfterEpoch {
    pub(super) condition: &'static str,
    /// From 1.
    pub(super) epoch: usize,
    pub(super) value: f64,
}

/// The numbers of one experiment on one data set.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Published {
    entries: Vec<Entry>,
}

impl Published {
    /// Reads the file.
    pub(super) fn read(experiment: &str, data: &str) -> Result<Published> {
        let mut entries = entries("published.csv", FILE, |[experiment, data, condition, measure, epoch, value]| {
            let epoch = if epoch.is_empty() { None } else { Some(epoch.parse()?) };
            Ok(Entry { experiment, data, condition, measure, epoch, value: value.parse()? })
        })?;
        entries.retain(|entry| entry.experiment == experiment && entry.data == data);
        Ok(Published { entries })
    }

    /// The value of a measure in a condition in the end.
    pub(super) fn value(&self, condition: &str, measure: Measure) -> Option<f64> {
        self.last(measure).find(|entry| entry.condition == condition).map(|entry| entry.value)
    }

    /// Whether there is a value of this measure in the end at all.
    pub(super) fn knows(&self, measure: Measure) -> bool {
        self.last(measure).next().is_some()
    }

    /// The values of a measure after single epochs.
    pub(super) fn by_epoch(&self, measure: Measure) -> impl Iterator<Item = AfterEpoch> {
        let entries = self.entries.iter().filter(move |entry| entry.measure == measure.key());
        entries.filter_map(|entry| {
            entry.epoch.map(|epoch| AfterEpoch { condition: entry.condition, epoch, value: entry.value })
        })
    }

    fn last(&self, measure: Measure) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.measure == measure.key() && entry.epoch.is_none())
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
        assert_eq!(published.by_epoch(Measure::TestAccuracy).count(), 0);
    }

    /// As printed in table 8: ReLU has 0.0103 after nine epochs, MixLU of one percent 0.0222 after the first.
    #[test]
    fn a_course_does_not_hide_the_end() {
        let published = Published::read("mixlu-mnist", "mnist").unwrap();
        let course: Vec<AfterEpoch> = published.by_epoch(Measure::TestError).collect();
        assert_eq!(course.len(), 18);
        assert_eq!(course[8], AfterEpoch { condition: "ReLU", epoch: 9, value: 1.03 });
        assert_eq!(course[9], AfterEpoch { condition: "redrawn-gated 1 %", epoch: 1, value: 2.22 });
        assert_eq!(published.value("ReLU", Measure::TestError), Some(0.92));
    }
}
