//! A random network: drawn so that what is hard for an engine is common.

use super::membranes::{charged, differing, neuron};
use super::series::peak;
use anyhow::Result;
use sim::{
    CurrentSource, Dense, IfCurrExp, Network, NoisyCurrent, Population, Pre, Projection, Psc, Purpose, Recording,
    Source, Sparse, Spike, Stream, StreamKey, Synapse, Synapses, TimeConstants, Uniform,
};

/// Most neurons of a population, and most spike trains of a source.
const MOST_NEURONS: usize = 12;

/// Times on this grid (ms) coincide. No sum of delays is a difference of two of them, so that the order of a spike and an arrival is never a
/// matter of rounding.
const GRID: f64 = 0.537_18;

/// A network, its input, and its synapses one by one.
pub(super) struct Trial {
    pub(super) network: Network,
    pub(super) sources: Vec<Vec<Spike>>,
    pub(super) wires: Vec<Wires>,
    pub(super) key: StreamKey,
    /// Simulated time (ms).
    pub(super) duration: f64,
}

/// The synapses of a projection.
pub(super) struct Wires {
    pub(super) pre: Pre,
    pub(super) post: usize,
    pub(super) synapses: Vec<Synapse>,
}

/// A stream with the draws that descriptions need.
pub(super) struct Dice(Stream);

impl Dice {
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.uniform()
    }

    /// A number from `low` to `high`, every order of magnitude as likely as the next.
    pub(super) fn scale(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    pub(super) fn whole(&mut self, low: usize, high: usize) -> usize {
        (self.between(low as f64, high as f64 + 1.0) as usize).min(high)
    }

    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.0.uniform() < p
    }

    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.whole(0, choices.len() - 1)]
    }

    fn some_of(&mut self, size: usize) -> Option<Vec<u32>> {
        (!self.chance(0.5)).then(|| (0..size as u32).filter(|_| self.chance(0.5)).collect())
    }

    /// A time up to `end` (ms), on the grid or anywhere.
    fn time(&mut self, end: f64) -> f64 {
        let time = self.between(0.0, end);
        if self.chance(0.4) { (time / GRID).floor() * GRID } else { time }
    }
}

impl Trial {
    /// The network of this address: the same for ever after, but for changes of this file.
    ///
    /// # Errors
    ///
    /// Fails if it draws what the engine refuses, which would be a mistake of this file.
    pub(super) fn draw(key: StreamKey) -> Result<Trial> {
        let mut dice = Dice(key.stream(0, 0, Purpose::Parameters));
        let trial = Trial {
            network: Network::new(),
            sources: Vec::new(),
            wires: Vec::new(),
            key,
            duration: dice.between(50.0, 300.0).round(),
        };
        match dice.0.uniform() {
            u if u < 0.12 => trial.grazing(&mut dice),
            u if u < 0.18 => trial.noisy(&mut dice),
            u if u < 0.33 => trial.rows(&mut dice),
            _ => trial.wired(&mut dice),
        }
    }

    /// Neurons that receive nothing but noise.
    fn noisy(mut self, dice: &mut Dice) -> Result<Trial> {
        let neuron = neuron(dice);
        let size = dice.whole(1, 2 * MOST_NEURONS);
        let rheobase = neuron.rheobase();
        let noise = NoisyCurrent::new(
            rheobase * dice.between(-0.2, 1.5),
            rheobase * dice.between(0.1, 2.0),
            dice.pick(&[0.1, 0.25, 1.0, 5.0, 30.0]),
        );
        let population =
            differing(Population::new(size, neuron)?, dice)?.with_current(CurrentSource::Noisy(noise), None)?;
        let recording = Recording { spikes: true, ..Recording::default() };
        self.network.add_population(population.with_recording(recording)?);
        Ok(self)
    }

    /// Single inputs that reach threshold just so, or miss it by as little.
    fn grazing(mut self, dice: &mut Dice) -> Result<Trial> {
        let psc = dice.pick(&[Psc::Exponential, Psc::Exponential, Psc::Alpha]);
        let mut neuron = neuron(dice);
        neuron.i_offset = neuron.rheobase() * dice.pick(&[0.0, 0.4, 0.9]);
        let size = dice.whole(1, MOST_NEURONS);
        let level = neuron.v_rest + neuron.resistance() * neuron.i_offset;
        let needed = (neuron.v_thresh - level) / peak(&neuron, psc);
        let weights = (0..size).map(|_| {
            let excess = dice.pick(&[-1.0, 1.0]) * dice.scale(1e-13, 1e-2);
            needed * (1.0 + excess)
        });
        let weights: Vec<f64> = weights.collect();
        let mut spikes: Vec<Spike> = (0..size as u32).map(|neuron| Spike { time: dice.time(40.0), neuron }).collect();
        spikes.sort_by(|p, q| p.time.total_cmp(&q.time));
        let source = self.network.add_source(size);
        self.sources.push(spikes);
        let recording = self.recording(dice);
        let population = Population::new(size, neuron)?.with_psc(psc).with_v_init(level)?.with_recording(recording)?;
        let post = self.network.add_population(population);
        let synapse = |i: u32| Synapse { pre: i, post: i, weight: weights[i as usize], delay: 0.0 };
        let mut synapses: Vec<Synapse> = (0..size as u32).map(synapse).collect();
        let dense = dice.chance(0.5);
        if dense {
            let all = (0..size * size).map(|k| (k / size, k % size));
            synapses = all
                .map(|(i, j)| Synapse {
                    pre: i as u32,
                    post: j as u32,
                    weight: if i == j { weights[i] } else { 0.0 },
                    delay: 0.0,
                })
                .collect();
        }
        self.wire(source, post, synapses, size, size, dense)?;
        Ok(self)
    }

    /// A chain of populations with one synaptic time constant below tau_m, each full onto the next: what the engine treats in vectors.
    fn rows(mut self, dice: &mut Dice) -> Result<Trial> {
        let sizes: Vec<usize> = (0..dice.whole(2, 4)).map(|_| dice.whole(1, 2 * MOST_NEURONS)).collect();
        let mut pre = self.network.add_source(sizes[0]);
        let spikes = self.trains(sizes[0], dice);
        let mut share = spikes.len() as f64 * 5.0 / self.duration;
        self.sources.push(spikes);
        for pair in sizes.windows(2) {
            let [from, to] = [pair[0], pair[1]];
            let mut neuron = neuron(dice);
            neuron.tau_syn_e = neuron.tau_m / dice.pick(&[1.5, 2.0, 3.3, 4.0, 10.0, 25.0]);
            neuron.tau_syn_i = neuron.tau_syn_e;
            let population = differing(Population::new(to, neuron)?, dice)?;
            let recording = Recording { synaptic_currents: false, ..self.recording(dice) };
            let post = self.network.add_population(population.with_recording(recording)?);
            let full = (neuron.v_thresh - neuron.v_rest.max(neuron.v_reset)) / charged(&neuron, Psc::Exponential);
            let strength = dice.between(0.3, 4.0) * full / share.max(1.0);
            let inhibition = dice.pick(&[0.0, 0.3, 0.5]);
            let delay = dice.pick(&[0.0, 0.0, 1.0, 2.7]);
            let own = dice.chance(0.8);
            let weight = |dice: &mut Dice| match own {
                true if dice.chance(inhibition) => -strength * dice.0.uniform(),
                true => strength * dice.0.uniform(),
                false => strength,
            };
            let pairs = (0..from * to).map(|k| (k / to, k % to));
            let synapses: Vec<Synapse> =
                pairs.map(|(i, j)| Synapse { pre: i as u32, post: j as u32, weight: weight(dice), delay }).collect();
            self.wire(pre, post, synapses, from, to, true)?;
            // All neurons of the chain's next stage hear all of this one.
            share = 2.0 * to as f64;
            pre = Pre::Population(post);
        }
        Ok(self)
    }

    /// Populations and sources, projecting onto each other.
    fn wired(mut self, dice: &mut Dice) -> Result<Trial> {
        let recurrent = dice.chance(0.5);
        let populations = dice.whole(1, 3);
        for _ in 0..dice.whole(1, 2) {
            let size = dice.whole(1, MOST_NEURONS);
            self.network.add_source(size);
            let spikes = self.trains(size, dice);
            self.sources.push(spikes);
        }
        for _ in 0..populations {
            let population = self.population(dice)?;
            self.network.add_population(population);
        }
        for post in 0..populations {
            for source in 0..self.sources.len() {
                if source == 0 || dice.chance(0.3) {
                    self.project(Pre::Source(source), post, recurrent, dice)?;
                }
            }
            for pre in 0..populations {
                let allowed = if recurrent { dice.chance(0.6) } else { pre < post && dice.chance(0.8) };
                if allowed {
                    self.project(Pre::Population(pre), post, recurrent, dice)?;
                }
            }
        }
        Ok(self)
    }

    /// Poisson trains; at times on the grid, so that many arrive together.
    fn trains(&self, size: usize, dice: &mut Dice) -> Vec<Spike> {
        let interval = dice.scale(0.5, 40.0);
        let on_grid = dice.chance(0.4);
        let mut spikes = Vec::new();
        let mut time = if dice.chance(0.2) { 0.0 } else { interval * dice.0.exponential() };
        while time < self.duration {
            let neuron = dice.whole(0, size - 1) as u32;
            spikes.push(Spike { time: if on_grid { (time / GRID).floor() * GRID } else { time }, neuron });
            time += interval * dice.0.exponential();
        }
        spikes
    }

    fn recording(&self, dice: &mut Dice) -> Recording {
        let mut v_at: Vec<f64> = (0..dice.whole(0, 8)).map(|_| dice.time(self.duration)).filter(|&t| t > 0.0).collect();
        v_at.sort_by(f64::total_cmp);
        v_at.push(self.duration);
        Recording { spikes: true, v_at, synaptic_currents: dice.chance(0.4), ..Recording::default() }
    }

    fn population(&self, dice: &mut Dice) -> Result<Population> {
        let neuron = neuron(dice);
        let psc = dice.pick(&[Psc::Exponential, Psc::Exponential, Psc::Alpha, Psc::Delta]);
        let size = dice.whole(1, MOST_NEURONS);
        let mut population = differing(Population::new(size, neuron)?.with_psc(psc), dice)?;
        if dice.chance(0.25) {
            let mut around = |tau: f64| if dice.chance(0.2) { tau } else { tau * dice.scale(0.5, 2.0) };
            let each = (0..size).map(|_| TimeConstants {
                tau_m: around(neuron.tau_m),
                tau_syn_e: around(neuron.tau_syn_e),
                tau_syn_i: around(neuron.tau_syn_i),
            });
            population = population.with_time_constants(each.collect())?;
        }
        let currents = if dice.chance(0.5) { 0 } else { dice.whole(1, 3) };
        for _ in 0..currents {
            let neurons = dice.some_of(size);
            population = population.with_current(self.current(&neuron, dice), neurons)?;
        }
        Ok(population.with_recording(self.recording(dice))?)
    }

    fn current(&self, neuron: &IfCurrExp, dice: &mut Dice) -> CurrentSource {
        let rheobase = neuron.rheobase();
        let amplitude = rheobase * dice.between(-1.0, 2.0);
        let start = if dice.chance(0.3) { 0.0 } else { dice.time(self.duration) };
        let stop = if dice.chance(0.4) { f64::INFINITY } else { start + dice.time(self.duration) };
        match dice.whole(0, 3) {
            0 => CurrentSource::Dc { amplitude, start, stop },
            1 => {
                let mut times: Vec<f64> = (0..dice.whole(1, 6)).map(|_| dice.time(self.duration)).collect();
                times.sort_by(f64::total_cmp);
                let amplitudes = times.iter().map(|_| rheobase * dice.between(-1.0, 2.0)).collect();
                CurrentSource::Step { times, amplitudes }
            }
            2 => CurrentSource::Ac {
                amplitude,
                offset: rheobase * dice.between(-0.5, 1.0),
                frequency: dice.scale(1.0, 300.0),
                phase: dice.between(-180.0, 360.0),
                start,
                stop,
            },
            _ => CurrentSource::Noisy(NoisyCurrent {
                mean: amplitude,
                stdev: rheobase * dice.between(0.0, 1.0),
                dt: dice.pick(&[0.3, 1.0, 2.5, 10.0]),
                start,
                stop,
            }),
        }
    }

    /// Draws a projection: its pattern, weights and delays.
    fn project(&mut self, pre: Pre, post: usize, recurrent: bool, dice: &mut Dice) -> Result<()> {
        let target = &self.network.populations()[post];
        let (neuron, psc) = (*target.neuron(), target.psc());
        let sizes = match pre {
            Pre::Source(source) => [self.network.sources()[source], target.size()],
            Pre::Population(pre) => [self.network.populations()[pre].size(), target.size()],
        };
        let [from, to] = sizes;
        // What one input needs to reach threshold from rest; between populations, what one spike costs when the drive is strong.
        let full = match pre {
            Pre::Source(_) => (neuron.v_thresh - neuron.v_rest) / peak(&neuron, psc),
            Pre::Population(_) => (neuron.v_thresh - neuron.v_rest.max(neuron.v_reset)) / charged(&neuron, psc),
        };
        let strength = match pre {
            Pre::Source(source) => {
                let per_5_ms = 5.0 * self.sources[source].len() as f64 / self.duration;
                let strong = dice.between(0.8, 6.0) / per_5_ms.max(1.0);
                let choices = [strong, dice.between(0.1, 0.8), dice.scale(0.001, 0.1)];
                dice.pick(&choices)
            }
            // Where spikes may multiply, they must not do so without end.
            Pre::Population(_) => {
                let most = match (recurrent, neuron.tau_refrac < 0.5) {
                    (true, true) => 0.25,
                    (true, false) => 1.0,
                    (false, _) => 2.0,
                };
                dice.between(0.1, most) / to as f64
            }
        };
        let inhibition = dice.pick(&[0.0, 0.0, 0.3, 1.0]);
        let own_weights = dice.chance(0.7);
        let sign = |dice: &mut Dice| if dice.chance(inhibition) { -1.0 } else { 1.0 };
        let common = full * strength * sign(dice);
        let own_delays = dice.chance(0.3);
        let delays = [0.1, 0.5, 1.0, 1.5, 4.7, 17.25];
        let delay = if recurrent || dice.chance(0.5) { dice.pick(&delays) } else { 0.0 };
        let (probability, one_to_one) = match dice.whole(0, 3) {
            0 => (dice.between(0.1, 0.9), false),
            1 if from == to => (1.0, true),
            _ => (1.0, false),
        };
        let mut synapses = Vec::new();
        for i in 0..from {
            for j in 0..to {
                if (one_to_one && i != j) || !dice.chance(probability) {
                    continue;
                }
                let weight = if own_weights { full * strength * sign(dice) * dice.between(0.3, 1.5) } else { common };
                let delay = match own_delays {
                    true if dice.chance(0.5) => dice.pick(&delays),
                    true => dice.scale(0.05, 20.0),
                    false => delay,
                };
                synapses.push(Synapse { pre: i as u32, post: j as u32, weight, delay });
            }
        }
        let full_matrix = probability == 1.0 && !one_to_one && !own_delays && dice.chance(0.8);
        self.wire(pre, post, synapses, from, to, full_matrix)
    }

    /// Adds a projection in the most compact of the engine's forms: full matrices without a list.
    fn wire(
        &mut self,
        pre: Pre,
        post: usize,
        synapses: Vec<Synapse>,
        from: usize,
        to: usize,
        full_matrix: bool,
    ) -> Result<()> {
        let weights: Vec<f64> = synapses.iter().map(|synapse| synapse.weight).collect();
        let delay = synapses.first().map_or(0.0, |synapse| synapse.delay);
        let alike = weights.iter().all(|&w| w == weights[0]);
        let projection = if !full_matrix {
            Projection::new(pre, post, 0.0, Synapses::Sparse(Sparse::from_list(from, to, &synapses)?))?
        } else if alike {
            Projection::new(pre, post, delay, Synapses::Uniform(Uniform::new(from, to, weights[0])?))?
        } else {
            Projection::new(pre, post, delay, Synapses::Dense(Dense::new(from, to, weights)?))?
        };
        self.network.add_projection(projection)?;
        self.wires.push(Wires { pre, post, synapses });
        Ok(())
    }

    /// The input in the form that the engine takes.
    pub(super) fn input(&self) -> Vec<Source> {
        self.sources.iter().cloned().map(Source::Spikes).collect()
    }
}
