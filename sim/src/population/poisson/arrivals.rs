//! The arrivals of neurons with Poisson input of their own: drawn in batches, with all that follows from their times alone.

#![expect(clippy::needless_range_loop, reason = "one lane of several arrays")]

use super::cell::Cell;
use crate::crossing::Ratio;
use crate::lanes::{LANES, Lanes, exp, ln};
use crate::philox::{Words, blocks, uniforms};

/// Arrivals that are drawn together, per neuron: enough for their arithmetic to overlap, few enough to stay near the processor.
pub(super) const BATCH: usize = 16;

/// Blocks of random numbers in a batch: two numbers each.
const BLOCKS: usize = BATCH / 2;

/// Half the spacing of the uniform numbers that intervals are made of.
const SMALLEST: f64 = 1.0 / 9_007_199_254_740_992.0;

/// Where the arrivals of a population come from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streams {
    /// Key of the random streams, and the upper words of their counters: purpose, and population.
    pub(super) key: [u32; 2],
    pub(super) address: [u32; 2],
    /// Steps of the membrane and the synaptic term (mV) at an arrival of the first background, and of the second.
    pub(super) steps: [f64; 2],
}

/// The next arrivals of a group of neurons.
#[derive(Debug, Clone)]
pub(super) struct Arrivals {
    /// Which neurons they are, ready for the random streams.
    neurons: Lanes<u64>,
    /// Mean interval (ms) of the arrivals of both backgrounds together, and the share of the first among them.
    interval: Lanes,
    share: Lanes,
    /// Number of batches each neuron has drawn, and how many arrivals of the present one it has had.
    number: [u64; LANES],
    pub(super) taken: [u64; LANES],
    /// Times (ms), decay of the membrane and of the synaptic term since the arrival before, and steps of both (mV).
    pub(super) time: [Lanes; BATCH],
    pub(super) membrane: [Lanes; BATCH],
    pub(super) synapse: [Lanes; BATCH],
    pub(super) step: [Lanes; BATCH],
}

impl Arrivals {
    /// None yet, of these neurons, with these intervals (ms; infinite for no arrivals) and shares of the first background.
    pub(super) fn new(neurons: Lanes<u64>, interval: Lanes, share: Lanes) -> Arrivals {
        let none = [Lanes::ZERO; BATCH];
        Arrivals {
            neurons,
            interval,
            share,
            number: [0; LANES],
            taken: [BATCH as u64; LANES],
            time: none,
            membrane: none,
            synapse: none,
            step: none,
        }
    }

    /// Back to time zero.
    pub(super) fn reset(&mut self) {
        *self = Arrivals::new(self.neurons, self.interval, self.share);
    }

    /// Draws the next batch of those lanes that have had all of theirs; false if there are none.
    ///
    /// One number decides both which background an arrival comes from and how long it takes: within its share it is uniform again.
    #[inline(always)]
    pub(super) fn draw(&mut self, streams: &Streams, cell: &Cell) -> bool {
        let mut spent = [0; LANES];
        let mut any = 0;
        for l in 0..LANES {
            spent[l] = u64::from(self.taken[l] == BATCH as u64);
            any |= spent[l];
        }
        if any == 0 {
            return false;
        }
        // Stage by stage over the whole batch: its arrivals are independent, and their latencies overlap.
        let mut numbers = [Lanes::ZERO; BATCH];
        for pair in 0..BLOCKS {
            let mut counters: Words = [Lanes([u64::from(streams.address[1]); LANES]); 4];
            for l in 0..LANES {
                let block = (self.number[l] << BLOCKS.trailing_zeros()) + pair as u64;
                counters[0][l] = block;
                counters[1][l] = u64::from(streams.address[0]) | block >> 32;
            }
            counters[2] = self.neurons;
            [numbers[2 * pair], numbers[2 * pair + 1]] = uniforms(&blocks(streams.key, counters));
        }
        let (mut from, mut scale) = ([Lanes::ZERO; 2], [Lanes::ZERO; 2]);
        for l in 0..LANES {
            (from[1][l], scale[0][l], scale[1][l]) = (self.share[l], 1.0 / self.share[l], 1.0 / (1.0 - self.share[l]));
        }
        let mut step = [Lanes::ZERO; BATCH];
        for k in 0..BATCH {
            let mut inner = Lanes::ZERO;
            for l in 0..LANES {
                let second = numbers[k][l] >= self.share[l];
                step[k][l] = if second { streams.steps[1] } else { streams.steps[0] };
                let from = if second { from[1][l] } else { from[0][l] };
                let scale = if second { scale[1][l] } else { scale[0][l] };
                // Not zero: an interval is finite.
                let u = 1.0 - (numbers[k][l] - from) * scale;
                inner[l] = if u > SMALLEST { u } else { SMALLEST };
            }
            numbers[k] = ln(&inner);
        }
        let per_tau_m = 1.0 / cell.neuron.tau_m;
        let mut time = [Lanes::ZERO; BATCH];
        let mut last = self.time[BATCH - 1];
        for k in 0..BATCH {
            for l in 0..LANES {
                // Not zero either, for the sake of neurons whose intervals are infinite.
                let wait = if numbers[k][l] < -SMALLEST { numbers[k][l] } else { -SMALLEST };
                time[k][l] = last[l] - self.interval[l] * wait;
                numbers[k][l] = (last[l] - time[k][l]) * per_tau_m;
            }
            last = time[k];
        }
        for k in 0..BATCH {
            let membrane = exp(&numbers[k]);
            let synapse = power(&membrane, &numbers[k], cell.ratio);
            for l in 0..LANES {
                let spent = spent[l] != 0;
                self.time[k][l] = if spent { time[k][l] } else { self.time[k][l] };
                self.membrane[k][l] = if spent { membrane[l] } else { self.membrane[k][l] };
                self.synapse[k][l] = if spent { synapse[l] } else { self.synapse[k][l] };
                self.step[k][l] = if spent { step[k][l] } else { self.step[k][l] };
            }
        }
        for l in 0..LANES {
            self.number[l] += spent[l];
            self.taken[l] = if spent[l] != 0 { 0 } else { self.taken[l] };
        }
        true
    }
}

/// Decay of the synaptic term, the r-th power of that of the membrane.
#[inline(always)]
fn power(membrane: &Lanes, exponent: &Lanes, ratio: Ratio) -> Lanes {
    let Some(mut n) = ratio.whole() else {
        let mut exponent = *exponent;
        for l in 0..LANES {
            exponent[l] *= ratio.value;
        }
        return exp(&exponent);
    };
    let (mut power, mut base) = (Lanes([1.0; LANES]), *membrane);
    while n > 0 {
        if n & 1 == 1 {
            for l in 0..LANES {
                power[l] *= base[l];
            }
        }
        for l in 0..LANES {
            base[l] *= base[l];
        }
        n >>= 1;
    }
    power
}
