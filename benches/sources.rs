//! Point sources on a tile of the DeepSZ size: three bands, 2048 x 2048 pixels of 0.25', and the rim.
//!
//! The time of a layer of sources is that of a tile with sources less that of a tile without any: both draw the same haloes
//! and transform the same bands.

#[path = "../crates/scene/tests/common/shipped.rs"]
mod shipped;

use arcmin_scene::{
    BandConfig, CmbSpectrum, Component, ConcentrationModel, ForegroundsConfig, Haloes, HaloesConfig, PressureModel,
    SceneConfig, Simulator, Split, TilesConfig,
};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

fn config(components: &[Component], beam_fwhm_arcmin: f64) -> SceneConfig {
    let band = |name: &str, nu_ghz| BandConfig {
        name: name.to_owned(),
        nu_ghz,
        noise_uk_arcmin: 0.0,
        beam_fwhm_arcmin,
        beam_file: None,
        one_over_f: None,
    };
    SceneConfig {
        seed: 1,
        cosmology: "sehgal_wmap5".to_owned(),
        concentration: ConcentrationModel::Duffy08,
        cmb_spectrum: CmbSpectrum::SehgalWmap5,
        components: components.to_vec(),
        tiles: TilesConfig {
            n_train: 1,
            n_validation: 0,
            n_test: 0,
            n_pixels_side: 2048,
            pixel_arcmin: 0.25,
            margin_arcmin: 20.0,
        },
        haloes: HaloesConfig {
            m200m_min_msun: 1e13,
            m200m_max_msun: 5e15,
            z_min: 0.02,
            z_max: 3.0,
            y_ln_scatter: 0.2,
            concentration_ln_scatter: 0.0,
            pressure: PressureModel::Arnaud10,
            abundance_factor: 1.0,
        },
        foregrounds: ForegroundsConfig::None,
        clustering: None,
        ksz_haloes: None,
        radio_sources: Some(shipped::radio_sources()),
        dusty_sources: Some(shipped::dusty_sources()),
        galactic_dust: None,
        halo_lensing: None,
        bands: vec![band("90", 90.0), band("148", 148.0), band("219", 219.0)],
    }
}

fn sources(c: &mut Criterion) {
    let mut group = c.benchmark_group("sources_2048_3_bands");
    group.sample_size(10);
    let kinds: [(&str, &[Component], f64); 5] = [
        ("none", &[Component::Noise], 0.0),
        ("radio", &[Component::RadioSources], 0.0),
        ("dusty", &[Component::DustySources], 0.0),
        ("both", &[Component::RadioSources, Component::DustySources], 0.0),
        ("both_with_beams", &[Component::RadioSources, Component::DustySources], 1.2),
    ];
    for (name, components, beam_fwhm_arcmin) in kinds {
        let setup = config(components, beam_fwhm_arcmin).check().expect("a sky");
        let simulator = Simulator::new(setup).expect("tables of a sky");
        group.bench_function(name, |b| {
            b.iter(|| black_box(simulator.scene(Split::Train, 0, Haloes::Given(&[])).expect("a tile")));
        });
    }
    group.finish();
}

criterion_group!(benches, sources);
criterion_main!(benches);
