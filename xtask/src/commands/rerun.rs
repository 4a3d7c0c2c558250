//! `cargo xtask rerun DIR`.

use super::compare::require_same_scores;
use super::run::{carry_out, set_threads};
use crate::run_dir::RunDir;
use crate::shard::Shard;
use crate::workspace::say;
use anyhow::{Context, Result};
use arcmin_eval::Record;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder of a finished run
    dir: PathBuf,
    /// Threads to use; all processors unless given
    #[arg(long)]
    threads: Option<usize>,
}

/// Runs the folder's own configuration again elsewhere and compares every score bit for bit.
pub(crate) fn run(args: &Args) -> Result<()> {
    set_threads(args.threads)?;
    let (dir, config) = RunDir::existing(&args.dir)?;
    let before = Record::read(&dir.file("record.json"))?;
    let again = tempfile::tempdir().context("cannot make a temporary folder")?;
    let after = carry_out(&config, again.path(), Shard::WHOLE)?.context("a whole run has a record")?;
    if let Err(difference) = require_same_scores(&before, &after) {
        return Err(difference.context(format!("the second run is kept in {}", again.keep().display())));
    }
    say(&format!("all {} scores of {} came out the same, bit for bit", before.scores.len(), args.dir.display()));
    Ok(())
}
