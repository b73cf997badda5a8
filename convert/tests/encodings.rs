//! How images are told, and how outputs are read, on networks that can be reckoned by hand.

#![allow(clippy::unwrap_used)] // A failure here is a failed test.

use ann::{Activation, Conv2d, Dense, Extent, KernelShape, Layer, MaxPool2d, Network, Samples, Shape};
use convert::{
    ConversionError, ConversionSettings, Decision, Encoding, Normalisation, Outcome, Presentation, ReadOut,
    SpikingNetwork, observe, present,
};
use sim::theory::noise_free;
use sim::{IfCurrExp, StreamKey};
use std::ops::ControlFlow;

/// 100 images of four pixels.
fn pixels() -> Vec<u8> {
    (0..400u32).map(|i| (i * 7919 % 256) as u8).collect()
}

fn dense(inputs: usize, kernel: &[f32], activation: Activation) -> Layer<f32> {
    Layer::Dense(Dense::new(inputs, kernel.to_vec(), None, activation).unwrap())
}

fn convert(layers: Vec<Layer<f32>>, input: Shape, encoding: Encoding) -> Result<SpikingNetwork, ConversionError> {
    let (pixels, labels) = (pixels(), vec![0; 100]);
    let settings = ConversionSettings { encoding, tuning: None, ..ConversionSettings::default() };
    let trained = Network::new(input, layers).unwrap();
    SpikingNetwork::convert(&trained, Samples { pixels: &pixels, labels: &labels }, &settings)
}

fn show(spiking: &SpikingNetwork, pixels: &[u8], latencies: Vec<f64>, read_out: ReadOut) -> Vec<Outcome> {
    let images = pixels.len() / 4;
    let labels = vec![0; images];
    let all: Vec<usize> = (0..images).collect();
    let presentation = Presentation { latencies, seed: 5, read_out };
    let samples = Samples { pixels, labels: &labels };
    let outcomes = present(spiking, samples, &all, &presentation, &|_, _| ControlFlow::Continue(())).unwrap();
    outcomes.into_iter().map(Option::unwrap).collect()
}

/// Without noise, every neuron fires at the rate of the closed form: counts over 2 s are those of equal intervals, to one spike.
#[test]
fn constant_currents_make_regular_spikes() {
    let kernel = [1.0f32, 0.5, -0.25, 0.75];
    let layers = vec![dense(4, &kernel, Activation::Relu), dense(1, &[1.0, -1.0], Activation::Softmax)];
    let spiking = convert(layers, Shape::flat(4), Encoding::Constant).unwrap();
    let layer = &spiking.layers()[0];
    let neuron = IfCurrExp::liu_furber_2016();
    let pixels = pixels();
    let mut fired = 0;
    for (outcome, image) in show(&spiking, &pixels, vec![2000.0], ReadOut::Count).iter().zip(pixels.chunks(4)) {
        let sum: f64 = image.iter().zip(kernel).map(|(&x, w)| f64::from(x) / 255.0 * f64::from(w)).sum();
        let rate =
            noise_free(&neuron, neuron.i_offset + layer.fits[0].current + layer.fits[0].gain * layer.per_unit * sum);
        let found = outcome.layer_spikes[0] as f64;
        assert!((found - 2.0 * rate).abs() <= 1.0, "{found} spikes instead of {}", 2.0 * rate);
        assert_eq!(outcome.input_spikes, 0);
        fired += u32::from(rate > 0.0);
    }
    assert!(fired > 50);
    // The tuned current of one image does not stay for the next.
    let single = show(&spiking, &pixels[20..24], vec![2000.0], ReadOut::Count);
    assert_eq!(single[0].layer_spikes, show(&spiking, &pixels[..24], vec![2000.0], ReadOut::Count)[5].layer_spikes);
}

/// The same with a gain, a current and a scale for each channel.
#[test]
fn constant_currents_reach_channels_with_fits_of_their_own() {
    let kernel = KernelShape { height: 1, width: 1, inputs: 1, outputs: 2 };
    let weights = [1.0f32, 0.3];
    let conv = Conv2d::new(kernel, weights.to_vec(), None, Extent::square(1), Activation::Relu).unwrap();
    let layers = vec![Layer::Conv2d(conv), Layer::Flatten, dense(8, &[1.0, -1.0].repeat(8), Activation::Softmax)];
    let trained = Network::new(Shape::new(2, 2, 1), layers).unwrap();
    let (pixels, labels) = (pixels(), vec![0; 100]);
    let (encoding, normalisation) = (Encoding::Constant, Normalisation::Channel);
    let settings = ConversionSettings { encoding, normalisation, tuning: None, ..ConversionSettings::default() };
    let spiking = SpikingNetwork::convert(&trained, Samples { pixels: &pixels, labels: &labels }, &settings).unwrap();
    let layer = &spiking.layers()[0];
    assert_eq!(layer.fits.len(), 2);
    let neuron = IfCurrExp::liu_furber_2016();
    for (outcome, image) in show(&spiking, &pixels, vec![2000.0], ReadOut::Count).iter().zip(pixels.chunks(4)) {
        let rate = |(&pixel, channel): (&u8, usize)| {
            let sum = f64::from(pixel) / 255.0 * f64::from(weights[channel] * layer.factors[channel]);
            let fit = layer.fits[channel];
            noise_free(&neuron, neuron.i_offset + fit.current + fit.gain * layer.per_unit * sum)
        };
        let units = image.iter().flat_map(|pixel| [(pixel, 0), (pixel, 1)]);
        let wanted: f64 = units.map(|unit| 2.0 * rate(unit)).sum();
        let found = outcome.layer_spikes[0] as f64;
        // One spike of each of eight neurons.
        assert!((found - wanted).abs() <= 8.0, "{found} spikes instead of {wanted}");
    }
}

#[test]
fn a_maximum_of_the_image_needs_spikes() {
    let layers = || {
        vec![
            Layer::MaxPool2d(MaxPool2d::new(Extent::square(2))),
            Layer::Flatten,
            dense(1, &[1.0], Activation::Relu),
            dense(1, &[1.0, -1.0], Activation::Softmax),
        ]
    };
    let error = convert(layers(), Shape::new(2, 2, 1), Encoding::Constant).unwrap_err();
    assert!(error.to_string().contains("layer 0 (MaxPooling2D)"), "{error}");
    assert!(convert(layers(), Shape::new(2, 2, 1), Encoding::Latency).is_ok());
}

/// Each output has gathered its weight for each spike that has arrived; that neither leaks away nor fires.
#[test]
fn potentials_are_sums_of_arrivals() {
    let kernel = [1.0f32, -0.5, 0.25, 0.5, -0.75, 0.5, -0.125, -1.0];
    let layers = vec![dense(4, &kernel, Activation::Softmax)];
    let pixels = pixels();
    let latencies = vec![3.0, 12.0, 50.0, 200.0];
    for encoding in [Encoding::Regular, Encoding::Latency, Encoding::Poisson] {
        let spiking = convert(layers.clone(), Shape::flat(4), encoding).unwrap();
        let outcomes = show(&spiking, &pixels, latencies.clone(), ReadOut::Potential);
        let mut decided = 0;
        for (index, (outcome, image)) in outcomes.iter().zip(pixels.chunks(4)).enumerate() {
            let key = StreamKey { seed: 5, sample: index as u64 };
            let spikes = spiking.stimulus(image, 200.0).spikes(4, key, 200.0).unwrap();
            for (&latency, &decision) in latencies.iter().zip(&outcome.decisions) {
                // The delay is 1 ms.
                let arrived = || spikes.iter().filter(|spike| spike.time + 1.0 <= latency);
                let sum = |class: usize| arrived().map(|s| kernel[2 * s.neuron as usize + class]).sum::<f32>();
                let wanted = match sum(0) - sum(1) {
                    // Weights are eighths, their sums exact; the rates that stand for them are not.
                    difference if difference.abs() < 0.05 => continue,
                    difference => Decision::Class(u8::from(difference < 0.0)),
                };
                assert_eq!(decision, wanted, "image {index} after {latency} ms");
                decided += 1;
            }
        }
        assert!(decided > 250, "{decided}");
    }
}

/// Behind neurons, spikes of the hidden units count with the weights of the classifier, whatever rate stands for an activation.
#[test]
fn potentials_behind_neurons_are_sums_of_their_spikes() {
    let classifier = [1.0f32, -0.5, -0.25, 0.75, 0.5, 0.25];
    let hidden = [1.0f32, -0.5, 0.3, 0.5, 0.5, -0.4, -0.25, 1.0, 0.6, 0.25, 0.25, 0.1];
    let layers = vec![dense(4, &hidden, Activation::Relu), dense(3, &classifier, Activation::Softmax)];
    let spiking = convert(layers, Shape::flat(4), Encoding::Poisson).unwrap();
    let pixels = pixels();
    let labels = vec![0; 100];
    let seen = observe(&spiking, Samples { pixels: &pixels, labels: &labels }, 300.0, 5).unwrap();
    let mut decided = 0;
    for (seen, outcome) in seen.iter().zip(show(&spiking, &pixels, vec![100.0, 300.0], ReadOut::Potential)) {
        for (latency, decision) in [100.0, 300.0].into_iter().zip(outcome.decisions) {
            // The delay is 1 ms.
            let arrived = seen.populations[0].iter().filter(|spike| spike.time + 1.0 <= latency);
            let difference: f32 =
                arrived.map(|s| classifier[2 * s.neuron as usize] - classifier[2 * s.neuron as usize + 1]).sum();
            if difference.abs() > 0.05 {
                assert_eq!(decision, Decision::Class(u8::from(difference < 0.0)));
                decided += 1;
            }
        }
    }
    assert!(decided > 150, "{decided}");
}

/// A pixel of brightness b is first heard of at (1 - b) of the period, and decides for the class that it excites.
#[test]
fn the_brightest_pixel_decides_first() {
    let layers = vec![dense(4, &[9.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 0.0], Activation::Softmax)];
    let spiking = convert(layers, Shape::flat(4), Encoding::Latency).unwrap();
    let outcomes = show(&spiking, &[250, 200, 0, 0, 100, 200, 0, 0], vec![0.5, 50.0], ReadOut::FirstSpike);
    assert_eq!(outcomes[0].decisions, [Decision::Silent, Decision::Class(0)]);
    assert_eq!(outcomes[1].decisions, [Decision::Silent, Decision::Class(1)]);
}
