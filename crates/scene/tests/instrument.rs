//! Beams and noise with a knee.

mod common;

use arcmin_scene::{Component, Haloes, OneOverFConfig, Scene, SceneConfig, Split, check};
use common::{config, simulator};

fn scene(config: &SceneConfig) -> Scene {
    simulator(config).scene(Split::Test, 0, Haloes::Drawn).unwrap()
}

fn pixels(scene: &Scene, band_idx: usize) -> &[f32] {
    scene.observation.bands()[band_idx].map.pixels()
}

fn noise_only() -> SceneConfig {
    let mut config = config();
    config.components = vec![Component::Noise];
    config.tiles.n_pixels_side = 512;
    config
}

const KNEE: OneOverFConfig = OneOverFConfig { ell_knee: 4000.0, exponent: 2.5 };

/// False alarm 2e-4: four statistics at 4 sigma.
#[test]
fn noise_with_a_knee_has_the_spectrum_of_its_model() {
    let mut config = noise_only();
    config.bands[1].one_over_f = Some(KNEE);
    let statistics = check(&config).unwrap();
    let about_the_knee: Vec<_> = statistics.iter().filter(|s| s.name.contains("knee")).collect();
    assert_eq!((statistics.len(), about_the_knee.len()), (4, 1));
    assert!(about_the_knee[0].name.contains("148") && about_the_knee[0].tolerance < 0.15, "{about_the_knee:?}");
    for statistic in &statistics {
        assert!(statistic.passes(), "{statistic:?}");
    }
}

#[test]
fn a_knee_leaves_white_noise_other_bands_and_the_sky_as_they_are() {
    let mut plain = config();
    plain.bands[0].beam_fwhm_arcmin = 2.0;
    let mut with_knee = plain.clone();
    with_knee.bands[0].one_over_f = Some(KNEE);
    let (a, b) = (scene(&plain), scene(&with_knee));
    assert_ne!(pixels(&a, 0), pixels(&b, 0));
    assert_eq!(pixels(&a, 1), pixels(&b, 1));
    assert_eq!(a.observation.bands()[0].noise_arcmin, b.observation.bands()[0].noise_arcmin);
    // The difference is the part with the knee alone, which is no part of the sky: without noise there is none.
    let mut noiseless = with_knee.clone();
    noiseless.components.retain(|component| *component != Component::Noise);
    let mut plain_noiseless = plain.clone();
    plain_noiseless.components.retain(|component| *component != Component::Noise);
    assert_eq!(scene(&noiseless).observation, scene(&plain_noiseless).observation);
    let mut only_noise = with_knee.clone();
    only_noise.components = vec![Component::Noise];
    let mut only_white = plain;
    only_white.components = vec![Component::Noise];
    let (noise, white) = (scene(&only_noise), scene(&only_white));
    for idx in 0..pixels(&a, 0).len() {
        let knee = pixels(&noise, 0)[idx] - pixels(&white, 0)[idx];
        let difference = pixels(&b, 0)[idx] - pixels(&a, 0)[idx];
        assert!((knee - difference).abs() < 1e-3, "pixel {idx}: {knee} {difference}");
    }
}

#[test]
fn bad_knees_are_refused_by_their_key() {
    for (key, one_over_f) in [
        ("ell_knee", OneOverFConfig { ell_knee: 0.0, ..KNEE }),
        ("ell_knee", OneOverFConfig { ell_knee: f64::NAN, ..KNEE }),
        ("exponent", OneOverFConfig { exponent: -1.0, ..KNEE }),
        ("exponent", OneOverFConfig { exponent: 99.0, ..KNEE }),
    ] {
        let mut config = config();
        config.bands[2].one_over_f = Some(one_over_f);
        let message = config.check().unwrap_err().to_string();
        assert!(message.contains(&format!("one_over_f.{key}")), "{message}");
    }
}

#[test]
fn a_beam_from_a_file_smooths_as_the_same_beam_by_its_width() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("beam.txt");
    let mut by_width = config();
    by_width.components = vec![Component::Cmb, Component::Ksz, Component::PointSources];
    by_width.bands[0].beam_fwhm_arcmin = 2.0;
    let beam = arcmin_maps::Beam::gaussian(arcmin_units::Arcmin::new(2.0)).unwrap();
    let lines: Vec<String> =
        (0..35_000).step_by(10).map(|l| format!("{l} {:e}", beam.transfer(f64::from(l)))).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    let mut by_file = by_width.clone();
    (by_file.bands[0].beam_fwhm_arcmin, by_file.bands[0].beam_file) = (0.0, Some(path.clone()));
    let (width, file) = (scene(&by_width), scene(&by_file));
    assert_eq!(pixels(&width, 1), pixels(&file, 1));
    for (a, b) in pixels(&width, 0).iter().zip(pixels(&file, 0)) {
        assert!((a - b).abs() < 2e-3, "{a} {b}");
    }
    let text = toml::to_string(&by_file).unwrap();
    assert_eq!(toml::from_str::<SceneConfig>(&text).unwrap(), by_file);

    by_file.bands[0].beam_fwhm_arcmin = 1.0;
    assert!(by_file.check().unwrap_err().to_string().contains("beam_file"));
    by_file.bands[0].beam_fwhm_arcmin = 0.0;
    std::fs::write(&path, "0 1.0\n100 none\n").unwrap();
    assert!(by_file.check().unwrap_err().to_string().contains("beam.txt, line 2"));
    std::fs::remove_file(&path).unwrap();
    assert!(by_file.check().unwrap_err().to_string().contains("beam.txt"));
}
