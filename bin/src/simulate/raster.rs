//! The raster of all recorded spikes, populations one above the other, with their rates below where there are enough neurons.

use super::experiment::Experiment;
use super::spikes_file::recorded;
use super::statistics::binned_rates;
use crate::figure::{Axis, Colour, Figure, LegendPosition, Mark, Marking, Panels, Point, Series, Stroke};
use sim::{PopulationRecord, Record, Spike};

/// Most neurons of one population that are shown.
const MOST_SHOWN: usize = 200;

/// Most spikes that are shown; more neurons are left out where there would be more.
const MOST_SPIKES: usize = 30_000;

/// Fewest rows of which rates in bins say something.
const FEWEST_ROWS: f64 = 20.0;

/// Most names beside the raster.
const MOST_NAMES: usize = 14;

/// Longest name beside the raster (letters); longer ones are cut.
const LONGEST_NAME: usize = 14;

/// Least number of bins of the rates.
const BINS: f64 = 80.0;

/// The figure; None where no population's spikes were recorded.
pub(super) fn raster(experiment: &Experiment, record: &Record) -> Option<Panels> {
    let parts: Vec<(&str, &PopulationRecord, Vec<u32>)> = recorded(experiment, record)
        .map(|(name, seen)| (name, seen, recorded_neurons(experiment, name)))
        .filter(|(_, _, neurons)| !neurons.is_empty())
        .collect();
    if parts.is_empty() {
        return None;
    }
    let most = most_shown(&parts);
    let thinned = parts.iter().any(|(_, _, neurons)| neurons.len() > most);
    let label = if thinned { format!("Neurons (at most {most} each)") } else { "Neurons".to_owned() };
    let time = Axis::linear("Time (ms)").with_range(0.0, experiment.duration);
    let mut raster = Figure::new(Axis { marking: Marking::None, ..time.clone() }, Axis::linear(label));
    let mut rates = Figure::new(time, Axis::linear("Rate (Hz)"));
    let width = bin_width(experiment.duration);
    let mut ends = vec![0.0];
    // The first population stands at the top.
    for (index, (_, seen, neurons)) in parts.iter().enumerate().rev() {
        let colour = Colour::nth(index);
        let bottom = ends.last().copied().unwrap_or(0.0);
        let shown = evenly(neurons, most);
        let row = |spike: &Spike| shown.binary_search(&spike.neuron).ok().map(|row| bottom + row as f64 + 0.5);
        let points = seen.spikes.iter().filter_map(|spike| Some(Point::new(spike.time, row(spike)?)));
        raster.series.push(Series { label: String::new(), colour, mark: Mark::Spikes, points: points.collect() });
        ends.push(bottom + shown.len() as f64);
        let points = steps(&binned_rates(&seen.spikes, neurons.len(), width, seen.duration), width, seen.duration);
        rates.series.push(Series { label: String::new(), colour, mark: Mark::Line(Stroke::Thin), points });
    }
    let rows = ends.last().copied().unwrap_or(1.0);
    raster.y = raster.y.with_range(0.0, rows);
    let every = parts.len().div_ceil(MOST_NAMES);
    let name = |(index, (name, ..)): (usize, &(&str, _, _))| {
        if index % every == 0 { abbreviated(name) } else { String::new() }
    };
    let mut names: Vec<String> = parts.iter().enumerate().map(name).collect();
    names.reverse();
    raster.y.marking = Marking::Names { ends, names };
    raster.height_mm = (2.0 * rows).clamp(30.0, 62.0);
    rates.height_mm = 34.0;
    (raster.legend, rates.legend) = (LegendPosition::Hidden, LegendPosition::Hidden);
    if rows < FEWEST_ROWS {
        raster.x = rates.x;
        return Some(Panels { figures: vec![raster] });
    }
    let highest = rates.series.iter().flat_map(|series| &series.points).map(|point| point.y).fold(0.0, f64::max);
    // Some air above the highest bin; an axis needs a range even where nothing fires.
    rates.y = rates.y.with_range(0.0, if highest > 0.0 { 1.08 * highest } else { 1.0 });
    Some(Panels { figures: vec![raster, rates] })
}

fn recorded_neurons(experiment: &Experiment, name: &str) -> Vec<u32> {
    let population =
        experiment.names.iter().position(|other| other == name).map(|i| &experiment.network.populations()[i]);
    let Some(population) = population else { return Vec::new() };
    population.recording().neurons.clone().unwrap_or_else(|| (0..population.size() as u32).collect())
}

/// How many neurons of a population are shown, so that the spikes of all are not too many.
fn most_shown(parts: &[(&str, &PopulationRecord, Vec<u32>)]) -> usize {
    let expected = |most: usize| {
        let share = |neurons: &Vec<u32>| (most as f64 / neurons.len() as f64).min(1.0);
        parts.iter().map(|(_, seen, neurons)| seen.spikes.len() as f64 * share(neurons)).sum::<f64>()
    };
    let mut most = MOST_SHOWN;
    while most > 10 && expected(most) > MOST_SPIKES as f64 {
        most /= 2;
    }
    most
}

/// At most so many of the neurons, evenly spread.
fn evenly(neurons: &[u32], most: usize) -> Vec<u32> {
    let shown = neurons.len().min(most);
    (0..shown).map(|i| neurons[i * neurons.len() / shown]).collect()
}

/// The smallest of 1, 2, 5, 10, ... times a power of ten (ms) that makes no more bins than asked for.
fn bin_width(duration: f64) -> f64 {
    let least = duration / BINS;
    let power = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|mantissa| mantissa * power).into_iter().find(|&width| width >= least).unwrap_or(least)
}

/// The outline of a histogram.
fn steps(rates: &[f64], width: f64, duration: f64) -> Vec<Point> {
    let edges = |bin: usize| [bin as f64 * width, ((bin + 1) as f64 * width).min(duration)];
    let both = |(bin, &rate): (usize, &f64)| edges(bin).map(|time| Point::new(time, rate));
    rates.iter().enumerate().flat_map(both).collect()
}

fn abbreviated(name: &str) -> String {
    if name.len() <= LONGEST_NAME { name.to_owned() } else { format!("{}...", &name[..LONGEST_NAME - 3]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_is_even() {
        let neurons: Vec<u32> = (0..1000).collect();
        let shown = evenly(&neurons, 200);
        assert_eq!((shown.len(), shown[0], shown[1], shown[199]), (200, 0, 5, 995));
        assert_eq!(evenly(&[3, 7], 200), [3, 7]);
    }

    #[test]
    fn bins_are_round() {
        // 1000 ms in at most 80 bins: 12.5 ms, rounded up to 20 ms.
        assert_eq!(bin_width(1000.0), 20.0);
        assert_eq!(bin_width(100.0), 2.0);
    }
}
