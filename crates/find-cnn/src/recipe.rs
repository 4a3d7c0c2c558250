//! From scenes with known haloes to a finder.

use crate::about::{Trained, WEIGHTS};
use crate::cutout_set::CutoutSet;
use crate::label::CutoutTiles;
use crate::objective::{CnnObjective, pairs};
use crate::samples::{Resampled, WholeSet};
use crate::{AdjacentNegatives, CnnConfig, CnnFinder, Error};
use arcmin_find_learned::{Fit, Platt};
use arcmin_method::{ClusterFinder, FinderRecipe, FinderSources};
use arcmin_nn::Pass;
use arcmin_nn::data::{Loader, LoaderSettings, Order, Position, SampleSource};
use arcmin_nn::networks::{DeepszResnet, Network};
use arcmin_nn::train::{Objective, Outcome, Report, Sources, TrainSettings};
use std::path::Path;
use std::sync::Arc;

/// File of the trained weights in the folder of a fit.
const FILE: &str = "cnn.safetensors";

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
        let fit = Fit {
            config: &self.config,
            train: &*sources.train,
            validation: &*sources.validation,
            folder,
            report: self.report,
            stop,
        };
        fit.once(FILE, self.config.tiles, |path| run(&fit, path), CnnFinder::load, CnnFinder::about)
    }
}

/// False when it was stopped.
fn run(fit: &Fit<CnnConfig>, path: &Path) -> Result<bool, Error> {
    let config = fit.config;
    let Some([train, validation]) = fit.tiles(&CutoutTiles(config))? else { return Ok(false) };
    let train = Arc::new(CutoutSet::new(train, "train", config.cutouts.adjacent_negatives)?);
    let validation = Arc::new(CutoutSet::new(validation, "validation", AdjacentNegatives::Keep)?);
    let mut about = fit.about(WEIGHTS.format, [train.sky(), validation.sky()])?;
    let counts = [train.counts, validation.counts];
    let network = DeepszResnet::new(&config.network(about.sky.bands.len()))?;
    let validation: Arc<dyn SampleSource> = Arc::new(WholeSet::new(validation, config)?);
    let samples = Sources { train: Arc::new(Resampled::new(train, config)?), validation: Arc::clone(&validation) };
    let outcome = fit.train(&network, CnnObjective, &config.training, &samples, &about)?;
    let Outcome::Finished { best_epoch, best_loss, curve } = outcome else { return Ok(false) };
    about.trained = Some(Trained {
        train: counts[0],
        validation: counts[1],
        n_epochs: curve.len() as u64,
        best_epoch,
        f1_validation: 1.0 - best_loss,
        platt: calibrate(&network, &config.training, validation)?,
    });
    about.save(path, network.parameters())?;
    Ok(true)
}

/// Probabilities from log-odds, by all validation cutouts.
fn calibrate(
    network: &DeepszResnet,
    training: &TrainSettings,
    validation: Arc<dyn SampleSource>,
) -> Result<Platt, Error> {
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
