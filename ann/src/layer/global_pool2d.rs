//! Average and greatest value of a whole map.

use crate::error::NetworkError;
use crate::layer::operation::{Call, Operation, Scratch, Tape};
use crate::real::Real;
use crate::shape::Shape;

/// Average over all positions, one number per channel.
pub(crate) struct GlobalAverage;

/// Greatest value over all positions, one number per channel.
pub(crate) struct GlobalMax;

impl<T: Real> Operation<T> for GlobalAverage {
    fn kind(&self) -> &'static str {
        "GlobalAveragePooling2D"
    }

    fn output_shape(&self, _layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        Ok(Shape::flat(inputs[0].channels))
    }

    fn is_non_negative(&self, inputs: bool) -> bool {
        inputs
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, _scratch: &mut Scratch<T>) {
        let (input, inputs) = call.inputs.only();
        let share = T::from_f64(1.0 / input.positions() as f64);
        for (averages, image) in tape.outputs.chunks_exact_mut(input.channels).zip(inputs.chunks_exact(input.units())) {
            averages.fill(T::ZERO);
            for cell in image.chunks_exact(input.channels) {
                for (sum, &value) in averages.iter_mut().zip(cell) {
                    *sum += value;
                }
            }
            for average in averages {
                *average *= share;
            }
        }
    }

    fn input_gradient(
        &self,
        call: &Call<'_, T>,
        _input: usize,
        _tape: &Tape<T>,
        output_gradient: &[T],
        gradient: &mut [T],
        _scratch: &mut Scratch<T>,
    ) {
        let input = call.inputs.shape(0);
        let share = T::from_f64(1.0 / input.positions() as f64);
        let images = gradient.chunks_exact_mut(input.units());
        for (image, output_gradient) in images.zip(output_gradient.chunks_exact(input.channels)) {
            for cell in image.chunks_exact_mut(input.channels) {
                for (gradient, &output) in cell.iter_mut().zip(output_gradient) {
                    *gradient = share * output;
                }
            }
        }
    }
}

impl<T: Real> Operation<T> for GlobalMax {
    fn kind(&self) -> &'static str {
        "GlobalMaxPooling2D"
    }

    fn output_shape(&self, _layer: usize, inputs: &[Shape]) -> Result<Shape, NetworkError> {
        Ok(Shape::flat(inputs[0].channels))
    }

    fn is_non_negative(&self, inputs: bool) -> bool {
        inputs
    }

    fn forward(&self, call: &Call<'_, T>, tape: &mut Tape<T>, _scratch: &mut Scratch<T>) {
        let (input, inputs) = call.inputs.only();
        for (greatest, image) in tape.outputs.chunks_exact_mut(input.channels).zip(inputs.chunks_exact(input.units())) {
            greatest.copy_from_slice(&image[..input.channels]);
            for cell in image.chunks_exact(input.channels) {
                for (greatest, &value) in greatest.iter_mut().zip(cell) {
                    *greatest = greatest.maximum(value);
                }
            }
        }
    }

    /// The first of equal cells gets the gradient.
    fn input_gradient(
        &self,
        call: &Call<'_, T>,
        _input: usize,
        tape: &Tape<T>,
        output_gradient: &[T],
        gradient: &mut [T],
        _scratch: &mut Scratch<T>,
    ) {
        let (input, inputs) = call.inputs.only();
        let channels = input.channels;
        gradient.fill(T::ZERO);
        let outputs = tape.outputs.chunks_exact(channels).zip(output_gradient.chunks_exact(channels));
        let images = inputs.chunks_exact(input.units()).zip(gradient.chunks_exact_mut(input.units()));
        for ((image, gradient), (greatest, output_gradient)) in images.zip(outputs) {
            for (channel, (&greatest, &output_gradient)) in greatest.iter().zip(output_gradient).enumerate() {
                let at = image.iter().skip(channel).step_by(channels).position(|&value| value == greatest);
                if let Some(position) = at {
                    gradient[position * channels + channel] = output_gradient;
                }
            }
        }
    }
}
