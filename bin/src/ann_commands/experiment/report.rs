//! The tables, the document and the files of an experiment.

use super::course;
use super::description::{Condition, Experiment};
use super::measure::{Measure, Within};
use super::published::{AfterEpoch, Published};
use super::question::{Answer, Evidence};
use super::runner::{Epoch, Outcomes, Run};
use crate::outcome::Outcome;
use crate::records::{Cell, Column, Kind, NORMAL_95, Records};
use serde_json::{Value, json};

/// What there is to say about an experiment that ran.
pub(super) struct Report<'a> {
    pub(super) name: &'static str,
    pub(super) experiment: &'a Experiment,
    pub(super) published: &'a Published,
    pub(super) outcomes: &'a Outcomes,
}

impl Report<'_> {
    fn conditions(&self) -> impl Iterator<Item = (&Condition, &Vec<Run>)> {
        self.experiment.conditions.iter().zip(&self.outcomes.runs)
    }

    pub(super) fn answers(&self) -> Vec<Answer> {
        let conditions = self.conditions().map(|(condition, runs)| (&*condition.name, &**runs)).collect();
        let evidence = Evidence { published: self.published, conditions, counts: self.outcomes.counts };
        self.experiment.questions.iter().flat_map(|question| question.answers(&evidence)).collect()
    }

    /// The runs of a condition that another one names as its reference.
    fn reference(&self, name: Option<&String>) -> Option<&Vec<Run>> {
        let name = name?;
        self.conditions().find(|(condition, _)| condition.name == *name).map(|(_, runs)| runs)
    }

    fn records(&self, measure: Measure) -> Records {
        let decimals = measure.decimals();
        let interval = |key, heading| Column::new(key, heading, Kind::Interval, decimals);
        let published = self.published.knows(measure);
        let compared = self.experiment.conditions.iter().any(|condition| condition.reference.is_some());
        let mut columns = vec![Column::new("condition", "condition", Kind::Text, 0)];
        if published {
            columns.push(Column::new("published", "published", Kind::Number, decimals));
        }
        columns.push(interval("ours", "ours"));
        columns.push(Column::new("runs", "runs", Kind::Number, 0));
        if published {
            columns.push(Column::new("beyond_published", "ours − published", Kind::Difference, decimals));
        }
        if compared {
            columns.push(Column::new("reference", "against", Kind::Text, 0));
            columns.push(Column::new("difference", "difference", Kind::Difference, decimals));
        }
        let row = |(condition, runs): (&Condition, &Vec<Run>)| {
            let counts = self.outcomes.counts;
            let ours = measure.summary(runs, counts);
            let cell = |within: Option<Within>| Cell::Interval(within.map_or([f64::NAN; 3], Within::ends));
            let mut cells = vec![Cell::Text(condition.name.clone())];
            let theirs = self.published.value(&condition.name, measure);
            if published {
                cells.push(Cell::optional(theirs));
            }
            cells.push(cell(Some(ours)));
            cells.push(Cell::number(runs.len() as f64));
            if published {
                cells.push(cell(theirs.map(|theirs| measure.beyond(ours.value, theirs, counts))));
            }
            if compared {
                let reference = self.reference(condition.reference.as_ref());
                cells.push(Cell::Text(condition.reference.clone().unwrap_or_default()));
                cells.push(cell(reference.map(|reference| measure.difference(runs, reference, counts))));
            }
            cells
        };
        Records {
            name: format!("{}-{}", self.name, measure.key().replace('_', "-")),
            caption: format!("{}, {}", measure.heading(), self.meaning(measure)),
            reach: NORMAL_95,
            columns,
            rows: self.conditions().map(row).collect(),
        }
    }

    /// What was published of single epochs, beside the same epochs of ours; nothing where none of them ran.
    fn courses(&self, measure: Measure) -> Option<Records> {
        let decimals = measure.decimals();
        let row = |AfterEpoch { condition, epoch, value }| {
            let (_, runs) = self.conditions().find(|(known, _)| known.name == condition)?;
            let runs: Vec<Run> = runs.iter().filter_map(|run| run.until(epoch)).collect();
            let ours = measure.summary(&runs, self.outcomes.counts);
            let beyond = measure.beyond(ours.value, value, self.outcomes.counts);
            (!runs.is_empty()).then(|| {
                vec![
                    Cell::Text(condition.to_owned()),
                    Cell::number(epoch as f64),
                    Cell::number(value),
                    Cell::Interval(ours.ends()),
                    Cell::number(runs.len() as f64),
                    Cell::Interval(beyond.ends()),
                ]
            })
        };
        let rows: Vec<Vec<Cell>> = self.published.by_epoch(measure).filter_map(row).collect();
        (!rows.is_empty()).then(|| Records {
            name: format!("{}-{}-by-epoch", self.name, measure.key().replace('_', "-")),
            caption: format!("{} by epoch, {}", measure.heading(), self.meaning(measure)),
            reach: NORMAL_95,
            columns: vec![
                Column::new("condition", "condition", Kind::Text, 0),
                Column::new("epoch", "epoch", Kind::Number, 0),
                Column::new("published", "published", Kind::Number, decimals),
                Column::new("ours", "ours", Kind::Interval, decimals),
                Column::new("runs", "runs", Kind::Number, 0),
                Column::new("beyond_published", "ours − published", Kind::Difference, decimals),
            ],
            rows,
        })
    }

    /// What the intervals of a table are.
    fn meaning(&self, measure: Measure) -> &'static str {
        let repeated = self.outcomes.runs.iter().any(|runs| runs.len() > 1);
        match (repeated, measure.is_share()) {
            (true, _) => "median [quartiles] of the runs; differences: mean over seeds [Student's 95 %]",
            (false, true) => "[Wilson's 95 %]; differences [95 % of two binomials]",
            (false, false) => "one run: no interval",
        }
    }

    /// All epochs of all runs.
    fn epochs(&self) -> Records {
        let number = |key| Column::new(key, key, Kind::Number, 4);
        let columns = vec![
            Column::new("condition", "condition", Kind::Text, 0),
            number("seed"),
            number("epoch"),
            number("train_loss"),
            number("train_error"),
            number("test_loss"),
            number("test_error"),
            number("square_error"),
        ];
        let row = |name: &str, seed: u64, index: usize, epoch: &Epoch| {
            let values = [
                seed as f64,
                (index + 1) as f64,
                epoch.train_loss,
                epoch.train_error,
                epoch.test_loss,
                epoch.test_error,
                epoch.square_error,
            ];
            std::iter::once(Cell::Text(name.to_owned())).chain(values.map(Cell::number)).collect()
        };
        let mut rows = Vec::new();
        for (condition, runs) in self.conditions() {
            for run in runs {
                let epochs = run.epochs.iter().enumerate();
                rows.extend(epochs.map(|(index, epoch)| row(&condition.name, run.seed, index, epoch)));
            }
        }
        let (name, caption) = (format!("{}-epochs", self.name), "all epochs".to_owned());
        Records { name, caption, reach: NORMAL_95, columns, rows }
    }

    pub(super) fn outcome(&self) -> Outcome {
        let mut notes: Vec<String> = self.answers().into_iter().map(|answer| answer.text).collect();
        let effort = self.experiment.effort;
        let diverged = |(condition, runs): (&Condition, &Vec<Run>)| {
            let count = runs.iter().filter(|run| run.diverged).count();
            (count > 0)
                .then(|| format!("{}: {count} of {} runs diverged and count as guessing", condition.name, runs.len()))
        };
        notes.extend(self.conditions().filter_map(diverged));
        notes.push(format!(
            "{}. {} training and {} test images of {}, {} epochs at most; training values are means over an epoch, while the weights change.",
            self.experiment.source,
            self.outcomes.counts.training,
            self.outcomes.counts.test,
            self.experiment.data.name(),
            self.conditions().map(|(condition, _)| condition.settings.epochs).max().unwrap_or(0),
        ));
        notes.extend(self.experiment.notes.iter().map(|&note| note.to_owned()));
        if !self.outcomes.complete {
            let done: usize = self.outcomes.runs.iter().map(Vec::len).sum();
            let all = effort.runs * self.experiment.conditions.len();
            notes.push(format!("Interrupted: {done} of {all} runs are finished, the others are left out."));
        }
        let measures = self.experiment.measures.iter();
        let courses = measures.clone().filter_map(|&measure| self.courses(measure));
        Outcome {
            name: self.name,
            title: self.experiment.title.to_owned(),
            records: measures.clone().map(|&measure| self.records(measure)).chain(courses).collect(),
            data: vec![self.epochs()],
            notes,
            plates: course::plate(self).map(|plate| (self.name, plate)).into_iter().collect(),
        }
    }

    /// What the answers, runs and settings are, beside the tables.
    pub(super) fn details(&self) -> Value {
        let run = |run: &Run| json!({ "seed": run.seed, "diverged": run.diverged, "seconds": run.seconds });
        let condition = |(condition, runs): (&Condition, &Vec<Run>)| {
            let optimiser = &condition.settings.optimiser;
            json!({
                "name": condition.name,
                "learning_rate": optimiser.learning_rate,
                "method": format!("{:?}", optimiser.method),
                "batch_size": condition.settings.batch_size,
                "epochs": condition.settings.epochs,
                "runs": runs.iter().map(run).collect::<Vec<_>>(),
            })
        };
        let answer = |answer: Answer| json!({ "text": answer.text, "holds": answer.holds });
        json!({
            "data": self.experiment.data.name(),
            "training_images": self.outcomes.counts.training,
            "test_images": self.outcomes.counts.test,
            "complete": self.outcomes.complete,
            "conditions": self.conditions().map(condition).collect::<Vec<_>>(),
            "answers": self.answers().into_iter().map(answer).collect::<Vec<_>>(),
        })
    }
}
