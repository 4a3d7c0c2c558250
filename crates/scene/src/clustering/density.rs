//! The density field of one tile, and its projection on the sky.

use super::LineOfSight;
use crate::window::Window;
use arcmin_maps::PixelPosition;
use rayon::prelude::*;
use std::sync::Arc;

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
    line_of_sight: Arc<LineOfSight>,
}

impl DensityField {
    pub(super) fn new(
        cells: Cells,
        values: Vec<f32>,
        variance: f64,
        window: Window,
        line_of_sight: Arc<LineOfSight>,
    ) -> Self {
        let plane = cells.n_across * cells.n_across;
        let plane_max = values.par_chunks(plane).map(|plane| plane.iter().copied().fold(f32::MIN, f32::max)).collect();
        Self { cells, values, variance, plane_max, window, line_of_sight }
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

    /// The contrast of matter seen along each line of sight with a weight, `int w(z) D(z) g dz / int w(z) dz`.
    ///
    /// It is a linear Gaussian field: for a log-normal one take `exp(b p - b^2 p_rms^2 / 2)`. The mean over all skies
    /// is zero. Structure is smooth below a cell of the field, some 10' at z = 1, and this map holds no more.
    pub(crate) fn projected(&self, weight: impl Fn(f64) -> f64) -> ProjectedDensity {
        let planes = self.line_of_sight_planes(weight);
        let n = ProjectedDensity::SIDE;
        let mut values = vec![0f32; n * n];
        let half = 0.5 * self.window.padded.nx as f64 * self.window.pixel_rad();
        let tangent = |idx: usize| half * (2.0 * (idx as f64 + 0.5) / n as f64 - 1.0);
        values.par_chunks_exact_mut(n).enumerate().for_each(|(row, values)| {
            for (column, value) in values.iter_mut().enumerate() {
                let direction = [tangent(column), tangent(row)];
                let along =
                    planes.iter().map(|&(distance, weight)| weight * self.at(self.cells.cell(distance, direction)));
                *value = along.sum::<f64>() as f32;
            }
        });
        let pixels = n as f64 / self.window.padded.nx as f64;
        ProjectedDensity { values, rim: self.window.rim() as f64, nodes_per_pixel: pixels }
    }

    /// Distances in steps of a cell, each with its share of the weight times the growth factor there.
    fn line_of_sight_planes(&self, weight: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        let end = self.line_of_sight.distance_mpc.last().copied().unwrap_or_default();
        let distance = |idx: usize| (idx as f64 + 0.5) * self.cells.cell_mpc;
        let step = |idx: usize| {
            let half = 0.5 * self.cells.cell_mpc;
            let (z_near, _) = self.line_of_sight.at_distance(distance(idx) - half);
            let (z_far, _) = self.line_of_sight.at_distance(distance(idx) + half);
            let (z, growth) = self.line_of_sight.at_distance(distance(idx));
            (distance(idx), weight(z) * (z_far - z_near), growth)
        };
        let steps: Vec<_> = (0..).take_while(|&idx| distance(idx) < end).map(step).collect();
        let total: f64 = steps.iter().map(|(_, weight, _)| weight).sum();
        let share = |(distance, weight, growth)| (distance, weight * growth / total);
        if total > 0.0 { steps.into_iter().map(share).collect() } else { Vec::new() }
    }
}

/// A smooth map over a tile and its rim.
#[derive(Clone, Debug)]
pub(crate) struct ProjectedDensity {
    values: Vec<f32>,
    rim: f64,
    nodes_per_pixel: f64,
}

impl ProjectedDensity {
    /// Nodes along each side, rim included: 4.4' apart on tiles of 8.5 degrees.
    const SIDE: usize = 128;

    /// The value at a position in pixels of the tile, linear between nodes.
    pub(crate) fn at(&self, position: PixelPosition) -> f64 {
        let node = |at: f64| ((at + self.rim + 0.5) * self.nodes_per_pixel - 0.5).clamp(0.0, (Self::SIDE - 1) as f64);
        let (x, y) = (node(position.x), node(position.y));
        let (i, j) = ((x as usize).min(Self::SIDE - 2), (y as usize).min(Self::SIDE - 2));
        let (fx, fy) = (x - i as f64, y - j as f64);
        let value = |i: usize, j: usize| f64::from(self.values[j * Self::SIDE + i]);
        let row = |j: usize| value(i, j) + fx * (value(i + 1, j) - value(i, j));
        row(j) + fy * (row(j + 1) - row(j))
    }

    /// Mean of the squares of all nodes.
    pub(crate) fn mean_square(&self) -> f64 {
        self.values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>() / self.values.len() as f64
    }
}
