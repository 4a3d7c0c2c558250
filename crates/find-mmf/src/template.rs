//! Profiles of clusters on the pixel grid.

use crate::grid::Grid;
use crate::harmonic::{GnfwTransform, beta_transform};
use arcmin_fft::{Real, RealFft2, Scratch};
use arcmin_sky::pressure::ProjectedGnfw;
use arcmin_units::{Arcmin, Radian};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, OnceLock};

/// How a profile becomes pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// Its value at the centre of each pixel.
    Centre,
    /// Its mean over each pixel: what a map maker's pixels hold, if the map has not been smoothed since.
    PixelMean,
    /// Its transform without aliasing times the window of the pixel: what [`Sampling::PixelMean`] gives on average over
    /// all places of a cluster within its pixel. A profile that is sampled on a pixel's centre is sharper than a cluster
    /// elsewhere, so that amplitudes on maps without a beam come out low by some percent; these do not.
    Harmonic,
}

/// Sub-pixels a side for [`Sampling::PixelMean`], and the radius in pixels within which they matter.
const N_SUB: usize = 5;
const SUBSAMPLED_PIXELS: f64 = 6.0;

/// Rows of the table along the radius for [`Sampling::Harmonic`].
const TABLE_ROWS: usize = 1 << 16;

/// The shape of a profile.
#[derive(Clone, Debug)]
enum Shape {
    Beta,
    Arnaud10(Arc<ProjectedGnfw>, Arc<OnceLock<GnfwTransform>>),
}

/// A cluster profile of central amplitude one.
#[derive(Clone, Debug)]
pub struct Template {
    shape: Shape,
    scale: Arcmin,
}

impl Template {
    /// `[1 + (theta / theta_c)^2]^-1`, the projected isothermal profile with beta = 1   (DeepSz, Sect. 2.1).
    pub fn beta(core_radius: Arcmin) -> Self {
        Self { shape: Shape::Beta, scale: core_radius }
    }

    /// The projected universal pressure profile seen under `theta500`.
    pub fn arnaud10(shape: Arc<ProjectedGnfw>, theta500: Arcmin) -> Self {
        Self { shape: Shape::Arnaud10(shape, Arc::default()), scale: theta500 }
    }

    /// The same shape at another scale.
    pub fn with_scale(&self, scale: Arcmin) -> Self {
        Self { shape: self.shape.clone(), scale }
    }

    /// Core radius or theta500.
    pub fn scale(&self) -> Arcmin {
        self.scale
    }

    /// Name as it stands in catalogues, e.g. `beta-theta_c-0.50`.
    pub fn name(&self) -> String {
        match self.shape {
            Shape::Beta => format!("beta-theta_c-{:.2}", self.scale.value()),
            Shape::Arnaud10(..) => format!("arnaud10-theta500-{:.2}", self.scale.value()),
        }
    }

    /// Profile at an angle from the centre.
    pub fn at(&self, theta: Radian) -> f64 {
        self.at_squared((theta.value() / self.scale.to_rad().value()).powi(2))
    }

    /// Profile at squared angle in units of the squared scale.
    fn at_squared(&self, x_squared: f64) -> f64 {
        match &self.shape {
            Shape::Beta => 1.0 / (1.0 + x_squared),
            Shape::Arnaud10(table, _) => table.at_squared(x_squared),
        }
    }

    /// Fourier transform `tau(k)` in steradian on the quarter plane, of the profile sampled with its centre on pixel
    /// (0, 0) of the periodic grid.
    pub fn transform<T: Real + Into<f64>>(
        &self,
        grid: &Grid,
        sampling: Sampling,
        fft: &RealFft2<T>,
        work: Work<'_, T>,
    ) -> Vec<T> {
        if sampling == Sampling::Harmonic {
            return self.harmonic(grid);
        }
        let quarter = &mut work.map[..grid.quadrant_len()];
        self.sample(grid, sampling, quarter);
        let mut tau = vec![T::default(); grid.quadrant_len()];
        fft.forward_even(quarter, &mut tau, work.scratch);
        let pixel_sr = T::from_f64_lossy(grid.pixel_rad().powi(2));
        tau.par_chunks_mut(grid.n_quarter()).for_each(|column| column.iter_mut().for_each(|value| *value *= pixel_sr));
        tau
    }

    /// `tau(k) = theta_s^2 tau(l theta_s) sinc(k_x p / 2) sinc(k_y p / 2)` on the quarter plane, `p` the pixel; zero for
    /// the mean, which no filter uses.
    fn harmonic<T: Real>(&self, grid: &Grid) -> Vec<T> {
        // The table pays where the grid has many more modes than it has rows.
        if grid.quadrant_len() > 4 * TABLE_ROWS {
            let table = self.along_radius(grid);
            let per_ell = TABLE_ROWS as f64 / grid.ell_max();
            return self.windowed(grid, |ell| {
                let at = ell * per_ell;
                let row = at as usize;
                table[row] + (table[row + 1] - table[row]) * (at - row as f64)
            });
        }
        self.windowed(grid, |ell| self.harmonic_at(ell))
    }

    /// `theta_s^2 tau(l theta_s)` in steps of some half a multipole, and one beyond the last.
    fn along_radius(&self, grid: &Grid) -> Vec<f64> {
        let step = grid.ell_max() / TABLE_ROWS as f64;
        // The transform of beta = 1 is infinite at zero; the lowest mode of any grid is many steps away.
        let row = |row: usize| self.harmonic_at(row.max(1) as f64 * step);
        (0..TABLE_ROWS + 2).into_par_iter().with_min_len(1 << 10).map(row).collect()
    }

    fn harmonic_at(&self, ell: f64) -> f64 {
        let scale_rad = self.scale.to_rad().value();
        self.transform_at(ell * scale_rad) * scale_rad * scale_rad
    }

    /// A function of the multipole on the quarter plane, times the window of the pixel.
    fn windowed<T: Real>(&self, grid: &Grid, transform: impl Fn(f64) -> f64 + Sync) -> Vec<T> {
        let window_y: Vec<f64> =
            (0..grid.n_quarter()).map(|ky| pixel_window(grid.ell(0, ky), grid.pixel_rad())).collect();
        let mut tau = vec![T::default(); grid.quadrant_len()];
        tau.par_chunks_mut(grid.n_quarter()).enumerate().for_each(|(kx, column)| {
            let window_x = pixel_window(grid.ell(kx, 0), grid.pixel_rad());
            for (ky, (value, window_y)) in column.iter_mut().zip(&window_y).enumerate() {
                let ell = grid.ell(kx, ky);
                if ell > 0.0 {
                    *value = T::from_f64_lossy(transform(ell) * window_x * window_y);
                }
            }
        });
        tau
    }

    /// Transform of the profile in units of its squared scale.
    fn transform_at(&self, x: f64) -> f64 {
        match &self.shape {
            Shape::Beta => beta_transform(x),
            Shape::Arnaud10(profile, table) => table.get_or_init(|| GnfwTransform::new(profile)).at(x),
        }
    }

    /// The profile on the pixels of a periodic grid, its centre on pixel (0, 0): pixel `(y, x)` at `y (nx / 2 + 1) + x`
    /// for `y` in `0..=ny / 2`, `x` in `0..=nx / 2`; the rest mirrors these.
    fn sample<T: Real>(&self, grid: &Grid, sampling: Sampling, quarter: &mut [T]) {
        let unit = grid.pixel_rad() / self.scale.to_rad().value();
        quarter.par_chunks_mut(grid.nx() / 2 + 1).enumerate().for_each(|(y, row)| {
            for (x, value) in row.iter_mut().enumerate() {
                *value = T::from_f64_lossy(self.pixel(x as f64, y as f64, unit, sampling));
            }
        });
    }

    /// Value of the pixel at offset `(dx, dy)` pixels; `unit` is the pixel in units of the scale.
    fn pixel(&self, dx: f64, dy: f64, unit: f64, sampling: Sampling) -> f64 {
        let radius_squared = dx * dx + dy * dy;
        if sampling != Sampling::PixelMean || radius_squared > SUBSAMPLED_PIXELS * SUBSAMPLED_PIXELS {
            return self.at_squared(radius_squared * unit * unit);
        }
        let offset = |i: usize| (i as f64 + 0.5) / N_SUB as f64 - 0.5;
        let mut sum = 0.0;
        for j in 0..N_SUB {
            for i in 0..N_SUB {
                let (x, y) = (dx + offset(i), dy + offset(j));
                sum += self.at_squared((x * x + y * y) * unit * unit);
            }
        }
        sum / (N_SUB * N_SUB) as f64
    }
}

/// Transform of a square pixel's mean along one axis, `sinc(l p / 2)`.
pub(crate) fn pixel_window(ell: f64, pixel_rad: f64) -> f64 {
    let half = 0.5 * ell * pixel_rad;
    if half == 0.0 { 1.0 } else { half.sin() / half }
}

/// Working memory that a caller lends.
pub struct Work<'a, T: Real> {
    /// One map of the grid.
    pub map: &'a mut [T],
    /// The transform's own.
    pub scratch: &'a mut Scratch<T>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_complex::Complex;

    /// Values of numpy's `sinc` for pixels of 0.25'.
    #[test]
    fn pixel_window_agrees_with_numpy() {
        let golden = [(0.0, 1.0), (1000.0, 0.999_779_660_530_007_8), (20_000.0, 0.914_159_936_098_197_2)];
        for (ell, expected) in golden {
            let window = pixel_window(ell, Arcmin::new(0.25).to_rad().value());
            assert!((window / expected - 1.0).abs() < 1e-9, "l = {ell}: {window}");
        }
    }

    #[test]
    fn profiles_are_one_at_the_centre_and_fall() {
        let shape = Arc::new(ProjectedGnfw::arnaud10());
        for template in [Template::beta(Arcmin::new(0.5)), Template::arnaud10(shape, Arcmin::new(3.0))] {
            let values: Vec<f64> = (0..40).map(|i| template.at(Arcmin::new(0.1 * f64::from(i)).to_rad())).collect();
            assert!((values[0] - 1.0).abs() < 1e-6, "{}", template.name());
            assert!(values.windows(2).all(|w| w[1] < w[0]), "{}", template.name());
        }
    }

    #[test]
    fn the_table_along_the_radius_is_the_transform_of_every_mode() {
        let grid = Grid::new(1024, 1100, Arcmin::new(0.25).to_rad().value()).unwrap();
        let gnfw = Template::arnaud10(Arc::new(ProjectedGnfw::arnaud10()), Arcmin::new(2.0));
        for template in [Template::beta(Arcmin::new(1.0)), gnfw.with_scale(Arcmin::new(12.0)), gnfw] {
            let (fast, slow) =
                (template.harmonic::<f64>(&grid), template.windowed::<f64>(&grid, |l| template.harmonic_at(l)));
            for (i, (fast, slow)) in fast.iter().zip(&slow).enumerate().skip(1) {
                assert!((fast - slow).abs() <= 1e-4 * slow.abs(), "{} mode {i}: {fast}, {slow}", template.name());
            }
        }
    }

    /// Averaging the transform of pixel means over the places of the centre within a pixel takes the aliases away.
    #[test]
    fn harmonic_transform_is_the_mean_over_places_within_a_pixel() {
        let grid = Grid::new(128, 128, Arcmin::new(0.5).to_rad().value()).unwrap();
        let template = Template::arnaud10(Arc::new(ProjectedGnfw::arnaud10()), Arcmin::new(2.0));
        let fft = grid.plan::<f64>().unwrap();
        let mut spectrum = vec![Complex::default(); fft.spectrum_len()];
        let n = 5;
        let fine = 6 * n;
        let unit = 0.5 / 2.0;
        let mut mean = vec![0.0; grid.quadrant_len()];
        for (sy, sx) in (0..n).flat_map(|sy| (0..n).map(move |sx| (sy, sx))) {
            let shift = |s: usize| (s as f64 + 0.5) / n as f64 - 0.5;
            let (cy, cx) = (64.0 + shift(sy), 64.0 + shift(sx));
            let pixel = |y: f64, x: f64, sub: usize| -> f64 {
                let at = |i: usize| (i as f64 + 0.5) / sub as f64 - 0.5;
                let value = |j: usize, i: usize| {
                    let (dy, dx) = (y + at(j) - cy, x + at(i) - cx);
                    template.at_squared((dy * dy + dx * dx) * unit * unit)
                };
                (0..sub * sub).map(|k| value(k / sub, k % sub)).sum::<f64>() / (sub * sub) as f64
            };
            let near = |v: usize| v.abs_diff(64) < 4;
            let map: Vec<f64> = (0..128 * 128)
                .map(|p| (p / 128, p % 128))
                .map(|(y, x)| pixel(y as f64, x as f64, if near(y) && near(x) { fine } else { 3 }))
                .collect();
            fft.forward(&map, &mut spectrum, &mut fft.make_scratch());
            for kx in 0..=64 {
                for ky in 0..=64 {
                    // Back to the centre at (0, 0) of the grid.
                    let phase = std::f64::consts::TAU * (kx as f64 * cx + ky as f64 * cy) / 128.0;
                    let z = spectrum[kx * 128 + ky] * Complex::from_polar(1.0, phase);
                    mean[kx * 65 + ky] += z.re * grid.pixel_rad().powi(2) / (n * n) as f64;
                }
            }
        }
        let direct = template.harmonic::<f64>(&grid);
        for (kx, ky) in [(1, 0), (3, 4), (10, 0), (20, 20), (40, 10), (60, 60)] {
            let (slow, fast) = (mean[kx * 65 + ky], direct[kx * 65 + ky]);
            let tolerance = 2e-3 * fast.abs() + 2e-4 * direct[65];
            assert!((slow - fast).abs() < tolerance, "({kx}, {ky}): {fast} against {slow}");
        }
    }
}
