//! What a run has cost.

use crate::output::{Provenance, json_text};
use crate::run;
use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use std::time::Instant;

/// Flags that all workloads share.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct BenchArguments {
    /// Threads
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) threads: usize,
    /// Print one JSON document instead of the lines
    #[arg(long)]
    pub(super) json: bool,
}

/// What a workload has done, and how long it took.
pub(super) struct Cost {
    /// What was simulated, in words, and by name for the JSON document.
    pub(super) workload: (String, Value),
    /// Wall-clock and processor seconds.
    pub(super) seconds: (f64, f64),
    /// Number of synaptic events (of steps, for a workload without synapses).
    pub(super) events: u64,
    /// Mean rate (Hz) of each population.
    pub(super) rates: Vec<f64>,
}

impl Cost {
    /// Prints the cost.
    pub(super) fn print(&self, arguments: &BenchArguments) -> Result<()> {
        let (wall, cpu) = self.seconds;
        let per_cpu_second = self.events as f64 / cpu;
        run::print(&if arguments.json {
            json_text(&json!({
                "provenance": Provenance::of("lif-sim", None),
                "workload": self.workload.1,
                "threads": arguments.threads,
                "wall_seconds": wall,
                "cpu_seconds": cpu,
                "synaptic_events": self.events,
                "synaptic_events_per_cpu_second": per_cpu_second,
                "peak_rss_mb": peak_rss_mb(),
                "rates_hz": self.rates,
            }))?
        } else {
            format!(
                "{}: {wall:.3} s wall, {cpu:.3} s CPU\n{} synaptic events, {:.0} million per CPU second\nrates (Hz): {}\n",
                self.workload.0,
                self.events,
                per_cpu_second / 1e6,
                self.rates.iter().map(|rate| format!("{rate:.2}")).collect::<Vec<_>>().join(", ")
            )
        })
    }
}

/// Wall-clock and processor time since a moment.
pub(super) struct Stopwatch {
    wall: Instant,
    cpu: cpu_time::ProcessTime,
}

impl Stopwatch {
    pub(super) fn start() -> Stopwatch {
        Stopwatch { wall: Instant::now(), cpu: cpu_time::ProcessTime::now() }
    }

    /// Wall-clock seconds and processor seconds of all threads.
    pub(super) fn seconds(&self) -> (f64, f64) {
        (self.wall.elapsed().as_secs_f64(), self.cpu.elapsed().as_secs_f64())
    }
}

/// Largest resident memory of this process so far (MB), where the system tells.
fn peak_rss_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}
