//! Which neurons are connected: PyNN's connectors, drawn once when a network is built.

use super::{Dense, PerSynapse, Sparse, Synapse, Synapses, Uniform};
use crate::error::{NetworkError, ParameterError};
use crate::random::{Distribution, Purpose, StreamKey};

/// How two populations are connected.
#[derive(Debug, Clone, PartialEq)]
pub enum Connector {
    /// Every neuron onto every neuron.
    #[doc(alias = "AllToAllConnector")]
    AllToAll,
    /// Neuron i onto neuron i.
    #[doc(alias = "OneToOneConnector")]
    OneToOne,
    /// Every pair with this probability.
    #[doc(alias = "FixedProbabilityConnector")]
    FixedProbability(f64),
    /// Every postsynaptic neuron receives so many synapses (fixed in-degree); a pair may be drawn more than once.
    #[doc(alias = "FixedNumberPreConnector")]
    FixedNumberPre(usize),
    /// Every presynaptic neuron has so many synapses (fixed out-degree); a pair may be drawn more than once.
    #[doc(alias = "FixedNumberPostConnector")]
    FixedNumberPost(usize),
    /// These synapses; weights and delays are taken from the list.
    #[doc(alias = "FromListConnector")]
    FromList(Vec<Synapse>),
}

/// What [`connect`] needs to know besides the pattern.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wiring {
    /// Number of presynaptic neurons.
    pub pre: usize,
    /// Number of postsynaptic neurons.
    pub post: usize,
    /// Weights (nA; mV for delta synapses).
    pub weights: Distribution,
    /// Delays (ms).
    pub delays: Distribution,
    /// Whether neuron i may be connected to neuron i, where both sides are the same population.
    pub self_connections: bool,
}

/// Draws the synapses of a projection. The result depends on `key` and `address` (the number of the projection) alone.
///
/// Constant weights and delays are stored once, and patterns without chance are not stored at all.
///
/// # Errors
///
/// Refuses probabilities outside [0, 1], in-degrees without presynaptic neurons, unequal sizes for one-to-one, and
/// weights or delays that are not finite; delays must not be negative.
pub fn connect(connector: &Connector, wiring: &Wiring, key: StreamKey, address: u32) -> Result<Synapses, NetworkError> {
    let Wiring { pre, post, weights, delays, self_connections } = *wiring;
    weights.check("weight", "nA")?;
    delays.check("delay", "ms")?;
    let stream = |neuron: usize| key.stream(address, neuron as u32, Purpose::Connections);
    let allowed = |from: usize, to: usize| self_connections || from != to;
    let rows: Vec<Vec<u32>> = match connector {
        Connector::FromList(list) => return Ok(Synapses::Sparse(Sparse::from_list(pre, post, list)?)),
        Connector::AllToAll => {
            if let (Distribution::Constant(weight), Distribution::Constant(0.0), true) =
                (weights, delays, self_connections)
            {
                return Ok(Synapses::Uniform(Uniform::new(pre, post, weight)?));
            }
            if let (Distribution::Constant(0.0), true) = (delays, self_connections) {
                let values = draw(&weights, pre * post, key, address, Purpose::Weights);
                return Ok(Synapses::Dense(Dense::new(pre, post, values)?));
            }
            (0..pre).map(|i| (0..post).filter(|&j| allowed(i, j)).map(|j| j as u32).collect()).collect()
        }
        Connector::OneToOne => {
            if pre != post {
                let what = "postsynaptic neurons of a one-to-one projection";
                return Err(NetworkError::Length { what, expected: pre, found: post });
            }
            (0..pre).map(|i| vec![i as u32]).collect()
        }
        &Connector::FixedProbability(p) => {
            if !(0.0..=1.0).contains(&p) {
                return Err(ParameterError::NotProbability { found: p }.into());
            }
            (0..pre)
                .map(|i| chosen(p, post, &mut stream(i)).filter(|&j| allowed(i, j)).map(|j| j as u32).collect())
                .collect()
        }
        &Connector::FixedNumberPre(n) => {
            check_partners("presynaptic neurons", pre, n, self_connections)?;
            let mut rows = vec![Vec::new(); pre];
            for j in 0..post {
                let mut stream = stream(j);
                for _ in 0..n {
                    let i = partner(|i| allowed(i, j), || stream.below(pre));
                    rows[i].push(j as u32);
                }
            }
            rows
        }
        &Connector::FixedNumberPost(n) => {
            check_partners("postsynaptic neurons", post, n, self_connections)?;
            let row = |i: usize| {
                let mut stream = stream(i);
                let mut row: Vec<u32> =
                    (0..n).map(|_| partner(|j| allowed(i, j), || stream.below(post)) as u32).collect();
                row.sort_unstable();
                row
            };
            (0..pre).map(row).collect()
        }
    };
    let count = rows.iter().map(Vec::len).sum();
    let per_synapse = |distribution: Distribution, purpose| match distribution {
        Distribution::Constant(value) => PerSynapse::Same(value),
        other => PerSynapse::Each(draw(&other, count, key, address, purpose)),
    };
    let (weights, delays) = (per_synapse(weights, Purpose::Weights), per_synapse(delays, Purpose::Delays));
    Ok(Synapses::Sparse(Sparse::new(post, &rows, weights, delays)?))
}

/// So many independent draws.
fn draw(distribution: &Distribution, count: usize, key: StreamKey, address: u32, purpose: Purpose) -> Vec<f64> {
    let mut stream = key.stream(address, 0, purpose);
    (0..count).map(|_| distribution.draw(&mut stream)).collect()
}

/// Each of `n` numbers with probability p, ascending, at the cost of those chosen: the gaps are geometric.
fn chosen(p: f64, n: usize, stream: &mut crate::random::Stream) -> impl Iterator<Item = usize> {
    let scale = -1.0 / (-p).ln_1p();
    let mut next = 0.0;
    std::iter::from_fn(move || {
        // At p = 1 the scale is zero and nothing is left out; at p = 0 it is infinite.
        next += (stream.exponential() * scale).floor();
        let chosen = next;
        next += 1.0;
        (chosen < n as f64).then_some(chosen as usize)
    })
}

/// Draws until the partner is allowed; at least one is.
fn partner(allowed: impl Fn(usize) -> bool, mut draw: impl FnMut() -> usize) -> usize {
    loop {
        let candidate = draw();
        if allowed(candidate) {
            return candidate;
        }
    }
}

fn check_partners(what: &'static str, count: usize, n: usize, self_connections: bool) -> Result<(), NetworkError> {
    let needed = if self_connections { 1 } else { 2 };
    if n > 0 && count < needed {
        return Err(NetworkError::Length { what, expected: needed, found: count });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: StreamKey = StreamKey { seed: 5, sample: 0 };

    fn sparse(connector: Connector, pre: usize, post: usize, self_connections: bool) -> Sparse {
        let weights = Distribution::Normal { mu: 1.0, sigma: 0.1 };
        let wiring = Wiring { pre, post, weights, delays: Distribution::Constant(1.5), self_connections };
        match connect(&connector, &wiring, KEY, 3).unwrap() {
            Synapses::Sparse(sparse) => sparse,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn degrees_are_what_was_asked_for() {
        let into = sparse(Connector::FixedNumberPre(7), 50, 40, false);
        let mut degrees = [0; 40];
        for synapse in into.synapses() {
            assert_ne!(synapse.pre, synapse.post);
            assert_eq!(synapse.delay, 1.5);
            degrees[synapse.post as usize] += 1;
        }
        assert_eq!(degrees, [7; 40]);
        let out = sparse(Connector::FixedNumberPost(7), 50, 40, true);
        assert!((0..50).all(|pre| out.range(pre).len() == 7));
        assert!((0..50).all(|pre| out.targets()[out.range(pre)].is_sorted()));
    }

    #[test]
    fn probabilities_are_what_was_asked_for() {
        // 400 x 500 pairs at p = 0.1: 20,000 expected with a standard deviation of 134; five of them, false alarm 6e-7.
        let random = sparse(Connector::FixedProbability(0.1), 400, 500, true);
        assert!((random.len() as f64 - 20_000.0).abs() < 5.0 * 134.2, "{}", random.len());
        // The last column is as likely as any: 40 expected, standard deviation 6.
        let last = random.targets().iter().filter(|&&target| target == 499).count();
        assert!((last as f64 - 40.0).abs() < 30.0, "{last}");
        assert_eq!(sparse(Connector::FixedProbability(1.0), 20, 30, true).len(), 600);
        assert_eq!(sparse(Connector::FixedProbability(0.0), 20, 30, true).len(), 0);
        assert_eq!(sparse(Connector::OneToOne, 20, 20, true).targets(), (0..20).collect::<Vec<_>>());
    }

    #[test]
    fn impossible_patterns_are_refused() {
        let constant = Distribution::Constant(1.0);
        let wiring = Wiring { pre: 3, post: 4, weights: constant, delays: constant, self_connections: true };
        for connector in [Connector::OneToOne, Connector::FixedProbability(1.5), Connector::FixedProbability(f64::NAN)]
        {
            assert!(connect(&connector, &wiring, KEY, 0).is_err(), "{connector:?}");
        }
        let none = Wiring { pre: 0, ..wiring };
        assert!(connect(&Connector::FixedNumberPre(1), &none, KEY, 0).is_err());
        let single = Wiring { pre: 1, post: 1, self_connections: false, ..wiring };
        assert!(connect(&Connector::FixedNumberPre(1), &single, KEY, 0).is_err());
        let backwards = Wiring { delays: Distribution::Constant(-1.0), ..wiring };
        assert!(connect(&Connector::AllToAll, &backwards, KEY, 0).is_err());
        let stray = Synapse { pre: 3, post: 0, weight: 1.0, delay: 1.0 };
        assert!(connect(&Connector::FromList(vec![stray]), &wiring, KEY, 0).is_err());
    }
}
