//! Synapses listed one by one: which target, which weight, which delay.

use crate::error::{NetworkError, finite, not_negative};

/// One synapse of a list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Synapse {
    /// Presynaptic neuron.
    pub pre: u32,
    /// Postsynaptic neuron.
    pub post: u32,
    /// Weight (nA; mV for delta synapses).
    pub weight: f64,
    /// Delay (ms).
    pub delay: f64,
}

/// One number for all synapses, or one for each in order of presynaptic, then postsynaptic neuron.
#[derive(Debug, Clone, PartialEq)]
pub enum PerSynapse {
    /// The same for all.
    Same(f64),
    /// One each.
    Each(Vec<f64>),
}

/// Compressed rows: the targets of each presynaptic neuron. 4 bytes per synapse, and 8 more for weights or delays that differ.
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "FromListConnector")]
pub struct Sparse {
    post: usize,
    /// Where the row of each presynaptic neuron begins; one more entry at the end.
    starts: Vec<u32>,
    targets: Vec<u32>,
    weights: PerSynapse,
    delays: PerSynapse,
}

impl PerSynapse {
    /// The number of synapse `index`.
    #[inline]
    pub(crate) fn at(&self, index: usize) -> f64 {
        match self {
            PerSynapse::Same(value) => *value,
            PerSynapse::Each(values) => values[index],
        }
    }

    /// The smallest and the largest; infinite and zero for an empty list.
    pub(crate) fn range(&self) -> (f64, f64) {
        match self {
            PerSynapse::Same(value) => (*value, *value),
            PerSynapse::Each(values) => {
                values.iter().fold((f64::INFINITY, 0.0), |(low, high), &value| (low.min(value), high.max(value)))
            }
        }
    }

    /// One number where all are equal.
    fn simplified(self) -> PerSynapse {
        match self {
            PerSynapse::Each(values) if values.windows(2).all(|pair| pair[0] == pair[1]) && !values.is_empty() => {
                PerSynapse::Same(values[0])
            }
            other => other,
        }
    }
}

impl Sparse {
    /// Rows of targets, one per presynaptic neuron, each ascending, with weights and delays in the same order.
    ///
    /// # Errors
    ///
    /// Targets must be smaller than `post`; weights must be finite, delays finite and zero or more, and there must be one per synapse.
    pub fn new(
        post: usize,
        rows: &[Vec<u32>],
        weights: PerSynapse,
        delays: PerSynapse,
    ) -> Result<Sparse, NetworkError> {
        let mut starts = Vec::with_capacity(rows.len() + 1);
        starts.push(0);
        let count: usize = rows.iter().map(Vec::len).sum();
        if count > u32::MAX as usize {
            return Err(NetworkError::TooManySynapses { found: count, most: u32::MAX as usize });
        }
        let mut targets = Vec::with_capacity(count);
        for row in rows {
            if let Some(&stray) = row.iter().find(|&&target| target as usize >= post) {
                return Err(NetworkError::Missing { what: "postsynaptic neuron", index: stray as usize, count: post });
            }
            targets.extend_from_slice(row);
            starts.push(targets.len() as u32);
        }
        for (what, values) in [("weights", &weights), ("delays", &delays)] {
            match values {
                PerSynapse::Each(values) if values.len() != count => {
                    return Err(NetworkError::Length { what, expected: count, found: values.len() });
                }
                PerSynapse::Each(values) => values.iter().try_for_each(|&value| finite(what, "nA or ms", value))?,
                PerSynapse::Same(value) => finite(what, "nA or ms", *value)?,
            }
        }
        if count > 0 {
            not_negative("delay", "ms", delays.range().0)?;
        }
        Ok(Sparse { post, starts, targets, weights: weights.simplified(), delays: delays.simplified() })
    }

    /// Synapses in any order.
    ///
    /// # Errors
    ///
    /// As [`Sparse::new`]; presynaptic neurons must be smaller than `pre`.
    pub fn from_list(pre: usize, post: usize, synapses: &[Synapse]) -> Result<Sparse, NetworkError> {
        if let Some(stray) = synapses.iter().find(|synapse| synapse.pre as usize >= pre) {
            return Err(NetworkError::Missing { what: "presynaptic neuron", index: stray.pre as usize, count: pre });
        }
        let mut sorted = synapses.to_vec();
        // Stable: synapses between the same two neurons stay in their order.
        sorted.sort_by_key(|synapse| (synapse.pre, synapse.post));
        let mut rows = vec![Vec::new(); pre];
        sorted.iter().for_each(|synapse| rows[synapse.pre as usize].push(synapse.post));
        let weights = sorted.iter().map(|synapse| synapse.weight).collect();
        let delays = sorted.iter().map(|synapse| synapse.delay).collect();
        Sparse::new(post, &rows, PerSynapse::Each(weights), PerSynapse::Each(delays))
    }

    /// All synapses, in order of presynaptic, then postsynaptic neuron.
    pub fn synapses(&self) -> impl Iterator<Item = Synapse> + '_ {
        (0..self.pre_size()).flat_map(move |pre| {
            self.range(pre).map(move |index| Synapse {
                pre: pre as u32,
                post: self.targets[index],
                weight: self.weights.at(index),
                delay: self.delays.at(index),
            })
        })
    }

    /// Number of synapses.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    pub(crate) fn pre_size(&self) -> usize {
        self.starts.len() - 1
    }

    pub(crate) fn post_size(&self) -> usize {
        self.post
    }

    pub(crate) fn weights(&self) -> &PerSynapse {
        &self.weights
    }

    pub(crate) fn delays(&self) -> &PerSynapse {
        &self.delays
    }

    pub(crate) fn targets(&self) -> &[u32] {
        &self.targets
    }

    /// The synapses of a presynaptic neuron.
    #[inline]
    pub(crate) fn range(&self, pre: usize) -> std::ops::Range<usize> {
        self.starts[pre] as usize..self.starts[pre + 1] as usize
    }
}
