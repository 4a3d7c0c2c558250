//! The settings of the experiment, checked.

use crate::experiment::Config;
use anyhow::{Context, Result, ensure};
use arcmin_eval::MassScoreConfig;
use arcmin_mass_sz::{SzMassConfig, SzMassRecipe};
use arcmin_nn::train::Report;
use arcmin_scene::cluster::UnfamiliarConfig;
use arcmin_scene::{ClusterSetConfig, ClusterSky, ClusterSkyConfig};
use serde::Deserialize;
use std::sync::Arc;
use toml::Value;

/// The settings as they stand in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    sky: ClusterSkyConfig,
    /// Least and largest redshift of training and validation; that of the sky unless given.
    train_redshift: Option<[f64; 2]>,
    train: ClusterSetConfig,
    validation: ClusterSetConfig,
    calibration: ClusterSetConfig,
    method: SzMassConfig,
    test: TestSettings,
    unfamiliar: UnfamiliarSettings,
    score: MassScoreConfig,
}

/// Clusters unlike those of the training.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnfamiliarSettings {
    /// Skies on which each is weighed.
    pub(super) n_skies: u64,
    pub(super) clusters: UnfamiliarConfig,
}

/// What is weighed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TestSettings {
    /// Masses with as many maps each.
    pub(super) masses_msun: Vec<f64>,
    pub(super) n_per_mass: u64,
    /// Maps of masses between two, all equally likely, once with and once without scatter of the amplitude.
    pub(super) n_uniform: u64,
    pub(super) uniform_msun: [f64; 2],
    /// Maps of masses as likely as in the training.
    pub(super) n_coverage: u64,
    /// Least and largest mass of the paper's training, under which its numbers are compared.
    pub(super) paper_prior_msun: [f64; 2],
}

/// What a run is made of.
pub(super) struct Settings {
    pub(super) seed: u64,
    /// Of the clusters that are weighed.
    pub(super) sky: ClusterSkyConfig,
    /// Of those that the network is trained on.
    pub(super) train_sky: ClusterSkyConfig,
    pub(super) train: ClusterSetConfig,
    pub(super) validation: ClusterSetConfig,
    pub(super) calibration: ClusterSetConfig,
    pub(super) method: SzMassConfig,
    pub(super) recipe: SzMassRecipe,
    pub(super) test: TestSettings,
    pub(super) unfamiliar: UnfamiliarSettings,
    pub(super) score: MassScoreConfig,
}

impl Settings {
    /// Checks the settings of a configuration.
    pub(super) fn read(config: &Config) -> Result<Self> {
        let raw: Raw = Value::Table(config.settings.clone()).try_into().context("in [settings]")?;
        let recipe = SzMassRecipe::new(raw.method.clone()).context("in [settings.method]")?;
        let [prior_min, prior_max] = raw.test.paper_prior_msun;
        let [trained_min, trained_max] = raw.train.masses.range_msun();
        ensure!(
            trained_min <= prior_min && prior_min < prior_max && prior_max <= trained_max,
            "test.paper_prior_msun must lie within the masses of the training, {trained_min:e} to {trained_max:e}"
        );
        ensure!(
            raw.sky.redshift_min == raw.sky.redshift_max,
            "sky.redshift_min and redshift_max must be one: the bound and the matched filter are for one redshift"
        );
        let [redshift_min, redshift_max] = raw.train_redshift.unwrap_or([raw.sky.redshift_min, raw.sky.redshift_max]);
        ensure!(
            (redshift_min..=redshift_max).contains(&raw.sky.redshift_min),
            "train_redshift must hold the redshift of the sky, {}",
            raw.sky.redshift_min
        );
        Ok(Self {
            seed: config.seed,
            train_sky: ClusterSkyConfig { redshift_min, redshift_max, ..raw.sky.clone() },
            sky: raw.sky,
            train: raw.train,
            validation: raw.validation,
            calibration: raw.calibration,
            method: raw.method,
            recipe: recipe.with_report(Report::Progress),
            test: raw.test,
            unfamiliar: raw.unfamiliar,
            score: raw.score,
        })
    }

    /// Tables and plans of the sky of the tests.
    pub(super) fn cluster_sky(&self) -> Result<Arc<ClusterSky>> {
        Ok(Arc::new(ClusterSky::new(&self.sky, self.seed).context("in [settings.sky]")?))
    }

    /// Tables and plans of the sky of the training.
    pub(super) fn training_sky(&self) -> Result<Arc<ClusterSky>> {
        Ok(Arc::new(ClusterSky::new(&self.train_sky, self.seed).context("in [settings.sky]")?))
    }
}
