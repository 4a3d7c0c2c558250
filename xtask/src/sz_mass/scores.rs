//! From what was weighed to the scores of the record.

use super::bounds::{self, Bounds};
use super::sets::TestSet;
use super::settings::Settings;
use super::unfamiliar::{self, UnfamiliarScores};
use super::weigh;
use crate::experiment::Config;
use crate::run_dir::RunDir;
use anyhow::{Context, Result};
use arcmin_eval::mass_scores::{INTERVALS, by_mass, coverage, deviation, ln_ratios, mean, rms};
use arcmin_eval::statistics::Score;
use arcmin_eval::{MassBin, MassEstimate, Record, Weighing};
use std::collections::BTreeMap;

/// Methods by the prefix of their scores, which is how they are weighed under the training's prior, and how they are weighed
/// under the paper's.
pub(super) const METHODS: [(&str, &str); 2] =
    [("sz_mass", "sz_mass.paper_prior"), ("matched_filter", "matched_filter.paper_prior")];

/// All that was weighed.
pub(super) struct Results {
    sets: BTreeMap<TestSet, Weighing>,
    pub(super) bounds: Bounds,
    pub(super) unfamiliar: Weighing,
}

impl Results {
    /// Reads the folder of a run.
    pub(super) fn read(dir: &RunDir) -> Result<Self> {
        let missing = |name: &str| format!("{} is missing: run the experiment to its end", dir.file(name).display());
        let mut sets = BTreeMap::new();
        for set in TestSet::ALL {
            let weighing = weigh::read(dir, set)?.with_context(|| missing(&weigh::file_name(set)))?;
            sets.insert(set, weighing);
        }
        Ok(Self {
            sets,
            bounds: dir.read_json(bounds::FILE)?.with_context(|| missing(bounds::FILE))?,
            unfamiliar: dir.read_json(unfamiliar::FILE)?.with_context(|| missing(unfamiliar::FILE))?,
        })
    }

    /// One set.
    pub(super) fn set(&self, set: TestSet) -> &Weighing {
        &self.sets[&set]
    }

    /// Estimates by mass of one method as weighed under a prior.
    pub(super) fn by_mass(&self, weighed_as: &str) -> Vec<MassBin> {
        self.by_mass_of(weighed_as, estimate(weighed_as))
    }

    fn by_mass_of(&self, weighed_as: &str, estimate: MassEstimate) -> Vec<MassBin> {
        by_mass(self.set(TestSet::PerMass), weighed_as, estimate)
    }

    /// Shares of the clusters inside central intervals, of masses as likely as the prior has them.
    pub(super) fn coverage(&self, weighed_as: &str) -> Vec<(f64, Score)> {
        let of = |(share, low, high)| (share, coverage(self.set(TestSet::Coverage), weighed_as, (low, high)));
        INTERVALS.into_iter().map(of).collect()
    }

    /// The scores of the record.
    pub(super) fn scores(&self, settings: &Settings) -> Result<BTreeMap<String, Score>> {
        let mut scores = BTreeMap::new();
        for (prefix, under_paper_prior) in METHODS {
            let parts = [
                ("", prefix, estimate(prefix)),
                ("median.", prefix, MassEstimate::Median),
                ("paper_prior.", under_paper_prior, estimate(under_paper_prior)),
            ];
            let mut add = |name: String, score: Score| scores.insert(format!("{prefix}.{name}"), score);
            for (set, name) in [(TestSet::Scatter, "scatter"), (TestSet::NoScatter, "noscatter")] {
                for (part, weighed_as, estimate) in parts {
                    let ratios = ln_ratios(self.set(set), weighed_as, estimate);
                    add(format!("{part}rms_ln_{name}"), rms(&ratios, &settings.score));
                    add(format!("{part}deviation_ln_{name}"), deviation(&ratios, &settings.score));
                    add(format!("{part}mean_ln_{name}"), mean(&ratios));
                }
            }
            for (part, weighed_as, estimate) in parts {
                for bin in self.by_mass_of(weighed_as, estimate) {
                    add(format!("{part}bias_{}", mass_name(bin.mass_msun)), bin.bias);
                }
            }
            for (share, score) in self.coverage(prefix) {
                add(format!("coverage{:.0}", 100.0 * share), score);
            }
            // As in the paper, whose network had that prior.
            let unfamiliar = UnfamiliarScores::new(&self.unfamiliar, under_paper_prior, settings);
            add("unfamiliar_mean".to_owned(), unfamiliar.mean);
            add("unfamiliar_sigma".to_owned(), unfamiliar.sigma);
            add("unfamiliar_sigma_of_clusters".to_owned(), unfamiliar.sigma_of_clusters);
            // Computed, not counted.
            let exact = |value: f64| Score::new(Some(value), None, 0);
            add("bound_scatter".to_owned(), exact(self.bounds.rms_scatter));
            add("bound_noscatter".to_owned(), exact(self.bounds.rms_no_scatter));
        }
        Ok(scores)
    }

    /// The record of the run.
    pub(super) fn record(
        &self,
        config: &Config,
        settings: &Settings,
        timings: BTreeMap<String, f64>,
    ) -> Result<Record> {
        Ok(config.record(timings, self.scores(settings)?))
    }
}

/// Under the paper's prior the mean, which its network gives; else what no prior pulls.
pub(super) fn estimate(weighed_as: &str) -> MassEstimate {
    if weighed_as.ends_with("paper_prior") { MassEstimate::Mean } else { MassEstimate::Unbiased }
}

/// `3e14`, `2.5e14`.
pub(super) fn mass_name(mass_msun: f64) -> String {
    format!("{}e14", (mass_msun / 1e12).round() / 100.0)
}
