//! Simulating one tile of 2048 x 2048 pixels in three bands, and its parts.

#[path = "peers/painted_haloes.rs"]
mod painted_haloes;

use arcmin_scene::{Haloes, SceneConfig, Simulator, Split};
use criterion::{Criterion, criterion_group, criterion_main};
use std::time::Duration;

fn simulator(components: &str, clustering: &str) -> Simulator {
    let text = format!(
        r#"{{"seed": 1, "cosmology": "sehgal_wmap5", "concentration": "duffy08", "cmb_spectrum": "sehgal_wmap5",
            "components": [{components}], {clustering}
            "ksz_haloes": {{"gas_fraction": 0.125}},
            "tiles": {{"n_train": 0, "n_validation": 0, "n_test": 1, "n_pixels_side": 2048,
                       "pixel_arcmin": 0.25, "margin_arcmin": 20.0}},
            "haloes": {{"m200m_min_msun": 1e13, "m200m_max_msun": 5e15, "z_min": 0.02, "z_max": 3.0,
                        "y_ln_scatter": 0.2, "concentration_ln_scatter": 0.33}},
            "foregrounds": {{"model": "deepsz", "point_sources_d3000_uk2": [2.7, 8.8, 71.0], "ksz_d_ell_uk2": 2.0,
                             "tsz_background_d_ell_90ghz_uk2": 3.6}},
            "bands": [{{"name": "90", "nu_ghz": 90.0, "noise_uk_arcmin": 2.8, "beam_fwhm_arcmin": 0.0}},
                      {{"name": "148", "nu_ghz": 148.0, "noise_uk_arcmin": 2.6, "beam_fwhm_arcmin": 0.0}},
                      {{"name": "219", "nu_ghz": 219.0, "noise_uk_arcmin": 6.6, "beam_fwhm_arcmin": 0.0}}]}}"#
    );
    let config: SceneConfig = serde_json::from_str(&text).expect("the description of this bench parses");
    Simulator::new(config.check().expect("a sky")).expect("a simulator")
}

fn scenes(c: &mut Criterion) {
    let mut group = c.benchmark_group("scene_2048_3bands");
    group.sample_size(10).measurement_time(Duration::from_secs(20));
    let clustering = r#""clustering": {"cell_mpc": 9.0},"#;
    let all = simulator(r#""cmb", "tsz", "ksz_haloes", "point_sources", "noise""#, clustering);
    let scene = |simulator: &Simulator| simulator.scene(Split::Test, 0, Haloes::Drawn).expect("a scene");
    group.bench_function("all", |b| b.iter(|| scene(&all)));
    group.bench_function("clustered_haloes", |b| b.iter(|| all.drawn_haloes(Split::Test, 0).expect("haloes")));
    let gaussian = simulator(r#""cmb", "ksz", "point_sources", "noise""#, "");
    group.bench_function("fields_and_noise", |b| b.iter(|| scene(&gaussian)));
    let sky = painted_haloes::Sky::new(2048).expect("a sky of haloes");
    group.bench_function("painting_20000_haloes", |b| b.iter(|| sky.paint().expect("an image")));
    group.finish();
}

criterion_group!(benches, scenes);
criterion_main!(benches);
