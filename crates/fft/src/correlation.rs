//! The correlation function of a random field on a periodic square.

use crate::{Error, RealFft2, Wavenumbers};
use num_complex::Complex;

/// Correlation of two pixels by their distance `[dy, dx]`, for a field on a periodic square of `n` pixels a side.
///
/// `xi(d) = sum_k P(|k|) exp(i k d) / (n^2 Omega)`, with `Omega` a pixel's solid angle; `power(ell)` is `P`, taken at whole
/// multipoles and linear in between, and zero at k = 0.
///
/// # Errors
/// A side that cannot be transformed.
pub fn periodic_correlation(n: usize, pixel_rad: f64, power: impl Fn(f64) -> f64) -> Result<Vec<f64>, Error> {
    let fft = RealFft2::<f64>::new(n, n)?;
    let wavenumbers = Wavenumbers::new(n, n, pixel_rad)?;
    let n_ell = wavenumbers.ell_max().ceil() as usize + 2;
    let table: Vec<f64> = (0..n_ell).map(|ell| power(ell as f64) / (pixel_rad * pixel_rad)).collect();
    let at = |ell: f64| {
        let idx = ell as usize;
        table[idx] + (table[idx + 1] - table[idx]) * (ell - idx as f64)
    };
    let modes = (0..fft.n_kx()).flat_map(|kx| (0..n).map(move |ky| (kx, ky)));
    let value = |(kx, ky)| if (kx, ky) == (0, 0) { 0.0 } else { at(wavenumbers.ell(kx, ky)) };
    let spectrum: Vec<Complex<f64>> = modes.map(|mode| Complex::new(value(mode), 0.0)).collect();
    let mut xi = vec![0.0; fft.map_len()];
    fft.inverse(&spectrum, &mut xi, &mut fft.make_scratch());
    Ok(xi)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_noise_is_correlated_with_itself_alone_up_to_the_mean() {
        let (n, pixel_rad) = (12, 1e-3);
        let xi = periodic_correlation(n, pixel_rad, |_| 3e-6).expect("a grid");
        // The mean of the square, which has no power, is taken off.
        let mean = 3.0 / (n * n) as f64;
        assert!((xi[0] - (3.0 - mean)).abs() < 1e-12);
        assert!(xi[1..].iter().all(|x| (x + mean).abs() < 1e-12));
    }
}
