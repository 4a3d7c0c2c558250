//! The `arcmin` command: simulate the microwave sky, and find clusters in FITS maps.
//!
//! This file dispatches; each command is one module with its arguments and a `run`.

mod cutouts;
mod find;
mod input;
mod record;
mod reproject;
mod simulate;
mod terminal;
mod weigh;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "arcmin", version, about = "Simulates the microwave sky and finds galaxy clusters in FITS maps")]
struct Args {
    /// Threads to use; all processors unless given (the results are the same for any number)
    #[arg(long, global = true)]
    threads: Option<usize>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Cut squares of the sky out of maps, around the rows of a catalogue
    Cutouts(Box<cutouts::Args>),
    /// Find clusters in FITS maps: temperature bands or a Compton-y map
    Find(Box<find::Args>),
    /// Bring maps to another geometry
    Reproject(Box<reproject::Args>),
    /// Simulate tiles of the sky as FITS maps with their truth catalogue
    Simulate(simulate::Args),
    /// Weigh the clusters of a catalogue by their image in temperature maps
    Weigh(Box<weigh::Args>),
}

fn main() -> ExitCode {
    let args = Args::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).without_time().with_writer(std::io::stderr).init();
    // On one of the pool's threads parallel passes begin at once: one outside would be put to sleep and woken for each.
    match set_threads(args.threads).and_then(|()| rayon::scope(|_| run(&args.command))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Cutouts(args) => cutouts::run(args),
        Command::Find(args) => find::run(args),
        Command::Reproject(args) => reproject::run(args),
        Command::Simulate(args) => simulate::run(args),
        Command::Weigh(args) => weigh::run(args),
    }
}

fn set_threads(threads: Option<usize>) -> anyhow::Result<()> {
    if let Some(n) = threads {
        rayon::ThreadPoolBuilder::new().num_threads(n).build_global()?;
    }
    Ok(())
}
