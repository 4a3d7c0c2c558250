//! What the command says to the person at the terminal.

/// Writes a line of results.
#[allow(clippy::print_stdout, reason = "the one place where the command talks to its user")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// Writes an error with its causes on one line.
#[allow(clippy::print_stderr, reason = "the one place where the command complains")]
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("error: {}", arcmin_job::one_line(error.as_ref()));
}
