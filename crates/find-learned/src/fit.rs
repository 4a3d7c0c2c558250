//! What fits have in common: a folder, tiles on disk, a training, and weights that whoever comes later reads.

use crate::fit_lock::FitLock;
use crate::tile_store::identity;
use crate::{About, Error, Sky, TileFile, TileKind, TileStore, TilesKept};
use arcmin_nn::networks::Network;
use arcmin_nn::train::{Objective, Outcome, Report, Sources, TrainSettings, Trainer};
use arcmin_scene::SceneSource;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// Folder of the tiles in the folder of a fit.
const TILES: &str = "tiles";

/// Tiles of training and validation with labels of type `L`.
pub type SplitTiles<L> = [Vec<TileFile<L>>; 2];

/// A fit of a configuration to the scenes of two sources, in a folder.
pub struct Fit<'a, C> {
    /// The method's configuration.
    pub config: &'a C,
    /// What the network is trained on.
    pub train: &'a dyn SceneSource,
    /// What its epoch is chosen and its answers are calibrated with.
    pub validation: &'a dyn SceneSource,
    /// Holds the tiles while they are needed, a checkpoint and the learning curve of the training, and the weights at the end.
    pub folder: &'a Path,
    /// Whether progress of tiles and training is shown.
    pub report: Report,
    /// Asked between tiles and before each batch.
    pub stop: &'a dyn Fn() -> bool,
}

impl<C: Clone + PartialEq + Serialize + DeserializeOwned> Fit<'_, C> {
    /// Loads what the folder's file of weights holds, which `run` writes if there is none; `None` when that was stopped, of which
    /// it tells by false. Processes that fit in one folder wait for each other, so that the first one trains and the others read.
    ///
    /// # Errors
    /// [`Error::OtherFit`] for weights of another configuration or other sources; when the folder cannot be written; those of
    /// `run` and `load`.
    pub fn once<F, T, E: From<Error>>(
        &self,
        weights: &str,
        kept: TilesKept,
        run: impl FnOnce(&Path) -> Result<bool, E>,
        load: impl FnOnce(&Path) -> Result<F, E>,
        about: impl FnOnce(&F) -> &About<C, T>,
    ) -> Result<Option<F>, E> {
        std::fs::create_dir_all(self.folder).map_err(Error::io(self.folder))?;
        let Some(_lock) = FitLock::wait(self.folder, self.stop)? else { return Ok(None) };
        let path = self.folder.join(weights);
        if !path.exists() && !run(&path)? {
            return Ok(None);
        }
        // Own weights are read back too: a number in decimal digits need not come back as the same bits, and all must agree.
        let finder = load(&path)?;
        if !self.is_of(about(&finder)) {
            return Err(Error::OtherFit { path }.into());
        }
        let tiles = self.folder.join(TILES);
        if kept == TilesKept::Deleted && tiles.exists() {
            std::fs::remove_dir_all(&tiles).map_err(Error::io(&tiles))?;
        }
        Ok(Some(finder))
    }

    fn is_of<T>(&self, about: &About<C, T>) -> bool {
        // By way of JSON, as what is in the file came.
        let text = serde_json::to_string(self.config).expect("a plain struct with string keys");
        let config: C = serde_json::from_str(&text).expect("it has just been written");
        about.config == config && about.sources == self.identities()
    }

    fn identities(&self) -> [(String, u64); 2] {
        [self.train, self.validation].map(identity)
    }

    /// The tiles of training and validation, made where they are not there yet; `None` when that was stopped.
    ///
    /// # Errors
    /// When a scene cannot be made or used, or a tile cannot be kept or read.
    pub fn tiles<K: TileKind>(&self, kind: &K) -> Result<Option<SplitTiles<K::Labels>>, K::Error> {
        let folder = &self.folder.join(TILES);
        let train = TileStore { folder, split: "train", source: self.train, kind };
        let validation = TileStore { folder, split: "validation", source: self.validation, kind };
        if !(train.make(self.report, self.stop)? && validation.make(self.report, self.stop)?) {
            return Ok(None);
        }
        Ok(Some([train.open()?, validation.open()?]))
    }

    /// What is known before a training on tiles of these skies, those of training and validation.
    ///
    /// # Errors
    /// [`Error::BadTile`] when they differ.
    pub fn about<T>(&self, format: u32, [train, validation]: [&Sky; 2]) -> Result<About<C, T>, Error> {
        let sky = Sky::one(train, validation)?;
        Ok(About { format, config: self.config.clone(), sky, sources: self.identities(), trained: None })
    }

    /// Trains a network, or goes on with a training that was stopped; a checkpoint of what `about` does not describe is refused.
    ///
    /// # Errors
    /// As [`Trainer::run`].
    pub fn train<N: Network, O: Objective<N>, T: Serialize>(
        &self,
        network: &N,
        objective: O,
        settings: &TrainSettings,
        samples: &Sources,
        about: &About<C, T>,
    ) -> Result<Outcome, Error> {
        let about = serde_json::to_value(about).expect("a plain struct with string keys");
        let trainer = Trainer::new(network, objective, settings.clone(), about, self.folder);
        Ok(trainer.with_report(self.report).run(samples, self.stop)?)
    }
}
