//! Spike sources: from their tables to what one run emits.

use super::description::SourceTable;
use super::value::{Quantity, Value};
use anyhow::{Context, Result, ensure};
use sim::{Source, Spike, StreamKey};

/// Addresses of rates that are drawn: far from those of the populations.
const ADDRESSES: u32 = 1 << 31;

/// What source number `index` emits.
///
/// # Errors
///
/// Refuses rates, times and lengths of lists that cannot be; the message names the key.
pub(super) fn source(table: &SourceTable, index: usize, key: StreamKey) -> Result<Source> {
    let size = table.size();
    let rates = |rate: &Value| -> Result<Vec<f64>> {
        let rates = rate.each(size, Quantity { name: "rate", unit: "Hz", key, address: ADDRESSES + index as u32 })?;
        let wrong = rates.iter().find(|&&rate| !(0.0 <= rate && rate.is_finite()));
        ensure!(wrong.is_none(), "expected rates of zero or more (Hz), found {}", wrong.unwrap_or(&0.0));
        Ok(rates)
    };
    match table {
        SourceTable::Poisson { rate, start, duration, .. } => {
            let (start, duration) = stretch(*start, *duration)?;
            Ok(Source::Poisson { rates: rates(rate).context("rate")?, start, duration })
        }
        SourceTable::PoissonSteps { times, rates: steps, .. } => {
            check_times(times).context("times")?;
            ensure!(times.is_sorted(), "times: expected ascending times (ms)");
            ensure!(
                steps.len() == times.len(),
                "rates: expected {} entries, one per time, found {}",
                times.len(),
                steps.len()
            );
            let steps =
                steps.iter().enumerate().map(|(step, rate)| rates(rate).with_context(|| format!("rates[{step}]")));
            Ok(Source::PoissonSteps { times: times.clone(), rates: steps.collect::<Result<_>>()? })
        }
        SourceTable::Array { spike_times, .. } => {
            let found = spike_times.len();
            ensure!(found == size, "spike_times: expected {size} lists, one per neuron, found {found}");
            let mut spikes = Vec::new();
            for (neuron, times) in spike_times.iter().enumerate() {
                check_times(times).with_context(|| format!("spike_times[{neuron}]"))?;
                spikes.extend(times.iter().map(|&time| Spike { time, neuron: neuron as u32 }));
            }
            spikes.sort_by(|a, b| a.time.total_cmp(&b.time).then(a.neuron.cmp(&b.neuron)));
            Ok(Source::Spikes(spikes))
        }
    }
}

/// When a Poisson process begins and how long it lasts (ms): the whole run unless told otherwise.
///
/// # Errors
///
/// Neither may be negative, and the beginning must be finite.
pub(super) fn stretch(start: Option<f64>, duration: Option<f64>) -> Result<(f64, f64)> {
    let (start, duration) = (start.unwrap_or(0.0), duration.unwrap_or(f64::INFINITY));
    ensure!(0.0 <= start && start.is_finite(), "start: expected zero or more (ms), found {start}");
    ensure!(0.0 <= duration, "duration: expected zero or more (ms), found {duration}");
    Ok((start, duration))
}

fn check_times(times: &[f64]) -> Result<()> {
    let wrong = times.iter().find(|&&time| !(0.0 <= time && time.is_finite()));
    ensure!(wrong.is_none(), "expected finite times of zero or more (ms), found {}", wrong.unwrap_or(&0.0));
    Ok(())
}
