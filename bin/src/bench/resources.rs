//! What a run has cost.

use std::time::Instant;

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
pub(super) fn peak_rss_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}
