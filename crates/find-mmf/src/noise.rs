//! The covariance of everything that is not a cluster, as cross spectra of the bands.

pub mod band_limit;
pub mod measured;
pub mod model;

pub use measured::MeasuredNoise;
pub use model::ModelNoise;

/// Cross spectra `N_ij(ell)` of the noise between bands, in the product of the bands' units times steradian.
pub trait NoiseCovariance: Send + Sync {
    /// Number of bands.
    fn n_bands(&self) -> usize;

    /// Writes the symmetric matrix at `ell`, row by row; `matrix` has `n_bands^2` elements.
    fn covariance(&self, ell: f64, matrix: &mut [f64]);
}

/// Inverts a symmetric positive definite matrix in place; false when it is not one.
///
/// Gauss-Jordan without pivoting on the matrix scaled to a unit diagonal: bands may differ by twelve decades (uK and
/// y), and the matrices are at most some ten wide.
pub(crate) fn invert(matrix: &mut [f64], n: usize) -> bool {
    let mut scale = [0.0; MAX_BANDS];
    for i in 0..n {
        let diagonal = matrix[i * n + i];
        if !(diagonal > 0.0 && diagonal.is_finite()) {
            return false;
        }
        scale[i] = 1.0 / diagonal.sqrt();
    }
    rescale(matrix, &scale[..n]);
    for pivot in 0..n {
        let p = matrix[pivot * n + pivot];
        if p.is_nan() || p <= SINGULAR {
            return false;
        }
        eliminate(matrix, n, pivot, 1.0 / p);
    }
    rescale(matrix, &scale[..n]);
    true
}

/// The most bands that a filter combines.
pub const MAX_BANDS: usize = 16;

/// A pivot of the scaled matrix below this is rounding error.
const SINGULAR: f64 = 1e-13;

fn rescale(matrix: &mut [f64], scale: &[f64]) {
    let n = scale.len();
    for i in 0..n {
        for j in 0..n {
            matrix[i * n + j] *= scale[i] * scale[j];
        }
    }
}

fn eliminate(matrix: &mut [f64], n: usize, pivot: usize, inverse: f64) {
    matrix[pivot * n + pivot] = 1.0;
    for j in 0..n {
        matrix[pivot * n + j] *= inverse;
    }
    for i in (0..n).filter(|&i| i != pivot) {
        let factor = std::mem::replace(&mut matrix[i * n + pivot], 0.0);
        for j in 0..n {
            matrix[i * n + j] -= factor * matrix[pivot * n + j];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_times_matrix_is_one() {
        let matrix = [4.0, 1e-6, 0.5, 1e-6, 1e-12, 2e-7, 0.5, 2e-7, 9.0];
        let mut inverse = matrix;
        assert!(invert(&mut inverse, 3));
        for i in 0..3 {
            for j in 0..3 {
                let product: f64 = (0..3).map(|k| matrix[i * 3 + k] * inverse[k * 3 + j]).sum();
                let scale = (matrix[i * 4] / matrix[j * 4]).sqrt();
                assert!((product / scale - f64::from(u8::from(i == j))).abs() < 1e-10, "{i} {j}: {product}");
            }
        }
    }

    #[test]
    fn singular_matrix_is_refused() {
        assert!(!invert(&mut [1.0, 1.0, 1.0, 1.0], 2));
        assert!(!invert(&mut [0.0], 1));
        assert!(!invert(&mut [f64::NAN], 1));
    }
}
