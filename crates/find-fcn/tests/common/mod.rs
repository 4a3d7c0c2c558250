//! Toy skies and a fit of seconds.

#[path = "../../../find-learned/tests/common/toy.rs"]
pub(crate) mod toy;

use arcmin_find_fcn::{FcnConfig, FcnFinder, FcnRecipe};
use arcmin_method::FinderSources;
use std::path::Path;
use std::sync::Arc;
use toy::ToySource;

pub(crate) fn config() -> FcnConfig {
    toml::from_str(include_str!("small_network.toml")).expect("the description parses")
}

pub(crate) fn source(seed: u64, n_tiles: usize) -> ToySource {
    ToySource { seed, n_tiles, side: 272, n_haloes: 30, dec_deg: 0.0 }
}

pub(crate) fn sources() -> FinderSources {
    FinderSources { train: Arc::new(source(1, 4)), validation: Arc::new(source(2, 2)) }
}

pub(crate) fn fit(config: FcnConfig, folder: &Path) -> FcnFinder {
    let recipe = FcnRecipe::new(config).expect("a configuration");
    recipe.train(&sources(), folder, &|| false).expect("a fit").expect("not stopped")
}
