//! The micro-kernel for weight gradients: `c[i][j] += sum over pixels of x[pixel][i] y[pixel][j]`, with six rows by a strip
//! of columns in registers over all pixels of a list.

use crate::rows::{PANEL, TILE_ROWS, load_columns, store_columns};
use crate::shared::SharedOutput;
use crate::simd::{Isa, Kernel, Simd};

/// A sum of outer products.
pub(crate) struct OuterJob<'a> {
    /// Offsets of each pixel in `x` and `y`.
    pub(crate) pixels: &'a [(usize, usize)],
    pub(crate) x: &'a [f32],
    pub(crate) y: &'a [f32],
    /// Rows of the result: numbers of `x` after each of its offsets.
    pub(crate) n_rows: usize,
    /// Columns of the result, a multiple of 16: numbers of `y` after each of its offsets.
    pub(crate) n_columns: usize,
    pub(crate) c: SharedOutput<'a>,
    /// Offset of the result in `c`, and of a row from the one before.
    pub(crate) c_start: usize,
    pub(crate) c_step: usize,
    /// Whether to add to the result rather than to replace it.
    pub(crate) accumulate: bool,
}

/// Computes the sum.
///
/// # Safety
/// Each pixel must have `n_rows` numbers in `x` and `n_columns` in `y`; the result must lie inside of `c`, and no other
/// task may touch it meanwhile.
pub(crate) unsafe fn add_outer_products(isa: Isa, job: OuterJob<'_>) {
    assert!(job.n_columns <= PANEL && job.n_columns.is_multiple_of(16));
    // SAFETY: the caller vouches for the job.
    unsafe { isa.run(CheckedJob(job)) };
}

/// A job whose caller has vouched for it.
struct CheckedJob<'a>(OuterJob<'a>);

impl Kernel for CheckedJob<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self, simd: S) {
        let job = &self.0;
        let mut column = 0;
        while column < job.n_columns {
            let n_vectors = ((job.n_columns - column) / S::LANES).min(S::MAX_VECTORS);
            column += match n_vectors {
                4.. if S::MAX_VECTORS >= 4 => all_rows::<S, 4>(simd, job, column),
                2.. => all_rows::<S, 2>(simd, job, column),
                _ => all_rows::<S, 1>(simd, job, column),
            };
        }
    }
}

/// All rows of a strip. Returns its number of columns.
#[inline(always)]
fn all_rows<S: Simd, const VECTORS: usize>(simd: S, job: &OuterJob<'_>, column: usize) -> usize {
    let mut row = 0;
    while row < job.n_rows {
        row += match job.n_rows - row {
            TILE_ROWS.. => tile::<S, TILE_ROWS, VECTORS>(simd, job, row, column),
            4.. => tile::<S, 4, VECTORS>(simd, job, row, column),
            2.. => tile::<S, 2, VECTORS>(simd, job, row, column),
            _ => tile::<S, 1, VECTORS>(simd, job, row, column),
        };
    }
    VECTORS * S::LANES
}

/// One tile of the result. Returns its number of rows.
#[inline(always)]
fn tile<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    job: &OuterJob<'_>,
    row: usize,
    column: usize,
) -> usize {
    let width = VECTORS * S::LANES;
    // SAFETY: by the contract of `add_outer_products` the result lies inside of `c` and is this task's own.
    let c: [*mut f32; ROWS] =
        std::array::from_fn(|r| unsafe { job.c.at(job.c_start + (row + r) * job.c_step + column, width) });
    let mut sums = [[simd.zero(); VECTORS]; ROWS];
    if job.accumulate {
        for (sums, &c) in sums.iter_mut().zip(&c) {
            // SAFETY: as for `c`.
            *sums = unsafe { load_columns(simd, c, width) };
        }
    }
    for &(x, y) in job.pixels {
        debug_assert!(x + job.n_rows <= job.x.len() && y + job.n_columns <= job.y.len());
        // SAFETY: by the contract of `add_outer_products`, with `row + ROWS <= n_rows` and `column + width <= n_columns`.
        unsafe {
            let x = job.x.as_ptr().add(x + row);
            let y = job.y.as_ptr().add(y + column);
            let y: [S::V; VECTORS] = std::array::from_fn(|v| simd.load(y.add(v * S::LANES)));
            for (r, sums) in sums.iter_mut().enumerate() {
                let x = simd.splat(*x.add(r));
                for (sum, &y) in sums.iter_mut().zip(&y) {
                    *sum = simd.mul_add(x, y, *sum);
                }
            }
        }
    }
    for (sums, &c) in sums.iter().zip(&c) {
        // SAFETY: as for `c`.
        unsafe { store_columns(simd, c, width, sums) };
    }
    ROWS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_rows_gives_the_sum_of_products() {
        let (n_pixels, c_step) = (5, 70);
        for isa in Isa::available() {
            for n_rows in 1..=14 {
                for n_columns in [16, 32, 48, 64] {
                    let x: Vec<f32> = (0..n_pixels * n_rows).map(|i| (i % 7) as f32 - 3.0).collect();
                    let y: Vec<f32> = (0..n_pixels * n_columns).map(|i| (i % 11) as f32 - 5.0).collect();
                    let pixels: Vec<(usize, usize)> = (0..n_pixels).map(|p| (p * n_rows, p * n_columns)).collect();
                    let mut c = vec![1.0; n_rows * c_step];
                    let accumulate = n_rows % 2 == 1;
                    let job = OuterJob {
                        pixels: &pixels,
                        x: &x,
                        y: &y,
                        n_rows,
                        n_columns,
                        c: SharedOutput::new(&mut c),
                        c_start: 2,
                        c_step,
                        accumulate,
                    };
                    // SAFETY: the arrays have the sizes that the offsets assume.
                    unsafe { add_outer_products(isa, job) };
                    for (i, &value) in c.iter().enumerate() {
                        let (row, column) = (i / c_step, i % c_step);
                        let inside = (2..2 + n_columns).contains(&column);
                        let product = |p: usize| x[p * n_rows + row] * y[p * n_columns + column - 2];
                        let sum = if inside { (0..n_pixels).map(product).sum::<f32>() } else { 0.0 };
                        let kept = if inside && !accumulate { 0.0 } else { 1.0 };
                        assert_eq!(value, kept + sum, "{} {n_rows}x{n_columns} at {row}, {column}", isa.name());
                    }
                }
            }
        }
    }
}
