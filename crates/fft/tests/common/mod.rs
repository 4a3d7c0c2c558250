//! The slow obvious twin, deterministic maps and the table of tolerances.

use arcmin_fft::{Real, RealFft2, Scratch};
use num_complex::Complex;
use std::f64::consts::TAU;

/// Largest error allowed, relative to the root mean square of what is compared, for each float.
///
/// An FFT's error grows like epsilon sqrt(log n), with larger constants for prime lengths (Bluestein's convolution);
/// sums over the plane add their own rounding.
pub(crate) struct Tolerance {
    /// Against the direct sum, and for each law that compares maps or spectra.
    pub(crate) value: f64,
    /// For sums over all pixels.
    pub(crate) sum: f64,
}

/// A float with its tolerances.
pub(crate) trait Tested: Real + Into<f64> {
    const TOLERANCE: Tolerance;
}

impl Tested for f32 {
    const TOLERANCE: Tolerance = Tolerance { value: 1e-5, sum: 1e-5 };
}

impl Tested for f64 {
    const TOLERANCE: Tolerance = Tolerance { value: 2e-14, sum: 1e-13 };
}

/// Shapes `(ny, nx)`: the smallest, odd, primes, off a multiple of the slab and block widths, and good ones.
pub(crate) const SHAPES: [(usize, usize); 26] = [
    (1, 1),
    (2, 1),
    (5, 3),
    (12, 17),
    (1, 2),
    (2, 2),
    (1, 16),
    (3, 4),
    (7, 6),
    (8, 14),
    (9, 16),
    (16, 8),
    (15, 18),
    (13, 26),
    (31, 22),
    (37, 30),
    (64, 32),
    (40, 48),
    (5, 202),
    (97, 34),
    (16, 16),
    (48, 80),
    (160, 32),
    (240, 64),
    (32, 320),
    (16, 192),
];

/// Random-looking pixels in -1..1 from a linear congruence.
pub(crate) fn map<T: Real>(ny: usize, nx: usize, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    };
    (0..ny * nx).map(|_| T::from_f64_lossy(next())).collect()
}

/// Half spectrum by the definition, one direct sum along each axis.
pub(crate) fn dft<T: Tested>(map: &[T], ny: usize, nx: usize) -> Vec<Complex<f64>> {
    let wave = |i: usize, k: usize, n: usize| Complex::from_polar(1.0, -TAU * ((i * k) % n) as f64 / n as f64);
    let rows: Vec<Vec<Complex<f64>>> = map
        .chunks(nx)
        .map(|row| {
            (0..=nx / 2).map(|kx| row.iter().enumerate().map(|(x, &v)| wave(x, kx, nx) * v.into()).sum()).collect()
        })
        .collect();
    (0..=nx / 2)
        .flat_map(|kx| (0..ny).map(move |ky| (kx, ky)))
        .map(|(kx, ky)| rows.iter().enumerate().map(|(y, row)| wave(y, ky, ny) * row[kx]).sum())
        .collect()
}

/// A plan with scratch full of rubbish, the thread's buffers included.
pub(crate) fn plan<T: Tested>(ny: usize, nx: usize) -> (RealFft2<T>, Scratch<T>) {
    let fft = RealFft2::new(ny, nx).expect("the shapes of the table are valid");
    let mut scratch = fft.make_scratch();
    fft.filter(&map(ny, nx, 77), &|_: usize, _: &mut [Complex<T>]| (), &mut map(ny, nx, 78), &mut scratch);
    scratch.fill_with_rubbish(T::from_f64_lossy(f64::NAN));
    (fft, scratch)
}

/// Half spectrum of a map, into an array full of rubbish.
pub(crate) fn forward<T: Tested>(pixels: &[T], ny: usize, nx: usize) -> Vec<Complex<T>> {
    let (fft, mut scratch) = plan::<T>(ny, nx);
    let nan = T::from_f64_lossy(f64::NAN);
    let mut spectrum = vec![Complex::new(nan, nan); fft.spectrum_len()];
    fft.forward(pixels, &mut spectrum, &mut scratch);
    spectrum
}

/// Map of a half spectrum, into an array full of rubbish.
pub(crate) fn inverse<T: Tested>(spectrum: &[Complex<T>], ny: usize, nx: usize) -> Vec<T> {
    let (fft, mut scratch) = plan::<T>(ny, nx);
    let mut pixels = vec![T::from_f64_lossy(f64::NAN); fft.map_len()];
    fft.inverse(spectrum, &mut pixels, &mut scratch);
    pixels
}

/// Checks that two arrays agree within `tolerance` times the root mean square of the second.
pub(crate) fn assert_close(what: &str, got: impl IntoIterator<Item = f64>, expected: &[f64], tolerance: f64) {
    let rms = (expected.iter().map(|v| v * v).sum::<f64>() / expected.len() as f64).sqrt();
    let mut n = 0;
    for (i, (got, expected)) in got.into_iter().zip(expected).enumerate() {
        let error = (got - expected).abs();
        assert!(error <= tolerance * rms, "{what}: element {i} is {got}, expected {expected}, rms {rms}");
        n += 1;
    }
    assert_eq!(n, expected.len(), "{what}: lengths differ");
}

/// Real and imaginary parts as one list.
pub(crate) fn parts<T: Tested>(spectrum: &[Complex<T>]) -> Vec<f64> {
    spectrum.iter().flat_map(|z| [z.re.into(), z.im.into()]).collect()
}

/// Pixels as `f64`.
pub(crate) fn wide<T: Tested>(pixels: &[T]) -> Vec<f64> {
    pixels.iter().map(|&v| v.into()).collect()
}
