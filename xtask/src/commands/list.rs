//! `cargo xtask list`.

use crate::experiment::Experiment;
use crate::{registry, workspace};
use anyhow::Result;

/// Prints experiments with their profiles, and the methods that an experiment file may name.
pub(crate) fn run() -> Result<()> {
    workspace::say("experiments:");
    for experiment in Experiment::all()? {
        workspace::say(&format!("  {}: {}", experiment.name, experiment.summary));
        workspace::say(&format!("    profiles: {}", experiment.profiles().join(", ")));
    }
    workspace::say("finders:");
    for finder in registry::FINDERS {
        workspace::say(&format!("  {}: {}", finder.name, finder.summary));
    }
    workspace::say("made of two of them when a run is concluded ([settings.ensemble]):");
    for (kind, summary) in registry::COMBINATIONS {
        workspace::say(&format!("  {kind}: {summary}"));
    }
    Ok(())
}
