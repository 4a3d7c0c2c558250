//! The sets of maps of the experiment: what each is for, and what it is made of.

use super::settings::Settings;
use anyhow::Result;
use arcmin_scene::{ClusterSet, ClusterSetConfig, ClusterSky, EpochMaps, Masses, SetKey, Split};
use std::sync::Arc;

/// A set that is weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TestSet {
    /// The masses of the paper.
    PerMass,
    /// 2 to 7e14 Msun, with scatter of the amplitude.
    Scatter,
    /// The same without.
    NoScatter,
    /// As in the training.
    Coverage,
}

impl TestSet {
    pub(super) const ALL: [TestSet; 4] = [TestSet::PerMass, TestSet::Scatter, TestSet::NoScatter, TestSet::Coverage];

    /// Name in files.
    pub(super) const fn name(self) -> &'static str {
        match self {
            TestSet::PerMass => "per-mass",
            TestSet::Scatter => "scatter",
            TestSet::NoScatter => "no-scatter",
            TestSet::Coverage => "coverage",
        }
    }

    /// What it is made of.
    pub(super) fn config(self, settings: &Settings) -> ClusterSetConfig {
        let test = &settings.test;
        let [min_msun, max_msun] = test.uniform_msun;
        let uniform = Masses::Uniform { min_msun, max_msun };
        let y_ln_scatter = settings.train.y_ln_scatter;
        let listed = Masses::Listed { m200c_msun: test.masses_msun.clone() };
        let (n_maps, masses, y_ln_scatter) = match self {
            TestSet::PerMass => (test.n_per_mass * test.masses_msun.len() as u64, listed, y_ln_scatter),
            TestSet::Scatter => (test.n_uniform, uniform, y_ln_scatter),
            TestSet::NoScatter => (test.n_uniform, uniform, 0.0),
            TestSet::Coverage => (test.n_coverage, settings.train.masses.clone(), y_ln_scatter),
        };
        ClusterSetConfig { n_maps, masses, y_ln_scatter, epochs: EpochMaps::Same }
    }

    /// Its maps.
    pub(super) fn make(self, settings: &Settings, sky: &Arc<ClusterSky>) -> Result<ClusterSet> {
        let key = SetKey { split: Split::Test, set: self as u32 };
        Ok(ClusterSet::new(Arc::clone(sky), key, &self.config(settings))?)
    }
}
