//! Convolutions of samples side by side against their definition.

use super::*;
use crate::layer::window::{Margins, Padding};

const SAMPLES: usize = 18;

fn numbers(count: usize, factor: usize) -> Vec<f64> {
    (0..count).map(|i| (i * factor % 199) as f64 / 99.0 - 1.0).collect()
}

/// Judged by the sums that define a convolution, for every size of block, a last group of two samples, and maps of fewer units than are
/// packed at once.
#[test]
fn sums_are_those_of_the_definition() {
    let channels = [(1, 1), (2, 2), (3, 4), (1, 6), (5, 7), (7, 8), (4, 12), (13, 10), (32, 20), (6, 31)];
    let large = channels.map(|channels| (channels, [5, 7]));
    // Layers of one network share it, larger and smaller ones.
    let mut memory = LaneMemory::default();
    for ((inputs, outputs), [height, width]) in large.into_iter().chain([((1, 1), [3, 4]), ((2, 1), [3, 4])]) {
        let shape = KernelShape { height: 3, width: 2, inputs, outputs };
        let margins = Margins { top: 2, bottom: 1, left: 0, right: 1 };
        let mut window = Window::new(shape.window(), Extent::square(1));
        window.padding = Padding::Explicit(margins);
        let (input, output) = (Shape::new(height, width, inputs), Shape::new(height + 1, width, outputs));
        let lanes = LaneConvolution::new(shape, window, input, output).unwrap();

        let weights = numbers(shape.weights(), 37);
        let (x, d) = (numbers(SAMPLES * input.units(), 53), numbers(SAMPLES * output.units(), 71));
        let (mut y, mut dx) = (vec![0.0; d.len()], vec![0.0; x.len()]);
        let mut dw = vec![1.0; weights.len()];
        let (mut want_y, mut want_dx, mut want_dw) = (y.clone(), dx.clone(), dw.clone());
        for sample in 0..SAMPLES {
            for row in 0..=height {
                for column in 0..width {
                    for tap in 0..6 {
                        let (r, c) = ((row + tap / 2).wrapping_sub(2), column + tap % 2);
                        if r >= height || c >= width {
                            continue;
                        }
                        for i in 0..inputs {
                            for o in 0..outputs {
                                let at_x = ((sample * height + r) * width + c) * inputs + i;
                                let at_y = ((sample * (height + 1) + row) * width + column) * outputs + o;
                                let at_w = (tap * inputs + i) * outputs + o;
                                want_y[at_y] += weights[at_w] * x[at_x];
                                want_dx[at_x] += weights[at_w] * d[at_y];
                                want_dw[at_w] += x[at_x] * d[at_y];
                            }
                        }
                    }
                }
            }
        }
        lanes.forward(&weights, &x, &mut y, &mut memory);
        lanes.backward(&x, &d, &mut dw, &mut memory);
        lanes.input_gradient(&weights, &d, &mut dx, &mut memory);
        // At most 757 terms below 1 in another order: 757^2 roundings of 1e-16.
        for (found, want) in [(y, want_y), (dx, want_dx), (dw, want_dw)] {
            for (index, (found, want)) in found.into_iter().zip(want).enumerate() {
                let error: f64 = found - want;
                assert!(error.abs() < 1e-10, "{inputs} to {outputs}, {index}: {found} for {want}");
            }
        }
    }
}
