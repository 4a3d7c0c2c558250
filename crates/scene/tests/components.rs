//! Every component of the sky on its own and together: what the paper's ladder of skies rests on.

mod common;

use arcmin_maps::Band;
use arcmin_scene::{
    ClusteringConfig, Component, HaloLensingConfig, Haloes, KszHaloesConfig, OneOverFConfig, SceneConfig, Simulator,
    Split,
};
use common::{config, simulator, with_sources};

/// Every component that one sky can have; the Gaussian terms of the two models of foregrounds exclude each other and the
/// painted ones.
const PAINTED: [Component; 8] = [
    Component::Cmb,
    Component::Tsz,
    Component::Noise,
    Component::KszHaloes,
    Component::RadioSources,
    Component::DustySources,
    Component::GalacticDust,
    Component::HaloLensing,
];

/// A small tile with beams, a knee, clustering and everything that is painted.
fn full_sky(components: &[Component]) -> SceneConfig {
    let mut config = config();
    config.components = components.to_vec();
    config.tiles.n_pixels_side = 64;
    config.haloes.m200m_min_msun = 1e14;
    config.haloes.concentration_ln_scatter = 0.33;
    config.clustering = Some(ClusteringConfig { cell_mpc: 40.0 });
    config.ksz_haloes = Some(KszHaloesConfig { gas_fraction: 0.125 });
    let mut config = with_sources(config);
    config.halo_lensing = Some(HaloLensingConfig { m200m_min_msun: 1e14, taper_arcmin: 15.0, z_source: 1100.0 });
    config.bands.truncate(2);
    config.foregrounds = arcmin_scene::ForegroundsConfig::George15;
    config.bands[0].beam_fwhm_arcmin = 1.6;
    config.bands[0].one_over_f = Some(OneOverFConfig { ell_knee: 1500.0, exponent: 2.0 });
    config
}

fn bands(simulator: &Simulator) -> Vec<Band> {
    simulator.scene(Split::Test, 0, Haloes::Drawn).unwrap().observation.bands().to_vec()
}

fn component_bands(simulator: &Simulator, component: Component) -> Vec<Band> {
    simulator.component_bands(Split::Test, 0, component, Haloes::Drawn).unwrap()
}

/// Differences between the sky and the sum of its components stay below this, of maps of some 300 uK.
const ROUNDING_UK: f32 = 3e-3;

fn assert_sums_up(config: &SceneConfig) {
    let simulator = simulator(config);
    let parts: Vec<_> = config.components.iter().map(|&component| component_bands(&simulator, component)).collect();
    for (band_idx, sky) in bands(&simulator).iter().enumerate() {
        for (part, component) in parts.iter().zip(&config.components) {
            let pixels = part[band_idx].map.pixels();
            assert!(pixels.iter().any(|pixel| *pixel != 0.0), "{component} is empty in band {band_idx}");
        }
        for (idx, &pixel) in sky.map.pixels().iter().enumerate() {
            let sum: f32 = parts.iter().map(|part| part[band_idx].map.pixels()[idx]).sum();
            assert!((sum - pixel).abs() < ROUNDING_UK, "band {band_idx}, pixel {idx}: {sum} for {pixel}");
        }
    }
}

#[test]
fn components_sum_up_to_the_sky() {
    assert_sums_up(&full_sky(&PAINTED));
    let gaussian = [Component::Ksz, Component::DustyPoisson, Component::DustyClustered, Component::Radio];
    assert_sums_up(&full_sky(&[&gaussian[..], &[Component::TszBackground, Component::Cmb]].concat()));
}

/// A component's map is the same bits in the full sky, in a sky of itself, and in a sky without one other component.
#[test]
fn dropping_a_component_changes_no_bit_of_the_others() {
    let full = simulator(&full_sky(&PAINTED));
    for (idx, &component) in PAINTED.iter().enumerate() {
        let in_full = component_bands(&full, component);
        let alone = match component {
            Component::HaloLensing => component_bands(&simulator(&full_sky(&[Component::Cmb, component])), component),
            _ => bands(&simulator(&full_sky(&[component]))),
        };
        assert!(in_full == alone, "{component} alone");
        // Each component is dropped once; the lensing of the CMB goes with it.
        let dropped = PAINTED[(idx + 1) % PAINTED.len()];
        let goes_with_it = |kept: Component| dropped == Component::Cmb && kept == Component::HaloLensing;
        if goes_with_it(component) {
            continue;
        }
        let kept = PAINTED.into_iter().filter(|&kept| kept != dropped && !goes_with_it(kept));
        let without = simulator(&full_sky(&kept.collect::<Vec<_>>()));
        assert!(in_full == component_bands(&without, component), "{component} without {dropped}");
    }
}

#[test]
fn simulators_that_share_tables_make_the_same_bits() {
    let full = simulator(&full_sky(&PAINTED));
    for kept in [&PAINTED[..4], &[Component::Cmb, Component::Noise], &[Component::DustySources, Component::Tsz]] {
        let shared = full.keeping(kept).unwrap();
        assert!(bands(&shared) == bands(&simulator(&full_sky(kept))), "{kept:?}");
    }
    let refused = |kept: &[Component]| full.keeping(kept).unwrap_err().to_string();
    assert!(refused(&[Component::Ksz]).contains("no component ksz"));
    assert!(refused(&[Component::HaloLensing]).contains("cmb"));
    assert!(refused(&[Component::Cmb, Component::Cmb]).contains("named twice"));
}

#[test]
fn only_components_of_the_sky_have_a_map() {
    let simulator = simulator(&full_sky(&[Component::Cmb]));
    let refused = simulator.component_bands(Split::Test, 0, Component::Tsz, Haloes::Drawn).unwrap_err();
    assert!(refused.to_string().contains("no component tsz"), "{refused}");
}
