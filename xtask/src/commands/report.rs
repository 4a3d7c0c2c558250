//! `cargo xtask report DIR`.

use crate::registry;
use crate::run_dir::RunDir;
use crate::workspace::say;
use anyhow::Result;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder of a finished run
    dir: PathBuf,
}

/// Writes `report.html` again from what the folder holds; nothing is simulated or searched.
pub(crate) fn run(args: &Args) -> Result<()> {
    let (dir, config) = RunDir::existing(&args.dir)?;
    (registry::experiment(&config.experiment)?.report)(&config, &dir)?;
    say(&format!("{}", dir.file("report.html").display()));
    Ok(())
}
