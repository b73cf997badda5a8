//! A value in a description: a number, a list with one number per neuron, or a distribution to draw from.

use anyhow::{Result, ensure};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use sim::{Distribution, Purpose, StreamKey};
use std::fmt;

/// What stands behind a key such as `i_offset`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Number(f64),
    List(Vec<f64>),
    Drawn(Distribution),
}

/// What a value is of, and where its draws have their address.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quantity {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    /// All randomness of the run.
    pub(super) key: StreamKey,
    /// Address of the quantity among all that are drawn per neuron.
    pub(super) address: u32,
}

/// A distribution table, with PyNN's names.
#[derive(serde::Deserialize)]
#[serde(tag = "distribution", rename_all = "snake_case", deny_unknown_fields)]
enum DistributionTable {
    Uniform { low: f64, high: f64 },
    Normal { mu: f64, sigma: f64 },
    NormalClipped { mu: f64, sigma: f64, low: f64, high: f64 },
    Lognormal { mu: f64, sigma: f64 },
    Exponential { beta: f64 },
}

impl From<DistributionTable> for Distribution {
    fn from(table: DistributionTable) -> Distribution {
        match table {
            DistributionTable::Uniform { low, high } => Distribution::Uniform { low, high },
            DistributionTable::Normal { mu, sigma } => Distribution::Normal { mu, sigma },
            DistributionTable::NormalClipped { mu, sigma, low, high } => {
                Distribution::NormalClipped { mu, sigma, low, high }
            }
            DistributionTable::Lognormal { mu, sigma } => Distribution::Lognormal { mu, sigma },
            DistributionTable::Exponential { beta } => Distribution::Exponential { beta },
        }
    }
}

impl Value {
    /// One number per neuron.
    ///
    /// # Errors
    ///
    /// Refuses lists of another length, and distributions that cannot be drawn from.
    pub(super) fn each(&self, size: usize, quantity: Quantity) -> Result<Vec<f64>> {
        let Quantity { name, unit, key, address } = quantity;
        match self {
            Value::Number(value) => Ok(vec![*value; size]),
            Value::List(values) => {
                ensure!(values.len() == size, "expected {size} values, one per neuron, found {}", values.len());
                Ok(values.clone())
            }
            Value::Drawn(distribution) => {
                distribution.check(name, unit)?;
                let draw = |neuron| distribution.draw(&mut key.stream(address, neuron as u32, Purpose::Parameters));
                Ok((0..size).map(draw).collect())
            }
        }
    }

    /// The distribution of a number per synapse.
    ///
    /// # Errors
    ///
    /// Refuses lists.
    pub(super) fn per_synapse(&self) -> Result<Distribution> {
        match self {
            Value::Number(value) => Ok(Distribution::Constant(*value)),
            Value::Drawn(distribution) => Ok(*distribution),
            Value::List(_) => anyhow::bail!(
                "expected a number or a distribution table, found a list: synapses are listed one by one with the FromListConnector"
            ),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a number, a list of numbers, or a table like { distribution = \"uniform\", low = 0.0, high = 1.0 }",
        )
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, values: A) -> Result<Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(values)).map(Value::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Value, A::Error> {
        DistributionTable::deserialize(MapAccessDeserializer::new(table)).map(|table| Value::Drawn(table.into()))
    }
}
