//! Radical root units against ReLU and ELU: Bhumbra (2018), "Deep learning improved by biological activation functions".

use super::description::{CLASSES, Condition, Effort, Experiment, Size, Task};
use super::measure::Measure;
use super::question::Question;
use crate::dataset::DataSet;
use ann::model::{HiddenUnits, RootNetwork};
use ann::{Activation, Method, Optimiser, TrainingSettings};

const SOURCE: &str = "Bhumbra (2018), arXiv:1804.11237, in its version 1; it prints curves, no numbers";

/// The three kinds of hidden units.
const UNITS: [(&str, HiddenUnits); 3] = [
    ("RRU", HiddenUnits::Radical),
    ("ReLU", HiddenUnits::Same(Activation::Relu)),
    ("ELU", HiddenUnits::Same(Activation::Elu { alpha: 1.0 })),
];

/// Factors on the learning rate of ReLU and ELU in the control: a slope of up to 3 is a higher learning rate already.
const FACTORS: [f64; 2] = [3.0, 10.0];

/// A claim of the paper: so many times as many epochs as RRU.
const CLAIM: f64 = 1.5;

fn condition(group: &str, name: &str, network: RootNetwork, units: HiddenUnits, optimiser: Optimiser) -> Condition {
    let reference = (units != HiddenUnits::Radical).then(|| label(group, "RRU"));
    Condition {
        name: label(group, name),
        group: group.to_owned(),
        network: Box::new(move |input, seed| network.build(input, CLASSES, units, seed)),
        // Epochs and seed are those of the run.
        settings: TrainingSettings::new(optimiser, 0, 64, 0),
        reference,
    }
}

fn label(group: &str, units: &str) -> String {
    if group.is_empty() { units.to_owned() } else { format!("{group} {units}") }
}

/// All units at the published learning rate, ReLU and ELU at higher ones as well.
fn conditions(group: &str, network: RootNetwork, optimiser: &Optimiser) -> Vec<Condition> {
    let as_published = UNITS.iter().map(|(name, units)| condition(group, name, network, *units, optimiser.clone()));
    let tuned = FACTORS.iter().flat_map(|factor| {
        UNITS[1..].iter().map(move |(name, units)| {
            let faster = Optimiser { learning_rate: factor * optimiser.learning_rate, ..optimiser.clone() };
            condition(group, &format!("{name} at {factor} x rate"), network, *units, faster)
        })
    });
    as_published.chain(tuned).collect()
}

/// How fast the others get to the training loss of RRU, and which test loss is lower.
fn questions(group: &str, test: Measure) -> Vec<Question> {
    let names = |tuned: bool| -> Vec<String> {
        let plain = UNITS[1..].iter().map(|(name, _)| label(group, name));
        let faster = FACTORS.iter().flat_map(|factor| {
            UNITS[1..].iter().map(move |(name, _)| label(group, &format!("{name} at {factor} x rate")))
        });
        if tuned { faster.collect() } else { plain.collect() }
    };
    let first = label(group, "RRU");
    let mut questions = vec![
        Question::Pace { first: first.clone(), others: names(false), claim: CLAIM },
        Question::Pace { first: first.clone(), others: names(true), claim: CLAIM },
    ];
    questions.extend(
        names(false).into_iter().map(|second| Question::Lower { measure: test, first: first.clone(), second }),
    );
    questions
}

/// `rru-mlp`: 4, 6 and 8 hidden layers.
pub(super) fn mlp(size: Size) -> Experiment {
    let depths: &[usize] = size.choose(&[4, 6, 8], &[8]);
    let optimiser = Optimiser::new(Method::Sgd { momentum: 0.0 }, 0.01);
    let group = |layers: &usize| format!("{layers} layers");
    let network = |&layers: &usize| RootNetwork::Mlp { layers, units: size.choose(128, 64) };
    Experiment {
        title: "networks of 4, 6 and 8 hidden layers of 128 units: radical root units, ReLU and ELU",
        source: SOURCE,
        data: DataSet::Mnist,
        task: Task::Classes,
        effort: size.choose(
            Effort { runs: 5, epochs: 50, images: 55_000, test_images: 10_000 },
            Effort { runs: 2, epochs: 4, images: 2_000, test_images: 500 },
        ),
        measures: &[Measure::TrainLoss, Measure::TestLoss, Measure::TestError],
        conditions: depths.iter().flat_map(|depth| conditions(&group(depth), network(depth), &optimiser)).collect(),
        questions: depths.iter().flat_map(|depth| questions(&group(depth), Measure::TestLoss)).collect(),
        notes: vec![
            "Neither the number of runs nor that of epochs is in the paper: five runs of 50 epochs unless flags say otherwise.",
            "The slope of these units is up to 3, which acts like a higher learning rate: in the control ReLU and ELU have higher ones.",
        ],
    }
}
