//! Which clusters are found: the share of them in cells of two quantities, such as mass and redshift.

use crate::Error;
use crate::binned::{bin_of, check_edges};
use crate::outcome::HaloOutcome;
use crate::statistics::fraction;
use crate::summary::TileSummary;

/// One axis of a plane: a quantity of a halo and the edges of its bins.
pub struct PlaneAxis<'a> {
    /// Name of the quantity in an error.
    pub name: &'static str,
    /// Rising edges; the lower one belongs to its bin.
    pub edges: Vec<f64>,
    /// The quantity; haloes for which it is not finite are left out.
    pub value: &'a dyn Fn(&HaloOutcome) -> f64,
}

/// Haloes found and there in one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlaneCell {
    /// Haloes found.
    pub found: u64,
    /// Haloes there.
    pub total: u64,
}

impl PlaneCell {
    /// `found / total`; `None` where fewer than `least` haloes are.
    pub fn fraction(&self, least: u64) -> Option<f64> {
        fraction(self.found, self.total).filter(|_| self.total >= least)
    }
}

/// The share of haloes found in cells of two quantities.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectionPlane {
    /// Edges along x.
    pub x_edges: Vec<f64>,
    /// Edges along y.
    pub y_edges: Vec<f64>,
    /// Cells `[y, x]`, row-major.
    pub cells: Vec<PlaneCell>,
}

impl SelectionPlane {
    /// Counts the searched haloes kept, of any redshift, and those found at a threshold.
    ///
    /// # Errors
    /// [`Error::BadEdges`] when an axis has fewer than two edges or they do not rise.
    pub fn new(tiles: &[TileSummary], threshold: f64, x: &PlaneAxis, y: &PlaneAxis) -> Result<Self, Error> {
        check_edges(x.name, &x.edges)?;
        check_edges(y.name, &y.edges)?;
        let n_x = x.edges.len() - 1;
        let mut cells = vec![PlaneCell::default(); n_x * (y.edges.len() - 1)];
        let searched = tiles.iter().flat_map(|tile| &tile.haloes).filter(|halo| halo.is_searched);
        for halo in searched {
            let bins = (bin_of((x.value)(halo), &x.edges), bin_of((y.value)(halo), &y.edges));
            if let (Some(column), Some(row)) = bins {
                let cell = &mut cells[row * n_x + column];
                cell.found += u64::from(halo.score.is_some_and(|score| score >= threshold));
                cell.total += 1;
            }
        }
        Ok(Self { x_edges: x.edges.clone(), y_edges: y.edges.clone(), cells })
    }

    /// The cells with their places: lower and upper edge along x, the same along y, and the cell.
    pub fn placed(&self) -> impl Iterator<Item = ([f64; 2], [f64; 2], PlaneCell)> + '_ {
        let n_x = self.x_edges.len() - 1;
        self.cells.iter().enumerate().map(move |(idx, &cell)| {
            let (row, column) = (idx / n_x, idx % n_x);
            let pair = |edges: &[f64], at: usize| [edges[at], edges[at + 1]];
            (pair(&self.x_edges, column), pair(&self.y_edges, row), cell)
        })
    }
}

/// Edges of `n` bins of equal ratio.
pub fn log_edges(low: f64, high: f64, n: usize) -> Vec<f64> {
    (0..=n).map(|i| low * (high / low).powf(i as f64 / n as f64)).collect()
}

/// Edges of `n` bins of equal width.
pub fn linear_edges(low: f64, high: f64, n: usize) -> Vec<f64> {
    (0..=n).map(|i| low + (high - low) * i as f64 / n as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::testing::{candidate, halo};
    use crate::{MatchConfig, TileOutcome};
    use arcmin_maps::{Geometry, Mask, Shape};
    use arcmin_method::Detections;
    use arcmin_scene::Truth;
    use arcmin_units::{Arcmin, SkyPosition};

    fn summary() -> TileSummary {
        let centre = SkyPosition::from_deg(10.0, 0.0).unwrap();
        let geometry = Geometry::tile(centre, Shape { ny: 60, nx: 60 }, Arcmin::new(1.0)).unwrap();
        let mut searched = Mask::all_valid(geometry.clone());
        searched.valid_mut()[50 * 60..].fill(false);
        let (a, b, c) = (halo(0, 10.0, 0.0, 4e14, 0.5), halo(1, 10.1, 0.0, 4e14, 0.5), halo(2, 10.2, 0.0, 1e14, 1.5));
        let haloes = vec![a, b, c, halo(3, 10.0, 0.45, 4e14, 0.5)];
        let candidates = vec![candidate(10.0, 0.0, 9.0), candidate(10.2, 0.0, 4.0)];
        let truth = Truth { tile: 0, haloes, sources: Vec::new(), footprint: Mask::all_valid(geometry) };
        let detections = Detections { candidates, searched };
        TileSummary::new(&TileOutcome::new(&detections, &truth, &MatchConfig::default()).unwrap())
    }

    #[test]
    fn cells_count_searched_haloes_and_those_found() {
        let mass = PlaneAxis { name: "mass", edges: vec![5e13, 2e14, 1e15], value: &|halo| halo.mvir_msun };
        let redshift = PlaneAxis { name: "redshift", edges: vec![0.0, 1.0, 2.0], value: &|halo| halo.redshift };
        let plane = SelectionPlane::new(&[summary()], 5.0, &redshift, &mass).unwrap();
        let cell = |found, total| PlaneCell { found, total };
        assert_eq!(plane.cells, [cell(0, 0), cell(0, 1), cell(1, 2), cell(0, 0)]);
        assert_eq!(plane.cells[2].fraction(3), None);
        assert_eq!(plane.cells[2].fraction(2), Some(0.5));
        let (x, y, _) = plane.placed().nth(1).unwrap();
        assert_eq!((x, y), ([1.0, 2.0], [5e13, 2e14]));
    }

    #[test]
    fn edges_that_fall_are_refused_by_name() {
        let good = PlaneAxis { name: "good", edges: vec![0.0, 1.0], value: &|_| 0.5 };
        let bad = PlaneAxis { name: "bad", edges: vec![1.0, 0.0], value: &|_| 0.5 };
        assert!(SelectionPlane::new(&[], 5.0, &good, &bad).unwrap_err().to_string().contains("bad"));
    }
}
