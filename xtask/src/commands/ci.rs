//! `cargo xtask ci`: everything that must hold before a change lands.

use crate::cuda;
use crate::experiment::Experiment;
use crate::workspace::{call, cargo, root};
use anyhow::{Context, Result};
use std::path::Path;

/// Format, lints, docs, the README's test command, the slow tests, the build for CUDA devices, and a smoke run of each experiment with its rerun.
pub(crate) fn run() -> Result<()> {
    call(cargo().args(["fmt", "--all", "--check"]))?;
    call(cargo().args(["clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    call(cargo().args(["doc", "--release", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    call(cargo().args(["test", "--release", "--workspace"]))?;
    call(cargo().args(["test", "--release", "--workspace", "--lib", "--bins", "--tests", "--", "--ignored"]))?;
    cuda::check()?;
    for experiment in Experiment::all()? {
        smoke(&experiment.name)?;
    }
    Ok(())
}

/// Runs the smoke profile from nothing, checks the statistics of its sky, loses its last tile and takes the run up again, runs it anew with one thread,
/// and in two shards that are merged: the scores must be the same bits.
fn smoke(experiment: &str) -> Result<()> {
    let folder = root().join("target/ci").join(experiment);
    empty(&folder)?;
    let (tiles, scene) = (folder.join("tiles"), folder.join("scene.toml").display().to_string());
    let folder = folder.display().to_string();
    call(cargo().args(["xtask", "run", experiment, "--profile", "smoke", "--out", &folder]))?;
    call(cargo().args([
        "run",
        "--release",
        "--package",
        "arcmin-cli",
        "--",
        "simulate",
        "--check",
        "--config",
        &scene,
    ]))?;
    let last = std::fs::read_dir(&tiles)?.filter_map(|entry| Some(entry.ok()?.path())).max();
    std::fs::remove_file(last.context("the run left no tiles")?)?;
    call(cargo().args(["xtask", "run", experiment, "--profile", "smoke", "--out", &folder]))?;
    call(cargo().args(["xtask", "rerun", &folder, "--threads", "1"]))?;
    let shards = ["0", "1"].map(|i| format!("{folder}-shard-{i}"));
    for (i, shard) in shards.iter().enumerate() {
        empty(Path::new(shard))?;
        let part = format!("{i}/2");
        call(cargo().args(["xtask", "run", experiment, "--profile", "smoke", "--shard", &part, "--out", shard]))?;
    }
    call(cargo().args(["xtask", "merge", &shards[0], &shards[1]]))?;
    call(cargo().args(["xtask", "compare", &folder, &shards[0]]))
}

/// Deletes the folder of an earlier smoke run.
fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| format!("cannot delete {}", folder.display()))?;
    }
    Ok(())
}
