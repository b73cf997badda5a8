//! The convolutional networks of the Noisy Softplus papers, before they are made to spike.

use super::super::CLASSES;
use super::description::{Condition, Effort, Experiment, Preprocessing, Scale, Start, Task};
use super::measure::Measure;
use super::question::Question;
use crate::dataset::DataSet;
use ann::model::{self, Architecture};
use ann::{ActivationChoice, Criterion, LayerRate, Method, NoisySoftplus, Optimiser, Schedule, TrainingSettings};

const SOURCE: &str = "Liu and Furber (2016) and Liu et al. (2017, arXiv:1706.03609), accuracies of the trained networks before conversion";

/// The activations of both papers; Noisy Softplus as fitted to neurons of tau_syn 5 ms.
const ACTIVATIONS: [(&str, ActivationChoice); 3] = [
    ("Noisy Softplus", ActivationChoice::NoisySoftplus(NoisySoftplus::EVENT_DRIVEN_5_MS)),
    ("ReLU", ActivationChoice::Relu),
    ("Softplus", ActivationChoice::Softplus),
];

/// Learning rate of plain descent in the condition of 2016; the paper says that it is fixed, not what it is.
const FIXED_RATE: f64 = 0.1;

/// What fine-tuning adds to all targets.
const RAISED: f64 = 0.01;

fn condition(
    group: &str,
    (name, activation): (&str, ActivationChoice),
    network: Architecture,
    settings: TrainingSettings,
) -> Condition {
    let label = |name: &str| format!("{name} {group}");
    Condition {
        name: label(name),
        group: group.to_owned(),
        start: Start::Drawn(Box::new(move |input, seed| network.build(input, CLASSES, activation, seed))),
        settings,
        reference: (activation != ActivationChoice::Relu).then(|| label("ReLU")),
    }
}

/// Plain descent towards a softmax at a fixed rate, ten epochs.
fn fixed(scale: Scale) -> TrainingSettings {
    TrainingSettings::new(Optimiser::new(Method::Sgd { momentum: 0.0 }, FIXED_RATE), scale.epochs(10, 3), 50, 0)
}

/// Plain descent towards one spike per tau_syn at the right output, twenty epochs; Noisy Softplus at half the rates.
fn towards_counts(activation: ActivationChoice, scale: Scale) -> TrainingSettings {
    descent_to(activation, scale.epochs(20, 3), Criterion::HALF_SQUARE)
}

fn descent_to(activation: ActivationChoice, epochs: usize, criterion: Criterion) -> TrainingSettings {
    let half = if matches!(activation, ActivationChoice::NoisySoftplus(_)) { 0.5 } else { 1.0 };
    let optimiser = Optimiser {
        schedule: Schedule::Steps { epochs: (2..epochs).step_by(2).collect(), factor: 0.9 },
        layer_rates: [1.0, 10.0, 1.0].map(LayerRate::uniform).to_vec(),
        weight_limit: Some(0.2),
        ..Optimiser::new(Method::Sgd { momentum: 0.0 }, half * 0.1)
    };
    let mut settings = TrainingSettings::new(optimiser, epochs, 50, 0);
    settings.objective.criterion = criterion;
    settings
}

/// Noisy Softplus in the network that another activation has been trained with, for an epoch towards targets that are a little above 0.
fn fine_tuned((name, _): (&str, ActivationChoice)) -> Condition {
    let noisy = ACTIVATIONS[0].1;
    let earlier = format!("{name} 2017");
    Condition {
        name: format!("{name} fine-tuned 2017"),
        group: "2017".to_owned(),
        start: Start::Trained { condition: earlier.clone(), activation: noisy },
        settings: descent_to(noisy, 1, Criterion::HalfSquare { target_offset: RAISED }),
        reference: Some(earlier),
    }
}

/// `nsp-convnet`.
pub(super) fn convnet(scale: Scale) -> Experiment {
    let small = [6, 12];
    let large = scale.choose([16, 64], [8, 16]);
    let mut conditions = Vec::new();
    for choice in ACTIVATIONS {
        conditions.push(condition("2016", choice, Architecture::Paper { maps: small }, fixed(scale)));
    }
    for choice in ACTIVATIONS {
        let settings = towards_counts(choice.1, scale);
        conditions.push(condition("2017", choice, Architecture::Paf { maps: small }, settings));
    }
    conditions.extend(ACTIVATIONS.map(fine_tuned));
    for choice in ACTIVATIONS {
        let recommended = model::paper_training(choice.1, 0);
        let settings = TrainingSettings { epochs: scale.epochs(recommended.epochs, 3), ..recommended };
        conditions.push(condition("Adam", choice, Architecture::Paper { maps: small }, settings));
    }
    for choice in &ACTIVATIONS[..2] {
        let settings = towards_counts(choice.1, scale);
        conditions.push(condition("16c-64c", *choice, Architecture::Paf { maps: large }, settings));
    }
    let test = Measure::TestAccuracy;
    let lower = |first: &str, second: &str| Question::Lower {
        measure: test,
        first: first.to_owned(),
        second: second.to_owned(),
    };
    Experiment {
        title: "convolutional networks of Noisy Softplus, ReLU and Softplus",
        source: SOURCE,
        data: DataSet::Mnist,
        task: Task::Classes,
        preprocessing: Preprocessing::None,
        effort: scale.choose(
            Effort { runs: 5, images: 60_000, test_images: 10_000 },
            Effort { runs: 1, images: 1_000, test_images: 500 },
        ),
        measures: &[Measure::TestAccuracy, Measure::BestAccuracy, Measure::TrainAccuracy],
        conditions,
        questions: vec![
            Question::Published { measure: test },
            lower("Noisy Softplus 2016", "ReLU 2016"),
            lower("Softplus 2016", "Noisy Softplus 2016"),
            lower("Noisy Softplus 2017", "ReLU 2017"),
            lower("Softplus 2017", "Noisy Softplus 2017"),
        ],
        notes: vec![
            "2016: softmax and a fixed learning rate, which the paper does not tell: 0.1 here. 2017: half the squared distance from one spike per \
             tau_syn; the limit of 0.2 is on all kernels here, on those of convolutions there. Adam: the settings of ann train.",
            "Fine-tuned: one more epoch with Noisy Softplus, its learning rates of the first epoch, and 0.01 above the targets. The paper has \
             the losses of the spiking networks alone, before and after it.",
            "The activation of the published 16c-64c network is taken to be Noisy Softplus.",
        ],
    }
}
