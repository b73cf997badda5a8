//! Integrate-and-fire neurons at work: all steps of a layer at once.

use super::{IntegrateLink, IntegrateNetwork, IntegrateStage};
use crate::error::{ConversionError, check_images, check_numbers, positive};
use crate::gate;
use crate::plan::{Train, TrainId, TrainOrigin};
use crate::presentation::{Decision, Done, Outcome, greatest_class};
use crate::read_out::ReadOut;
use ann::{MaxPool2d, Samples, Shape};
use rayon::prelude::*;

/// Spikes of a train in all steps, or one input that stays.
enum Activity {
    Constant(Vec<f32>),
    Steps(Vec<f32>),
}

impl IntegrateNetwork {
    /// Presents every image as constant input, in parallel, and decides after each of the given numbers of steps (ascending).
    ///
    /// As [`crate::present`], with decisions after each of these numbers of steps.
    ///
    /// # Errors
    ///
    /// Refuses images of another size than the network takes, and lists of steps that are empty or do not ascend.
    pub fn present(
        &self,
        samples: Samples<'_>,
        images: &[usize],
        steps: &[usize],
        done: &Done<'_>,
    ) -> Result<Vec<Option<Outcome>>, ConversionError> {
        let units = self.input.units();
        check_images(samples, self.input, "a presentation")?;
        check_numbers(images, samples.len())?;
        let ascending = steps.is_sorted();
        let last = steps.last().map_or(f64::NAN, |&steps| if ascending { steps as f64 } else { f64::NAN });
        positive("number of steps, in ascending order", "1 ms each", last)?;
        let stopped = std::sync::atomic::AtomicBool::new(false);
        let outcomes = images.par_iter().map(|&image| {
            if stopped.load(std::sync::atomic::Ordering::Relaxed) {
                return None;
            }
            let outcome = self.outcome(&samples.pixels[image * units..(image + 1) * units], steps);
            if done(image, &outcome).is_break() {
                stopped.store(true, std::sync::atomic::Ordering::Relaxed);
            }
            Some(outcome)
        });
        Ok(outcomes.collect())
    }

    fn outcome(&self, pixels: &[u8], steps: &[usize]) -> Outcome {
        let count = steps.last().copied().unwrap_or(0);
        let pixel = self.full_scale / 255.0;
        let image = pixels.iter().map(|&value| (f64::from(value) * pixel) as f32).collect();
        let mut activities: Vec<Option<Activity>> = self.trains.iter().map(|_| None).collect();
        activities[0] = Some(Activity::Constant(image));
        let mut outcome = Outcome::default();
        for stage in &self.stages {
            for link in &stage.links {
                self.make(link.train, &mut activities, count);
            }
            let drive = stage.drive(&activities, count);
            outcome.synaptic_events += stage.events(&activities, count);
            let units = stage.layer.shape.units();
            let [positive, negative] = stage.trains;
            if let Some(positive) = positive {
                let signed = if stage.layer.is_signed { Some(vec![0.0; drive.len()]) } else { None };
                let (spikes, opposite, fired) = fire(drive, units, self.settings.v_init as f32, signed);
                outcome.layer_spikes.push(fired);
                activities[positive] = Some(Activity::Steps(spikes));
                if let (Some(negative), Some(opposite)) = (negative, opposite) {
                    activities[negative] = Some(Activity::Steps(opposite));
                }
            } else {
                let (decisions, fired) = self.read_out(drive, units, steps);
                outcome.layer_spikes.push(fired);
                outcome.decisions = decisions;
            }
        }
        outcome.spikes = outcome.layer_spikes.iter().sum();
        outcome
    }

    /// Decisions after the given numbers of steps, and spikes of the outputs.
    fn read_out(&self, drive: Vec<f32>, units: usize, steps: &[usize]) -> (Vec<Decision>, u64) {
        let (values, fired) = match self.settings.read_out {
            ReadOut::Potential => (drive, 0),
            ReadOut::Count | ReadOut::FirstSpike => {
                let (spikes, _, fired) = fire(drive, units, self.settings.v_init as f32, None);
                (spikes, fired)
            }
        };
        let mut sums = vec![0.0_f32; units];
        let mut rows = values.chunks_exact(units);
        let mut past = 0;
        let decide = |&until: &usize| {
            for row in rows.by_ref().take(until - past) {
                // Once an output has fired, nothing more counts.
                if self.settings.read_out == ReadOut::FirstSpike && sums.iter().any(|&sum| sum > 0.0) {
                    break;
                }
                sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
            }
            past = until;
            let silent = self.settings.read_out != ReadOut::Potential && sums.iter().all(|&sum| sum == 0.0);
            if silent { Decision::Silent } else { greatest_class(&sums) }
        };
        (steps.iter().map(decide).collect(), fired)
    }

    /// Makes the spikes of a train that chooses or joins those of others.
    fn make(&self, train: TrainId, activities: &mut [Option<Activity>], count: usize) {
        if activities[train].is_some() {
            return;
        }
        let Train { origin, shape, .. } = &self.trains[train];
        let made = match origin {
            TrainOrigin::Input | TrainOrigin::Neurons { .. } => return,
            &TrainOrigin::Greatest { of, pool, input: from } => {
                self.make(of, activities, count);
                match &activities[of] {
                    Some(Activity::Constant(values)) => {
                        Activity::Constant(gate::greatest_values(values, pool, from, *shape))
                    }
                    Some(Activity::Steps(spikes)) => Activity::Steps(greatest_steps(spikes, pool, from, *shape)),
                    None => return,
                }
            }
            TrainOrigin::Together(parts) => {
                parts.iter().for_each(|&(part, _)| self.make(part, activities, count));
                let mut joined = vec![0.0; count * shape.units()];
                let mut before = 0;
                for &(part, Shape { channels, .. }) in parts {
                    let cells = joined.chunks_exact_mut(shape.channels);
                    match &activities[part] {
                        Some(Activity::Steps(spikes)) => {
                            for (cell, own) in cells.zip(spikes.chunks_exact(channels)) {
                                cell[before..before + channels].copy_from_slice(own);
                            }
                        }
                        Some(Activity::Constant(values)) => {
                            for (cell, own) in cells.zip(values.chunks_exact(channels).cycle()) {
                                cell[before..before + channels].copy_from_slice(own);
                            }
                        }
                        None => {}
                    }
                    before += channels;
                }
                Activity::Steps(joined)
            }
        };
        activities[train] = Some(made);
    }
}

impl IntegrateStage {
    /// What arrives at each unit in each of `count` steps.
    fn drive(&self, activities: &[Option<Activity>], count: usize) -> Vec<f32> {
        let units = self.layer.shape.units();
        let add = |sums: &mut [f32], values: &[f32]| sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        // The same in all steps.
        let mut constant = if self.bias.is_empty() { vec![0.0; units] } else { self.bias.clone() };
        let mut drive = Vec::new();
        for link in &self.links {
            match &activities[link.train] {
                Some(Activity::Constant(values)) => add(&mut constant, &link.map.apply(values, 1)),
                Some(Activity::Steps(spikes)) if drive.is_empty() => drive = link.map.apply(spikes, count),
                Some(Activity::Steps(spikes)) => add(&mut drive, &link.map.apply(spikes, count)),
                None => {}
            }
        }
        if drive.is_empty() {
            return constant.repeat(count);
        }
        if constant.iter().any(|&value| value != 0.0) {
            drive.chunks_exact_mut(units).for_each(|step| add(step, &constant));
        }
        drive
    }

    /// Arrivals of spikes; constant input is none, unless it has been joined with spikes.
    fn events(&self, activities: &[Option<Activity>], count: usize) -> u64 {
        let of = |link: &IntegrateLink| {
            let Some(Activity::Steps(spikes)) = &activities[link.train] else { return 0.0 };
            let mut counts = vec![0.0; spikes.len() / count.max(1)];
            for step in spikes.chunks_exact(counts.len().max(1)) {
                counts.iter_mut().zip(step).for_each(|(sum, spike)| *sum += spike);
            }
            link.synapses.apply(&counts, 1).into_iter().map(f64::from).sum::<f64>()
        };
        self.links.iter().map(of).sum::<f64>() as u64
    }
}

/// Turns what arrives into spikes, step by step; with `opposite`, low potentials make negative ones. Also their number.
fn fire(
    mut drive: Vec<f32>,
    units: usize,
    v_init: f32,
    mut opposite: Option<Vec<f32>>,
) -> (Vec<f32>, Option<Vec<f32>>, u64) {
    // A signed neuron begins at zero and fires at half a threshold either way, and so rounds to the nearest as well.
    let start = if opposite.is_some() { 0.0 } else { v_init };
    let mut potential = vec![start; units];
    let mut fired = 0;
    for (step, row) in drive.chunks_exact_mut(units).enumerate() {
        let mut sum = 0_u32;
        if let Some(opposite) = &mut opposite {
            let opposite = &mut opposite[step * units..(step + 1) * units];
            for ((value, v), opposite) in row.iter_mut().zip(&mut potential).zip(opposite) {
                *v += *value;
                *value = if *v >= 0.5 { 1.0 } else { 0.0 };
                *opposite = if *v <= -0.5 { 1.0 } else { 0.0 };
                *v -= *value - *opposite;
                sum += u32::from(*value != 0.0 || *opposite != 0.0);
            }
        } else {
            for (value, v) in row.iter_mut().zip(&mut potential) {
                *v += *value;
                let fires = *v >= 1.0;
                *value = if fires { 1.0 } else { 0.0 };
                *v -= *value;
                sum += u32::from(fires);
            }
        }
        fired += u64::from(sum);
    }
    (drive, opposite, fired)
}

/// As [`gate::greatest`], step by step.
fn greatest_steps(spikes: &[f32], pool: MaxPool2d, input: Shape, output: Shape) -> Vec<f32> {
    let mut counts = vec![0.0; input.units()];
    let mut most = vec![0.0; output.units()];
    let mut passed = Vec::with_capacity(spikes.len() / input.units() * output.units());
    for step in spikes.chunks_exact(input.units()) {
        counts.iter_mut().zip(step).for_each(|(count, spike)| *count += spike);
        let now = gate::greatest_values(&counts, pool, input, output);
        passed.extend(now.iter().zip(&most).map(|(now, most)| now - most));
        most = now;
    }
    passed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spikes after `T` steps of constant drive: what has arrived, rounded to the nearest, at most one per step.
    #[test]
    fn counts_are_rounded_sums() {
        let drives = [0.0, 0.013, 0.25, 0.5, 0.77, 1.0, 1.9, -0.4];
        for steps in [1, 7, 64] {
            let (spikes, _, _) = fire(drives.repeat(steps), drives.len(), 0.5, None);
            for (unit, drive) in drives.iter().enumerate() {
                let count: f32 = spikes.chunks_exact(drives.len()).map(|step| step[unit]).sum();
                let exact = drive.clamp(0.0, 1.0) * steps as f32;
                assert!((count - exact).abs() <= 0.5 + 1e-4, "{count} spikes for {exact}");
            }
            let (positive, negative, fired) =
                fire(drives.repeat(steps), drives.len(), 0.5, Some(vec![0.0; drives.len() * steps]));
            let negative = negative.unwrap();
            assert_eq!(fired as f32, positive.iter().chain(&negative).sum::<f32>());
            for (unit, drive) in drives.iter().enumerate() {
                let of = |spikes: &[f32]| spikes.chunks_exact(drives.len()).map(|step| step[unit]).sum::<f32>();
                let exact = drive.clamp(-1.0, 1.0) * steps as f32;
                assert!((of(&positive) - of(&negative) - exact).abs() <= 0.5 + 1e-4, "{exact}");
            }
        }
    }
}
