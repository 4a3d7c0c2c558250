//! What a measured power spectrum must give back.
//!
//! Seeds are fixed, so a test that passes goes on passing; the false-alarm probabilities say how surprising a failure
//! under another seed would be.

use arcmin_fft::{RealFft2, Wavenumbers, multiply_mirrored};
use arcmin_maps::{
    BinnedSpectrum, EllBins, Error, Geometry, Map, Mask, Outside, Shape, Weights, auto_spectrum, cross_spectrum,
};
use arcmin_units::{Arcmin, ComptonY, MicroKelvinCmb, PixelUnit, SkyPosition};
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A bin farther off than this has a probability of 6e-7 for Gaussian errors; some hundred bins are looked at.
const SIGMA_MAX: f64 = 5.0;

fn tile(ny: usize, nx: usize) -> Geometry {
    let centre = SkyPosition::from_deg(30.0, -50.0).unwrap();
    Geometry::tile(centre, Shape { ny, nx }, Arcmin::new(1.0)).unwrap()
}

fn normals(n: usize, seed: u64) -> Vec<f64> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    (0..n).map(|_| StandardNormal.sample(&mut rng)).collect()
}

fn map<U: PixelUnit>(geometry: &Geometry, pixels: &[f64]) -> Map<U> {
    Map::new(geometry.clone(), pixels.iter().map(|p| *p as f32).collect()).unwrap()
}

/// Red, as the sky is, but gentle: C falls by a factor of ten from l = 0 to 3000.
fn red(ell: f64) -> f64 {
    2e-4 / (1.0 + (ell / 1000.0).powi(2))
}

/// A periodic Gaussian field of the spectrum `red`, in the given geometry.
fn red_field(geometry: &Geometry, seed: u64) -> Vec<f64> {
    let Shape { ny, nx } = geometry.shape();
    let pixel_rad = geometry.pixel_size().value();
    let wavenumbers = Wavenumbers::new(ny, nx, pixel_rad).unwrap();
    let fft = RealFft2::<f64>::new(ny, nx).unwrap();
    let white = normals(ny * nx, seed);
    let mut field = vec![0.0; ny * nx];
    let shape_columns = |kx: usize, column: &mut [_]| {
        let half: Vec<f64> = (0..=ny / 2).map(|ky| red(wavenumbers.ell(kx, ky)).sqrt() / pixel_rad).collect();
        multiply_mirrored(column, &half);
    };
    fft.filter(&white, &shape_columns, &mut field, &mut fft.make_scratch());
    field
}

/// A disc with two holes.
fn mask(geometry: &Geometry) -> Mask {
    let Shape { ny, nx } = geometry.shape();
    let valid = (0..ny * nx).map(|i| {
        let (x, y) = ((i % nx) as f64, (i / nx) as f64);
        let within = |cx: f64, cy: f64, r: f64| (x - cx).hypot(y - cy) < r;
        let (cx, cy) = (0.5 * nx as f64, 0.5 * ny as f64);
        within(cx, cy, 0.45 * ny as f64) && !within(cx + 20.0, cy, 6.0) && !within(cx, cy - 40.0, 9.0)
    });
    Mask::new(geometry.clone(), valid.collect()).unwrap()
}

fn assert_recovers(measured: &BinnedSpectrum, truth: impl Fn(f64) -> f64, variance: impl Fn(f64, f64) -> f64) {
    for bin in measured.bins() {
        let sigma = variance(bin.ell, bin.n_modes).sqrt();
        let off = (bin.c_ell - truth(bin.ell)) / sigma;
        assert!(off.abs() < SIGMA_MAX, "{bin:?} is {off} sigma from {}", truth(bin.ell));
    }
}

fn bins() -> EllBins {
    EllBins::linear(400.0, 8400.0, 20).unwrap()
}

#[test]
fn white_noise_has_its_level_under_any_weights() {
    let geometry = tile(301, 260);
    let white =
        map::<MicroKelvinCmb>(&geometry, &normals(301 * 260, 1).iter().map(|n| 5.0 * n + 70.0).collect::<Vec<_>>());
    let level = 25.0 * geometry.pixel_area_sr();
    let taper = mask(&geometry).hann_taper(Arcmin::new(12.0), Outside::Invalid);
    let plain = Weights::from_mask(&Mask::all_valid(geometry));
    for weights in [plain, taper] {
        let measured = auto_spectrum(&white, &weights, &bins()).unwrap();
        assert_eq!(measured.bins().len(), 20);
        assert_recovers(&measured, |_| level, |_, n_modes| 2.0 * level * level / n_modes);
    }
}

#[test]
fn a_red_spectrum_comes_back_through_a_tapered_mask() {
    // A field of which only a part is seen, so that nothing is periodic.
    let whole = tile(600, 600);
    let field = map::<ComptonY>(&whole, &red_field(&whole, 2));
    let (seen, _) = field.window(110, 150, Shape { ny: 300, nx: 320 });
    let weights = mask(seen.geometry()).hann_taper(Arcmin::new(20.0), Outside::Invalid);
    let measured = auto_spectrum(&seen, &weights, &bins()).unwrap();
    assert_recovers(&measured, red, |ell, n_modes| 2.0 * red(ell).powi(2) / n_modes);
}

#[test]
fn noise_that_two_maps_do_not_share_drops_out_of_their_cross_spectrum() {
    let geometry = tile(300, 300);
    let signal = red_field(&geometry, 3);
    let noise_sigma = 30.0;
    let with_noise = |seed| {
        let noise = normals(signal.len(), seed);
        map::<ComptonY>(&geometry, &signal.iter().zip(noise).map(|(s, n)| s + noise_sigma * n).collect::<Vec<_>>())
    };
    let noise_level = noise_sigma * noise_sigma * geometry.pixel_area_sr();
    let weights = Weights::from_mask(&Mask::all_valid(geometry.clone()));
    let crossed = cross_spectrum(&with_noise(4), &with_noise(5), &weights, &bins()).unwrap();
    let variance = |ell: f64, n_modes: f64| (red(ell).powi(2) + (red(ell) + noise_level).powi(2)) / n_modes;
    assert_recovers(&crossed, red, variance);
    let auto = auto_spectrum(&with_noise(4), &weights, &bins()).unwrap();
    assert_recovers(&auto, |ell| red(ell) + noise_level, |ell, n| 2.0 * (red(ell) + noise_level).powi(2) / n);
}

#[test]
fn masked_pixels_do_not_count_whatever_they_hold() {
    let geometry = tile(64, 64);
    let mask = mask(&geometry);
    let clean = map::<ComptonY>(&geometry, &normals(64 * 64, 6));
    let mut dirty = clean.clone();
    dirty.pixels_mut().iter_mut().zip(mask.valid()).filter(|(_, valid)| !**valid).for_each(|(p, _)| *p = f32::NAN);
    let weights = Weights::from_mask(&mask);
    let spectrum = |map| auto_spectrum(map, &weights, &bins()).unwrap();
    assert_eq!(spectrum(&clean), spectrum(&dirty));
    let all = Weights::from_mask(&Mask::all_valid(geometry.clone()));
    assert!(matches!(auto_spectrum(&dirty, &all, &bins()), Err(Error::NonFinite { .. })));
    let none = Weights::new(geometry, vec![0.0; 64 * 64]).unwrap();
    assert!(matches!(auto_spectrum(&clean, &none, &bins()), Err(Error::NoWeight)));
}

#[test]
fn a_binned_spectrum_is_linear_between_its_bins() {
    let geometry = tile(100, 100);
    let measured = auto_spectrum(
        &map::<ComptonY>(&geometry, &normals(10_000, 7)),
        &Weights::from_mask(&Mask::all_valid(geometry)),
        &bins(),
    );
    let measured = measured.unwrap();
    let [a, b] = [measured.bins()[3], measured.bins()[4]];
    let middle = measured.c_ell(0.5 * (a.ell + b.ell)).unwrap();
    assert!((middle - 0.5 * (a.c_ell + b.c_ell)).abs() < 1e-12 * middle.abs());
    assert_eq!(measured.c_ell(a.ell), Some(a.c_ell));
    assert_eq!(measured.c_ell(0.0), Some(measured.bins()[0].c_ell));
    assert_eq!(measured.c_ell(1e9), Some(measured.bins()[19].c_ell));
}
