//! Cosmological redshift.

use crate::newtype::scalar_newtype;

scalar_newtype!(
    /// A cosmological redshift, dimensionless.
    Redshift, ""
);

impl Redshift {
    /// Scale factor `a = 1 / (1 + z)`.
    pub const fn scale_factor(self) -> f64 {
        1.0 / (1.0 + self.value())
    }
}
