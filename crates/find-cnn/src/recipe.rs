//! From scenes with known haloes to a finder.

use crate::about::{About, FORMAT, Trained};
use crate::cutout_set::CutoutSet;
use crate::label::CutoutTiles;
use crate::objective::{CnnObjective, pairs};
use crate::samples::{Resampled, WholeSet};
use crate::{AdjacentNegatives, CnnConfig, CnnFinder, Counts, CutoutsConfig, Error};
use arcmin_find_learned::{Error as LearnedError, FitLock, Platt, Sky, TileStore, TilesKept, identity};
use arcmin_method::{ClusterFinder, FinderRecipe, FinderSources};
use arcmin_nn::data::{Loader, LoaderSettings, Order, Position, SampleSource};
use arcmin_nn::networks::{DeepszResnet, Network};
use arcmin_nn::train::{Objective, Outcome, Report, Sources, Trainer};
use arcmin_nn::{Pass, weights};
use arcmin_scene::SceneSource;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// File of the trained weights in the folder of a fit, and the folder of its tiles.
const WEIGHTS: &str = "cnn.safetensors";
const TILES: &str = "tiles";

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct CnnRecipe {
    config: CnnConfig,
    report: Report,
}

impl CnnRecipe {
    /// Checks a configuration.
    ///
    /// # Errors
    /// For the first value that cannot be.
    pub fn new(config: CnnConfig) -> Result<Self, Error> {
        config.check()?;
        Ok(Self { config, report: Report::Silent })
    }

    /// The same with progress of tiles and training shown or not.
    pub fn with_report(self, report: Report) -> Self {
        Self { report, ..self }
    }

    /// Fits, or reads what an earlier fit of the same configuration and sources left; `None` when `stop` said so. The folder
    /// holds the tiles while they are needed, a checkpoint and the learning curve of the training, and at the end
    /// `cnn.safetensors`, which [`CnnFinder::load`] reads. Processes that fit in one folder wait for each other, so that the
    /// first one trains and the others read.
    ///
    /// # Errors
    /// When a tile cannot be made, kept or read, there is no cutout with a cluster, the folder holds a fit of another
    /// configuration, or the training fails.
    pub fn train(
        &self,
        sources: &FinderSources,
        folder: &Path,
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<CnnFinder>, Error> {
        std::fs::create_dir_all(folder).map_err(LearnedError::io(folder))?;
        let Some(_lock) = FitLock::wait(folder, stop)? else { return Ok(None) };
        let fit = Fit { recipe: self, sources, folder, tiles: folder.join(TILES) };
        let path = folder.join(WEIGHTS);
        let finder = match path.exists() {
            true => fit.fitted(CnnFinder::load(&path)?, path)?,
            false => match fit.run(stop)? {
                Some(finder) => finder,
                None => return Ok(None),
            },
        };
        if self.config.tiles == TilesKept::Deleted && fit.tiles.exists() {
            std::fs::remove_dir_all(&fit.tiles).map_err(LearnedError::io(&fit.tiles))?;
        }
        Ok(Some(finder))
    }
}

/// A fit under way.
struct Fit<'a> {
    recipe: &'a CnnRecipe,
    sources: &'a FinderSources,
    folder: &'a Path,
    tiles: PathBuf,
}

impl Fit<'_> {
    fn config(&self) -> &CnnConfig {
        &self.recipe.config
    }

    /// The finder of an earlier fit, if that was this one.
    fn fitted(&self, finder: CnnFinder, path: PathBuf) -> Result<CnnFinder, Error> {
        let about = finder.about();
        // By way of JSON, as what is in the file came: decimal digits need not come back as the same bits.
        let text = serde_json::to_string(self.config()).expect("a plain struct with string keys");
        let config: CnnConfig = serde_json::from_str(&text).expect("it has just been written");
        let is_ours = about.config == config && about.sources == self.fingerprints();
        if is_ours { Ok(finder) } else { Err(Error::OtherFit { path }) }
    }

    fn fingerprints(&self) -> [(String, u64); 2] {
        [identity(&*self.sources.train), identity(&*self.sources.validation)]
    }

    fn store<'b>(
        &'b self,
        split: &'static str,
        source: &'b dyn SceneSource,
        kind: &'b CutoutTiles<'b>,
    ) -> TileStore<'b, CutoutTiles<'b>> {
        TileStore { folder: &self.tiles, split, source, kind }
    }

    fn run(&self, stop: &dyn Fn() -> bool) -> Result<Option<CnnFinder>, Error> {
        let kind = CutoutTiles(self.config());
        let train = self.store("train", &*self.sources.train, &kind);
        let validation = self.store("validation", &*self.sources.validation, &kind);
        if !(train.make(self.recipe.report, stop)? && validation.make(self.recipe.report, stop)?) {
            return Ok(None);
        }
        let CutoutsConfig { adjacent_negatives, .. } = self.config().cutouts;
        let train = Arc::new(CutoutSet::new(train.open()?, train.split, adjacent_negatives)?);
        let validation = Arc::new(CutoutSet::new(validation.open()?, validation.split, AdjacentNegatives::Keep)?);
        self.train(&train, validation, stop)
    }

    fn train(
        &self,
        train: &Arc<CutoutSet>,
        validation: Arc<CutoutSet>,
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<CnnFinder>, Error> {
        let config = self.config();
        let sky = Sky::one(train.sky(), validation.sky())?;
        let counts = [train.counts, validation.counts];
        let mut about =
            About { format: FORMAT, config: config.clone(), sky, sources: self.fingerprints(), trained: None };
        let network = DeepszResnet::new(&config.network(about.sky.bands.len()))?;
        let validation: Arc<dyn SampleSource> = Arc::new(WholeSet::new(validation, config)?);
        let samples = Resampled::new(Arc::clone(train), config)?;
        let sources = Sources { train: Arc::new(samples), validation: Arc::clone(&validation) };
        let of_checkpoint = serde_json::to_value(&about).expect("a plain struct with string keys");
        let trainer = Trainer::new(&network, CnnObjective, config.training.clone(), of_checkpoint, self.folder);
        let outcome = trainer.with_report(self.recipe.report).run(&sources, stop)?;
        let Outcome::Finished { best_epoch, best_loss, curve } = outcome else { return Ok(None) };
        let [train, of_validation]: [Counts; 2] = counts;
        about.trained = Some(Trained {
            train,
            validation: of_validation,
            n_epochs: curve.len() as u64,
            best_epoch,
            f1_validation: 1.0 - best_loss,
            platt: self.calibrate(&network, validation)?,
        });
        let line = serde_json::to_string(&about).expect("a plain struct with string keys");
        let path = self.folder.join(WEIGHTS);
        weights::save(&path, network.parameters(), &line)?;
        // Read back: a number in decimal digits need not come back as the same bits, and those who read must agree.
        Ok(Some(CnnFinder::load(&path)?))
    }

    /// Probabilities from log-odds, by all validation cutouts.
    fn calibrate(&self, network: &DeepszResnet, validation: Arc<dyn SampleSource>) -> Result<Platt, Error> {
        let training = &self.config().training;
        let settings = LoaderSettings { batch_size: training.batch_size, queue_len: 2, order: Order::Straight };
        let loader = Loader::new("validation", validation, settings)?;
        let device = network.parameters().device();
        let mut kept = Vec::new();
        for batch in loader.batches(Position::default()) {
            let pass = Pass::evaluation().with_precision(training.precision);
            kept.extend(CnnObjective.judge(network, &batch?.to_device(&device)?, &pass)?.1);
        }
        Ok(Platt::fit(&pairs(&kept)))
    }
}

impl FinderRecipe for CnnRecipe {
    fn fit(
        &self,
        sources: &FinderSources,
        folder: &Path,
        stop: &dyn Fn() -> bool,
    ) -> Result<Box<dyn ClusterFinder>, arcmin_method::Error> {
        let fitted = self.train(sources, folder, stop).map_err(crate::finder::of_method)?;
        fitted.map(|finder| Box::new(finder) as Box<dyn ClusterFinder>).ok_or(arcmin_method::Error::Interrupted)
    }
}
