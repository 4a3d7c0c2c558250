//! A small sky and a small network, and a fit of a few seconds.

use arcmin_mass_sz::{SzMassConfig, SzMassEstimator, SzMassRecipe};
use arcmin_method::ClusterCutoutSources;
use arcmin_scene::{ClusterSet, ClusterSetConfig, ClusterSky, ClusterSkyConfig, EpochMaps, Masses, SetKey, Split};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// One sky for all tests of a binary.
pub(crate) fn sky() -> Arc<ClusterSky> {
    static SKY: OnceLock<Arc<ClusterSky>> = OnceLock::new();
    Arc::clone(SKY.get_or_init(made))
}

fn made() -> Arc<ClusterSky> {
    let config: ClusterSkyConfig = toml::from_str(include_str!("small_sky.toml")).expect("the description parses");
    Arc::new(ClusterSky::new(&config, 11).expect("a sky"))
}

pub(crate) fn config() -> SzMassConfig {
    toml::from_str(include_str!("small_network.toml")).expect("the description parses")
}

pub(crate) fn set(sky: &Arc<ClusterSky>, split: Split, n_maps: u64) -> Arc<ClusterSet> {
    numbered_set(sky, SetKey { split, set: 0 }, n_maps)
}

/// What a fit is made on; calibration and validation share no map.
pub(crate) fn sources(sky: &Arc<ClusterSky>, n_train: u64, n_validation: u64) -> ClusterCutoutSources {
    ClusterCutoutSources {
        train: set(sky, Split::Train, n_train),
        validation: set(sky, Split::Validation, n_validation),
        calibration: numbered_set(sky, SetKey { split: Split::Validation, set: 1 }, n_validation),
    }
}

fn numbered_set(sky: &Arc<ClusterSky>, key: SetKey, n_maps: u64) -> Arc<ClusterSet> {
    let masses = Masses::Uniform { min_msun: 1e14, max_msun: 1.2e15 };
    let config = ClusterSetConfig { n_maps, masses, y_ln_scatter: 0.1, epochs: EpochMaps::Same };
    Arc::new(ClusterSet::new(Arc::clone(sky), key, &config).expect("a set"))
}

pub(crate) fn fit(config: SzMassConfig, sources: &ClusterCutoutSources, folder: &Path) -> SzMassEstimator {
    let recipe = SzMassRecipe::new(config).expect("a configuration");
    recipe.train(sources, folder, &|| false).expect("a fit").expect("not stopped")
}
