//! The covariance of the pixels of a Gaussian sky with white noise, as an operator.
//!
//! On the periodic square on which the sky is drawn the covariance of two pixels is `xi(d) = sum_k P(k) exp(i k d) / (N Omega)`
//! with `Omega` a pixel's solid angle, `N` the number of pixels and `P` the power between bands, zero at k = 0. Within a
//! cutout it depends on distances below its side alone, so that a product with `C` is a periodic convolution on a square of
//! twice the side: two small transforms a band. `C^-1 v` comes from conjugate gradients: no matrix is stored, and three
//! bands of 40 x 40 pixels (4800 x 4800) are as easy as one.

use crate::Error;
use arcmin_fft::{RealFft2, good_size, periodic_correlation};
use arcmin_units::Arcmin;
use num_complex::Complex;

/// Residual over right-hand side at which conjugate gradients stop.
const TOLERANCE: f64 = 1e-10;
/// Steps at most.
const STEPS_MAX: usize = 4_000;

/// A square cutout in the middle of the periodic square on which its sky is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SquareGrid {
    /// Pixels along a side of the cutout.
    pub n_kept: usize,
    /// Pixels along a side of the periodic square.
    pub n_simulated: usize,
    /// Size of a pixel.
    pub pixel: Arcmin,
}

/// Covariance of the pixels `[band, y, x]` of a cutout.
#[derive(Debug)]
pub struct GaussianSky {
    grid: SquareGrid,
    n_bands: usize,
    /// Of the square of twice the cutout's side.
    fft: RealFft2<f64>,
    n_twice: usize,
    /// Transform of `xi` in uK^2, for each pair of bands (first not after second) and mode of the half spectrum; real,
    /// since `xi` is even.
    power_uk2: Vec<Vec<f64>>,
    /// Variance of the noise of a pixel, by band.
    noise_uk2: Vec<f64>,
}

impl GaussianSky {
    /// The sky whose power in two bands together at a multipole, through beams, is `power_uk2_sr(band, other, ell)`, with
    /// white noise in uK arcmin in each band.
    ///
    /// # Errors
    /// A side that cannot be transformed.
    pub fn new(
        grid: SquareGrid,
        noise_uk_arcmin: &[f64],
        power_uk2_sr: impl Fn(usize, usize, f64) -> f64,
    ) -> Result<Self, Error> {
        let n_twice = good_size(2 * grid.n_kept);
        let fft = RealFft2::new(n_twice, n_twice)?;
        let n_bands = noise_uk_arcmin.len();
        let of_pair = |(a, b): (usize, usize)| -> Result<Vec<f64>, Error> {
            let pixel_rad = grid.pixel.to_rad().value();
            let xi = periodic_correlation(grid.n_simulated, pixel_rad, |ell| power_uk2_sr(a, b, ell))?;
            let mut square = vec![0.0; fft.map_len()];
            let mut spectrum = vec![Complex::default(); fft.spectrum_len()];
            for (i, pixel) in square.iter_mut().enumerate() {
                let [dx, dy] = [i % n_twice, i / n_twice].map(|at| at.min(n_twice - at));
                if dx < grid.n_kept && dy < grid.n_kept {
                    *pixel = xi[dy * grid.n_simulated + dx];
                }
            }
            fft.forward(&square, &mut spectrum, &mut fft.make_scratch());
            Ok(spectrum.iter().map(|mode: &Complex<f64>| mode.re).collect())
        };
        let pairs = (0..n_bands).flat_map(|a| (a..n_bands).map(move |b| (a, b)));
        let power_uk2 = pairs.map(of_pair).collect::<Result<_, _>>()?;
        let noise_uk2 = noise_uk_arcmin.iter().map(|noise| (noise / grid.pixel.value()).powi(2)).collect();
        Ok(Self { grid, n_bands, fft, n_twice, power_uk2, noise_uk2 })
    }

    /// Pixels of all bands.
    pub fn len(&self) -> usize {
        self.n_bands * self.grid.n_kept * self.grid.n_kept
    }

    /// True when there is no band.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `C v`.
    ///
    /// # Panics
    /// When `v` is not `[band, y, x]`.
    pub fn times(&self, v: &[f64]) -> Vec<f64> {
        assert_eq!(v.len(), self.len(), "a vector of all pixels");
        let n_kept2 = self.grid.n_kept * self.grid.n_kept;
        let spectra: Vec<_> = v.chunks_exact(n_kept2).map(|band| self.spectrum(band)).collect();
        let mut product = Vec::with_capacity(v.len());
        for band in 0..self.n_bands {
            let mut sum = vec![Complex::default(); self.fft.spectrum_len()];
            for (other, spectrum) in spectra.iter().enumerate() {
                let power = &self.power_uk2[self.pair(band, other)];
                sum.iter_mut().zip(spectrum).zip(power).for_each(|((sum, mode), power)| *sum += mode * *power);
            }
            let noise = self.noise_uk2[band];
            product.extend(self.cut(&sum).iter().zip(&v[band * n_kept2..]).map(|(sky, v)| sky + noise * v));
        }
        product
    }

    /// Index of a pair of bands.
    fn pair(&self, a: usize, b: usize) -> usize {
        let (a, b) = (a.min(b), a.max(b));
        a * self.n_bands - a * (a + 1) / 2 + b
    }

    /// Spectrum of a cutout laid into the square of twice its side.
    fn spectrum(&self, cutout: &[f64]) -> Vec<Complex<f64>> {
        let (n_kept, n_twice) = (self.grid.n_kept, self.n_twice);
        let mut square = vec![0.0; self.fft.map_len()];
        for (row, pixels) in cutout.chunks_exact(n_kept).enumerate() {
            square[row * n_twice..][..n_kept].copy_from_slice(pixels);
        }
        let mut spectrum = vec![Complex::default(); self.fft.spectrum_len()];
        self.fft.forward(&square, &mut spectrum, &mut self.fft.make_scratch());
        spectrum
    }

    /// The cutout of the map with a spectrum.
    fn cut(&self, spectrum: &[Complex<f64>]) -> Vec<f64> {
        let (n_kept, n_twice) = (self.grid.n_kept, self.n_twice);
        let mut square = vec![0.0; self.fft.map_len()];
        self.fft.inverse(spectrum, &mut square, &mut self.fft.make_scratch());
        (0..n_kept).flat_map(|row| square[row * n_twice..][..n_kept].to_vec()).collect()
    }

    /// `C^-1 v` by conjugate gradients, to a relative residual of 1e-10.
    ///
    /// # Errors
    /// [`Error::Length`], and [`Error::NotConverged`] for a covariance that is nearly singular.
    pub fn solve(&self, v: &[f64]) -> Result<Vec<f64>, Error> {
        if v.len() != self.len() {
            return Err(Error::Length { what: "a vector of all pixels", expected: self.len(), got: v.len() });
        }
        let mut solution = vec![0.0; v.len()];
        let mut residual = v.to_vec();
        let mut direction = v.to_vec();
        let (mut norm2, target2) = (dot(v, v), dot(v, v) * TOLERANCE * TOLERANCE);
        for _ in 0..STEPS_MAX {
            if norm2 <= target2 {
                return Ok(solution);
            }
            let product = self.times(&direction);
            let step = norm2 / dot(&direction, &product);
            solution.iter_mut().zip(&direction).for_each(|(x, d)| *x += step * d);
            residual.iter_mut().zip(&product).for_each(|(r, p)| *r -= step * p);
            let next2 = dot(&residual, &residual);
            let turn = next2 / norm2;
            direction.iter_mut().zip(&residual).for_each(|(d, r)| *d = r + turn * *d);
            norm2 = next2;
        }
        Err(Error::NotConverged { n_steps: STEPS_MAX, residual: (norm2 / dot(v, v)).sqrt() })
    }
}

/// A sum in a fixed order.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
