//! An experiment as data: one TOML file, its profiles merged over its base.

use crate::workspace;
use anyhow::{Context, Result, anyhow, bail};
use arcmin_eval::record::RECORD_FORMAT;
use arcmin_eval::{Record, Score};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use toml::{Table, Value};

/// What a run is made of, as written to `config.toml` of its folder: everything that decides its numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Name of the experiment.
    pub(crate) experiment: String,
    /// Name of the profile.
    pub(crate) profile: String,
    /// The one seed from which every random stream of the run is derived.
    pub(crate) seed: u64,
    /// Settings of the experiment with those of the profile merged over them.
    pub(crate) settings: Table,
}

impl Config {
    /// The record of a run of this configuration.
    pub(crate) fn record(&self, timings: BTreeMap<String, f64>, scores: BTreeMap<String, Score>) -> Record {
        Record {
            format: RECORD_FORMAT,
            experiment: self.experiment.clone(),
            profile: self.profile.clone(),
            seed: Some(self.seed),
            command: self.command(),
            versions: workspace::versions(),
            device: workspace::device(),
            inputs: Vec::new(),
            timings,
            scores,
        }
    }

    /// The command that makes this run again from nothing.
    pub(crate) fn command(&self) -> String {
        format!("cargo xtask run {} --profile {} --seed {}", self.experiment, self.profile, self.seed)
    }
}

/// An experiment file as it is kept in `xtask/experiments`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Experiment {
    /// Name, equal to the file's.
    pub(crate) name: String,
    /// What it does, in a sentence.
    pub(crate) summary: String,
    /// Seed unless the command line gives another.
    pub(crate) seed: u64,
    /// Settings of every profile.
    settings: Table,
    /// By profile, what differs from the settings.
    profile: Table,
}

impl Experiment {
    /// Reads the experiment of that name.
    pub(crate) fn read(name: &str) -> Result<Self> {
        let path = folder().join(format!("{name}.toml"));
        let text = std::fs::read_to_string(&path)
            .map_err(|_| anyhow!("no experiment is named {name}: `cargo xtask list` shows them"))?;
        let experiment: Self = toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
        if experiment.name != name {
            bail!("{} calls itself {}: name and file must agree", path.display(), experiment.name);
        }
        Ok(experiment)
    }

    /// All experiments, by name.
    pub(crate) fn all() -> Result<Vec<Self>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder()).context("cannot list xtask/experiments")? {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "toml") {
                names.extend(path.file_stem().and_then(|s| s.to_str()).map(str::to_owned));
            }
        }
        names.sort();
        names.iter().map(|name| Self::read(name)).collect()
    }

    /// Names of the profiles, in the file's order of keys.
    pub(crate) fn profiles(&self) -> Vec<&str> {
        self.profile.keys().map(String::as_str).collect()
    }

    /// The resolved configuration of one profile.
    pub(crate) fn resolve(&self, profile: &str, seed: Option<u64>) -> Result<Config> {
        let Some(Value::Table(over)) = self.profile.get(profile) else {
            bail!("{} has no profile {profile}; it has {}", self.name, self.profiles().join(", "));
        };
        let mut settings = self.settings.clone();
        merge(&mut settings, over);
        let seed = seed.unwrap_or(self.seed);
        Ok(Config { experiment: self.name.clone(), profile: profile.to_owned(), seed, settings })
    }
}

fn folder() -> PathBuf {
    workspace::root().join("xtask/experiments")
}

/// Lays `over` on `base`: tables are merged key by key, everything else is replaced, and so is a table of another `kind`.
fn merge(base: &mut Table, over: &Table) {
    for (key, value) in over {
        match (base.get_mut(key), value) {
            (Some(Value::Table(below)), Value::Table(above)) if is_of_kind(below, above) => merge(below, above),
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Whether a table does not say that it is of another kind.
fn is_of_kind(below: &Table, above: &Table) -> bool {
    above.get("kind").is_none_or(|kind| below.get("kind") == Some(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_another_kind_is_replaced() {
        let mut base: Table = toml::from_str("[t]\nkind = 'a'\nx = 1").expect("a constant");
        merge(&mut base, &toml::from_str("[t]\nkind = 'a'\ny = 5").expect("a constant"));
        assert_eq!(toml::to_string(&base).expect("plain values"), "[t]\nkind = \"a\"\nx = 1\ny = 5\n");
        merge(&mut base, &toml::from_str("[t]\nkind = 'b'\nz = 2").expect("a constant"));
        assert_eq!(toml::to_string(&base).expect("plain values"), "[t]\nkind = \"b\"\nz = 2\n");
    }

    #[test]
    fn a_profile_replaces_values_and_keeps_their_neighbours() {
        let mut base: Table = toml::from_str("a = 1\n[t]\nx = 1\ny = 2").expect("a constant");
        let over: Table = toml::from_str("[t]\nx = 5").expect("a constant");
        merge(&mut base, &over);
        assert_eq!(toml::to_string(&base).expect("plain values"), "a = 1\n\n[t]\nx = 5\ny = 2\n");
    }

    #[test]
    fn every_kept_experiment_resolves_in_every_profile() {
        for experiment in Experiment::all().expect("the kept files parse") {
            for profile in experiment.profiles() {
                experiment.resolve(profile, None).expect("a profile of the file");
            }
        }
    }
}
