//! The mapping and the measures as tables, a JSON document, CSV rows and a figure.

use super::mapping::Mapping;
use super::measurement::{MARGIN, Measurement};
use crate::figure::{Axis, Colour, Figure, Mark, Point, ReferenceLine, Series, Shape, Stroke};
use crate::output::{Provenance, csv_number};
use crate::table::table;
use convert::Interval;
use serde_json::{Value, json};

/// Columns of the CSV file of the latency-accuracy curve.
pub(super) const LATENCY_COLUMNS: [&str; 6] = ["ms", "accuracy", "low", "high", "correct", "undecided"];

fn percent(fraction: f64) -> String {
    format!("{:.2} %", 100.0 * fraction)
}

fn percent_interval(interval: Interval) -> String {
    format!("[{:.2}, {:.2}]", 100.0 * interval.low, 100.0 * interval.high)
}

pub(super) fn text(mapping: &Mapping, m: &Measurement) -> String {
    let mut text = mapping.text.clone();
    let last = m.last();
    let n = m.latency.images;
    let rows: Vec<Vec<String>> = (0..=last)
        .filter(|&i| is_told(i, last))
        .map(|i| {
            vec![
                format!("{}", m.latency.latencies[i]),
                percent(m.latency.accuracy(i)),
                percent_interval(m.latency.interval(i)),
                percent(m.latency.undecided[i] as f64 / n as f64),
            ]
        })
        .collect();
    text += &table(&["latency (ms)", "SNN accuracy", "95 % interval", "undecided"], &rows);
    text += &format!(
        "ANN accuracy      {} {} on the same {n} images\n",
        percent(m.ann_accuracy()),
        percent_interval(m.ann_interval())
    );
    text += &format!(
        "SNN accuracy      {} {} after {} ms; ties and silence count as wrong\n",
        percent(m.latency.accuracy(last)),
        percent_interval(m.latency.interval(last)),
        m.latency.latencies[last]
    );
    let interval = m.loss.interval();
    text += &format!(
        "Conversion loss   {:.2} points [{:.2}, {:.2}] (paired; {} images only the ANN gets right, {} only the SNN; McNemar p = {:.2e})\n",
        m.loss.percentage_points(),
        interval.low,
        interval.high,
        m.loss.only_ann,
        m.loss.only_snn,
        m.loss.p_value()
    );
    text +=
        &format!("Agreement         {} of the images get the same class from both\n", percent(m.per_image(m.agreeing)));
    if let Some(latency) = m.latency.within_one_point() {
        text += &format!("Latency           {latency} ms to come within 1 point of the final accuracy\n");
    }
    text += &match m.non_inferior {
        Some(latency) => {
            format!("Non-inferior      from {latency} ms on: with 95 % confidence the loss is below {MARGIN} point\n")
        }
        None => format!(
            "Non-inferior      at no latency: a loss of {MARGIN} point cannot be excluded with 95 % confidence\n"
        ),
    };
    text += &format!(
        "Per image         {:.0} input spikes, {:.0} spikes, {:.0} synaptic events\n",
        m.per_image(m.input_spikes),
        m.per_image(m.spikes),
        m.per_image(m.synaptic_events)
    );
    text += &format!(
        "Speed             {:.1} images/s, {:.0} million synaptic events/s ({:.1} s)\n",
        n as f64 / m.seconds,
        m.synaptic_events as f64 / m.seconds / 1e6,
        m.seconds
    );
    if !m.complete {
        text += "Incomplete: only the images that were done are counted.\n";
    }
    text
}

/// Of many latencies the table tells those that are round on a scale of factors.
fn is_told(index: usize, last: usize) -> bool {
    let step = index + 1;
    last < 32 || index == last || step < 10 || step.is_power_of_two() || step.is_multiple_of(50)
}

pub(super) fn mapping_document(mapping: &Mapping, provenance: &Provenance) -> Value {
    let mut document = json!({ "provenance": provenance });
    if let Value::Object(document) = &mut document {
        document.extend(mapping.document.clone());
    }
    document
}

pub(super) fn document(mapping: &Mapping, m: &Measurement, provenance: &Provenance) -> Value {
    let last = m.last();
    let latency = &m.latency;
    let each = |value: &dyn Fn(usize) -> Value| (0..=last).map(value).collect::<Vec<_>>();
    let pair = |interval: Interval| json!([interval.low, interval.high]);
    let loss = m.loss.interval();
    let mut document = mapping_document(mapping, provenance);
    let measures = json!({
        "complete": m.complete,
        "images": latency.images,
        "duration_ms": latency.latencies[last],
        "ann_accuracy": m.ann_accuracy(),
        "ann_accuracy_interval": pair(m.ann_interval()),
        "snn_accuracy": latency.accuracy(last),
        "snn_accuracy_interval": pair(latency.interval(last)),
        "conversion_loss_pp": m.loss.percentage_points(),
        "conversion_loss_interval_pp": [loss.low, loss.high],
        "only_ann_correct": m.loss.only_ann,
        "only_snn_correct": m.loss.only_snn,
        "mcnemar_p": m.loss.p_value(),
        "agreement": m.per_image(m.agreeing),
        "latency": {
            "ms": latency.latencies,
            "accuracy": each(&|i| json!(latency.accuracy(i))),
            "low": each(&|i| json!(latency.interval(i).low)),
            "high": each(&|i| json!(latency.interval(i).high)),
            "correct": latency.correct,
            "undecided": latency.undecided,
        },
        "latency_within_one_point_ms": latency.within_one_point(),
        "non_inferior": { "margin_pp": MARGIN, "confidence": 0.95, "from_ms": m.non_inferior },
        "input_spikes_per_image": m.per_image(m.input_spikes),
        "spikes_per_image": m.per_image(m.spikes),
        "spikes_per_image_and_layer": m.layer_spikes.iter().map(|&spikes| m.per_image(spikes)).collect::<Vec<_>>(),
        "synaptic_events_per_image": m.per_image(m.synaptic_events),
        "seconds": m.seconds,
        "images_per_second": latency.images as f64 / m.seconds,
        "synaptic_events_per_second": m.synaptic_events as f64 / m.seconds,
    });
    if let (Value::Object(document), Value::Object(measures)) = (&mut document, measures) {
        document.extend(measures);
    }
    document
}

pub(super) fn latency_rows(m: &Measurement) -> Vec<Vec<String>> {
    (0..=m.last())
        .map(|i| {
            let interval = m.latency.interval(i);
            let mut row: Vec<String> =
                [m.latency.latencies[i], m.latency.accuracy(i), interval.low, interval.high].map(csv_number).to_vec();
            row.extend([m.latency.correct[i].to_string(), m.latency.undecided[i].to_string()]);
            row
        })
        .collect()
}

pub(super) fn figure(m: &Measurement) -> Figure {
    let mut figure = Figure::new(Axis::log("Presentation time (ms)"), Axis::linear("Accuracy (%)"));
    figure.series.push(Series {
        label: "spiking network, 95 % interval".to_owned(),
        colour: Colour::Blue,
        // Many points would hide their error bars.
        mark: if m.last() < 32 {
            Mark::LineWithPoints(Stroke::Solid, Shape::Circle)
        } else {
            Mark::LineWithBand(Stroke::Solid)
        },
        points: (0..=m.last())
            .map(|i| {
                let interval = m.latency.interval(i);
                let ends = (100.0 * interval.low, 100.0 * interval.high);
                Point::with_interval(m.latency.latencies[i], 100.0 * m.latency.accuracy(i), ends)
            })
            .collect(),
    });
    figure.reference_lines.push(ReferenceLine {
        y: 100.0 * m.ann_accuracy(),
        label: format!("trained network, {}", percent(m.ann_accuracy())),
        colour: Colour::Vermillion,
    });
    figure
}
