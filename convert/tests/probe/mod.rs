//! Images, layers and rates of networks that are small enough to be understood.

use ann::{Activation, Dense, Layer};
use convert::SpikingNetwork;
use sim::{Simulation, StreamKey};

/// 100 images of four pixels.
pub(crate) fn pixels() -> Vec<u8> {
    (0..400u32).map(|i| (i * 7919 % 256) as u8).collect()
}

pub(crate) fn dense(inputs: usize, kernel: &[f32], bias: Option<&[f32]>, activation: Activation) -> Layer<f32> {
    Layer::Dense(Dense::new(inputs, kernel.to_vec(), bias.map(<[f32]>::to_vec), activation).unwrap())
}

/// Firing rates (Hz) of a layer over 20 s of one image.
pub(crate) fn rates(spiking: &SpikingNetwork, image: &[u8], layer: usize) -> Vec<f64> {
    let key = StreamKey { seed: 1, sample: 0 };
    let network = spiking.networks().next().unwrap();
    let record = Simulation::new(network).unwrap().run(&[spiking.stimulus(image, 20_000.0)], key, 20_000.0).unwrap();
    record.populations[layer].counts.iter().map(|&count| f64::from(count) / 20.0).collect()
}

/// Asserts that rates stand for activations, of which one is `unit_rate`. The response model misses the neuron by up to
/// 13 Hz near rheobase and by 4 Hz root mean square; 20 s of Poisson input add about 1 Hz.
pub(crate) fn assert_rates(rates: &[f64], activations: &[f32], unit_rate: f64) {
    for (rate, &activation) in rates.iter().zip(activations) {
        let wanted = unit_rate * f64::from(activation);
        assert!((rate - wanted).abs() < 15.0, "{rate} Hz instead of {wanted} Hz");
    }
}
