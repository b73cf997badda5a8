//! Validation, early stopping, and trainings that are interrupted and continued.

use std::ops::ControlFlow;

use ann::{
    Activation, Augmentation, BatchNormalization, CheckpointError, Dense, Dropout, EarlyStopping, Flip, History, Layer,
    Method, Network, Optimiser, Plateau, Progress, Samples, Schedule, Shape, TrainingSettings, TrainingState, Watched,
    checkpoint, initialiser::Fans, initialiser::glorot_uniform, resume, train,
};

/// Images of 6x6 whose bright row tells the class, with some noise.
fn rows(count: usize) -> (Vec<u8>, Vec<u8>) {
    let labels: Vec<u8> = (0..count).map(|sample| (sample % 3) as u8).collect();
    let pixel = |sample: usize, place: usize| {
        let bright = place / 6 == 2 * usize::from(labels[sample]);
        if bright { 200 } else { (sample * 37 + place * 101) as u8 % 60 }
    };
    let pixels = (0..count * 36).map(|index| pixel(index / 36, index % 36)).collect();
    (pixels, labels)
}

/// Every kind of state: a kernel, a bias, moving statistics, dropout.
fn network(hidden: usize) -> Network<f32> {
    let draw = |inputs: usize, outputs: usize, tensor| {
        glorot_uniform(inputs * outputs, Fans { fan_in: inputs, fan_out: outputs, tensor }, 1.0, 5)
    };
    let first = Dense::new(36, draw(36, hidden, 0), Some(vec![0.0; hidden]), Activation::Linear).expect("lengths fit");
    let last = Dense::new(hidden, draw(hidden, 3, 1), None, Activation::Softmax).expect("lengths fit");
    let layers = vec![
        Layer::Flatten,
        Layer::Dense(first),
        Layer::BatchNormalization(BatchNormalization::fresh(hidden)),
        Layer::Activation(Activation::Relu),
        Layer::Dropout(Dropout::new(0.2)),
        Layer::Dense(last),
    ];
    Network::new(Shape::new(6, 6, 1), layers).expect("fits")
}

/// Every rule at once, and a rate in the fourth epoch that throws the network off, so that they all have something to do.
fn settings(epochs: usize) -> TrainingSettings {
    let optimiser = Optimiser {
        schedule: Schedule::Steps { epochs: vec![3], factor: 100.0 },
        warm_up: 7,
        plateau: Some(Plateau { factor: 0.5, patience: 1, watched: Watched::ValidationLoss }),
        ..Optimiser::new(Method::ADAM, 0.01)
    };
    TrainingSettings {
        augmentation: Augmentation { shift: 1, flip: Flip::Half },
        validation: 0.2,
        early_stopping: Some(EarlyStopping { patience: 6, watched: Watched::ValidationLoss }),
        ..TrainingSettings::new(optimiser, epochs, 16, 3)
    }
}

/// Trains, and keeps a checkpoint of each epoch.
fn trained(settings: &TrainingSettings, threads: usize) -> (Network<f32>, History, Vec<Vec<u8>>) {
    let (pixels, labels) = rows(90);
    let (mut network, mut kept) = (network(8), Vec::new());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let history = pool.install(|| {
        train(&mut network, Samples { pixels: &pixels, labels: &labels }, settings, &mut |progress| {
            if let Progress::Epoch { network, state, .. } = progress {
                kept.push(checkpoint::write(network, settings, state));
            }
            ControlFlow::Continue(())
        })
    });
    (network, history.expect("trains"), kept)
}

#[test]
fn a_continued_training_ends_with_the_same_bits() {
    let settings = settings(6);
    let (straight, history, checkpoints) = trained(&settings, 1);
    let (parallel, same, written) = trained(&settings, 2);
    assert_eq!((&straight, &history, &checkpoints), (&parallel, &same, &written), "threads");
    let last = history.epochs[5].learning_rate;
    assert!(last < settings.optimiser.learning_rate_of(5), "the plateau rule was at work: {last}");
    assert!(history.restored.is_some_and(|best| best < 5), "and so was early stopping: {:?}", history.restored);
    let (pixels, labels) = rows(90);
    for (epoch, bytes) in checkpoints.iter().enumerate() {
        let mut continued = network(8);
        let state = checkpoint::read(bytes, &mut continued, &settings).expect("is whole");
        assert_eq!(state.epochs().len(), epoch + 1);
        let samples = Samples { pixels: &pixels, labels: &labels };
        let rest = resume(&mut continued, samples, &settings, state, &mut |_| ControlFlow::Continue(()));
        assert_eq!((continued, rest.expect("trains")), (straight.clone(), history.clone()), "after epoch {epoch}");
    }
}

#[test]
fn damaged_and_foreign_checkpoints_are_refused() {
    let settings = settings(1);
    let (_, _, checkpoints) = trained(&settings, 1);
    let bytes = &checkpoints[0];
    let mut own = network(8);
    let mut refusal = |bytes: &[u8], settings: &TrainingSettings| {
        let refused = checkpoint::read(bytes, &mut own, settings).expect_err("must be refused");
        assert_eq!(own, network(8), "nothing is half read");
        refused
    };
    assert_eq!(refusal(b"\x89HDF\r\n\x1a\n", &settings), CheckpointError::Foreign);
    assert_eq!(refusal(b"", &settings), CheckpointError::Foreign);
    for length in [5, 12, 25, bytes.len() / 2, bytes.len() - 1] {
        let refused = refusal(&bytes[..length], &settings);
        assert!(matches!(refused, CheckpointError::Length { .. } | CheckpointError::Damaged), "{length}: {refused}");
    }
    for place in [13, 40, bytes.len() / 2, bytes.len() - 3] {
        let mut bytes = bytes.clone();
        bytes[place] ^= 4;
        assert_eq!(refusal(&bytes, &settings), CheckpointError::Damaged, "{place}");
    }
    let mut later = bytes.clone();
    later[8] = 9;
    assert_eq!(refusal(&later, &settings), CheckpointError::Version { expected: 1, found: 9 });
    let mut other = settings.clone();
    other.batch_size = 17;
    assert!(matches!(refusal(bytes, &other), CheckpointError::Settings { .. }));
    other = settings.clone();
    other.epochs = 12;
    assert!(checkpoint::read(bytes, &mut network(8), &other).is_ok(), "a training may go on for longer");
    let refused = checkpoint::read(bytes, &mut network(9), &settings).expect_err("must be refused");
    assert!(matches!(refused, CheckpointError::Network { layer: 1, .. }), "{refused}");
}

/// Which samples validate depends on the seed alone, each is in one of the two parts, and changing the others does not change what is measured
/// on an untrained network.
#[test]
fn the_validation_samples_are_set_apart() {
    let mut settings = settings(1);
    let (training, validation) = settings.split(90).expect("both have some");
    assert_eq!((training.len(), validation.len()), (72, 18));
    let mut all = [training, validation.clone()].concat();
    all.sort_unstable();
    assert!(all.iter().copied().eq(0..90));
    settings.seed += 1;
    assert_ne!(settings.split(90).expect("both have some").1, validation);
    settings.validation = 0.001;
    assert!(settings.split(90).is_err());
}

/// A rate that ruins the network after a good start: the end has the weights of the best epoch.
#[test]
fn early_stopping_keeps_the_best_weights() {
    let (pixels, labels) = rows(90);
    let samples = Samples { pixels: &pixels, labels: &labels };
    let optimiser = Optimiser {
        schedule: Schedule::Steps { epochs: vec![4], factor: 1000.0 },
        ..Optimiser::new(Method::Sgd { momentum: 0.0 }, 0.05)
    };
    let mut settings = TrainingSettings::new(optimiser, 30, 16, 3);
    settings.validation = 0.2;
    settings.early_stopping = Some(EarlyStopping { patience: 3, watched: Watched::ValidationLoss });
    let (mut stopped, mut after) = (network(8), Vec::new());
    let history = train(&mut stopped, samples, &settings, &mut |progress| {
        if let Progress::Epoch { network, .. } = progress {
            after.push(network.clone());
        }
        ControlFlow::Continue(())
    });
    let history = history.expect("trains");
    let losses: Vec<f64> = history.epochs.iter().map(|epoch| epoch.validation.expect("is measured").loss).collect();
    let best = (0..losses.len()).min_by(|&a, &b| losses[a].total_cmp(&losses[b])).expect("some");
    assert_eq!(history.restored, Some(best));
    assert_eq!(history.epochs.len(), best + 4, "three epochs of waiting: {losses:?}");
    assert_eq!(stopped, after[best]);
    assert!(!history.stopped);
    assert_eq!(TrainingState::new(&stopped).epochs(), []);
}
