//! What happened on each image, in a file that a run can be resumed from and that runs on other images can be merged with.

use super::mapping::Mapping;
use super::trial::{Shown, Trial};
use crate::output::write_file;
use anyhow::{Context, Result, anyhow, bail};
use convert::{Decision, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

/// The file of a run that has ended.
const WHOLE: &str = "outcomes.jsonl";

/// Most spikes or events of an image that are believed.
const MOST_EVENTS: u64 = 1 << 50;

/// The file of a run at work, or of one that was interrupted.
const PART: &str = "outcomes.part.jsonl";

/// Which run the outcomes are of; the first line of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    /// Version of the program.
    pub(super) version: String,
    /// All that decides on the outcomes: model, data, settings, seed.
    pub(super) settings: Value,
    /// Presentation times (ms) at which decisions are read.
    pub(super) latencies: Vec<f64>,
    /// Number of images of the whole run.
    pub(super) images: usize,
    /// The images of this shard: from the first to before the last.
    pub(super) shard: [usize; 2],
    /// Number of classes.
    pub(super) classes: usize,
    /// Seed of the input.
    pub(super) seed: u64,
    /// What the network was converted to.
    pub(super) mapping: Mapping,
}

impl Header {
    /// Refuses what no run can have.
    fn check(&self) -> Result<()> {
        let Header { latencies, images, shard: [from, to], classes, .. } = self;
        let ascends = latencies.windows(2).all(|pair| pair[0] < pair[1]);
        let is_positive = latencies.first().is_some_and(|&first| first > 0.0);
        if !(ascends && is_positive && latencies.iter().all(|latency| latency.is_finite())) {
            bail!("expected positive ascending presentation times, found {latencies:?}");
        }
        if !(from <= to && to <= images && (1..=256).contains(classes)) {
            bail!(
                "expected part of {images} images and 1 to 256 classes, found images {from} to {to} and {classes} classes"
            );
        }
        Ok(())
    }
}

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Run(Box<Header>),
    Image(ImageLine),
    /// Wall-clock time of the simulation.
    Seconds(f64),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ImageLine {
    image: usize,
    label: u8,
    predicted: u8,
    /// Classes, or why there is none.
    decisions: Vec<DecisionText>,
    input_spikes: u64,
    layer_spikes: Vec<u64>,
    synaptic_events: u64,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(untagged)]
enum DecisionText {
    Class(u8),
    None(Undecided),
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Undecided {
    Tie,
    Silent,
}

impl From<&Shown> for ImageLine {
    fn from(shown: &Shown) -> ImageLine {
        let decision = |&decision: &Decision| match decision {
            Decision::Class(class) => DecisionText::Class(class),
            Decision::Tie => DecisionText::None(Undecided::Tie),
            Decision::Silent => DecisionText::None(Undecided::Silent),
        };
        let Shown { image, label, predicted, outcome } = shown;
        ImageLine {
            image: *image,
            label: *label,
            predicted: *predicted,
            decisions: outcome.decisions.iter().map(decision).collect(),
            input_spikes: outcome.input_spikes,
            layer_spikes: outcome.layer_spikes.clone(),
            synaptic_events: outcome.synaptic_events,
        }
    }
}

impl From<ImageLine> for Shown {
    fn from(line: ImageLine) -> Shown {
        let decision = |decision| match decision {
            DecisionText::Class(class) => Decision::Class(class),
            DecisionText::None(Undecided::Tie) => Decision::Tie,
            DecisionText::None(Undecided::Silent) => Decision::Silent,
        };
        let outcome = Outcome {
            decisions: line.decisions.into_iter().map(decision).collect(),
            input_spikes: line.input_spikes,
            spikes: line.layer_spikes.iter().fold(0, |sum: u64, &spikes| sum.saturating_add(spikes)),
            layer_spikes: line.layer_spikes,
            synaptic_events: line.synaptic_events,
        };
        Shown { image: line.image, label: line.label, predicted: line.predicted, outcome }
    }
}

/// What a file of outcomes holds.
#[derive(Debug)]
pub(super) struct Outcomes {
    pub(super) header: Header,
    pub(super) shown: Vec<Shown>,
    pub(super) seconds: f64,
}

impl Outcomes {
    /// Of a run that has ended, from its folder.
    ///
    /// # Errors
    ///
    /// Fails on a missing or damaged file.
    pub(super) fn of_folder(folder: &Path) -> Result<Outcomes> {
        let path = folder.join(WHOLE);
        let read = std::fs::read_to_string(&path);
        let text = read.with_context(|| format!("cannot read {}: no run with -o has ended there", path.display()))?;
        Outcomes::parse(&text, false).with_context(|| format!("cannot read {}", path.display()))
    }

    /// Of the text of a file; a last line without end is passed over where the run may have been cut off.
    fn parse(text: &str, cut_off: bool) -> Result<Outcomes> {
        let whole = if cut_off { text.rfind('\n').map_or("", |end| &text[..=end]) } else { text };
        let mut lines = whole.lines().enumerate().map(|(number, line)| {
            serde_json::from_str::<Line>(line).map_err(|error| anyhow!("line {}: {error}", number + 1))
        });
        let Some(Line::Run(header)) = lines.next().transpose()? else { bail!("expected the settings of a run first") };
        header.check()?;
        let mut seen = BTreeSet::new();
        let mut outcomes = Outcomes { header: *header, shown: Vec::new(), seconds: 0.0 };
        for line in lines {
            match line? {
                Line::Run(_) => bail!("expected the settings of one run, found a second"),
                Line::Image(line) => {
                    let shown = Shown::from(line);
                    outcomes.check(&shown)?;
                    if !seen.insert(shown.image) {
                        bail!("image {} is there twice", shown.image);
                    }
                    outcomes.shown.push(shown);
                }
                Line::Seconds(seconds) if seconds >= 0.0 && seconds.is_finite() => outcomes.seconds += seconds,
                Line::Seconds(seconds) => bail!("expected seconds of zero or more, found {seconds}"),
            }
        }
        Ok(outcomes)
    }

    /// Refuses an image that cannot be of this run.
    fn check(&self, Shown { image, label, predicted, outcome }: &Shown) -> Result<()> {
        let Header { latencies, images, classes, mapping, .. } = &self.header;
        let (expected, found) = (latencies.len(), outcome.decisions.len());
        if expected != found {
            bail!("image {image}: expected {expected} decisions, found {found}");
        }
        let layers = mapping.document.get("layers").and_then(Value::as_array).map_or(0, Vec::len);
        if outcome.layer_spikes.len() != layers {
            bail!("image {image}: expected spikes of {layers} populations, found {}", outcome.layer_spikes.len());
        }
        if !(self.header.shard[0]..self.header.shard[1]).contains(image) {
            bail!("image {image} is none of images {:?} of {images}", self.header.shard);
        }
        let counts = outcome.layer_spikes.iter().chain([&outcome.input_spikes, &outcome.synaptic_events]);
        if let Some(count) = counts.max().filter(|&&count| count > MOST_EVENTS) {
            bail!("image {image}: {count} events are more than one can have");
        }
        let decided = outcome.decisions.iter().filter_map(|decision| match decision {
            Decision::Class(class) => Some(*class),
            _ => None,
        });
        if let Some(class) = decided.chain([*predicted, *label]).find(|&class| usize::from(class) >= *classes) {
            bail!("image {image}: class {class} of {classes}");
        }
        Ok(())
    }

    /// The text of the file.
    pub(super) fn text(header: &Header, trial: &Trial) -> Result<String> {
        let first = Line::Run(Box::new(header.clone()));
        let images = trial.shown.iter().map(|shown| Line::Image(shown.into()));
        let mut text = String::new();
        for line in std::iter::once(first).chain(images).chain([Line::Seconds(trial.seconds)]) {
            text += &line_text(&line)?;
        }
        Ok(text)
    }
}

fn line_text(line: &Line) -> Result<String> {
    Ok(serde_json::to_string(line).context("cannot express an outcome in JSON")? + "\n")
}

/// The outcomes of a run at work.
#[derive(Debug)]
pub(super) struct Journal {
    folder: PathBuf,
    header: Header,
    past: Vec<Shown>,
    past_seconds: f64,
    /// With the moment up to which seconds are noted.
    file: Mutex<(File, Instant)>,
}

impl Journal {
    /// Begins a journal in a folder, or goes on with the one there.
    ///
    /// # Errors
    ///
    /// Refuses to begin over an unfinished run, and to go on with another one.
    pub(super) fn open(folder: &Path, header: Header, resume: bool) -> Result<Journal> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
        let part = folder.join(PART);
        let (mut past, mut past_seconds): (Vec<Shown>, f64) = (Vec::new(), 0.0);
        if resume {
            for (path, cut_off) in [(folder.join(WHOLE), false), (part.clone(), true)] {
                let text = match std::fs::read_to_string(&path) {
                    Ok(text) => text,
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
                };
                let found =
                    Outcomes::parse(&text, cut_off).with_context(|| format!("cannot read {}", path.display()))?;
                same_run(&header, &found.header).with_context(|| format!("cannot resume {}", path.display()))?;
                if found.header.shard != header.shard {
                    let [of, here] =
                        [found.header.shard, header.shard].map(|[from, to]| format!("images {from} to {to}"));
                    bail!("cannot resume {}: it is of {of}, this run of {here}", path.display());
                }
                let known: BTreeSet<usize> = past.iter().map(|shown| shown.image).collect();
                past.extend(found.shown.into_iter().filter(|shown| !known.contains(&shown.image)));
                past_seconds += found.seconds;
            }
        } else if part.exists() {
            bail!("{} is of a run that has not ended: go on with --resume, or remove it", part.display());
        }
        // What is there is replaced whole, and only then added to.
        let so_far = Trial { shown: past.clone(), asked: past.len(), seconds: past_seconds };
        write_file(&part, Outcomes::text(&header, &so_far)?.as_bytes())?;
        let file = OpenOptions::new().append(true).open(&part);
        let file = file.with_context(|| format!("cannot write {}", part.display()))?;
        Ok(Journal { folder: folder.to_owned(), header, past, past_seconds, file: Mutex::new((file, Instant::now())) })
    }

    /// What is there already, and the seconds that it took.
    pub(super) fn past(&self) -> (&[Shown], f64) {
        (&self.past, self.past_seconds)
    }

    /// Notes what happened on an image.
    pub(super) fn note(&self, shown: &Shown) -> Result<()> {
        let line = line_text(&Line::Image(shown.into()))?;
        let mut file = self.file.lock().map_err(|_| anyhow!("another thread has failed at the outcomes"))?;
        let (file, noted) = &mut *file;
        let now = Instant::now();
        let line = line + &line_text(&Line::Seconds((now - std::mem::replace(noted, now)).as_secs_f64()))?;
        file.write_all(line.as_bytes()).with_context(|| format!("cannot write {}", self.folder.join(PART).display()))
    }

    /// Ends the journal of a run that is complete: the outcomes in order, in a file of their own. That of an interrupted run stays to be
    /// resumed.
    pub(super) fn close(self, trial: &Trial) -> Result<()> {
        if trial.shown.len() < trial.asked {
            return Ok(());
        }
        write_file(&self.folder.join(WHOLE), Outcomes::text(&self.header, trial)?.as_bytes())?;
        let part = self.folder.join(PART);
        std::fs::remove_file(&part).with_context(|| format!("cannot remove {}", part.display()))
    }
}

/// Refuses outcomes of another run; those of another shard are of the same.
pub(super) fn same_run(wanted: &Header, found: &Header) -> Result<()> {
    let (Value::Object(here), Value::Object(there)) = (&wanted.settings, &found.settings) else {
        bail!("expected settings by name");
    };
    for (name, value) in here {
        let other = there.get(name).unwrap_or(&Value::Null);
        if other != value {
            bail!("it is of another run: {name} is {other} there, {value} here");
        }
    }
    if wanted.seed != found.seed {
        bail!("it is of another run: the seed is {} there, {} here", found.seed, wanted.seed);
    }
    if *wanted != (Header { shard: wanted.shard, ..found.clone() }) {
        bail!("it is of another run: presentation times, number of images, version of the program or mapping differ");
    }
    Ok(())
}
