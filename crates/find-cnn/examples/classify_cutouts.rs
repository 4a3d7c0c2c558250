//! A narrow network trained on toy skies, white noise with dark spots, and a search with it. A few seconds.
//!
//! `cargo run --release -p arcmin-find-cnn --example classify_cutouts`
#![allow(clippy::print_stdout)]

#[path = "../../find-learned/tests/common/toy.rs"]
mod toy;

use arcmin_find_cnn::{CnnConfig, CnnRecipe};
use arcmin_method::FinderSources;
use arcmin_scene::SceneSource;
use std::error::Error;
use std::sync::Arc;
use toy::ToySource;

fn main() -> Result<(), Box<dyn Error>> {
    let config: CnnConfig = toml::from_str(include_str!("../tests/common/small_network.toml"))?;
    let tiles = |seed, n_tiles| ToySource { seed, n_tiles, side: 272, n_haloes: 20, dec_deg: 0.0 };
    let sources = FinderSources { train: Arc::new(tiles(1, 3)), validation: Arc::new(tiles(2, 2)) };
    let folder = tempfile::tempdir()?;
    let finder = CnnRecipe::new(config)?.train(&sources, folder.path(), &|| false)?.ok_or("nobody stopped it")?;
    let trained = finder.about().trained.as_ref().ok_or("it is trained")?;
    println!(
        "{} training cutouts, {} with a cluster; best epoch {} with F1 {:.2} on validation",
        trained.train.n_cutouts, trained.train.n_positives, trained.best_epoch, trained.f1_validation
    );
    let scene = tiles(3, 1).scene(0)?;
    let geometry = scene.observation.geometry();
    for candidate in finder.search(&scene.observation)?.candidates.iter().filter(|candidate| candidate.score > 0.3) {
        let nearest =
            scene.truth.haloes.iter().map(|halo| halo.position.separation(candidate.position).to_arcmin().value());
        let at = geometry.sky_to_pix(candidate.position).ok_or("off the map")?;
        let distance_arcmin = nearest.fold(f64::INFINITY, f64::min);
        println!("p {:.2} at ({:5.1}, {:5.1}), a halo {distance_arcmin:.1}' away", candidate.score, at.x, at.y);
    }
    Ok(())
}
