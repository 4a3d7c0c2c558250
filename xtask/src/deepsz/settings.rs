//! The settings of the experiment, checked before anything runs.

use crate::experiment::Config;
use crate::registry;
use anyhow::{Context, Result};
use arcmin_eval::{MatchConfig, ScoreConfig};
use arcmin_find_mmf::{MatchedFilter, MatchedFilterConfig};
use arcmin_method::FinderRecipe;
use arcmin_scene::{SceneConfig, Setup};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::{Table, Value};

/// `[settings]` of `deepsz.toml`, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    scene: Table,
    finders: BTreeMap<String, Table>,
    photometry: MatchedFilterConfig,
    matching: MatchConfig,
    score: ScoreConfig,
}

/// What a run of the experiment is made of.
pub(super) struct Settings {
    /// The simulated survey, checked.
    pub(super) scene: Setup,
    /// Side of its tiles.
    pub(super) n_pixels_side: usize,
    /// Finders by name, not yet fitted.
    pub(super) finders: BTreeMap<String, Box<dyn FinderRecipe>>,
    /// The filter that measures y at the true positions, to test recovered over injected y without selection.
    pub(super) photometry: MatchedFilter,
    /// Which halo belongs to which candidate.
    pub(super) matching: MatchConfig,
    /// How errors are made.
    pub(super) score: ScoreConfig,
}

impl Settings {
    /// Checks the settings of a configuration; the scene takes the run's seed.
    pub(super) fn read(config: &Config) -> Result<Self> {
        let raw: Raw = Value::Table(config.settings.clone()).try_into().context("in [settings]")?;
        let mut scene = raw.scene;
        let seed = i64::try_from(config.seed).context("the seed must be below 2^63")?;
        scene.insert("seed".to_owned(), Value::Integer(seed));
        let scene: SceneConfig = Value::Table(scene).try_into().context("in [settings.scene]")?;
        let mut finders = BTreeMap::new();
        for (name, table) in &raw.finders {
            finders.insert(name.clone(), registry::finder_recipe(name, table)?);
        }
        raw.matching.check().context("in [settings.matching]")?;
        Ok(Self {
            scene: scene.check().context("in [settings.scene]")?,
            n_pixels_side: scene.tiles.n_pixels_side,
            finders,
            photometry: MatchedFilter::new(&raw.photometry).context("in [settings.photometry]")?,
            matching: raw.matching,
            score: raw.score,
        })
    }
}
