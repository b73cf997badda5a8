//! Spikes in HDF5, laid out after the SONATA specification.
//!
//! `/spikes/<population>/timestamps` (f64, attribute `units`) and `/spikes/<population>/node_ids` (u64); the group has the
//! attribute `sorting`, an enumeration (libsonata refuses a string), and the root has `magic` and `version`.

use crate::output::Provenance;
use anyhow::{Context, Result};
use hdf5_writer::{AttributeBuilder, ByteOrder, DatasetBuilder, Datatype, EnumMember, Hdf5Builder, WriteOptions};
use sim::Spike;

/// Identifies SONATA files.
const MAGIC: u32 = 0x0A7A;

/// Version of the specification: major, minor.
const VERSION: [u32; 2] = [0, 1];

/// The orders that spikes may have, by their number.
const SORTING: [&str; 3] = ["none", "by_id", "by_time"];

/// The bytes of a file with the spikes (in order of time) of these populations.
///
/// # Errors
///
/// Fails only for data that HDF5 cannot hold.
pub(crate) fn encode(trains: &[(&str, &[Spike])], made: &Provenance) -> Result<Vec<u8>> {
    build(trains, made)
        .and_then(|builder| {
            let plan = builder.into_plan()?;
            Ok(plan.encode(WriteOptions::default())?)
        })
        .context("cannot express the spikes in HDF5")
}

fn build(trains: &[(&str, &[Spike])], made: &Provenance) -> Result<Hdf5Builder> {
    let mut builder = Hdf5Builder::new()
        .attribute(AttributeBuilder::scalar("magic", MAGIC)?)
        .attribute(AttributeBuilder::vector("version", &VERSION)?)
        .attribute(AttributeBuilder::fixed_string("lif_provenance", serde_json::to_string(made)?));
    for (name, spikes) in trains {
        let group = format!("spikes/{name}");
        let shape = vec![spikes.len() as u64];
        let times: Vec<f64> = spikes.iter().map(|spike| spike.time).collect();
        let neurons: Vec<u64> = spikes.iter().map(|spike| u64::from(spike.neuron)).collect();
        let timestamps = DatasetBuilder::typed_data(format!("{group}/timestamps"), shape.clone(), &times)?;
        builder = builder
            .dataset(timestamps.attribute(AttributeBuilder::fixed_string("units", "ms")))
            .dataset(DatasetBuilder::typed_data(format!("{group}/node_ids"), shape, &neurons)?)
            .group_attribute(&group, sorting("by_time"));
    }
    Ok(builder)
}

fn sorting(order: &str) -> AttributeBuilder {
    let base = Box::new(Datatype::FixedPoint { size: 1, signed: false, byte_order: ByteOrder::LittleEndian });
    let members: Vec<EnumMember> =
        (0u8..).zip(SORTING).map(|(value, name)| EnumMember { name: name.to_owned(), value: vec![value] }).collect();
    let value = members.iter().filter(|member| member.name == order).flat_map(|member| member.value.clone());
    let value: Vec<u8> = value.collect();
    AttributeBuilder::new("sorting", Datatype::Enum { base, members }, Vec::new(), value)
}
