//! Mixed, doubled and learned rectified units: Maharaj (2015).

use super::super::CLASSES;
use super::description::{Condition, Effort, Experiment, Preprocessing, Scale, Start, Task};
use super::measure::Measure;
use super::question::Question;
use crate::dataset::DataSet;
use ann::model::{MixtureNetwork, MixtureUnits};
use ann::{
    Activation, Augmentation, Flip, LayerRate, Method, MixLuVariant, Optimiser, Schedule, TrainingSettings, WeightDecay,
};

const SOURCE: &str = "Maharaj (2015), tables 6 to 10: single runs";

const RELU: (&str, MixtureUnits) = ("ReLU", MixtureUnits::Same(Activation::Relu));

const PREPROCESSED: &str = "Images in units of bytes: less the mean image; CIFAR-10 with contrast normalised image by image, and whitened (with --quick it is not, which would take minutes).";

pub(super) const MIN_MAXOUT_PER_SYNAPSE: &str = "Min-Maxout per synapse";

/// Units of the negative kind, so many percent.
fn mixlu(percent: f64, variant: MixLuVariant) -> (String, MixtureUnits) {
    let units = MixtureUnits::MixLu { fraction: percent / 100.0, variant };
    (format!("{} {percent} %", variant.name()), units)
}

/// Stochastic gradient descent with the momentum of MatConvNet, which the thesis used.
const DESCENT: Method = Method::Sgd { momentum: 0.9 };

/// Training on the digits, with the weight decay that MatConvNet has where a program sets none.
fn digits(scale: Scale) -> TrainingSettings {
    let optimiser = Optimiser { weight_decay: WeightDecay::L2(5e-4), ..Optimiser::new(DESCENT, 0.001) };
    TrainingSettings::new(optimiser, scale.epochs(20, 3), scale.choose(100, 20), 0)
}

/// Training on CIFAR-10: 15 epochs at 0.05, 10 at a tenth and 5 at a hundredth of that, by factors for weights and biases.
fn colours(units: MixtureUnits, scale: Scale) -> TrainingSettings {
    let epochs = scale.epochs(30, 2);
    let hidden = LayerRate { kernel: 0.1, bias: 2.0 };
    // Slopes that are learned go with the weights.
    let weighted: &[LayerRate] = match units {
        MixtureUnits::ConvAct => &[hidden, LayerRate::uniform(0.1)],
        MixtureUnits::Same(_)
        | MixtureUnits::MixLu { .. }
        | MixtureUnits::Maxout { .. }
        | MixtureUnits::SynapticMaxout { .. } => &[hidden],
    };
    let optimiser = Optimiser {
        // Half of the epochs, and a third.
        schedule: Schedule::Steps { epochs: vec![epochs.div_ceil(2), (epochs * 5).div_ceil(6)], factor: 0.1 },
        layer_rates: [weighted.repeat(4), vec![LayerRate { kernel: 0.01, bias: 0.2 }]].concat(),
        weight_decay: WeightDecay::L2(1e-4),
        ..Optimiser::new(DESCENT, 0.05)
    };
    TrainingSettings {
        augmentation: Augmentation { shift: 0, flip: Flip::Half },
        ..TrainingSettings::new(optimiser, epochs, scale.choose(100, 20), 0)
    }
}

fn condition(name: &str, units: MixtureUnits, data: DataSet, scale: Scale) -> Condition {
    let (network, settings) = match data {
        DataSet::Cifar10 => (MixtureNetwork::Cifar10, colours(units, scale)),
        DataSet::Mnist | DataSet::FashionMnist => (MixtureNetwork::Mnist, digits(scale)),
    };
    Condition {
        name: name.to_owned(),
        group: String::new(),
        start: Start::Drawn(Box::new(move |input, seed| network.build(input, CLASSES, units, seed))),
        settings,
        reference: (name != RELU.0).then(|| RELU.0.to_owned()),
    }
}

fn effort(data: DataSet, scale: Scale) -> Effort {
    let (images, small) = match data {
        DataSet::Cifar10 => (50_000, 200),
        DataSet::Mnist | DataSet::FashionMnist => (60_000, 400),
    };
    let quick = Effort { runs: 1, images: small, test_images: small / 2 };
    scale.choose(Effort { runs: 1, images, test_images: 10_000 }, quick)
}

/// Whitening takes minutes, whatever the number of images.
fn preprocessing(data: DataSet, scale: Scale) -> Preprocessing {
    match data {
        DataSet::Cifar10 => scale.choose(Preprocessing::White, Preprocessing::Contrast),
        DataSet::Mnist | DataSet::FashionMnist => Preprocessing::MeanImage,
    }
}

/// Conditions with these units, ReLU first.
fn conditions(units: &[(String, MixtureUnits)], data: DataSet, scale: Scale) -> Vec<Condition> {
    let others = units.iter().map(|(name, units)| condition(name, *units, data, scale));
    std::iter::once(condition(RELU.0, RELU.1, data, scale)).chain(others).collect()
}

/// `mixlu-mnist` and `mixlu-cifar`: a fraction of the units keeps the negative side.
pub(super) fn mixlu_on(data: DataSet, scale: Scale) -> Experiment {
    let percents: &[f64] = match data {
        DataSet::Cifar10 => scale.choose(&[0.25, 0.5, 1.0, 2.0, 3.0], &[3.0]),
        _ => scale.choose(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0], &[5.0, 10.0]),
    };
    let most = percents[percents.len() - 1];
    let mut units: Vec<_> = percents.iter().map(|&percent| mixlu(percent, MixLuVariant::RedrawnGated)).collect();
    units.extend([MixLuVariant::Redrawn, MixLuVariant::Fixed].map(|variant| mixlu(most, variant)));
    let [gated, redrawn, fixed] =
        [MixLuVariant::RedrawnGated, MixLuVariant::Redrawn, MixLuVariant::Fixed].map(|variant| mixlu(most, variant).0);
    let (measures, test, train): (&[Measure], _, _) = match data {
        DataSet::Cifar10 => {
            (&[Measure::TestAccuracy, Measure::TrainAccuracy], Measure::TestAccuracy, Measure::TrainAccuracy)
        }
        _ => (&[Measure::TestError, Measure::TrainError], Measure::TestError, Measure::TrainError),
    };
    let equal = |measure, first: &str| Question::Equal { measure, first: first.to_owned(), second: RELU.0.to_owned() };
    Experiment {
        title: "MixLU: a fraction of the rectified units keeps the negative side",
        source: SOURCE,
        data,
        task: Task::Classes,
        preprocessing: preprocessing(data, scale),
        effort: effort(data, scale),
        measures,
        conditions: conditions(&units, data, scale),
        questions: vec![
            Question::Published { measure: test },
            Question::Published { measure: train },
            equal(test, &fixed),
            equal(train, &fixed),
            equal(train, &redrawn),
            equal(train, &gated),
        ],
        notes: vec![
            "Redrawn: the units are drawn for each sample and epoch, in tests too. Gated: the gradient is let through where the input is above \
             0, whichever side a unit keeps. The published program does both. Fixed: drawn for good, as the text says, with the exact \
             gradient, which is a network of ReLU units with some signs of weights flipped.",
            PREPROCESSED,
        ],
    }
}

/// `min-maxout` and `convact`: other units of equal number, of which nothing was published.
pub(super) fn units_on(data: DataSet, names: &[&str], title: &'static str, scale: Scale) -> Experiment {
    let known = [
        ("Maxout", MixtureUnits::Maxout { minima: 0.0 }),
        ("Min-Maxout", MixtureUnits::Maxout { minima: 0.5 }),
        ("Maxout per synapse", MixtureUnits::SynapticMaxout { minima: 0.0 }),
        (MIN_MAXOUT_PER_SYNAPSE, MixtureUnits::SynapticMaxout { minima: 0.5 }),
        ("ConvAct", MixtureUnits::ConvAct),
    ];
    let wanted = known.iter().filter(|(name, _)| names.contains(name));
    let units: Vec<_> = wanted.map(|(name, units)| ((*name).to_owned(), *units)).collect();
    let test = Measure::TestError;
    let lower = |first: &str, second: &str| Question::Lower {
        measure: test,
        first: first.to_owned(),
        second: second.to_owned(),
    };
    let new = names[0];
    let mut questions = vec![lower(new, RELU.0), lower(new, "Maxout")];
    let mut notes = vec![
        "All networks have equally many units per layer; those of Maxout have two pieces each, from twice as many weights.",
        PREPROCESSED,
    ];
    if names.contains(&MIN_MAXOUT_PER_SYNAPSE) {
        questions.push(lower(MIN_MAXOUT_PER_SYNAPSE, RELU.0));
        notes.push(
            "Per synapse, units take the greatest product of any synapse and no sum, as the thesis words it; on CIFAR-10 only those of the \
             last convolution, the others being ReLU.",
        );
    }
    Experiment {
        title,
        source: "Maharaj (2015), who proposes these units and publishes no numbers of them",
        data,
        task: Task::Classes,
        preprocessing: preprocessing(data, scale),
        effort: effort(data, scale),
        measures: &[Measure::TestError, Measure::TrainError, Measure::TestLoss],
        conditions: conditions(&units, data, scale),
        questions,
        notes,
    }
}
