//! The random fields of a cutout, drawn from their covariance.
//!
//! What is kept of a periodic square is a Gaussian vector, whose covariance follows from the power: `C = L L^T`, and `L z` with
//! normal deviates `z` has the law of the middle of a square that was drawn in Fourier space, at the cost of the pixels that are
//! kept. Noise is part of `C`.

use crate::Error;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul};

/// Columns that are factored together.
const BLOCK: usize = 48;
/// Independent partial sums of a product.
const LANES: usize = 16;

/// Draws Gaussian vectors of a covariance.
pub(super) struct Fields {
    n: usize,
    /// Rows of `L`, each as long as it is not zero, one after the other.
    factor: Vec<f32>,
}

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fields of {} pixels", self.n)
    }
}

impl Fields {
    /// Factors a covariance of `n` pixels, given by its lower half `element(i, j)`, `j <= i`.
    ///
    /// # Errors
    /// [`Error::NoCovariance`] when it is no covariance.
    pub(super) fn new(n: usize, element: impl Fn(usize, usize) -> f64 + Sync) -> Result<Self, Error> {
        let mut rows: Vec<Vec<f64>> =
            (0..n).into_par_iter().map(|i| (0..=i).map(|j| element(i, j)).collect()).collect();
        for first in (0..n).step_by(BLOCK) {
            factor_columns(&mut rows, first, (first + BLOCK).min(n))?;
        }
        Ok(Self { n, factor: rows.iter().flatten().map(|&x| x as f32).collect() })
    }

    /// One vector.
    pub(super) fn draw(&self, rng: &mut impl Rng) -> Vec<f32> {
        let deviates: Vec<f32> = (0..self.n).map(|_| StandardNormal.sample(rng)).collect();
        let mut rest = self.factor.as_slice();
        let row = |i: usize| {
            let (row, after) = rest.split_at(i + 1);
            rest = after;
            dot(row, &deviates[..=i])
        };
        (0..self.n).map(row).collect()
    }
}

/// Columns `first..last` of the factor, those before it being done (Cholesky, left-looking).
fn factor_columns(rows: &mut [Vec<f64>], first: usize, last: usize) -> Result<(), Error> {
    let (above, below) = rows.split_at_mut(last);
    for j in first..last {
        for k in first..=j {
            let (before, row) = above.split_at_mut(j);
            let row = &mut row[0];
            let other: &[f64] = if k == j { &row[..j] } else { &before[k][..k] };
            let rest = row[k] - dot(&row[..k], &other[..k]);
            if k == j && (rest.is_nan() || rest <= 0.0) {
                return Err(Error::NoCovariance { pixel: j });
            }
            row[k] = if k == j { rest.sqrt() } else { rest / before[k][k] };
        }
    }
    let above = &*above;
    below.par_iter_mut().for_each(|row| {
        for j in first..last {
            row[j] = (row[j] - dot(&row[..j], &above[j][..j])) / above[j][j];
        }
    });
    Ok(())
}

/// Sum of products in lanes: the order is fixed, and the compiler can keep it in registers.
fn dot<T: Copy + Default + AddAssign + Add<Output = T> + Mul<Output = T> + Sum>(a: &[T], b: &[T]) -> T {
    let mut sums = [T::default(); LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: T = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(&a, &b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.into_iter().sum::<T>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factor_times_its_transpose_is_the_covariance() {
        let n = 130;
        let element =
            |i: usize, j: usize| (-((i as f64 - j as f64) / 7.0).powi(2)).exp() + if i == j { 0.1 } else { 0.0 };
        let fields = Fields::new(n, element).expect("a covariance");
        let row = |i: usize| &fields.factor[i * (i + 1) / 2..][..=i];
        for i in 0..n {
            for j in 0..=i {
                let sum: f64 = row(i).iter().zip(row(j)).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                assert!((sum - element(i, j)).abs() < 1e-6, "({i}, {j}): {sum}");
            }
        }
    }

    #[test]
    fn what_is_no_covariance_is_refused() {
        let refused = Fields::new(3, |i, j| if i == j { 1.0 } else { 2.0 }).expect_err("refused").to_string();
        assert!(refused.contains("pixel 1"), "{refused}");
    }
}
