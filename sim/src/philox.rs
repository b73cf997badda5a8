//! Philox4x32-10 for several counters at once.

#![expect(clippy::needless_range_loop, reason = "one lane of several arrays")]

use crate::lanes::{LANES, Lanes};

/// Multipliers and key increments of Philox4x32 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
const MULTIPLIERS: [u32; 2] = [0xd251_1f53, 0xcd9e_8d57];
const INCREMENTS: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
const ROUNDS: u32 = 10;

/// The bits of a word.
const LOWER: u64 = 0xffff_ffff;

/// The counter or the block of every lane, word by word. Only the lower 32 bits of each count.
pub(crate) type Words = [Lanes<u64>; 4];

/// The blocks at some counters.
#[inline(always)]
pub(crate) fn blocks(key: [u32; 2], counters: Words) -> Words {
    let (mut c, mut key) = (counters, key);
    for _ in 0..ROUNDS {
        for l in 0..LANES {
            let a = (c[0][l] & LOWER) * u64::from(MULTIPLIERS[0]);
            let b = (c[2][l] & LOWER) * u64::from(MULTIPLIERS[1]);
            c[0][l] = b >> 32 ^ c[1][l] ^ u64::from(key[0]);
            c[2][l] = a >> 32 ^ c[3][l] ^ u64::from(key[1]);
            c[1][l] = b;
            c[3][l] = a;
        }
        key = [key[0].wrapping_add(INCREMENTS[0]), key[1].wrapping_add(INCREMENTS[1])];
    }
    c
}

/// The two numbers of each block, uniform in [0, 1), of 52 bits.
#[inline(always)]
pub(crate) fn uniforms(blocks: &Words) -> [Lanes; 2] {
    let mut uniform = [Lanes::ZERO; 2];
    for half in 0..2 {
        for l in 0..LANES {
            let bits = blocks[2 * half + 1][l] << 32 | (blocks[2 * half][l] & LOWER);
            uniform[half][l] = f64::from_bits(0x3ff0_0000_0000_0000 | bits >> 12) - 1.0;
        }
    }
    uniform
}
