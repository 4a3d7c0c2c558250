//! The small matrices of F(2x2, 3x3) and F(4x4, 3x3) (Lavin & Gray 2016, arXiv:1509.09308, Sections 4.1 and 4.3).
//!
//! The product of a tile is `A^T [(G g G^T) . (B^T d B)] A`. F(2x2) stands on the points 0, 1, -1 and infinity, F(4x4) on
//! 2 and -2 besides. The gradient of the weight takes the transposes, `G^T [(A e A^T) . (B^T d B)] G`.
//!
//! Where F(4x4) has two pixels left along an axis, it leaves out 2 and -2: the weights of the other four points are those of
//! F(2x2) but for factors of 4 and -3, which go to the input.

use crate::simd::Simd;

/// A matrix of `OUT` rows and `IN` columns, applied to `IN` vectors.
pub(crate) trait Transform<const IN: usize, const OUT: usize>: Copy + Sync {
    fn apply<S: Simd>(self, simd: S, x: [S::V; IN]) -> [S::V; OUT];
}

/// Applies a matrix `M` to the rows and `N` to the columns of a rectangle, `M x N^T`.
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "the column is an argument too, and the loop must unroll")]
pub(crate) fn both_axes<
    S,
    M,
    N,
    const ROWS_IN: usize,
    const ROWS: usize,
    const COLUMNS_IN: usize,
    const COLUMNS: usize,
>(
    simd: S,
    (rows, columns): (M, N),
    load: impl Fn(usize, usize) -> S::V,
    mut store: impl FnMut(usize, usize, S::V),
) where
    S: Simd,
    M: Transform<ROWS_IN, ROWS>,
    N: Transform<COLUMNS_IN, COLUMNS>,
{
    let mut half = [[simd.zero(); COLUMNS_IN]; ROWS];
    for column in 0..COLUMNS_IN {
        let transformed = rows.apply(simd, std::array::from_fn::<_, ROWS_IN, _>(|row| load(row, column)));
        for (row, value) in transformed.into_iter().enumerate() {
            half[row][column] = value;
        }
    }
    for (row, half) in half.into_iter().enumerate() {
        for (column, value) in columns.apply(simd, half).into_iter().enumerate() {
            store(row, column, value);
        }
    }
}

/// `B^T`, for the input.
#[derive(Clone, Copy)]
pub(crate) struct InputMatrix;
/// `B^T` for two pixels of F(4x4), on four of its points.
#[derive(Clone, Copy)]
pub(crate) struct PairInputMatrix;
/// `A^T`, for the products.
#[derive(Clone, Copy)]
pub(crate) struct OutputMatrix;
/// `A`, for the gradient of the output.
#[derive(Clone, Copy)]
pub(crate) struct GradientMatrix;
/// `G`, for the weight.
#[derive(Clone, Copy)]
pub(crate) struct WeightMatrix;
/// `G^T`, for the products of a weight gradient.
#[derive(Clone, Copy)]
pub(crate) struct WeightGradientMatrix;

impl Transform<4, 4> for InputMatrix {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, x: [S::V; 4]) -> [S::V; 4] {
        [simd.sub(x[0], x[2]), simd.add(x[1], x[2]), simd.sub(x[2], x[1]), simd.sub(x[1], x[3])]
    }
}

impl Transform<6, 6> for InputMatrix {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, x: [S::V; 6]) -> [S::V; 6] {
        let scaled = |a: f32, x: S::V, y: S::V| simd.mul_add(simd.splat(a), x, y);
        let even = scaled(-4.0, x[2], x[4]);
        let odd = scaled(-4.0, x[1], x[3]);
        let wide_even = simd.sub(x[4], x[2]);
        let wide_odd = simd.mul(simd.splat(2.0), simd.sub(x[3], x[1]));
        [
            scaled(4.0, x[0], scaled(-5.0, x[2], x[4])),
            simd.add(even, odd),
            simd.sub(even, odd),
            simd.add(wide_even, wide_odd),
            simd.sub(wide_even, wide_odd),
            scaled(4.0, x[1], scaled(-5.0, x[3], x[5])),
        ]
    }
}

impl Transform<4, 4> for PairInputMatrix {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, x: [S::V; 4]) -> [S::V; 4] {
        let scaled = |a: f32, x: S::V| simd.mul(simd.splat(a), x);
        [
            scaled(4.0, simd.sub(x[0], x[2])),
            scaled(-3.0, simd.add(x[1], x[2])),
            scaled(-3.0, simd.sub(x[2], x[1])),
            simd.sub(x[1], x[3]),
        ]
    }
}

impl Transform<4, 2> for OutputMatrix {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, x: [S::V; 4]) -> [S::V; 2] {
        [simd.add(simd.add(x[0], x[1]), x[2]), simd.sub(simd.sub(x[1], x[2]), x[3])]
    }
}

impl Transform<6, 4> for OutputMatrix {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, x: [S::V; 6]) -> [S::V; 4] {
        let (sum, difference) = (simd.add(x[1], x[2]), simd.sub(x[1], x[2]));
        let (wide_sum, wide_difference) = (simd.add(x[3], x[4]), simd.sub(x[3], x[4]));
        [
            simd.add(simd.add(x[0], sum), wide_sum),
            simd.mul_add(simd.splat(2.0), wide_difference, difference),
            simd.mul_add(simd.splat(4.0), wide_sum, sum),
            simd.add(simd.mul_add(simd.splat(8.0), wide_difference, difference), x[5]),
        ]
    }
}

impl Transform<2, 4> for GradientMatrix {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, x: [S::V; 2]) -> [S::V; 4] {
        [x[0], simd.add(x[0], x[1]), simd.sub(x[0], x[1]), simd.sub(simd.zero(), x[1])]
    }
}

impl Transform<4, 6> for GradientMatrix {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, x: [S::V; 4]) -> [S::V; 6] {
        let (even, odd) = (simd.add(x[0], x[2]), simd.add(x[1], x[3]));
        let wide_even = simd.mul_add(simd.splat(4.0), x[2], x[0]);
        let wide_odd = simd.mul_add(simd.splat(8.0), x[3], simd.mul(simd.splat(2.0), x[1]));
        [
            x[0],
            simd.add(even, odd),
            simd.sub(even, odd),
            simd.add(wide_even, wide_odd),
            simd.sub(wide_even, wide_odd),
            x[3],
        ]
    }
}

impl Transform<3, 4> for WeightMatrix {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, x: [S::V; 3]) -> [S::V; 4] {
        let half = simd.splat(0.5);
        let (even, odd) = (simd.mul(half, simd.add(x[0], x[2])), simd.mul(half, x[1]));
        [x[0], simd.add(even, odd), simd.sub(even, odd), x[2]]
    }
}

impl Transform<3, 6> for WeightMatrix {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, x: [S::V; 3]) -> [S::V; 6] {
        let scaled = |a: f32, x: S::V| simd.mul(simd.splat(a), x);
        let (even, odd) = (scaled(-1.0 / 6.0, simd.add(x[0], x[2])), scaled(-1.0 / 6.0, x[1]));
        let wide_even = simd.mul_add(simd.splat(1.0 / 24.0), x[0], scaled(1.0 / 6.0, x[2]));
        let wide_odd = scaled(1.0 / 12.0, x[1]);
        [
            scaled(0.25, x[0]),
            simd.add(even, odd),
            simd.sub(even, odd),
            simd.add(wide_even, wide_odd),
            simd.sub(wide_even, wide_odd),
            x[2],
        ]
    }
}

impl Transform<4, 3> for WeightGradientMatrix {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, x: [S::V; 4]) -> [S::V; 3] {
        let half = simd.splat(0.5);
        let sum = simd.mul(half, simd.add(x[1], x[2]));
        [simd.add(x[0], sum), simd.mul(half, simd.sub(x[1], x[2])), simd.add(x[3], sum)]
    }
}

impl Transform<6, 3> for WeightGradientMatrix {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, x: [S::V; 6]) -> [S::V; 3] {
        let scaled = |a: f32, x: S::V| simd.mul(simd.splat(a), x);
        let sum = scaled(-1.0 / 6.0, simd.add(x[1], x[2]));
        let difference = scaled(-1.0 / 6.0, simd.sub(x[1], x[2]));
        let (wide_sum, wide_difference) = (simd.add(x[3], x[4]), simd.sub(x[3], x[4]));
        [
            simd.mul_add(simd.splat(0.25), x[0], simd.mul_add(simd.splat(1.0 / 24.0), wide_sum, sum)),
            simd.mul_add(simd.splat(1.0 / 12.0), wide_difference, difference),
            simd.add(simd.mul_add(simd.splat(1.0 / 6.0), wide_sum, sum), x[5]),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Isa, Kernel};

    /// A matrix by its action on unit vectors, in the first lane.
    struct Columns<'a, T, const IN: usize, const OUT: usize>(&'a mut [[f32; IN]; OUT], T);

    impl<T: Transform<IN, OUT>, const IN: usize, const OUT: usize> Kernel for Columns<'_, T, IN, OUT> {
        #[inline(always)]
        unsafe fn run<S: Simd>(self, simd: S) {
            for i in 0..IN {
                let unit = std::array::from_fn(|k| simd.splat(if k == i { 1.0 } else { 0.0 }));
                for (row, value) in self.1.apply(simd, unit).into_iter().enumerate() {
                    let mut lanes = [0.0; 16];
                    // SAFETY: no instruction set has more than 16 lanes.
                    unsafe { simd.store(lanes.as_mut_ptr(), value) };
                    self.0[row][i] = lanes[0];
                }
            }
        }
    }

    fn matrix<T: Transform<IN, OUT>, const IN: usize, const OUT: usize>(t: T) -> [[f32; IN]; OUT] {
        let mut matrix = [[0.0; IN]; OUT];
        // SAFETY: the kernel works on arrays of its own.
        unsafe { Isa::PORTABLE.run(Columns(&mut matrix, t)) };
        matrix
    }

    /// `sum_k A^T[m, k] G[k, t] B^T[k, i]` is one where `i = m + t` and zero elsewhere: a correlation with three taps.
    #[allow(clippy::needless_range_loop, reason = "indices as in the formula")]
    fn check<const M: usize, const A: usize>(output: [[f32; A]; M], weight: [[f32; 3]; A], input: [[f32; A]; A]) {
        for m in 0..M {
            for t in 0..3 {
                for i in 0..A {
                    let product: f64 = (0..A)
                        .map(|k| f64::from(output[m][k]) * f64::from(weight[k][t]) * f64::from(input[k][i]))
                        .sum();
                    let expected = if i == m + t { 1.0 } else { 0.0 };
                    assert!((product - expected).abs() < 1e-6, "F({M}): {m} {t} {i}: {product}");
                }
            }
        }
    }

    #[test]
    fn the_matrices_make_a_correlation() {
        check::<2, 4>(matrix(OutputMatrix), matrix(WeightMatrix), matrix(InputMatrix));
        check::<4, 6>(matrix(OutputMatrix), matrix(WeightMatrix), matrix(InputMatrix));
    }

    #[test]
    fn two_pixels_share_the_weights_of_four() {
        let weight: [[f32; 3]; 6] = matrix(WeightMatrix);
        check::<2, 4>(matrix(OutputMatrix), [0, 1, 2, 5].map(|point| weight[point]), matrix(PairInputMatrix));
    }

    #[test]
    fn the_gradients_matrices_are_transposes() {
        fn transposed<const R: usize, const C: usize>(a: [[f32; C]; R], b: [[f32; R]; C]) {
            for r in 0..R {
                for c in 0..C {
                    assert_eq!(a[r][c], b[c][r]);
                }
            }
        }
        transposed::<2, 4>(matrix(OutputMatrix), matrix(GradientMatrix));
        transposed::<4, 6>(matrix(OutputMatrix), matrix(GradientMatrix));
        transposed::<4, 3>(matrix(WeightMatrix), matrix(WeightGradientMatrix));
        transposed::<6, 3>(matrix(WeightMatrix), matrix(WeightGradientMatrix));
    }
}
