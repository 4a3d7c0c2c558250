//! The tiles of one split on disk.

use crate::tile_file::FORMAT;
use crate::{Error, Sky, TileFile};
use arcmin_job::Progress;
use arcmin_nn::train::Report;
use arcmin_scene::{Scene, SceneSource};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A tile as a finder is trained on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile<L> {
    /// What the maps are like.
    pub sky: Sky,
    /// Rows, columns, channels.
    pub shape: [usize; 3],
    /// `[y, x, channel]`.
    pub pixels: Vec<f32>,
    /// What the finder is to learn.
    pub labels: L,
}

/// How a finder makes a training tile of a scene.
pub trait TileKind {
    /// What it is to learn.
    type Labels: Serialize + DeserializeOwned;
    /// The finder's own error.
    type Error: From<Error>;

    /// The settings that decide pixels and labels of a tile beside its scene.
    fn settings(&self) -> serde_json::Value;

    /// The tile of a scene.
    ///
    /// # Errors
    /// When the scene cannot be used.
    fn tile(&self, scene: &Scene) -> Result<Tile<Self::Labels>, Self::Error>;
}

/// The tiles of one split on disk.
pub struct TileStore<'a, K> {
    /// Where.
    pub folder: &'a Path,
    /// Name of the split in files and errors.
    pub split: &'static str,
    /// What they are made of.
    pub source: &'a dyn SceneSource,
    /// How.
    pub kind: &'a K,
}

impl<K: TileKind> TileStore<'_, K> {
    /// Makes the tiles that are not there yet; false when `stop` said so.
    ///
    /// # Errors
    /// When a scene cannot be made or used, or a file cannot be written.
    pub fn make(&self, report: Report, stop: &dyn Fn() -> bool) -> Result<bool, K::Error> {
        let n_tiles = self.source.len();
        let missing: Vec<usize> =
            (0..n_tiles).filter(|&tile| !self.stem(tile).with_extension("json").exists()).collect();
        if missing.is_empty() {
            return Ok(true);
        }
        std::fs::create_dir_all(self.folder).map_err(Error::io(self.folder))?;
        let progress = (report == Report::Progress).then(|| Progress::new("tiles to train with", missing.len() as u64));
        for number in missing {
            if stop() {
                return Ok(false);
            }
            let tile = self.kind.tile(&self.source.scene(number).map_err(Error::Scene)?)?;
            TileFile::write(&self.stem(number), &self.fingerprint(number), tile)?;
            if let Some(progress) = &progress {
                progress.advance(1);
            }
        }
        if let Some(progress) = progress {
            progress.finish();
        }
        Ok(true)
    }

    /// The tiles, which must be of one sky.
    ///
    /// # Errors
    /// As [`TileFile::open`], and when skies differ.
    pub fn open(&self) -> Result<Vec<TileFile<K::Labels>>, Error> {
        let mut tiles: Vec<TileFile<K::Labels>> = Vec::new();
        for number in 0..self.source.len() {
            let stem = self.stem(number);
            let missing = || Error::TileFile { path: stem.clone(), reason: "it has just been deleted".to_owned() };
            let tile = TileFile::open(&stem, &self.fingerprint(number))?.ok_or_else(missing)?;
            if let Some(first) = tiles.first().filter(|first| first.sky() != tile.sky()) {
                return Err(Error::BadTile { what: format!("one tile has {}, another {}", first.sky(), tile.sky()) });
            }
            tiles.push(tile);
        }
        Ok(tiles)
    }

    fn stem(&self, tile: usize) -> PathBuf {
        self.folder.join(format!("{}-{tile:04}", self.split))
    }

    /// Of what decides a tile's pixels and labels, as one line of hexadecimal digits.
    fn fingerprint(&self, tile: usize) -> String {
        let decides = serde_json::json!([FORMAT, self.source.origin(), tile, self.kind.settings()]);
        blake3::hash(decides.to_string().as_bytes()).to_hex().to_string()
    }
}

/// What tells a source from others whose skies differ, and its number of tiles.
pub(crate) fn identity(source: &dyn SceneSource) -> (String, u64) {
    (blake3::hash(source.origin().as_bytes()).to_hex().to_string(), source.len() as u64)
}

/// What becomes of the tiles when a training is over.
///
/// A tile of 2048 x 2048 pixels in three bands takes 50 MB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TilesKept {
    /// They are deleted.
    #[default]
    Deleted,
    /// They stay.
    Kept,
}
