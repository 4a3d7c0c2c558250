//! Painting haloes: the projected pressure profile of each, truncated, added to a Compton-y image.
//!
//! Distances are measured on the sky to first order about each halo: the metric of the gnomonic projection at its
//! position makes a circle on the sky an ellipse in pixels (1% at 6 degrees from the tile's centre). Pixels near a
//! halo's centre hold the mean over 5 x 5 points, as the profile has a cusp there.

use rayon::prelude::*;

/// Rows that are painted as one task. The image does not depend on it: each pixel adds up its haloes in their order.
const ROWS_PER_TASK: usize = 32;
/// Points along one side of a pixel near a halo's centre.
const SUBSAMPLES: usize = 5;
/// Pixels closer than this are subsampled.
const SUBSAMPLED_ARCMIN: f64 = 1.0;
/// Or closer than this, where pixels are coarse.
const SUBSAMPLED_PIXELS: f64 = 2.5;
/// Intervals of the profile table.
const TABLE_INTERVALS: usize = 2048;

/// The projected profile `y(x) / y(0)` in single precision, `x = theta / theta500`, zero from `x_max` on.
///
/// Tabulated in the square root of x, since `y(0) - y(x)` goes as `x^0.69` at the cusp; linear in between. Error below
/// 1e-5 of the centre everywhere.
#[derive(Clone, Debug)]
pub(crate) struct ProfileTable {
    x_max: f64,
    nodes_per_root_x: f32,
    values: Vec<f32>,
}

impl ProfileTable {
    /// Tabulates a shape that is one at zero.
    pub(crate) fn new(shape: impl Fn(f64) -> f64, x_max: f64) -> Self {
        let nodes_per_root_x = TABLE_INTERVALS as f64 / x_max.sqrt();
        let at = |node: usize| shape((node as f64 / nodes_per_root_x).powi(2).min(x_max)) as f32;
        let mut values: Vec<f32> = (0..TABLE_INTERVALS).map(at).collect();
        // Zero at the truncation and one node beyond, which rounding may reach.
        values.extend([0.0; 2]);
        Self { x_max, nodes_per_root_x: nodes_per_root_x as f32, values }
    }

    /// Value at the square of x; the caller keeps x within the table.
    fn at_square(&self, x_square: f32) -> f32 {
        let node = x_square.sqrt().sqrt() * self.nodes_per_root_x;
        let idx = (node as usize).min(TABLE_INTERVALS);
        let (low, high) = (self.values[idx], self.values[idx + 1]);
        low + (high - low) * (node - idx as f32)
    }
}

/// A halo as the image sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    /// Column of the centre, in pixels of the image.
    pub(crate) x: f64,
    /// Row of the centre.
    pub(crate) y: f64,
    /// Angle in arcmin squared of a pixel step: `dx^2`, `2 dx dy` and `dy^2` terms.
    pub(crate) metric_arcmin2: [f64; 3],
    /// Angle under which R500c is seen.
    pub(crate) theta500_arcmin: f64,
    /// Central Compton y.
    pub(crate) y0: f64,
}

impl Stamp {
    /// Angle from the centre within which pixels may hold something: the truncation and one pixel more, as the corner
    /// of a pixel may be inside where its centre is not.
    fn reach_arcmin(&self, x_max: f64) -> f64 {
        x_max * self.theta500_arcmin + self.pixel_arcmin()
    }

    /// The longer side of a pixel.
    fn pixel_arcmin(&self) -> f64 {
        self.metric_arcmin2[0].max(self.metric_arcmin2[2]).sqrt()
    }

    /// Half the height in pixels of the ellipse of radius `theta_arcmin`.
    fn half_height(&self, theta_arcmin: f64) -> f64 {
        let [a, b, c] = self.metric_arcmin2;
        theta_arcmin * (a / (a * c - b * b)).sqrt()
    }

    /// Columns of the ellipse of radius `theta_arcmin` in a row, relative to the centre; `None` where it has none.
    fn chord(&self, theta_arcmin: f64, dy: f64) -> Option<(f64, f64)> {
        let [a, b, c] = self.metric_arcmin2;
        let middle = -b * dy / a;
        let square = middle * middle - (c * dy * dy - theta_arcmin * theta_arcmin) / a;
        (square >= 0.0).then(|| (middle - square.sqrt(), middle + square.sqrt()))
    }
}

/// Adds haloes to an image of `nx` columns, in their order.
pub(crate) fn paint(image: &mut [f32], nx: usize, stamps: &[Stamp], profile: &ProfileTable) {
    let ny = image.len() / nx;
    let tasks = stamps_by_task(ny, stamps, profile.x_max);
    image.par_chunks_mut(ROWS_PER_TASK * nx).zip(tasks).enumerate().for_each(|(task, (rows, touching))| {
        for &stamp_idx in &touching {
            let brush = Brush::new(&stamps[stamp_idx as usize], profile);
            for (row, pixels) in rows.chunks_exact_mut(nx).enumerate() {
                brush.paint_row(pixels, task * ROWS_PER_TASK + row);
            }
        }
    });
}

/// The numbers of the stamps that reach into each task's rows, in order.
fn stamps_by_task(ny: usize, stamps: &[Stamp], x_max: f64) -> Vec<Vec<u32>> {
    let n_tasks = ny.div_ceil(ROWS_PER_TASK);
    let mut tasks = vec![Vec::new(); n_tasks];
    for (idx, stamp) in stamps.iter().enumerate() {
        let reach = stamp.half_height(stamp.reach_arcmin(x_max));
        let (first, last) = ((stamp.y - reach).ceil().max(0.0), (stamp.y + reach).floor().min(ny as f64 - 1.0));
        if first <= last {
            for task in &mut tasks[first as usize / ROWS_PER_TASK..=last as usize / ROWS_PER_TASK] {
                task.push(idx as u32);
            }
        }
    }
    tasks
}

/// One stamp made ready for painting: its metric in units of theta500, in single precision.
struct Brush<'a> {
    stamp: &'a Stamp,
    profile: &'a ProfileTable,
    theta_subsampled_arcmin: f64,
    metric: [f32; 3],
}

impl<'a> Brush<'a> {
    fn new(stamp: &'a Stamp, profile: &'a ProfileTable) -> Self {
        let per_theta500 = 1.0 / (stamp.theta500_arcmin * stamp.theta500_arcmin);
        let theta_subsampled_arcmin = SUBSAMPLED_ARCMIN.max(SUBSAMPLED_PIXELS * stamp.pixel_arcmin());
        let metric = stamp.metric_arcmin2.map(|m| (m * per_theta500) as f32);
        Self { stamp, profile, theta_subsampled_arcmin, metric }
    }

    fn paint_row(&self, pixels: &mut [f32], row: usize) {
        let dy = row as f64 - self.stamp.y;
        let reach_arcmin = self.stamp.reach_arcmin(self.profile.x_max);
        let Some(outer) = self.columns(reach_arcmin, dy, pixels.len()) else {
            return;
        };
        let inner = self.columns(self.theta_subsampled_arcmin, dy, pixels.len()).unwrap_or(outer.end..outer.end);
        let inner = inner.start.clamp(outer.start, outer.end)..inner.end.clamp(outer.start, outer.end);
        let y0 = self.stamp.y0 as f32;
        for columns in [outer.start..inner.start, inner.end..outer.end] {
            for column in columns {
                let dx = (column as f64 - self.stamp.x) as f32;
                pixels[column] += y0 * self.shape_at(dx, dy as f32);
            }
        }
        for column in inner {
            pixels[column] += y0 * self.pixel_mean((column as f64 - self.stamp.x) as f32, dy as f32);
        }
    }

    /// Columns whose centres lie within an angle of the halo's, in the row at `dy`.
    fn columns(&self, theta_arcmin: f64, dy: f64, nx: usize) -> Option<std::ops::Range<usize>> {
        let (left, right) = self.stamp.chord(theta_arcmin, dy)?;
        let first = (self.stamp.x + left).ceil().max(0.0);
        let end = ((self.stamp.x + right).floor() + 1.0).min(nx as f64);
        (first < end).then_some(first as usize..end as usize)
    }

    fn shape_at(&self, dx: f32, dy: f32) -> f32 {
        let [a, b, c] = self.metric;
        let x_square = (a * dx + 2.0 * b * dy) * dx + c * dy * dy;
        self.profile.at_square(x_square)
    }

    fn pixel_mean(&self, dx: f32, dy: f32) -> f32 {
        let offset = |k: usize| (k as f32 + 0.5) / SUBSAMPLES as f32 - 0.5;
        let mut sum = 0.0;
        for j in 0..SUBSAMPLES {
            for i in 0..SUBSAMPLES {
                sum += self.shape_at(dx + offset(i), dy + offset(j));
            }
        }
        sum / (SUBSAMPLES * SUBSAMPLES) as f32
    }
}
