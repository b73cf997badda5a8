//! Networks of conductance-weighted averages against affine ones.

use super::super::CLASSES;
use super::description::{Condition, Effort, Experiment, Preprocessing, Scale, Task};
use super::measure::Measure;
use super::question::Question;
use crate::dataset::DataSet;
use ann::model::{CwaNetwork, CwaUnits};
use ann::{Augmentation, Flip, Method, Optimiser, Plateau, Schedule, Shape, TrainingSettings, Watched};

const SOURCE: &str = "the paper on networks of conductance-weighted averages, tables 1 and 2: single runs, the lowest test accuracy";

/// Published learning rates, and epochs without a lower training loss until they are divided by 10.
const CWA: (f64, usize) = (1e-5, 25);
const AFFINE: (f64, usize) = (1e-3, 5);

/// Learning rate of averages that trains them within a few epochs, falling along half a cosine.
const FASTER: f64 = 0.03;

/// Averages at this rate.
fn faster(epochs: usize, data: DataSet) -> TrainingSettings {
    let mut settings = settings((FASTER, CWA.1), epochs, data);
    settings.optimiser.schedule = Schedule::Cosine { epochs: epochs.max(1), last: 0.0 };
    settings
}

fn settings((learning_rate, patience): (f64, usize), epochs: usize, data: DataSet) -> TrainingSettings {
    let method = Method::Adam { beta_1: 0.9, beta_2: 0.99, epsilon: 1e-8 };
    let plateau = Some(Plateau { factor: 0.1, patience, watched: Watched::TrainingLoss });
    let optimiser = Optimiser { plateau, ..Optimiser::new(method, learning_rate) };
    let augmentation = match data {
        DataSet::Cifar10 => Augmentation { shift: 4, flip: Flip::Half },
        DataSet::Mnist | DataSet::FashionMnist => Augmentation::NONE,
    };
    // Of many weights and few products each, a larger batch takes less time.
    TrainingSettings { augmentation, ..TrainingSettings::new(optimiser, epochs, 250, 0) }
}

/// The layers for such images.
type Layers = fn(Shape) -> CwaNetwork;

fn condition(name: &str, layers: Layers, units: CwaUnits, settings: TrainingSettings) -> Condition {
    Condition {
        name: name.to_owned(),
        group: String::new(),
        network: Box::new(move |input, seed| layers(input).build(input, CLASSES, units, seed)),
        settings,
        reference: (name != "CWA").then(|| "CWA".to_owned()),
    }
}

/// `cwa-fcn`: fully connected layers.
pub(super) fn fcn(scale: Scale, data: DataSet) -> Experiment {
    let epochs = scale.epochs(60, 6);
    let layers: Layers = scale.choose(CwaNetwork::fcn, |_| CwaNetwork::Fcn(&[60, 60]));
    let normalised = CwaUnits::Normalised { rest: -0.4, limit: 1.0 };
    let mut conditions = vec![
        condition("CWA", layers, CwaUnits::USUAL, faster(epochs, data)),
        condition("affine + BN", layers, CwaUnits::AffineNormalised, settings(AFFINE, epochs, data)),
    ];
    if data == DataSet::Cifar10 {
        conditions.push(condition("CWA + BN", layers, normalised, faster(epochs, data)));
        conditions.push(condition("affine", layers, CwaUnits::Affine, settings(AFFINE, epochs, data)));
    }
    conditions.push(condition("CWA at rate 1e-5", layers, CwaUnits::USUAL, settings(CWA, epochs, data)));
    let test = Measure::TestAccuracy;
    let mut questions = vec![Question::Published { measure: test }];
    if data == DataSet::Mnist {
        questions.push(Question::Reaches { measure: test, condition: "CWA".to_owned(), value: 98.3 });
    }
    Experiment {
        title: "fully connected conductance-weighted averages and affine layers",
        source: SOURCE,
        data,
        task: Task::Classes,
        preprocessing: Preprocessing::None,
        effort: scale.choose(
            Effort { runs: 1, images: 60_000, test_images: 10_000 },
            Effort { runs: 1, images: 2_000, test_images: 500 },
        ),
        measures: &[Measure::TestAccuracy, Measure::BestAccuracy, Measure::LowestAccuracy, Measure::TrainAccuracy],
        conditions,
        questions,
        notes: vec![
            "Weights of averages begin uniformly within 1 at a resting potential of -0.4: from Glorot's distribution, as printed, the second layer is silent.",
            "The published learning rate of averages, 1e-5, is a condition of its own; the others begin at 0.03 and end with half a cosine. Batches are of 250 images; the paper does not say.",
        ],
    }
}
