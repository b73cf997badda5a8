//! The flags of `ann train` that say how to train.

use ann::{
    ActivationChoice, Augmentation, Criterion, EarlyStopping, Flip, LayerRate, Method, Plateau, RateLimit, Schedule,
    TrainingSettings, VarianceGradient, Watched, WeightDecay, model,
};
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

/// How to train. Settings that are not given are those recommended for the activation.
#[derive(Debug, Args)]
pub(super) struct TrainingArguments {
    /// Passes over the training images [default: 10]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Images per step [default: 50]
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Optimiser [default: adam]
    #[arg(long, value_enum)]
    optimiser: Option<OptimiserChoice>,
    /// Momentum; only with --optimiser sgd or nesterov [default: 0 for sgd, 0.9 for nesterov]
    #[arg(long, value_name = "M", allow_negative_numbers = true)]
    momentum: Option<f64>,
    /// Decay of Adam's mean gradient [default: 0.9]
    #[arg(long, value_name = "B", allow_negative_numbers = true)]
    beta_1: Option<f64>,
    /// Decay of Adam's mean squared gradient [default: 0.999]
    #[arg(long, value_name = "B", allow_negative_numbers = true)]
    beta_2: Option<f64>,
    /// Added to the root of Adam's mean squared gradient [default: 1e-8]
    #[arg(long, value_name = "E", allow_negative_numbers = true)]
    epsilon: Option<f64>,
    /// Learning rate of the first epoch [default: 0.003 for adam, 0.1 for the others]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    learning_rate: Option<f64>,
    /// Factors on the learning rate by layer, one for each that has something to learn, from the first on
    #[arg(long, value_name = "FACTOR,..", value_delimiter = ',', allow_negative_numbers = true)]
    layer_rates: Vec<f64>,
    /// How the learning rate changes from epoch to epoch
    #[arg(long, value_enum, default_value_t = ScheduleChoice::Exponential)]
    schedule: ScheduleChoice,
    /// Factor on the learning rate from epoch to epoch, or at each of --step-at, or at the end of the cosine [default: 0.8, 0.1, 0]
    #[arg(long, value_name = "FACTOR", allow_negative_numbers = true)]
    decay: Option<f64>,
    /// Epochs (from 1) that begin with a step of --schedule steps
    #[arg(long, value_name = "EPOCH,..", value_delimiter = ',')]
    step_at: Vec<usize>,
    /// Steps over which the learning rate rises linearly at first
    #[arg(long, value_name = "N", default_value_t = 0)]
    warm_up: usize,
    /// Lower the learning rate when the loss has not fallen for so many epochs
    #[arg(long, value_name = "EPOCHS")]
    plateau: Option<usize>,
    /// Factor of --plateau
    #[arg(long, value_name = "FACTOR", default_value_t = 0.1, allow_negative_numbers = true)]
    plateau_factor: f64,
    /// Stop when the loss has not fallen for so many epochs, and keep the best weights
    #[arg(long, value_name = "EPOCHS")]
    early_stopping: Option<usize>,
    /// Share of the training images that validate: measured after each epoch, watched by --plateau and --early-stopping
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, allow_negative_numbers = true)]
    validation: f64,
    /// Decoupled weight decay: AdamW [default: 0]
    #[arg(long, value_name = "W", allow_negative_numbers = true, conflicts_with = "l2")]
    weight_decay: Option<f64>,
    /// Weight decay as part of the gradient
    #[arg(long, value_name = "W", allow_negative_numbers = true)]
    l2: Option<f64>,
    /// Clip kernels to plus or minus this after each step: one limit for all, or one for each layer that has something to learn (inf for none)
    #[arg(long, value_name = "W,..", value_delimiter = ',', allow_negative_numbers = true)]
    weight_limit: Vec<f64>,
    /// What is minimised [default: softmax, for the autoencoder sigmoid]
    #[arg(long, value_enum)]
    loss: Option<LossChoice>,
    /// Share of each label that is spread over all classes
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, allow_negative_numbers = true)]
    label_smoothing: f64,
    /// Added to all targets, so that a label is 1 + O at its output and O at the others; only with --loss mean-square or half-square
    #[arg(long, value_name = "O", default_value_t = 0.0, allow_negative_numbers = true)]
    target_offset: f64,
    /// Hidden outputs above this ceiling are penalised (Noisy Softplus: 1 is one spike per tau_syn) [default: 0.8 for
    /// noisy-softplus, none for the others]
    #[arg(long, value_name = "Y", allow_negative_numbers = true)]
    rate_ceiling: Option<f64>,
    /// Strength of that penalty [default: 0.01]
    #[arg(long, value_name = "C", allow_negative_numbers = true)]
    rate_strength: Option<f64>,
    /// Whether the gradient of Noisy Softplus runs through the variance of its inputs too; off, the variance counts as a constant
    #[arg(long, value_enum, default_value_t = VarianceChoice::On)]
    variance_gradient: VarianceChoice,
    /// Shift training images by up to so many pixels each way
    #[arg(long, value_name = "PIXELS", default_value_t = 0)]
    shift: usize,
    /// Exchange left and right of half of the training images
    #[arg(long)]
    flip: bool,
    /// Seed of the initial weights, the order of the images and all else that is random
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OptimiserChoice {
    #[value(alias = "adamw")]
    Adam,
    Sgd,
    Nesterov,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ScheduleChoice {
    /// The same rate throughout
    Constant,
    /// A factor from each epoch to the next
    Exponential,
    /// A factor at the epochs of --step-at
    Steps,
    /// Half a cosine over all epochs
    Cosine,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum VarianceChoice {
    On,
    Off,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LossChoice {
    /// Cross-entropy of a softmax
    Softmax,
    /// Cross-entropy of independent outputs
    Sigmoid,
    /// Mean of the squared errors
    MeanSquare,
    /// Half the sum of the squared errors
    HalfSquare,
}

/// Whether the outputs are to be classes or the inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    Classes,
    Inputs,
}

impl TrainingArguments {
    /// The settings for a network with this activation.
    pub(super) fn settings(&self, activation: ActivationChoice, task: Task) -> Result<TrainingSettings> {
        let mut settings = model::paper_training(activation, self.seed);
        settings.epochs = self.epochs.unwrap_or(settings.epochs);
        settings.batch_size = self.batch.unwrap_or(settings.batch_size);
        settings.validation = self.validation;
        settings.augmentation =
            Augmentation { shift: self.shift, flip: if self.flip { Flip::Half } else { Flip::Never } };
        let watched = if self.validation == 0.0 { Watched::TrainingLoss } else { Watched::ValidationLoss };
        settings.early_stopping = self.early_stopping.map(|patience| EarlyStopping { patience, watched });
        settings.optimiser.schedule = self.schedule(settings.epochs, &settings.optimiser.schedule)?;
        let optimiser = &mut settings.optimiser;
        (optimiser.method, optimiser.learning_rate) = self.method(optimiser.learning_rate)?;
        optimiser.learning_rate = self.learning_rate.unwrap_or(optimiser.learning_rate);
        optimiser.layer_rates = self.layer_rates.iter().copied().map(LayerRate::uniform).collect();
        optimiser.warm_up = self.warm_up;
        optimiser.plateau = self.plateau.map(|patience| Plateau { factor: self.plateau_factor, patience, watched });
        optimiser.weight_decay = match (self.l2, self.weight_decay) {
            (Some(l2), _) => WeightDecay::L2(l2),
            (None, Some(decay)) => WeightDecay::Decoupled(decay),
            (None, None) => optimiser.weight_decay,
        };
        optimiser.weight_limits.clone_from(&self.weight_limit);
        let softmax = Criterion::SoftmaxCrossEntropy { label_smoothing: self.label_smoothing };
        settings.objective.criterion = match (self.loss, task) {
            (Some(LossChoice::Softmax), _) | (None, Task::Classes) => softmax,
            (Some(LossChoice::Sigmoid), _) | (None, Task::Inputs) => Criterion::SigmoidCrossEntropy,
            (Some(LossChoice::MeanSquare), _) => Criterion::MeanSquare { target_offset: self.target_offset },
            (Some(LossChoice::HalfSquare), _) => Criterion::HalfSquare { target_offset: self.target_offset },
        };
        let squared =
            matches!(settings.objective.criterion, Criterion::MeanSquare { .. } | Criterion::HalfSquare { .. });
        if self.target_offset != 0.0 && !squared {
            bail!(
                "--target-offset needs --loss mean-square or half-square: the targets of a cross-entropy are probabilities"
            );
        }
        if self.label_smoothing != 0.0 && settings.objective.criterion != softmax {
            bail!("--label-smoothing needs --loss softmax");
        }
        settings.objective.variance_gradient = match self.variance_gradient {
            VarianceChoice::On => VarianceGradient::On,
            VarianceChoice::Off => VarianceGradient::Off,
        };
        if self.rate_ceiling.is_some() || self.rate_strength.is_some() {
            let standard = settings.objective.rate_limit.unwrap_or(RateLimit { ceiling: 0.8, strength: 0.01 });
            settings.objective.rate_limit = Some(RateLimit {
                ceiling: self.rate_ceiling.unwrap_or(standard.ceiling),
                strength: self.rate_strength.unwrap_or(standard.strength),
            });
        }
        Ok(settings)
    }

    /// The method, and the learning rate that is recommended for it.
    fn method(&self, standard_rate: f64) -> Result<(Method, f64)> {
        let adam_only = self.beta_1.or(self.beta_2).or(self.epsilon);
        let choice = self.optimiser.unwrap_or(OptimiserChoice::Adam);
        match (choice, self.momentum, adam_only) {
            (OptimiserChoice::Adam, Some(_), _) => bail!("--momentum needs --optimiser sgd or nesterov"),
            (OptimiserChoice::Sgd | OptimiserChoice::Nesterov, _, Some(_)) => {
                bail!("--beta-1, --beta-2 and --epsilon need --optimiser adam")
            }
            (OptimiserChoice::Sgd, momentum, None) => Ok((Method::Sgd { momentum: momentum.unwrap_or(0.0) }, 0.1)),
            (OptimiserChoice::Nesterov, momentum, None) => {
                Ok((Method::Nesterov { momentum: momentum.unwrap_or(0.9) }, 0.1))
            }
            (OptimiserChoice::Adam, None, _) => {
                let mut method = Method::ADAM;
                if let Method::Adam { beta_1, beta_2, epsilon } = &mut method {
                    *beta_1 = self.beta_1.unwrap_or(*beta_1);
                    *beta_2 = self.beta_2.unwrap_or(*beta_2);
                    *epsilon = self.epsilon.unwrap_or(*epsilon);
                }
                Ok((method, standard_rate))
            }
        }
    }

    fn schedule(&self, epochs: usize, standard: &Schedule) -> Result<Schedule> {
        let steps = matches!(self.schedule, ScheduleChoice::Steps);
        if steps == self.step_at.is_empty() || self.step_at.contains(&0) {
            bail!("--schedule steps and --step-at, epochs that count from 1, need each other");
        }
        Ok(match (self.schedule, self.decay) {
            (ScheduleChoice::Constant, None) => Schedule::Constant,
            (ScheduleChoice::Constant, Some(_)) => bail!("--decay needs another --schedule than constant"),
            (ScheduleChoice::Exponential, None) => standard.clone(),
            (ScheduleChoice::Exponential, Some(factor)) => Schedule::Exponential { factor },
            (ScheduleChoice::Steps, decay) => Schedule::Steps {
                epochs: self.step_at.iter().map(|epoch| epoch - 1).collect(),
                factor: decay.unwrap_or(0.1),
            },
            (ScheduleChoice::Cosine, decay) => Schedule::Cosine { epochs: epochs.max(1), last: decay.unwrap_or(0.0) },
        })
    }
}
