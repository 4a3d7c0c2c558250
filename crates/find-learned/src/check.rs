//! Checks of the numbers of a configuration.

use crate::Error;

/// Passes when `holds`.
///
/// # Errors
/// [`Error::BadValue`] otherwise.
pub fn require(key: &'static str, value: f64, holds: bool, must_be: &'static str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::BadValue { key, value, must_be }) }
}

/// Passes for finite numbers above zero.
///
/// # Errors
/// [`Error::BadValue`] otherwise.
pub fn positive(key: &'static str, value: f64) -> Result<(), Error> {
    require(key, value, value.is_finite() && value > 0.0, "finite and above zero")
}

/// Passes for finite numbers that are not negative.
///
/// # Errors
/// [`Error::BadValue`] otherwise.
pub fn not_negative(key: &'static str, value: f64) -> Result<(), Error> {
    require(key, value, value.is_finite() && value >= 0.0, "finite and not negative")
}
