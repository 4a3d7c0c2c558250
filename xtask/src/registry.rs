//! The methods and experiments that can be named in a file or on the command line.

use crate::experiment::Config;
use crate::run_dir::RunDir;
use crate::shard::Shard;
use crate::{deepsz, sz_mass};
use anyhow::{Context, Result, anyhow};
use arcmin_eval::{MatchConfig, Record};
use arcmin_find_cnn::{CnnConfig, CnnRecipe};
use arcmin_find_ensemble::Kind;
use arcmin_find_fcn::{FcnConfig, FcnRecipe};
use arcmin_find_mmf::{MatchedFilterConfig, MatchedFilterRecipe};
use arcmin_job::Interrupt;
use arcmin_method::FinderRecipe;
use arcmin_nn::train::Report;
use toml::Table;

/// A cluster finder that an experiment file may name under `[settings.finders]`.
pub(crate) struct FinderEntry {
    /// Name in experiment files and scores.
    pub(crate) name: &'static str,
    /// What it is, in a line.
    pub(crate) summary: &'static str,
    /// What its candidates are.
    answer: Answer,
    /// Makes its recipe from the table of that name.
    recipe: fn(&Table) -> Result<Box<dyn FinderRecipe>>,
}

/// What the candidates of a finder are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Peaks, with their signal to noise.
    Peaks,
    /// Cutouts that may hold a cluster, by their centres, with the probability that they do.
    Cutouts,
    /// Peaks, with the probability that they are clusters.
    ProbablePeaks,
    /// Either of two finders', one a cutout, with a score made of both.
    Combined(Kind),
}

impl Answer {
    /// The score, as it stands on axes.
    pub(crate) fn score_label(self) -> &'static str {
        match self {
            Answer::Peaks => "S/N",
            Answer::Cutouts | Answer::ProbablePeaks | Answer::Combined(Kind::Calibrated) => "probability",
            Answer::Combined(Kind::And) => "smaller score over its threshold",
            Answer::Combined(Kind::RankProduct) => "product of rank percentiles",
        }
    }

    /// How such candidates are matched with haloes. A cutout is answerable for all of its central part: a halo is its own
    /// within half a stride of the centre, the largest circle that lies in no other's. A cutout without a candidate scores less
    /// than any with one.
    pub(crate) fn matching(self, matching: &MatchConfig) -> MatchConfig {
        let mut matching = *matching;
        if self == Answer::Cutouts {
            matching.radius_arcmin = 0.5 * matching.cutouts.stride_arcmin;
        }
        if self != Answer::Peaks {
            matching.cutouts.no_detection_score = 0.0;
        }
        matching
    }
}

/// All finders; a new method is one line here.
pub(crate) const FINDERS: &[FinderEntry] = &[
    FinderEntry {
        name: "mmf",
        summary: "matched multi-frequency filter (Melin et al. 2006)",
        answer: Answer::Peaks,
        recipe: mmf,
    },
    FinderEntry {
        name: "cnn",
        summary: "residual network that looks at cutouts (Lin et al. 2021)",
        answer: Answer::Cutouts,
        recipe: cnn,
    },
    FinderEntry {
        name: "fcn",
        summary: "fully convolutional network over whole maps, with masses and positions",
        answer: Answer::ProbablePeaks,
        recipe: fcn,
    },
];

/// All combinations of two finders.
pub(crate) const COMBINATIONS: [(Kind, &str); 3] = [
    (Kind::And, "both scores reach a threshold of their own (Lin et al. 2021)"),
    (Kind::RankProduct, "product of rank percentiles (Lin et al. 2021)"),
    (Kind::Calibrated, "probability from a logistic regression on both scores"),
];

/// An experiment: how it is run, and how its report is written again.
pub(crate) struct ExperimentEntry {
    name: &'static str,
    /// Folder of the pieces of its work, each of which is made again when it is missing.
    pub(crate) pieces: &'static str,
    /// Whether its work can be made in shards.
    pub(crate) has_shards: bool,
    /// Files that a user looks at first.
    pub(crate) products: &'static [&'static str],
    /// Does a share of its work in its folder, or what is left of it.
    pub(crate) work: fn(&Config, &RunDir, Shard, &Interrupt) -> Result<()>,
    /// Makes scores and report when all the work is done.
    pub(crate) conclude: fn(&Config, &RunDir) -> Result<Record>,
    /// Writes `report.html` from what the folder holds.
    pub(crate) report: fn(&Config, &RunDir) -> Result<()>,
}

const EXPERIMENTS: &[ExperimentEntry] = &[
    ExperimentEntry {
        name: "deepsz",
        pieces: "tiles",
        has_shards: true,
        products: &["catalogue.fits", "record.json", "report.html"],
        work: deepsz::work,
        conclude: deepsz::conclude,
        report: deepsz::report,
    },
    ExperimentEntry {
        name: "sz-mass",
        pieces: "weighed",
        has_shards: false,
        products: &["training/sz-mass.safetensors", "record.json", "report.html"],
        work: sz_mass::work,
        conclude: sz_mass::conclude,
        report: sz_mass::report,
    },
];

/// The experiment of that name.
pub(crate) fn experiment(name: &str) -> Result<&'static ExperimentEntry> {
    let found = EXPERIMENTS.iter().find(|entry| entry.name == name);
    found.ok_or_else(|| anyhow!("no experiment is named {name}: `cargo xtask list` shows them"))
}

/// The recipe of the finder of that name, and what its candidates are.
pub(crate) fn finder_recipe(name: &str, table: &Table) -> Result<(Box<dyn FinderRecipe>, Answer)> {
    let names = || FINDERS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ");
    let entry = FINDERS.iter().find(|entry| entry.name == name);
    let entry = entry.ok_or_else(|| anyhow!("no finder is named {name}; there are: {}", names()))?;
    let recipe = (entry.recipe)(table).with_context(|| format!("in [settings.finders.{name}]"))?;
    Ok((recipe, entry.answer))
}

fn mmf(table: &Table) -> Result<Box<dyn FinderRecipe>> {
    let config: MatchedFilterConfig = table.clone().try_into()?;
    Ok(Box::new(MatchedFilterRecipe::new(config)?))
}

fn cnn(table: &Table) -> Result<Box<dyn FinderRecipe>> {
    let config: CnnConfig = table.clone().try_into()?;
    Ok(Box::new(CnnRecipe::new(config)?.with_report(Report::Progress)))
}

fn fcn(table: &Table) -> Result<Box<dyn FinderRecipe>> {
    let config: FcnConfig = table.clone().try_into()?;
    Ok(Box::new(FcnRecipe::new(config)?.with_report(Report::Progress)))
}
