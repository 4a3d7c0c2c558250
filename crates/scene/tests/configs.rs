//! Descriptions of skies: what is refused, and with which words.

mod common;

use arcmin_scene::{Component, SceneConfig, Simulator};
use common::{config, simulator};

/// The message with which a description is refused.
fn refusal(change: impl Fn(&mut SceneConfig)) -> String {
    let mut config = config();
    change(&mut config);
    config.check().and_then(Simulator::new).unwrap_err().to_string()
}

#[test]
fn bad_values_are_refused_by_their_key() {
    type Change = fn(&mut SceneConfig);
    let cases: [(&str, Change); 15] = [
        ("n_pixels_side", |c| c.tiles.n_pixels_side = 0),
        ("n_pixels_side", |c| c.tiles.n_pixels_side = 33),
        ("pixel_arcmin", |c| c.tiles.pixel_arcmin = f64::NAN),
        ("pixel_arcmin", |c| c.tiles.pixel_arcmin = 600.0),
        ("margin_arcmin", |c| c.tiles.margin_arcmin = -1.0),
        ("m200m_min_msun", |c| c.haloes.m200m_min_msun = 0.0),
        ("m200m_max_msun", |c| c.haloes.m200m_max_msun = 1e12),
        ("z_min", |c| c.haloes.z_min = 0.0),
        ("z_max", |c| c.haloes.z_max = f64::INFINITY),
        ("y_ln_scatter", |c| c.haloes.y_ln_scatter = -0.2),
        ("noise_uk_arcmin", |c| c.bands[1].noise_uk_arcmin = -2.6),
        ("beam_fwhm_arcmin", |c| c.bands[1].beam_fwhm_arcmin = f64::NAN),
        ("nu_ghz", |c| c.bands[0].nu_ghz = 0.0),
        ("point_sources_d3000_uk2", |c| drop(c.bands.pop())),
        ("cosmology", |c| c.cosmology = "steady_state".to_owned()),
    ];
    for (key, change) in cases {
        let message = refusal(change);
        assert!(message.contains(key), "{key}: {message}");
    }
}

#[test]
fn bad_lists_are_refused() {
    assert!(refusal(|c| c.bands.clear()).contains("band"));
    assert!(refusal(|c| c.bands[1].name = "90".to_owned()).contains("two bands are named 90"));
    assert!(refusal(|c| c.components.push(Component::Cmb)).contains("cmb is named twice"));
    assert!(refusal(|c| c.components.push(Component::Radio)).contains("radio is not part of"));
    assert!(refusal(|c| c.tiles.n_train = 1 << 40).contains("train tiles asked for"));
}

#[test]
fn misspelt_keys_and_names_are_refused() {
    let text = toml::to_string(&config()).unwrap();
    assert_eq!(toml::from_str::<SceneConfig>(&text).unwrap(), config());
    for (right, wrong) in [("y_ln_scatter", "y_scatter"), ("\"ksz\"", "\"kSZ\""), ("ksz_d_ell_uk2", "ksz_d_ell")] {
        assert!(text.contains(right));
        assert!(toml::from_str::<SceneConfig>(&text.replace(right, wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn the_order_of_components_does_not_matter() {
    let mut reversed = config();
    reversed.components.reverse();
    let make = |config| simulator(config).scene(arcmin_scene::Split::Train, 1, arcmin_scene::Haloes::Drawn).unwrap();
    assert_eq!(make(&config()).observation, make(&reversed).observation);
}
