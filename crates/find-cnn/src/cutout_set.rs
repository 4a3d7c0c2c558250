//! The cutouts of many tiles.

use crate::label::LabelledCutout;
use crate::lattice::SIDE;
use crate::{AdjacentNegatives, Error};
use arcmin_find_learned::{Sky, TileFile};
use serde::{Deserialize, Serialize};

/// How many cutouts a set has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// All, those dropped included.
    pub n_cutouts: u64,
    /// Those with a cluster.
    pub n_positives: u64,
    /// Those without a cluster that were dropped, being beside one with a cluster.
    pub n_dropped: u64,
}

impl Counts {
    /// Share of all cutouts that hold a cluster, on which precision and F1 depend.
    pub fn prevalence(&self) -> f64 {
        self.n_positives as f64 / (self.n_cutouts as f64).max(1.0)
    }
}

/// Where a cutout lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    tile: u32,
    x0: u32,
    y0: u32,
}

/// The cutouts of many tiles: where they lie and what they hold. Pixels stay on disk.
#[derive(Debug, Default)]
pub(crate) struct CutoutSet {
    tiles: Vec<TileFile<Vec<LabelledCutout>>>,
    places: Vec<Place>,
    is_positive: Vec<bool>,
    pub(crate) counts: Counts,
}

impl CutoutSet {
    /// The cutouts of all tiles of a split; a training set may lack some of those without a cluster.
    pub(crate) fn new(
        tiles: Vec<TileFile<Vec<LabelledCutout>>>,
        split: &'static str,
        adjacent: AdjacentNegatives,
    ) -> Result<Self, Error> {
        let mut set = Self::default();
        tiles.into_iter().for_each(|tile| set.add(tile, adjacent));
        let Counts { n_cutouts, n_positives, .. } = set.counts;
        if n_positives == 0 || n_positives == n_cutouts {
            return Err(Error::TooFewCutouts { split, n_positives, n_cutouts });
        }
        Ok(set)
    }

    fn add(&mut self, mut tile: TileFile<Vec<LabelledCutout>>, adjacent: AdjacentNegatives) {
        let number = self.tiles.len() as u32;
        // What is kept of each cutout is in `places` and `is_positive`.
        for cutout in std::mem::take(tile.labels_mut()) {
            self.counts.n_cutouts += 1;
            let beside = match adjacent {
                AdjacentNegatives::Keep => false,
                AdjacentNegatives::DropDiagonal => cutout.is_diagonal,
                AdjacentNegatives::DropAll => cutout.is_adjacent,
            };
            if beside && !cutout.is_positive {
                self.counts.n_dropped += 1;
                continue;
            }
            self.counts.n_positives += u64::from(cutout.is_positive);
            self.places.push(Place { tile: number, x0: cutout.x0, y0: cutout.y0 });
            self.is_positive.push(cutout.is_positive);
        }
        self.tiles.push(tile);
    }

    /// What the maps are like.
    pub(crate) fn sky(&self) -> &Sky {
        self.tiles[0].sky()
    }

    /// Cutouts that are not dropped.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether a cutout holds a cluster.
    pub(crate) fn is_positive(&self, index: usize) -> bool {
        self.is_positive[index]
    }

    /// Numbers of the cutouts with a cluster, or of those without.
    pub(crate) fn with_label(&self, label: bool) -> Vec<u32> {
        (0..self.len() as u32).filter(|&index| self.is_positive[index as usize] == label).collect()
    }

    /// Pixels `[y, x, band]` in uK.
    pub(crate) fn pixels(&self, index: usize) -> Result<Vec<f32>, Error> {
        let Place { tile, x0, y0 } = self.places[index];
        Ok(self.tiles[tile as usize].square(x0 as usize, y0 as usize, SIDE)?)
    }
}
