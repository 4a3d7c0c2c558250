//! A few maps with what the network believes to see in them, for the report.

use super::WEIGHTS;
use super::settings::Settings;
use crate::run_dir::RunDir;
use anyhow::Result;
use arcmin_mass_sz::SzMassEstimator;
use arcmin_scene::{ClusterCutoutSource, ClusterSet, ClusterSetConfig, ClusterSky, EpochMaps, Masses, SetKey, Split};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// File in a run's folder.
pub(super) const FILE: &str = "weighed/examples.json.gz";
/// Number of the set among those of the test.
const SET: u32 = 17;
/// Masses that are shown.
const MASSES_MSUN: [f64; 4] = [1e14, 3e14, 5e14, 8e14];

/// One map.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Example {
    pub(super) mass_msun: f64,
    /// Estimate under the training's prior.
    pub(super) median_msun: f64,
    pub(super) n_pixels_side: usize,
    /// `[y, x]` in uK of the first band.
    pub(super) observed_uk: Vec<f32>,
    pub(super) true_profile_uk: Vec<f32>,
    pub(super) predicted_profile_uk: Vec<f32>,
}

/// Makes and weighs the maps.
pub(super) fn write(settings: &Settings, sky: &Arc<ClusterSky>, dir: &RunDir) -> Result<()> {
    let config = ClusterSetConfig {
        n_maps: MASSES_MSUN.len() as u64,
        masses: Masses::Listed { m200c_msun: MASSES_MSUN.to_vec() },
        y_ln_scatter: settings.train.y_ln_scatter,
        epochs: EpochMaps::Same,
    };
    let set = ClusterSet::new(Arc::clone(sky), SetKey { split: Split::Test, set: SET }, &config)?;
    let network = SzMassEstimator::load(&dir.file(WEIGHTS))?;
    let example = |i: u64| -> Result<Example> {
        let cutout = set.cutout(i, 0)?;
        let prediction = &network.predict(&sky.cutouts(cutout.pixels.clone(), &[cutout.redshift])?)?[0];
        let n = sky.n_pixels_side();
        Ok(Example {
            mass_msun: cutout.m200c.value(),
            median_msun: network.posterior(prediction).median().value(),
            n_pixels_side: n,
            observed_uk: cutout.pixels[..n * n].to_vec(),
            true_profile_uk: cutout.profile,
            predicted_profile_uk: prediction.profile_uk.clone(),
        })
    };
    let examples = (0..set.len()).map(example).collect::<Result<Vec<_>>>()?;
    dir.write_json_gz(FILE, &examples)
}
