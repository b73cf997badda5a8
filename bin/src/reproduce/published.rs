//! The published numbers, which the program carries with it.

use super::condition::Drive;
use crate::published::entries;
use anyhow::Result;
use sim::theory::ResponsePoint;

/// The file; its head says where the numbers come from.
const FILE: &str = include_str!("published.csv");

/// Standard error of a published rate: trials, and their length (ms).
pub(super) const TRIALS: f64 = 10.0;
/// Length of a trial (ms).
pub(super) const DURATION: f64 = 10_000.0;

/// One number.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    quantity: &'static str,
    source: &'static str,
    tau_syn: Option<f64>,
    sigma: Option<f64>,
    mean: Option<f64>,
    value: f64,
}

/// All numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Published {
    entries: Vec<Entry>,
}

/// Constants of a Noisy Softplus.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Constants {
    /// Width of the bend in units of sigma.
    pub(super) k: f64,
    /// Slope far above the bend (Hz/nA).
    pub(super) s: f64,
}

/// The papers with constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paper {
    /// "Noisy Softplus: A Biology Inspired Activation Function" (Liu & Furber 2016).
    Y2016,
    /// "Noisy Softplus: an activation function that enables SNNs to be trained as ANNs" (Liu et al. 2017).
    Y2017,
}

impl Published {
    /// Reads the file.
    pub(super) fn read() -> Result<Published> {
        Ok(Published { entries: entries("published.csv", FILE, parse)? })
    }

    fn of(&self, quantity: &str, source: &str, tau_syn: Option<f64>) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |e| e.quantity == quantity && e.source == source && e.tau_syn == tau_syn)
    }

    /// Rate (Hz) at a mean (nA) and a sigma (nA) in the meaning of the drive.
    pub(super) fn rate(&self, drive: Drive, sigma: f64, mean: f64) -> Option<f64> {
        let (source, tau_syn) = address(drive)?;
        self.of("rate_hz", source, tau_syn).find(|e| e.sigma == Some(sigma) && e.mean == Some(mean)).map(|e| e.value)
    }

    /// All rates under a drive.
    pub(super) fn rates(&self, drive: Drive) -> Vec<ResponsePoint> {
        let Some((source, tau_syn)) = address(drive) else { return Vec::new() };
        let point = |e: &Entry| Some(ResponsePoint { x: e.mean?, sigma: e.sigma?, rate: e.value });
        self.of("rate_hz", source, tau_syn).filter_map(point).collect()
    }

    /// Constants of a paper for a drive.
    pub(super) fn constants(&self, paper: Paper, drive: Drive) -> Option<Constants> {
        let (source, tau_syn) = address(drive)?;
        let [k, s] = match paper {
            Paper::Y2016 => ["k_2016", "s_2016"],
            Paper::Y2017 => ["k_2017", "s_2017"],
        };
        let value = |quantity| self.of(quantity, source, tau_syn).next().map(|e| e.value);
        Some(Constants { k: value(k)?, s: value(s)? })
    }

    /// Euclidean distance (Hz) of the rates that an activation function predicts from those recorded, in the paper of 2017.
    pub(super) fn distance(&self, activation: &str) -> Option<f64> {
        self.of("distance_2017", activation, Some(5.0)).next().map(|e| e.value)
    }
}

/// Source and time constant of a drive in the file; only a current redrawn every 1 ms was published.
fn address(drive: Drive) -> Option<(&'static str, Option<f64>)> {
    match drive {
        Drive::Noise { dt: 1.0 } => Some(("noise", None)),
        Drive::Noise { .. } => None,
        Drive::Poisson { tau_syn } => Some(("poisson", Some(tau_syn))),
    }
}

fn parse([quantity, source, tau_syn, sigma, mean, value]: [&'static str; 6]) -> Result<Entry> {
    let optional = |text: &str| if text.is_empty() { Ok(None) } else { text.parse().map(Some) };
    let (tau_syn, sigma, mean) = (optional(tau_syn)?, optional(sigma)?, optional(mean)?);
    Ok(Entry { quantity, source, tau_syn, sigma, mean, value: value.parse()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_numbers_are_read() {
        let published = Published::read().unwrap();
        let noise = Drive::Noise { dt: 1.0 };
        let poisson = |tau_syn| Drive::Poisson { tau_syn };
        for drive in [noise, poisson(1.0), poisson(5.0)] {
            assert_eq!(published.rates(drive).len(), 36);
        }
        assert!(published.rates(poisson(10.0)).is_empty());
        assert_eq!(published.rate(noise, 1.0, 0.6), Some(121.72));
        assert_eq!(published.rate(poisson(5.0), 0.2, -0.1), Some(1.35));
        assert_eq!(published.rate(Drive::Noise { dt: 0.1 }, 1.0, 0.6), None);
        let constants = |paper, tau_syn| published.constants(paper, poisson(tau_syn));
        assert_eq!(constants(Paper::Y2017, 1.0), Some(Constants { k: 0.19, s: 208.76 }));
        assert_eq!(constants(Paper::Y2016, 5.0), Some(Constants { k: 0.3, s: 230.0 }));
        assert_eq!(constants(Paper::Y2016, 10.0), None);
        assert_eq!(published.distance("relu"), Some(349.64));
    }
}
