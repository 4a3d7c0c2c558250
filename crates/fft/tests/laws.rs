//! The laws of the Fourier transform over a grid of shapes, and the direct sum as oracle.

mod common;

use arcmin_fft::{Filter, HalfPlane, Quadrant, RealFft2, Wavenumbers};
use common::{SHAPES, Tested, assert_close, dft, forward, inverse, map, parts, plan, wide};
use num_complex::Complex;
use proptest::prelude::*;
use std::f64::consts::TAU;

/// Runs a law for both floats over all shapes.
macro_rules! over_shapes {
    ($($law:ident),+ $(,)?) => {$(
        #[test]
        fn $law() {
            for (ny, nx) in SHAPES {
                laws::$law::<f32>(ny, nx, &format!("f32 {ny} x {nx}"));
                laws::$law::<f64>(ny, nx, &format!("f64 {ny} x {nx}"));
            }
        }
    )+};
}

over_shapes!(
    forward_is_the_direct_sum,
    inverse_undoes_forward,
    transform_is_linear,
    power_in_pixels_is_power_in_waves,
    shift_turns_phases,
    filter_is_convolution,
    fused_filter_is_forward_multiply_inverse,
    quadrant_is_mirrored_half_plane,
    inverse_keeps_the_spectrum,
    even_map_has_the_same_spectrum,
    bits_do_not_depend_on_threads,
);

mod laws {
    use super::*;

    pub(super) fn forward_is_the_direct_sum<T: Tested>(ny: usize, nx: usize, what: &str) {
        let pixels = map::<T>(ny, nx, 1);
        let expected: Vec<f64> = dft(&pixels, ny, nx).iter().flat_map(|z| [z.re, z.im]).collect();
        assert_close(what, parts(&forward(&pixels, ny, nx)), &expected, T::TOLERANCE.value);
    }

    pub(super) fn even_map_has_the_same_spectrum<T: Tested>(ny: usize, nx: usize, what: &str) {
        let (n_y, n_x) = (ny / 2 + 1, nx / 2 + 1);
        let quarter = map::<T>(n_y, n_x, 12);
        let fold = |i: usize, n: usize| i.min(n - i);
        let whole: Vec<T> = (0..ny * nx).map(|i| quarter[fold(i / nx, ny) * n_x + fold(i % nx, nx)]).collect();
        let full = forward(&whole, ny, nx);
        let expected: Vec<f64> = (0..n_x * n_y).map(|i| full[i / n_y * ny + i % n_y].re.into()).collect();
        let (plan, mut scratch) = plan::<T>(ny, nx);
        let mut even = vec![T::default(); n_x * n_y];
        plan.forward_even(&quarter, &mut even, &mut scratch);
        scratch.fill_with_rubbish(T::from_f64_lossy(f64::NAN));
        let once = even.clone();
        plan.forward_even(&quarter, &mut even, &mut scratch);
        assert_eq!(wide(&once), wide(&even), "{what}: nothing left over is read");
        assert_close(what, wide(&even), &expected, T::TOLERANCE.value);
    }

    pub(super) fn inverse_undoes_forward<T: Tested>(ny: usize, nx: usize, what: &str) {
        let pixels = map::<T>(ny, nx, 2);
        assert_close(what, wide(&inverse(&forward(&pixels, ny, nx), ny, nx)), &wide(&pixels), T::TOLERANCE.value);
    }

    pub(super) fn transform_is_linear<T: Tested>(ny: usize, nx: usize, what: &str) {
        let (a, b) = (map::<T>(ny, nx, 3), map::<T>(ny, nx, 4));
        let factor = T::from_f64_lossy(-2.5);
        let sum: Vec<T> = a.iter().zip(&b).map(|(&a, &b)| a + factor * b).collect();
        let (fa, fb) = (parts(&forward(&a, ny, nx)), parts(&forward(&b, ny, nx)));
        let expected: Vec<f64> = fa.iter().zip(&fb).map(|(a, b)| a - 2.5 * b).collect();
        assert_close(what, parts(&forward(&sum, ny, nx)), &expected, T::TOLERANCE.value);
    }

    pub(super) fn power_in_pixels_is_power_in_waves<T: Tested>(ny: usize, nx: usize, what: &str) {
        let pixels = map::<T>(ny, nx, 5);
        let waves = Wavenumbers::new(ny, nx, 1e-3).expect("the shapes of the table are valid");
        let spectrum = forward(&pixels, ny, nx);
        let power_in_waves: f64 = spectrum
            .chunks(ny)
            .enumerate()
            .map(|(kx, column)| waves.multiplicity(kx) * parts(column).iter().map(|v| v * v).sum::<f64>())
            .sum();
        let power_in_pixels: f64 = wide(&pixels).iter().map(|v| v * v).sum();
        assert_close(what, [power_in_waves / (ny * nx) as f64], &[power_in_pixels], T::TOLERANCE.sum);
    }

    pub(super) fn shift_turns_phases<T: Tested>(ny: usize, nx: usize, what: &str) {
        let pixels = map::<T>(ny, nx, 6);
        let (dy, dx) = (ny / 3, nx / 2);
        let shifted: Vec<T> =
            (0..ny * nx).map(|i| pixels[(i / nx + ny - dy) % ny * nx + (i % nx + 2 * nx - dx) % nx]).collect();
        let expected: Vec<f64> = forward(&pixels, ny, nx)
            .iter()
            .enumerate()
            .flat_map(|(i, z)| {
                let turns = (i / ny * dx % nx) as f64 / nx as f64 + (i % ny * dy % ny) as f64 / ny as f64;
                let z = Complex::new(z.re.into(), z.im.into()) * Complex::from_polar(1.0, -TAU * turns);
                [z.re, z.im]
            })
            .collect();
        assert_close(what, parts(&forward(&shifted, ny, nx)), &expected, T::TOLERANCE.value);
    }

    /// The kernel is even, so that its spectrum is real.
    pub(super) fn filter_is_convolution<T: Tested>(ny: usize, nx: usize, what: &str) {
        let (pixels, kernel) = (map::<T>(ny, nx, 7), even_kernel::<T>(ny, nx));
        let filter: Vec<T> = forward(&kernel, ny, nx).iter().map(|z| z.re).collect();
        let (fft, mut scratch) = plan::<T>(ny, nx);
        let mut out = vec![T::from_f64_lossy(f64::NAN); ny * nx];
        fft.filter(&pixels, &HalfPlane(&filter), &mut out, &mut scratch);
        let (wide_pixels, wide_kernel) = (wide(&pixels), wide(&kernel));
        let n_checked = (ny * nx).min(50);
        let expected: Vec<f64> = (0..n_checked)
            .map(|i| {
                let (y, x) = (i / nx, i % nx);
                (0..ny * nx)
                    .map(|j| wide_pixels[j] * wide_kernel[(y + ny - j / nx) % ny * nx + (x + nx - j % nx) % nx])
                    .sum()
            })
            .collect();
        assert_close(what, wide(&out[..n_checked]), &expected, 3.0 * T::TOLERANCE.value);
    }

    pub(super) fn fused_filter_is_forward_multiply_inverse<T: Tested>(ny: usize, nx: usize, what: &str) {
        let pixels = map::<T>(ny, nx, 8);
        let filter = map::<T>(nx / 2 + 1, ny, 9);
        let (fft, mut scratch) = plan::<T>(ny, nx);
        let mut fused = vec![T::from_f64_lossy(f64::NAN); ny * nx];
        fft.filter(&pixels, &HalfPlane(&filter), &mut fused, &mut scratch);
        let spectrum = forward(&pixels, ny, nx);
        let product: Vec<_> = spectrum.iter().zip(&filter).map(|(z, &h)| z.scale(h)).collect();
        let expected = wide(&inverse(&product, ny, nx));
        assert_close(what, wide(&fused), &expected, T::TOLERANCE.value);
        let mut kept = vec![T::from_f64_lossy(f64::NAN); ny * nx];
        fft.inverse_filtered(&spectrum, &HalfPlane(&filter), &mut kept, &mut scratch);
        assert_close(what, wide(&kept), &expected, T::TOLERANCE.value);
    }

    pub(super) fn quadrant_is_mirrored_half_plane<T: Tested>(ny: usize, nx: usize, what: &str) {
        let n_half = ny / 2 + 1;
        let quadrant = map::<T>(nx / 2 + 1, n_half, 10);
        let half_plane: Vec<T> =
            quadrant.chunks(n_half).flat_map(|column| (0..ny).map(|ky| column[ky.min(ny - ky)])).collect();
        for kx in 0..=nx / 2 {
            let mut a: Vec<Complex<T>> = forward(&map(ny, 2, 11), ny, 2)[..ny].to_vec();
            let mut b = a.clone();
            Quadrant(&quadrant).apply(kx, &mut a);
            HalfPlane(&half_plane).apply(kx, &mut b);
            assert_eq!(a, b, "{what}, kx = {kx}");
        }
        let pixels = map::<T>(ny, nx, 16);
        let (fft, mut scratch) = plan::<T>(ny, nx);
        let mut filtered = |filter: &dyn Filter<T>| {
            let mut out = vec![T::from_f64_lossy(f64::NAN); ny * nx];
            fft.filter(&pixels, filter, &mut out, &mut scratch);
            wide(&out)
        };
        let expected = filtered(&|kx: usize, column: &mut [Complex<T>]| HalfPlane(&half_plane).apply(kx, column));
        assert_close(what, filtered(&Quadrant(&quadrant)), &expected, T::TOLERANCE.value);
        assert_close(what, filtered(&HalfPlane(&half_plane)), &expected, T::TOLERANCE.value);
    }

    pub(super) fn inverse_keeps_the_spectrum<T: Tested>(ny: usize, nx: usize, what: &str) {
        let spectrum = forward(&map::<T>(ny, nx, 12), ny, nx);
        let before = spectrum.clone();
        let first = inverse(&spectrum, ny, nx);
        assert!(before == spectrum && first == inverse(&spectrum, ny, nx), "{what}");
    }

    pub(super) fn bits_do_not_depend_on_threads<T: Tested>(ny: usize, nx: usize, what: &str) {
        let (pixels, filter) = (map::<T>(ny, nx, 13), map::<T>(nx / 2 + 1, ny, 14));
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads can be made");
            pool.install(|| {
                let (fft, mut scratch) = plan::<T>(ny, nx);
                let mut out = vec![T::default(); ny * nx];
                fft.filter(&pixels, &HalfPlane(&filter), &mut out, &mut scratch);
                let spectrum = forward(&pixels, ny, nx);
                (out, inverse(&spectrum, ny, nx), spectrum)
            })
        };
        assert!(run(1) == run(2), "{what}");
    }
}

/// A kernel with `k(-y, -x) = k(y, x)`.
fn even_kernel<T: Tested>(ny: usize, nx: usize) -> Vec<T> {
    let half = map::<T>(ny, nx, 15);
    (0..ny * nx).map(|i| half[i] + half[(ny - i / nx) % ny * nx + (nx - i % nx) % nx]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_shape_makes_a_round_trip(ny in 1_usize..80, nx in 1_usize..80, seed: u64) {
        let pixels = map::<f64>(ny, nx, seed);
        let back = inverse(&forward(&pixels, ny, nx), ny, nx);
        for (a, b) in pixels.iter().zip(&back) {
            prop_assert!((a - b).abs() < 10.0 * f64::TOLERANCE.value, "{} and {}", a, b);
        }
    }
}

#[test]
fn bad_shapes_are_errors_that_name_them() {
    for (ny, nx, word) in [(4, 0, "empty"), (0, 4, "empty"), (0, 0, "empty")] {
        let message = RealFft2::<f32>::new(ny, nx).expect_err("the shape is bad").to_string();
        assert!(message.contains(word) && message.contains(&format!("{ny} x {nx}")), "{message}");
    }
}

#[test]
#[should_panic(expected = "this scratch is for another size")]
fn scratch_of_another_size_is_refused() {
    let fft = RealFft2::<f64>::new(4, 4).expect("the shape is valid");
    let mut scratch = RealFft2::<f64>::new(4, 6).expect("the shape is valid").make_scratch();
    fft.forward(&[0.0; 16], &mut [Complex::default(); 12], &mut scratch);
}
