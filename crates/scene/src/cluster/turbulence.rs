//! The turbulent field of a cluster: one Gaussian field for the gas's logarithm and three for its velocity.
//!
//! Drawn on a periodic cube of cubic cells, eight along the wavelength at which motions are driven, and read between them by
//! linear interpolation. The cube is eight such wavelengths wide and repeats beyond: a cluster's gas lies within two of
//! them, the thin outskirts along one line of sight may see a structure twice.

use super::config::TurbulenceConfig;
use num_complex::Complex;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use rustfft::{Fft, FftPlanner};
use std::f64::consts::TAU;
use std::sync::Arc;

/// Cells along one side of the cube; a power of two.
const N: usize = 64;
/// Cells along the wavelength of injection.
const CELLS_PER_INJECTION: f64 = 8.0;

/// What turbulent fields are drawn with.
#[derive(Clone)]
pub(crate) struct TurbulenceModel {
    cell_mpc: f64,
    /// Amplitude of each mode, `[z, y, x]`: their squares add up to one where the field is read.
    amplitudes: Vec<f32>,
    transform: Arc<dyn Fft<f32>>,
}

impl std::fmt::Debug for TurbulenceModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TurbulenceModel").field("cell_mpc", &self.cell_mpc).finish_non_exhaustive()
    }
}

impl TurbulenceModel {
    /// Tabulates the modes: `P(k) ~ (k^2 + k_injection^2)^(-11/6)`, so that the power per ln k falls as `k^(-2/3)`.
    pub(crate) fn new(config: &TurbulenceConfig) -> Self {
        let wavenumber = |idx: usize| TAU / N as f64 * if idx > N / 2 { idx as f64 - N as f64 } else { idx as f64 };
        let k_injection = TAU / CELLS_PER_INJECTION;
        // What linear interpolation leaves of a wave's variance, on average over the places between cells.
        let kept = |k: f64| (2.0 + k.cos()) / 3.0;
        let mut sum = 0.0;
        let mut amplitudes = Vec::with_capacity(N * N * N);
        for idx in 0..N * N * N {
            let k = [idx / (N * N), idx / N % N, idx % N].map(wavenumber);
            let k_square: f64 = k.iter().map(|k| k * k).sum();
            let power = if idx == 0 { 0.0 } else { (k_square + k_injection * k_injection).powf(-11.0 / 6.0) };
            sum += power * k.iter().map(|&k| kept(k)).product::<f64>();
            amplitudes.push(power.sqrt());
        }
        let amplitudes = amplitudes.iter().map(|amplitude| (amplitude / sum.sqrt()) as f32).collect();
        let cell_mpc = config.injection_mpc / CELLS_PER_INJECTION;
        Self { cell_mpc, amplitudes, transform: FftPlanner::new().plan_fft_inverse(N) }
    }

    /// Draws the four fields, each of unit variance.
    pub(crate) fn draw(&self, rng: &mut impl Rng) -> TurbulentField {
        let [first, second] = std::array::from_fn(|_| self.draw_pair(rng));
        let cells = first.iter().zip(&second).map(|(a, b)| [a.re, a.im, b.re, b.im]).collect();
        TurbulentField { cells, cell_mpc: self.cell_mpc, cells_per_mpc: (1.0 / self.cell_mpc) as f32 }
    }

    /// Two independent fields, as the real and imaginary part of one without symmetry.
    fn draw_pair(&self, rng: &mut impl Rng) -> Vec<Complex<f32>> {
        let mut draw = |&amplitude: &f32| {
            let [re, im]: [f32; 2] = std::array::from_fn(|_| StandardNormal.sample(rng));
            Complex::new(re, im) * amplitude
        };
        let mut modes: Vec<Complex<f32>> = self.amplitudes.iter().map(&mut draw).collect();
        let mut turned = vec![Complex::default(); modes.len()];
        for _ in 0..3 {
            self.transform.process(&mut modes);
            // The next axis becomes the innermost; after three turns all lie as before.
            for (row, line) in modes.chunks_exact(N).enumerate() {
                for (column, value) in line.iter().enumerate() {
                    turned[column * N * N + row] = *value;
                }
            }
            std::mem::swap(&mut modes, &mut turned);
        }
        modes
    }
}

/// The turbulent fields of one cluster, each of unit variance.
#[derive(Clone)]
pub(crate) struct TurbulentField {
    /// The field of the logarithm and the three components of the velocity, `[z, y, x]`.
    cells: Vec<[f32; 4]>,
    cell_mpc: f64,
    cells_per_mpc: f32,
}

impl std::fmt::Debug for TurbulentField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TurbulentField").field("cells_per_mpc", &self.cells_per_mpc).finish_non_exhaustive()
    }
}

impl TurbulentField {
    /// Side of a cell.
    pub(crate) fn cell_mpc(&self) -> f64 {
        self.cell_mpc
    }

    /// The four values at a point in Mpc.
    #[inline]
    pub(crate) fn at(&self, point: [f32; 3]) -> [f32; 4] {
        let mut low = [0usize; 3];
        let mut part = [0f32; 3];
        for axis in 0..3 {
            // Far within the positive numbers, so that cutting off is rounding down.
            let at = point[axis] * self.cells_per_mpc + (N * N) as f32;
            low[axis] = at as usize;
            part[axis] = at - low[axis] as f32;
        }
        let mut values = [0f32; 4];
        for corner in 0..8 {
            let mut idx = 0;
            let mut weight = 1.0;
            for axis in 0..3 {
                let far = corner >> axis & 1;
                idx = idx * N + ((low[axis] + far) & (N - 1));
                weight *= if far == 1 { part[axis] } else { 1.0 - part[axis] };
            }
            let cell = self.cells[idx];
            for (value, at_corner) in values.iter_mut().zip(cell) {
                *value += weight * at_corner;
            }
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    fn field(seed: u64) -> TurbulentField {
        TurbulenceModel::new(&TurbulenceConfig::default()).draw(&mut Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Variance and correlations of the four fields between cells. A cube has some 500 independent pieces, five of them
    /// make a variance to 2.8%; false alarm 1e-3 (4 sigma, ten numbers).
    #[test]
    fn fields_have_unit_variance_and_are_independent() {
        let mut products = [[0.0; 4]; 4];
        let (n_cubes, n_points) = (5, 20_000);
        for seed in 0..n_cubes {
            let field = field(seed);
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(100 + seed);
            for _ in 0..n_points {
                let values = field.at(rng.random::<[f32; 3]>().map(|share| 6.4 * share - 3.2));
                for (i, j) in (0..4).flat_map(|i| (0..4).map(move |j| (i, j))) {
                    products[i][j] += f64::from(values[i] * values[j]) / (n_cubes * n_points) as f64;
                }
            }
        }
        for (i, j) in (0..4).flat_map(|i| (0..=i).map(move |j| (i, j))) {
            let expected = f64::from(u8::from(i == j));
            assert!((products[i][j] - expected).abs() < 0.11, "{i} {j}: {}", products[i][j]);
        }
    }

    #[test]
    fn the_cube_repeats_and_its_nodes_are_its_cells() {
        let field = field(9);
        let point = [0.37, -1.22, 0.81];
        let again = field.at(point.map(|at| at + 3.2));
        for (a, b) in field.at(point).iter().zip(again) {
            assert!((a - b).abs() < 1e-3, "{a} {b}");
        }
        let node = field.at([0.05 * 3.0, 0.05 * 5.0, 0.05 * 7.0]);
        let cell = field.cells[(3 * N + 5) * N + 7];
        for (a, b) in node.iter().zip(cell) {
            assert!((a - b).abs() < 1e-2, "{a} {b}");
        }
    }

    /// The structure function `<(f(x + r) - f(x))^2>` grows as `r^(2/3)` below the scale of injection, here as
    /// steeply as cells of an eighth of it allow: between 0.1 and 0.2 Mpc by a factor of 1.4 to 2.6.
    #[test]
    fn fluctuations_grow_with_separation() {
        let field = field(11);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(12);
        let mut squares = [0f32; 3];
        for _ in 0..40_000 {
            let [x, y, z] = rng.random::<[f32; 3]>().map(|share| 3.2 * share);
            let here = field.at([x, y, z])[0];
            for (square, r) in squares.iter_mut().zip([0.1, 0.2, 1.0]) {
                *square += (field.at([x + r, y, z])[0] - here).powi(2) / 40_000.0;
            }
        }
        let growth = squares[1] / squares[0];
        assert!((1.4..2.6).contains(&growth), "{squares:?}");
        assert!((1.5..2.4).contains(&squares[2]), "{squares:?}");
    }
}
