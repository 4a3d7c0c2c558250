//! Profiles of clusters on the pixel grid.

use crate::grid::Grid;
use arcmin_fft::{Real, RealFft2, Scratch};
use arcmin_sky::pressure::ProjectedGnfw;
use arcmin_units::{Arcmin, Radian};
use num_complex::Complex;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How a profile becomes pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// Its value at the centre of each pixel.
    Centre,
    /// Its mean over each pixel: what a map maker's pixels hold, if the map has not been smoothed since.
    PixelMean,
}

/// Sub-pixels a side for [`Sampling::PixelMean`], and the radius in pixels within which they matter.
const N_SUB: usize = 5;
const SUBSAMPLED_PIXELS: f64 = 6.0;

/// The shape of a profile.
#[derive(Clone, Debug)]
enum Shape {
    Beta,
    Arnaud10(Arc<ProjectedGnfw>),
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
        Self { shape: Shape::Arnaud10(shape), scale: theta500 }
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
            Shape::Arnaud10(_) => format!("arnaud10-theta500-{:.2}", self.scale.value()),
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
            Shape::Arnaud10(table) => table.at_squared(x_squared),
        }
    }

    /// Fourier transform `tau(k)` in steradian on the quarter plane, of the profile sampled with its centre on pixel
    /// (0, 0) of the periodic grid. `map` and `spectrum` are working memory.
    pub fn transform<T: Real + Into<f64>>(
        &self,
        grid: &Grid,
        sampling: Sampling,
        fft: &RealFft2<T>,
        work: Work<'_, T>,
    ) -> Vec<T> {
        self.sample(grid, sampling, work.map);
        fft.forward(work.map, work.spectrum, work.scratch);
        let n_quarter = grid.n_quarter();
        let pixel_sr = grid.pixel_rad().powi(2);
        let mut tau = vec![T::default(); grid.quadrant_len()];
        let spectrum = &*work.spectrum;
        tau.par_chunks_mut(n_quarter).enumerate().for_each(|(kx, column)| {
            for (value, z) in column.iter_mut().zip(&spectrum[kx * grid.ny()..]) {
                *value = T::from_f64_lossy(z.re.into() * pixel_sr);
            }
        });
        tau
    }

    /// The profile on the pixels of a periodic grid, its centre on pixel (0, 0).
    pub fn sample<T: Real>(&self, grid: &Grid, sampling: Sampling, map: &mut [T]) {
        let (ny, nx) = (grid.ny(), grid.nx());
        let unit = grid.pixel_rad() / self.scale.to_rad().value();
        map.par_chunks_mut(nx).enumerate().for_each(|(y, row)| {
            let dy = y.min(ny - y) as f64;
            for x in 0..=nx / 2 {
                let value = T::from_f64_lossy(self.pixel(x as f64, dy, unit, sampling));
                row[x] = value;
                row[(nx - x) % nx] = value;
            }
        });
    }

    /// Value of the pixel at offset `(dx, dy)` pixels; `unit` is the pixel in units of the scale.
    fn pixel(&self, dx: f64, dy: f64, unit: f64, sampling: Sampling) -> f64 {
        let radius_squared = dx * dx + dy * dy;
        if sampling == Sampling::Centre || radius_squared > SUBSAMPLED_PIXELS * SUBSAMPLED_PIXELS {
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

/// Working memory that a caller lends.
pub struct Work<'a, T: Real> {
    /// One map of the grid.
    pub map: &'a mut [T],
    /// One half spectrum.
    pub spectrum: &'a mut [Complex<T>],
    /// The transform's own.
    pub scratch: &'a mut Scratch<T>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_one_at_the_centre_and_fall() {
        let shape = Arc::new(ProjectedGnfw::arnaud10());
        for template in [Template::beta(Arcmin::new(0.5)), Template::arnaud10(shape, Arcmin::new(3.0))] {
            let values: Vec<f64> = (0..40).map(|i| template.at(Arcmin::new(0.1 * f64::from(i)).to_rad())).collect();
            assert!((values[0] - 1.0).abs() < 1e-6, "{}", template.name());
            assert!(values.windows(2).all(|w| w[1] < w[0]), "{}", template.name());
        }
    }
}
