//! What can go wrong in the physics: a parameter without meaning, or a table that does not read.

/// Errors of this crate.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter lies outside the range in which the formula has a meaning.
    #[error("{name} is {value}, expected {expected}")]
    Parameter {
        /// What the parameter is, with its unit.
        name: &'static str,
        /// The value given.
        value: f64,
        /// The range that is accepted.
        expected: &'static str,
    },
    /// No cosmology goes by this name.
    #[error("no cosmology is named {name:?}, known are {known}")]
    UnknownCosmology {
        /// The name asked for.
        name: String,
        /// All names, separated by commas.
        known: String,
    },
    /// A line of a text table does not hold the numbers expected.
    #[error("line {line} of the table of {table} reads {text:?}, expected {expected}")]
    TableLine {
        /// What the table holds.
        table: &'static str,
        /// Number of the line, from 1.
        line: usize,
        /// The line as read.
        text: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// A table has too few rows to be interpolated.
    #[error("the table of {table} has {got} rows, needs {needed} or more")]
    TableTooShort {
        /// What the table holds.
        table: &'static str,
        /// Rows read.
        got: usize,
        /// Rows needed.
        needed: usize,
    },
}

/// Refuses a value that is not finite and above zero.
pub(crate) fn require_positive(name: &'static str, value: f64) -> Result<(), Error> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(Error::Parameter { name, value, expected: "a finite number above 0" })
    }
}
