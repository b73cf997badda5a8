//! The convolutional networks of the Noisy Softplus papers, before they are made to spike.

use super::super::CLASSES;
use super::description::{Condition, Effort, Experiment, Preprocessing, Scale, Start, Task};
use super::measure::Measure;
use super::question::Question;
use crate::dataset::DataSet;
use ann::model::{self, Architecture};
use ann::{
    Activation, ActivationChoice, Criterion, FixedNoise, LayerRate, Method, NoisySoftplus, Optimiser, Schedule,
    TrainingSettings, VarianceGradient,
};

const SOURCE: &str = "Liu and Furber (2016) and Liu et al. (2017, arXiv:1706.03609), accuracies of the trained networks before conversion";

/// Noisy Softplus as fitted to neurons of tau_syn 5 ms.
const NOISY: (&str, ActivationChoice) =
    ("Noisy Softplus", ActivationChoice::NoisySoftplus(NoisySoftplus::EVENT_DRIVEN_5_MS));

/// ReLU.
const RELU: (&str, ActivationChoice) = ("ReLU", ActivationChoice::Relu);

/// The activations of 2016.
const ACTIVATIONS: [(&str, ActivationChoice); 3] = [NOISY, RELU, ("Softplus", ActivationChoice::Softplus)];

/// Those of 2017, whose Softplus is Noisy Softplus at 0.45 nA.
const ACTIVATIONS_2017: [(&str, ActivationChoice); 3] = [NOISY, RELU, ("Softplus", SOFTPLUS_2017)];

const SOFTPLUS_2017: ActivationChoice =
    ActivationChoice::Pointwise(Activation::FixedNoise(FixedNoise { k: 0.3, sigma: 0.45 }));

/// Maps of the small network.
const SMALL: [usize; 2] = [6, 12];

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
        weight_limits: vec![0.2, 0.2, f64::INFINITY],
        ..Optimiser::new(Method::Sgd { momentum: 0.0 }, half * 0.1)
    };
    let mut settings = TrainingSettings::new(optimiser, epochs, 50, 0);
    settings.objective.criterion = criterion;
    settings
}

/// Noisy Softplus as above, but with the published gradient, for which the variance is a constant.
fn by_the_mean(scale: Scale) -> Condition {
    let mut settings = towards_counts(NOISY.1, scale);
    settings.objective.variance_gradient = VarianceGradient::Off;
    let network = Architecture::Paf { maps: SMALL };
    condition("2017", ("Noisy Softplus by the mean", NOISY.1), network, settings)
}

/// Noisy Softplus in the network that another activation has been trained with, for an epoch towards targets that are a little above 0.
fn fine_tuned((name, _): (&str, ActivationChoice)) -> Condition {
    let noisy = NOISY.1;
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
    let large = scale.choose([16, 64], [8, 16]);
    let mut conditions = Vec::new();
    for choice in ACTIVATIONS {
        conditions.push(condition("2016", choice, Architecture::Paper { maps: SMALL }, fixed(scale)));
    }
    for choice in ACTIVATIONS_2017 {
        let settings = towards_counts(choice.1, scale);
        conditions.push(condition("2017", choice, Architecture::Paf { maps: SMALL }, settings));
    }
    conditions.push(by_the_mean(scale));
    conditions.extend(ACTIVATIONS_2017.map(fine_tuned));
    for choice in ACTIVATIONS {
        let recommended = model::paper_training(choice.1, 0);
        let settings = TrainingSettings { epochs: scale.epochs(recommended.epochs, 3), ..recommended };
        conditions.push(condition("Adam", choice, Architecture::Paper { maps: SMALL }, settings));
    }
    for choice in [NOISY, RELU] {
        let settings = towards_counts(choice.1, scale);
        conditions.push(condition("16c-64c", choice, Architecture::Paf { maps: large }, settings));
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
            lower("Noisy Softplus by the mean 2017", "Noisy Softplus 2017"),
        ],
        notes: vec![
            "2016: softmax and a fixed learning rate, which the paper does not tell: 0.1 here. 2017: half the squared distance from one spike per \
             tau_syn; Softplus is that of 0.135 nA, behind convolutions alone. By the mean: without the gradient through the variance, as \
             published. Adam: the settings of ann train.",
            "Fine-tuned: one more epoch with Noisy Softplus, its learning rates of the first epoch, and 0.01 above the targets. The paper has \
             the losses of the spiking networks alone, before and after it.",
            "The activation of the published 16c-64c network is taken to be Noisy Softplus.",
        ],
    }
}
