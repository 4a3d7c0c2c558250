//! The noise level from place to place.
//!
//! Measured noise is one covariance for a whole window, but scans and edges make a map's noise differ over it. The
//! filtered map's robust rms is taken in square cells, and where it is `f` times that of the whole window, errors are
//! multiplied and signal-to-noise ratios divided by
//!
//! `f(x) = max(0.8, rms_cell / rms_window)`, bilinear between cell centres.
//!
//! Clusters hardly enter, as the rms is `1.4826 median |v|`. The ratio is taken at the fixed scale and serves all
//! scales. A cell of 40 arcmin holds some hundred independent patches of a filter, so that `f` itself scatters by some
//! ten per cent. Derived here.

use crate::robust::Histogram;
use crate::tiling::Rect;

/// The least factor: a quiet cell may be chance.
const FACTOR_MIN: f64 = 0.8;
/// Cells with fewer searched pixels take the factor of the nearest other cell.
const CELL_MIN_PIXELS: usize = 1000;

/// Factors on the errors over one window's core.
pub(crate) struct LocalNoise {
    core: Rect,
    /// Cells along x and y.
    n: [usize; 2],
    factors: Vec<f32>,
}

impl LocalNoise {
    /// No variation at all.
    pub(crate) fn uniform(core: Rect) -> Self {
        Self { core, n: [1, 1], factors: vec![1.0] }
    }

    /// Measures cells of about `cell` pixels a side; `value(x, y)` is the filtered map in units of its rms over the
    /// core, `None` where it does not count.
    pub(crate) fn measure(core: Rect, cell: f64, value: impl Fn(usize, usize) -> Option<f32>) -> Self {
        let cells = |side: usize| ((side as f64 / cell).round() as usize).max(1);
        let n = [cells(core.shape.nx), cells(core.shape.ny)];
        let edge = |i: usize, side: usize, n: usize| i * side / n;
        let measured: Vec<Option<f64>> = (0..n[0] * n[1])
            .map(|cell| {
                let (i, j) = (cell % n[0], cell / n[0]);
                let columns = edge(i, core.shape.nx, n[0])..edge(i + 1, core.shape.nx, n[0]);
                let rows = edge(j, core.shape.ny, n[1])..edge(j + 1, core.shape.ny, n[1]);
                let values: Vec<f32> = rows
                    .flat_map(|y| columns.clone().map(move |x| (x, y)))
                    .filter_map(|(x, y)| value(core.x0 + x, core.y0 + y))
                    .collect();
                if values.len() < CELL_MIN_PIXELS { None } else { Histogram::of(values.into_iter()).rms() }
            })
            .collect();
        let factor = |cell| nearest(&measured, n[0], cell).map_or(1.0, |rms| rms.max(FACTOR_MIN) as f32);
        Self { core, n, factors: (0..measured.len()).map(factor).collect() }
    }

    /// The factor at pixel `(x, y)` of the whole map.
    pub(crate) fn at(&self, x: usize, y: usize) -> f32 {
        let place = |at: usize, side: usize, n: usize| {
            let at = ((at as f32 + 0.5) * n as f32 / side as f32 - 0.5).clamp(0.0, (n - 1) as f32);
            let low = (at as usize).min(n.saturating_sub(2));
            (low, (low + 1).min(n - 1), at - low as f32)
        };
        let (x0, x1, fx) = place(x - self.core.x0, self.core.shape.nx, self.n[0]);
        let (y0, y1, fy) = place(y - self.core.y0, self.core.shape.ny, self.n[1]);
        let row = |y: usize| {
            let (a, b) = (self.factors[y * self.n[0] + x0], self.factors[y * self.n[0] + x1]);
            a + (b - a) * fx
        };
        row(y0) + (row(y1) - row(y0)) * fy
    }
}

/// Value of the nearest cell that has one, the first of those equally near.
fn nearest(measured: &[Option<f64>], n_x: usize, cell: usize) -> Option<f64> {
    let distance = |other: usize| {
        let (dx, dy) = ((other % n_x).abs_diff(cell % n_x), (other / n_x).abs_diff(cell / n_x));
        dx * dx + dy * dy
    };
    let best = (0..measured.len()).filter(|&other| measured[other].is_some()).min_by_key(|&other| distance(other))?;
    measured[best]
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_maps::Shape;

    #[test]
    fn factors_follow_a_step_in_the_noise() {
        let core = Rect { x0: 10, y0: 20, shape: Shape { ny: 200, nx: 400 } };
        let value = |x: usize, y: usize| {
            let sign = ((x * 7919 + y * 104_729) % 1009) as f32 / 504.5 - 1.0;
            Some(if x < 210 { sign } else { 1.5 * sign })
        };
        let local = LocalNoise::measure(core, 100.0, value);
        let ratio = local.at(409, 120) / local.at(10, 120);
        // A uniform distribution on [-1, 1] has a median of 1/2, below the least factor once multiplied by 1.4826.
        assert!((local.at(10, 120) - 0.8).abs() < 1e-6 && (ratio * 0.8 / (1.5 * 0.7413) - 1.0).abs() < 0.02, "{ratio}");
        assert_eq!(LocalNoise::uniform(core).at(300, 100), 1.0);
    }
}
