//! `cargo xtask run NAME`.

use crate::experiment::{Config, Experiment};
use crate::registry;
use crate::run_dir::RunDir;
use crate::shard::Shard;
use crate::workspace::{root, say};
use anyhow::{Result, ensure};
use arcmin_eval::Record;
use arcmin_job::Interrupt;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the experiment: `cargo xtask list` shows them
    name: String,
    /// Profile of the experiment
    #[arg(long, default_value = "quick")]
    profile: String,
    /// Seed, instead of the experiment's own
    #[arg(long)]
    seed: Option<u64>,
    /// Folder of the run; runs/NAME-PROFILE unless given
    #[arg(long)]
    out: Option<PathBuf>,
    /// Threads to use; all processors unless given (the scores are the same bits for any number)
    #[arg(long)]
    threads: Option<usize>,
    /// Do the i-th of n shares of the work (i from 0), or the share of this task of a Slurm job array; when all are
    /// done, `cargo xtask merge` makes the scores
    #[arg(long, value_name = "I/N|slurm")]
    shard: Option<Shard>,
}

/// Runs the experiment in its folder, taking up what an earlier, stopped run left there.
pub(crate) fn run(args: &Args) -> Result<()> {
    set_threads(args.threads)?;
    let config = Experiment::read(&args.name)?.resolve(&args.profile, args.seed)?;
    let default = || root().join("runs").join(format!("{}-{}", config.experiment, config.profile));
    let folder = args.out.clone().unwrap_or_else(default);
    carry_out(&config, &folder, args.shard.unwrap_or(Shard::WHOLE))?;
    Ok(())
}

/// Does a share of a resolved configuration's work in a folder; concludes the run when that is all of it.
pub(super) fn carry_out(config: &Config, folder: &Path, shard: Shard) -> Result<Option<Record>> {
    let experiment = registry::experiment(&config.experiment)?;
    ensure!(
        shard.is_whole() || experiment.has_shards,
        "{} is not made in shards: run it without --shard",
        config.experiment
    );
    let dir = RunDir::open(folder, config)?;
    say(&format!("{} ({} profile, seed {}) in {}", config.experiment, config.profile, config.seed, folder.display()));
    let interrupt = Interrupt::install()?;
    in_pool(|| (experiment.work)(config, &dir, shard, &interrupt))?;
    if shard.is_whole() {
        return conclude(config, &dir).map(Some);
    }
    say(&format!("shard {shard} is done; when all are: cargo xtask merge {}", folder.display()));
    Ok(None)
}

/// Makes scores and report from the finished work and says where they lie.
pub(super) fn conclude(config: &Config, dir: &RunDir) -> Result<Record> {
    let experiment = registry::experiment(&config.experiment)?;
    let record = in_pool(|| (experiment.conclude)(config, dir))?;
    for name in experiment.products {
        say(&format!("{}", dir.file(name).display()));
    }
    Ok(record)
}

/// Does work on one of the pool's threads.
///
/// PERF: a parallel pass begins there at once, while a thread outside of the pool would be put to sleep and woken for
/// each: a training step of the mResUNet of width 16 takes 68 instead of 88 ms.
fn in_pool<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    rayon::scope(|_| work())
}

pub(super) fn set_threads(threads: Option<usize>) -> Result<()> {
    if let Some(n) = threads {
        rayon::ThreadPoolBuilder::new().num_threads(n).build_global()?;
    }
    Ok(())
}
