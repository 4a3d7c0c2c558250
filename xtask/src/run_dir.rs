//! The folder of a run: made or resumed, never mixed.

use crate::experiment::Config;
use anyhow::{Context, Result, bail};
use arcmin_eval::write_atomic;
use arcmin_job::differences;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// A run's folder whose `config.toml` is known to be the run's own.
pub(crate) struct RunDir(PathBuf);

impl RunDir {
    /// Makes the folder, or takes up one that a run of the very same configuration left.
    ///
    /// A folder of another configuration is refused with the values that differ, so that nothing is mixed or lost.
    pub(crate) fn open(path: &Path, config: &Config) -> Result<Self> {
        let dir = Self(path.to_path_buf());
        std::fs::create_dir_all(path)
            .with_context(|| format!("cannot make {}: choose another folder with --out", path.display()))?;
        let ours = toml::to_string(config).context("the configuration cannot be written as TOML")?;
        match std::fs::read_to_string(dir.config()) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => dir.write("config.toml", ours.as_bytes())?,
            Err(e) => return Err(e).with_context(|| format!("cannot read {}", dir.config().display())),
            Ok(theirs) => {
                let listed = differences(&theirs, &ours, &[]);
                if let Some(listed) = listed.with_context(|| format!("in {}", dir.config().display()))? {
                    bail!(
                        "{} holds a run of another configuration ({listed}): give another --out, or delete that folder",
                        path.display()
                    );
                }
            }
        }
        Ok(dir)
    }

    /// Opens the folder of an earlier run and reads its configuration.
    pub(crate) fn existing(path: &Path) -> Result<(Self, Config)> {
        let dir = Self(path.to_path_buf());
        let text = std::fs::read_to_string(dir.config())
            .with_context(|| format!("{} is no run's folder: it has no readable config.toml", path.display()))?;
        let config = toml::from_str(&text).with_context(|| format!("in {}", dir.config().display()))?;
        Ok((dir, config))
    }

    /// A file of the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes a folder in it unless it is there.
    pub(crate) fn make_folder(&self, name: &str) -> Result<()> {
        let path = self.file(name);
        std::fs::create_dir_all(&path)
            .with_context(|| format!("cannot make {}: choose another folder with --out", path.display()))
    }

    fn config(&self) -> PathBuf {
        self.file("config.toml")
    }

    /// Writes a file under a temporary name and renames it, so that a killed run leaves no half file.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        Ok(write_atomic(&self.file(name), bytes)?)
    }

    /// Writes a value as gzip'd JSON: every number comes back bit for bit, and damage is noticed by the checksum.
    pub(crate) fn write_json_gz<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        let failed = || format!("{name} cannot be written as JSON");
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&serde_json::to_vec(value).with_context(failed)?).with_context(failed)?;
        self.write(name, &encoder.finish().with_context(failed)?)
    }

    /// Reads a value from JSON, gzip'd where the name ends in `.gz`; `None` where the file does not exist.
    pub(crate) fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let path = self.file(name);
        let mut file = match File::open(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let damaged = || format!("{} is not what a run writes: delete it to have it made again", path.display());
        let mut text = Vec::new();
        let read = match name.ends_with(".gz") {
            true => GzDecoder::new(BufReader::new(file)).read_to_end(&mut text),
            false => file.read_to_end(&mut text),
        };
        read.with_context(damaged)?;
        Ok(Some(serde_json::from_slice(&text).with_context(damaged)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(seed: u64) -> Config {
        Config { experiment: "e".into(), profile: "p".into(), seed, settings: toml::Table::new() }
    }

    #[test]
    fn the_same_configuration_resumes_and_another_is_refused_with_the_difference() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        RunDir::open(folder.path(), &config(1)).expect("a new run");
        RunDir::open(folder.path(), &config(1)).expect("resumed");
        let refused = RunDir::open(folder.path(), &config(2)).err().expect("another seed is another run");
        let message = format!("{refused:#}");
        assert!(message.contains("seed is 1 there, 2 here"), "{message}");
    }

    #[test]
    fn packed_values_come_back_bit_for_bit_and_damage_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let dir = RunDir::open(folder.path(), &config(1)).expect("a new run");
        let values: Vec<f64> = vec![0.1, 1.0 / 3.0, 5e-324, -1.7e308, 2.225_073_858_507_201_4e-308];
        dir.write_json_gz("v.json.gz", &values).expect("room");
        let back: Vec<f64> = dir.read_json("v.json.gz").expect("whole").expect("there");
        assert!(back.iter().zip(&values).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert!(dir.read_json::<Vec<f64>>("absent.json.gz").expect("no error").is_none());
        let whole = std::fs::read(dir.file("v.json.gz")).expect("a file");
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 0x10;
        for damaged in [&whole[..whole.len() - 9], &flipped, b"", b"[0.1]"] {
            std::fs::write(dir.file("v.json.gz"), damaged).expect("room");
            let refused = dir.read_json::<Vec<f64>>("v.json.gz").expect_err("damaged");
            assert!(format!("{refused:#}").contains("delete it to have it made again"), "{refused:#}");
        }
    }
}
