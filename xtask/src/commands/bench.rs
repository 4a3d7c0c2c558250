//! `cargo xtask bench`.

use crate::workspace::{call, cargo};
use crate::{cuda, peers};
use anyhow::Result;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Time ours beside peer packages, interleaved in one run, instead of the criterion benches; NAME:WORD takes the
    /// cases with this argument, as nn:32; conv-gpu, which needs a CUDA toolkit, checks and times the kernels for GPUs
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "all")]
    peers: Option<String>,
    /// Python interpreter with the packages of benches/peers/requirements.txt
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// Arguments for criterion, after `--`
    #[arg(last = true)]
    criterion: Vec<String>,
}

/// Runs the criterion benches of the workspace, or the comparison with peers.
pub(crate) fn run(args: &Args) -> Result<()> {
    match args.peers.as_deref() {
        Some("all") => peers::run(None, &args.python),
        Some("conv-gpu") => cuda::bench(&args.python),
        Some(name) => peers::run(Some(name), &args.python),
        None => call(cargo().args(["bench", "--package", "arcmin-benches", "--"]).args(&args.criterion)),
    }
}
