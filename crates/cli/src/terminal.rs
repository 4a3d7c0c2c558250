//! What the command says to the person at the terminal.

use std::io::Write;

/// Writes a line of results. All that it tells of is in files, so that nobody may be listening any more (`arcmin ... | head`).
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Writes an error with its causes on one line.
#[allow(clippy::print_stderr, reason = "the one place where the command complains")]
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("error: {}", arcmin_job::one_line(error.as_ref()));
}
