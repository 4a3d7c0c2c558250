//! The experiment runner: `cargo xtask run NAME` and its companions.
//!
//! This file dispatches; each command is one module of `commands` with a `run`.

mod bursts;
mod commands;
mod cuda;
mod deepsz;
mod experiment;
mod peers;
mod registry;
mod run_dir;
mod shard;
mod sz_mass;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Runs the experiments of arcmin and keeps its house in order")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run an experiment; a run that was stopped goes on where it stood
    Run(commands::run::Args),
    /// Run a finished run again and compare every score bit for bit
    Rerun(commands::rerun::Args),
    /// Conclude a run whose shards are done
    Merge(commands::merge::Args),
    /// Compare every score of two finished runs bit for bit
    Compare(commands::compare::Args),
    /// Write the report of a finished run again from what its folder holds
    Report(commands::report::Args),
    /// List experiments, profiles and methods
    List,
    /// Run the criterion benches, or time ours beside peers with --peers
    Bench(commands::bench::Args),
    /// Remake the golden values and shipped tables and compare them with the files kept here
    Golden(commands::golden::Args),
    /// Everything that must hold before a change lands
    Ci,
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let outcome = match Args::parse().command {
        Command::Run(args) => commands::run::run(&args),
        Command::Rerun(args) => commands::rerun::run(&args),
        Command::Merge(args) => commands::merge::run(&args),
        Command::Compare(args) => commands::compare::run(&args),
        Command::Report(args) => commands::report::run(&args),
        Command::List => commands::list::run(),
        Command::Bench(args) => commands::bench::run(&args),
        Command::Golden(args) => commands::golden::run(&args),
        Command::Ci => commands::ci::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            workspace::complain(&error);
            ExitCode::FAILURE
        }
    }
}
