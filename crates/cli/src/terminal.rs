//! What the command says to the person at the terminal.

/// Writes a line of results.
#[allow(clippy::print_stdout, reason = "the one place where the command talks to its user")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// Writes an error with its causes on one line; a cause that an outer message already tells is left out.
#[allow(clippy::print_stderr, reason = "the one place where the command complains")]
pub(crate) fn complain(error: &anyhow::Error) {
    let mut line = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !line.contains(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    eprintln!("error: {}", line.replace('\n', " "));
}
