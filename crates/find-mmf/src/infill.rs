//! Masked holes filled with what the noise expects there.
//!
//! Let `d` be the map with zeros in the holes `H`, `C` the noise covariance. The fill `z` on `H` solves
//! `P_H C^-1 (d + z) = 0`. Then `C^-1 (d + z)` vanishes in the holes and equals `C_MM^-1 d_M` on the unmasked pixels
//! `M`: the matched filter of the filled map is exactly the filter that gives masked pixels infinite noise
//! (derived here from the block inverse; it is constrained-realisation infilling without the random part, see
//! Bucher & Louis 2012, arXiv:1109.0286). Its numerator is optimal at every position at once; its noise inside and near
//! holes is below `sigma`, so that the signal-to-noise ratio given there is a lower bound.
//!
//! The system is solved by conjugate gradients with `C^-1` applied in Fourier space. Beyond the filter's range of
//! multipoles the noise at its end is taken on. Calling those modes unknown instead, as the filter does, would let
//! them hide what the pixels beside a hole say, and fade the filtered map up to 4 arcmin around every hole of a
//! band-limited map.

use crate::Error;
use crate::filter::EllRange;
use crate::grid::Grid;
use crate::noise::{MAX_BANDS, NoiseCovariance, invert};
use crate::pipeline::{TileData, Workspace};
use num_complex::Complex;
use rayon::prelude::*;

/// Residual, relative to the start, at which the solution is good: its effect on S/N is far below one per cent.
const TOLERANCE: f64 = 0.005;

/// Inverse noise covariance on the quarter plane, each pair of bands divided by the two bands' units.
struct InverseNoise {
    n_bands: usize,
    /// `[i * n_bands + j]`, filled for `j >= i`.
    planes: Vec<Vec<f32>>,
    /// Noise amplitude of each band, for a well-scaled system.
    units: Vec<f64>,
}

/// Solves for the fill of a tile's holes, starting from the fill that it has.
///
/// # Errors
/// [`Error::NoiseNotPositive`] when the noise cannot be inverted.
pub(crate) fn fill_holes(
    data: &mut TileData<'_>,
    noise: &dyn NoiseCovariance,
    range: EllRange,
    max_iterations: usize,
    work: &mut Workspace,
) -> Result<(), Error> {
    if data.holes().is_empty() || max_iterations == 0 {
        return Ok(());
    }
    let inverse = InverseNoise::new(data.grid(), noise, range)?;
    let mut operator = Operator::new(data, &inverse);
    let mut residual = operator.apply_to_maps(data, work);
    residual.iter_mut().for_each(|r| *r = -*r);
    let step = conjugate_gradients(residual, max_iterations, |x| operator.apply_to_holes(data, x, work));
    let n_holes = data.holes().len();
    for (band, step) in step.chunks(n_holes).enumerate() {
        let unit = inverse.units[band];
        data.fill_mut(band).iter_mut().zip(step).for_each(|(fill, &s)| *fill += (f64::from(s) * unit) as f32);
    }
    Ok(())
}

/// Solves `A x = b` for a symmetric, positive semi-definite `A`, from zero.
fn conjugate_gradients(b: Vec<f32>, max_iterations: usize, mut apply: impl FnMut(&[f32]) -> Vec<f32>) -> Vec<f32> {
    let mut x = vec![0.0; b.len()];
    let start = dot(&b, &b);
    let (mut residual, mut direction, mut norm) = (b.clone(), b, start);
    let mut iterations = 0;
    while iterations < max_iterations && norm > TOLERANCE * TOLERANCE * start {
        let image = apply(&direction);
        let curvature = dot(&direction, &image);
        if curvature <= 0.0 {
            break;
        }
        let length = norm / curvature;
        add_scaled(&mut x, length, &direction);
        add_scaled(&mut residual, -length, &image);
        let new_norm = dot(&residual, &residual);
        let turn = (new_norm / norm) as f32;
        direction.iter_mut().zip(&residual).for_each(|(d, r)| *d = r + turn * *d);
        norm = new_norm;
        iterations += 1;
    }
    tracing::debug!(iterations, residual = (norm / start.max(f64::MIN_POSITIVE)).sqrt(), "holes filled");
    x
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

fn add_scaled(x: &mut [f32], factor: f64, y: &[f32]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += factor as f32 * y);
}

/// `P_H C^-1` on maps and on vectors of hole pixels `[band, hole]`.
struct Operator<'a> {
    inverse: &'a InverseNoise,
    spectra: Vec<Vec<Complex<f32>>>,
}

impl<'a> Operator<'a> {
    fn new(data: &TileData<'_>, inverse: &'a InverseNoise) -> Self {
        let len = data.grid().ny() * (data.grid().nx() / 2 + 1);
        Self { inverse, spectra: vec![vec![Complex::default(); len]; inverse.n_bands] }
    }

    fn apply_to_maps(&mut self, data: &TileData<'_>, work: &mut Workspace) -> Vec<f32> {
        for (band, spectrum) in self.spectra.iter_mut().enumerate() {
            data.load(band, &mut work.map);
            let per_unit = (1.0 / self.inverse.units[band]) as f32;
            work.map.par_iter_mut().for_each(|v| *v *= per_unit);
            work.fft.forward(&work.map, spectrum, &mut work.scratch);
        }
        self.gather(data, work)
    }

    fn apply_to_holes(&mut self, data: &TileData<'_>, x: &[f32], work: &mut Workspace) -> Vec<f32> {
        for (spectrum, x) in self.spectra.iter_mut().zip(x.chunks(data.holes().len())) {
            work.map.fill(0.0);
            for (&pixel, &value) in data.holes().iter().zip(x) {
                work.map[pixel as usize] = value;
            }
            work.fft.forward(&work.map, spectrum, &mut work.scratch);
        }
        self.gather(data, work)
    }

    fn gather(&self, data: &TileData<'_>, work: &mut Workspace) -> Vec<f32> {
        let mut out = Vec::with_capacity(data.holes().len() * self.spectra.len());
        for band in 0..self.spectra.len() {
            let fill = |kx: usize, column: &mut [Complex<f32>]| self.weighted_column(data.grid(), band, kx, column);
            work.fft.inverse_with(&mut work.map, &mut work.scratch, fill);
            out.extend(data.holes().iter().map(|&pixel| work.map[pixel as usize]));
        }
        out
    }

    /// Column `kx` of `sum_j N^-1_bj d_j`.
    fn weighted_column(&self, grid: &Grid, band: usize, kx: usize, column: &mut [Complex<f32>]) {
        let (ny, n_quarter) = (grid.ny(), grid.n_quarter());
        column.fill(Complex::default());
        for (other, spectrum) in self.spectra.iter().enumerate() {
            let plane = &self.inverse.planes[band.min(other) * self.inverse.n_bands + band.max(other)];
            let weights = &plane[kx * n_quarter..][..n_quarter];
            for (ky, (sum, z)) in column.iter_mut().zip(&spectrum[kx * ny..]).enumerate() {
                *sum += z.scale(weights[ky.min(ny - ky)]);
            }
        }
    }
}

impl InverseNoise {
    fn new(grid: &Grid, noise: &dyn NoiseCovariance, range: EllRange) -> Result<Self, Error> {
        let n_bands = noise.n_bands();
        let units = units(grid, noise, range)?;
        let plane = |i: usize, j: usize| {
            let mut plane = vec![0.0_f32; if j >= i { grid.quadrant_len() } else { 0 }];
            let n_quarter = grid.n_quarter();
            plane.par_chunks_mut(n_quarter).enumerate().for_each(|(kx, column)| {
                let mut matrix = [0.0; MAX_BANDS * MAX_BANDS];
                let matrix = &mut matrix[..n_bands * n_bands];
                for (ky, value) in column.iter_mut().enumerate() {
                    noise.covariance(clamped(grid.ell(kx, ky), range), matrix);
                    if invert(matrix, n_bands) {
                        *value = (matrix[i * n_bands + j] * units[i] * units[j]) as f32;
                    }
                }
            });
            plane
        };
        let planes = (0..n_bands * n_bands).map(|pair| plane(pair / n_bands, pair % n_bands)).collect();
        Ok(Self { n_bands, planes, units })
    }
}

/// The multipole of the filter's range that is nearest to `ell`.
fn clamped(ell: f64, range: EllRange) -> f64 {
    ell.max(range.min).min(range.max)
}

/// `1 / sqrt(max N^-1_bb)` along a radius: the least noise of each band.
fn units(grid: &Grid, noise: &dyn NoiseCovariance, range: EllRange) -> Result<Vec<f64>, Error> {
    let n_bands = noise.n_bands();
    let step = grid.ell(1, 0).max(grid.ell(0, 1));
    let mut largest = vec![0.0_f64; n_bands];
    let mut matrix = vec![0.0; n_bands * n_bands];
    let n_steps = (grid.ell_max() / step) as usize;
    for ell in (1..=n_steps).map(|i| clamped(i as f64 * step, range)) {
        noise.covariance(ell, &mut matrix);
        if !invert(&mut matrix, n_bands) {
            return Err(Error::NoiseNotPositive { n_bands, ell });
        }
        for (band, value) in largest.iter_mut().enumerate() {
            *value = value.max(matrix[band * (n_bands + 1)]);
        }
    }
    Ok(largest.iter().map(|value| value.max(f64::MIN_POSITIVE).powf(-0.5)).collect())
}
