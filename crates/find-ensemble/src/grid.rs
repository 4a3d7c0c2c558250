//! Which cutout of a map holds a position.

use crate::Error;
use arcmin_maps::{EqualAreaLattice, Geometry};
use arcmin_units::Arcmin;
use serde::{Deserialize, Serialize};

/// Cutouts of equal area: steps of the stride along both axes of the map, each cutout answerable for its middle, one stride
/// wide. The default is that of Lin21: 8' every 6'.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CutoutGrid {
    /// Side of a cutout in arcmin.
    pub side_arcmin: f64,
    /// Distance between neighbours in arcmin.
    pub stride_arcmin: f64,
}

impl Default for CutoutGrid {
    fn default() -> Self {
        Self { side_arcmin: 8.0, stride_arcmin: 6.0 }
    }
}

impl CutoutGrid {
    /// Checks both numbers.
    ///
    /// # Errors
    /// [`Error::BadGrid`].
    pub fn check(&self) -> Result<(), Error> {
        let Self { side_arcmin, stride_arcmin } = *self;
        let holds = side_arcmin.is_finite() && stride_arcmin > 0.0 && side_arcmin >= stride_arcmin;
        if holds { Ok(()) } else { Err(Error::BadGrid { side_arcmin, stride_arcmin }) }
    }

    /// The cutouts of a map.
    pub(crate) fn over(&self, geometry: &Geometry) -> EqualAreaLattice {
        EqualAreaLattice::new(geometry, Arcmin::new(self.side_arcmin), Arcmin::new(self.stride_arcmin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_that_cannot_be_are_refused() {
        for (side_arcmin, stride_arcmin) in [(5.0, 6.0), (8.0, 0.0), (f64::NAN, 6.0), (8.0, f64::NAN)] {
            assert!(CutoutGrid { side_arcmin, stride_arcmin }.check().is_err());
        }
        CutoutGrid::default().check().unwrap();
    }
}
