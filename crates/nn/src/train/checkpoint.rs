//! Checkpoints: one safetensors file that holds weights, the best weights so far, the optimiser's memory, and, in its
//! metadata, the configuration and where the training stands.
//!
//! Tensors are named `weights.NAME`, `best.NAME` and `slot0.NAME`, `slot1.NAME`. One file, so that it is whole or not there.

use super::state::State;
use crate::optimise::{Optimiser, Slots};
use crate::tensor_file::{self, Entry};
use crate::{Error, Parameters, Result, weights};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;

/// Version of the file's layout (docs/weights.md).
const FORMAT: u32 = 1;

/// What the metadata holds.
#[derive(Serialize, Deserialize)]
struct About {
    format: u32,
    config_hash: String,
    config: Json,
    state: State,
    optimiser_steps: u64,
}

/// Hash of a configuration: blake3 of its JSON, whose keys are sorted.
fn hash(config: &Json) -> String {
    blake3::hash(config.to_string().as_bytes()).to_hex().to_string()
}

/// Weights of the best epoch by name, in files' layout; empty before the first validation.
pub(super) type BestWeights = BTreeMap<String, Entry>;

/// Writes a checkpoint.
pub(super) fn write(
    path: &Path,
    config: &Json,
    state: &State,
    parameters: &Parameters,
    optimiser: &Optimiser,
    best: &BestWeights,
) -> Result<()> {
    let about = About {
        format: FORMAT,
        config_hash: hash(config),
        config: config.clone(),
        state: state.clone(),
        optimiser_steps: optimiser.n_steps(),
    };
    let about = serde_json::to_string(&about).expect("plain structs with string keys");
    let mut entries: BTreeMap<String, Entry> =
        weights::entries(parameters)?.into_iter().map(|(name, entry)| (format!("weights.{name}"), entry)).collect();
    for (name, entry) in best {
        let copy = Entry { shape: entry.shape.clone(), values: entry.values.clone() };
        entries.insert(format!("best.{name}"), copy);
    }
    for (parameter, slots) in parameters.trained().zip(optimiser.slots()?) {
        for (i, slot) in slots.into_iter().enumerate() {
            let entry = Entry { shape: vec![slot.len()], values: slot };
            entries.insert(format!("slot{i}.{}", parameter.name()), entry);
        }
    }
    tensor_file::write(path, &entries, &about)
}

/// Reads a checkpoint into network and optimiser; `None` when there is none.
pub(super) fn read(
    path: &Path,
    config: &Json,
    parameters: &Parameters,
    optimiser: &mut Optimiser,
) -> Result<Option<(State, BestWeights)>> {
    if !path.exists() {
        return Ok(None);
    }
    let broken = |reason: String| Error::Checkpoint { path: path.to_owned(), reason };
    let (mut entries, about) = tensor_file::read(path).map_err(|error| match error {
        Error::WeightFile { reason, .. } => broken(reason),
        error => error,
    })?;
    let about = about.ok_or_else(|| broken("it has no state".to_owned()))?;
    let about: About = serde_json::from_str(&about).map_err(|error| broken(error.to_string()))?;
    if about.format != FORMAT {
        return Err(broken(format!("its format is {}, this program knows {FORMAT}", about.format)));
    }
    if about.config_hash != hash(config) {
        let mut differences = Vec::new();
        compare("", &about.config, config, &mut differences);
        return Err(Error::OtherConfig { path: path.to_owned(), differences });
    }
    let mut part = |prefix: &str| -> BTreeMap<String, Entry> {
        let names: Vec<String> = entries.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
        names
            .into_iter()
            .filter_map(|name| entries.remove(&name).map(|entry| (name[prefix.len()..].to_owned(), entry)))
            .collect()
    };
    let (weights, best) = (part("weights."), part("best."));
    let mut memories = [part("slot0."), part("slot1.")];
    let slots = parameters.trained().map(|parameter| -> Slots {
        memories.iter_mut().filter_map(|slot| slot.remove(parameter.name())).map(|entry| entry.values).collect()
    });
    optimiser.restore(about.optimiser_steps, slots.collect())?;
    weights::fill(path, &weights, parameters)?;
    Ok(Some((about.state, best)))
}

/// One line for each leaf in which two configurations differ.
fn compare(key: &str, checkpoint: &Json, now: &Json, differences: &mut Vec<String>) {
    match (checkpoint, now) {
        (Json::Object(old), Json::Object(new)) => {
            let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
            keys.sort();
            keys.dedup();
            for name in keys {
                let path = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                compare(&path, old.get(name).unwrap_or(&Json::Null), new.get(name).unwrap_or(&Json::Null), differences);
            }
        }
        (old, new) if old != new => differences.push(format!("{key}: checkpoint has {old}, now {new}")),
        _ => {}
    }
}
