//! That nothing of the validation sky is trained on.

use arcmin_maps::PixelPosition;
use arcmin_scene::{SceneConfig, SceneSource, SimulatedSource, Simulator, Split};
use std::sync::Arc;

const SKY: &str = r#"
seed = 1
cosmology = "sehgal_wmap5"
cmb_spectrum = "sehgal_wmap5"
concentration = "diemer_kravtsov15"
components = ["noise"]
bands = [{ name = "148", nu_ghz = 148.0, noise_uk_arcmin = 2.6, beam_fwhm_arcmin = 0.0 }]
tiles = { n_train = 6, n_validation = 6, n_test = 6, n_pixels_side = 64, pixel_arcmin = 0.5, margin_arcmin = 5.0 }

[haloes]
m200m_min_msun = 1e13
m200m_max_msun = 5e15
z_min = 0.02
z_max = 3.0
y_ln_scatter = 0.2
concentration_ln_scatter = 0.33
"#;

#[test]
fn no_position_of_a_validation_or_test_tile_lies_on_a_training_tile() {
    let config: SceneConfig = toml::from_str(SKY).expect("the sky of this test parses");
    let simulator = Arc::new(Simulator::new(config.check().expect("a description")).expect("a simulator"));
    let geometries = |split| (0..6).map(|tile| simulator.geometry(split, tile).expect("a tile")).collect::<Vec<_>>();
    let train = geometries(Split::Train);
    for other in [Split::Validation, Split::Test] {
        for geometry in geometries(other) {
            for i in 0..17 * 17 {
                let at = PixelPosition { x: f64::from(i % 17) * 63.0 / 16.0, y: f64::from(i / 17) * 63.0 / 16.0 };
                let sky = geometry.pix_to_sky(at).expect("a pixel of the tile");
                assert!(train.iter().all(|tile| tile.pixel_index(sky).is_none()), "{other}: {sky:?}");
            }
        }
    }
    let origin = |split| SimulatedSource::new(Arc::clone(&simulator), split).origin();
    assert_ne!(origin(Split::Train), origin(Split::Validation));
    // The origin does not depend on how many tiles there are, so that more can be added to those on disk.
    let more = SKY.replace("n_train = 6", "n_train = 9");
    let config: SceneConfig = toml::from_str(&more).expect("it parses");
    let simulator = Arc::new(Simulator::new(config.check().expect("a description")).expect("a simulator"));
    assert_eq!(SimulatedSource::new(simulator, Split::Train).origin(), origin(Split::Train));
}
