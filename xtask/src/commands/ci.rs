//! `cargo xtask ci`: everything that must hold before a change lands.

use crate::cuda;
use crate::experiment::Experiment;
use crate::registry;
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

/// Runs the smoke profile from nothing, checks the statistics of its sky where it says what that is, loses its last piece and
/// takes the run up again, runs it anew with one thread, and, where it has shards, in two that are merged: the scores must be
/// the same bits.
fn smoke(experiment: &str) -> Result<()> {
    let entry = registry::experiment(experiment)?;
    let path = root().join("target/ci").join(experiment);
    empty(&path)?;
    let folder = path.display().to_string();
    let run = |more: &[&str]| call(cargo().args(["xtask", "run", experiment, "--profile", "smoke"]).args(more));
    run(&["--out", &folder])?;
    let scene = path.join("scene.toml");
    if scene.exists() {
        let simulate = ["run", "--release", "--package", "arcmin-cli", "--", "simulate", "--check", "--config"];
        call(cargo().args(simulate).arg(&scene))?;
    }
    let last = std::fs::read_dir(path.join(entry.pieces))?.filter_map(|piece| Some(piece.ok()?.path())).max();
    std::fs::remove_file(last.context("the run left no pieces")?)?;
    run(&["--out", &folder])?;
    call(cargo().args(["xtask", "rerun", &folder, "--threads", "1"]))?;
    if !entry.has_shards {
        return Ok(());
    }
    let shards = ["0", "1"].map(|i| format!("{folder}-shard-{i}"));
    for (i, shard) in shards.iter().enumerate() {
        empty(Path::new(shard))?;
        run(&["--shard", &format!("{i}/2"), "--out", shard])?;
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
