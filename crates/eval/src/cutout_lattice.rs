//! Which cutout holds a position, and how many cutouts there are.
//!
//! DeepSZ scores cutouts of 8' at a stride of 6', each answerable for its central 6' x 6' (Lin21, Sect. 1.2). Where
//! they lie is a choice on which the number of empty cutouts depends:
//!
//! - [`CutoutLattice::EqualArea`]: steps of 6' along both axes of the tile, so that each square degree of the tangent
//!   plane has 100 cutouts.
//! - [`CutoutLattice::RaDec`]: steps of 0.1 deg in right ascension *and* declination with centres at 4' + 6' i, as in
//!   the public code of DeepSZ. There is no cos(dec): a square degree at declination `dec` has `100 / cos(dec)`
//!   cutouts, `pi / 2` times as many as on the other grid in the mean over the sky.
//!
//! - `Lin21`: Z. Lin et al., DeepSZ, arXiv:2102.13123.

use crate::{CutoutRuns, Error};
use arcmin_maps::{EqualAreaLattice, Geometry, Mask, PixelPosition, convert_frame};
use arcmin_units::{Arcmin, Frame, SkyPosition};
use serde::{Deserialize, Serialize};

/// Mean number of cutouts of the RA/Dec grid per cutout of equal area over a sphere or an octant: `pi / 2`.
pub const RA_DEC_OVERSAMPLING: f64 = std::f64::consts::FRAC_PI_2;

/// Side of a cell of the RA/Dec grid in arcmin.
const RA_DEC_STEP_ARCMIN: f64 = 6.0;
/// Lower edge of the first cell of the RA/Dec grid in arcmin: its centre, 4', less half a step.
const RA_DEC_EDGE_ARCMIN: f64 = 1.0;
/// Cells of the RA/Dec grid around the sky.
const RA_DEC_COLUMNS: i64 = 3600;
/// Rows of the RA/Dec grid below the first one north of the equator.
const RA_DEC_ROWS_SOUTH: i64 = 901;

/// Size and stride of the cutouts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CutoutConfig {
    /// Side of a cutout in arcmin.
    pub side_arcmin: f64,
    /// Distance between neighbouring cutouts in arcmin, and the side of the part that each is answerable for.
    pub stride_arcmin: f64,
    /// Score of a cutout without detection.
    pub no_detection_score: f64,
}

impl Default for CutoutConfig {
    /// 8' cutouts every 6', score 2.0 without detection (Lin21 and its public code).
    fn default() -> Self {
        Self { side_arcmin: 8.0, stride_arcmin: 6.0, no_detection_score: 2.0 }
    }
}

impl CutoutConfig {
    /// Checks every number.
    ///
    /// # Errors
    /// [`Error::BadSetting`] naming the key.
    pub fn check(&self) -> Result<(), Error> {
        let require = |key, value: f64, holds: bool, requirement| match holds {
            true => Ok(()),
            false => Err(Error::BadSetting { key, value, requirement }),
        };
        let (side, stride, score) = (self.side_arcmin, self.stride_arcmin, self.no_detection_score);
        require("cutouts.stride_arcmin", stride, stride.is_finite() && stride > 0.0, "it must be finite and positive")?;
        let holds = side.is_finite() && side >= stride;
        require("cutouts.side_arcmin", side, holds, "it must be finite and at least the stride")?;
        require("cutouts.no_detection_score", score, score.is_finite(), "it must be finite")
    }
}

/// Where the cutouts lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CutoutLattice {
    /// Equal steps along the axes of the tile.
    EqualArea,
    /// Equal steps in right ascension and declination, without cos(dec).
    RaDec,
}

/// The cutout of each grid that is answerable for a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutoutCells {
    /// Number in the tile's own grid, row by row; `None` where no cutout counts.
    pub equal_area: Option<u32>,
    /// Number in the RA/Dec grid of the sky.
    pub ra_dec: u32,
}

impl CutoutCells {
    /// Number of the cutout in a grid.
    pub fn on(&self, grid: CutoutLattice) -> Option<u32> {
        match grid {
            CutoutLattice::EqualArea => self.equal_area,
            CutoutLattice::RaDec => Some(self.ra_dec),
        }
    }
}

/// How many cutouts of a tile count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutoutNumbers {
    /// On the tile's own grid: those of which at least half of the central part was searched.
    pub equal_area: u64,
    /// On the RA/Dec grid: the searched area over that of a cell at its declination.
    pub ra_dec: u64,
}

impl CutoutNumbers {
    /// Number of cutouts on a grid.
    pub fn on(&self, grid: CutoutLattice) -> u64 {
        match grid {
            CutoutLattice::EqualArea => self.equal_area,
            CutoutLattice::RaDec => self.ra_dec,
        }
    }
}

/// The cutouts of one tile.
#[derive(Clone, Debug)]
pub struct TileCutouts {
    geometry: Geometry,
    lattice: EqualAreaLattice,
    /// By cutout, whether it counts.
    counts: Vec<bool>,
    n_ra_dec: u64,
}

impl TileCutouts {
    /// Lays the cutouts over a tile: the first one begins at its first pixel, the last one ends within it.
    ///
    /// # Errors
    /// [`Error::BadSetting`].
    pub fn new(searched: &Mask, config: &CutoutConfig) -> Result<Self, Error> {
        config.check()?;
        let geometry = searched.geometry().clone();
        let (side, stride) = (Arcmin::new(config.side_arcmin), Arcmin::new(config.stride_arcmin));
        let lattice = EqualAreaLattice::new(&geometry, side, stride);
        let mut cutouts = Self { geometry, lattice, counts: Vec::new(), n_ra_dec: 0 };
        cutouts.counts = cutouts.searched_by_half(searched);
        cutouts.n_ra_dec = cutouts.ra_dec_cells(searched).round() as u64;
        Ok(cutouts)
    }

    /// How many cutouts count.
    pub fn counts(&self) -> CutoutNumbers {
        let equal_area = self.counts.iter().filter(|&&counts| counts).count() as u64;
        CutoutNumbers { equal_area, ra_dec: self.n_ra_dec }
    }

    /// The cutouts of the tile's own grid that count.
    pub fn counted(&self) -> CutoutRuns {
        CutoutRuns::new((0..self.counts.len()).filter(|&cell| self.counts[cell]).map(|cell| cell as u32))
    }

    /// The cutouts that are answerable for a position in the frame of the tile.
    pub fn cells(&self, position: SkyPosition) -> CutoutCells {
        let pixel = self.geometry.sky_to_pix(position);
        let cell = pixel.and_then(|pixel| self.lattice.number_at(pixel)).filter(|&cell| self.counts[cell]);
        let equatorial = convert_frame(position, self.geometry.frame(), Frame::Equatorial);
        CutoutCells { equal_area: cell.map(|cell| cell as u32), ra_dec: ra_dec_cell(equatorial) }
    }

    /// Centre of a cutout of the tile's own grid in pixels; `None` beyond the last.
    pub fn centre(&self, cell: u32) -> Option<PixelPosition> {
        self.lattice.cell(cell as usize).map(|cell| self.lattice.centre(cell))
    }

    /// Distance of a position in the frame of the tile from the middle of the cutout that holds it, `None` outside of all.
    pub fn from_middle(&self, position: SkyPosition) -> Option<Arcmin> {
        let pixel = self.geometry.sky_to_pix(position)?;
        self.lattice
            .from_middle(pixel)
            .map(|pixels| Arcmin::new(pixels * self.geometry.pixel_size().to_arcmin().value()))
    }

    fn searched_by_half(&self, searched: &Mask) -> Vec<bool> {
        let shape = self.geometry.shape();
        let mut pixels = vec![(0u32, 0u32); self.lattice.len()];
        for (y, row) in searched.valid().chunks(shape.nx.max(1)).enumerate() {
            for (x, &valid) in row.iter().enumerate() {
                if let Some(cell) = self.lattice.number_at(PixelPosition { x: x as f64, y: y as f64 }) {
                    pixels[cell].0 += u32::from(valid);
                    pixels[cell].1 += 1;
                }
            }
        }
        pixels.into_iter().map(|(valid, all)| valid > 0 && 2 * valid >= all).collect()
    }

    /// Searched area over the area of a cell of the RA/Dec grid, `(6')^2 cos(dec)`, summed over blocks of one stride.
    fn ra_dec_cells(&self, searched: &Mask) -> f64 {
        let shape = self.geometry.shape();
        let block = (self.lattice.stride_pixels().round() as usize).max(1);
        let mut sum = 0.0;
        for y0 in (0..shape.ny).step_by(block) {
            for x0 in (0..shape.nx).step_by(block) {
                let (y1, x1) = ((y0 + block).min(shape.ny), (x0 + block).min(shape.nx));
                let rows = (y0..y1).map(|y| &searched.valid()[y * shape.nx + x0..y * shape.nx + x1]);
                let n_valid: usize = rows.map(|row| row.iter().filter(|&&valid| valid).count()).sum();
                let middle = |from: usize, to: usize| 0.5 * (from + to - 1) as f64;
                let centre = PixelPosition { x: middle(x0, x1), y: middle(y0, y1) };
                sum += n_valid as f64 * self.ra_dec_cells_per_pixel(centre);
            }
        }
        sum
    }

    fn ra_dec_cells_per_pixel(&self, pixel: PixelPosition) -> f64 {
        let (area_sr, sky) = (self.geometry.pixel_area_sr_at(pixel), self.geometry.pix_to_sky(pixel));
        let (Some(area_sr), Some(sky)) = (area_sr, sky) else {
            return 0.0;
        };
        let dec = convert_frame(sky, self.geometry.frame(), Frame::Equatorial).lat().value();
        let step_rad = Arcmin::new(RA_DEC_STEP_ARCMIN).to_rad().value();
        // The grid ends half a cell short of the pole, where the cosine vanishes.
        area_sr / (step_rad * step_rad * dec.cos().max(0.5 * step_rad))
    }
}

/// Number of the cell of the RA/Dec grid that holds an equatorial position.
fn ra_dec_cell(position: SkyPosition) -> u32 {
    let step = |deg: f64| ((deg * 60.0 - RA_DEC_EDGE_ARCMIN) / RA_DEC_STEP_ARCMIN).floor() as i64;
    let column = step(position.lon_deg()).rem_euclid(RA_DEC_COLUMNS);
    ((step(position.lat_deg()) + RA_DEC_ROWS_SOUTH) * RA_DEC_COLUMNS + column) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_maps::Shape;

    fn tile(side: usize, pixel_arcmin: f64, dec_deg: f64) -> Mask {
        let centre = SkyPosition::from_deg(30.0, dec_deg).unwrap();
        let shape = Shape { ny: side, nx: side };
        Mask::all_valid(Geometry::tile(centre, shape, Arcmin::new(pixel_arcmin)).unwrap())
    }

    fn cutouts(mask: &Mask) -> TileCutouts {
        TileCutouts::new(mask, &CutoutConfig::default()).unwrap()
    }

    #[test]
    fn the_tile_of_the_experiment_has_85_by_85_cutouts_on_pixels_of_any_size() {
        for (side, pixel_arcmin) in [(2048, 0.25), (1024, 0.5)] {
            let cutouts = cutouts(&tile(side, pixel_arcmin, 0.0));
            assert_eq!(cutouts.counts().equal_area, 7225);
            assert!(cutouts.centre(7224).is_some() && cutouts.centre(7225).is_none());
        }
    }

    #[test]
    fn cutouts_of_which_less_than_half_was_searched_do_not_count() {
        let mut mask = tile(80, 0.25, 0.0);
        // Rows 4..28, 28..52 and 52..76 are three rows of cutouts; 60 rows searched leave 8 of the last one's 24.
        mask.valid_mut()[60 * 80..].fill(false);
        assert_eq!(cutouts(&mask).counts().equal_area, 6);
        mask.valid_mut()[60 * 80..64 * 80].fill(true);
        assert_eq!(cutouts(&mask).counts().equal_area, 9, "half of it counts");
    }

    #[test]
    fn a_tile_smaller_than_a_cutout_has_none() {
        let cutouts = cutouts(&tile(16, 0.25, 0.0));
        assert_eq!(cutouts.counts().equal_area, 0);
        assert_eq!(cutouts.cells(SkyPosition::from_deg(30.0, 0.0).unwrap()).equal_area, None);
    }

    #[test]
    fn ra_dec_cells_are_those_of_the_public_grid() {
        // Centres lie at 4' + 6' i: the cell of a position is the nearest centre.
        let cell = |ra_arcmin: f64, dec_arcmin: f64| {
            let position = SkyPosition::from_deg(ra_arcmin / 60.0, dec_arcmin / 60.0).unwrap();
            let number = i64::from(ra_dec_cell(position));
            (number % RA_DEC_COLUMNS, number / RA_DEC_COLUMNS - RA_DEC_ROWS_SOUTH)
        };
        assert_eq!([cell(4.0, 4.0), cell(1.1, 6.9), cell(7.1, 12.9)], [(0, 0), (0, 0), (1, 1)]);
        assert_eq!(cell(4.0 + 6.0 * 898.0, 4.0 + 6.0 * 898.0), (898, 898));
        assert_eq!(cell(0.5, -5.1), (3599, -2), "the cell west of the first one, south of the equator");
        assert_eq!(ra_dec_cell(SkyPosition::from_deg(0.5, -90.0).unwrap()), 4, "no row lies below the pole's");
    }

    #[test]
    fn ra_dec_cells_crowd_by_one_over_the_cosine_of_declination() {
        let ratio = |dec_deg| {
            let mask = tile(400, 0.5, dec_deg);
            cutouts(&mask).n_ra_dec as f64 / (100.0 * mask.area_deg2())
        };
        // A tile of 3.3 deg: the mean of 1/cos differs from its value at the centre by 4e-4 at 60 deg.
        assert!((ratio(0.0) - 1.0).abs() < 2e-3 && (ratio(60.0) / 2.0 - 1.0).abs() < 3e-3, "{}", ratio(60.0));
        assert!((ratio(-60.0) - ratio(60.0)).abs() < 1e-3);
        // Over a hemisphere the mean is the area of the cylinder over that of the sphere.
        let mean = |dec_deg: f64| (dec_deg.to_radians().cos(), 1.0);
        let sums = (0..9000).map(|i| mean(0.005 + 0.01 * f64::from(i))).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
        assert!((sums.1 / sums.0 - RA_DEC_OVERSAMPLING).abs() < 1e-6);
    }

    #[test]
    fn settings_outside_their_domain_are_named() {
        let config = CutoutConfig { side_arcmin: 5.0, ..CutoutConfig::default() };
        assert!(config.check().unwrap_err().to_string().contains("cutouts.side_arcmin"));
        let config = CutoutConfig { stride_arcmin: 0.0, ..CutoutConfig::default() };
        assert!(config.check().unwrap_err().to_string().contains("cutouts.stride_arcmin"));
    }
}
