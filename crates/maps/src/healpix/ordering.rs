//! The order of pixels as files and users name it.

use arcmin_sphere::healpix::{Nested, Ordering, Ring};
use std::fmt;

/// In which order the pixels of a file or map lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealpixOrdering {
    /// Ring by ring.
    Ring,
    /// Along the space-filling curve.
    Nested,
}

impl HealpixOrdering {
    /// The order of a name such as `RING`, `nested` or `NEST`, `None` when it is neither.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.trim().to_ascii_uppercase().as_str() {
            "RING" => Some(HealpixOrdering::Ring),
            "NESTED" | "NEST" => Some(HealpixOrdering::Nested),
            _ => None,
        }
    }
}

impl fmt::Display for HealpixOrdering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HealpixOrdering::Ring => Ring::NAME,
            HealpixOrdering::Nested => Nested::NAME,
        })
    }
}
