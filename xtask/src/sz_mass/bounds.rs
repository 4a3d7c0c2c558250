//! What no method can beat: the Cramer-Rao bound at each mass, and its rms over a range.

use super::settings::Settings;
use anyhow::Result;
use arcmin_mass_likelihood::TemplateBank;
use arcmin_scene::ClusterSky;
use arcmin_units::{M200c, Redshift};
use serde::{Deserialize, Serialize};

/// Masses over which a bound is averaged.
const N_MASSES: usize = 200;
/// File in a run's folder.
pub(super) const FILE: &str = "weighed/bounds.json";

/// Bounds on the error of ln M.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bounds {
    /// At the masses of the test.
    pub(super) by_mass: Vec<BoundAt>,
    /// Root of the mean square over the masses of the sets with and without scatter.
    pub(super) rms_scatter: f64,
    pub(super) rms_no_scatter: f64,
}

/// Bounds at one mass.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BoundAt {
    pub(super) mass_msun: f64,
    pub(super) scatter: f64,
    pub(super) no_scatter: f64,
}

impl Bounds {
    /// The bounds of a sky.
    pub(super) fn new(settings: &Settings, sky: &ClusterSky) -> Result<Self> {
        let bank = TemplateBank::new(sky, Redshift::new(settings.sky.redshift_min))?;
        let at = |mass_msun: f64| {
            let bound = bank.bound(M200c::new(mass_msun), settings.train.y_ln_scatter);
            BoundAt { mass_msun, scatter: bound.with_scatter, no_scatter: bound.without_scatter }
        };
        let [min, max] = settings.test.uniform_msun;
        let range: Vec<BoundAt> =
            (0..N_MASSES).map(|i| at(min + (max - min) * (i as f64 + 0.5) / N_MASSES as f64)).collect();
        let rms = |of: fn(&BoundAt) -> f64| (range.iter().map(|b| of(b).powi(2)).sum::<f64>() / N_MASSES as f64).sqrt();
        Ok(Self {
            by_mass: settings.test.masses_msun.iter().map(|&mass| at(mass)).collect(),
            rms_scatter: rms(|bound| bound.scatter),
            rms_no_scatter: rms(|bound| bound.no_scatter),
        })
    }
}
