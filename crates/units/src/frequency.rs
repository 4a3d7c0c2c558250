//! Frequencies of observation.

use crate::newtype::scalar_newtype;

scalar_newtype!(
    /// A frequency in GHz.
    Ghz, " GHz"
);

impl Ghz {
    /// The same frequency in Hz.
    pub const fn to_hz(self) -> f64 {
        self.value() * 1e9
    }
}
