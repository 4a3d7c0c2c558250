//! What methods said of the masses of clusters, beside the truth: a JSON file a set of clusters.

use arcmin_method::MassPosterior;
use arcmin_units::M200c;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the JSON form of [`Weighing`].
pub const WEIGHING_FORMAT: u32 = 2;

/// A set of clusters that were weighed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weighing {
    /// Version of this form, [`WEIGHING_FORMAT`].
    pub format: u32,
    /// The clusters.
    pub clusters: Vec<WeighedCluster>,
}

/// One cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeighedCluster {
    /// True M200c.
    pub m200c_msun: f64,
    /// Amplitude of its signal over the median at that mass.
    pub amplitude: f64,
    /// Answers by the name of the method.
    pub answers: BTreeMap<String, MassAnswer>,
}

/// One method's answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MassAnswer {
    /// Mean M200c.
    pub mean_msun: f64,
    /// M200c without what a prior does to it.
    pub unbiased_msun: f64,
    /// Quantiles at [`MassPosterior::LEVELS`].
    pub quantiles_msun: [f64; 11],
    /// Bits of [`arcmin_method::mass_flags`].
    pub flags: u32,
}

impl Weighing {
    /// Of some clusters.
    pub fn new(clusters: Vec<WeighedCluster>) -> Self {
        Self { format: WEIGHING_FORMAT, clusters }
    }

    /// True masses with one method's answers; clusters that it did not answer to are left out.
    pub fn of<'a>(&'a self, method: &'a str) -> impl Iterator<Item = (f64, MassAnswer)> + 'a {
        self.clusters.iter().filter_map(move |cluster| Some((cluster.m200c_msun, *cluster.answers.get(method)?)))
    }
}

impl WeighedCluster {
    /// Of a true mass and the answers of named methods.
    pub fn new<'a>(m200c: M200c, amplitude: f64, answers: impl IntoIterator<Item = (&'a str, MassPosterior)>) -> Self {
        let answers = answers.into_iter().map(|(name, posterior)| (name.to_owned(), MassAnswer::new(&posterior)));
        Self { m200c_msun: m200c.value(), amplitude, answers: answers.collect() }
    }
}

impl MassAnswer {
    /// Of a posterior.
    pub fn new(posterior: &MassPosterior) -> Self {
        Self {
            mean_msun: posterior.mean.value(),
            unbiased_msun: posterior.unbiased.value(),
            quantiles_msun: posterior.quantiles.map(|mass| mass.value()),
            flags: posterior.flags,
        }
    }

    /// The median.
    pub fn median_msun(&self) -> f64 {
        self.quantiles_msun[5]
    }
}
