//! A training as bytes, to be continued to the last bit.
//!
//! ```text
//! byte 0    LIFTRAIN         then the version of the layout, 1, in four bytes
//! byte 12   length           of the header, in eight bytes
//! byte 20   header           JSON: network, settings, epochs so far, rules that wait
//! then      tensors          f32: weights and moving statistics, the optimiser's two memories, the best weights if there are any
//! then      checksum         FNV-1a, 64 bits, of all bytes before
//! ```
//!
//! All numbers are little-endian. The layers themselves are not in the file: a training is continued with the network and the settings
//! that it began with, and the header tells whether they are the same.

use serde::{Deserialize, Serialize};

use crate::error::CheckpointError;
use crate::gradients::Gradients;
use crate::network::Network;
use crate::schedule::Patience;
use crate::training::history::EpochRecord;
use crate::training::settings::TrainingSettings;
use crate::training::state::{Best, TrainingState};

const MAGIC: &[u8; 8] = b"LIFTRAIN";
const VERSION: u32 = 1;
/// Bytes before the header.
const START: usize = 20;
/// Bytes of the checksum.
const END: usize = 8;

#[derive(Serialize, Deserialize)]
struct Header {
    network: Vec<String>,
    settings: String,
    epochs: Vec<EpochRecord>,
    steps: i32,
    plateau_factor: f64,
    plateau: PatienceRecord,
    stopping: PatienceRecord,
    best_epoch: Option<usize>,
}

/// The lowest loss as the bits of its number: it begins as infinity, which JSON does not have.
#[derive(Serialize, Deserialize)]
struct PatienceRecord {
    lowest: u64,
    waited: usize,
}

/// The training after its last finished epoch.
pub fn write(network: &Network<f32>, settings: &TrainingSettings, state: &TrainingState) -> Vec<u8> {
    let record = |patience: Patience| PatienceRecord { lowest: patience.lowest.to_bits(), waited: patience.waited };
    let header = Header {
        network: describe(network),
        settings: describe_settings(settings),
        epochs: state.epochs.clone(),
        steps: state.descent.steps,
        plateau_factor: state.plateau_factor,
        plateau: record(state.plateau),
        stopping: record(state.stopping),
        best_epoch: state.best.as_ref().map(|best| best.epoch),
    };
    // Strings, whole and finite numbers: nothing that JSON could refuse.
    let header = serde_json::to_vec(&header).unwrap_or_default();
    let mut bytes = MAGIC.to_vec();
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend((header.len() as u64).to_le_bytes());
    bytes.extend(header);
    let own = network.state();
    let memory = state.descent.first.tensors().iter().chain(state.descent.second.tensors());
    let best = state.best.iter().flat_map(|best| &best.tensors);
    for tensor in own.iter().chain(memory).chain(best) {
        bytes.extend(tensor.iter().flat_map(|value| value.to_le_bytes()));
    }
    let sum = checksum(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// Puts the weights of a checkpoint into `network`, which has to have the layers that it was written with, and gives the rest of the
/// training's state. The number of epochs in `settings` may be another one, all else not.
///
/// # Errors
/// If the bytes are damaged or no checkpoint, or of another network or other settings; `network` is then as it was.
pub fn read(
    bytes: &[u8],
    network: &mut Network<f32>,
    settings: &TrainingSettings,
) -> Result<TrainingState, CheckpointError> {
    let (header, payload) = parse(bytes)?;
    let own = describe(network);
    if let Some(layer) = (0..own.len().max(header.network.len())).find(|&at| own.get(at) != header.network.get(at)) {
        let text = |layers: &[String]| layers.get(layer).map_or_else(|| "none".to_owned(), Clone::clone);
        return Err(CheckpointError::Network { layer, expected: text(&header.network), found: text(&own) });
    }
    let found = describe_settings(settings);
    if found != header.settings {
        return Err(CheckpointError::Settings { expected: header.settings, found });
    }
    let mut state = TrainingState::new(network);
    let mut weights = network.state();
    let mut best = header.best_epoch.map(|epoch| Best { epoch, tensors: weights.clone() });
    let expected: usize = {
        let all = |tensors: &[Vec<f32>]| tensors.iter().map(Vec::len).sum::<usize>();
        let memory = |gradients: &Gradients<f32>| all(gradients.tensors());
        let kept = all(&weights);
        kept + 2 * memory(&state.descent.first) + best.as_ref().map_or(0, |_| kept)
    };
    if payload.len() != 4 * expected {
        return Err(CheckpointError::Length { expected: 4 * expected as u64, found: payload.len() as u64 });
    }
    let mut values = payload.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes));
    let memory = state.descent.first.tensors_mut().iter_mut().chain(state.descent.second.tensors_mut());
    let best_tensors = best.iter_mut().flat_map(|best| &mut best.tensors);
    for tensor in weights.iter_mut().chain(memory).chain(best_tensors) {
        for (value, read) in tensor.iter_mut().zip(&mut values) {
            *value = read;
        }
    }
    network.restore(&weights);
    let patience = |record: PatienceRecord| Patience { lowest: f64::from_bits(record.lowest), waited: record.waited };
    state.descent.steps = header.steps;
    state.plateau_factor = header.plateau_factor;
    state.plateau = patience(header.plateau);
    state.stopping = patience(header.stopping);
    state.best = best;
    state.epochs = header.epochs;
    Ok(state)
}

/// The header, and the bytes of the tensors.
fn parse(bytes: &[u8]) -> Result<(Header, &[u8]), CheckpointError> {
    if !bytes.starts_with(&MAGIC[..bytes.len().min(8)]) || bytes.is_empty() {
        return Err(CheckpointError::Foreign);
    }
    let short = |expected| CheckpointError::Length { expected: expected as u64, found: bytes.len() as u64 };
    let (Some(&version), Some(&length)) =
        (bytes.get(8..).and_then(<[u8]>::first_chunk::<4>), bytes.get(12..).and_then(<[u8]>::first_chunk::<8>))
    else {
        return Err(short(START));
    };
    let version = u32::from_le_bytes(version);
    if version != VERSION {
        return Err(CheckpointError::Version { expected: VERSION, found: version });
    }
    let Some((content, sum)) = bytes.split_last_chunk::<END>() else { return Err(short(START + END)) };
    if checksum(content) != u64::from_le_bytes(*sum) {
        return Err(CheckpointError::Damaged);
    }
    let length = usize::try_from(u64::from_le_bytes(length)).ok();
    let parts = length.and_then(|length| content.get(START..)?.split_at_checked(length));
    let Some((header, payload)) = parts else { return Err(CheckpointError::Damaged) };
    match serde_json::from_slice(header) {
        Ok(header) => Ok((header, payload)),
        Err(_) => Err(CheckpointError::Damaged),
    }
}

/// One line per layer: what it is, where its inputs come from, its outputs and parameters.
fn describe(network: &Network<f32>) -> Vec<String> {
    let line = |(index, layer): (usize, &crate::layer::Layer<f32>)| {
        let lengths: Vec<usize> = layer.parameters().iter().map(|tensor| tensor.len()).collect();
        format!(
            "{} {} of {:?} to {}, parameters {lengths:?}",
            layer.kind(),
            layer.activation(),
            network.origins(index),
            network.output_shape(index)
        )
    };
    network.layers().iter().enumerate().map(line).collect()
}

/// The settings but for the number of epochs.
fn describe_settings(settings: &TrainingSettings) -> String {
    format!("{:?}", TrainingSettings { epochs: 0, ..settings.clone() })
}

fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
