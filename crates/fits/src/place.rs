//! Where in which file something is, for messages.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A file and, once known, the header-data unit (HDU) in it; what every message begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    path: Option<Arc<Path>>,
    hdu: Option<usize>,
}

impl Place {
    /// A file as a whole.
    pub fn file(path: &Path) -> Self {
        Self { path: Some(path.into()), hdu: None }
    }

    /// Something that was made in memory and has no file yet.
    pub fn memory() -> Self {
        Self::default()
    }

    /// The HDU `index` (0 is the primary one) of the same file.
    pub fn with_hdu(&self, index: usize) -> Self {
        Self { path: self.path.clone(), hdu: Some(index) }
    }

    /// The file, if there is one.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The index of the HDU, if one is meant.
    pub fn hdu(&self) -> Option<usize> {
        self.hdu
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}", path.display())?,
            None => write!(f, "header in memory")?,
        }
        match self.hdu {
            Some(hdu) => write!(f, ", HDU {hdu}"),
            None => Ok(()),
        }
    }
}
