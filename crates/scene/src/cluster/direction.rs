//! Lines of sight and the axes of the image that is seen along them.

use super::shape::{Vector, dot};
use crate::Error;

/// A line of sight through a cluster, pointing away from the observer, with the two axes of the image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Direction {
    /// Unit vectors along columns, along rows, and along the line of sight.
    axes: [Vector; 3],
}

impl Direction {
    /// Along the three axes of the cluster's frame, in which its orientation is random.
    pub const AXES: [Self; 3] = [
        Self { axes: [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]] },
        Self { axes: [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]] },
        Self { axes: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]] },
    ];

    /// The line of sight along a vector of any length.
    ///
    /// # Errors
    /// A vector without direction.
    pub fn new(along: [f64; 3]) -> Result<Self, Error> {
        let length = dot(along, along).sqrt();
        if !(length.is_finite() && length > 0.0) {
            let must_be = "a finite vector other than zero";
            return Err(Error::BadValue { key: "the length of a line of sight", value: length, must_be });
        }
        let n = along.map(|component| component / length);
        // The image's first axis lies across the coordinate axis that is furthest from the line of sight.
        let least = (0..3).min_by(|&i, &j| n[i].abs().total_cmp(&n[j].abs())).unwrap_or(0);
        let mut helper = [0.0; 3];
        helper[least] = 1.0;
        let across = cross(helper, n);
        let norm = dot(across, across).sqrt();
        let first = across.map(|component| component / norm);
        Ok(Self { axes: [first, cross(n, first), n] })
    }

    /// One of `n` directions that cover the sphere evenly, on a Fibonacci spiral; `index` is taken modulo `n`.
    pub fn fibonacci(index: usize, n: usize) -> Self {
        let n = n.max(1);
        let golden_angle = std::f64::consts::PI * (3.0 - 5f64.sqrt());
        let height = 1.0 - (2.0 * (index % n) as f64 + 1.0) / n as f64;
        let (sin, cos) = (golden_angle * (index % n) as f64).sin_cos();
        let width = (1.0 - height * height).sqrt();
        Self::new([width * cos, width * sin, height]).expect("a point of the unit sphere has a direction")
    }

    /// Unit vectors along columns, along rows, and along the line of sight.
    pub fn axes(&self) -> &[[f64; 3]; 3] {
        &self.axes
    }
}

fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_a_right_handed_frame() {
        let all = (0..50).map(|idx| Direction::fibonacci(idx, 50)).chain(Direction::AXES);
        for direction in all {
            let [x, y, n] = direction.axes;
            for (i, j) in [(0, 1), (0, 2), (1, 2)] {
                assert!(dot(direction.axes[i], direction.axes[j]).abs() < 1e-14);
            }
            for axis in [x, y, n] {
                assert!((dot(axis, axis) - 1.0).abs() < 1e-14);
            }
            assert!((dot(cross(x, y), n) - 1.0).abs() < 1e-14);
        }
    }

    #[test]
    fn a_spiral_covers_the_sphere_evenly() {
        let mean_square = |axis: usize| {
            let along = |idx| Direction::fibonacci(idx, 200).axes[2][axis];
            (0..200).map(|idx| along(idx).powi(2)).sum::<f64>() / 200.0
        };
        for axis in 0..3 {
            assert!((mean_square(axis) - 1.0 / 3.0).abs() < 2e-3, "{}", mean_square(axis));
        }
    }

    #[test]
    fn vectors_without_direction_are_refused() {
        for bad in [[0.0; 3], [f64::NAN, 0.0, 1.0], [f64::INFINITY, 0.0, 0.0]] {
            assert!(Direction::new(bad).is_err(), "{bad:?}");
        }
    }
}
