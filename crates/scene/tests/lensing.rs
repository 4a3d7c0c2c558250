//! Laws of the lensing of a map by haloes.

use arcmin_maps::{PixelPosition, Shape};
use arcmin_scene::lensing::{Deflection, PlacedLens, Taper, lens};
use arcmin_sky::{Cosmology, Duffy08, NfwHalo, NfwLens};
use arcmin_units::{Arcmin, M200c, Radian, Redshift};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::f64::consts::TAU;

fn nfw(m200c_msun: f64, z: f64) -> NfwLens {
    let halo = NfwHalo::from_mass(M200c::new(m200c_msun), Redshift::new(z), &Duffy08, &Cosmology::planck18()).unwrap();
    halo.lens(Redshift::new(1100.0)).unwrap()
}

fn pixel(pixel_arcmin: f64) -> Radian {
    Arcmin::new(pixel_arcmin).to_rad()
}

fn square(n: usize) -> Shape {
    Shape { ny: n, nx: n }
}

/// Lenses of 0.3 to 8e14 Msun at random places in and about a map.
fn lenses(count: usize, side: usize, pixel_arcmin: f64) -> Vec<PlacedLens> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
    let mut draw = || {
        let [mass, z, x, y]: [f64; 4] = rng.random();
        let centre = PixelPosition { x: side as f64 * (1.2 * x - 0.1), y: side as f64 * (1.2 * y - 0.1) };
        PlacedLens::new(nfw(3e13 * (27.0f64).powf(mass), 0.1 + z), centre, pixel(pixel_arcmin))
    };
    (0..count).map(|_| draw()).collect()
}

/// The table nfw/duffy08/z0.7_zs1100 of the reference numbers (colossus 1.4.0 for the haloes): M200c in 1e14 Msun, and the
/// largest deflection in arcmin.
#[test]
fn largest_deflections_are_those_of_the_reference() {
    const LARGEST: [(f64, f64); 5] =
        [(1.0, 0.105_823_837), (2.0, 0.166_628_684), (3.0, 0.217_426_441), (5.0, 0.304_191_936), (8.0, 0.414_544_383)];
    for (mass, expected_arcmin) in LARGEST {
        let placed = PlacedLens::new(nfw(mass * 1e14, 0.7), PixelPosition { x: 60.0, y: 60.0 }, pixel(0.0625));
        let taper = Taper::new(Arcmin::new(30.0).to_rad()).unwrap();
        for deflection in
            [Deflection::of_halo(square(121), &placed), Deflection::of_haloes(square(121), &[placed], &taper)]
        {
            let sizes = deflection.x_pixels().iter().zip(deflection.y_pixels()).map(|(&x, &y)| f64::from(x.hypot(y)));
            let largest_arcmin = 0.0625 * sizes.fold(0.0, f64::max);
            assert!((largest_arcmin / expected_arcmin - 1.0).abs() < 1e-3, "{mass}e14: {largest_arcmin}");
        }
    }
}

/// The entry nfw/pixel_grid of the reference numbers: 3e14 Msun, c = 3, convergence at the corner pixel of the centre of a
/// grid with an even number of 0.25' pixels.
#[test]
fn divergence_is_twice_the_convergence_and_there_is_no_curl() {
    let mass = M200c::new(3e14);
    let halo = NfwHalo::from_concentration(mass, 3.0, Redshift::new(0.7), &Cosmology::planck18()).unwrap();
    let step_arcmin = 0.125 / 20.0;
    let centre = PixelPosition { x: -18.0, y: -18.0 };
    let placed = PlacedLens::new(halo.lens(Redshift::new(1100.0)).unwrap(), centre, pixel(step_arcmin));
    let deflection = Deflection::of_halo(square(5), &placed);
    let (x, y) = (deflection.x_pixels(), deflection.y_pixels());
    let difference = |values: &[f32], step: usize| f64::from(values[12 + 2 * step] - values[12 - 2 * step]) / 4.0;
    let kappa = 0.5 * (difference(x, 1) + difference(y, 5));
    assert!((kappa / 0.568_285_597_353_575_1 - 1.0).abs() < 1e-3, "{kappa}");
    assert!((difference(x, 5) - difference(y, 1)).abs() < 1e-5);
}

#[test]
fn painted_haloes_agree_with_the_closed_form() {
    let (side, pixel_arcmin) = (160, 0.5);
    let taper = Taper::new(Arcmin::new(25.0).to_rad()).unwrap();
    let lenses = lenses(40, side, pixel_arcmin);
    let painted = Deflection::of_haloes(square(side), &lenses, &taper);
    for idx in 0..side * side {
        let (mut x, mut y) = (0.0, 0.0);
        for lens in &lenses {
            let (dx, dy) = ((idx % side) as f64 - lens.centre().x, (idx / side) as f64 - lens.centre().y);
            let theta = pixel(pixel_arcmin * dx.hypot(dy));
            if theta.value() > 0.0 {
                let part = lens.lens().kappa_mean(theta) * taper.kept_at(theta);
                (x, y) = (x + part * dx, y + part * dy);
            }
        }
        let [ours_x, ours_y] = [painted.x_pixels()[idx], painted.y_pixels()[idx]].map(f64::from);
        assert!((ours_x - x).hypot(ours_y - y) < 1e-4, "pixel {idx}: ({ours_x}, {ours_y}) for ({x}, {y})");
    }
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let taper = Taper::new(Arcmin::new(25.0).to_rad()).unwrap();
    let lenses = lenses(60, 200, 0.5);
    let make = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| {
            let deflection = Deflection::of_haloes(square(200), &lenses, &taper);
            lens(deflection.x_pixels(), &deflection)
        })
    };
    assert_eq!(make(1), make(3));
}

#[test]
fn without_mass_every_bit_stays() {
    let map: Vec<f32> = (0..64 * 64).map(|i| (i as f32).sin() * 100.0).collect();
    let taper = Taper::new(Arcmin::new(10.0).to_rad()).unwrap();
    let far = PlacedLens::new(nfw(1e15, 0.5), PixelPosition { x: -200.0, y: 30.0 }, pixel(0.5));
    for deflection in [
        Deflection::none(square(64)),
        Deflection::of_haloes(square(64), &[], &taper),
        Deflection::of_haloes(square(64), &[far], &taper),
    ] {
        let lensed = lens(&map, &deflection);
        assert!(map.iter().zip(&lensed).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
}

/// A random map on a periodic square with no power from a wavenumber on: its Fourier coefficients by (kx, ky).
struct Waves {
    side: usize,
    waves: Vec<(f64, f64, f64, f64)>,
}

impl Waves {
    fn new(side: usize, k_max: i32) -> Self {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(9);
        let mut waves = Vec::new();
        for kx in -k_max..=k_max {
            for ky in -k_max..=k_max {
                let [amplitude, phase]: [f64; 2] = rng.random();
                let k_square = f64::from(kx * kx + ky * ky);
                if k_square > 0.0 && k_square <= f64::from(k_max * k_max) {
                    waves.push((f64::from(kx), f64::from(ky), 50.0 * amplitude / k_square.sqrt(), TAU * phase));
                }
            }
        }
        Self { side, waves }
    }

    /// The value at any position, by the sum over all waves.
    fn at(&self, x: f64, y: f64) -> f64 {
        let unit = TAU / self.side as f64;
        self.waves.iter().map(|(kx, ky, amplitude, phase)| amplitude * (unit * (kx * x + ky * y) + phase).cos()).sum()
    }

    fn map(&self) -> Vec<f32> {
        let n = self.side;
        (0..n * n).map(|i| self.at((i % n) as f64, (i / n) as f64) as f32).collect()
    }
}

fn rms(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0), |(sum, n), value| (sum + value * value, n + 1));
    (sum / f64::from(n)).sqrt()
}

/// The twin: the unlensed map's Fourier sum, evaluated where each pixel's light came from. The shortest waves have 10.7 pixels,
/// those of l = 8100 on 0.25' pixels.
#[test]
fn lensed_maps_agree_with_the_fourier_sum_at_the_displaced_points() {
    let side = 32;
    let waves = Waves::new(side, 3);
    let placed = PlacedLens::new(nfw(8e14, 0.7), PixelPosition { x: 15.3, y: 17.8 }, pixel(0.25));
    let deflection = Deflection::of_halo(square(side), &placed);
    let lensed = lens(&waves.map(), &deflection);
    let exact = |idx: usize| {
        let (x, y) = (f64::from(deflection.x_pixels()[idx]), f64::from(deflection.y_pixels()[idx]));
        waves.at((idx % side) as f64 - x, (idx / side) as f64 - y)
    };
    let error_uk = rms((0..side * side).map(|idx| f64::from(lensed[idx]) - exact(idx)));
    let signal_uk = rms(lensed.iter().zip(&waves.map()).map(|(a, b)| f64::from(a - b)));
    assert!(signal_uk > 10.0, "the lens moves the map: {signal_uk} uK");
    assert!(error_uk < 2e-4 * signal_uk, "{error_uk} uK of {signal_uk}");
}

/// A shift of the whole map is exact in Fourier space; here it also crosses every edge.
#[test]
fn edges_meet() {
    let side = 48;
    let waves = Waves::new(side, 4);
    let map = waves.map();
    for (shift_x, shift_y) in [(0.37, -1.61), (-57.25, 130.5)] {
        let deflection = Deflection::from_fn(square(side), |_, _| [shift_x, shift_y]);
        let lensed = lens(&map, &deflection);
        for (idx, &value) in lensed.iter().enumerate() {
            let exact = waves.at((idx % side) as f64 - shift_x, (idx / side) as f64 - shift_y);
            assert!((f64::from(value) - exact).abs() < 0.05, "pixel {idx} shifted by ({shift_x}, {shift_y})");
        }
    }
    let whole = lens(&map, &Deflection::from_fn(square(side), |_, _| [5.0, -3.0]));
    assert_eq!(whole[10 * side + 20], map[13 * side + 15]);
}

/// `T = T' . theta` lensed is `T' . (theta - alpha)`: the dipole `-T' . alpha`, exactly.
#[test]
fn a_gradient_becomes_the_dipole_of_the_deflection() {
    let side = 80;
    let [slope_x, slope_y] = [3.0f32, -1.5];
    let map: Vec<f32> = (0..side * side).map(|i| slope_x * (i % side) as f32 + slope_y * (i / side) as f32).collect();
    let placed = PlacedLens::new(nfw(5e14, 0.7), PixelPosition { x: 39.5, y: 41.2 }, pixel(0.25));
    let deflection = Deflection::of_halo(square(side), &placed);
    let lensed = lens(&map, &deflection);
    for row in 5..side - 5 {
        for idx in (row * side + 5)..(row + 1) * side - 5 {
            let dipole = -slope_x * deflection.x_pixels()[idx] - slope_y * deflection.y_pixels()[idx];
            assert!((lensed[idx] - map[idx] - dipole).abs() < 2e-4, "pixel {idx}");
        }
    }
}
