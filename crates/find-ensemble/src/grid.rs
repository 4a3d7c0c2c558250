//! Which cutout of a map holds a position.

use crate::Error;
use arcmin_maps::{Geometry, PixelPosition, Shape};
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
    pub(crate) fn over(&self, geometry: &Geometry) -> Cells {
        let pixel_arcmin = geometry.pixel_size().to_arcmin().value();
        let (side, stride) = (self.side_arcmin / pixel_arcmin, self.stride_arcmin / pixel_arcmin);
        let Shape { ny, nx } = geometry.shape();
        // A side that is a whole number of pixels but for rounding must not lose its last cutout.
        let fit = |n: usize| ((n as f64 - side) / stride + 1.0 + 1e-9).floor().max(0.0) as usize;
        Cells { rim: 0.5 * (side - stride), stride, n_x: fit(nx), n_y: fit(ny) }
    }
}

/// The cutouts of one map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cells {
    /// Width of the margin that belongs to neighbours, in pixels.
    rim: f64,
    stride: f64,
    n_x: usize,
    n_y: usize,
}

impl Cells {
    /// Number of cutouts.
    pub(crate) fn len(&self) -> usize {
        self.n_x * self.n_y
    }

    /// The cutout whose middle holds a pixel position: lower edges belong to their cutout.
    pub(crate) fn of(&self, pixel: PixelPosition) -> Option<usize> {
        let along = |at: f64, n: usize| {
            let idx = ((at + 0.5 - self.rim) / self.stride).floor();
            (idx >= 0.0 && idx < n as f64).then_some(idx as usize)
        };
        Some(along(pixel.y, self.n_y)? * self.n_x + along(pixel.x, self.n_x)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_eval::{CutoutConfig, TileCutouts};
    use arcmin_maps::Mask;
    use arcmin_units::{Arcmin, SkyPosition};

    #[test]
    fn cutouts_are_those_by_which_finders_are_scored() {
        for (side, pixel_arcmin) in [(200, 0.25), (120, 0.37), (90, 0.5), (20, 0.25)] {
            let centre = SkyPosition::from_deg(30.0, -40.0).unwrap();
            let geometry =
                Geometry::tile(centre, Shape { ny: side, nx: side + 30 }, Arcmin::new(pixel_arcmin)).unwrap();
            let scored = TileCutouts::new(&Mask::all_valid(geometry.clone()), &CutoutConfig::default()).unwrap();
            let cells = CutoutGrid::default().over(&geometry);
            assert_eq!(cells.len() as u64, scored.counts().equal_area);
            for i in 0..500u32 {
                let x = f64::from(i) * 0.37 % (side as f64 + 30.0);
                let y = f64::from(i) * 0.91 % side as f64;
                let sky = geometry.pix_to_sky(PixelPosition { x, y }).unwrap();
                let expected = scored.cells(sky).equal_area;
                assert_eq!(cells.of(geometry.sky_to_pix(sky).unwrap()), expected.map(|cell| cell as usize));
            }
        }
    }

    #[test]
    fn grids_that_cannot_be_are_refused() {
        for (side_arcmin, stride_arcmin) in [(5.0, 6.0), (8.0, 0.0), (f64::NAN, 6.0), (8.0, f64::NAN)] {
            assert!(CutoutGrid { side_arcmin, stride_arcmin }.check().is_err());
        }
        CutoutGrid::default().check().unwrap();
    }
}
