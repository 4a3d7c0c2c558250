//! Squares of equal area over a map, each answerable for its middle.

use crate::{Geometry, PixelPosition, Shape};
use arcmin_units::Arcmin;
use std::ops::Range;

/// Cutouts in equal steps along both axes of a map, as DeepSZ has them where it counts each area once (Z. Lin et al.,
/// arXiv:2102.13123: 8' every 6').
///
/// The first one begins at the first pixel, the last ends within the map. Each is answerable for its middle, one stride wide: middles
/// tile the map but for its rim, and their lower edges belong to them.
#[derive(Clone, Debug, PartialEq)]
pub struct EqualAreaLattice {
    shape: Shape,
    side_pixels: f64,
    stride_pixels: f64,
    n_x: usize,
    n_y: usize,
}

/// Row and column of a cutout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LatticeCell {
    /// Row, from the first pixel on.
    pub row: i32,
    /// Column.
    pub column: i32,
}

impl EqualAreaLattice {
    /// Lays cutouts over a map; `side` must be at least `stride`, and that above zero.
    pub fn new(geometry: &Geometry, side: Arcmin, stride: Arcmin) -> Self {
        let pixel_arcmin = geometry.pixel_size().to_arcmin().value();
        let (side_pixels, stride_pixels) = (side.value() / pixel_arcmin, stride.value() / pixel_arcmin);
        // A side that is a whole number of pixels but for rounding must not lose its last cutout.
        let fit = |n: usize| ((n as f64 - side_pixels) / stride_pixels + 1.0 + 1e-9).floor().max(0.0) as usize;
        let shape = geometry.shape();
        Self { shape, side_pixels, stride_pixels, n_x: fit(shape.nx), n_y: fit(shape.ny) }
    }

    /// Cutouts that lie on the map.
    pub fn len(&self) -> usize {
        self.n_x * self.n_y
    }

    /// True where the map is smaller than a cutout.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Distance of neighbours in pixels.
    pub fn stride_pixels(&self) -> f64 {
        self.stride_pixels
    }

    /// The cutouts that lie on the map, row by row; their places in this order are their numbers.
    pub fn cells(&self) -> impl Iterator<Item = LatticeCell> + use<> {
        let (n_x, n_y) = (self.n_x as i32, self.n_y as i32);
        (0..n_y).flat_map(move |row| (0..n_x).map(move |column| LatticeCell { row, column }))
    }

    /// The cutout of a number; `None` beyond the last.
    pub fn cell(&self, number: usize) -> Option<LatticeCell> {
        let cell = |number: usize| LatticeCell { row: (number / self.n_x) as i32, column: (number % self.n_x) as i32 };
        (number < self.len()).then(|| cell(number))
    }

    /// Number of the cutout on the map whose middle holds a position.
    pub fn number_at(&self, pixel: PixelPosition) -> Option<usize> {
        let LatticeCell { row, column } = self.cell_at(pixel)?;
        let (row, column) = (row as usize, column as usize);
        (row < self.n_y && column < self.n_x).then(|| row * self.n_x + column)
    }

    /// The cutout whose middle holds a position; beyond the last of a row or column those are counted that would lie there.
    pub fn cell_at(&self, pixel: PixelPosition) -> Option<LatticeCell> {
        let rim = self.rim_pixels();
        let along = |at: f64| ((at + 0.5 - rim) / self.stride_pixels).floor();
        let (row, column) = (along(pixel.y), along(pixel.x));
        (row >= 0.0 && column >= 0.0).then_some(LatticeCell { row: row as i32, column: column as i32 })
    }

    /// Centre of a cutout.
    pub fn centre(&self, cell: LatticeCell) -> PixelPosition {
        let at = |idx: i32| f64::from(idx) * self.stride_pixels + 0.5 * self.side_pixels - 0.5;
        PixelPosition { x: at(cell.column), y: at(cell.row) }
    }

    /// Distance in pixels of a position from the centre of the cutout whose middle holds it; `None` before the first ones.
    pub fn from_middle(&self, pixel: PixelPosition) -> Option<f64> {
        let centre = self.centre(self.cell_at(pixel)?);
        Some((pixel.x - centre.x).hypot(pixel.y - centre.y))
    }

    /// Pixels of the middle of a cutout that lie on the map: columns and rows.
    pub fn middle_pixels(&self, cell: LatticeCell) -> [Range<usize>; 2] {
        let rim = self.rim_pixels();
        let along = |idx: i32, n: usize| {
            let edge =
                |idx: i32| (rim + f64::from(idx) * self.stride_pixels - 0.5).ceil().clamp(0.0, n as f64) as usize;
            edge(idx)..edge(idx + 1)
        };
        [along(cell.column, self.shape.nx), along(cell.row, self.shape.ny)]
    }

    /// Width of the margin that belongs to neighbours.
    fn rim_pixels(&self) -> f64 {
        0.5 * (self.side_pixels - self.stride_pixels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_units::SkyPosition;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn lattice(side: usize, pixel_arcmin: f64) -> EqualAreaLattice {
        let centre = SkyPosition::from_deg(30.0, 40.0).unwrap();
        let geometry = Geometry::tile(centre, Shape { ny: side, nx: side + 30 }, Arcmin::new(pixel_arcmin)).unwrap();
        EqualAreaLattice::new(&geometry, Arcmin::new(8.0), Arcmin::new(6.0))
    }

    #[test]
    fn a_tile_of_2048_pixels_has_cutouts_of_32_pixels_every_24() {
        let lattice = lattice(2048, 0.25);
        assert_eq!((lattice.n_y, lattice.n_x, lattice.len()), (85, 86, 7310));
        let centre = |number| lattice.cell(number).map(|cell| lattice.centre(cell));
        assert_eq!(centre(0), Some(PixelPosition { x: 15.5, y: 15.5 }));
        assert_eq!(centre(87), Some(PixelPosition { x: 39.5, y: 39.5 }));
        assert_eq!(centre(7310), None);
        let from_middle = |x: f64, y: f64| lattice.from_middle(PixelPosition { x, y });
        assert_eq!(
            [from_middle(39.5, 15.5), from_middle(42.5, 11.5), from_middle(0.0, 9.0)],
            [Some(0.0), Some(5.0), None]
        );
        // Middles are pixels 4..28, 28..52, ...: the first pixels belong to no cutout.
        let row = |y: f64| lattice.number_at(PixelPosition { x: 4.0, y }).map(|number| number / 86);
        assert_eq!([3.4, 3.5, 27.4, 27.5, 2043.4, 2043.5].map(row), [None, Some(0), Some(0), Some(1), Some(84), None]);
        assert_eq!(lattice.cell_at(PixelPosition { x: 4.0, y: 2043.5 }), Some(LatticeCell { row: 85, column: 0 }));
    }

    #[test]
    fn coarser_pixels_change_no_cutout_and_a_small_map_has_none() {
        assert_eq!(lattice(1024, 0.5).n_y, 85);
        assert!(lattice(20, 0.25).is_empty() && lattice(20, 0.25).cell(0).is_none());
    }

    #[test]
    fn middles_tile_the_map_but_for_its_rim() {
        for (side, pixel_arcmin) in [(500, 0.25), (300, 0.37)] {
            let lattice = lattice(side, pixel_arcmin);
            let mut seen = BTreeSet::new();
            for (number, cell) in lattice.cells().enumerate() {
                assert_eq!(lattice.cell(number), Some(cell));
                let [xs, ys] = lattice.middle_pixels(cell);
                for (x, y) in ys.flat_map(|y| xs.clone().map(move |x| (x, y))) {
                    assert!(seen.insert((x, y)), "pixel {x}, {y} belongs to two cutouts");
                    assert_eq!(lattice.number_at(PixelPosition { x: x as f64, y: y as f64 }), Some(number));
                }
            }
            let n_beyond = (0..side).flat_map(|y| (0..side + 30).map(move |x| (x, y))).filter(|at| !seen.contains(at));
            let held = |(x, y): (usize, usize)| lattice.number_at(PixelPosition { x: x as f64, y: y as f64 });
            assert!(n_beyond.map(held).all(|number| number.is_none()));
        }
    }

    proptest! {
        #[test]
        fn the_cutout_of_a_position_is_the_one_with_the_nearest_centre(x in 4.0f64..76.0, y in 4.0f64..76.0) {
            let lattice = lattice(80, 0.25);
            let at = PixelPosition { x: x - 0.5, y: y - 0.5 };
            let distance = |cell: LatticeCell| {
                let centre = lattice.centre(cell);
                (centre.x - at.x).abs().max((centre.y - at.y).abs())
            };
            let cell = lattice.cell_at(at).unwrap();
            prop_assert!(lattice.cells().all(|other| distance(cell) <= distance(other) + 1e-9));
            prop_assert!(distance(cell) <= 12.0 + 1e-9, "half a stride from the centre at most");
        }
    }
}
