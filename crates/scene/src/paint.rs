//! Painting haloes: the projected profile of each, truncated, added to an image: pressure in Compton y, moving gas in uK.
//!
//! Distances are measured on the sky to first order about each halo: the metric of the gnomonic projection at its
//! position makes a circle on the sky an ellipse in pixels (1% at 6 degrees from the tile's centre). Pixels near a
//! halo's centre hold the mean over 5 x 5 points, as the profile has a cusp there: a pixel is right to 0.6% of the central
//! value, and the flux to 0.5%, for theta500 from one pixel up.

use crate::window::Window;
use arcmin_maps::PixelPosition;
use arcmin_units::Radian;
use rayon::prelude::*;

/// Rows that are painted as one task. The image does not depend on it: each pixel adds up its haloes in their order.
const ROWS_PER_TASK: usize = 32;
/// Points along one side of a pixel near a halo's centre, and of the pixel that holds the cusp itself.
const SUBSAMPLES: usize = 5;
const SUBSAMPLES_AT_CUSP: usize = 15;
/// Pixels closer than this are subsampled.
const SUBSAMPLED_ARCMIN: f64 = 1.0;
/// Or closer than this, where pixels are coarse.
const SUBSAMPLED_PIXELS: f64 = 4.0;
/// The projected profile `y(x) / y(0)` in single precision, `x = theta / theta500`, zero from `x_max` on.
///
/// Tabulated in `x^2` at nodes that are evenly spaced within each octave, and linear in between: the leading bits of
/// the floating-point number are the index and its trailing bits are the way to the next node. Error below 2e-5 of the
/// value and 2e-6 of the centre, save at `x < 3e-5`, where the cusp is cut (1e-3).
///
/// PERF: 1.85 times as fast as a table in a root of x, as neither roots nor conversions to integers are needed.
#[derive(Clone, Debug)]
pub(crate) struct ProfileTable {
    x_max: f64,
    values: Vec<f32>,
}

impl ProfileTable {
    /// Square of the least x.
    const X_SQUARE_MIN: f32 = 1.0 / (1u32 << 30) as f32;
    /// Nodes an octave of `x^2`, as a power of two.
    const LOG2_NODES: u32 = 7;
    /// Bits that tell the way to the next node.
    const PART_BITS: u32 = f32::MANTISSA_DIGITS - 1 - Self::LOG2_NODES;

    /// Tabulates a shape that is one at zero.
    pub(crate) fn new(shape: impl Fn(f64) -> f64, x_max: f64) -> Self {
        let first = Self::X_SQUARE_MIN.to_bits();
        let nodes = (0u32..).map(|idx| f64::from(f32::from_bits(first + (idx << Self::PART_BITS))));
        let inside = nodes.take_while(|&x_square| x_square < x_max * x_max);
        let mut values: Vec<f32> = inside.map(|x_square| shape(x_square.sqrt()) as f32).collect();
        // Zero at the truncation and beyond.
        values.extend([0.0; 2]);
        Self { x_max, values }
    }

    /// Value at the square of x.
    pub(crate) fn at_square(&self, x_square: f32) -> f32 {
        let bits = x_square.max(Self::X_SQUARE_MIN).to_bits() - Self::X_SQUARE_MIN.to_bits();
        let idx = ((bits >> Self::PART_BITS) as usize).min(self.values.len() - 2);
        let part = (bits & ((1 << Self::PART_BITS) - 1)) as i32 as f32 * (1.0 / (1 << Self::PART_BITS) as f32);
        let (low, high) = (self.values[idx], self.values[idx + 1]);
        low + (high - low) * part
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
    /// Angle that is one in the units of the profile: that of R500c, but for Battaglia12.
    pub(crate) unit_arcmin: f64,
    /// Which of the profiles it has.
    pub(crate) profile_idx: usize,
    /// Value at the centre.
    pub(crate) central: f64,
}

impl Stamp {
    /// A halo at a position in pixels of the tile, on an image of the padded window.
    pub(crate) fn new(window: &Window, pixel: PixelPosition, unit: Radian, central: f64) -> Self {
        let rim = window.rim() as f64;
        Self {
            x: pixel.x + rim,
            y: pixel.y + rim,
            metric_arcmin2: window.metric_arcmin2(pixel),
            unit_arcmin: unit.to_arcmin().value(),
            profile_idx: 0,
            central,
        }
    }

    /// Angle from the centre within which pixels may hold something: the truncation and one pixel more, as the corner
    /// of a pixel may be inside where its centre is not.
    fn reach_arcmin(&self, x_max: f64) -> f64 {
        x_max * self.unit_arcmin + self.pixel_arcmin()
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

/// Adds haloes to an image of `nx` columns, in their order; the profiles that they choose from all end at the same x.
pub(crate) fn paint(image: &mut [f32], nx: usize, stamps: &[Stamp], profiles: &[ProfileTable]) {
    let ny = image.len() / nx;
    let tasks = stamps_by_task(ny, stamps, profiles[0].x_max);
    image.par_chunks_mut(ROWS_PER_TASK * nx).zip(tasks).enumerate().for_each(|(task, (rows, touching))| {
        for &stamp_idx in &touching {
            let stamp = &stamps[stamp_idx as usize];
            let brush = Brush::new(stamp, &profiles[stamp.profile_idx]);
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

/// One stamp made ready for painting: its metric in units of the profile, in single precision.
struct Brush<'a> {
    stamp: &'a Stamp,
    profile: &'a ProfileTable,
    theta_subsampled_arcmin: f64,
    metric: [f32; 3],
}

impl<'a> Brush<'a> {
    fn new(stamp: &'a Stamp, profile: &'a ProfileTable) -> Self {
        let per_unit = 1.0 / (stamp.unit_arcmin * stamp.unit_arcmin);
        let theta_subsampled_arcmin = SUBSAMPLED_ARCMIN.max(SUBSAMPLED_PIXELS * stamp.pixel_arcmin());
        let metric = stamp.metric_arcmin2.map(|m| (m * per_unit) as f32);
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
        let central = self.stamp.central as f32;
        for columns in [outer.start..inner.start, inner.end..outer.end] {
            for column in columns {
                let dx = (column as f64 - self.stamp.x) as f32;
                pixels[column] += central * self.shape_at(dx, dy as f32);
            }
        }
        for column in inner {
            pixels[column] += central * self.pixel_mean((column as f64 - self.stamp.x) as f32, dy as f32);
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

    /// Mean over the pixel at an offset from the centre.
    fn pixel_mean(&self, dx: f32, dy: f32) -> f32 {
        if dx.abs() <= 0.5 && dy.abs() <= 0.5 {
            self.mean_over_points::<SUBSAMPLES_AT_CUSP>(dx, dy)
        } else {
            self.mean_over_points::<SUBSAMPLES>(dx, dy)
        }
    }

    fn mean_over_points<const N: usize>(&self, dx: f32, dy: f32) -> f32 {
        let offset = |k: usize| (k as f32 + 0.5) / N as f32 - 0.5;
        let mut sum = 0.0;
        for j in 0..N {
            for i in 0..N {
                sum += self.shape_at(dx + offset(i), dy + offset(j));
            }
        }
        sum / (N * N) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A shape with the cusp and the steep outskirts of a cluster's, zero from 5 on.
    fn shape(x: f64) -> f64 {
        if x >= 5.0 { 0.0 } else { (1.0 - x * x / 25.0).sqrt() / (1.0 + 1.2 * x.powf(0.7) + x * x).powf(2.0) }
    }

    fn stamp(x: f64, y: f64, theta500_arcmin: f64, pixel_arcmin: f64) -> Stamp {
        let scale = pixel_arcmin * pixel_arcmin;
        let metric_arcmin2 = [0.97 * scale, 0.01 * scale, 0.985 * scale];
        Stamp { x, y, metric_arcmin2, unit_arcmin: theta500_arcmin, profile_idx: 0, central: 1e-4 }
    }

    /// The obvious twin: every pixel is the mean over many points of the exact shape, in double precision.
    fn paint_slowly(image: &mut [f32], nx: usize, stamp: &Stamp) {
        const POINTS: usize = 24;
        let [a, b, c] = stamp.metric_arcmin2;
        for (idx, pixel) in image.iter_mut().enumerate() {
            let (dx, dy) = ((idx % nx) as f64 - stamp.x, (idx / nx) as f64 - stamp.y);
            let mut sum = 0.0;
            for k in 0..POINTS * POINTS {
                let offset = |k: usize| (k as f64 + 0.5) / POINTS as f64 - 0.5;
                let (dx, dy) = (dx + offset(k % POINTS), dy + offset(k / POINTS));
                let theta_arcmin = (a * dx * dx + 2.0 * b * dx * dy + c * dy * dy).sqrt();
                sum += shape(theta_arcmin / stamp.unit_arcmin);
            }
            *pixel += (stamp.central * sum / (POINTS * POINTS) as f64) as f32;
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn painting_agrees_with_the_pixel_means(
            x in -10.0..74.0f64, y in -10.0..74.0f64, theta500_arcmin in 0.5..6.0f64, fine in any::<bool>(),
        ) {
            let stamp = stamp(x, y, theta500_arcmin, if fine { 0.25 } else { 0.5 });
            let (mut fast, mut slow) = (vec![0f32; 64 * 64], vec![0f32; 64 * 64]);
            paint(&mut fast, 64, &[stamp], &[ProfileTable::new(shape, 5.0)]);
            paint_slowly(&mut slow, 64, &stamp);
            for (idx, (&fast, &slow)) in fast.iter().zip(&slow).enumerate() {
                let difference = f64::from(fast - slow) / stamp.central;
                prop_assert!(difference.abs() < 6e-3, "pixel {idx}: {difference:e} of the centre");
            }
            let sum = |image: &[f32]| image.iter().map(|&v| f64::from(v)).sum::<f64>();
            // The sum over an image that holds the halo is its flux.
            if (20.0..44.0).contains(&x) && (20.0..44.0).contains(&y) && theta500_arcmin < 3.0 {
                prop_assert!((sum(&fast) / sum(&slow) - 1.0).abs() < 5e-3, "{} {}", sum(&fast), sum(&slow));
            }
        }
    }

    #[test]
    fn haloes_add_up_in_their_order() {
        let profiles = [ProfileTable::new(shape, 5.0)];
        let place =
            |k: usize| stamp((k * 37 % 130) as f64 - 10.3, (k * 53 % 110) as f64 - 4.7, 0.4 + 0.05 * k as f64, 0.5);
        let stamps: Vec<Stamp> = (0..60).map(place).collect();
        let (mut together, mut one_by_one) = (vec![0f32; 120 * 100], vec![0f32; 120 * 100]);
        paint(&mut together, 120, &stamps, &profiles);
        stamps.iter().for_each(|stamp| paint(&mut one_by_one, 120, &[*stamp], &profiles));
        assert_eq!(together, one_by_one);
    }

    #[test]
    fn profile_table_follows_the_shape() {
        let table = ProfileTable::new(shape, 5.0);
        assert_eq!(table.at_square(25.0), 0.0);
        assert_eq!(table.at_square(1e9), 0.0);
        assert!((table.at_square(0.0) - 1.0).abs() < 2e-3);
        for k in 0..2000 {
            let x = 4.99 * (f64::from(k) / 2000.0).powi(3) + 1e-4;
            let (ours, exact) = (f64::from(table.at_square((x * x) as f32)), shape(x));
            assert!((ours - exact).abs() < 2e-5 * exact + 2e-6, "{x}: {ours} {exact}");
        }
    }
}
