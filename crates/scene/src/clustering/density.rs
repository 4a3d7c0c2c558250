//! The density field of one tile.

use crate::window::Window;
use rayon::prelude::*;

/// A box of cubic cells, `[z, y, x]`, with the observer at the middle of its near face.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cells {
    /// Cells along x and y.
    pub(crate) n_across: usize,
    /// Cells along z, the line of sight.
    pub(crate) n_along: usize,
    /// Side of a cell.
    pub(crate) cell_mpc: f64,
}

impl Cells {
    /// Number of cells.
    pub(crate) fn len(&self) -> usize {
        self.n_across * self.n_across * self.n_along
    }

    /// The plane that holds a distance along the axis.
    pub(crate) fn plane(&self, z_mpc: f64) -> usize {
        ((z_mpc / self.cell_mpc) as usize).min(self.n_along - 1)
    }

    /// The cell of a comoving distance in a direction of the tangent plane.
    pub(crate) fn cell(&self, distance_mpc: f64, [u, v]: [f64; 2]) -> usize {
        let z = distance_mpc / (1.0 + u * u + v * v).sqrt();
        let across = |t: f64| {
            let at = z * t / self.cell_mpc + 0.5 * self.n_across as f64;
            (at.max(0.0) as usize).min(self.n_across - 1)
        };
        (self.plane(z) * self.n_across + across(v)) * self.n_across + across(u)
    }
}

/// The Gaussian field `g` beneath the log-normal density of one tile, as of today.
#[derive(Clone, Debug)]
pub(crate) struct DensityField {
    cells: Cells,
    values: Vec<f32>,
    variance: f64,
    /// Largest value in each plane.
    plane_max: Vec<f32>,
    window: Window,
}

impl DensityField {
    pub(super) fn new(cells: Cells, values: Vec<f32>, variance: f64, window: Window) -> Self {
        let plane = cells.n_across * cells.n_across;
        let plane_max = values.par_chunks(plane).map(|plane| plane.iter().copied().fold(f32::MIN, f32::max)).collect();
        Self { cells, values, variance, plane_max, window }
    }

    /// The box.
    pub(crate) fn cells(&self) -> Cells {
        self.cells
    }

    /// The field in a cell.
    pub(crate) fn at(&self, cell: usize) -> f64 {
        f64::from(self.values[cell])
    }

    /// Mean square of the field in a cell over all skies.
    pub(crate) fn variance(&self) -> f64 {
        self.variance
    }

    /// A bound of the field between two distances.
    pub(crate) fn max_between(&self, near_mpc: f64, far_mpc: f64) -> f64 {
        // The window's corners lie nearer along the axis than its middle.
        let edge = 0.5 * self.window.padded.nx as f64 * self.window.pixel_rad();
        let corner = near_mpc / (1.0 + 2.0 * edge * edge).sqrt();
        let planes = &self.plane_max[self.cells.plane(corner)..=self.cells.plane(far_mpc)];
        f64::from(planes.iter().copied().fold(f32::MIN, f32::max))
    }
}
