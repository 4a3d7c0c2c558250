//! `cargo xtask merge DIR...`.

use super::run::conclude;
use crate::registry;
use crate::run_dir::RunDir;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folders in which the shards of one run worked; one where they shared it
    #[arg(required = true)]
    dirs: Vec<PathBuf>,
    /// Folder of the merged run; the first of the folders unless given
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Joins what the shards of a run did, and concludes the run as one process would have: the same scores, bit for bit.
pub(crate) fn run(args: &Args) -> Result<()> {
    let first = &args.dirs[0];
    let (_, config) = RunDir::existing(first)?;
    let merged = RunDir::open(args.out.as_ref().unwrap_or(first), &config)?;
    let pieces = registry::experiment(&config.experiment)?.pieces;
    merged.make_folder(pieces)?;
    for path in &args.dirs {
        let (shard, theirs) = RunDir::existing(path)?;
        if theirs != config {
            bail!(
                "{} and {} hold runs of different configurations: they cannot be merged",
                first.display(),
                path.display()
            );
        }
        take_over(pieces, &shard, &merged)
            .with_context(|| format!("cannot take over the tiles of {}", path.display()))?;
    }
    conclude(&config, &merged)?;
    Ok(())
}

/// Copies the finished pieces that the merged run does not have yet.
fn take_over(pieces: &str, shard: &RunDir, merged: &RunDir) -> Result<()> {
    for entry in std::fs::read_dir(shard.file(pieces))? {
        let name = format!("{pieces}/{}", entry?.file_name().to_string_lossy());
        if !merged.file(&name).exists() {
            merged.write(&name, &std::fs::read(shard.file(&name))?)?;
        }
    }
    Ok(())
}
