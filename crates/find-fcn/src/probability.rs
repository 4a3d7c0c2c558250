//! The map of probabilities.

use crate::answer::N_OUTPUTS;
use crate::grid::Grid;
use arcmin_find_learned::Platt;
use arcmin_maps::{Map, Mask, Shape};
use arcmin_method::Detections;
use arcmin_units::PixelUnit;

/// A probability, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probability;

impl PixelUnit for Probability {
    const BUNIT: &'static str = "probability";
}

/// The probability, cell by cell, that a target lies within the radius of the cell's middle
/// ([`CellsConfig::radius_arcmin`](crate::CellsConfig)).
///
/// Its value at the cell of a peak is the score of the candidate there. Platt's regression was fitted on the peaks of the validation
/// tiles; away from peaks the network's log-odds, which were learnt cell by cell, go through the same regression. Cells of one
/// cluster do not add: each of those within the radius of it has the whole probability.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbabilityMap {
    /// Zero where nothing was searched. Its pixels are squares of those of the observation ([`Geometry::binned`](arcmin_maps::Geometry)).
    pub map: Map<Probability>,
    /// The cells of which at least half was searched.
    pub searched: Mask,
}

/// All that a search yields.
#[derive(Clone, Debug, PartialEq)]
pub struct FcnSearch {
    /// Candidates, and the pixels that were searched.
    pub detections: Detections,
    /// The map whose peaks the candidates are.
    pub probability: ProbabilityMap,
}

impl ProbabilityMap {
    /// From the network's answers, none where no cell is searched.
    pub(crate) fn new(answers: &[f32], searched: Vec<bool>, grid: &Grid, platt: &Platt) -> Self {
        let geometry = grid.searched.geometry().binned(2 * grid.bin);
        let Shape { ny, nx } = geometry.shape();
        // The network works on whole pairs of averaged pixels, which are the cells.
        debug_assert_eq!(Shape { ny, nx }, grid.cells());
        let probability = |(i, &searched): (usize, &bool)| match searched {
            true => platt.probability(f64::from(answers[i * N_OUTPUTS])) as f32,
            false => 0.0,
        };
        let pixels = searched.iter().enumerate().map(probability).collect();
        let map = Map::new(geometry.clone(), pixels).expect("a value for each cell");
        let searched = Mask::new(geometry, searched).expect("a flag for each cell");
        Self { map, searched }
    }
}
