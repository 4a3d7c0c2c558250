//! Toy skies and a fit of a second.

#[path = "../../../find-learned/tests/common/toy.rs"]
pub(crate) mod toy;

use arcmin_find_cnn::{CnnConfig, CnnFinder, CnnRecipe};
use arcmin_method::FinderSources;
use std::path::Path;
use std::sync::Arc;
use toy::ToySource;

pub(crate) fn config() -> CnnConfig {
    toml::from_str(include_str!("small_network.toml")).expect("the description parses")
}

pub(crate) fn source(seed: u64, n_tiles: usize) -> ToySource {
    ToySource { seed, n_tiles, side: 272, n_haloes: 20, dec_deg: 0.0 }
}

pub(crate) fn sources() -> FinderSources {
    FinderSources { train: Arc::new(source(1, 3)), validation: Arc::new(source(2, 2)) }
}

pub(crate) fn fit(config: CnnConfig, folder: &Path) -> CnnFinder {
    let recipe = CnnRecipe::new(config).expect("a configuration");
    recipe.train(&sources(), folder, &|| false).expect("a fit").expect("not stopped")
}
