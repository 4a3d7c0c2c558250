//! The settings of the experiment, checked before anything runs.

use super::score_tables::sky_label;
use super::scores::FULL_SKY;
use crate::experiment::Config;
use crate::registry::{self, Answer};
use anyhow::{Context, Result, anyhow};
use arcmin_eval::{MatchConfig, ScoreConfig};
use arcmin_find_ensemble::Kind;
use arcmin_find_mmf::config::NoiseConfig;
use arcmin_find_mmf::{MatchedFilter, MatchedFilterConfig};
use arcmin_method::FinderRecipe;
use arcmin_scene::{BandConfig, Component, PressureModel, SceneConfig, Setup, Split};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::{Table, Value};

/// `[settings]` of `deepsz.toml`, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    scene: Table,
    ladder: RawLadder,
    finders: BTreeMap<String, Table>,
    photometry: MatchedFilterConfig,
    matching: MatchConfig,
    score: ScoreConfig,
    ensemble: Option<EnsembleSettings>,
}

/// `[settings.ensemble]`: which two finders are combined, and how. Unless given, those of the paper, where both are there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct EnsembleSettings {
    /// The finder whose positions and amplitudes are kept.
    pub(super) first: String,
    /// The other.
    pub(super) second: String,
    /// The combinations; none where the table is empty of them.
    pub(super) kinds: Vec<Kind>,
}

impl Default for EnsembleSettings {
    fn default() -> Self {
        Self { first: MAIN_FINDER.to_owned(), second: "cnn".to_owned(), kinds: Kind::ALL.to_vec() }
    }
}

impl EnsembleSettings {
    fn check(given: Option<Self>, finders: &BTreeMap<String, FinderSettings>) -> Result<Option<Self>> {
        let ensemble = given.clone().unwrap_or_default();
        let missing = [&ensemble.first, &ensemble.second].into_iter().find(|name| !finders.contains_key(*name));
        match (missing, given) {
            (None, _) if ensemble.first == ensemble.second => {
                Err(anyhow!("[settings.ensemble] names {} twice: it combines two finders", ensemble.first))
            }
            (None, _) => Ok(Some(ensemble).filter(|ensemble| !ensemble.kinds.is_empty())),
            (Some(_), None) => Ok(None),
            (Some(name), Some(_)) => {
                Err(anyhow!("[settings.ensemble] names {name}, which is not under [settings.finders]: add it there"))
            }
        }
    }
}

/// `[settings.ladder]`, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLadder {
    n_validation: usize,
    n_test: usize,
    #[serde(default)]
    fitted_on: FittedOn,
    rungs: Vec<RawRung>,
}

/// On which sky the finders that search a poorer sky learnt, and combinations of them were fitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FittedOn {
    /// The full one: what each component costs a finder that expects all of them.
    #[default]
    FullSky,
    /// The very sky that is searched, as in the paper: what each component costs a finder that knows that it is there.
    EachSky,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRung {
    name: String,
    components: Vec<Component>,
}

/// Skies with fewer components than the full one, searched on the first tiles of each split: what each component
/// costs.
pub(super) struct Ladder {
    n_validation: usize,
    n_test: usize,
    /// Which finders search its skies.
    pub(super) fitted_on: FittedOn,
    /// From the fewest components up.
    pub(super) rungs: Vec<Rung>,
    /// The components that the full sky adds to the last rung.
    full_adds: Vec<Component>,
}

/// One of the poorer skies.
pub(super) struct Rung {
    /// Name in scores and report: the component that it adds to the one before.
    pub(super) name: String,
    /// The components that it has, some of the full sky's.
    pub(super) components: Vec<Component>,
}

impl Ladder {
    fn check(raw: &RawLadder, scene: &SceneConfig) -> Result<Self> {
        let rung = |raw: &RawRung| {
            let context = || format!("in rung {} of [settings.ladder]", raw.name);
            SceneConfig { components: raw.components.clone(), ..scene.clone() }.check().with_context(context)?;
            if let Some(more) = raw.components.iter().find(|component| !scene.components.contains(component)) {
                return Err(anyhow!("{more} is not among the components of [settings.scene]").context(context()));
            }
            Ok(Rung { name: raw.name.clone(), components: raw.components.clone() })
        };
        let rungs = raw.rungs.iter().map(rung).collect::<Result<Vec<_>>>()?;
        let is_added = |component: &Component| rungs.last().is_some_and(|last| !last.components.contains(component));
        let full_adds = scene.components.iter().copied().filter(is_added).collect();
        let RawLadder { n_validation, n_test, fitted_on, .. } = *raw;
        if fitted_on == FittedOn::EachSky && n_validation == 0 {
            return Err(anyhow!(
                "[settings.ladder] fits on each sky but has no validation tile: raise its n_validation"
            ));
        }
        Ok(Self { n_validation, n_test, fitted_on, rungs, full_adds })
    }

    /// How a sky of the ladder is called in the report: by what it adds to the one before.
    pub(super) fn label(&self, sky: &str) -> String {
        let added: Vec<String> = self.full_adds.iter().map(|component| sky_label(component.name())).collect();
        if sky == FULL_SKY && !added.is_empty() { added.join(" ") } else { sky_label(sky) }
    }

    /// Whether the ladder is climbed on a tile.
    pub(super) fn has(&self, split: Split, tile: usize) -> bool {
        match split {
            Split::Train => false,
            Split::Validation => tile < self.n_validation,
            Split::Test => tile < self.n_test,
        }
    }
}

/// What a run of the experiment is made of.
pub(super) struct Settings {
    /// The simulated survey, as a file that `arcmin simulate --config` reads.
    pub(super) scene_toml: String,
    /// The simulated survey, checked.
    pub(super) scene: Setup,
    /// The gas of its haloes.
    pub(super) pressure: PressureModel,
    /// Name of its cosmology.
    pub(super) cosmology: String,
    /// The same survey with fewer components.
    pub(super) ladder: Ladder,
    /// Side of its tiles.
    pub(super) n_pixels_side: usize,
    /// Finders by name, not yet fitted.
    pub(super) finders: BTreeMap<String, FinderSettings>,
    /// The filter that measures y at the true positions, to test recovered over injected y without selection.
    pub(super) photometry: MatchedFilter,
    /// Whether the noise of that filter is known without a map.
    pub(super) noise_is_modelled: bool,
    /// Bands and size of a pixel of the survey.
    pub(super) bands: Vec<BandConfig>,
    /// See [`Self::bands`].
    pub(super) pixel_arcmin: f64,
    /// Which halo belongs to which candidate.
    pub(super) matching: MatchConfig,
    /// How errors are made.
    pub(super) score: ScoreConfig,
    /// What is combined of two finders, where it is.
    pub(super) ensemble: Option<EnsembleSettings>,
}

/// One of the finders.
pub(super) struct FinderSettings {
    /// Makes it.
    pub(super) recipe: Box<dyn FinderRecipe>,
    /// What its candidates are.
    pub(super) answer: Answer,
    /// Which halo belongs to which of its candidates.
    pub(super) matching: MatchConfig,
}

/// The finder whose catalogue and pictures stand for the run.
const MAIN_FINDER: &str = "mmf";

impl Settings {
    /// Names of the finders, the one that stands for the run first.
    pub(super) fn finder_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.finders.keys().map(String::as_str).collect();
        names.sort_by_key(|name| *name != MAIN_FINDER);
        names
    }

    /// What a finder's candidates are.
    pub(super) fn answer(&self, finder: &str) -> Answer {
        let combined = || Kind::ALL.into_iter().find(|kind| kind.name() == finder).map(Answer::Combined);
        self.finders.get(finder).map(|finder| finder.answer).or_else(combined).unwrap_or(Answer::Peaks)
    }

    /// Checks the settings of a configuration; the scene takes the run's seed.
    pub(super) fn read(config: &Config) -> Result<Self> {
        let raw: Raw = Value::Table(config.settings.clone()).try_into().context("in [settings]")?;
        let mut scene = raw.scene;
        let seed = i64::try_from(config.seed).context("the seed must be below 2^63")?;
        scene.insert("seed".to_owned(), Value::Integer(seed));
        let scene: SceneConfig = Value::Table(scene).try_into().context("in [settings.scene]")?;
        let mut finders = BTreeMap::new();
        for (name, table) in &raw.finders {
            let (recipe, answer) = registry::finder_recipe(name, table)?;
            let matching = answer.matching(&raw.matching);
            finders.insert(name.clone(), FinderSettings { recipe, answer, matching });
        }
        raw.matching.check().context("in [settings.matching]")?;
        Ok(Self {
            scene_toml: toml::to_string(&scene).context("the sky cannot be written as TOML")?,
            ladder: Ladder::check(&raw.ladder, &scene)?,
            scene: scene.check().context("in [settings.scene]")?,
            pressure: scene.haloes.pressure,
            cosmology: scene.cosmology,
            n_pixels_side: scene.tiles.n_pixels_side,
            pixel_arcmin: scene.tiles.pixel_arcmin,
            noise_is_modelled: matches!(raw.photometry.noise, NoiseConfig::Model { .. }),
            bands: scene.bands,
            ensemble: EnsembleSettings::check(raw.ensemble, &finders)?,
            finders,
            photometry: MatchedFilter::new(&raw.photometry).context("in [settings.photometry]")?,
            matching: raw.matching,
            score: raw.score,
        })
    }
}
