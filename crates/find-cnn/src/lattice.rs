//! Where cutouts lie on a tile, and which of them is answerable for a position.

use crate::{CutoutsConfig, LatticeConfig};
use arcmin_maps::{EqualAreaLattice, Geometry, LatticeCell as Cell, PixelPosition, Shape, convert_frame};
use arcmin_units::{Arcmin, Frame, SkyPosition};

/// Side of what the network sees, in pixels.
pub(crate) const SIDE: usize = 32;

/// Step of the RA/Dec lattice and the position of its first centre, in arcmin (the public code of Lin21).
const RA_DEC_STEP_ARCMIN: f64 = 6.0;
const RA_DEC_FIRST_ARCMIN: f64 = 4.0;
/// Its columns around the sky, and the first of its rows.
const RA_DEC_COLUMNS: i32 = 3600;
const RA_DEC_FIRST_ROW: i32 = -901;
/// Its rows.
const RA_DEC_ROWS: i32 = 1801;

/// A cutout whose pixels all lie on the tile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) cell: Cell,
    /// Centre of the cutout as the lattice has it.
    pub(crate) centre: PixelPosition,
    /// First pixel.
    pub(crate) x0: usize,
    pub(crate) y0: usize,
}

/// The cutouts of a tile.
#[derive(Clone, Debug)]
pub(crate) struct Lattice {
    geometry: Geometry,
    kind: LatticeConfig,
    equal_area: EqualAreaLattice,
}

impl Lattice {
    pub(crate) fn new(geometry: &Geometry, config: &CutoutsConfig) -> Self {
        let (side, stride) = (Arcmin::new(config.side_arcmin), Arcmin::new(config.stride_arcmin));
        let equal_area = EqualAreaLattice::new(geometry, side, stride);
        Self { geometry: geometry.clone(), kind: config.lattice, equal_area }
    }

    /// The same tile with cutouts of equal area.
    pub(crate) fn of_equal_area(geometry: &Geometry, config: &CutoutsConfig) -> Self {
        Self::new(geometry, &CutoutsConfig { lattice: LatticeConfig::EqualArea, ..*config })
    }

    /// All cutouts, row by row.
    pub(crate) fn places(&self) -> Vec<Place> {
        match self.kind {
            LatticeConfig::EqualArea => {
                self.equal_area.cells().filter_map(|c| self.place(c, self.equal_area.centre(c))).collect()
            }
            LatticeConfig::RaDec => self.ra_dec_places(),
        }
    }

    /// The cutout that is answerable for a position in the tile's frame, whether or not its pixels all lie on the tile.
    pub(crate) fn cell_of(&self, position: SkyPosition) -> Option<Cell> {
        match self.kind {
            LatticeConfig::EqualArea => {
                self.geometry.sky_to_pix(position).and_then(|pixel| self.equal_area.cell_at(pixel))
            }
            LatticeConfig::RaDec => {
                Some(ra_dec_cell(convert_frame(position, self.geometry.frame(), Frame::Equatorial)))
            }
        }
    }

    /// The cells around one: its four diagonal neighbours, then the other four.
    pub(crate) fn neighbours(&self, cell: Cell) -> [Cell; 8] {
        let step = |(rows, columns): (i32, i32)| {
            let column = cell.column + columns;
            let column = if self.kind == LatticeConfig::RaDec { column.rem_euclid(RA_DEC_COLUMNS) } else { column };
            Cell { row: cell.row + rows, column }
        };
        [(-1, -1), (-1, 1), (1, -1), (1, 1), (-1, 0), (1, 0), (0, -1), (0, 1)].map(step)
    }

    /// Pixels of the central part of a cutout of the equal-area lattice: columns and rows.
    pub(crate) fn central_pixels(&self, cell: Cell) -> [std::ops::Range<usize>; 2] {
        self.equal_area.middle_pixels(cell)
    }

    fn ra_dec_places(&self) -> Vec<Place> {
        let frame = self.geometry.frame();
        let Some((middle, reach_deg)) = self.middle_and_reach_deg() else { return Vec::new() };
        let mut places = Vec::new();
        for row in RA_DEC_FIRST_ROW..RA_DEC_FIRST_ROW + RA_DEC_ROWS {
            if (ra_dec_centre_deg(row) - middle.lat_deg()).abs() > reach_deg {
                continue;
            }
            for column in 0..RA_DEC_COLUMNS {
                let cell = Cell { row, column };
                let centre = SkyPosition::from_deg(ra_dec_centre_deg(column), ra_dec_centre_deg(row));
                let centre = centre.map(|centre| convert_frame(centre, Frame::Equatorial, frame));
                let pixel = centre.and_then(|centre| self.geometry.sky_to_pix(centre));
                places.extend(pixel.and_then(|pixel| self.place(cell, pixel)));
            }
        }
        places
    }

    /// Equatorial centre of the tile, and the largest distance of its corners in degrees.
    fn middle_and_reach_deg(&self) -> Option<(SkyPosition, f64)> {
        let shape = self.geometry.shape();
        let (x1, y1) = (shape.nx as f64 - 0.5, shape.ny as f64 - 0.5);
        let sky = |x: f64, y: f64| {
            let sky = self.geometry.pix_to_sky(PixelPosition { x, y })?;
            Some(convert_frame(sky, self.geometry.frame(), Frame::Equatorial))
        };
        let middle = sky(shape.centre().x, shape.centre().y)?;
        let corners = [(-0.5, -0.5), (x1, -0.5), (-0.5, y1), (x1, y1)].map(|(x, y)| sky(x, y));
        let distance =
            |corner: Option<SkyPosition>| corner.map_or(180.0, |corner| middle.separation(corner).value().to_degrees());
        Some((middle, corners.map(distance).into_iter().fold(0.0, f64::max)))
    }

    /// The cutout about a centre, if all of its pixels lie on the tile.
    fn place(&self, cell: Cell, centre: PixelPosition) -> Option<Place> {
        let Shape { ny, nx } = self.geometry.shape();
        let first = |at: f64, n: usize| {
            let first = (at - 0.5 * (SIDE as f64 - 1.0)).round();
            (first >= 0.0 && first + SIDE as f64 <= n as f64).then_some(first as usize)
        };
        Some(Place { cell, centre, x0: first(centre.x, nx)?, y0: first(centre.y, ny)? })
    }
}

fn ra_dec_centre_deg(idx: i32) -> f64 {
    (RA_DEC_FIRST_ARCMIN + RA_DEC_STEP_ARCMIN * f64::from(idx)) / 60.0
}

/// The cell whose centre is nearest, by coordinates.
fn ra_dec_cell(position: SkyPosition) -> Cell {
    let first_edge = RA_DEC_FIRST_ARCMIN - 0.5 * RA_DEC_STEP_ARCMIN;
    let step = |deg: f64| ((deg * 60.0 - first_edge) / RA_DEC_STEP_ARCMIN).floor() as i32;
    Cell { row: step(position.lat_deg()), column: step(position.lon_deg()).rem_euclid(RA_DEC_COLUMNS) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_eval::{CutoutConfig, TileCutouts};
    use arcmin_maps::Mask;

    fn geometry(side: usize, pixel_arcmin: f64, dec_deg: f64) -> Geometry {
        let centre = SkyPosition::from_deg(30.0, dec_deg).unwrap();
        Geometry::tile(centre, Shape { ny: side, nx: side }, Arcmin::new(pixel_arcmin)).unwrap()
    }

    fn lattice(geometry: &Geometry, kind: LatticeConfig) -> Lattice {
        Lattice::new(geometry, &CutoutsConfig { lattice: kind, ..CutoutsConfig::default() })
    }

    #[test]
    fn equal_area_cutouts_are_those_by_which_finders_are_scored() {
        for (side, pixel_arcmin) in [(2048, 0.25), (500, 0.25), (768, 0.5)] {
            let geometry = geometry(side, pixel_arcmin, 40.0);
            let scored = TileCutouts::new(&Mask::all_valid(geometry.clone()), &CutoutConfig::default()).unwrap();
            let lattice = lattice(&geometry, LatticeConfig::EqualArea);
            let places = lattice.places();
            let n_across = ((side as f64 * pixel_arcmin - 8.0) / 6.0 + 1.0).floor() as u32;
            if pixel_arcmin == 0.25 {
                assert_eq!(places.len() as u64, scored.counts().equal_area);
                assert!(places.iter().all(|p| p.x0 % 24 == 0 && p.y0 % 24 == 0));
            }
            for place in places {
                let number = place.cell.row as u32 * n_across + place.cell.column as u32;
                assert_eq!(scored.centre(number), Some(place.centre));
                let sky = geometry.pix_to_sky(place.centre).unwrap();
                assert_eq!(scored.cells(sky).equal_area, Some(number));
                assert_eq!(lattice.cell_of(sky), Some(place.cell));
                for [x, y] in [[0.01, 0.01], [0.99, 0.99], [0.01, 0.99]] {
                    let [xs, ys] = lattice.central_pixels(place.cell);
                    let within = |range: &std::ops::Range<usize>, share: f64| {
                        (range.start as f64 + share * (range.len() as f64 - 1.0)).round()
                    };
                    let sky = geometry.pix_to_sky(PixelPosition { x: within(&xs, x), y: within(&ys, y) }).unwrap();
                    assert_eq!(scored.cells(sky).equal_area, Some(number));
                }
            }
        }
    }

    #[test]
    fn ra_dec_cells_are_those_by_which_finders_are_scored() {
        for dec_deg in [-70.0, 5.0, 60.0] {
            let geometry = geometry(400, 0.25, dec_deg);
            let scored = TileCutouts::new(&Mask::all_valid(geometry.clone()), &CutoutConfig::default()).unwrap();
            let lattice = lattice(&geometry, LatticeConfig::RaDec);
            let places = lattice.places();
            // As many as there is area for cutouts that lie on the tile, over the area of a cell.
            let expected = ((400.0 - 32.0f64) / 24.0).powi(2) / dec_deg.to_radians().cos();
            assert!((places.len() as f64 / expected - 1.0).abs() < 0.1, "{} of {expected}", places.len());
            for place in places {
                let sky = geometry.pix_to_sky(place.centre).unwrap();
                assert_eq!(lattice.cell_of(sky), Some(place.cell));
                let number = (place.cell.row + 901) as u32 * 3600 + place.cell.column as u32;
                assert_eq!(scored.cells(sky).ra_dec, number);
                let off = |first: usize, at: f64| (first as f64 + 15.5 - at).abs();
                assert!(off(place.x0, place.centre.x) <= 0.5 && off(place.y0, place.centre.y) <= 0.5);
            }
        }
    }

    #[test]
    fn a_tile_smaller_than_a_cutout_has_none() {
        for kind in [LatticeConfig::EqualArea, LatticeConfig::RaDec] {
            assert!(lattice(&geometry(31, 0.25, 0.0), kind).places().is_empty());
        }
    }

    #[test]
    fn neighbours_go_round_the_sky_on_the_grid_that_does() {
        let geometry = geometry(64, 0.25, 0.0);
        let cell = Cell { row: 3, column: 0 };
        assert_eq!(lattice(&geometry, LatticeConfig::RaDec).neighbours(cell)[0], Cell { row: 2, column: 3599 });
        assert_eq!(lattice(&geometry, LatticeConfig::EqualArea).neighbours(cell)[0], Cell { row: 2, column: -1 });
    }
}
