//! Gaussian fields on a box of cubic cells: modes drawn in Fourier space, transformed axis by axis.
//!
//! Modes lie `[kx, ky, kz]`, the long axis z innermost, for `kx` from 0 to the highest; cells lie `[z, y, x]`. The
//! transform runs along z over contiguous columns, then over each plane.
//!
//! The box is long and narrow, so that its modes lie close together along `k_z` and far apart across. Those near the
//! axis stand for waves of very different lengths: they take the mean square of all waves nearer to them than to any
//! other mode. Without that the displacement, whose modes go as `k_z / k^2`, would come out twice as large.

use super::density::Cells;
use super::lognormal::KTable;
use crate::stream::Draw;
use crate::{Error, TileKey};
use arcmin_fft::{RealFft2, good_size};
use num_complex::Complex;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use rustfft::{Fft, FftPlanner};
use std::f64::consts::{PI, TAU};
use std::sync::Arc;

/// Planes that are transformed as one task: two cache lines of each column.
const PLANES_PER_TASK: usize = 16;

/// Modes within this many steps of the axis take the mean over their surroundings, and the points of it along one side.
const AVERAGED_STEPS: f64 = 2.5;
const AVERAGED_POINTS: usize = 8;

/// A box of cells, ready for drawing fields.
#[derive(Clone)]
pub(crate) struct FieldGrid {
    cells: Cells,
    along: Arc<dyn Fft<f32>>,
    plane: RealFft2<f32>,
}

/// Root of the power of a mode over the box's volume, by wavenumber.
#[derive(Clone, Debug)]
pub(crate) struct Amplitude(KTable);

impl FieldGrid {
    /// A box of at least the given width and length.
    pub(crate) fn new(width_mpc: f64, length_mpc: f64, cell_mpc: f64) -> Result<Self, Error> {
        let side = |mpc: f64| good_size(2 * (mpc / (2.0 * cell_mpc)).ceil() as usize);
        let (n_across, n_along) = (side(width_mpc), side(length_mpc));
        Ok(Self {
            cells: Cells { n_across, n_along, cell_mpc },
            along: FftPlanner::new().plan_fft_inverse(n_along),
            plane: RealFft2::new(n_across, n_across)?,
        })
    }

    /// The box.
    pub(crate) fn cells(&self) -> Cells {
        self.cells
    }

    /// The highest wavenumber, at the corner of the box of modes.
    pub(crate) fn k_max(&self) -> f64 {
        3f64.sqrt() * PI / self.cells.cell_mpc
    }

    /// The amplitude of modes with a spectrum in Mpc^3.
    pub(crate) fn amplitude(&self, power_mpc3: impl Fn(f64) -> f64) -> Amplitude {
        let volume = self.cells.len() as f64 * self.cells.cell_mpc.powi(3);
        Amplitude(KTable::new(self.k_max(), |k| if k == 0.0 { 0.0 } else { (power_mpc3(k) / volume).sqrt() }))
    }

    /// Variance of a field in one cell.
    pub(crate) fn variance(&self, amplitude: &Amplitude) -> f64 {
        self.sum_over_modes(&density_mode(amplitude))
    }

    /// Variance of the displacement along the box in one cell, in Mpc^2.
    pub(crate) fn displacement_variance(&self, amplitude: &Amplitude) -> f64 {
        self.sum_over_modes(&displacement_mode(amplitude))
    }

    /// Draws a field.
    pub(crate) fn draw(&self, key: TileKey, amplitude: &Amplitude) -> Vec<f32> {
        self.synthesize(key, &density_mode(amplitude), Complex::new(1.0, 0.0))
    }

    /// Draws the displacement along the box in Mpc that goes with the density of the same key.
    ///
    /// `psi_k = i k_z / k^2 delta_k`: matter moves towards overdensities.
    pub(crate) fn draw_displacement(&self, key: TileKey, amplitude: &Amplitude) -> Vec<f32> {
        self.synthesize(key, &displacement_mode(amplitude), Complex::new(0.0, 1.0))
    }

    /// The field of white modes times an amplitude of `(k^2, k_z)` and a phase, whose product at `-k` is the conjugate
    /// of that at `k`.
    fn synthesize(&self, key: TileKey, amplitude: &(impl Fn(f64, f64) -> f64 + Sync), phase: Complex<f32>) -> Vec<f32> {
        let Cells { n_across, n_along, .. } = self.cells;
        let mut modes = vec![Complex::<f32>::default(); (n_across / 2 + 1) * n_across * n_along];
        // Undoes the division of the plane's inverse transform.
        let scale = phase * (n_across * n_across) as f32;
        modes.par_chunks_exact_mut(n_across * n_along).enumerate().for_each(|(kx, columns)| {
            self.draw_modes(key, kx, columns, amplitude, scale);
            self.along.process(columns);
            if kx == 0 || 2 * kx == n_across {
                make_hermitian(columns, n_along);
            }
        });
        self.transform_planes(&modes)
    }

    fn draw_modes(
        &self,
        key: TileKey,
        kx: usize,
        columns: &mut [Complex<f32>],
        amplitude: &(impl Fn(f64, f64) -> f64 + Sync),
        scale: Complex<f32>,
    ) {
        let n_along = self.cells.n_along;
        let mut rng = key.stream(Draw::Density { plane: kx });
        let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
        for (ky, column) in columns.chunks_exact_mut(n_along).enumerate() {
            for (kz, mode) in column.iter_mut().enumerate() {
                let white = Complex::new(normal(), normal()) * std::f32::consts::FRAC_1_SQRT_2;
                *mode = white * scale * self.mode_amplitude([kx, ky, kz], amplitude) as f32;
            }
        }
    }

    /// The amplitude of a mode, with the sign of `k_z` where it is odd; zero for the mean.
    fn mode_amplitude(&self, [kx, ky, kz]: [usize; 3], amplitude: &(impl Fn(f64, f64) -> f64 + Sync)) -> f64 {
        let Cells { n_across, n_along, .. } = self.cells;
        let [x, y] = [kx, ky].map(|idx| self.cells.wavenumber(idx, n_across));
        // At the Nyquist frequency a wave along z and its mirror are one: it has no displacement.
        let z = self.cells.wavenumber(kz, n_along);
        let z_odd = if 2 * kz == n_along { 0.0 } else { z };
        let across_square = x * x + y * y;
        let step = self.cells.wavenumber(1, n_across);
        if across_square > (AVERAGED_STEPS * step).powi(2) {
            return amplitude(across_square + z * z, z_odd);
        }
        if kx == 0 && ky == 0 && kz == 0 {
            return 0.0;
        }
        let offset = |point: usize| step * ((point as f64 + 0.5) / AVERAGED_POINTS as f64 - 0.5);
        let mut sum = 0.0;
        for (i, j) in (0..AVERAGED_POINTS).flat_map(|i| (0..AVERAGED_POINTS).map(move |j| (i, j))) {
            sum += amplitude((x + offset(i)).powi(2) + (y + offset(j)).powi(2) + z * z, z_odd).powi(2);
        }
        (sum / (AVERAGED_POINTS * AVERAGED_POINTS) as f64).sqrt() * amplitude(across_square + z * z, z_odd).signum()
    }

    /// Transforms the planes of a box that has been transformed along z.
    fn transform_planes(&self, modes: &[Complex<f32>]) -> Vec<f32> {
        let Cells { n_across, n_along, .. } = self.cells;
        let mut field = vec![0f32; self.cells.len()];
        let plane_len = n_across * n_across;
        let init =
            || (self.plane.make_scratch(), vec![Complex::default(); PLANES_PER_TASK * self.plane.spectrum_len()]);
        field.par_chunks_mut(PLANES_PER_TASK * plane_len).enumerate().for_each_init(
            init,
            |(scratch, spectra), (task, planes)| {
                let (first, n_planes) = (task * PLANES_PER_TASK, planes.len() / plane_len);
                for (idx, column) in modes.chunks_exact(n_along).enumerate() {
                    for (plane, value) in column[first..first + n_planes].iter().enumerate() {
                        spectra[plane * self.plane.spectrum_len() + idx] = *value;
                    }
                }
                for (plane, spectrum) in
                    planes.chunks_exact_mut(plane_len).zip(spectra.chunks(self.plane.spectrum_len()))
                {
                    self.plane.inverse(spectrum, plane, scratch);
                }
            },
        );
        field
    }

    /// Sum over all modes of the squared amplitude.
    fn sum_over_modes(&self, amplitude: &(impl Fn(f64, f64) -> f64 + Sync)) -> f64 {
        let Cells { n_across, n_along, .. } = self.cells;
        let fold = |idx: usize, n: usize| if idx == 0 || 2 * idx == n { 1.0 } else { 2.0 };
        let plane = |kx: usize| {
            let mut sum = 0.0;
            for (ky, kz) in (0..=n_across / 2).flat_map(|ky| (0..=n_along / 2).map(move |kz| (ky, kz))) {
                let weight = fold(kx, n_across) * fold(ky, n_across) * fold(kz, n_along);
                sum += weight * self.mode_amplitude([kx, ky, kz], amplitude).powi(2);
            }
            sum
        };
        (0..=n_across / 2).into_par_iter().map(plane).collect::<Vec<f64>>().iter().sum()
    }
}

/// Amplitude of the density at `(k^2, k_z)`.
fn density_mode(amplitude: &Amplitude) -> impl Fn(f64, f64) -> f64 + Sync {
    |k_square, _| amplitude.0.at(k_square.sqrt())
}

/// Amplitude of the displacement at `(k^2, k_z)`, without the factor i.
fn displacement_mode(amplitude: &Amplitude) -> impl Fn(f64, f64) -> f64 + Sync {
    |k_square, kz| if k_square > 0.0 { amplitude.0.at(k_square.sqrt()) * kz / k_square } else { 0.0 }
}

impl std::fmt::Debug for FieldGrid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FieldGrid").field("cells", &self.cells).finish_non_exhaustive()
    }
}

impl Cells {
    /// Wavenumber in 1/Mpc of an index along an axis of n cells.
    fn wavenumber(&self, idx: usize, n: usize) -> f64 {
        let signed = if 2 * idx <= n { idx as f64 } else { idx as f64 - n as f64 };
        TAU * signed / (n as f64 * self.cell_mpc)
    }
}

/// Makes the columns `ky` of a plane `kx = 0` or Nyquist those of a real field, with the same variance.
///
/// Such a plane holds both k and -k, which were drawn on their own: `(w(k) + conj w(-k)) / sqrt 2` has the unit
/// variance of each. It is taken after the transform along z, where -k is -ky alone.
fn make_hermitian(columns: &mut [Complex<f32>], n_along: usize) {
    let n_across = columns.len() / n_along;
    let half = std::f32::consts::FRAC_1_SQRT_2;
    for ky in 0..=n_across / 2 {
        let mirror = (n_across - ky) % n_across;
        for z in 0..n_along {
            let (a, b) = (columns[ky * n_along + z], columns[mirror * n_along + z]);
            columns[ky * n_along + z] = (a + b.conj()) * half;
            columns[mirror * n_along + z] = (b + a.conj()) * half;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Split;

    const CELL_MPC: f64 = 10.0;

    fn power(k: f64) -> f64 {
        2e4 * (k / 0.02) / (1.0 + (k / 0.02).powi(2)).powf(1.25)
    }

    fn grid() -> FieldGrid {
        FieldGrid::new(200.0, 480.0, CELL_MPC).unwrap()
    }

    fn key(tile: u64) -> TileKey {
        TileKey { seed: 5, split: Split::Test, tile }
    }

    fn mean_product(a: &[f32], b: impl Fn(usize) -> f32) -> f64 {
        a.iter().enumerate().map(|(idx, &a)| f64::from(a) * f64::from(b(idx))).sum::<f64>() / a.len() as f64
    }

    /// The obvious twin: a sum of cosines over all modes of the box.
    fn correlation(grid: &FieldGrid, lag: [usize; 3], amplitude: &(impl Fn(f64, f64) -> f64 + Sync)) -> f64 {
        let Cells { n_across, n_along, .. } = grid.cells();
        let mut sum = 0.0;
        for kx in 0..n_across {
            for ky in 0..n_across {
                for kz in 0..n_along {
                    let across = ((kx * lag[0] + ky * lag[1]) % n_across) as f64 / n_across as f64;
                    let phase = TAU * (across + (kz * lag[2] % n_along) as f64 / n_along as f64);
                    sum += grid.mode_amplitude([kx, ky, kz], amplitude).powi(2) * phase.cos();
                }
            }
        }
        sum
    }

    /// Mean products of cells at seven lags over 24 boxes against the sum over modes, and the same of displacements;
    /// the scatter of boxes gives the standard error. False alarm 1e-3 (4.5 sigma of 23 degrees of freedom, 14 numbers).
    #[test]
    fn fields_have_the_correlation_of_their_spectrum() {
        let grid = grid();
        let amplitude = grid.amplitude(power);
        let Cells { n_across: nx, n_along: nz, .. } = grid.cells();
        assert_eq!((nx, nz), (20, 48));
        let density: Vec<_> = (0..24).map(|tile| grid.draw(key(tile), &amplitude)).collect();
        let displacement: Vec<_> = (0..24).map(|tile| grid.draw_displacement(key(tile), &amplitude)).collect();
        for lag in [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [2, 1, 0], [0, 2, 3], [10, 0, 5]] {
            let shifted = |idx: usize| {
                let (x, y, z) = (idx % nx, idx / nx % nx, idx / (nx * nx));
                (((z + lag[2]) % nz) * nx + (y + lag[1]) % nx) * nx + (x + lag[0]) % nx
            };
            let expected = correlation(&grid, lag, &density_mode(&amplitude));
            for (boxes, expected) in
                [(&density, expected), (&displacement, correlation(&grid, lag, &displacement_mode(&amplitude)))]
            {
                let products: Vec<f64> = boxes.iter().map(|b| mean_product(b, |idx| b[shifted(idx)])).collect();
                let mean = products.iter().sum::<f64>() / 24.0;
                let error = (products.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / (24.0 * 23.0)).sqrt();
                assert!((mean - expected).abs() < 4.5 * error, "{lag:?}: {mean} +- {error}, {expected}");
            }
        }
        let sum = correlation(&grid, [0; 3], &density_mode(&amplitude));
        assert!((grid.variance(&amplitude) / sum - 1.0).abs() < 1e-9);
        let sum = correlation(&grid, [0; 3], &displacement_mode(&amplitude));
        assert!((grid.displacement_variance(&amplitude) / sum - 1.0).abs() < 1e-9);
    }

    /// In linear theory the divergence of the displacement is minus the density. A central difference along the line of
    /// sight takes its part `k_z^2 / k^2`: a third of the variance on average, here 0.38 as few long waves make up this box.
    #[test]
    fn matter_moves_towards_overdensities() {
        let grid = grid();
        let smooth = |k: f64| power(k) * (-(k * 15.0f64).powi(2)).exp();
        let amplitude = grid.amplitude(smooth);
        let (density, displacement) = (grid.draw(key(1), &amplitude), grid.draw_displacement(key(1), &amplitude));
        let at = |z: usize, rest: usize| f64::from(displacement[(z % 48) * 400 + rest]);
        let divergence = |idx: usize| {
            let (z, rest) = (idx / 400, idx % 400);
            ((at(z + 1, rest) - at(z + 47, rest)) / (2.0 * CELL_MPC)) as f32
        };
        let ratio = mean_product(&density, divergence) / mean_product(&density, |idx| density[idx]);
        assert!((-0.45..-0.25).contains(&ratio), "{ratio}");
    }
}
