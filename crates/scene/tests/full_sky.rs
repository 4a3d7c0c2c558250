//! Gaussian skies on the sphere.

use arcmin_maps::healpix::{HealpixBandMap, OrderedPixels};
use arcmin_scene::{Component, FullSky, SceneConfig};
use arcmin_sphere::Nside;
use arcmin_sphere::harmonics::{HarmonicTransform, RingRegion};
use std::ops::ControlFlow;

const SKY: &str = r#"
    seed = 11
    cosmology = "sehgal_wmap5"
    concentration = "duffy08"
    cmb_spectrum = "sehgal_wmap5"
    components = ["cmb", "ksz", "point_sources"]
    [tiles]
    n_train = 0
    n_validation = 0
    n_test = 1
    n_pixels_side = 64
    pixel_arcmin = 0.5
    margin_arcmin = 2.0
    [haloes]
    m200m_min_msun = 1e14
    m200m_max_msun = 5e15
    z_min = 0.02
    z_max = 3.0
    y_ln_scatter = 0.2
    [foregrounds]
    model = "deepsz"
    point_sources_d3000_uk2 = [3e6, 1.2e7]
    ksz_d_ell_uk2 = 2.0
    tsz_background_d_ell_90ghz_uk2 = 3.6
    [[bands]]
    name = "90"
    nu_ghz = 90.0
    noise_uk_arcmin = 2.8
    beam_fwhm_arcmin = 60.0
    [[bands]]
    name = "148"
    nu_ghz = 148.0
    noise_uk_arcmin = 2000.0
    beam_fwhm_arcmin = 0.0
"#;

fn config(components: &[Component]) -> SceneConfig {
    SceneConfig { components: components.to_vec(), ..toml::from_str(SKY).unwrap() }
}

fn sky(components: &[Component], region: RingRegion, lmax: usize) -> FullSky {
    FullSky::new(config(components).check().unwrap(), region, lmax).unwrap()
}

fn full(nside: u64) -> RingRegion {
    RingRegion::full_sky(Nside::new(nside).unwrap())
}

/// Pixels of a band by their numbers.
fn pixels(sky: &FullSky, band_idx: usize) -> Vec<(u64, f32)> {
    let band = sky.band(band_idx, &mut |_| ControlFlow::Continue(())).unwrap().unwrap();
    let HealpixBandMap::Temperature { map, .. } = band.map else { panic!("a temperature band") };
    let OrderedPixels::Ring(pixels) = map.pixels() else { panic!("ring order") };
    pixels.iter().map(|(pixel, value)| (pixel.number(), value.unwrap())).collect()
}

/// Power of a full-sky band over degrees 2 to lmax, in bins of some degrees: (mean of power over model, modes).
fn ratios(power: &[f64], model: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    let bin = |first: usize| {
        let degrees = first..(first + 16).min(power.len());
        let modes: usize = degrees.clone().map(|l| 2 * l + 1).sum();
        let sum: f64 = degrees.map(|l| (2 * l + 1) as f64 * power[l] / model(l as f64)).sum();
        (sum / modes as f64, modes as f64)
    };
    (2..power.len()).step_by(16).map(bin).collect()
}

/// The map's spectrum, analysed afresh, is that put in: CMB through the beam, and a flat spectrum of white noise.
///
/// Each of the 24 ratios has a relative error sqrt(2 / modes); with five of them a false alarm has a chance of 1.4e-5.
#[test]
fn the_spectrum_is_that_of_the_model() {
    let (nside, lmax) = (128, 192);
    let cmb = arcmin_sky::spectra::cmb_lensed_tt_sehgal_wmap5();
    let transform = HarmonicTransform::new(full(nside), lmax).unwrap();
    let power_of = |component, band_idx| {
        let map: Vec<f32> =
            pixels(&sky(&[component], full(nside), lmax), band_idx).into_iter().map(|(_, v)| v).collect();
        transform.analyse(&map, 3).unwrap().power()
    };
    let beam = arcmin_maps::Beam::gaussian(arcmin_units::Arcmin::new(60.0)).unwrap();
    let noise_uk_rad = 2000.0_f64 * std::f64::consts::PI / 180.0 / 60.0;
    let with_beam = |ell: f64| cmb.c_ell(ell) * beam.transfer(ell).powi(2);
    let checks = [
        ("cmb", ratios(&power_of(Component::Cmb, 0), with_beam)),
        ("noise", ratios(&power_of(Component::Noise, 1), |_| noise_uk_rad.powi(2))),
    ];
    for (what, ratios) in checks {
        for (bin, (ratio, modes)) in ratios.into_iter().enumerate() {
            let error = (2.0 / modes).sqrt();
            assert!((ratio - 1.0).abs() < 5.0 * error, "{what}, bin {bin}: {ratio} +- {error}");
        }
    }
}

#[test]
fn components_add_up_and_bands_see_them_by_their_factors() {
    let lmax = 40;
    let parts = [Component::Cmb, Component::PointSources];
    let together = sky(&parts, full(16), lmax).coefficients(1);
    let [cmb, sources] = parts.map(|component| sky(&[component], full(16), lmax));
    let (cmb, sources, sources_90) = (cmb.coefficients(1), sources.coefficients(1), sources.coefficients(0));
    let beam = arcmin_maps::Beam::gaussian(arcmin_units::Arcmin::new(60.0)).unwrap();
    for m in 0..=lmax {
        for (i, sum) in together.order(m).iter().enumerate() {
            assert!((sum - cmb.order(m)[i] - sources.order(m)[i]).norm() <= 1e-12 * sum.norm());
            // The amplitude at 148 GHz is sqrt(1.2e7 / 3e6) = 2 times that at 90 GHz, which has the beam.
            let expected = sources.order(m)[i] * 0.5 * beam.transfer((m + i) as f64);
            assert!((sources_90.order(m)[i] - expected).norm() <= 1e-12 * expected.norm());
        }
    }
}

#[test]
fn an_octant_is_what_the_full_sky_has_there() {
    let components = [Component::Cmb, Component::Noise];
    let nside = Nside::new(16).unwrap();
    let whole = pixels(&sky(&components, full(16), 32), 0);
    let octant = pixels(&sky(&components, RingRegion::octant(nside), 32), 0);
    assert_eq!(octant.len(), 12 * 16 * 16 / 8 + 8);
    for (pixel, value) in octant {
        // Rings alone and in pairs are the same sums; rounding to f32 may differ in the last bit.
        let there = whole[pixel as usize];
        assert_eq!(there.0, pixel);
        assert!((there.1 - value).abs() <= 1e-6 * there.1.abs().max(1.0), "pixel {pixel}: {value} {}", there.1);
    }
}

#[test]
fn large_scales_do_not_depend_on_how_many_small_ones_there_are() {
    let coarse = sky(&[Component::Cmb], full(16), 20).coefficients(0);
    let fine = sky(&[Component::Cmb], full(16), 50).coefficients(0);
    for m in 0..=20 {
        assert_eq!(coarse.order(m), &fine.order(m)[..=20 - m]);
    }
    assert!(coarse.order(0)[..2].iter().all(|a| a.norm() == 0.0), "no monopole and no dipole");
}

#[test]
fn same_bits_for_any_number_of_threads() {
    let sky = sky(&[Component::Cmb, Component::Noise], full(16), 32);
    let in_pool =
        |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| pixels(&sky, 0));
    assert!(in_pool(1) == in_pool(3));
}

#[test]
fn what_is_painted_is_refused_by_name() {
    let setup = config(&[Component::Cmb, Component::Tsz]).check().unwrap();
    let message = FullSky::new(setup, full(8), 8).unwrap_err().to_string();
    assert!(message.starts_with("tsz is made on flat tiles"), "{message}");
}
