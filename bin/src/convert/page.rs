//! One page of HTML that shows a conversion, with its figures inside.

use super::measurement::Measurement;
use super::report;
use super::results::Results;
use crate::figure::{Axis, Figure, HeatMap};
use crate::output::Provenance;
use anyhow::Result;

/// Columns of the CSV file of the confusion matrix, without those of the classes.
const LABEL: &str = "label";

/// The page; it needs no other file.
pub(super) fn page(results: &Results<'_>, made: &Provenance) -> Result<String> {
    let m = results.measurement;
    let seed = made.seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
    let mut figures = vec![
        ("Accuracy against presentation time", report::figure(m).svg()?),
        ("Decisions by class, per cent of the images of a class; wrong ones only", confusion_figure(m).svg()?),
    ];
    let mut layers = String::new();
    if let Some(insight) = results.insight {
        figures.push(("What each cause contributes to the error of the rates", insight.budget().svg()?));
        figures.push(("Rates against those that stand for the trained activations", insight.rates().svg()?));
        if let Some(raster) = insight.raster() {
            figures.push(("Spikes on the first image", raster.svg()?));
        }
        layers = insight.text() + &insight.sentence();
    }
    let figures: Vec<String> = figures
        .into_iter()
        .map(|(caption, svg)| {
            // The declaration of an XML file has no place inside a page.
            let svg = svg.find("<svg").map_or(&*svg, |start| &svg[start..]);
            format!("<figure>{svg}<figcaption>{caption}</figcaption></figure>\n")
        })
        .collect();
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Conversion of a trained network</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<h1>Conversion of a trained network</h1>\n<p><code>{}</code><br>{} {}{seed}</p>\n{}<pre>{}</pre>\n<pre>{}</pre>\n</body>\n</html>\n",
        escaped(&made.command_line),
        made.program,
        made.version,
        figures.concat(),
        escaped(&results.text()),
        escaped(&layers),
    ))
}

const STYLE: &str = "body{font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 1em}\
                     figure{display:inline-block;margin:0 1em 1em 0;vertical-align:top}figcaption{font-size:small}pre{overflow-x:auto}";

/// Text as HTML shows it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Wrong decisions in per cent of the images of each class; the right ones would outshine them.
pub(super) fn confusion_figure(m: &Measurement) -> Figure {
    let classes = m.confusion.len();
    let numbers = |count: usize| (0..count).map(|class| class as f64).collect::<Vec<f64>>();
    let values = m.confusion.iter().enumerate().flat_map(|(label, row)| {
        let images = row.iter().sum::<u64>() as f64;
        row.iter().take(classes).enumerate().map(move |(class, &count)| {
            if class == label || images == 0.0 { f64::NAN } else { 100.0 * count as f64 / images }
        })
    });
    let values: Vec<f64> = values.collect();
    let most = values.iter().copied().fold(0.0, f64::max);
    // Where nothing is wrong, a colour for one per cent.
    let range = Some((0.0, if most > 0.0 { most } else { 1.0 }));
    let mut figure = Figure::new(Axis::linear("Decision"), Axis::linear("Label"));
    let map = HeatMap::new(numbers(classes), numbers(classes), values);
    figure.heat_map = Some(HeatMap { bar: Some("Images of the class (%)".to_owned()), range, ..map });
    figure.height_mm = figure.width_mm;
    figure
}

/// The confusion matrix as columns and rows of a CSV file.
pub(super) fn confusion_table(m: &Measurement) -> (Vec<String>, Vec<Vec<String>>) {
    let classes = m.confusion.len();
    let columns = std::iter::once(LABEL.to_owned())
        .chain((0..classes).map(|class| class.to_string()))
        .chain(std::iter::once("undecided".to_owned()));
    let rows = m
        .confusion
        .iter()
        .enumerate()
        .map(|(label, row)| std::iter::once(label.to_string()).chain(row.iter().map(u64::to_string)).collect());
    (columns.collect(), rows.collect())
}
