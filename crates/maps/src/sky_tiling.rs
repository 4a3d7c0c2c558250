//! The sphere divided among square tiles that overlap.

use crate::{Error, Geometry, Shape};
use arcmin_units::{Arcmin, Frame, Radian, SkyPosition};
use std::f64::consts::{PI, TAU};

/// Gnomonic tiles of one size that cover the sphere, and which tile each direction belongs to.
///
/// A tile's own cell is bounded by two parallels and two meridians; cells leave no gap and do not overlap. The cells lie
/// on rows of equal height, as many on each as fit, so that every point of a cell is at least `border` inside its tile: what
/// is found near the edge of a tile belongs to a neighbour.
#[derive(Clone, Debug)]
pub struct SkyTiling {
    shape: Shape,
    pixel: Arcmin,
    frame: Frame,
    /// Tiles on each row, from the south.
    counts: Vec<usize>,
    /// Number of each row's first tile.
    firsts: Vec<usize>,
}

/// Edges of a cell are checked at this many places between their ends.
const N_CHECKED: usize = 16;
/// Tiles are at most this wide: gnomonic pixels then differ by less than a tenth in area.
const WIDTH_DEG_MAX: f64 = 30.0;

impl SkyTiling {
    /// Tiles of `width` with pixels of size `pixel` in a frame, `border` of which is overlap on each side.
    ///
    /// # Errors
    /// [`Error::BadTiling`] when the border leaves nothing of a tile, or the tile is wider than 30 deg.
    pub fn new(width: Arcmin, border: Arcmin, pixel: Arcmin, frame: Frame) -> Result<Self, Error> {
        let bad = |reason| Error::BadTiling { width_arcmin: width.value(), border_arcmin: border.value(), reason };
        let (width_rad, border_rad) = (width.to_rad().value(), border.to_rad().value());
        let half = 0.5 * width_rad - border_rad;
        if !(width_rad.is_finite() && border_rad >= 0.0 && half > 1e-4) {
            return Err(bad("the borders leave nothing of it"));
        }
        if width_rad > WIDTH_DEG_MAX.to_radians() {
            return Err(bad("a tile is at most 30 deg wide"));
        }
        let n = (width.value() / pixel.value()).ceil();
        if !(pixel.value() > 0.0 && n < 1e5) {
            return Err(bad("its pixels are too small or no size at all"));
        }
        let least = (PI / (2.0 * half)).ceil() as usize;
        let rows = (least..).find_map(|n_rows| counts(n_rows, half)).expect("small enough cells fit any tile");
        let firsts = rows.iter().scan(0, |next, count| Some(std::mem::replace(next, *next + count))).collect();
        Ok(Self { shape: Shape { ny: n as usize, nx: n as usize }, pixel, frame, counts: rows, firsts })
    }

    /// Number of tiles.
    pub fn len(&self) -> usize {
        self.counts.iter().sum()
    }

    /// A tiling has one tile at least.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Centre of a tile, in the tiling's frame.
    ///
    /// # Panics
    /// When there is no such tile.
    pub fn centre(&self, tile: usize) -> SkyPosition {
        assert!(tile < self.len(), "tile {tile} of {}", self.len());
        let row = self.firsts.partition_point(|first| *first <= tile) - 1;
        let lon = TAU * (tile - self.firsts[row]) as f64 / self.counts[row] as f64;
        let lat = (row as f64 * self.height() - PI / 2.0).clamp(-PI / 2.0, PI / 2.0);
        SkyPosition::new(Radian::new(lon), Radian::new(lat)).expect("rows lie between the poles")
    }

    /// Geometry of a tile, in the tiling's frame.
    ///
    /// # Panics
    /// When there is no such tile.
    pub fn geometry(&self, tile: usize) -> Geometry {
        let built = Geometry::tile(self.centre(tile), self.shape, self.pixel);
        built.expect("shape and pixel size were checked in the constructor").in_frame(self.frame)
    }

    /// The tile to which a position of the tiling's frame belongs.
    pub fn owner(&self, position: SkyPosition) -> usize {
        let row = ((position.lat().value() + PI / 2.0) / self.height()).round() as usize;
        let row = row.min(self.counts.len() - 1);
        let count = self.counts[row];
        self.firsts[row] + (position.lon().value() / TAU * count as f64).round() as usize % count
    }

    /// Height of a row in radians.
    fn height(&self) -> f64 {
        PI / (self.counts.len() - 1) as f64
    }
}

/// Tiles on each of the rows that `n_steps` steps make from pole to pole, `None` when some cell does not fit however
/// narrow it is.
fn counts(n_steps: usize, half: f64) -> Option<Vec<usize>> {
    let height = PI / n_steps as f64;
    (0..=n_steps).map(|row| count(row as f64 * height - PI / 2.0, height, half, row == 0 || row == n_steps)).collect()
}

fn count(lat: f64, height: f64, half: f64, is_pole: bool) -> Option<usize> {
    if is_pole {
        return ((0.5 * height).tan() <= half).then_some(1);
    }
    let (south, north) = (lat - 0.5 * height, lat + 0.5 * height);
    let start = (PI * south.abs().min(north.abs()).cos() / half).floor().max(3.0) as usize;
    (start..2 * start + 8).find(|n| fits(lat, (south, north), PI / *n as f64, half))
}

/// True when the cell of this half width in longitude lies within `half` of the centre on both axes of its tile.
fn fits(lat: f64, (south, north): (f64, f64), half_lon: f64, half: f64) -> bool {
    let (sin0, cos0) = lat.sin_cos();
    let inside = |at: f64, lon: f64| {
        let (sin, cos) = at.sin_cos();
        let down = sin0 * sin + cos0 * cos * lon.cos();
        let (x, y) = (cos * lon.sin(), cos0 * sin - sin0 * cos * lon.cos());
        down > 0.0 && x.abs() <= half * down && y.abs() <= half * down
    };
    (0..=N_CHECKED).map(|i| i as f64 / N_CHECKED as f64).all(|share| {
        let (at, lon) = (south + share * (north - south), share * half_lon);
        inside(at, half_lon) && inside(south, lon) && inside(north, lon)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_direction_lies_well_inside_the_tile_that_owns_it(
            width_deg in 1.0..30.0,
            border_share in 0.0..0.4,
            directions in prop::collection::vec((0.0..360.0, -1.0..1.0_f64), 50),
        ) {
            let (width, border) = (Arcmin::new(60.0 * width_deg), Arcmin::new(60.0 * width_deg * border_share));
            let tiling = SkyTiling::new(width, border, Arcmin::new(2.0), Frame::Galactic).unwrap();
            for (lon, z) in directions {
                let position = SkyPosition::from_deg(lon, z.asin().to_degrees()).unwrap();
                let tile = tiling.geometry(tiling.owner(position));
                let p = tile.sky_to_pix(position).unwrap();
                let margin = border.value() / 2.0 - 1.0 - 1e-6;
                let n = tile.shape().nx as f64;
                let edge = [p.x, p.y, n - 1.0 - p.x, n - 1.0 - p.y].into_iter().fold(f64::INFINITY, f64::min);
                prop_assert!(edge >= margin - 0.01, "{edge} pixels from the edge, not {margin}");
            }
        }
    }

    #[test]
    fn a_tile_owns_its_centre_and_there_are_not_many_more_than_the_sphere_asks_for() {
        for (width_deg, border_deg, most) in [(10.0, 0.25, 600), (20.0, 0.5, 165), (5.0, 0.2, 2400)] {
            let width = Arcmin::new(60.0 * width_deg);
            let tiling =
                SkyTiling::new(width, Arcmin::new(60.0 * border_deg), Arcmin::new(1.0), Frame::Equatorial).unwrap();
            for tile in 0..tiling.len() {
                assert_eq!(tiling.owner(tiling.centre(tile)), tile);
            }
            assert!(tiling.len() <= most, "{} tiles of {width_deg} deg", tiling.len());
            assert!(!tiling.is_empty());
        }
    }

    #[test]
    fn tiles_that_cannot_be_are_refused() {
        let new = |width, border, pixel| {
            let of = Arcmin::new;
            SkyTiling::new(of(width), of(border), of(pixel), Frame::Equatorial).unwrap_err().to_string()
        };
        assert_eq!(
            new(60.0, 30.0, 1.0),
            "tiles of 60 arcmin with borders of 30 arcmin cannot be: the borders leave nothing of it"
        );
        assert!(new(f64::NAN, 1.0, 1.0).contains("leave nothing"));
        assert!(new(2000.0, 1.0, 1.0).contains("30 deg"));
        assert!(new(600.0, 1.0, 0.0).contains("pixels"));
        assert!(new(600.0, 1.0, f64::NAN).contains("pixels"));
    }
}
