//! Weight files: safetensors with the names and layouts of a PyTorch `state_dict`.
//!
//! Kernels are `[co, ci, kh, kw]`, those of transposed convolutions `[ci, co, kh, kw]`, matrices `[out, in]`; batch
//! normalisations have `weight`, `bias`, `running_mean` and `running_var`. `torch.save`d dictionaries become such files by
//! `safetensors.torch.save_file(model.state_dict(), path)`, and ours open with `load_state_dict(load_file(path),
//! strict=False)`, where only the counters `num_batches_tracked` are missing.

use crate::tensor_file::{self, Entry};
use crate::{Error, Parameters, Result, file};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A kind of weight file: trained networks of one method, with what is known of each as a JSON object.
///
/// Its key `format` tells the form of that object, its key `trained` how the training went; null before the end of it.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What such a file holds, as "a cutout classifier".
    pub of: &'static str,
    /// The form that this program reads and writes.
    pub format: u32,
    /// The command that writes such files.
    pub command: &'static str,
}

impl Kind {
    /// What is known of a network, from what a file holds; `path` is what errors name.
    ///
    /// # Errors
    /// When the bytes are cut short or foreign, of another kind or form, or of a training that has not ended.
    pub fn about<A: DeserializeOwned>(&self, bytes: &[u8], path: &Path) -> Result<A> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
            trained: Option<IgnoredAny>,
        }
        let line = tensor_file::parse(bytes, path)?.1.ok_or_else(|| self.foreign(path, "it has none"))?;
        let head: Head = serde_json::from_str(&line).map_err(|e| self.foreign(path, e))?;
        if head.format != self.format {
            let reason = format!("form {}, this program reads form {}", head.format, self.format);
            return Err(self.foreign(path, reason));
        }
        head.trained.ok_or_else(|| self.foreign(path, "its training has not ended"))?;
        serde_json::from_str(&line).map_err(|e| self.foreign(path, e))
    }

    fn foreign(&self, path: &Path, reason: impl ToString) -> Error {
        let Self { of, command, .. } = *self;
        Error::ForeignWeights { path: path.to_owned(), of, reason: reason.to_string(), command }
    }
}

/// Writes all tensors of a network and one line about it, such as its configuration; the file appears whole or not at all.
///
/// # Errors
/// When the file cannot be written.
pub fn save(path: &Path, parameters: &Parameters, about: &str) -> Result<()> {
    tensor_file::write(path, &entries(parameters)?, about)
}

/// Fills a network from a file, and tells the line that [`save`] wrote, if it did. Nothing is changed on an error.
///
/// # Errors
/// When the file is missing, cut short or foreign, when names or shapes are not the network's, or a value is not finite.
pub fn load(path: &Path, parameters: &Parameters) -> Result<Option<String>> {
    load_bytes(&file::read(path)?, path, parameters)
}

/// The same from what such a file holds, for weights inside a program; `path` is what errors name.
///
/// # Errors
/// As [`load`].
pub fn load_bytes(bytes: &[u8], path: &Path, parameters: &Parameters) -> Result<Option<String>> {
    let (entries, about) = tensor_file::parse(bytes, path)?;
    check_names(path, &entries, parameters)?;
    fill(path, &entries, parameters)?;
    Ok(about)
}

/// All tensors by name, in files' layout.
pub(crate) fn entries(parameters: &Parameters) -> Result<BTreeMap<String, Entry>> {
    parameters.iter().map(|parameter| Ok((parameter.name().to_owned(), Entry::of_parameter(parameter)?))).collect()
}

fn check_names(path: &Path, entries: &BTreeMap<String, Entry>, parameters: &Parameters) -> Result<()> {
    let needed: BTreeSet<&str> = parameters.iter().map(|parameter| parameter.name()).collect();
    let found: BTreeSet<&str> = entries.keys().map(String::as_str).collect();
    let names = |names: Vec<&&str>| names.into_iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    let missing = names(needed.difference(&found).collect());
    let unexpected = names(found.difference(&needed).collect());
    if missing.is_empty() && unexpected.is_empty() {
        return Ok(());
    }
    Err(Error::WeightNames { path: path.to_owned(), missing, unexpected })
}

/// Sets every parameter from the entry of its name, after all of them were checked.
pub(crate) fn fill(path: &Path, entries: &BTreeMap<String, Entry>, parameters: &Parameters) -> Result<()> {
    let mut values = Vec::new();
    for parameter in parameters.iter() {
        let name = parameter.name().to_owned();
        let Some(entry) = entries.get(&name) else {
            return Err(Error::WeightNames { path: path.to_owned(), missing: vec![name], unexpected: Vec::new() });
        };
        let expected = file_shape(parameter);
        if entry.shape != expected {
            return Err(Error::WeightShape { path: path.to_owned(), name, expected, got: entry.shape.clone() });
        }
        let count = entry.values.iter().filter(|value| !value.is_finite()).count();
        if count > 0 {
            return Err(Error::WeightNonFinite { path: path.to_owned(), name, count });
        }
        values.push(entry.to_tensor(parameter)?);
    }
    parameters.iter().zip(&values).try_for_each(|(parameter, value)| parameter.set(value))
}

/// A parameter's shape in files.
fn file_shape(parameter: &crate::Parameter) -> Vec<usize> {
    let shape = parameter.tensor().dims().to_vec();
    match parameter.role().axes_in_file() {
        Some(axes) => axes.iter().map(|&axis| shape[axis]).collect(),
        None => shape,
    }
}
