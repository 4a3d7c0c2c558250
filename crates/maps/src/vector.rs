//! Unit vectors on the sphere and the orthogonal matrices between frames.

/// Cartesian components.
pub(crate) type Vector = [f64; 3];

/// An orthogonal matrix by rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Matrix(pub(crate) [Vector; 3]);

impl Matrix {
    pub(crate) const IDENTITY: Self = Self([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);

    pub(crate) fn apply(&self, v: Vector) -> Vector {
        self.0.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
    }

    /// The inverse, as the matrix is orthogonal.
    pub(crate) fn transposed(&self) -> Self {
        Self(std::array::from_fn(|i| std::array::from_fn(|j| self.0[j][i])))
    }

    /// First `other`, then this one.
    pub(crate) fn after(&self, other: &Self) -> Self {
        let columns = other.transposed();
        let dot = |a: &Vector, b: &Vector| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        Self(std::array::from_fn(|i| std::array::from_fn(|j| dot(&self.0[i], &columns.0[j]))))
    }
}
