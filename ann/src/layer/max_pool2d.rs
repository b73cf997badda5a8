//! Greatest value under a sliding window.

use crate::error::NetworkError;
use crate::layer::operation::{Call, Operation, Scratch, Tape};
use crate::layer::tiles::Tiles;
use crate::layer::window::{Margins, Padding, Window};
use crate::real::Real;
use crate::shape::{Extent, Shape};

/// Greatest value of each channel under a window; cells of the padding do not count (they are minus infinity).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxPool2d {
    window: Window,
}

impl MaxPool2d {
    /// A pool over windows of `pool`, with the stride equal to the window and no padding.
    pub const fn new(pool: Extent) -> Self {
        Self { window: Window::new(pool, pool) }
    }

    /// The same layer with another stride.
    #[must_use]
    pub const fn with_stride(mut self, stride: Extent) -> Self {
        self.window.stride = stride;
        self
    }

    /// The same layer with another padding.
    #[must_use]
    pub const fn with_padding(mut self, padding: Padding) -> Self {
        self.window.padding = padding;
        self
    }

    /// The window.
    pub const fn pool(self) -> Extent {
        self.window.size
    }

    /// Rows and columns from one window to the next.
    pub const fn stride(self) -> Extent {
        self.window.stride
    }

    /// Rows and columns around a map of this shape, which the layer takes.
    pub fn margins(self, input: Shape) -> Margins {
        self.window.margins(input)
    }

    /// What surrounds the map.
    pub const fn padding(self) -> Padding {
        self.window.padding
    }
}

impl<T: Real> Operation<T> for MaxPool2d {
    fn kind(&self) -> &'static str {
        "MaxPooling2D"
    }

    fn output_shape(&self, layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        let positions = self.window.positions(layer, inputs[0])?;
        Ok(Shape::new(positions.height, positions.width, inputs[0].channels))
    }

    fn is_non_negative(&self, inputs: bool) -> bool {
        inputs
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, scratch: &mut Scratch<T>) {
        let (input, inputs) = call.inputs.only();
        if let Some(tiles) = Tiles::new(self.window, input, call.output) {
            let (outputs, line) = (&mut *tape.outputs, &mut scratch.unfolded);
            return pulp::Arch::new().dispatch(|| tiles.gather(inputs, outputs, line, T::maximum));
        }
        let mut outputs = tape.outputs.chunks_exact_mut(input.channels);
        self.window.each(input, call.output, inputs.len() / input.units(), |cells| {
            let Some(greatest) = outputs.next() else { return };
            let mut is_first = true;
            cells.each(|first| {
                let cell = &inputs[first..first + input.channels];
                if is_first {
                    greatest.copy_from_slice(cell);
                    is_first = false;
                } else {
                    for (greatest, &value) in greatest.iter_mut().zip(cell) {
                        *greatest = greatest.maximum(value);
                    }
                }
            });
            if is_first {
                // A window wholly outside the map, which explicit padding can make.
                greatest.fill(T::ZERO);
            }
        });
    }

    /// The first of equal cells gets the gradient.
    fn input_gradient(
        &self,
        call: &Call<'_, T>,
        _input: usize,
        tape: &Tape<T>,
        output_gradient: &[T],
        gradient: &mut [T],
        scratch: &mut Scratch<T>,
    ) {
        let (input, inputs) = call.inputs.only();
        if let Some(tiles) = Tiles::new(self.window, input, call.output) {
            return tiles.give_to_first(inputs, &tape.outputs, output_gradient, gradient);
        }
        let channels = input.channels;
        let mut outputs = tape.outputs.chunks_exact(channels).zip(output_gradient.chunks_exact(channels));
        // What no cell has taken yet.
        let remaining = &mut scratch.unfolded;
        gradient.fill(T::ZERO);
        self.window.each(input, call.output, inputs.len() / input.units(), |cells| {
            let Some((greatest, output_gradient)) = outputs.next() else { return };
            remaining.clear();
            remaining.extend_from_slice(output_gradient);
            cells.each(|first| {
                let cell = gradient[first..first + channels].iter_mut().zip(&inputs[first..first + channels]);
                for (((gradient, input), greatest), remaining) in cell.zip(greatest).zip(&mut *remaining) {
                    let takes = input == greatest;
                    *gradient += if takes { *remaining } else { T::ZERO };
                    *remaining = if takes { T::ZERO } else { *remaining };
                }
            });
        });
    }
}
