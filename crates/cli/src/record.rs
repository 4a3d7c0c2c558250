//! The record that every command leaves beside its results.

use anyhow::{Context, Result};
use arcmin_eval::record::RECORD_FORMAT;
use arcmin_eval::{InputFile, Record, Score};
use arcmin_scene::SceneConfig;
use std::collections::BTreeMap;
use std::path::Path;

/// The files that a command read, with their checksums.
#[derive(Default)]
pub(crate) struct Inputs(Vec<InputFile>);

impl Inputs {
    /// The files noted so far.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &InputFile> {
        self.0.iter()
    }

    /// Notes a file that was read.
    pub(crate) fn note(&mut self, path: &Path) -> Result<()> {
        let sum = arcmin_job::checksum(path).with_context(|| format!("cannot read {}", path.display()))?;
        let checksum = format!("blake3:{}", sum.blake3);
        self.0.push(InputFile { path: path.display().to_string(), checksum, bytes: sum.bytes });
        Ok(())
    }
}

/// Writes the record of a command that counts what it did: a search, cutouts, a weighing.
pub(crate) fn counted(
    command: &str,
    folder: &Path,
    inputs: Inputs,
    timings: BTreeMap<String, f64>,
    scores: BTreeMap<String, Score>,
) -> Result<()> {
    let record = Record { inputs: inputs.0, timings, scores, ..blank(command, None) };
    Ok(record.write(&folder.join("record.json"))?)
}

/// Writes the record of a reprojection, which measures nothing.
pub(crate) fn reprojected(folder: &Path, inputs: Inputs, timings: BTreeMap<String, f64>) -> Result<()> {
    let record = Record { inputs: inputs.0, timings, ..blank("reproject", None) };
    Ok(record.write(&folder.join("record.json"))?)
}

/// Writes the record of a simulation.
pub(crate) fn simulated(
    folder: &Path,
    config: &SceneConfig,
    inputs: Inputs,
    timings: BTreeMap<String, f64>,
) -> Result<()> {
    let record = Record { inputs: inputs.0, timings, ..blank("simulate", Some(config.seed)) };
    Ok(record.write(&folder.join("record.json"))?)
}

fn blank(command: &str, seed: Option<u64>) -> Record {
    let versions = [("arcmin".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
    Record {
        format: RECORD_FORMAT,
        experiment: command.to_owned(),
        profile: String::new(),
        seed,
        command: std::env::args().collect::<Vec<_>>().join(" "),
        versions: versions.into_iter().collect(),
        device: format!("cpu ({} threads)", rayon::current_num_threads()),
        inputs: Vec::new(),
        timings: BTreeMap::new(),
        scores: BTreeMap::new(),
    }
}
