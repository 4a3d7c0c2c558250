//! The CMB of whole tiles, lensed by their haloes.

mod common;

use arcmin_maps::{EllBins, Map, PixelPosition, Weights, auto_spectrum};
use arcmin_scene::lensing::{Deflection, PlacedLens, Taper};
use arcmin_scene::{Component, Halo, HaloLensingConfig, Haloes, Scene, SceneConfig, Simulator, Split};
use arcmin_sky::{Cosmology, NfwHalo};
use arcmin_units::{Arcmin, MicroKelvinCmb, Mvir, Redshift};
use common::{config, simulator};
use std::f64::consts::PI;

const TAPER_ARCMIN: f64 = 30.0;
/// A halo of 1e15 Msun deflects some 0.5 uK at least out to here.
const NEAR_PIXELS: f64 = 10.0;

/// A sky of the CMB alone.
fn cmb(components: &[Component], n_pixels_side: usize, taper_arcmin: f64) -> SceneConfig {
    let mut config = config();
    config.components = components.to_vec();
    config.tiles.n_pixels_side = n_pixels_side;
    config.tiles.margin_arcmin = 30.0;
    config.haloes.m200m_min_msun = 1e14;
    config.bands.truncate(1);
    config.foregrounds = arcmin_scene::ForegroundsConfig::George15;
    config.halo_lensing = Some(HaloLensingConfig { m200m_min_msun: 1e14, taper_arcmin, z_source: 1100.0 });
    config
}

const LENSED: [Component; 2] = [Component::Cmb, Component::HaloLensing];

fn pixels(scene: &Scene) -> &[f32] {
    scene.observation.bands()[0].map.pixels()
}

fn halo_at(simulator: &Simulator, x: f64, y: f64) -> Halo {
    let position = simulator.geometry(Split::Test, 0).unwrap().pix_to_sky(PixelPosition { x, y }).unwrap();
    simulator.halo(Mvir::new(1e15), Redshift::new(0.5), position).unwrap()
}

/// To first order `T - T_u = -alpha . grad T_u`; here the halo, its place, its deflection and its sign all enter.
#[test]
fn a_given_halo_deflects_where_and_as_told() {
    let lensed = simulator(&cmb(&LENSED, 128, TAPER_ARCMIN));
    let halo = halo_at(&lensed, 70.0, 41.0);
    let lensed_scene = lensed.scene(Split::Test, 0, Haloes::Given(&[halo])).unwrap();
    assert_eq!(lensed_scene.truth.haloes, [halo]);
    let unlensed_scene =
        simulator(&cmb(&[Component::Cmb], 128, TAPER_ARCMIN)).scene(Split::Test, 0, Haloes::Drawn).unwrap();
    let (lensed, unlensed) = (pixels(&lensed_scene), pixels(&unlensed_scene));
    let nfw = NfwHalo::from_concentration(halo.m200c, halo.c200c, halo.redshift, &Cosmology::sehgal_wmap5()).unwrap();
    let centre = PixelPosition { x: 70.0, y: 41.0 };
    let placed = PlacedLens::new(nfw.lens(Redshift::new(1100.0)).unwrap(), centre, Arcmin::new(0.5).to_rad());
    let shape = lensed_scene.observation.geometry().shape();
    let alpha = Deflection::of_halo(shape, &placed);
    let (mut product, mut square, mut rest) = (0.0, 0.0, 0.0);
    for idx in (31 * 128 + 60)..(52 * 128 + 81) {
        let distance = ((idx % 128) as f64 - centre.x).hypot((idx / 128) as f64 - centre.y);
        if (4.0..NEAR_PIXELS).contains(&distance) {
            let slope = |step: usize| f64::from(unlensed[idx + step] - unlensed[idx - step]) / 2.0;
            let expected = -f64::from(alpha.x_pixels()[idx]) * slope(1) - f64::from(alpha.y_pixels()[idx]) * slope(128);
            let signal = f64::from(lensed[idx] - unlensed[idx]);
            product += signal * expected;
            square += expected * expected;
            rest += (signal - expected) * (signal - expected);
        }
    }
    assert!((product / square - 1.0).abs() < 0.05, "amplitude {}", product / square);
    assert!(rest < 0.03 * square, "unexplained {} of {square}", rest);
}

#[test]
fn without_a_halo_the_sky_is_that_without_lensing() {
    let lensed = simulator(&cmb(&LENSED, 128, TAPER_ARCMIN)).scene(Split::Test, 0, Haloes::Given(&[])).unwrap();
    let unlensed = simulator(&cmb(&[Component::Cmb], 128, TAPER_ARCMIN)).scene(Split::Test, 0, Haloes::Drawn).unwrap();
    let worst = pixels(&lensed).iter().zip(pixels(&unlensed)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-3, "{worst} uK of some 100");
    assert!(lensed.truth.haloes.is_empty());
}

/// Power of a map under a taper, from l = 300 to 6000 in five bins.
fn power(map: Map<MicroKelvinCmb>) -> Vec<f64> {
    let n = map.geometry().shape().nx;
    let hann = |at: usize| (PI * (at as f64 + 0.5) / n as f64).sin().powi(2);
    let weights = (0..n * n).map(|idx| (hann(idx % n) * hann(idx / n)) as f32).collect();
    let weights = Weights::new(map.geometry().clone(), weights).unwrap();
    let bins = EllBins::new(vec![300.0, 1000.0, 2000.0, 3000.0, 4000.0, 6000.0]).unwrap();
    auto_spectrum(&map, &weights, &bins).unwrap().bins().iter().map(|bin| bin.c_ell).collect()
}

/// A tile of 18 deg2 before and after, in the same realisation: no power is made where the CMB has it, and the haloes' own
/// signal is a small part that grows towards the damping tail.
#[test]
fn power_hardly_changes_where_the_cmb_has_it() {
    let map = |components: &[Component]| {
        let scene = simulator(&cmb(components, 512, TAPER_ARCMIN)).scene(Split::Test, 1, Haloes::Drawn).unwrap();
        Map::new(scene.observation.geometry().clone(), pixels(&scene).to_vec()).unwrap()
    };
    let (lensed, unlensed) = (map(&LENSED), map(&[Component::Cmb]));
    let difference = lensed.pixels().iter().zip(unlensed.pixels()).map(|(a, b)| a - b).collect();
    let signal = power(Map::new(lensed.geometry().clone(), difference).unwrap());
    let (after, before) = (power(lensed), power(unlensed));
    for (bin, (change_max, signal_max)) in
        [(0.003, 0.001), (0.006, 0.005), (0.015, 0.02), (0.03, 0.06), (0.15, 0.2)].into_iter().enumerate()
    {
        let (change, signal) = (after[bin] / before[bin] - 1.0, signal[bin] / before[bin]);
        assert!(change.abs() < change_max && signal < signal_max, "bin {bin}: {change} {signal}");
        assert!(signal > 0.1 * signal_max, "bin {bin}: {signal}");
    }
}

/// What a taper leaves out is a slow deflection. It moves a patch of 10' as a whole, which nobody can see, and deforms
/// it a little: beside a wide taper, by 0.02' rms, 0.3 uK of the CMB's gradient of 13 uK an arcminute.
#[test]
fn what_the_taper_leaves_out_deforms_little() {
    const SIDE: usize = 640;
    const PATCH: usize = 20;
    let simulator = simulator(&cmb(&LENSED, SIDE, TAPER_ARCMIN));
    let geometry = simulator.geometry(Split::Test, 0).unwrap();
    let placed = |halo: &Halo| {
        let nfw =
            NfwHalo::from_concentration(halo.m200c, halo.c200c, halo.redshift, &Cosmology::sehgal_wmap5()).unwrap();
        let centre = geometry.sky_to_pix(halo.position).unwrap();
        PlacedLens::new(nfw.lens(Redshift::new(1100.0)).unwrap(), centre, Arcmin::new(0.5).to_rad())
    };
    let lenses: Vec<PlacedLens> = simulator.drawn_haloes(Split::Test, 0).unwrap().iter().map(placed).collect();
    let deflection = |taper_arcmin: f64| {
        Deflection::of_haloes(geometry.shape(), &lenses, &Taper::new(Arcmin::new(taper_arcmin).to_rad()).unwrap())
    };
    let (narrow, wide) = (deflection(TAPER_ARCMIN), deflection(90.0));
    // Pixels from whose place the wide taper's end lies on the tile.
    let inner = 180..SIDE - 180;
    let (mut deformation, mut shift, mut n) = (0.0, 0.0, 0.0);
    for (y0, x0) in inner.clone().step_by(PATCH).flat_map(|y| inner.clone().step_by(PATCH).map(move |x| (y, x))) {
        for (narrow, wide) in [(narrow.x_pixels(), wide.x_pixels()), (narrow.y_pixels(), wide.y_pixels())] {
            let patch = (0..PATCH * PATCH).map(|k| (y0 + k / PATCH) * SIDE + x0 + k % PATCH);
            let left_out: Vec<f64> = patch.map(|idx| 0.5 * f64::from(wide[idx] - narrow[idx])).collect();
            let mean = left_out.iter().sum::<f64>() / left_out.len() as f64;
            shift += mean * mean;
            deformation += left_out.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / left_out.len() as f64;
            n += 1.0;
        }
    }
    let (deformation_arcmin, shift_arcmin) = (f64::sqrt(deformation / n), f64::sqrt(shift / n));
    assert!(deformation_arcmin < 0.03, "{deformation_arcmin}");
    assert!(shift_arcmin > deformation_arcmin, "{shift_arcmin}");
}
