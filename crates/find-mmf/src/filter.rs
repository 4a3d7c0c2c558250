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
        check_bands(responses, noise);
        let unit = largest_weight(grid, responses, noise, range)?;
        let n = responses.len();
        Ok(Self::on_quarter_plane(grid, n, range, unit, |ell, mode| _ = mode_weights(responses, noise, ell, mode)))
    }

    /// The same by linear interpolation between some 65,000 multipoles, many times faster on large grids.
    ///
    /// The step is below one in ell on pixels of half an arcmin, so that the weights of smooth spectra are off by less
    /// than 1e-5 of the largest, the rounding of what is filtered in `f32`.
    ///
    /// # Errors
    /// As [`BandWeights::new`].
    ///
    /// # Panics
    /// As [`BandWeights::new`].
    pub fn along_radius(
        grid: &Grid,
        responses: &[BandResponse],
        noise: &dyn NoiseCovariance,
        range: EllRange,
    ) -> Result<Self, Error> {
        check_bands(responses, noise);
        let unit = largest_weight(grid, responses, noise, range)?;
        let (n, width) = (responses.len(), responses.len() + 1);
        let step = grid.ell_max() / TABLE_ROWS as f64;
        let mut table = vec![0.0; (TABLE_ROWS + 2) * width];
        table.par_chunks_mut(width).with_min_len(1 << 10).enumerate().for_each(|(row, mode)| {
            mode_weights(responses, noise, row as f64 * step, mode);
        });
        Ok(Self::on_quarter_plane(grid, n, range, unit, |ell, mode| {
            let at = ell / step;
            let row = at as usize;
            let frac = at - row as f64;
            let (low, high) = table[row * width..][..2 * width].split_at(width);
            mode.iter_mut().zip(low).zip(high).for_each(|((value, low), high)| *value = low + (high - low) * frac);
        }))
    }

    /// Evaluates `modes(ell, weights and information)` at every mode in the range.
    fn on_quarter_plane(
        grid: &Grid,
        n_bands: usize,
        range: EllRange,
        unit: f64,
        modes: impl Fn(f64, &mut [f64]) + Sync,
    ) -> Self {
        let n_quarter = grid.n_quarter();
        let mut planes: Vec<Vec<T>> = (0..=n_bands).map(|_| vec![T::default(); grid.quadrant_len()]).collect();
        for_each_column(&mut planes, n_quarter, |kx, columns| {
            let mut mode = [0.0; MAX_BANDS + 1];
            for ky in 0..n_quarter {
                let ell = grid.ell(kx, ky);
                if range.contains(ell) {
                    modes(ell, &mut mode[..=n_bands]);
                    for (column, value) in columns.iter_mut().zip(&mode) {
                        column[ky] = T::from_f64_lossy(value / unit);
                    }
                }
            }
        });
        let information = planes.pop().expect("the last plane is the information");
        Self { weights: planes, information, unit }
    }

    /// `sigma` of `y_c` for a template with transform `tau`: `sigma^-2 = sum_k tau^2 (g B)^T N^-1 (g B) / Omega`.
    pub fn sigma(&self, grid: &Grid, tau: &[T]) -> f64 {
        (self.overlap(grid, tau, tau) * self.unit / grid.area_sr()).powf(-0.5)
    }

    /// Expected signal-to-noise ratio, under the template `tau`, of a cluster with transform `truth` and unit `y_c`.
    pub fn response(&self, grid: &Grid, truth: &[T], tau: &[T]) -> f64 {
        self.overlap(grid, truth, tau) * self.unit / grid.area_sr() * self.sigma(grid, tau)
    }

    /// `sum_k a b information` over the full plane, in an order that does not depend on the number of threads.
    fn overlap(&self, grid: &Grid, a: &[T], b: &[T]) -> f64 {
        let n_quarter = grid.n_quarter();
        let columns = a.par_chunks(n_quarter).zip(b.par_chunks(n_quarter)).zip(self.information.par_chunks(n_quarter));
        let sums: Vec<f64> = columns
            .enumerate()
            .map(|(kx, ((a, b), information))| {
                // An element with ky = 1 stands for twice as many modes as one with ky = 0; the last for either number.
                let modes = 2.0 * grid.multiplicity(kx, 0);
                let excess = |ky: usize| {
                    (modes - grid.multiplicity(kx, ky)) * a[ky].into() * b[ky].into() * information[ky].into()
                };
                let ends = if n_quarter == 1 { excess(0) } else { excess(0) + excess(n_quarter - 1) };
                modes * triple_product(a, b, information) - ends
            })
            .collect();
        sums.iter().sum()
    }

    /// Adds band `band` with half spectrum `spectrum`, weighted, to the combined half spectrum.
    pub fn accumulate(&self, grid: &Grid, band: usize, spectrum: &[Complex<T>], combined: &mut [Complex<T>]) {
        let (ny, n_quarter) = (grid.ny(), grid.n_quarter());
        let weights = &self.weights[band];
        combined.par_chunks_mut(ny).zip(spectrum.par_chunks(ny)).enumerate().for_each(|(kx, (sum, column))| {
            let weights = &weights[kx * n_quarter..][..n_quarter];
            let (positive, negative) = sum.split_at_mut(n_quarter);
            let (column, mirrored) = column.split_at(n_quarter);
            for ((sum, z), &w) in positive.iter_mut().zip(column).zip(weights) {
                *sum = *sum + z.scale(w);
            }
            for ((sum, z), &w) in negative.iter_mut().rev().zip(mirrored.iter().rev()).zip(&weights[1..]) {
                *sum = *sum + z.scale(w);
            }
        });
    }

    /// Takes clusters of transform `tau` out of the combined half spectrum: all bands weighted, they are there `tau` times the
    /// information of each mode. Their amplitudes are given as the half spectrum of a map that holds each on its pixel.
    pub fn take_out(&self, grid: &Grid, amplitudes: &[Complex<T>], tau: &[T], combined: &mut [Complex<T>]) {
        let (ny, n_quarter) = (grid.ny(), grid.n_quarter());
        let per_pixel = T::from_f64_lossy(1.0 / grid.pixel_rad().powi(2));
        combined.par_chunks_mut(ny).zip(amplitudes.par_chunks(ny)).enumerate().for_each(
            |(kx, (column, amplitudes))| {
                for (ky, (z, amplitude)) in column.iter_mut().zip(amplitudes).enumerate() {
                    let at = kx * n_quarter + ky.min(ny - ky);
                    *z = *z - amplitude.scale(tau[at] * per_pixel * self.information[at]);
                }
            },
        );
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
        let apply = |kx: usize, column: &mut [Complex<T>]| {
            let tau = &tau[kx * n_quarter..][..n_quarter];
            let (positive, negative) = column.split_at_mut(n_quarter);
            positive.iter_mut().zip(tau).for_each(|(z, &tau)| *z = z.scale(tau * factor));
            negative.iter_mut().rev().zip(&tau[1..]).for_each(|(z, &tau)| *z = z.scale(tau * factor));
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

/// `sum a b c` in eight lanes, so that the sum is not one long chain of additions.
fn triple_product<T: Real + Into<f64>>(a: &[T], b: &[T], c: &[T]) -> f64 {
    let mut lanes = [0.0; 8];
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    let (c8, c_rest) = c.as_chunks::<8>();
    for ((a, b), c) in a8.iter().zip(b8).zip(c8) {
        for (lane, ((a, b), c)) in lanes.iter_mut().zip(a.iter().zip(b).zip(c)) {
            *lane += (*a).into() * (*b).into() * (*c).into();
        }
    }
    let rest: f64 =
        a_rest.iter().zip(b_rest).zip(c_rest).map(|((a, b), c)| (*a).into() * (*b).into() * (*c).into()).sum();
    lanes.iter().sum::<f64>() + rest
}

/// Rows of the table of [`BandWeights::along_radius`].
const TABLE_ROWS: usize = 1 << 16;

fn check_bands(responses: &[BandResponse], noise: &dyn NoiseCovariance) {
    let n_bands = responses.len();
    assert!(n_bands <= MAX_BANDS && n_bands == noise.n_bands(), "one row of noise for each band, at most 16");
}

/// Weights of one mode and, last, its information; false, and zeros, when the covariance is singular.
fn mode_weights(responses: &[BandResponse], noise: &dyn NoiseCovariance, ell: f64, mode: &mut [f64]) -> bool {
    let n = responses.len();
    let mut matrix = [0.0; MAX_BANDS * MAX_BANDS];
    let matrix = &mut matrix[..n * n];
    noise.covariance(ell, matrix);
    mode.fill(0.0);
    if !invert(matrix, n) {
        return false;
    }
    let mut response = [0.0; MAX_BANDS];
    for (value, band) in response.iter_mut().zip(responses) {
        *value = band.at(ell);
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::ModelNoise;
    use crate::noise::model::SkyModel;
    use arcmin_maps::{Band, BandMap, Beam, Geometry, Map, Shape};
    use arcmin_units::{Arcmin, Ghz, SkyPosition};

    #[test]
    fn weights_along_the_radius_equal_those_of_every_mode() {
        let centre = SkyPosition::from_deg(0.0, 0.0).unwrap();
        let geometry = Geometry::tile(centre, Shape { ny: 1, nx: 1 }, Arcmin::new(0.5)).unwrap();
        let band = |(nu, noise): (f64, f64)| Band {
            name: nu.to_string(),
            beam: Beam::gaussian(Arcmin::new(1.2)).unwrap(),
            noise_arcmin: Some(noise),
            map: BandMap::Temperature { nu: Ghz::new(nu), map: Map::new(geometry.clone(), vec![0.0]).unwrap() },
        };
        let bands = [(90.0, 2.8), (148.0, 2.6), (219.0, 6.6)].map(band);
        let responses: Vec<_> = bands.iter().map(BandResponse::of).collect();
        let grid = Grid::new(150, 256, Arcmin::new(0.5).to_rad().value()).unwrap();
        for sky in [SkyModel::deepsz(), SkyModel::George15] {
            let noise = ModelNoise::new(&sky, &bands).unwrap();
            let exact = BandWeights::<f64>::new(&grid, &responses, &noise, EllRange::ALL).unwrap();
            let fast = BandWeights::<f64>::along_radius(&grid, &responses, &noise, EllRange::ALL).unwrap();
            let planes = exact.weights.iter().zip(&fast.weights).chain([(&exact.information, &fast.information)]);
            for (exact, fast) in planes {
                let largest = exact.iter().fold(0.0_f64, |max, v| max.max(v.abs()));
                let off = exact.iter().zip(fast).fold(0.0_f64, |max, (a, b)| max.max((a - b).abs()));
                assert!(off < 1e-5 * largest, "off by {:.1e} of the largest", off / largest);
            }
        }
    }
}
