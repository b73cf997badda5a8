//! What is asked of an experiment, and the answer in a sentence that the numbers make.

use super::course::capital;
use super::measure::{Measure, Within};
use super::published::Published;
use super::runner::Run;
use convert::quantile;

/// A question about conditions, which are called by their names.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Question {
    /// How many epochs each of the others needs to the training loss that the first has after half of the epochs: at least
    /// `claim` times as many?
    Pace { first: String, others: Vec<String>, claim: f64 },
    /// Is the measure lower in the first condition?
    Lower { measure: Measure, first: String, second: String },
    /// Is it the same in both, as far as the runs can tell?
    Equal { measure: Measure, first: String, second: String },
    /// Does the measure rise to this value?
    Reaches { measure: Measure, condition: String, value: f64 },
    /// Which of the published values are met?
    Published { measure: Measure },
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) text: String,
    /// Nothing where the runs cannot tell.
    pub(super) holds: Option<bool>,
}

/// What the answers are made from.
pub(super) struct Evidence<'a> {
    pub(super) published: &'a Published,
    /// Names of the conditions, and their runs.
    pub(super) conditions: Vec<(&'a str, &'a [Run])>,
    pub(super) counts: super::measure::Counts,
}

impl Evidence<'_> {
    fn runs(&self, name: &str) -> Option<&[Run]> {
        self.conditions.iter().find(|(known, runs)| *known == name && !runs.is_empty()).map(|(_, runs)| *runs)
    }

    fn difference(&self, measure: Measure, first: &str, second: &str) -> Option<Within> {
        Some(measure.difference(self.runs(first)?, self.runs(second)?, self.counts))
            .filter(|difference| difference.value.is_finite())
    }
}

impl Question {
    /// The answers; none where the conditions did not run.
    pub(super) fn answers(&self, evidence: &Evidence<'_>) -> Vec<Answer> {
        match self {
            Question::Pace { first, others, claim } => others
                .iter()
                .filter_map(|other| pace((first, evidence.runs(first)?), (other, evidence.runs(other)?), *claim))
                .collect(),
            Question::Lower { measure, first, second } => {
                let Some(difference) = evidence.difference(*measure, first, second) else { return Vec::new() };
                let holds = decided(difference, difference.value < 0.0);
                let verdict = match (holds, difference.value < 0.0) {
                    (Some(true), _) => "is lower with",
                    (Some(false), _) => "is not lower with",
                    (None, true) => "looks lower, within chance, with",
                    (None, false) => "looks no lower, within chance, with",
                };
                let text = format!(
                    "{}: {} {verdict} {first} than with {second} ({}).",
                    label(holds),
                    measure.heading(),
                    shown(*measure, difference)
                );
                vec![Answer { text: capital(&text), holds }]
            }
            Question::Equal { measure, first, second } => {
                let Some(difference) = evidence.difference(*measure, first, second) else { return Vec::new() };
                let known = difference.low.is_finite();
                let holds = known.then(|| difference.holds(0.0));
                let verdict = match holds {
                    Some(true) => "cannot be told apart in",
                    Some(false) => "differ in",
                    None => "cannot be compared by one run in",
                };
                let text = format!(
                    "{}: {first} and {second} {verdict} {} (difference {}).",
                    label(holds),
                    measure.heading(),
                    shown(*measure, difference)
                );
                vec![Answer { text: capital(&text), holds }]
            }
            Question::Reaches { measure, condition, value } => {
                let Some(runs) = evidence.runs(condition) else { return Vec::new() };
                let ours = measure.summary(runs, evidence.counts);
                if !ours.value.is_finite() {
                    return Vec::new();
                }
                let holds = ours.value >= *value;
                let verdict = if holds { "reaches" } else { "does not reach" };
                let [found, low, high] = ours.ends().map(|x| crate::table::number(x, measure.decimals()));
                let text = format!(
                    "{}: {condition} {verdict} {value} in {}: {found} [{low}, {high}].",
                    label(Some(holds)),
                    measure.heading()
                );
                vec![Answer { text: capital(&text), holds: Some(holds) }]
            }
            Question::Published { measure } => published(*measure, evidence).into_iter().collect(),
        }
    }
}

/// Whether a difference is one: its interval lies on one side of 0.
fn decided(difference: Within, holds: bool) -> Option<bool> {
    (difference.low.is_finite() && !difference.holds(0.0)).then_some(holds)
}

fn label(holds: Option<bool>) -> &'static str {
    match holds {
        Some(true) => "holds",
        Some(false) => "does not hold",
        None => "open",
    }
}

fn shown(measure: Measure, difference: Within) -> String {
    let [value, low, high] = difference.ends().map(|x| crate::table::number(x, measure.decimals()));
    let sign = if difference.value > 0.0 { "+" } else { "" };
    if difference.low.is_finite() {
        format!("{sign}{value} [{low}, {high}]")
    } else {
        format!("{sign}{value}, one run")
    }
}

/// Epochs, a fraction between two by interpolation, until the training loss is no more than `loss`; infinite if it never is.
fn epochs_to(run: &Run, loss: f64) -> f64 {
    let losses: Vec<f64> = run.epochs.iter().map(|epoch| epoch.train_loss).collect();
    match losses.iter().position(|&reached| reached <= loss) {
        None => f64::INFINITY,
        Some(0) => 1.0,
        Some(at) => at as f64 + (losses[at - 1] - loss) / (losses[at - 1] - losses[at]),
    }
}

fn pace((first, ours): (&str, &[Run]), (other, theirs): (&str, &[Run]), claim: f64) -> Option<Answer> {
    let half = |run: &Run| (run.epochs.len() / 2).max(1);
    let ratio = |run: &Run| {
        let other = theirs.iter().find(|other| other.seed == run.seed)?;
        let loss = run.epochs.get(half(run) - 1)?.train_loss;
        loss.is_finite().then(|| epochs_to(other, loss) / half(run) as f64)
    };
    let ratios: Vec<f64> = ours.iter().filter_map(ratio).collect();
    let epochs = half(ours.first()?);
    let most = ours.first()?.epochs.len() as f64 / epochs as f64;
    // Interpolation between two infinities is none.
    let bounded: Vec<f64> = ratios.iter().map(|ratio| ratio.min(1e9)).collect();
    let [low, median, high] = [0.0, 0.5, 1.0].map(|share| quantile(bounded.clone(), share));
    if !median.is_finite() {
        return None;
    }
    let shown = |ratio: f64| if ratio > most { format!("more than {most:.2}") } else { format!("{ratio:.2}") };
    let holds = match median {
        _ if median > most && most < claim => None,
        _ => Some(median >= claim),
    };
    let text = format!(
        "{}: {other} needs {} times as many epochs as {first} to the training loss that {first} has after {epochs} (runs {} to {}); \
         claimed: at least {claim}.",
        label(holds),
        shown(median),
        shown(low),
        shown(high),
    );
    Some(Answer { text: capital(&text), holds })
}

/// Which published values lie within the interval of the difference.
fn published(measure: Measure, evidence: &Evidence<'_>) -> Option<Answer> {
    let (mut met, mut missed) = (Vec::new(), Vec::new());
    for (name, runs) in &evidence.conditions {
        let ours = measure.summary(runs, evidence.counts).value;
        let Some(theirs) = evidence.published.value(name, measure).filter(|_| ours.is_finite()) else { continue };
        let within = measure.beyond(ours, theirs, evidence.counts).holds(0.0);
        if within { &mut met } else { &mut missed }.push(*name);
    }
    if met.is_empty() && missed.is_empty() {
        return None;
    }
    let list = |names: &[&str]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let holds = Some(missed.is_empty());
    let text = format!(
        "{}: {} agrees with the published value, within the 95 % of two samples, in: {}; it does not in: {}.",
        label(holds),
        measure.heading(),
        list(&met),
        list(&missed)
    );
    Some(Answer { text: capital(&text), holds })
}

#[cfg(test)]
mod tests {
    use super::super::runner::Epoch;
    use super::*;

    fn run(seed: u64, losses: &[f64]) -> Run {
        let epoch = |&loss: &f64| Epoch {
            train_loss: loss,
            train_error: 0.0,
            test_loss: loss,
            test_error: 0.0,
            square_error: f64::NAN,
        };
        Run { seed, epochs: losses.iter().map(epoch).collect(), diverged: false, seconds: 0.0 }
    }

    /// By hand: after two of four epochs the first is at 0.5; the other comes there between its third (0.7) and fourth (0.4) epoch, after
    /// 3 + 2/3, 1.83 times as many.
    #[test]
    fn epochs_are_interpolated() {
        let (first, second) = ([run(1, &[1.0, 0.5, 0.3, 0.2])], [run(1, &[1.0, 0.9, 0.7, 0.4])]);
        let answer = pace(("a", &first), ("b", &second), 1.5).unwrap();
        assert!(answer.text.contains("needs 1.83 times") && answer.holds == Some(true), "{}", answer.text);
        assert_eq!(pace(("a", &first), ("a", &first), 1.5).unwrap().holds, Some(false));
        // Never reached within twice as many: at least 1.5 times as many for sure, at least 3 times perhaps.
        let never = [run(1, &[1.0, 0.9, 0.8, 0.7])];
        let answer = pace(("a", &first), ("c", &never), 1.5).unwrap();
        assert!(answer.text.contains("more than 2.00") && answer.holds == Some(true), "{}", answer.text);
        assert_eq!(pace(("a", &first), ("c", &never), 3.0).unwrap().holds, None);
    }
}
