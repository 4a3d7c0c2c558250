//! From cutouts with known masses to an estimator.

use crate::about::{About, Sky, Trained, WEIGHTS};
use crate::calibrate::calibrate;
use crate::objective::SzObjective;
use crate::samples::SzSamples;
use crate::{Error, SzMassConfig, SzMassEstimator};
use arcmin_method::{ClusterCutoutSources, MassEstimator, MassRecipe};
use arcmin_nn::networks::{MResUNet, Network};
use arcmin_nn::train::{Outcome, Report, Sources, Trainer};
use arcmin_nn::weights;
use std::path::Path;
use std::sync::Arc;

/// File of the trained weights in the folder of a fit.
const FILE: &str = "sz-mass.safetensors";

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct SzMassRecipe {
    config: SzMassConfig,
    report: Report,
}

impl SzMassRecipe {
    /// Checks a configuration.
    ///
    /// # Errors
    /// [`Error::BadValue`] for the first value that cannot be.
    pub fn new(config: SzMassConfig) -> Result<Self, Error> {
        config.check()?;
        Ok(Self { config, report: Report::Silent })
    }

    /// The same with progress of the training shown or not.
    pub fn with_report(self, report: Report) -> Self {
        Self { report, ..self }
    }

    /// Fits; `None` when `stop` said so. The folder then holds a checkpoint, and at the end the learning curve and
    /// `sz-mass.safetensors`, which [`SzMassEstimator::load`] reads.
    ///
    /// # Errors
    /// When a cutout cannot be made, the training fails, or the folder cannot be written.
    pub fn train(
        &self,
        sources: &ClusterCutoutSources,
        folder: &Path,
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<SzMassEstimator>, Error> {
        let sky = Sky::new(sources.train.sky(), sources.train.masses());
        let mut about = About { format: WEIGHTS.format, config: self.config.clone(), sky, trained: None };
        let network = MResUNet::new(&self.config.network(about.sky.bands.len()))?;
        let samples = |source| Arc::new(SzSamples::new(source, &self.config, &about.sky));
        let (train, validation) = (samples(Arc::clone(&sources.train)), samples(Arc::clone(&sources.validation)));
        let sources_of_samples = Sources { train, validation };
        let objective = SzObjective { answer: self.config.answer.clone() };
        let config = serde_json::to_value(&about).expect("a plain struct with string keys");
        let trainer = Trainer::new(&network, objective, self.config.training.clone(), config, folder);
        let outcome = trainer.with_report(self.report).run(&sources_of_samples, stop)?;
        let Outcome::Finished { best_epoch, best_loss, curve } = outcome else { return Ok(None) };
        let (calibration, median_curve) = calibrate(&network, &self.config, &about.sky, sources, self.report)?;
        about.trained = Some(Trained {
            n_train: sources.train.len(),
            n_validation: sources.validation.len(),
            n_epochs: curve.len() as u64,
            best_epoch,
            best_loss,
            n_calibration: sources.calibration.len(),
            calibration,
            median_curve,
        });
        let line = serde_json::to_string(&about).expect("a plain struct with string keys");
        let path = folder.join(FILE);
        weights::save(&path, network.parameters(), &line)?;
        // As every later reader has it: numbers in text may come back with another last bit.
        SzMassEstimator::load(&path).map(Some)
    }
}

impl MassRecipe for SzMassRecipe {
    fn fit(
        &self,
        sources: &ClusterCutoutSources,
        folder: &Path,
        stop: &dyn Fn() -> bool,
    ) -> Result<Box<dyn MassEstimator>, arcmin_method::Error> {
        let fitted = self.train(sources, folder, stop).map_err(|source| arcmin_method::Error::Method {
            method: crate::estimator::NAME.to_owned(),
            source: Box::new(source),
        })?;
        fitted.map(|estimator| Box::new(estimator) as Box<dyn MassEstimator>).ok_or(arcmin_method::Error::Interrupted)
    }
}
