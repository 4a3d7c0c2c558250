//! The filter itself: band weights, the combined map, and amplitudes at one scale.
//!
//! Generic over the float: maps are filtered in `f32`, the worked example is met in `f64`.

use crate::Error;
use crate::grid::Grid;
use crate::noise::{MAX_BANDS, NoiseCovariance, invert};
use crate::response::BandResponse;
use arcmin_fft::{Real, RealFft2, Scratch};
use num_complex::Complex;
use rayon::prelude::*;

/// Multipoles that a filter uses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EllRange {
    /// Lowest multipole kept; the mean is never kept.
    pub min: f64,
    /// Highest multipole kept.
    pub max: f64,
}

impl EllRange {
    /// Every mode but the mean.
    pub const ALL: Self = Self { min: 0.0, max: f64::INFINITY };

    /// True when modes of this multipole are used.
    pub fn contains(self, ell: f64) -> bool {
        ell > 0.0 && ell >= self.min && ell <= self.max
    }
}

/// Weights `F_b(k) = sum_j N^-1_bj g_j B_j` of the bands on the quarter plane.
///
/// They are kept divided by their largest value, as in units of y they overflow an `f32` once squared.
pub struct BandWeights<T> {
    /// Weights of each band, quarter plane.
    weights: Vec<Vec<T>>,
    /// `sum_b g_b B_b F_b`: information on `tau y_c` of one mode, divided by the same unit.
    information: Vec<T>,
    /// What the weights were divided by.
    unit: f64,
}

impl<T: Real + Into<f64>> BandWeights<T> {
    /// Weights for bands with the given responses and noise; modes outside the range get none.
    ///
    /// # Errors
    /// [`Error::NoiseNotPositive`] when the covariance cannot be inverted at a mode in the range, [`Error::NoSignal`]
    /// when no mode is left.
    ///
    /// # Panics
    /// When there are more than [`MAX_BANDS`] bands, or not one noise row for each response.
    pub fn new(
        grid: &Grid,
        responses: &[BandResponse],
        noise: &dyn NoiseCovariance,
        range: EllRange,
    ) -> Result<Self, Error> {
        let n_bands = responses.len();
        assert!(n_bands <= MAX_BANDS && n_bands == noise.n_bands(), "one row of noise for each band, at most 16");
        let unit = largest_weight(grid, responses, noise, range)?;
        let rows: Vec<usize> = (0..=n_bands).collect();
        let mut planes: Vec<Vec<T>> = rows.iter().map(|_| vec![T::default(); grid.quadrant_len()]).collect();
        let n_quarter = grid.n_quarter();
        for_each_column(&mut planes, n_quarter, |kx, columns| {
            let mut mode = [0.0; MAX_BANDS + 1];
            for ky in 0..n_quarter {
                let ell = grid.ell(kx, ky);
                if range.contains(ell) && mode_weights(responses, noise, ell, &mut mode[..=n_bands]) {
                    for (column, value) in columns.iter_mut().zip(&mode) {
                        column[ky] = T::from_f64_lossy(value / unit);
                    }
                }
            }
        });
        let information = planes.pop().expect("the last plane is the information");
        Ok(Self { weights: planes, information, unit })
    }

    /// `sigma` of `y_c` for a template with transform `tau`: `sigma^-2 = sum_k tau^2 (g B)^T N^-1 (g B) / Omega`.
    pub fn sigma(&self, grid: &Grid, tau: &[T]) -> f64 {
        let sum = grid.sum_modes(|i, _, _| {
            let tau: f64 = tau[i].into();
            tau * tau * self.information[i].into()
        });
        (sum * self.unit / grid.area_sr()).powf(-0.5)
    }

    /// Expected signal-to-noise ratio, under the template `tau`, of a cluster with transform `truth` and unit `y_c`.
    pub fn response(&self, grid: &Grid, truth: &[T], tau: &[T]) -> f64 {
        let sum = grid.sum_modes(|i, _, _| {
            let product: f64 = truth[i].into() * tau[i].into();
            product * self.information[i].into()
        });
        sum * self.unit / grid.area_sr() * self.sigma(grid, tau)
    }

    /// Adds band `band` with half spectrum `spectrum`, weighted, to the combined half spectrum.
    pub fn accumulate(&self, grid: &Grid, band: usize, spectrum: &[Complex<T>], combined: &mut [Complex<T>]) {
        let (ny, n_quarter) = (grid.ny(), grid.n_quarter());
        let weights = &self.weights[band];
        combined.par_chunks_mut(ny).zip(spectrum.par_chunks(ny)).enumerate().for_each(|(kx, (sum, column))| {
            let weights = &weights[kx * n_quarter..][..n_quarter];
            for (ky, (sum, z)) in sum.iter_mut().zip(column).enumerate() {
                *sum = *sum + z.scale(weights[ky.min(ny - ky)]);
            }
        });
    }

    /// Map of `y_c / sigma^2 * factor` for a template: what remains to a signal-to-noise map is `factor = sigma`, to a
    /// map of amplitudes `factor = sigma^2`.
    pub fn filter(
        &self,
        fft: &RealFft2<T>,
        combined: &[Complex<T>],
        tau: &[T],
        factor: f64,
        map: &mut [T],
        scratch: &mut Scratch<T>,
    ) {
        let factor = T::from_f64_lossy(factor * self.unit);
        let n_quarter = fft.ny() / 2 + 1;
        let ny = fft.ny();
        let apply = |kx: usize, column: &mut [Complex<T>]| {
            let tau = &tau[kx * n_quarter..][..n_quarter];
            for (ky, z) in column.iter_mut().enumerate() {
                *z = z.scale(tau[ky.min(ny - ky)] * factor);
            }
        };
        fft.inverse_filtered(combined, &apply, map, scratch);
    }

    /// The kernel of one band in real space: weights times `tau sigma^2`, on the quarter plane.
    pub fn kernel(&self, band: usize, tau: &[T], sigma: f64) -> Vec<T> {
        let factor = sigma * sigma * self.unit;
        let value = |(w, t): (&T, &T)| T::from_f64_lossy((*w).into() * (*t).into() * factor);
        self.weights[band].iter().zip(tau).map(value).collect()
    }
}

/// Weights of one mode and, last, its information; false when the covariance is singular.
fn mode_weights(responses: &[BandResponse], noise: &dyn NoiseCovariance, ell: f64, mode: &mut [f64]) -> bool {
    let n = responses.len();
    let mut matrix = [0.0; MAX_BANDS * MAX_BANDS];
    let matrix = &mut matrix[..n * n];
    noise.covariance(ell, matrix);
    if !invert(matrix, n) {
        return false;
    }
    let mut response = [0.0; MAX_BANDS];
    for (value, band) in response.iter_mut().zip(responses) {
        *value = band.at(ell);
    }
    mode[n] = 0.0;
    for i in 0..n {
        mode[i] = (0..n).map(|j| matrix[i * n + j] * response[j]).sum();
        mode[n] += response[i] * mode[i];
    }
    true
}

/// Largest weight along a radius; checks on the way that every covariance can be inverted.
fn largest_weight(
    grid: &Grid,
    responses: &[BandResponse],
    noise: &dyn NoiseCovariance,
    range: EllRange,
) -> Result<f64, Error> {
    let step = grid.ell(1, 0).min(grid.ell(0, 1));
    let n_bands = responses.len();
    let mut largest = 0.0_f64;
    let mut mode = [0.0; MAX_BANDS + 1];
    let n_steps = (grid.ell_max() / step).ceil() as usize;
    for ell in (1..=n_steps).map(|i| i as f64 * step).filter(|&ell| range.contains(ell)) {
        if !mode_weights(responses, noise, ell, &mut mode[..=n_bands]) {
            return Err(Error::NoiseNotPositive { n_bands, ell });
        }
        largest = mode[..n_bands].iter().fold(largest, |max, w| max.max(w.abs()));
    }
    if largest > 0.0 && largest.is_finite() {
        return Ok(largest);
    }
    Err(Error::NoSignal { ell_min: range.min, ell_max: range.max.min(grid.ell_max()) })
}

/// Runs a function on column `kx` of every plane at once, in parallel over `kx`.
fn for_each_column<T: Send>(planes: &mut [Vec<T>], n_quarter: usize, f: impl Fn(usize, &mut [&mut [T]]) + Sync) {
    let n_columns = planes.first().map_or(0, |plane| plane.len() / n_quarter);
    let mut columns: Vec<Vec<&mut [T]>> = (0..n_columns).map(|_| Vec::with_capacity(planes.len())).collect();
    for plane in planes {
        for (column, chunk) in columns.iter_mut().zip(plane.chunks_mut(n_quarter)) {
            column.push(chunk);
        }
    }
    columns.par_iter_mut().enumerate().for_each(|(kx, columns)| f(kx, columns));
}
