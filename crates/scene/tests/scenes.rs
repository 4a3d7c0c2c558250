//! Laws of whole scenes, through the public API.

mod common;

use arcmin_maps::PixelPosition;
use arcmin_scene::{
    Component, ConcentrationModel, Haloes, KszHaloesConfig, Scene, SceneSource, SimulatedSource, Split,
};
use arcmin_sky::pressure::{Arnaud10, ProjectedGnfw};
use arcmin_sky::sz::tsz_uk_per_y;
use arcmin_sky::{BetaGas, Cosmology};
use arcmin_units::{Arcmin, Ghz, Mvir, Redshift};
use common::{config, simulator};
use std::sync::Arc;

fn pixels(scene: &Scene, band_idx: usize) -> &[f32] {
    scene.observation.bands()[band_idx].map.pixels()
}

#[test]
fn scenes_have_the_same_bits_for_any_number_of_threads() {
    let make = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| simulator(&config()).scene(Split::Test, 1, Haloes::Drawn).unwrap())
    };
    let (one, three) = (make(1), make(3));
    assert!(!one.truth.haloes.is_empty());
    assert_eq!(one.truth, three.truth);
    assert_eq!(one.observation, three.observation);
}

#[test]
fn components_do_not_change_each_other() {
    let with = |components: &[Component]| {
        let mut config = config();
        config.components = components.to_vec();
        simulator(&config).scene(Split::Train, 0, Haloes::Drawn).unwrap()
    };
    let all = with(&[Component::Tsz, Component::Cmb, Component::Noise]);
    let parts = [Component::Noise, Component::Cmb, Component::Tsz].map(|component| with(&[component]));
    assert_eq!(all.truth.haloes, parts[2].truth.haloes);
    assert!(parts[0].truth.haloes.is_empty());
    for band_idx in 0..3 {
        let sum = |i: usize| parts.iter().map(|part| pixels(part, band_idx)[i]).sum::<f32>();
        let worst = pixels(&all, band_idx).iter().enumerate().map(|(i, v)| (v - sum(i)).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-3, "band {band_idx}: {worst} uK of some 100");
    }
}

#[test]
fn splits_and_tiles_share_nothing() {
    let simulator = Arc::new(simulator(&config()));
    let mut seen: Vec<Scene> = Vec::new();
    for split in Split::ALL {
        let source = SimulatedSource::new(simulator.clone(), split);
        for scene in (0..source.len()).map(|index| source.scene(index).unwrap()) {
            for other in &seen {
                assert_ne!(scene.observation.geometry(), other.observation.geometry());
                assert_ne!(pixels(&scene, 0), pixels(other, 0));
                assert_ne!(scene.truth.haloes[0].mvir, other.truth.haloes[0].mvir);
            }
            seen.push(scene);
        }
        assert!(source.scene(source.len()).is_err());
    }
    assert_eq!(seen.len(), 7);
}

#[test]
fn a_given_halo_is_painted_where_and_as_told() {
    let mut config = config();
    config.components = vec![Component::Tsz];
    config.concentration = ConcentrationModel::DiemerKravtsov15;
    config.tiles.pixel_arcmin = 0.25;
    let simulator = simulator(&config);
    let geometry = simulator.geometry(Split::Test, 0).unwrap();
    let position = geometry.pix_to_sky(PixelPosition { x: 70.0, y: 31.0 }).unwrap();
    let halo = simulator.halo(Mvir::new(2e14), Redshift::new(0.5), position).unwrap();
    // The entry deepsz_mf_snr_expectation of the reference numbers for this halo. Its y0 is a mean over the central pixel.
    assert!((halo.m500c.value() / 1.177_037e14 - 1.0).abs() < 5e-3, "{}", halo.m500c);
    assert!((halo.theta500.to_arcmin().value() / 1.715_331 - 1.0).abs() < 2e-3);

    let scene = simulator.scene(Split::Test, 0, Haloes::Given(&[halo])).unwrap();
    assert_eq!(scene.truth.haloes, [halo]);
    let map = pixels(&scene, 0);
    let deepest = (0..map.len()).min_by(|&a, &b| map[a].total_cmp(&map[b])).unwrap();
    assert_eq!((deepest % 128, deepest / 128), (70, 31));
    let central_y = f64::from(map[deepest]) / tsz_uk_per_y(Ghz::new(90.0));
    assert!((central_y / 2.248_112e-5 - 1.0).abs() < 1e-2, "{central_y:e}");
    assert!(map[0].abs() < 1e-3, "nothing far away");
}

#[test]
fn bad_haloes_are_refused() {
    let simulator = simulator(&config());
    let position = simulator.geometry(Split::Test, 0).unwrap().pix_to_sky(PixelPosition { x: 0.0, y: 0.0 }).unwrap();
    assert!(simulator.halo(Mvir::new(-1.0), Redshift::new(0.5), position).is_err());
    let mut halo = simulator.halo(Mvir::new(1e14), Redshift::new(0.5), position).unwrap();
    halo.y0 = f64::NAN;
    assert!(simulator.scene(Split::Test, 0, Haloes::Given(&[halo])).is_err());
}

#[test]
fn the_beam_smooths_a_halo_as_the_profile_integral_does() {
    let fwhm_arcmin = 1.5f64;
    let mut config = config();
    config.components = vec![Component::Tsz];
    config.tiles.pixel_arcmin = 0.25;
    config.bands[0].beam_fwhm_arcmin = fwhm_arcmin;
    let simulator = simulator(&config);
    let position = simulator.geometry(Split::Test, 0).unwrap().pix_to_sky(PixelPosition { x: 60.0, y: 61.0 }).unwrap();
    let halo = simulator.halo(Mvir::new(5e14), Redshift::new(0.6), position).unwrap();
    let scene = simulator.scene(Split::Test, 0, Haloes::Given(&[halo])).unwrap();
    let gas = Arnaud10::new(halo.m500c, halo.redshift, &Cosmology::sehgal_wmap5()).unwrap();
    // The mean over a pixel widens the beam by the variance of a square, pixel^2 / 12.
    let seen_fwhm = Arcmin::new((fwhm_arcmin.powi(2) + (8.0 * 2f64.ln()) * 0.25f64.powi(2) / 12.0).sqrt()).to_rad();
    for dx in [0u32, 2, 5, 10, 20] {
        let theta = Arcmin::new(0.25 * f64::from(dx)).to_rad();
        let expected = tsz_uk_per_y(Ghz::new(90.0)) * gas.y_smoothed(theta, seen_fwhm, &ProjectedGnfw::arnaud10());
        let ours = f64::from(pixels(&scene, 0)[61 * 128 + 60 + dx as usize]);
        assert!((ours / expected - 1.0).abs() < 5e-3, "{dx} pixels away: {ours} {expected} uK");
    }
}

#[test]
fn haloes_beyond_the_edge_leak_in_but_are_not_listed() {
    let mut config = config();
    config.components = vec![Component::Tsz];
    let simulator = simulator(&config);
    let geometry = simulator.geometry(Split::Test, 0).unwrap();
    let at = |x, y| geometry.pix_to_sky(PixelPosition { x, y }).unwrap();
    let halo = |x, y| simulator.halo(Mvir::new(4e14), Redshift::new(0.4), at(x, y)).unwrap();
    let scene = |haloes: &[_]| simulator.scene(Split::Test, 0, Haloes::Given(haloes)).unwrap();
    let outside = scene(&[halo(-2.0, 64.0)]);
    assert!(outside.truth.haloes.is_empty());
    assert!(pixels(&outside, 0)[64 * 128] < -5.0);
    let far = scene(&[halo(-500.0, 64.0)]);
    assert!(pixels(&far, 0).iter().all(|&pixel| pixel == 0.0));
    let drawn = simulator.scene(Split::Test, 0, Haloes::Drawn).unwrap();
    let both = simulator.scene(Split::Test, 0, Haloes::GivenAndDrawn(&[halo(30.0, 64.0)])).unwrap();
    assert_eq!(both.truth.haloes.len(), drawn.truth.haloes.len() + 1);
    assert_eq!(both.truth.haloes.iter().filter(|halo| halo.id == 0).count(), 1);
    assert_eq!(scene(&[halo(-500.0, 64.0), halo(30.0, 64.0)]).truth.haloes[0].id, 1);
    assert!(both.truth.haloes.windows(2).all(|pair| pair[0].mvir.value() >= pair[1].mvir.value()));
}

/// Means of products of normal deviates; false alarm 4e-4 (4 sigma in six numbers).
#[test]
fn noise_is_white_and_independent_between_bands() {
    let mut config = config();
    config.components = vec![Component::Noise];
    config.tiles.n_pixels_side = 512;
    let scene = simulator(&config).scene(Split::Test, 0, Haloes::Drawn).unwrap();
    let unit = |band_idx: usize| -> Vec<f64> {
        let rms_uk = config.bands[band_idx].noise_uk_arcmin / config.tiles.pixel_arcmin;
        pixels(&scene, band_idx).iter().map(|&pixel| f64::from(pixel) / rms_uk).collect()
    };
    let mean_product =
        |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / a.len().min(b.len()) as f64;
    let (first, second) = (unit(0), unit(1));
    let tolerance = 4.0 / (512.0 * 512.0f64).sqrt();
    assert!((mean_product(&first, &first) - 1.0).abs() < tolerance * 2f64.sqrt());
    assert!((first.iter().sum::<f64>() / first.len() as f64).abs() < tolerance);
    for (name, product) in [
        ("bands", mean_product(&first, &second)),
        ("columns", mean_product(&first, &first[1..])),
        ("rows", mean_product(&first, &first[512..])),
        ("both", mean_product(&first, &first[513..])),
    ] {
        assert!(product.abs() < tolerance, "neighbouring {name}: {product}");
    }
}

#[test]
fn the_catalogue_lists_every_halo() {
    let scene = simulator(&config()).scene(Split::Test, 1, Haloes::Drawn).unwrap();
    let catalogue = scene.truth.to_catalogue().unwrap();
    let heaviest = scene.truth.haloes[0];
    assert_eq!(catalogue.len(), scene.truth.haloes.len());
    assert_eq!(catalogue.positions()[0], heaviest.position);
    assert_eq!(catalogue.text("name").unwrap()[0], format!("T00001-H{:07}", heaviest.id));
    for (column, value) in [
        ("RADeg", heaviest.position.lon_deg()),
        ("decDeg", heaviest.position.lat_deg()),
        ("redshift", heaviest.redshift.value()),
        ("M500c", heaviest.m500c.value()),
        ("M200m", heaviest.m200m.value()),
        ("Mvir", heaviest.mvir.value()),
        ("true_y_c", heaviest.y0),
        ("theta500Arcmin", heaviest.theta500.to_arcmin().value()),
        ("M200c", heaviest.m200c.value()),
        ("true_Y500", heaviest.y500_mpc2),
        ("c200c", heaviest.c200c),
        ("velocity", heaviest.velocity_km_s),
    ] {
        assert_eq!(catalogue.f64(column).unwrap()[0], value, "{column}");
    }
}

/// `dT = -T_CMB tau v / c` at the centre of a halo, with the pair of the entry ksz_formula of the reference numbers
/// (tau = 0.005 at 300 km/s: -13.636934 uK) scaled to this halo's own; the central pixel averages over the core by 1%.
#[test]
fn a_receding_halo_is_cold_by_its_optical_depth() {
    let mut config = config();
    config.components = vec![Component::KszHaloes];
    config.ksz_haloes = Some(KszHaloesConfig { gas_fraction: 0.125 });
    config.tiles.pixel_arcmin = 0.25;
    let simulator = simulator(&config);
    let geometry = simulator.geometry(Split::Test, 0).unwrap();
    let position = geometry.pix_to_sky(PixelPosition { x: 70.0, y: 31.0 }).unwrap();
    let mut halo = simulator.halo(Mvir::new(6e14), Redshift::new(0.4), position).unwrap();
    assert_eq!(halo.velocity_km_s, 0.0);
    halo.velocity_km_s = 450.0;
    let scene = simulator.scene(Split::Test, 0, Haloes::Given(&[halo])).unwrap();
    let gas = BetaGas::new(halo.m500c, halo.redshift, 0.125, &Cosmology::sehgal_wmap5()).unwrap();
    let expected_uk = -13.636_934_121_938_452 * (gas.tau0() / 0.005) * (450.0 / 300.0);
    for band_idx in 0..3 {
        let centre = f64::from(pixels(&scene, band_idx)[31 * 128 + 70]);
        assert!((centre / expected_uk - 1.0).abs() < 0.02, "{centre} {expected_uk}");
        let ten_away = f64::from(pixels(&scene, band_idx)[31 * 128 + 80]);
        let expected = expected_uk * BetaGas::shape(2.5 / halo.theta500.to_arcmin().value());
        assert!((ten_away / expected - 1.0).abs() < 0.01, "{ten_away} {expected}");
    }
    halo.velocity_km_s = -450.0;
    let approaching = simulator.scene(Split::Test, 0, Haloes::Given(&[halo])).unwrap();
    assert!(pixels(&approaching, 1)[31 * 128 + 70] > 10.0);
}
