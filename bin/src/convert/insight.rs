//! A look into the layers of a spiking network: what they were to fire, what they fired, and why that differs.

use super::arguments::ConvertArguments;
use super::mapping::layer_name;
use crate::dataset;
use crate::figure::{Axis, Colour, Figure, LegendPosition, Mark, Marking, Panels, Plate, Point, Series, Shape, Stroke};
use crate::output::Provenance;
use crate::raster::{Row, raster};
use crate::table::{number, table};
use anyhow::{Context, Result};
use convert::{Diagnosis, ErrorParts, Examination, Observation, SpikingNetwork, observe};
use data::ImageSet;
use serde_json::{Map, Value, json};

/// Points of a panel, of evenly chosen neurons; more would hide each other.
const MOST_POINTS: usize = 600;

/// Panels side by side.
const ACROSS: usize = 3;

/// Width of the bins of errors (Hz), and how many there are on either side of the one around zero.
const BIN: f64 = 2.0;
const BINS: usize = 25;

/// What an examination of some images has shown.
pub(super) struct Insight<'a> {
    spiking: &'a SpikingNetwork,
    examination: Examination,
    images: usize,
    /// All spikes of the first image, and how long it was presented (ms).
    observation: Observation,
    duration: f64,
}

impl<'a> Insight<'a> {
    /// Examines a network on some images.
    pub(super) fn of(
        spiking: &'a SpikingNetwork,
        trained: &ann::Network<f32>,
        images: &ImageSet,
        flags: &ConvertArguments,
    ) -> Result<Insight<'a>> {
        let duration = flags.latencies().last().copied().unwrap_or(f64::NAN);
        let examined = spiking.examine(trained, dataset::samples(images), duration, flags.seed);
        let examination = examined.context("cannot examine the layers")?;
        let first = images.first(1);
        let observation = observe(spiking, dataset::samples(&first), duration, flags.seed)?.pop().unwrap_or_default();
        Ok(Insight { spiking, examination, images: images.len(), observation, duration })
    }

    /// Of all populations; the last is the output, which is not examined.
    fn names(&self) -> Vec<String> {
        let layers = self.spiking.layers().iter();
        layers.enumerate().map(|(index, layer)| format!("{} {}", index + 1, layer_name(layer))).collect()
    }

    /// What is wrong, if anything.
    pub(super) fn sentence(&self) -> String {
        match Diagnosis::of(&self.examination.layers) {
            None => "Each layer tells what its activations were: nothing to be cured before the read-out.".to_owned(),
            Some(Diagnosis { layer, cause }) => {
                let mapped = &self.spiking.layers()[layer];
                let (kind, node) = (mapped.kind, mapped.node);
                format!("Population {} ({kind}, trained layer {node}) loses what came before: {cause}.", layer + 1)
            }
        }
    }

    /// A table for the terminal.
    pub(super) fn text(&self) -> String {
        let row = |(name, examined): (String, &convert::LayerExamination)| {
            let mut row = vec![name, number(examined.wanted, 2), number(examined.measured, 2)];
            row.extend([number(examined.correlation, 4), number(examined.slope, 3), number(examined.error, 2)]);
            row.extend(examined.budget.values().map(|part| number(part, 2)));
            row
        };
        let rows: Vec<Vec<String>> = self.names().into_iter().zip(&self.examination.layers).map(row).collect();
        let mut columns = vec!["population", "wanted (Hz)", "rate (Hz)", "correlation", "slope", "error (Hz)"];
        columns.extend(ErrorParts::NAMES);
        table(&columns, &rows)
            + "The error is a root mean square, and the sum of what each cause contributes: the response is no rectifier, the inputs were wrong\n\
               already, the neuron does not follow its response, or cannot fire so fast, spikes are few, rates had not settled.\n"
    }

    /// The same for programs.
    pub(super) fn document(&self, provenance: &Provenance) -> Value {
        let parts = |parts: &ErrorParts| {
            let named = ErrorParts::NAMES.into_iter().zip(parts.values());
            named.map(|(name, value)| (name.to_owned(), json!(value))).collect::<Map<String, Value>>()
        };
        let examined = self.examination.layers.iter().zip(&self.examination.rates);
        let layers = self.spiking.layers().iter().zip(examined).map(|(layer, (examined, rates))| {
            json!({
                "layer": layer.kind,
                "node": layer.node,
                "is_negative": layer.is_negative,
                "wanted_hz": examined.wanted,
                "rate_hz": examined.measured,
                "correlation": examined.correlation,
                "slope": examined.slope,
                "error_hz": examined.error,
                "error_parts_hz": parts(&examined.parts),
                "error_budget_hz": parts(&examined.budget),
                "error_histogram": histogram(rates),
                "saturated": examined.saturated,
            })
        });
        json!({
            "provenance": provenance,
            "images": self.images,
            "layers": layers.collect::<Vec<_>>(),
            "first_lost": Diagnosis::of(&self.examination.layers).map(|found| found.layer),
            "diagnosis": self.sentence(),
        })
    }

    /// Rates against those that stand for the trained activations, a panel for each population.
    pub(super) fn rates(&self) -> Plate {
        let panel = |(name, rates): (String, &Vec<(f64, f64)>)| {
            let mut figure = Figure::new(Axis::linear("Wanted rate (Hz)"), Axis::linear("Rate (Hz)"));
            let step = rates.len().div_ceil(MOST_POINTS).max(1);
            // Neighbours are alike: a step that is prime to the shape of the layer chooses all kinds.
            let points = (0..rates.len()).step_by(step | 1).map(|index| Point::new(rates[index].0, rates[index].1));
            let points: Vec<Point> = points.collect();
            let end = points.iter().map(|point| point.x.max(point.y)).fold(1.0, f64::max) * 1.05;
            let identity = vec![Point::new(0.0, 0.0), Point::new(end, end)];
            for (colour, mark, points) in
                [(Colour::Blue, Mark::Points(Shape::Dot), points), (Colour::Black, Mark::Line(Stroke::Thin), identity)]
            {
                figure.series.push(Series { label: String::new(), colour, mark, points });
            }
            figure.x = figure.x.with_range(0.0, end);
            figure.y = figure.y.with_range(0.0, end);
            figure.title = name;
            figure.legend = LegendPosition::Hidden;
            (figure.width_mm, figure.height_mm) = (58.0, 54.0);
            figure
        };
        let panels: Vec<Figure> = self.names().into_iter().zip(&self.examination.rates).map(panel).collect();
        Plate { rows: panels.chunks(ACROSS).map(<[Figure]>::to_vec).collect() }
    }

    /// What each cause contributes to the error of each population, stacked.
    pub(super) fn budget(&self) -> Figure {
        let names: Vec<String> = self.names().into_iter().take(self.examination.layers.len()).collect();
        let mut figure = Figure::new(Axis::linear("Population"), Axis::linear("Error of the rates (Hz)"));
        let layers = names.len();
        let ends = (0..=layers).map(|end| end as f64).collect();
        for (part, name) in ErrorParts::NAMES.into_iter().enumerate() {
            let bars = self.examination.layers.iter().enumerate().flat_map(|(layer, examined)| {
                let values = examined.budget.values();
                // Negative contributions hang below zero.
                let same_sign = |value: &&f64| **value * values[part] > 0.0;
                let from: f64 = values[..part].iter().filter(same_sign).sum();
                let (low, high) = (from.min(from + values[part]), from.max(from + values[part]));
                let corner = move |x: f64| Point::with_interval(layer as f64 + x, 0.5 * (low + high), (low, high));
                [corner(0.2), corner(0.8), Point::new(f64::NAN, f64::NAN)]
            });
            let (label, points) = (name.to_owned(), bars.collect());
            figure.series.push(Series { label, colour: Colour::nth(part), mark: Mark::Area, points });
        }
        figure.x = Axis { marking: Marking::Names { ends, names }, ..figure.x }.with_range(0.0, layers as f64);
        figure.width_mm = (40.0 + 25.0 * layers as f64).clamp(88.0, 180.0);
        figure
    }

    /// The spikes of the first image.
    pub(super) fn raster(&self) -> Option<Panels> {
        let row = |name: String, neurons: usize, spikes| Row {
            name,
            neurons: (0..neurons as u32).collect(),
            spikes,
            duration: self.duration,
        };
        let units = self.spiking.layers().iter().map(|layer| layer.shape.units());
        let populations = self.names().into_iter().zip(units).zip(&self.observation.populations);
        let input = row("input".to_owned(), self.spiking.input().units(), &self.observation.input[..]);
        let populations = populations.map(|((name, units), spikes)| row(name, units, &spikes[..]));
        raster(std::iter::once(input).chain(populations).collect())
    }
}

/// How often the rates (wanted, measured; Hz) miss by how much: bins of [`BIN`] around zero, those at the ends with all beyond.
fn histogram(rates: &[(f64, f64)]) -> Value {
    let mut counts = vec![0_u64; 2 * BINS + 1];
    for (wanted, rate) in rates {
        let bin = ((rate - wanted) / BIN).round().clamp(-(BINS as f64), BINS as f64);
        counts[(bin + BINS as f64) as usize] += 1;
    }
    let centres: Vec<f64> = (0..counts.len()).map(|bin| BIN * (bin as f64 - BINS as f64)).collect();
    json!({ "centres_hz": centres, "counts": counts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_fall_into_bins_around_zero() {
        let rates = [(10.0, 10.4), (10.0, 9.1), (10.0, 12.0), (0.0, 500.0), (500.0, 0.0)];
        let histogram = histogram(&rates);
        let at = |hz: f64| {
            let centres = histogram["centres_hz"].as_array().unwrap();
            let bin = centres.iter().position(|centre| centre.as_f64() == Some(hz)).unwrap();
            histogram["counts"][bin].as_u64().unwrap()
        };
        assert_eq!([at(0.0), at(2.0), at(-2.0), at(-50.0), at(50.0)], [2, 1, 0, 1, 1]);
    }
}
