//! Scales and fits of their own for the channels of a layer.

#![allow(clippy::unwrap_used)] // A failure here is a failed test.

mod probe;

use ann::{Activation, Conv2d, Extent, KernelShape, Layer, Network, Samples, Shape};
use convert::{ConversionSettings, IntegrateNetwork, IntegrateSettings, Normalisation, SpikingNetwork};
use probe::{assert_rates, dense, pixels, rates};

/// The relu network with channels of a convolution, of which one is 50 times weaker than another, and weights behind that make up for it.
fn uneven_network() -> Network<f32> {
    let kernel = KernelShape { height: 1, width: 1, inputs: 1, outputs: 2 };
    let conv = Conv2d::new(kernel, vec![1.0, 0.02], Some(vec![-0.2, 0.004]), Extent::square(1), Activation::Relu);
    let layers = vec![
        Layer::Conv2d(conv.unwrap()),
        Layer::Flatten,
        dense(8, &[0.5, -0.5, -10.0, 25.0].repeat(4), Some(&[2.0, 0.0]), Activation::Softmax),
    ];
    Network::new(Shape::new(2, 2, 1), layers).unwrap()
}

/// With scales of their own, weak channels tell their activations as well as strong ones.
#[test]
fn weak_channels_are_raised() {
    let trained = uneven_network();
    let (pixels, labels) = (pixels(), vec![0; 100]);
    let samples = Samples { pixels: &pixels, labels: &labels };
    // Whose percentile is the channels' greatest activation, 0.8 and 0.024: factors 1 and 10, the largest that is given.
    let settings =
        ConversionSettings { normalisation: Normalisation::Channel, percentile: 1.0, ..ConversionSettings::default() };
    let spiking = SpikingNetwork::convert(&trained, samples, &settings).unwrap();
    let layer = &spiking.layers()[0];
    assert!((layer.factors[0] - 1.0).abs() < 1e-6 && layer.factors[1] == 10.0, "{:?}", layer.factors);
    assert_eq!(layer.fits.len(), 2);
    let image = [255, 0, 100, 200];
    let wanted = trained.activations(&image.map(|pixel| f32::from(pixel) / 255.0), 1);
    let multiplied: Vec<f32> = wanted[0].iter().enumerate().map(|(unit, a)| a * layer.factors[unit % 2]).collect();
    assert_rates(&rates(&spiking, &image, 0), &multiplied, layer.unit_rate);
    let settings = IntegrateSettings { normalisation: Normalisation::Channel, percentile: 1.0, ..Default::default() };
    let integrating = IntegrateNetwork::convert(&trained, samples, &settings).unwrap();
    assert_eq!(integrating.layers().next().unwrap().factors, layer.factors);
}

/// A channel that no calibration image wakes has the fit of its layer, and answers to what does.
#[test]
fn channels_silent_on_all_images_stay_alive() {
    let kernel = KernelShape { height: 1, width: 1, inputs: 1, outputs: 2 };
    let conv = Conv2d::new(kernel, vec![2.0, 1.0], Some(vec![-1.2, 0.0]), Extent::square(1), Activation::Relu);
    let layers = vec![
        Layer::Conv2d(conv.unwrap()),
        Layer::Flatten,
        dense(8, &[0.5, -0.5, -1.0, 1.0].repeat(4), None, Activation::Softmax),
    ];
    let trained = Network::new(Shape::new(2, 2, 1), layers).unwrap();
    // Nothing above 150/255, and the channel begins at 153/255.
    let dim: Vec<u8> = pixels().into_iter().map(|pixel| pixel.min(150)).collect();
    let labels = vec![0; 100];
    let settings = ConversionSettings { normalisation: Normalisation::Channel, ..ConversionSettings::default() };
    let spiking = SpikingNetwork::convert(&trained, Samples { pixels: &dim, labels: &labels }, &settings).unwrap();
    let layer = &spiking.layers()[0];
    assert_eq!(layer.factors[0], 1.0);
    let wanted = trained.activations(&[1.0; 4], 1).swap_remove(0);
    for (rate, wanted) in rates(&spiking, &[255; 4], 0).iter().zip(wanted).step_by(2) {
        let wanted = layer.unit_rate * f64::from(wanted);
        // The fit was of the other channel: within a third.
        assert!((rate / wanted - 1.0).abs() < 0.34, "{rate} Hz instead of {wanted} Hz");
    }
}

/// Both signs of a channel share its scale, and have fits of their own.
#[test]
fn signed_channels_have_scales_of_their_own() {
    let kernel = KernelShape { height: 1, width: 1, inputs: 1, outputs: 2 };
    let leaky = Activation::LeakyRelu { slope: 0.5 };
    let conv = Conv2d::new(kernel, vec![1.0, 0.2], Some(vec![-0.5, -0.1]), Extent::square(1), leaky).unwrap();
    let layers = vec![
        Layer::Conv2d(conv),
        Layer::Flatten,
        dense(8, &[0.5, -0.5, -1.0, 1.0].repeat(4), None, Activation::Softmax),
    ];
    let trained = Network::new(Shape::new(2, 2, 1), layers).unwrap();
    let (pixels, labels) = (pixels(), vec![0; 100]);
    let settings = ConversionSettings { normalisation: Normalisation::Channel, ..ConversionSettings::default() };
    let spiking = SpikingNetwork::convert(&trained, Samples { pixels: &pixels, labels: &labels }, &settings).unwrap();
    let [positive, negative, _] = spiking.layers() else { panic!("{:?}", spiking.layers()) };
    assert_eq!((&positive.factors, positive.fits.len()), (&negative.factors, 2));
    assert!((positive.factors[1] / positive.factors[0] - 5.0).abs() < 1e-4, "{:?}", positive.factors);
    let image = [255, 0, 40, 220];
    let wanted = trained.activations(&image.map(|pixel| f32::from(pixel) / 255.0), 1).swap_remove(0);
    let both = rates(&spiking, &image, 0).into_iter().zip(rates(&spiking, &image, 1));
    for (unit, ((p, n), wanted)) in both.zip(wanted).enumerate() {
        let wanted = positive.unit_rate * f64::from(positive.factors[unit % 2] * wanted);
        let error = 3.0 * (positive.fits[unit % 2].rmse + negative.fits[unit % 2].rmse);
        assert!((p - n - wanted).abs() < error.max(10.0), "{unit}: {p} - {n} Hz instead of {wanted} Hz");
    }
}
