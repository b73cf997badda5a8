//! Our own model files: what is written is read back, bit for bit.

use std::fs;

use proptest::prelude::*;

use ann::keras::{self, Provenance};
use ann::{
    Activation, ActivationChoice, AveragePool2d, Conv2d, Dense, Extent, KernelShape, Layer, LifRate, Margins,
    MaxPool2d, MixLu, MixLuVariant, ModelFileError, Network, NoisySoftplus, Padding, Shape, initialiser::Fans,
    initialiser::glorot_uniform, model,
};
use every_layer::{chain, graph, noisy, own_units};

mod every_layer;

fn weights(count: usize, tensor: u32) -> Vec<f32> {
    glorot_uniform(count, Fans { fan_in: 6, fan_out: 6, tensor }, 1.0, 11)
}

/// Biases, strides, uneven windows, hidden dense layers, each activation.
fn varied() -> Network<f32> {
    let noisy = Activation::NoisySoftplus(NoisySoftplus { k: 0.1, s_hz_per_na: 201.06, tau_syn_ms: 10.0 / 3.0 });
    let shape = KernelShape { height: 3, width: 2, inputs: 2, outputs: 5 };
    let conv = Conv2d::new(shape, weights(60, 0), Some(weights(5, 1)), Extent::new(2, 1), Activation::Softplus);
    let layers = vec![
        Layer::Conv2d(conv.expect("lengths fit")),
        Layer::AveragePool2d(AveragePool2d::new(Extent::new(1, 2), Activation::Linear)),
        Layer::Flatten,
        Layer::Dense(Dense::new(40, weights(280, 2), Some(weights(7, 3)), noisy).expect("lengths fit")),
        Layer::Dense(Dense::new(7, weights(28, 4), None, Activation::Relu).expect("lengths fit")),
        Layer::Dense(Dense::new(4, weights(12, 5), Some(weights(3, 6)), Activation::Linear).expect("lengths fit")),
    ];
    Network::new(Shape::new(5, 9, 2), layers).expect("the layers fit")
}

#[test]
fn networks_come_back_bit_for_bit() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.h5");
    let choices = [1.0, 5.0, 10.0].into_iter().filter_map(NoisySoftplus::event_driven);
    let choices =
        choices.map(ActivationChoice::NoisySoftplus).chain([ActivationChoice::Relu, ActivationChoice::Softplus]);
    for network in
        choices.map(|choice| model::paper(choice, 2)).chain([varied(), chain(), graph(), noisy(), own_units()])
    {
        keras::write(&path, &network, &Provenance::default()).expect("written");
        assert_eq!(keras::read(&path).expect("readable"), network);
    }
}

/// What depends on random numbers of ours or on an integral, and that we alone can run.
#[test]
fn units_that_are_ours_alone_come_back_bit_for_bit() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.h5");
    let neuron = sim::IfCurrExp { v_reset: -66.0, cm: 0.3, ..sim::IfCurrExp::default() };
    let siegert = Activation::LifRate(LifRate { neuron, sigma: 0.7 });
    let layers = vec![
        Layer::Dense(Dense::new(3, weights(12, 0), None, siegert).expect("lengths fit")),
        Layer::Activation(siegert),
        Layer::MixLu(MixLu::new(0.4, MixLuVariant::Fixed, u64::MAX)),
        Layer::MixLu(MixLu::new(0.25, MixLuVariant::Gated, 1)),
        Layer::MixLu(MixLu::new(0.1, MixLuVariant::Redrawn, 2)),
        Layer::MixLu(MixLu::new(0.1, MixLuVariant::RedrawnGated, 3)),
    ];
    let network = Network::new(Shape::flat(3), layers).expect("the layers fit");
    keras::write(&path, &network, &Provenance::default()).expect("written");
    let read = keras::read(&path).expect("readable");
    assert_eq!(read, network);
    let inputs = weights(3 * 50, 1);
    assert_eq!(read.forward(&inputs, 50), network.forward(&inputs, 50));
}

/// Keras pads in a layer of its own: two layers come back, with the same outputs.
#[test]
fn explicit_padding_becomes_a_layer_of_zeros() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.h5");
    let margins = Padding::Explicit(Margins { top: 1, bottom: 2, left: 0, right: 3 });
    let shape = KernelShape { height: 3, width: 2, inputs: 2, outputs: 5 };
    let conv = Conv2d::new(shape, weights(60, 0), None, Extent::square(2), Activation::Tanh).expect("lengths fit");
    let input = Shape::new(5, 4, 2);
    let network = Network::new(input, vec![Layer::Conv2d(conv.with_padding(margins))]).expect("fits");
    keras::write(&path, &network, &Provenance::default()).expect("written");
    let read = keras::read(&path).expect("readable");
    assert_eq!(read.layers().len(), 2);
    let images = weights(3 * input.units(), 9);
    assert_eq!(read.forward(&images, 3), network.forward(&images, 3));
    let pool = MaxPool2d::new(Extent::square(2)).with_padding(margins);
    let network = Network::new(input, vec![Layer::MaxPool2d(pool)]).expect("fits");
    let error = keras::write(&path, &network, &Provenance::default()).expect_err("must be refused");
    assert!(matches!(error, ModelFileError::PoolPadding { layer: 0, .. }), "{error}");
}

#[test]
fn what_only_begins_as_an_archive_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.keras");
    fs::write(&path, b"PK\x03\x04 and no more").expect("written");
    let error = keras::read(&path).map(|_| ()).expect_err("must be refused");
    assert!(matches!(error, ModelFileError::DamagedArchive { .. }), "{error}");
    assert_eq!(keras::read_provenance(&path).expect("readable"), None);
}

#[test]
fn a_file_tells_where_it_comes_from() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.h5");
    let provenance = Provenance {
        program: "ann".to_owned(),
        version: "0.1.0".to_owned(),
        command_line: "ann --train \"a b\"".to_owned(),
        seed: Some(u64::MAX),
        settings: [("épochs".to_owned(), "10".to_owned())].into(),
    };
    keras::write(&path, &varied(), &provenance).expect("written");
    assert_eq!(keras::read_provenance(&path).expect("readable"), Some(provenance));
}

/// An existing file is replaced whole; nothing is left behind; others may read it.
#[test]
fn a_file_is_replaced_at_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.h5");
    fs::write(&path, "an older file").expect("written");
    keras::write(&path, &varied(), &Provenance::default()).expect("written");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o644);
    }
    let nowhere = folder.path().join("no/such/folder.h5");
    let message = keras::write(&nowhere, &varied(), &Provenance::default()).expect_err("refused").to_string();
    assert!(message.contains("folder.h5"), "{message}");
}

proptest! {
    /// Any damage to a file is read as some network or refused, without a panic or an absurd allocation.
    #[test]
    fn damaged_files_never_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        length in any::<prop::sample::Index>(),
        cut in proptest::bool::weighted(0.2),
    ) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("model.h5");
        let network = if length.index(2) == 0 { varied() } else { graph() };
        keras::write(&path, &network, &Provenance::default()).expect("written");
        let mut bytes = fs::read(&path).expect("readable");
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        if cut {
            bytes.truncate(length.index(bytes.len()));
        }
        fs::write(&path, bytes).expect("written");
        let _ = keras::read(&path);
        let _ = keras::read_provenance(&path);
    }
}
