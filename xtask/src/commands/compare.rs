//! `cargo xtask compare DIR DIR`.

use crate::workspace::say;
use anyhow::{Result, bail};
use arcmin_eval::Record;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder of a finished run
    ours: PathBuf,
    /// Folder of another
    theirs: PathBuf,
}

/// Compares every score of two finished runs bit for bit.
pub(crate) fn run(args: &Args) -> Result<()> {
    let ours = Record::read(&args.ours.join("record.json"))?;
    require_same_scores(&ours, &Record::read(&args.theirs.join("record.json"))?)?;
    let (ours_dir, theirs_dir) = (args.ours.display(), args.theirs.display());
    say(&format!("all {} scores of {ours_dir} and {theirs_dir} are the same, bit for bit", ours.scores.len()));
    Ok(())
}

/// Fails with every score that differs in any bit.
pub(super) fn require_same_scores(ours: &Record, theirs: &Record) -> Result<()> {
    let differences: Vec<String> = ours.score_differences(theirs).iter().map(ToString::to_string).collect();
    if !differences.is_empty() {
        bail!("{} scores differ: {}", differences.len(), differences.join("; "));
    }
    Ok(())
}
