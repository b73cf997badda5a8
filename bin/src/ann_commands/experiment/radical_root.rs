//! Radical root units against ReLU and ELU: Bhumbra (2018), "Deep learning improved by biological activation functions".

use super::super::CLASSES;
use super::description::{Condition, Effort, Experiment, Preprocessing, Scale, Start, Task};
use super::measure::Measure;
use super::question::Question;
use crate::dataset::DataSet;
use ann::model::{HiddenUnits, RootNetwork};
use ann::{Activation, Criterion, Method, Optimiser, TrainingSettings};

const SOURCE: &str = "Bhumbra (2018), arXiv:1804.11237, in its version 1; it prints curves, no numbers";

/// The three kinds of hidden units.
const UNITS: [(&str, HiddenUnits); 3] = [
    ("RRU", HiddenUnits::Radical),
    ("ReLU", HiddenUnits::Same(Activation::Relu)),
    ("ELU", HiddenUnits::Same(Activation::Elu { alpha: 1.0 })),
];

/// Factors on the learning rate of ReLU and ELU in the control: a slope of up to 3 is a higher learning rate already.
const FACTORS: [f64; 2] = [3.0, 10.0];

/// Epochs that ReLU and ELU need at least, as multiples of those of RRU: in plain networks, as their curves show; in the others RRU is to be
/// no slower.
const CLAIM: f64 = 1.5;
const NO_SLOWER: f64 = 1.0;

/// How networks of a kind are trained.
struct Training {
    optimiser: Optimiser,
    epochs: usize,
    criterion: Criterion,
}

fn condition(group: &str, name: &str, network: RootNetwork, units: HiddenUnits, training: &Training) -> Condition {
    // The seed is that of the run.
    let mut settings = TrainingSettings::new(training.optimiser.clone(), training.epochs, 64, 0);
    settings.objective.criterion = training.criterion;
    let reference = (units != HiddenUnits::Radical).then(|| label(group, "RRU"));
    Condition {
        name: label(group, name),
        group: group.to_owned(),
        start: Start::Drawn(Box::new(move |input, seed| network.build(input, CLASSES, units, seed))),
        settings,
        reference,
    }
}

fn label(group: &str, units: &str) -> String {
    if group.is_empty() { units.to_owned() } else { format!("{group} {units}") }
}

/// All units at the published learning rate, ReLU and ELU at higher ones as well.
fn conditions(group: &str, network: RootNetwork, training: &Training) -> Vec<Condition> {
    let as_published = UNITS.iter().map(|(name, units)| condition(group, name, network, *units, training));
    let tuned = FACTORS.iter().flat_map(|factor| {
        UNITS[1..].iter().map(move |(name, units)| {
            let learning_rate = factor * training.optimiser.learning_rate;
            let optimiser = Optimiser { learning_rate, ..training.optimiser.clone() };
            let faster = Training { optimiser, ..*training };
            condition(group, &format!("{name} at {factor} x rate"), network, *units, &faster)
        })
    });
    as_published.chain(tuned).collect()
}

/// How fast the others get to the training loss of RRU, and which test loss is lower.
fn questions(group: &str, claim: f64, test: Measure) -> Vec<Question> {
    let names = |tuned: bool| -> Vec<String> {
        let plain = UNITS[1..].iter().map(|(name, _)| label(group, name));
        let faster = FACTORS.iter().flat_map(|factor| {
            UNITS[1..].iter().map(move |(name, _)| label(group, &format!("{name} at {factor} x rate")))
        });
        if tuned { faster.collect() } else { plain.collect() }
    };
    let first = label(group, "RRU");
    let mut questions = vec![
        Question::Pace { first: first.clone(), others: names(false), claim },
        Question::Pace { first: first.clone(), others: names(true), claim },
    ];
    questions.extend(names(false).into_iter().map(|second| Question::Lower {
        measure: test,
        first: first.clone(),
        second,
    }));
    questions
}

/// `rru-mlp`: 4, 6 and 8 hidden layers.
pub(super) fn mlp(scale: Scale) -> Experiment {
    let depths: &[usize] = scale.choose(&[4, 6, 8], &[8]);
    let optimiser = Optimiser::new(Method::Sgd { momentum: 0.0 }, 0.01);
    let training = Training { optimiser, epochs: scale.epochs(50, 4), criterion: Criterion::default() };
    let group = |layers: &usize| format!("{layers} layers");
    let network = |&layers: &usize| RootNetwork::Mlp { layers, units: scale.choose(128, 64) };
    Experiment {
        title: "networks of 4, 6 and 8 hidden layers of 128 units: radical root units, ReLU and ELU",
        source: SOURCE,
        data: DataSet::Mnist,
        task: Task::Classes,
        preprocessing: Preprocessing::None,
        effort: scale.choose(
            Effort { runs: 5, images: 55_000, test_images: 10_000 },
            Effort { runs: 2, images: 2_000, test_images: 500 },
        ),
        measures: &[Measure::TrainLoss, Measure::TestLoss, Measure::TestError],
        conditions: depths.iter().flat_map(|depth| conditions(&group(depth), network(depth), &training)).collect(),
        questions: depths.iter().flat_map(|depth| questions(&group(depth), CLAIM, Measure::TestLoss)).collect(),
        notes: NOTES.to_vec(),
    }
}

/// Adam as in the paper, whose epsilon makes it closer to plain descent.
const fn adam(epsilon: f64) -> Method {
    Method::Adam { beta_1: 0.9, beta_2: 0.999, epsilon }
}

/// Epsilon of the paper.
const EPSILON: f64 = 0.1;

/// Outputs of the auto-encoder.
const PIXELS: f64 = 784.0;

/// `rru-autoencoder`: 1000-500-250-30-250-500-1000.
pub(super) fn autoencoder(scale: Scale) -> Experiment {
    let network = RootNetwork::Autoencoder { units: scale.choose([1000, 500, 250, 30], [100, 50, 25, 10]) };
    let training = Training {
        // Adam's steps depend on the scale of the loss by epsilon alone.
        optimiser: Optimiser::new(adam(PIXELS * EPSILON), 0.01),
        epochs: scale.epochs(50, 20),
        criterion: Criterion::SigmoidCrossEntropy,
    };
    Experiment {
        title: "auto-encoder of seven hidden layers: radical root units, ReLU and ELU",
        source: SOURCE,
        data: DataSet::Mnist,
        task: Task::Inputs,
        preprocessing: Preprocessing::None,
        effort: scale.choose(
            Effort { runs: 5, images: 55_000, test_images: 10_000 },
            Effort { runs: 2, images: 1_000, test_images: 500 },
        ),
        measures: &[Measure::TrainLoss, Measure::TestLoss, Measure::SquareError],
        conditions: conditions("", network, &training),
        questions: questions("", NO_SLOWER, Measure::SquareError),
        notes: [NOTES.as_slice(), &[LONG, MEAN]].concat(),
    }
}

/// `rru-lenet`: LeNet-5 whose units respond behind the pools.
pub(super) fn lenet(scale: Scale) -> Experiment {
    let training = Training {
        optimiser: Optimiser::new(adam(EPSILON), 0.01),
        epochs: scale.epochs(50, 2),
        criterion: Criterion::default(),
    };
    Experiment {
        title: "LeNet-5 with maxima under 2x2: radical root units, ReLU and ELU",
        source: SOURCE,
        data: DataSet::Mnist,
        task: Task::Classes,
        preprocessing: Preprocessing::None,
        effort: scale.choose(
            Effort { runs: 5, images: 55_000, test_images: 10_000 },
            Effort { runs: 1, images: 300, test_images: 100 },
        ),
        measures: &[Measure::TrainLoss, Measure::TestLoss, Measure::TestError],
        conditions: conditions("", RootNetwork::LeNet, &training),
        questions: questions("", NO_SLOWER, Measure::TestLoss),
        notes: [NOTES.as_slice(), &[LONG]].concat(),
    }
}

const NOTES: [&str; 2] = [
    "Neither the number of runs nor that of epochs is in the paper: five runs of 50 epochs unless flags say otherwise.",
    "The slope of these units is up to 3, which acts like a higher learning rate: in the control ReLU and ELU have higher ones.",
];

/// Of the auto-encoder.
const MEAN: &str = "The paper's epsilon of 0.1 is taken to belong to the mean loss of a pixel; of losses summed over 784 pixels, as shown here, it is 78.4.";

/// Of the two larger networks.
const LONG: &str = "As a whole it takes some twelve hours on one core: --seeds, --epochs and --only make it less.";
