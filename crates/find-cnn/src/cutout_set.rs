//! The cutouts of many tiles.

use crate::tile_file::{TileFile, fingerprint};
use crate::{AdjacentNegatives, CnnConfig, Error, Sky};
use arcmin_job::Progress;
use arcmin_nn::train::Report;
use arcmin_scene::SceneSource;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

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

/// The tiles of one split on disk.
pub(crate) struct TileStore<'a> {
    pub(crate) folder: &'a Path,
    /// Name of the split in files and errors.
    pub(crate) split: &'static str,
    pub(crate) source: &'a dyn SceneSource,
    pub(crate) config: &'a CnnConfig,
}

impl TileStore<'_> {
    /// Makes the tiles that are not there yet; false when `stop` said so.
    pub(crate) fn make(&self, report: Report, stop: &dyn Fn() -> bool) -> Result<bool, Error> {
        let n_tiles = self.source.len();
        let missing: Vec<usize> =
            (0..n_tiles).filter(|&tile| !self.stem(tile).with_extension("json").exists()).collect();
        if missing.is_empty() {
            return Ok(true);
        }
        std::fs::create_dir_all(self.folder).map_err(Error::io(self.folder))?;
        let progress = (report == Report::Progress).then(|| Progress::new("tiles to train with", missing.len() as u64));
        for tile in missing {
            if stop() {
                return Ok(false);
            }
            TileFile::write(&self.stem(tile), &self.fingerprint(tile), &self.source.scene(tile)?, self.config)?;
            if let Some(progress) = &progress {
                progress.advance(1);
            }
        }
        if let Some(progress) = progress {
            progress.finish();
        }
        Ok(true)
    }

    /// The cutouts of all tiles; a training set may lack some of those without a cluster.
    pub(crate) fn open(&self, adjacent: AdjacentNegatives) -> Result<CutoutSet, Error> {
        let mut set = CutoutSet::default();
        for tile in 0..self.source.len() {
            let stem = self.stem(tile);
            let opened = TileFile::open(&stem, &self.fingerprint(tile))?;
            let missing = || Error::TileFile { path: stem.clone(), reason: "it has just been deleted".to_owned() };
            set.add(opened.ok_or_else(missing)?, adjacent)?;
        }
        let Counts { n_cutouts, n_positives, .. } = set.counts;
        if n_positives == 0 || n_positives == n_cutouts {
            return Err(Error::TooFewCutouts { split: self.split, n_positives, n_cutouts });
        }
        Ok(set)
    }

    fn stem(&self, tile: usize) -> PathBuf {
        self.folder.join(format!("{}-{tile:04}", self.split))
    }

    fn fingerprint(&self, tile: usize) -> String {
        fingerprint(&self.source.origin(), tile, self.config)
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
    tiles: Vec<TileFile>,
    places: Vec<Place>,
    is_positive: Vec<bool>,
    pub(crate) counts: Counts,
}

impl CutoutSet {
    fn add(&mut self, mut tile: TileFile, adjacent: AdjacentNegatives) -> Result<(), Error> {
        if let Some(first) = self.tiles.first().filter(|first| first.about.sky != tile.about.sky) {
            let what = format!("one tile has {}, another {}", first.about.sky, tile.about.sky);
            return Err(Error::BadTile { what });
        }
        let number = self.tiles.len() as u32;
        // What is kept of each cutout is in `places` and `is_positive`.
        for cutout in std::mem::take(&mut tile.about.cutouts) {
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
        Ok(())
    }

    /// What the maps are like.
    pub(crate) fn sky(&self) -> &Sky {
        &self.tiles[0].about.sky
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
        self.tiles[tile as usize].cutout(x0, y0)
    }
}
