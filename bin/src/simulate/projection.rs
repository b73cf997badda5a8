//! Projections: from their tables to drawn synapses.

use super::description::{ConnectorName, ProjectionTable, StdpTable};
use anyhow::{Context, Result, bail, ensure};
use sim::{Connector, Distribution, Pre, Projection, Stdp, StreamKey, Synapse, Synapses, Wiring, connect};

/// Most synapses that one projection may be expected to have; so many take several GB.
const MOST_SYNAPSES: f64 = 5e8;

/// The ends of a projection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    pub(super) pre: Pre,
    pub(super) post: usize,
    pub(super) pre_size: usize,
    pub(super) post_size: usize,
}

/// Projection number `index`, drawn.
///
/// # Errors
///
/// Refuses keys that the connector lacks or does not have, and what cannot be drawn; the message names the key.
pub(super) fn projection(table: &ProjectionTable, ends: Ends, index: usize, key: StreamKey) -> Result<Projection> {
    let connector = connector(table)?;
    let Ends { pre, post, pre_size, post_size } = ends;
    let (weights, delays) = if let Connector::FromList(_) = connector {
        (Distribution::Constant(0.0), Distribution::Constant(0.0))
    } else {
        let weight = table.weight.as_ref().context("weight: missing (nA; mV for IF_curr_delta)")?;
        let delay = table.delay.as_ref().context("delay: missing (ms)")?;
        (weight.per_synapse().context("weight")?, delay.per_synapse().context("delay")?)
    };
    // A delay that all synapses share belongs to the projection, and leaves patterns without chance implicit.
    let (delay, delays) = match delays {
        Distribution::Constant(delay) => (delay, Distribution::Constant(0.0)),
        drawn => (0.0, drawn),
    };
    let same = pre == Pre::Population(post);
    let self_connections = !same || table.allow_self_connections.unwrap_or(true);
    let wiring = Wiring { pre: pre_size, post: post_size, weights, delays, self_connections };
    if is_stored(&connector, &wiring, table.stdp.as_ref()) {
        check_size(&connector, pre_size as f64, post_size as f64)?;
    }
    let connector = match (connector, &table.stdp) {
        // Only listed synapses learn, and a probability of one lists them all.
        (Connector::AllToAll, Some(_)) => Connector::FixedProbability(1.0),
        (connector, _) => connector,
    };
    let synapses = connect(&connector, &wiring, key, index as u32)?;
    let projection = Projection::new(pre, post, delay, synapses)?;
    match &table.stdp {
        Some(rule) => projection.with_plasticity(plasticity(rule)).context("stdp"),
        None => Ok(projection),
    }
}

/// Number of synapses.
pub(super) fn synapse_count(synapses: &Synapses) -> usize {
    match synapses {
        Synapses::Sparse(sparse) => sparse.len(),
        // The connectors of a description make no other implicit patterns than all-to-all.
        Synapses::Dense(_) | Synapses::Uniform(_) | Synapses::Convolution(_) | Synapses::Pooling(_) => {
            synapses.pre_size() * synapses.post_size()
        }
    }
}

fn connector(table: &ProjectionTable) -> Result<Connector> {
    use ConnectorName::{AllToAll, FixedNumberPost, FixedNumberPre, FixedProbability, FromList, OneToOne};
    let name = table.connector;
    let belongs = [
        ("p_connect", table.p_connect.is_some(), name == FixedProbability),
        ("n", table.n.is_some(), matches!(name, FixedNumberPre | FixedNumberPost)),
        ("list", table.list.is_some(), name == FromList),
        ("weight", table.weight.is_some(), name != FromList),
        ("delay", table.delay.is_some(), name != FromList),
        ("allow_self_connections", table.allow_self_connections.is_some(), !matches!(name, FromList | OneToOne)),
    ];
    if let Some((key, ..)) = belongs.iter().find(|(_, given, belongs)| *given && !belongs) {
        bail!("{key}: does not belong to the connector {name:?}, which has no such parameter");
    }
    let missing = |key: &str| format!("{key}: missing, the connector {name:?} needs it");
    Ok(match name {
        AllToAll => Connector::AllToAll,
        OneToOne => Connector::OneToOne,
        FixedProbability => {
            Connector::FixedProbability(table.p_connect.with_context(|| missing("p_connect (0 to 1)"))?)
        }
        FixedNumberPre => Connector::FixedNumberPre(table.n.with_context(|| missing("n"))?),
        FixedNumberPost => Connector::FixedNumberPost(table.n.with_context(|| missing("n"))?),
        FromList => {
            let list = table.list.as_ref().with_context(|| missing("list ([[pre, post, weight, delay], ..])"))?;
            let synapse = |&(pre, post, weight, delay): &(u32, u32, f64, f64)| Synapse { pre, post, weight, delay };
            Connector::FromList(list.iter().map(synapse).collect())
        }
    })
}

/// Whether a pattern takes memory for each synapse.
fn is_stored(connector: &Connector, wiring: &Wiring, rule: Option<&StdpTable>) -> bool {
    let constant = matches!((wiring.weights, wiring.delays), (Distribution::Constant(_), Distribution::Constant(_)));
    !(matches!(connector, Connector::AllToAll) && constant && wiring.self_connections && rule.is_none())
}

/// Refuses what would fill the memory before it is drawn.
fn check_size(connector: &Connector, pre: f64, post: f64) -> Result<()> {
    let expected = match connector {
        Connector::AllToAll => pre * post,
        Connector::OneToOne => pre,
        Connector::FixedProbability(p) => p * pre * post,
        Connector::FixedNumberPre(n) => *n as f64 * post,
        Connector::FixedNumberPost(n) => *n as f64 * pre,
        Connector::FromList(list) => list.len() as f64,
    };
    // NaN is left to the connector's own check.
    ensure!(
        !(expected > MOST_SYNAPSES),
        "expected at most {MOST_SYNAPSES:e} synapses, this would make about {expected:.2e}"
    );
    Ok(())
}

fn plasticity(table: &StdpTable) -> Stdp {
    let default = Stdp::default();
    Stdp {
        tau_plus: table.tau_plus.unwrap_or(default.tau_plus),
        tau_minus: table.tau_minus.unwrap_or(default.tau_minus),
        a_plus: table.a_plus.unwrap_or(default.a_plus),
        a_minus: table.a_minus.unwrap_or(default.a_minus),
        w_min: table.w_min.unwrap_or(default.w_min),
        w_max: table.w_max.unwrap_or(default.w_max),
        dendritic_delay_fraction: table.dendritic_delay_fraction.unwrap_or(default.dendritic_delay_fraction),
    }
}
