//! Adding up the deflections of many tapered haloes.

use super::{PlacedLens, Taper};
use crate::paint::ProfileTable;
use arcmin_units::Radian;
use rayon::prelude::*;

/// Rows that are painted as one task. The sums do not depend on it.
const ROWS_PER_TASK: usize = 32;

/// Adds the haloes to the two components of the deflection, in their order.
pub(crate) fn paint(along_x: &mut [f32], along_y: &mut [f32], nx: usize, lenses: &[PlacedLens], taper: &Taper) {
    let Some(first) = lenses.first() else { return };
    let reach_rad = taper.radius().value();
    let x_max = lenses.iter().map(|lens| reach_rad / lens.lens().theta_s().value()).fold(1.0, f64::max);
    let profile = mean_convergence(first, 1.001 * x_max);
    let brushes: Vec<Brush> = lenses.iter().map(|lens| Brush::new(lens, reach_rad)).collect();
    let tasks = brushes_by_task(along_x.len() / nx, &brushes);
    let rows = along_x.par_chunks_mut(ROWS_PER_TASK * nx).zip(along_y.par_chunks_mut(ROWS_PER_TASK * nx));
    rows.zip(tasks).enumerate().for_each(|(task, ((along_x, along_y), touching))| {
        for &brush_idx in &touching {
            let brush = &brushes[brush_idx as usize];
            for (row, (along_x, along_y)) in along_x.chunks_exact_mut(nx).zip(along_y.chunks_exact_mut(nx)).enumerate()
            {
                brush.paint_row(along_x, along_y, (task * ROWS_PER_TASK + row) as f64, &profile);
            }
        }
    });
}

/// Mean convergence within `x` scale radii over that within one; every NFW lens has the same.
fn mean_convergence(lens: &PlacedLens, x_max: f64) -> ProfileTable {
    let nfw = *lens.lens();
    let theta_s_rad = nfw.theta_s().value();
    let at_one = nfw.kappa_mean(nfw.theta_s());
    ProfileTable::new(move |x| nfw.kappa_mean(Radian::new(x * theta_s_rad)) / at_one, x_max)
}

/// A halo made ready for painting, with angles in units of its scale radius.
struct Brush {
    x: f64,
    y: f64,
    /// Mean convergence within the scale radius.
    amplitude: f32,
    /// Coefficients of `dx^2`, `2 dx dy` and `dy^2` in the square of the angle.
    metric: [f64; 3],
    /// Square of the angle at which the taper ends.
    reach_square: f64,
}

impl Brush {
    fn new(placed: &PlacedLens, reach_rad: f64) -> Self {
        let theta_s_rad = placed.lens().theta_s().value();
        let per_square = 1.0 / (theta_s_rad * theta_s_rad);
        Self {
            x: placed.centre().x,
            y: placed.centre().y,
            amplitude: placed.lens().kappa_mean(placed.lens().theta_s()) as f32,
            metric: placed.metric_rad2().map(|m| m * per_square),
            reach_square: reach_rad * reach_rad * per_square,
        }
    }

    /// Half the height of the painted ellipse in pixels.
    fn half_height(&self) -> f64 {
        let [a, b, c] = self.metric;
        (self.reach_square * a / (a * c - b * b)).sqrt()
    }

    /// Columns within reach in the row at `dy` from the centre.
    fn columns(&self, dy: f64, nx: usize) -> std::ops::Range<usize> {
        let [a, b, c] = self.metric;
        let middle = -b * dy / a;
        let square = middle * middle - (c * dy * dy - self.reach_square) / a;
        if square < 0.0 {
            return 0..0;
        }
        let first = (self.x + middle - square.sqrt()).ceil().max(0.0);
        let end = ((self.x + middle + square.sqrt()).floor() + 1.0).min(nx as f64);
        if first < end { first as usize..end as usize } else { 0..0 }
    }

    fn paint_row(&self, along_x: &mut [f32], along_y: &mut [f32], row: f64, profile: &ProfileTable) {
        let dy = row - self.y;
        let columns = self.columns(dy, along_x.len());
        let start = (columns.start as f64 - self.x) as f32;
        let (along_x, along_y) = (&mut along_x[columns.clone()], &mut along_y[columns]);
        let [a, b, c] = self.metric;
        let (a, b_dy, c_dy2, dy) = (a as f32, (2.0 * b * dy) as f32, (c * dy * dy) as f32, dy as f32);
        // u = (theta^2 - r^2 / 4) / (3 r^2 / 4), as Taper tells.
        let u_slope = (4.0 / 3.0 / self.reach_square) as f32;
        for (column, (x, y)) in along_x.iter_mut().zip(along_y).enumerate() {
            let dx = start + column as f32;
            let square = (a * dx + b_dy) * dx + c_dy2;
            let u = (u_slope * square - 1.0 / 3.0).clamp(0.0, 1.0);
            let kept = 1.0 - u * u * u * (10.0 - u * (15.0 - 6.0 * u));
            let part = self.amplitude * kept * profile.at_square(square);
            *x += part * dx;
            *y += part * dy;
        }
    }
}

/// The numbers of the brushes that reach into each task's rows, in order.
fn brushes_by_task(ny: usize, brushes: &[Brush]) -> Vec<Vec<u32>> {
    let mut tasks = vec![Vec::new(); ny.div_ceil(ROWS_PER_TASK)];
    for (idx, brush) in brushes.iter().enumerate() {
        let reach = brush.half_height();
        let (first, last) = ((brush.y - reach).ceil().max(0.0), (brush.y + reach).floor().min(ny as f64 - 1.0));
        if first <= last {
            for task in &mut tasks[first as usize / ROWS_PER_TASK..=last as usize / ROWS_PER_TASK] {
                task.push(idx as u32);
            }
        }
    }
    tasks
}
