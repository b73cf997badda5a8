//! `convert compare`: several conversions on the same images.

use super::arguments::ConvertArguments;
use super::measurement::Measurement;
use super::trial::{Shown, Trial};
use super::{converted, test_images};
use crate::figure::{Axis, Colour, Figure, Mark, Point, Series, Stroke};
use crate::output::{Provenance, ResultFolder, csv_number, json_text};
use crate::run::{self, Interrupt};
use crate::table::table;
use anyhow::{Context, Result, bail};
use clap::{Args, Parser};
use convert::{ConversionLoss, Decision, Interval, mean_interval};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Flags of `convert compare`.
#[derive(Debug, Args)]
pub struct CompareArguments {
    /// What to compare: models, each with flags of its own if wished, in quotes ("model.h5 --hidden-rate 100")
    #[arg(required = true, num_args = 2.., value_name = "MODEL")]
    entries: Vec<String>,
    /// Flags of all of them, behind two dashes (-- --run-mnist --images 1000)
    #[arg(last = true, value_name = "FLAGS")]
    common: Vec<String>,
}

/// The flags of one entry.
#[derive(Parser)]
#[command(name = "convert", no_binary_name = true)]
struct EntryArguments {
    #[command(flatten)]
    arguments: ConvertArguments,
}

/// One conversion that has been run.
struct Entry {
    name: String,
    trial: Trial,
    measurement: Measurement,
}

/// Two conversions on the same images.
struct Pair {
    names: [String; 2],
    /// Of the spiking networks: the first in the place of the trained one.
    accuracy: ConversionLoss,
    /// Conversion loss of the first less that of the second (percentage points), with its 95 % interval.
    loss: (f64, Interval),
}

/// Runs the command.
///
/// # Errors
///
/// As a conversion, of any of them; and where they are not to run on the same images.
pub fn compare(arguments: &CompareArguments) -> Result<ExitCode> {
    let entries = arguments.entries.iter().map(|entry| {
        let flags = entry.split_whitespace().chain(arguments.common.iter().map(String::as_str));
        let parsed = EntryArguments::try_parse_from(flags).map_err(|error| {
            let text = error.to_string();
            anyhow::anyhow!("{entry}: {}", text.lines().next().unwrap_or_default().trim_start_matches("error: "))
        })?;
        Ok((entry.clone(), parsed.arguments))
    });
    let entries: Vec<(String, ConvertArguments)> = entries.collect::<Result<_>>()?;
    let Some((_, first)) = entries.first() else { bail!("name at least two models") };
    if let Some((name, _)) = entries.iter().find(|(_, flags)| !flags.runs()) {
        bail!("{name}: choose the images that all are to run on, as in -- --run-mnist");
    }
    entries.iter().try_for_each(|(_, flags)| flags.refuse_run_flags("a comparison"))?;
    let images = |flags: &ConvertArguments| (flags.data().name(), flags.images);
    if let Some((name, flags)) = entries.iter().find(|(_, flags)| images(flags) != images(first)) {
        bail!("{name} runs on {:?}, the first on {:?}: compare on the same images", images(flags), images(first));
    }
    let test = test_images(first)?;
    let interrupt = Interrupt::listen()?;
    let mut runs = Vec::new();
    for (name, flags) in &entries {
        let (trained, spiking) = converted(flags)?;
        eprintln!("{name}");
        let range = 0..test.len();
        let trial =
            Trial::run(flags, &trained, &spiking, &test, range, None, &interrupt).with_context(|| name.clone())?;
        let measurement = Measurement::of(&flags.latencies(), &trial);
        if !measurement.complete {
            bail!("interrupted in {name}: nothing can be compared");
        }
        runs.push(Entry { name: name.clone(), trial, measurement });
    }
    let pairs: Vec<Pair> = (0..runs.len())
        .flat_map(|second| (0..second).map(move |first| (first, second)))
        .map(|(first, second)| pair(&runs[first], &runs[second]))
        .collect();
    let provenance = Provenance::of("convert", Some(first.seed));
    let document = document(&runs, &pairs, &provenance);
    if let Some(folder) = &first.output {
        let folder = ResultFolder::open(folder)?;
        folder.json("comparison", &document)?;
        let columns = ["model", "ms", "accuracy", "low", "high", "correct"];
        folder.csv("comparison", &provenance, &columns, &latency_rows(&runs))?;
        folder.figure("comparison", &figure(&runs))?;
        eprintln!(
            "wrote comparison.json, comparison.csv, comparison.svg and comparison.png into {}",
            folder.path().display()
        );
    }
    run::print(&if first.run.json { json_text(&document)? } else { text(&runs, &pairs) })?;
    Ok(ExitCode::SUCCESS)
}

/// Whether each network is right on each image: the trained one, and the spiking one at the end.
fn right(trial: &Trial) -> Vec<(bool, bool)> {
    let right = |shown: &Shown| (shown.predicted == shown.label, shown.decision() == Decision::Class(shown.label));
    trial.shown.iter().map(right).collect()
}

fn pair(first: &Entry, second: &Entry) -> Pair {
    let (one, other) = (right(&first.trial), right(&second.trial));
    let both = one.iter().zip(&other);
    let accuracy = ConversionLoss::of(both.clone().map(|(one, other)| (one.1, other.1)));
    let loss = |right: &(bool, bool)| f64::from(u8::from(right.0)) - f64::from(u8::from(right.1));
    let (mean, interval) = mean_interval(both.map(|(one, other)| 100.0 * (loss(one) - loss(other))));
    Pair { names: [first.name.clone(), second.name.clone()], accuracy, loss: (mean, interval) }
}

/// The entry without the folder of its model.
fn short(name: &str) -> String {
    let (model, flags) = name.split_once(' ').map_or((name, ""), |(model, flags)| (model, flags));
    let file = model.rsplit_once('/').map_or(model, |(_, file)| file);
    format!("{file} {flags}").trim_end().to_owned()
}

fn percent(fraction: f64) -> String {
    format!("{:.2}", 100.0 * fraction)
}

fn with_interval(value: f64, Interval { low, high }: Interval) -> String {
    format!("{value:.2} [{low:.2}, {high:.2}]")
}

fn text(runs: &[Entry], pairs: &[Pair]) -> String {
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|Entry { name, measurement: m, .. }| {
            let Interval { low, high } = m.latency.interval(m.last());
            let ends = Interval { low: 100.0 * low, high: 100.0 * high };
            vec![
                short(name),
                percent(m.ann_accuracy()),
                with_interval(100.0 * m.latency.accuracy(m.last()), ends),
                with_interval(m.loss.percentage_points(), m.loss.interval()),
                m.latency.within_one_point().map_or_else(String::new, |latency| format!("{latency}")),
                format!("{:.0}", m.per_image(m.spikes)),
                format!("{:.0}", m.per_image(m.synaptic_events)),
            ]
        })
        .collect();
    let columns = [
        "model",
        "ANN (%)",
        "SNN (%)",
        "loss (points)",
        "within 1 point (ms)",
        "spikes/image",
        "synaptic events/image",
    ];
    let mut text = table(&columns, &rows);
    let rows: Vec<Vec<String>> = pairs
        .iter()
        .map(|Pair { names: [first, second], accuracy, loss }| {
            vec![
                short(first),
                short(second),
                with_interval(accuracy.percentage_points(), accuracy.interval()),
                format!("{:.2e}", accuracy.p_value()),
                with_interval(loss.0, loss.1),
            ]
        })
        .collect();
    text +=
        &table(&["first", "second", "SNN first - second (points)", "McNemar p", "loss first - second (points)"], &rows);
    let images = runs.first().map_or(0, |entry| entry.measurement.latency.images);
    text += &format!(
        "{images} images, the same for all; 95 % intervals, differences paired by image; p is not corrected for {} pairs\n",
        pairs.len()
    );
    text
}

fn document(runs: &[Entry], pairs: &[Pair], provenance: &Provenance) -> Value {
    let ends = |Interval { low, high }: Interval| json!([low, high]);
    let entries = runs.iter().map(|Entry { name, measurement: m, .. }| {
        json!({
            "model": name,
            "images": m.latency.images,
            "ann_accuracy": m.ann_accuracy(),
            "snn_accuracy": m.latency.accuracy(m.last()),
            "snn_accuracy_interval": ends(m.latency.interval(m.last())),
            "conversion_loss_pp": m.loss.percentage_points(),
            "conversion_loss_interval_pp": ends(m.loss.interval()),
            "latency_within_one_point_ms": m.latency.within_one_point(),
            "spikes_per_image": m.per_image(m.spikes),
            "synaptic_events_per_image": m.per_image(m.synaptic_events),
            "seconds": m.seconds,
        })
    });
    let pairs = pairs.iter().map(|Pair { names, accuracy, loss }| {
        json!({
            "models": names,
            "snn_accuracy_difference_pp": accuracy.percentage_points(),
            "snn_accuracy_difference_interval_pp": ends(accuracy.interval()),
            "only_first_correct": accuracy.only_ann,
            "only_second_correct": accuracy.only_snn,
            "mcnemar_p": accuracy.p_value(),
            "conversion_loss_difference_pp": loss.0,
            "conversion_loss_difference_interval_pp": ends(loss.1),
        })
    });
    json!({ "provenance": provenance, "models": entries.collect::<Vec<_>>(), "pairs": pairs.collect::<Vec<_>>() })
}

fn latency_rows(runs: &[Entry]) -> Vec<Vec<String>> {
    let of = |Entry { name, measurement: m, .. }: &Entry| {
        let row = |i: usize| {
            let Interval { low, high } = m.latency.interval(i);
            let mut row = vec![format!("\"{name}\"")];
            row.extend([m.latency.latencies[i], m.latency.accuracy(i), low, high].map(csv_number));
            row.push(m.latency.correct[i].to_string());
            row
        };
        (0..=m.last()).map(row).collect::<Vec<_>>()
    };
    runs.iter().flat_map(of).collect()
}

fn figure(runs: &[Entry]) -> Figure {
    let mut figure = Figure::new(Axis::log("Presentation time (ms)"), Axis::linear("Accuracy (%)"));
    for (index, Entry { name, measurement: m, .. }) in runs.iter().enumerate() {
        let point = |i: usize| {
            let Interval { low, high } = m.latency.interval(i);
            let ends = (100.0 * low, 100.0 * high);
            Point::with_interval(m.latency.latencies[i], 100.0 * m.latency.accuracy(i), ends)
        };
        figure.series.push(Series {
            label: short(name),
            colour: Colour::nth(index),
            mark: Mark::LineWithBand(Stroke::Solid),
            points: (0..=m.last()).map(point).collect(),
        });
    }
    figure
}
