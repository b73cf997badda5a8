//! Populations: from their tables to checked descriptions.

use super::description::{BackgroundTable, CellClass, CellParameters, CurrentTable, PopulationTable, RecordTable};
use super::source::stretch;
use super::value::{Quantity, Value};
use anyhow::{Context, Error, Result, bail, ensure};
use sim::{
    Background, CurrentSource, IfCurrExp, NetworkError, NoisyCurrent, ParameterError, Population, Psc, Recording,
    StreamKey, TimeConstants,
};

/// Most values of one population that are recorded (potentials, window counts); so many take 1.6 GB.
const MOST_VALUES: f64 = 2e8;

/// Rise time of `IF_curr_alpha` by default (ms); all other defaults are those of [`IfCurrExp`].
const TAU_SYN_ALPHA: f64 = 0.5;

/// Parameters that may be drawn for each neuron, at addresses of their own.
#[derive(Clone, Copy)]
enum Drawn {
    V,
    IOffset,
    VThresh,
    TauM,
    TauSynE,
    TauSynI,
}

impl Drawn {
    /// The key in the file, and the unit.
    fn name_and_unit(self) -> (&'static str, &'static str) {
        match self {
            Drawn::V => ("v", "mV"),
            Drawn::IOffset => ("i_offset", "nA"),
            Drawn::VThresh => ("v_thresh", "mV"),
            Drawn::TauM => ("tau_m", "ms"),
            Drawn::TauSynE => ("tau_syn_E", "ms"),
            Drawn::TauSynI => ("tau_syn_I", "ms"),
        }
    }
}

/// Addresses of one population.
const ADDRESSES: u32 = 8;

/// Population number `index`, in a run of so many ms.
///
/// # Errors
///
/// Refuses what cannot be simulated; the message names the key.
pub(super) fn population(table: &PopulationTable, index: usize, key: StreamKey, duration: f64) -> Result<Population> {
    let size = table.size;
    let cell = Cell { size, address: index as u32 * ADDRESSES, key, psc: psc(table.cellclass) };
    let mut population = cell.population(&table.cellparams)?;
    // PyNN starts all cells at its default potential, wherever they rest.
    let v = table.initial_values.v.clone().unwrap_or(Value::Number(IfCurrExp::default().v_rest));
    let v = cell.each(&v, Drawn::V).context("initial_values.v")?;
    population = population.with_v_init(v).context("initial_values.v")?;
    for (number, current) in table.currents.iter().enumerate() {
        let (source, neurons) = current_source(current);
        population = population.with_current(source, neurons).with_context(|| format!("currents[{number}]"))?;
    }
    for (number, background) in table.background.iter().enumerate() {
        let add = |population: Population| -> Result<Population> {
            Ok(population.with_background(background_input(background)?)?)
        };
        population = add(population).with_context(|| format!("background[{number}]"))?;
    }
    let recording = recording(&table.record, size, duration).context("record")?;
    population.with_recording(recording).context("record")
}

fn psc(class: CellClass) -> Psc {
    match class {
        CellClass::Exponential => Psc::Exponential,
        CellClass::Alpha => Psc::Alpha,
        CellClass::Delta => Psc::Delta,
    }
}

/// What the parameters of a population have in common.
struct Cell {
    size: usize,
    address: u32,
    key: StreamKey,
    psc: Psc,
}

impl Cell {
    fn each(&self, value: &Value, drawn: Drawn) -> Result<Vec<f64>> {
        let (name, unit) = drawn.name_and_unit();
        value.each(self.size, Quantity { name, unit, key: self.key, address: self.address + drawn as u32 })
    }

    /// One number for all, and one for each where they differ.
    fn common(&self, value: &Option<Value>, drawn: Drawn, default: f64) -> Result<(f64, Option<Vec<f64>>)> {
        match value {
            None => Ok((default, None)),
            Some(Value::Number(value)) => Ok((*value, None)),
            Some(value) => {
                let each =
                    self.each(value, drawn).with_context(|| format!("cellparams.{}", drawn.name_and_unit().0))?;
                Ok((each[0], Some(each)))
            }
        }
    }

    fn population(&self, parameters: &CellParameters) -> Result<Population> {
        let default = match self.psc {
            Psc::Alpha => IfCurrExp { tau_syn_e: TAU_SYN_ALPHA, tau_syn_i: TAU_SYN_ALPHA, ..IfCurrExp::default() },
            Psc::Exponential | Psc::Delta => IfCurrExp::default(),
        };
        let CellParameters { tau_m, tau_syn_e, tau_syn_i, v_thresh, i_offset, .. } = parameters;
        for (name, value) in [("tau_syn_E", tau_syn_e), ("tau_syn_I", tau_syn_i)] {
            if self.psc == Psc::Delta && value.is_some() {
                bail!("cellparams.{name}: IF_curr_delta has no synaptic time constants, leave it out");
            }
        }
        let (common_i_offset, i_offset) = self.common(i_offset, Drawn::IOffset, default.i_offset)?;
        let (common_v_thresh, v_thresh) = self.common(v_thresh, Drawn::VThresh, default.v_thresh)?;
        let (common_tau_m, tau_m) = self.common(tau_m, Drawn::TauM, default.tau_m)?;
        let (common_tau_syn_e, tau_syn_e) = self.common(tau_syn_e, Drawn::TauSynE, default.tau_syn_e)?;
        let (common_tau_syn_i, tau_syn_i) = self.common(tau_syn_i, Drawn::TauSynI, default.tau_syn_i)?;
        let neuron = IfCurrExp {
            cm: parameters.cm.unwrap_or(default.cm),
            tau_m: common_tau_m,
            tau_refrac: parameters.tau_refrac.unwrap_or(default.tau_refrac),
            tau_syn_e: common_tau_syn_e,
            tau_syn_i: common_tau_syn_i,
            v_rest: parameters.v_rest.unwrap_or(default.v_rest),
            v_reset: parameters.v_reset.unwrap_or(default.v_reset),
            v_thresh: common_v_thresh,
            i_offset: common_i_offset,
        };
        let mut population = Population::new(self.size, neuron).map_err(in_cellparams)?.with_psc(self.psc);
        if let Some(v_thresh) = v_thresh {
            population = population.with_v_thresh(v_thresh).map_err(in_cellparams)?;
        }
        if let Some(i_offset) = i_offset {
            population = population.with_i_offset(i_offset).map_err(in_cellparams)?;
        }
        if tau_m.is_some() || tau_syn_e.is_some() || tau_syn_i.is_some() {
            let at = |each: &Option<Vec<f64>>, common: f64, j: usize| each.as_ref().map_or(common, |each| each[j]);
            let each = |j| TimeConstants {
                tau_m: at(&tau_m, common_tau_m, j),
                tau_syn_e: at(&tau_syn_e, common_tau_syn_e, j),
                tau_syn_i: at(&tau_syn_i, common_tau_syn_i, j),
            };
            population = population.with_time_constants((0..self.size).map(each).collect()).map_err(in_cellparams)?;
        }
        Ok(population)
    }
}

/// Puts the key in front of what sim says about a neuron's parameters.
fn in_cellparams(error: impl Into<NetworkError>) -> Error {
    let error = error.into();
    let place = match &error {
        NetworkError::Parameter(
            ParameterError::NotPositive { name, .. }
            | ParameterError::Negative { name, .. }
            | ParameterError::NotFinite { name, .. },
        ) => match *name {
            "tau_syn_e" => "cellparams.tau_syn_E".to_owned(),
            "tau_syn_i" => "cellparams.tau_syn_I".to_owned(),
            name => format!("cellparams.{name}"),
        },
        _ => "cellparams".to_owned(),
    };
    Error::new(error).context(place)
}

/// PyNN's parameters and defaults of a current source.
fn current_source(table: &CurrentTable) -> (CurrentSource, Option<Vec<u32>>) {
    let (begin, end) = (|start: &Option<f64>| start.unwrap_or(0.0), |stop: &Option<f64>| stop.unwrap_or(f64::INFINITY));
    match table {
        CurrentTable::Dc { amplitude, start, stop, neurons } => {
            let amplitude = amplitude.unwrap_or(1.0);
            (CurrentSource::Dc { amplitude, start: begin(start), stop: end(stop) }, neurons.clone())
        }
        CurrentTable::Step { times, amplitudes, neurons } => {
            (CurrentSource::Step { times: times.clone(), amplitudes: amplitudes.clone() }, neurons.clone())
        }
        CurrentTable::Ac { amplitude, offset, frequency, phase, start, stop, neurons } => {
            let source = CurrentSource::Ac {
                amplitude: amplitude.unwrap_or(1.0),
                offset: offset.unwrap_or(0.0),
                frequency: frequency.unwrap_or(10.0),
                phase: phase.unwrap_or(0.0),
                start: begin(start),
                stop: end(stop),
            };
            (source, neurons.clone())
        }
        CurrentTable::Noisy { mean, stdev, dt, start, stop, neurons } => {
            let source = NoisyCurrent {
                mean: mean.unwrap_or(0.0),
                stdev: stdev.unwrap_or(1.0),
                dt: dt.unwrap_or(0.1),
                start: begin(start),
                stop: end(stop),
            };
            (CurrentSource::Noisy(source), neurons.clone())
        }
    }
}

fn background_input(table: &BackgroundTable) -> Result<Background> {
    let (start, duration) = stretch(table.start, table.duration)?;
    Ok(Background { start, duration, ..Background::new(table.rate, table.weight) })
}

fn recording(table: &RecordTable, size: usize, duration: f64) -> Result<Recording> {
    let recorded = table.neurons.as_ref().map_or(size, Vec::len);
    let synaptic_currents = table.synaptic_currents.unwrap_or(false);
    ensure!(
        !synaptic_currents || table.v.is_some(),
        "synaptic_currents: they are recorded at the times of v, which is missing"
    );
    let v_at = match &table.v {
        None => Vec::new(),
        Some(probe) => match (probe.interval, &probe.times) {
            (Some(interval), None) => {
                let mut times = multiples(interval, duration, recorded).context("v.interval")?;
                times.retain(|&time| time <= duration);
                times
            }
            (None, Some(times)) => times.clone(),
            _ => bail!("v: expected either interval or times (ms)"),
        },
    };
    let windows = match table.count_window {
        None => Vec::new(),
        Some(window) => {
            let mut edges = multiples(window, duration, size).context("count_window")?;
            // The last window ends with the run.
            if edges.last().is_some_and(|&edge| edge < duration) {
                edges.push(duration);
            }
            edges
        }
    };
    let spikes = table.spikes.unwrap_or(true);
    Ok(Recording { spikes, v_at, synaptic_currents, windows, neurons: table.neurons.clone() })
}

/// 0, one interval, two intervals, up to the end of the run (ms).
fn multiples(interval: f64, duration: f64, per_time: usize) -> Result<Vec<f64>> {
    ensure!(0.0 < interval && interval.is_finite(), "expected a positive interval (ms), found {interval}");
    let count = (duration / interval * (1.0 + 1e-12)).floor();
    ensure!(
        (count + 1.0) * per_time as f64 <= MOST_VALUES,
        "{interval} ms for {per_time} neurons over {duration} ms makes more than {MOST_VALUES:e} values: lengthen it, or record fewer neurons"
    );
    Ok((0..=count as u64).map(|n| (n as f64 * interval).min(duration)).collect())
}
