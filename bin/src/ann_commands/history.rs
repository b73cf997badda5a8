//! The course of a training as JSON, CSV and a figure.

use crate::figure::{Axis, Colour, Figure, LegendPosition, Mark, Marking, Panels, Point, Series, Shape, Stroke};
use crate::output::{Provenance, ResultFolder, csv_number};
use ann::EpochRecord;
use anyhow::Result;
use serde_json::{Value, json};

/// One document per epoch; what was not measured is left out.
pub(super) fn documents(epochs: &[EpochRecord]) -> Vec<Value> {
    let document = |epoch: &EpochRecord| {
        let mut document = json!({
            "epoch": epoch.epoch + 1,
            "learning_rate": epoch.learning_rate,
            "loss": epoch.loss,
            "rate_penalty": epoch.rate_penalty,
        });
        if let Some(accuracy) = epoch.accuracy {
            document["accuracy"] = json!(accuracy);
        }
        if let Some(validation) = epoch.validation {
            document["validation_loss"] = json!(validation.loss);
            if let Some(accuracy) = validation.accuracy {
                document["validation_accuracy"] = json!(accuracy);
            }
        }
        document
    };
    epochs.iter().map(document).collect()
}

/// Writes `history.csv`, and `learning-curve` as SVG and PNG.
pub(super) fn write(folder: &ResultFolder, made: &Provenance, epochs: &[EpochRecord]) -> Result<()> {
    let number = |value: Option<f64>| value.map_or_else(String::new, csv_number);
    let row = |epoch: &EpochRecord| {
        vec![
            (epoch.epoch + 1).to_string(),
            csv_number(epoch.learning_rate),
            csv_number(epoch.loss),
            csv_number(epoch.rate_penalty),
            number(epoch.accuracy),
            number(epoch.validation.map(|validation| validation.loss)),
            number(epoch.validation.and_then(|validation| validation.accuracy)),
        ]
    };
    let columns =
        ["epoch", "learning_rate", "loss", "rate_penalty", "accuracy", "validation_loss", "validation_accuracy"];
    let rows: Vec<_> = epochs.iter().map(row).collect();
    folder.csv("history", made, &columns, &rows)?;
    if epochs.is_empty() {
        return Ok(());
    }
    folder.panels("learning-curve", &figure(epochs))
}

/// Loss above error, over the epochs.
fn figure(epochs: &[EpochRecord]) -> Panels {
    let loss = panel("Loss", epochs, |epoch| Some(epoch.loss), |epoch| Some(epoch.validation?.loss));
    if epochs[0].accuracy.is_none() {
        return Panels { figures: vec![loss] };
    }
    let percent = |accuracy: f64| 100.0 * (1.0 - accuracy);
    let own = |epoch: &EpochRecord| epoch.accuracy.map(percent);
    let validation = |epoch: &EpochRecord| epoch.validation?.accuracy.map(percent);
    let mut errors = panel("Error (%)", epochs, own, validation);
    errors.legend = LegendPosition::Hidden;
    let mut loss = loss;
    loss.x.marking = Marking::None;
    Panels { figures: vec![loss, errors] }
}

fn panel(
    label: &str,
    epochs: &[EpochRecord],
    own: impl Fn(&EpochRecord) -> Option<f64>,
    validation: impl Fn(&EpochRecord) -> Option<f64>,
) -> Figure {
    let mut figure = Figure::new(Axis::linear("Epoch"), Axis::linear(label));
    figure.height_mm = 48.0;
    let mut draw = |label: &str, colour: Colour, mark: Mark, value: &dyn Fn(&EpochRecord) -> Option<f64>| {
        let point = |epoch: &EpochRecord| Some(Point::new((epoch.epoch + 1) as f64, value(epoch)?));
        let points: Vec<Point> = epochs.iter().filter_map(point).collect();
        if !points.is_empty() {
            figure.series.push(Series { label: label.to_owned(), colour, mark, points });
        }
    };
    draw("training", Colour::nth(0), Mark::Line(Stroke::Solid), &own);
    draw("", Colour::nth(0), Mark::Points(Shape::Circle), &own);
    draw("validation", Colour::nth(1), Mark::Line(Stroke::Dashed), &validation);
    draw("", Colour::nth(1), Mark::Points(Shape::Circle), &validation);
    figure
}
