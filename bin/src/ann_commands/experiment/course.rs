//! The figure of an experiment: the course of each condition, and its last values beside the published ones.

use super::description::{Condition, Task};
use super::measure::Measure;
use super::report::Report;
use super::runner::{Epoch, Run};
use crate::figure::{Axis, Colour, Figure, LegendPosition, Mark, Marking, Plate, Point, Series, Shape, Stroke};
use convert::quantile;

/// Width of a panel (mm): of one column of a paper, or of three in a page.
fn width(groups: usize) -> f64 {
    match groups {
        1 => 110.0,
        2 => 88.0,
        3 => 60.0,
        _ => 50.0,
    }
}

/// Most that a panel can be wide (mm), and what a name under it takes.
const PAGE: f64 = 200.0;
const NAME: f64 = 20.0;

/// What a row of panels shows.
struct Row {
    label: &'static str,
    value: fn(&Epoch) -> f64,
}

const TRAIN_LOSS: Row = Row { label: "Training loss", value: |epoch| epoch.train_loss };
const TEST_LOSS: Row = Row { label: "Test loss", value: |epoch| epoch.test_loss };
const TEST_ERROR: Row = Row { label: "Test error (%)", value: |epoch| 100.0 * epoch.test_error };
const SQUARE_ERROR: Row = Row { label: "Squared error", value: |epoch| epoch.square_error };

/// All panels; nothing if no run was finished.
pub(super) fn plate(report: &Report<'_>) -> Option<Plate> {
    let conditions = || report.experiment.conditions.iter().zip(&report.outcomes.runs);
    let finished = || conditions().filter(|(_, runs)| !runs.is_empty());
    let mut groups: Vec<&str> = finished().map(|(condition, _)| &*condition.group).collect();
    groups.dedup();
    let in_group = |group: &&str| finished().filter(|(condition, _)| condition.group == **group).count();
    // All panels of a row are equally high.
    let most = groups.iter().map(in_group).max()?;
    let last = if report.experiment.task == Task::Classes { TEST_ERROR } else { SQUARE_ERROR };
    let rows = [TRAIN_LOSS, TEST_LOSS, last];
    let panel = |row: &Row, place: usize, group: &&str| {
        let mut figure = Figure::new(Axis::linear("Epoch"), Axis::log(row.label));
        figure.width_mm = width(groups.len());
        figure.height_mm = 48.0;
        // A condition keeps its colour while others have not been run.
        let of_group = conditions().filter(|(condition, _)| condition.group == **group).enumerate();
        let run = of_group.filter(|(_, (_, runs))| !runs.is_empty());
        figure.series = run.map(|(index, (condition, runs))| series(index, condition, runs, row)).collect();
        if place == 0 {
            figure.title = (*group).to_owned();
            figure.legend = LegendPosition::Above;
            figure.height_mm += 5.0 * most.div_ceil(2) as f64;
        } else {
            figure.legend = LegendPosition::Hidden;
        }
        if place + 1 < rows.len() {
            figure.x.marking = Marking::None;
        }
        figure
    };
    let panels = |(place, row): (usize, &Row)| groups.iter().map(|group| panel(row, place, group)).collect();
    let mut plate = Plate { rows: rows.iter().enumerate().map(panels).collect() };
    let total = (width(groups.len()) * groups.len() as f64).min(PAGE);
    let values = report.experiment.measures.iter().filter(|measure| report.published.knows(**measure));
    plate.rows.extend(values.map(|&measure| vec![last_values(report, measure, total)]));
    Some(plate)
}

/// The median of the runs with their quartiles; a point where there is only one epoch.
fn series(index: usize, condition: &Condition, runs: &[Run], row: &Row) -> Series {
    let epochs = runs.iter().map(|run| run.epochs.len()).max().unwrap_or(0);
    let point = |epoch: usize| {
        let values: Vec<f64> = runs.iter().filter_map(|run| run.epochs.get(epoch).map(row.value)).collect();
        let [low, median, high] = [0.25, 0.5, 0.75].map(|share| quantile(values.clone(), share));
        Point::with_interval((epoch + 1) as f64, median, (low, high))
    };
    // Another style where colours repeat.
    const STYLES: [(Stroke, Shape); 3] =
        [(Stroke::Solid, Shape::Circle), (Stroke::Dashed, Shape::Square), (Stroke::Dotted, Shape::Triangle)];
    let (stroke, shape) = STYLES[index / Colour::CYCLE.len() % STYLES.len()];
    Series {
        // The title of the panel tells the group.
        label: condition.name.replace(&condition.group, "").trim().to_owned(),
        colour: Colour::nth(index),
        mark: match (epochs, runs.len()) {
            (1, _) => Mark::Points(shape),
            (_, 1) => Mark::Line(stroke),
            _ => Mark::LineWithBand(stroke),
        },
        points: (0..epochs).map(point).collect(),
    }
}

/// Measured and published values of all conditions that have a published one.
fn last_values(report: &Report<'_>, measure: Measure, width: f64) -> Figure {
    let mut figure = Figure::new(Axis::linear(""), Axis::linear(capital(measure.heading())));
    let (mut names, mut ours, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for (condition, runs) in report.experiment.conditions.iter().zip(&report.outcomes.runs) {
        let Some(published) = report.published.value(&condition.name, measure) else { continue };
        let found = measure.summary(runs, report.outcomes.counts);
        let x = names.len() as f64;
        names.push(condition.name.clone());
        theirs.push(Point::new(x + 0.4, published));
        ours.push(Point::with_interval(x + 0.6, found.value, (found.low, found.high)));
    }
    figure.width_mm = (NAME * names.len() as f64).clamp(width, PAGE);
    figure.x = figure.x.with_range(0.0, names.len().max(1) as f64);
    figure.x.marking = Marking::Names { ends: (0..=names.len()).map(|end| end as f64).collect(), names };
    let series = |label: &str, colour, shape, points| Series {
        label: label.to_owned(),
        colour,
        mark: Mark::Points(shape),
        points,
    };
    figure.series = vec![
        series("published", Colour::Black, Shape::Ring, theirs),
        series("ours", Colour::Blue, Shape::Circle, ours),
    ];
    figure
}

/// With a capital at its beginning, as axes and sentences have it.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
