//! Fits of Noisy Softplus to measured curves, with standard errors by bootstrap over the trials, and what was published.

use super::condition::{Condition, Drive, Engine, Measured};
use super::laboratory::Laboratory;
use super::published::{Constants, DURATION, Paper, Published, TRIALS};
use crate::figure::{Axis, Colour, Figure, LegendPosition, Mark, Marking, Plate, Point, Series, Shape};
use crate::outcome::Outcome;
use crate::records::{Cell, Column, Estimate, Kind, NORMAL_95, Records};
use anyhow::{Context, Result};
use sim::theory::{self, ResponseModel, ResponsePoint};
use sim::{Purpose, StreamKey};

/// Resamples of the bootstrap; the standard error of a standard error is then some 4 %.
const RESAMPLES: u64 = 400;

/// Constants fitted to measured curves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fitted {
    pub(super) k: Estimate,
    /// Hz/nA.
    pub(super) s: Estimate,
    /// Root of the mean squared deviation (Hz) of the fit from the rates.
    pub(super) rmse: f64,
}

/// Constants of the best fit to rates under a drive, and its root mean squared deviation (Hz); None if there is no best one.
fn fit(drive: Drive, points: Vec<ResponsePoint>) -> Option<(Constants, f64)> {
    let fit = theory::fit(ResponseModel::NoisySoftplus, &drive.surface(points)).ok()?;
    let constants = fit.response.noisy_softplus()?;
    Some((Constants { k: constants.k, s: constants.s_hz_per_na }, fit.rmse))
}

impl Fitted {
    /// Fits the mean rates; the standard errors are those of fits to trials drawn anew, with replacement, at each point.
    pub(super) fn new(drive: Drive, measured: &[Measured], seed: u64) -> Result<Fitted> {
        let (best, rmse) = fit(drive, measured.iter().map(Measured::point).collect())
            .context("Noisy Softplus cannot be fitted: no point fires in the trials, make them longer")?;
        let mut stream = StreamKey { seed, sample: 0 }.stream(0, 0, Purpose::Parameters);
        let (mut k, mut s) = (Spread::default(), Spread::default());
        for _ in 0..RESAMPLES {
            let resampled = measured.iter().map(|point| {
                let n = point.rates.len();
                let draw = |_| point.rates[((stream.uniform() * n as f64) as usize).min(n - 1)];
                ResponsePoint { rate: (0..n).map(draw).sum::<f64>() / n as f64, ..point.point() }
            });
            if let Some((constants, _)) = fit(drive, resampled.collect()) {
                k.add(constants.k);
                s.add(constants.s);
            }
        }
        // Resampled trials spread (n - 1)/n times as much as trials do.
        let n = measured.iter().map(|point| point.rates.len()).min().unwrap_or(1) as f64;
        let correction = (n / (n - 1.0)).sqrt();
        Ok(Fitted {
            k: Estimate { value: best.k, error: correction * k.deviation() },
            s: Estimate { value: best.s, error: correction * s.deviation() },
            rmse,
        })
    }

    pub(super) fn constants(&self) -> Constants {
        Constants { k: self.k.value, s: self.s.value }
    }
}

impl Constants {
    /// Rate (Hz) at a mean and a sigma (nA) in the meaning of the drive to which they were fitted.
    pub(super) fn rate(&self, x: f64, sigma: f64) -> f64 {
        self.s * theory::noisy_softplus(x, self.k * sigma)
    }

    /// Constants of the best fit to rates under a drive.
    pub(super) fn of(drive: Drive, points: Vec<ResponsePoint>) -> Option<Constants> {
        fit(drive, points).map(|(constants, _)| constants)
    }
}

/// Sums for a standard deviation.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spread {
    n: f64,
    sum: f64,
    squares: f64,
}

impl Spread {
    pub(super) fn add(&mut self, x: f64) {
        self.n += 1.0;
        self.sum += x;
        self.squares += x * x;
    }

    pub(super) fn deviation(&self) -> f64 {
        ((self.squares - self.sum * self.sum / self.n).max(0.0) / (self.n - 1.0)).sqrt()
    }
}

/// A constant: its name in files and in words, decimals, and where it stands in our fits and in theirs.
struct Constant {
    key: &'static str,
    heading: &'static str,
    decimals: usize,
    ours: fn(&Fitted) -> Estimate,
    theirs: fn(&Constants) -> f64,
}

const K: Constant = Constant { key: "k", heading: "k", decimals: 4, ours: |fit| fit.k, theirs: |c| c.k };
const S: Constant = Constant { key: "s", heading: "S (Hz/nA)", decimals: 2, ours: |fit| fit.s, theirs: |c| c.s };

/// The constants of some drives, a table of each: published, of the published rates, on the grid and exact.
pub(super) fn records(name: &str, drives: &[Drive], laboratory: &mut Laboratory) -> Result<Vec<Records>> {
    let fitted = drives.iter().map(|&drive| both(drive, laboratory)).collect::<Result<Vec<_>>>()?;
    Ok([K, S].map(|constant| constant.records(name, drives, &fitted, laboratory)).to_vec())
}

impl Constant {
    fn records(&self, name: &str, drives: &[Drive], fitted: &[[Fitted; 2]], laboratory: &Laboratory) -> Records {
        let number = |key, heading| Column::new(key, heading, Kind::Number, self.decimals);
        let estimate = |key, heading| Column::new(key, heading, Kind::Estimate, self.decimals);
        let difference = |key, heading| Column::new(key, heading, Kind::Difference, self.decimals);
        let rmse = |key, heading| Column::new(key, heading, Kind::Number, 2);
        let columns = vec![
            Column::new("drive", "drive", Kind::Text, 0),
            number("published_2016", "2016"),
            number("published_2017", "2017"),
            number("refitted", "published rates"),
            estimate("grid", "1 ms grid"),
            estimate("exact", "exact"),
            difference("grid_minus_refitted", "grid − published rates"),
            difference("exact_minus_grid", "exact − grid"),
            rmse("grid_rmse_hz", "RMSE grid (Hz)"),
            rmse("exact_rmse_hz", "exact"),
        ];
        let rows = drives.iter().zip(fitted).map(|(&drive, fitted)| self.row(drive, fitted, laboratory)).collect();
        let caption = format!(
            "{} of Noisy Softplus, rate = S k sigma ln(1 + exp(x / (k sigma))), fitted to all points\n\
             (± standard error by bootstrap over the trials; [ ] 95 %)",
            self.heading
        );
        Records { name: format!("{name}-{}", self.key), caption, reach: NORMAL_95, columns, rows }
    }

    /// The constant under all drives.
    fn panel(&self, title: &str, fitted: &[[Fitted; 2]], published: &Published) -> Figure {
        let mut figure = Figure::new(
            Axis::linear("Drive, tau_syn").with_range(0.0, DRIVES.len() as f64),
            Axis::linear(self.heading),
        );
        let names = DRIVES.map(|drive| match drive {
            Drive::Noise { .. } => "noise".to_owned(),
            Drive::Poisson { tau_syn } => format!("{tau_syn} ms"),
        });
        let ends = (0..=DRIVES.len()).map(|i| i as f64).collect();
        figure.x.marking = Marking::Names { ends, names: names.to_vec() };
        (figure.title, figure.width_mm) = (title.to_owned(), 88.0);
        let known = |constants: &dyn Fn(Drive) -> Option<Constants>, shift: f64| {
            let point =
                |(i, &drive): (usize, &Drive)| Some(Point::new(i as f64 + shift, (self.theirs)(&constants(drive)?)));
            DRIVES.iter().enumerate().filter_map(point).collect::<Vec<_>>()
        };
        let measured = |engine: usize, shift: f64| {
            let point = |(i, fits): (usize, &[Fitted; 2])| {
                let Estimate { value, error } = (self.ours)(&fits[engine]);
                Point::with_error(i as f64 + shift, value, NORMAL_95 * error)
            };
            fitted.iter().enumerate().map(point).collect::<Vec<_>>()
        };
        let series = |label: &str, colour, shape, points| Series {
            label: label.to_owned(),
            colour,
            mark: Mark::Points(shape),
            points,
        };
        figure.series = vec![
            series(
                "published 2017",
                Colour::Black,
                Shape::Diamond,
                known(&|d| published.constants(Paper::Y2017, d), 0.2),
            ),
            series(
                "fit to published rates",
                Colour::Black,
                Shape::Ring,
                known(&|d| Constants::of(d, published.rates(d)), 0.4),
            ),
            series("simulated, 1 ms grid", Colour::Blue, Shape::Circle, measured(0, 0.6)),
            series("simulated, exact", Colour::Vermillion, Shape::Square, measured(1, 0.8)),
        ];
        figure
    }

    fn row(&self, drive: Drive, [on_grid, exactly]: &[Fitted; 2], laboratory: &Laboratory) -> Vec<Cell> {
        let published = &laboratory.published;
        let theirs = |constants: Option<Constants>| constants.as_ref().map(self.theirs);
        let [y2016, y2017] = [Paper::Y2016, Paper::Y2017].map(|paper| theirs(published.constants(paper, drive)));
        let refitted = theirs(Constants::of(drive, published.rates(drive)));
        let (grid, exact) = ((self.ours)(on_grid), (self.ours)(exactly));
        // Of the published rates only the means are known: their fit is as uncertain as ours of as many and as long trials.
        let effort = laboratory.effort;
        let share = effort.trials as f64 * effort.duration / (TRIALS * DURATION);
        let known = Estimate { value: refitted.unwrap_or(f64::NAN), error: grid.error * share.sqrt() };
        vec![
            Cell::Text(drive.name()),
            Cell::optional(y2016),
            Cell::optional(y2017),
            Cell::optional(refitted),
            Cell::Value(grid),
            Cell::Value(exact),
            Cell::Value(grid.minus(known)),
            Cell::Value(exact.minus(grid)),
            Cell::number(on_grid.rmse),
            Cell::number(exactly.rmse),
        ]
    }
}

/// Fits on the grid and exact.
pub(super) fn both(drive: Drive, laboratory: &mut Laboratory) -> Result<[Fitted; 2]> {
    let mut fitted = |engine| laboratory.fitted(Condition::curves(drive, engine));
    Ok([fitted(Engine::Grid)?, fitted(Engine::Exact)?])
}

/// The drives that were published, and the noisy current.
pub(super) const DRIVES: [Drive; 4] = [
    Drive::Noise { dt: 1.0 },
    Drive::Poisson { tau_syn: 1.0 },
    Drive::Poisson { tau_syn: 5.0 },
    Drive::Poisson { tau_syn: 10.0 },
];

/// `lif-sim reproduce fits`.
pub(super) fn outcome(laboratory: &mut Laboratory) -> Result<Outcome> {
    let records = records("fits", &DRIVES, laboratory)?;
    let mut fitted = Vec::new();
    for drive in DRIVES {
        fitted.push(both(drive, laboratory)?);
    }
    let mut k = K.panel("a", &fitted, &laboratory.published);
    k.legend = LegendPosition::TopLeft;
    let mut s = S.panel("b", &fitted, &laboratory.published);
    s.legend = LegendPosition::Hidden;
    Ok(Outcome {
        name: "fits",
        title: "Constants of Noisy Softplus".to_owned(),
        records,
        data: Vec::new(),
        notes: vec![
            "A spike on a 1 ms grid waits for the next grid point, half a step per interval on average: the published S are low, k changes little."
                .to_owned(),
        ],
        plates: vec![("fits", Plate { rows: vec![vec![k, s]] })],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim::theory::NoisySoftplus;

    /// Rates with independent errors of 5 % in each of 10 trials; the standard errors by bootstrap are those of repeated experiments.
    #[test]
    fn bootstrap_agrees_with_repetition() {
        let truth = NoisySoftplus { k: 0.2, s_hz_per_na: 210.0 };
        let experiment = |number: u64| -> Vec<Measured> {
            let mut stream = StreamKey { seed: 5, sample: number }.stream(0, 0, Purpose::Parameters);
            let point = |i: u32| {
                let (x, sigma) = (f64::from(i % 12) / 10.0 - 0.5, [0.2, 0.5, 1.0][i as usize / 12]);
                let rates = (0..10).map(|_| truth.rate(x, sigma) * (1.0 + 0.05 * stream.normal())).collect();
                Measured { x, sigma, rates }
            };
            (0..36).map(point).collect()
        };
        let drive = Drive::Poisson { tau_syn: 5.0 };
        let (mut k, mut s) = (Spread::default(), Spread::default());
        for number in 0..200 {
            let (constants, _) = fit(drive, experiment(number).iter().map(Measured::point).collect()).unwrap();
            k.add(constants.k);
            s.add(constants.s);
        }
        let fitted = Fitted::new(drive, &experiment(0), 1).unwrap();
        // A deviation of 200 experiments and one of 400 resamples of 36 x 10 trials: 5 %, 4 % and 4 %; three times their sum.
        for (found, want) in [(fitted.k.error, k.deviation()), (fitted.s.error, s.deviation())] {
            assert!((found / want - 1.0).abs() < 0.25, "{found} {want}");
        }
        assert!((fitted.k.value - truth.k).abs() < 5.0 * fitted.k.error);
        assert!((fitted.s.value - truth.s_hz_per_na).abs() < 5.0 * fitted.s.error);
    }
}
