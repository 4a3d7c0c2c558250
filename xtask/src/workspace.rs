//! Where the workspace lies, and how its commands are called.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// Root of the workspace; the user may call `cargo xtask` from any folder of it.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies one level below the root").to_path_buf()
}

/// Runs a command in the root and fails, naming it, unless it succeeds.
pub(crate) fn call(command: &mut Command) -> Result<()> {
    let shown = format!("{command:?}").replace('"', "");
    say(&format!("> {shown}"));
    let status = command.current_dir(root()).status().with_context(|| format!("cannot start: {shown}"))?;
    ensure!(status.success(), "failed ({status}): {shown}");
    Ok(())
}

/// `cargo` as it was called.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Short commit of the working tree with `-dirty` where it has changes, or `unknown` outside a checkout.
pub(crate) fn commit() -> String {
    let describe = Command::new("git")
        .args(["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"])
        .current_dir(root())
        .output();
    match describe {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => "unknown".to_owned(),
    }
}

/// Writes a line for the person at the terminal.
#[allow(clippy::print_stdout, reason = "the one place where the runner talks to its user")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// Writes an error with its causes on one line.
#[allow(clippy::print_stderr, reason = "the one place where the runner complains")]
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("error: {}", arcmin_job::one_line(error.as_ref()));
}

/// Versions of what made a run.
pub(crate) fn versions() -> BTreeMap<String, String> {
    let pairs = [("arcmin", env!("CARGO_PKG_VERSION").to_owned()), ("commit", commit())];
    pairs.into_iter().map(|(name, version)| (name.to_owned(), version)).collect()
}

/// The device that computes, with its number of threads.
pub(crate) fn device() -> String {
    format!("cpu ({} threads)", rayon::current_num_threads())
}
