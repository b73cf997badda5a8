//! The raster of all recorded spikes, populations one above the other, with their rates below where there are enough neurons.

use crate::figure::{Axis, Colour, Figure, LegendPosition, Mark, Marking, Panels, Point, Series, Stroke};
use sim::{MS_PER_S, Spike};

/// Most neurons of one population that are shown.
const MOST_SHOWN: usize = 200;

/// Neurons of a population that are shown however many spikes they fire.
const LEAST_SHOWN: usize = 10;

/// Most spikes that are shown; more neurons are left out where there would be more.
const MOST_SPIKES: usize = 30_000;

/// Fewest rows of which rates in bins say something.
const FEWEST_ROWS: f64 = 20.0;

/// Most names beside the raster.
const MOST_NAMES: usize = 14;

/// Longest name beside the raster (letters); longer ones are cut.
const LONGEST_NAME: usize = 14;

/// Most bins of the rates.
const BINS: f64 = 80.0;

/// A population in the raster.
pub(crate) struct Row<'a> {
    pub(crate) name: String,
    /// The neurons that may be shown, ascending.
    pub(crate) neurons: Vec<u32>,
    pub(crate) spikes: &'a [Spike],
    /// How long it was simulated (ms).
    pub(crate) duration: f64,
}

/// The figure; None where no population has neurons, or nothing was simulated.
pub(crate) fn raster(mut trains: Vec<Row<'_>>) -> Option<Panels> {
    trains.retain(|train| !train.neurons.is_empty());
    // Where the run was stopped, the axis ends with what was simulated.
    let end = trains.iter().map(|train| train.duration).fold(0.0, f64::max);
    if !(end > 0.0) {
        return None;
    }
    let time = Axis::linear("Time (ms)").with_range(0.0, end);
    let mut spikes = spike_panel(&trains, time.clone());
    // One row per neuron.
    if spikes.y.range.is_some_and(|(_, rows)| rows < FEWEST_ROWS) {
        return Some(Panels { figures: vec![spikes] });
    }
    spikes.x.marking = Marking::None;
    Some(Panels { figures: vec![spikes, rate_panel(&trains, time, end)] })
}

/// The spikes, one row per neuron, the first population at the top.
fn spike_panel(trains: &[Row<'_>], time: Axis) -> Figure {
    let most = most_shown(trains);
    let thinned = trains.iter().any(|train| train.neurons.len() > most);
    let label = if thinned { format!("Neurons (at most {most} each)") } else { "Neurons".to_owned() };
    let mut figure = Figure::new(time, Axis::linear(label));
    let every = trains.len().div_ceil(MOST_NAMES);
    let (mut ends, mut names, mut rows) = (vec![0.0], Vec::new(), 0.0);
    for (index, train) in trains.iter().enumerate().rev() {
        let shown = evenly(&train.neurons, most);
        let row = |spike: &Spike| shown.binary_search(&spike.neuron).ok().map(|row| rows + row as f64 + 0.5);
        let points = train.spikes.iter().filter_map(|spike| Some(Point::new(spike.time, row(spike)?)));
        figure.series.push(series(index, Mark::Spikes, points.collect()));
        rows += shown.len() as f64;
        ends.push(rows);
        names.push(if index % every == 0 { abbreviated(&train.name) } else { String::new() });
    }
    figure.y = Axis { marking: Marking::Names { ends, names }, ..figure.y.with_range(0.0, rows) };
    figure.height_mm = (2.0 * rows).clamp(30.0, 62.0);
    figure.legend = LegendPosition::Hidden;
    figure
}

/// The mean rate of each population's recorded neurons, in bins.
fn rate_panel(trains: &[Row<'_>], time: Axis, end: f64) -> Figure {
    let mut figure = Figure::new(time, Axis::linear("Rate (Hz)"));
    let width = bin_width(end);
    for (index, Row { neurons, spikes, duration, .. }) in trains.iter().enumerate().rev() {
        let rates = binned_rates(spikes, neurons.len(), width, *duration);
        let points = steps(&rates, width, *duration);
        figure.series.push(series(index, Mark::Line(Stroke::Thin), points));
    }
    let highest = figure.series.iter().flat_map(|series| &series.points).map(|point| point.y).fold(0.0, f64::max);
    // Some air above the highest bin; an axis needs a range even where nothing fires.
    figure.y = figure.y.with_range(0.0, if highest > 0.0 { 1.08 * highest } else { 1.0 });
    figure.height_mm = 34.0;
    figure.legend = LegendPosition::Hidden;
    figure
}

/// The populations are named beside their rows, in place of a legend.
fn series(index: usize, mark: Mark, points: Vec<Point>) -> Series {
    Series { label: String::new(), colour: Colour::nth(index), mark, points }
}

/// How many neurons of a population are shown, so that the spikes of all are not too many.
fn most_shown(trains: &[Row<'_>]) -> usize {
    let expected = |most: usize| {
        let share = |neurons: &[u32]| (most as f64 / neurons.len() as f64).min(1.0);
        trains.iter().map(|train| train.spikes.len() as f64 * share(&train.neurons)).sum::<f64>()
    };
    let mut most = MOST_SHOWN;
    while most > LEAST_SHOWN && expected(most) > MOST_SPIKES as f64 {
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

/// Rate (Hz) of `neurons` neurons in bins of `width` ms, the last of which may be cut off by the end of the run.
fn binned_rates(spikes: &[Spike], neurons: usize, width: f64, duration: f64) -> Vec<f64> {
    let bins = (duration / width).ceil().max(1.0) as usize;
    let mut counts = vec![0u32; bins];
    // A spike at the very end belongs to the last bin.
    spikes.iter().for_each(|spike| counts[((spike.time / width) as usize).min(bins - 1)] += 1);
    let length = |bin: usize| (duration - bin as f64 * width).min(width);
    let rate = |(bin, &count): (usize, &u32)| f64::from(count) * MS_PER_S / (neurons as f64 * length(bin));
    counts.iter().enumerate().map(rate).collect()
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
    fn bins_hold_all_spikes() {
        let train = [0.0, 1.0, 4.0, 10.0, 11.0].map(|time| Spike { time, neuron: 0 });
        // Bins of 4 ms of an 11 ms run with two neurons: 2, 1 and, in the last 3 ms, 2 spikes.
        let rates = binned_rates(&train, 2, 4.0, 11.0);
        assert_eq!(rates, [250.0, 125.0, 1000.0 / 3.0]);
    }

    #[test]
    fn bins_are_round() {
        // 1000 ms in at most 80 bins: 12.5 ms, rounded up to 20 ms.
        assert_eq!(bin_width(1000.0), 20.0);
        assert_eq!(bin_width(100.0), 2.0);
    }
}
