//! `cargo xtask ci`: everything that must hold before a change lands.

use crate::experiment::Experiment;
use crate::workspace::{call, cargo, root};
use anyhow::{Context, Result};

/// Format, lints, docs, the README's test command, the slow tests, and a smoke run of each experiment with its rerun.
pub(crate) fn run() -> Result<()> {
    call(cargo().args(["fmt", "--all", "--check"]))?;
    call(cargo().args(["clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    call(cargo().args(["doc", "--release", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    call(cargo().args(["test", "--release", "--workspace"]))?;
    call(cargo().args(["test", "--release", "--workspace", "--lib", "--bins", "--tests", "--", "--ignored"]))?;
    for experiment in Experiment::all()? {
        smoke(&experiment.name)?;
    }
    Ok(())
}

/// Runs the smoke profile from nothing, loses its last tile and takes the run up again, and then runs it anew with one
/// thread: the scores must be the same bits.
fn smoke(experiment: &str) -> Result<()> {
    let folder = root().join("target/ci").join(experiment);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot delete {}", folder.display()))?;
    }
    let tiles = folder.join("tiles");
    let folder = folder.display().to_string();
    call(cargo().args(["xtask", "run", experiment, "--profile", "smoke", "--out", &folder]))?;
    let last = std::fs::read_dir(&tiles)?.filter_map(|entry| Some(entry.ok()?.path())).max();
    std::fs::remove_file(last.context("the run left no tiles")?)?;
    call(cargo().args(["xtask", "run", experiment, "--profile", "smoke", "--out", &folder]))?;
    call(cargo().args(["xtask", "rerun", &folder, "--threads", "1"]))
}
