//! The micro-kernel for rows: `c[row] = sum over taps of a[row, tap] B[tap]`, a matrix product whose left side is read in
//! place through a rule that says where each row lies.
//!
//! Six rows by a strip of columns stay in registers over the whole sum: 6 x 64 with AVX-512, 6 x 16 otherwise.

use crate::shared::{LINE, SharedOutput};
use crate::simd::{Isa, Kernel, Simd, prefetch};

/// Columns of a packed panel. Kernels for short vectors go through it in strips.
pub(crate) const PANEL: usize = 64;

/// Rows held in registers.
pub(crate) const TILE_ROWS: usize = 6;

/// Where the rows of the left side and of the result lie.
pub(crate) trait RowRule: Sync {
    /// What is worked out once for a row and serves all taps.
    type Place: Copy;
    /// Whether `source` ever gives `None`.
    const HAS_ZEROS: bool;
    /// Whether rows are read from memory one behind the other, and not from a cache.
    const IS_STREAM: bool = false;

    fn locate(&self, row: usize) -> Self::Place;
    /// Offset of the row's numbers for one tap, `None` for a row of zeros.
    fn source(&self, place: Self::Place, tap: usize) -> Option<usize>;
    /// Offset of the row's first column in the result.
    fn target(&self, row: usize) -> usize;
}

/// A matrix product over the rows `first_row .. end_row` and one panel of columns.
pub(crate) struct RowsJob<'a, R> {
    pub(crate) rule: &'a R,
    pub(crate) first_row: usize,
    pub(crate) end_row: usize,
    /// What the rule's sources are offsets into.
    pub(crate) a: &'a [f32],
    /// `depth` zeros, if the rule has rows of them.
    pub(crate) zeros: &'a [f32],
    /// Packed panel `[tap, depth, PANEL]`.
    pub(crate) b: &'a [f32],
    pub(crate) n_taps: usize,
    /// Numbers of `a` for a row and tap.
    pub(crate) depth: usize,
    /// What the rule's targets are offsets into, all moved by `first_column`.
    pub(crate) c: SharedOutput<'a>,
    pub(crate) first_column: usize,
    /// Columns of this panel, at most `PANEL`.
    pub(crate) n_columns: usize,
    /// Whether to add to the result rather than to replace it.
    pub(crate) accumulate: bool,
}

/// Computes the job's rows.
///
/// # Safety
/// For the job's rows, each source of the rule must have `depth` numbers inside of `a`, each target with the job's columns
/// must lie inside of `c`, and no other task may touch these columns meanwhile.
pub(crate) unsafe fn multiply_rows<R: RowRule>(isa: Isa, job: RowsJob<'_, R>) {
    assert!(job.n_columns <= PANEL && (!R::HAS_ZEROS || job.zeros.len() >= job.depth));
    assert!(job.b.len() >= job.n_taps * job.depth * PANEL);
    // SAFETY: the caller vouches for the job.
    unsafe { isa.run(CheckedJob(job)) };
}

/// A job whose caller has vouched for it.
struct CheckedJob<'a, R>(RowsJob<'a, R>);

impl<R: RowRule> Kernel for CheckedJob<'_, R> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self, simd: S) {
        let job = &self.0;
        let mut row = job.first_row;
        while row < job.end_row {
            let n_rows = match job.end_row - row {
                TILE_ROWS.. => TILE_ROWS,
                4.. => 4,
                n => n.min(2),
            };
            if R::IS_STREAM && job.n_taps == 1 && job.depth <= PANEL && S::MAX_VECTORS * S::LANES < PANEL {
                prefetch_rows(job, row + n_rows);
            }
            match n_rows {
                TILE_ROWS => strips::<S, R, TILE_ROWS>(simd, job, row),
                4 => strips::<S, R, 4>(simd, job, row),
                2 => strips::<S, R, 2>(simd, job, row),
                _ => strips::<S, R, 1>(simd, job, row),
            }
            row += n_rows;
        }
    }
}

/// Asks for the next rows of a product of one tap, and for their places in the result.
///
/// PERF: strips of short vectors go over the same rows again and again, and the processor does not foresee the next ones by
/// itself: 4.7 instead of 5.2 ms with AVX2 for 1x1 and 64 channels on 32 images of 40x40. With AVX-512 it gains nothing, and long
/// rows keep the processor busy while they come.
#[inline(always)]
fn prefetch_rows<R: RowRule>(job: &RowsJob<'_, R>, first_row: usize) {
    for row in first_row..job.end_row.min(first_row + TILE_ROWS) {
        if let Some(source) = job.rule.source(job.rule.locate(row), 0) {
            (0..job.depth).step_by(LINE).for_each(|k| prefetch(job.a.as_ptr().wrapping_add(source + k)));
        }
        let target = job.c.address(job.rule.target(row) + job.first_column);
        (0..job.n_columns).step_by(LINE).for_each(|column| prefetch(target.wrapping_add(column)));
    }
}

/// Goes through the columns of a tile of rows.
#[inline(always)]
fn strips<S: Simd, R: RowRule, const ROWS: usize>(simd: S, job: &RowsJob<'_, R>, row: usize) {
    let mut column = 0;
    while column < job.n_columns {
        let n_vectors = (job.n_columns - column).div_ceil(S::LANES).min(S::MAX_VECTORS);
        column += match n_vectors {
            4.. if S::MAX_VECTORS >= 4 => tile::<S, R, ROWS, 4>(simd, job, row, column),
            2.. => tile::<S, R, ROWS, 2>(simd, job, row, column),
            _ => tile::<S, R, ROWS, 1>(simd, job, row, column),
        };
    }
}

/// One tile of the result. Returns its number of columns.
#[inline(always)]
fn tile<S: Simd, R: RowRule, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    job: &RowsJob<'_, R>,
    row: usize,
    column: usize,
) -> usize {
    let width = VECTORS * S::LANES;
    let n_columns = (job.n_columns - column).min(width);
    // SAFETY: by the contract of `multiply_rows` the targets lie inside of `c` and are this task's own.
    let c: [*mut f32; ROWS] =
        std::array::from_fn(|r| unsafe { job.c.at(job.rule.target(row + r) + job.first_column + column, n_columns) });
    let mut sums = [[simd.zero(); VECTORS]; ROWS];
    if job.accumulate {
        for (sums, &c) in sums.iter_mut().zip(&c) {
            // SAFETY: as for `c`.
            *sums = unsafe { load_columns(simd, c, n_columns) };
        }
    }
    let places: [R::Place; ROWS] = std::array::from_fn(|r| job.rule.locate(row + r));
    for tap in 0..job.n_taps {
        let sources: [Option<usize>; ROWS] = std::array::from_fn(|r| job.rule.source(places[r], tap));
        if sources.iter().all(Option::is_none) {
            continue;
        }
        let a = sources.map(|source| match source {
            Some(offset) => {
                debug_assert!(offset + job.depth <= job.a.len());
                // SAFETY: by the contract of `multiply_rows` the sources lie inside of `a` with all of `depth`.
                unsafe { job.a.as_ptr().add(offset) }
            }
            None => job.zeros.as_ptr(),
        });
        // SAFETY: `a` points to `depth` numbers each; the panel has `depth` rows of `PANEL` columns from this tap on, as
        // `multiply_rows` made sure, and `column + width` is at most `PANEL`, as `PANEL` is a multiple of every width.
        unsafe {
            let b = job.b.as_ptr().add(tap * job.depth * PANEL + column);
            multiply_add(simd, &mut sums, a, b, job.depth);
        }
    }
    for (sums, &c) in sums.iter().zip(&c) {
        // SAFETY: as for `c`.
        unsafe { store_columns(simd, c, n_columns, sums) };
    }
    width
}

/// `sums[r] += sum over k of a[r][k] b[k]`, with the rows of `b` a panel apart.
///
/// # Safety
/// Each `a` must be valid for `depth` numbers and `b` for `depth` rows of `VECTORS` vectors.
#[inline(always)]
unsafe fn multiply_add<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    sums: &mut [[S::V; VECTORS]; ROWS],
    a: [*const f32; ROWS],
    b: *const f32,
    depth: usize,
) {
    // PERF: a local copy stays in registers; through the reference LLVM stores it in every step.
    let mut local = *sums;
    // PERF: four steps in a row for narrow vectors, so that the processor looks further ahead: with AVX2 and one thread 16.7 instead
    // of 18.7 ms for 64 to 128 channels, stride 2, on 32 images of 40x40. Written out, as a loop of four stays a loop; eight no
    // longer keep all sums in registers. The widest tile has twice the products in a step, and gains nothing.
    let whole = if VECTORS > 2 { 0 } else { depth - depth % 4 };
    for k in (0..whole).step_by(4) {
        // SAFETY: `k + 3 < depth`; the caller vouches for the rest.
        unsafe {
            add_step(simd, &mut local, a, b, k);
            add_step(simd, &mut local, a, b, k + 1);
            add_step(simd, &mut local, a, b, k + 2);
            add_step(simd, &mut local, a, b, k + 3);
        }
    }
    for k in whole..depth {
        // SAFETY: `k < depth`; the caller vouches for the rest.
        unsafe { add_step(simd, &mut local, a, b, k) };
    }
    *sums = local;
}

/// One step of [`multiply_add`].
///
/// # Safety
/// Each `a` must be valid for `k + 1` numbers, and `b` for as many rows of `VECTORS` vectors.
#[inline(always)]
unsafe fn add_step<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    sums: &mut [[S::V; VECTORS]; ROWS],
    a: [*const f32; ROWS],
    b: *const f32,
    k: usize,
) {
    // SAFETY: the caller vouches for the numbers.
    unsafe {
        let b = b.add(k * PANEL);
        let b: [S::V; VECTORS] = std::array::from_fn(|v| simd.load(b.add(v * S::LANES)));
        for r in 0..ROWS {
            let a = simd.splat(*a[r].add(k));
            for v in 0..VECTORS {
                sums[r][v] = simd.mul_add(a, b[v], sums[r][v]);
            }
        }
    }
}

/// The first `n_columns` numbers as vectors, filled up with zeros.
///
/// # Safety
/// `from` must be valid for reading `n_columns` numbers.
#[inline(always)]
pub(crate) unsafe fn load_columns<S: Simd, const VECTORS: usize>(
    simd: S,
    from: *const f32,
    n_columns: usize,
) -> [S::V; VECTORS] {
    if n_columns == VECTORS * S::LANES {
        // SAFETY: the vectors cover exactly `n_columns` numbers.
        return std::array::from_fn(|v| unsafe { simd.load(from.add(v * S::LANES)) });
    }
    let mut buffer = [0.0_f32; PANEL];
    // SAFETY: `n_columns` is less than the vectors' width, which is at most the buffer's length.
    unsafe {
        std::ptr::copy_nonoverlapping(from, buffer.as_mut_ptr(), n_columns);
        std::array::from_fn(|v| simd.load(buffer.as_ptr().add(v * S::LANES)))
    }
}

/// Writes the first `n_columns` numbers of the vectors.
///
/// # Safety
/// `to` must be valid for writing `n_columns` numbers.
#[inline(always)]
pub(crate) unsafe fn store_columns<S: Simd, const VECTORS: usize>(
    simd: S,
    to: *mut f32,
    n_columns: usize,
    vectors: &[S::V; VECTORS],
) {
    let whole = n_columns == VECTORS * S::LANES;
    let mut buffer = [0.0_f32; PANEL];
    let target = if whole { to } else { buffer.as_mut_ptr() };
    for (v, &vector) in vectors.iter().enumerate() {
        // SAFETY: `to` has exactly the vectors' width, or the buffer has at least that.
        unsafe { simd.store(target.add(v * S::LANES), vector) };
    }
    if !whole {
        // SAFETY: `n_columns` is less than the buffer's length, and the caller vouches for `to`.
        unsafe { std::ptr::copy_nonoverlapping(buffer.as_ptr(), to, n_columns) };
    }
}

/// Rows one after another, as in a plain matrix product: one tap, `a [row, depth]`, `c [row, columns]`.
pub(crate) struct DenseRows {
    pub(crate) a_step: usize,
    pub(crate) c_step: usize,
}

impl RowRule for DenseRows {
    type Place = usize;
    const HAS_ZEROS: bool = false;

    #[inline(always)]
    fn locate(&self, row: usize) -> usize {
        row * self.a_step
    }
    #[inline(always)]
    fn source(&self, place: usize, _tap: usize) -> Option<usize> {
        Some(place)
    }
    #[inline(always)]
    fn target(&self, row: usize) -> usize {
        row * self.c_step
    }
}

/// Rows by a list of `(source, target)`.
pub(crate) struct ListedRows<'a>(pub(crate) &'a [(usize, usize)]);

impl RowRule for ListedRows<'_> {
    type Place = usize;
    const HAS_ZEROS: bool = false;

    #[inline(always)]
    fn locate(&self, row: usize) -> usize {
        self.0[row].0
    }
    #[inline(always)]
    fn source(&self, place: usize, _tap: usize) -> Option<usize> {
        Some(place)
    }
    #[inline(always)]
    fn target(&self, row: usize) -> usize {
        self.0[row].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Isa;

    #[test]
    fn any_number_of_rows_and_columns_gives_the_matrix_product() {
        let (depth, c_step) = (5, 70);
        for isa in Isa::available() {
            for n_rows in 1..=14 {
                for n_columns in [1, 7, 8, 9, 16, 17, 31, 33, 48, 49, 63, 64] {
                    let a: Vec<f32> = (0..n_rows * depth).map(|i| (i % 7) as f32 - 3.0).collect();
                    let b: Vec<f32> = (0..depth * PANEL).map(|i| (i % 11) as f32 - 5.0).collect();
                    let mut c = vec![1.0; n_rows * c_step];
                    let job = RowsJob {
                        rule: &DenseRows { a_step: depth, c_step },
                        first_row: 0,
                        end_row: n_rows,
                        a: &a,
                        zeros: &[0.0; 5],
                        b: &b,
                        n_taps: 1,
                        depth,
                        c: SharedOutput::new(&mut c),
                        first_column: 2,
                        n_columns,
                        accumulate: n_rows % 2 == 1,
                    };
                    // SAFETY: `a` has `n_rows` rows of `depth`, `c` as many of `c_step >= 2 + n_columns`.
                    unsafe { multiply_rows(isa, job) };
                    for row in 0..n_rows {
                        for column in 0..c_step {
                            let inside = (2..2 + n_columns).contains(&column);
                            let product =
                                |k: usize| if inside { a[row * depth + k] * b[k * PANEL + column - 2] } else { 0.0 };
                            let kept = if inside && n_rows % 2 == 0 { 0.0 } else { 1.0 };
                            let expected = kept + (0..depth).map(product).sum::<f32>();
                            assert_eq!(
                                c[row * c_step + column],
                                expected,
                                "{} {n_rows} rows {n_columns} columns at {row}, {column}",
                                isa.name()
                            );
                        }
                    }
                }
            }
        }
    }
}
