//! Triaxial shapes: ellipsoids that keep the volume of the sphere that they replace, and their projection.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// A vector in Mpc, or a unit vector, in the frame of a cluster.
pub(crate) type Vector = [f64; 3];

pub(crate) fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// `a + t b`.
pub(crate) fn along(a: Vector, t: f64, b: Vector) -> Vector {
    std::array::from_fn(|k| a[k] + t * b[k])
}

/// A direction that is uniform on the sphere.
pub(crate) fn draw_direction(rng: &mut impl Rng) -> Vector {
    let normals: Vector = std::array::from_fn(|_| StandardNormal.sample(rng));
    let length = dot(normals, normals).sqrt();
    normals.map(|component| component / length)
}

/// Three semi-axes and where they point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Triaxial {
    /// Semi-axes of the unit ellipsoid, from the longest; their product is one.
    pub(crate) axes: [f64; 3],
    /// Unit vectors along the axes.
    rotation: [Vector; 3],
}

impl Triaxial {
    /// A sphere.
    pub(crate) const SPHERE: Self =
        Self { axes: [1.0; 3], rotation: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]] };

    /// A shape with the ratios of the middle and of the shortest axis to the longest.
    fn new([middle, shortest]: [f64; 2], rotation: [Vector; 3]) -> Self {
        let scale = (middle * shortest).cbrt();
        Self { axes: [1.0 / scale, middle / scale, shortest / scale], rotation }
    }

    /// A shape with the given ratios that points anywhere.
    pub(crate) fn draw_orientation(ratios: [f64; 2], rng: &mut impl Rng) -> Self {
        Self::new(ratios, draw_rotation(rng))
    }

    /// Ratios of the middle and of the shortest axis to the longest.
    pub(crate) fn ratios(&self) -> [f64; 2] {
        [self.axes[1] / self.axes[0], self.axes[2] / self.axes[0]]
    }

    /// The rounder shape with axis ratios `1 - kept (1 - q)`.
    pub(crate) fn rounded(&self, kept: f64) -> Self {
        Self::new(self.ratios().map(|q| 1.0 - kept * (1.0 - q)), self.rotation)
    }

    /// The point of the unit ellipsoid that a point of the unit sphere becomes.
    pub(crate) fn stretch(&self, sphere: Vector) -> Vector {
        let [a, b, c] = self.rotation;
        let along_axes: Vector = std::array::from_fn(|k| self.axes[k] * sphere[k]);
        std::array::from_fn(|k| along_axes[0] * a[k] + along_axes[1] * b[k] + along_axes[2] * c[k])
    }

    /// The matrix Q of `m^2 = p Q p`, `m` the radius of the sphere whose volume the ellipsoid through `p` has.
    pub(crate) fn quadratic(&self) -> [Vector; 3] {
        std::array::from_fn(|i| {
            std::array::from_fn(|j| {
                (0..3).map(|k| self.rotation[k][i] * self.rotation[k][j] / self.axes[k].powi(2)).sum()
            })
        })
    }

    /// Mean over directions of `f(s) / s^3`, where `s` is the ellipsoidal radius of a point of the unit sphere.
    ///
    /// With `f(s) = M(R s)`, the mass within an ellipsoidal radius, it is the mass within the sphere of radius R: along
    /// one direction `int_0^R rho(r s) r^2 dr = s^-3 int_0^(R s) rho(m) m^2 dm`.
    pub(crate) fn mean_in_sphere(&self, f: impl Fn(f64) -> f64) -> f64 {
        const HEIGHTS: usize = 64;
        const ANGLES: usize = 24;
        let inverse_square = self.axes.map(|axis| axis.powi(-2));
        let at = |height: f64, angle: f64| {
            let (sin, cos) = angle.sin_cos();
            let width_square = 1.0 - height * height;
            let square = width_square * (cos * cos * inverse_square[0] + sin * sin * inverse_square[1])
                + height * height * inverse_square[2];
            let s = square.sqrt();
            f(s) / (s * s * s)
        };
        // One octant: Simpson's rule in the height, the midpoint rule in the angle, in which it is periodic.
        let ring = |height: f64| {
            let angle = |k: usize| std::f64::consts::FRAC_PI_2 * (k as f64 + 0.5) / ANGLES as f64;
            (0..ANGLES).map(|k| at(height, angle(k))).sum::<f64>() / ANGLES as f64
        };
        simpson(0.0, 1.0, HEIGHTS, ring)
    }
}

/// Composite Simpson rule with an even number of intervals.
pub(crate) fn simpson(start: f64, end: f64, n_intervals: usize, f: impl Fn(f64) -> f64) -> f64 {
    let step = (end - start) / n_intervals as f64;
    let weight = |k: usize| match k {
        0 => 1.0,
        _ if k == n_intervals => 1.0,
        _ => 2.0 + 2.0 * (k % 2) as f64,
    };
    (0..=n_intervals).map(|k| weight(k) * f(start + step * k as f64)).sum::<f64>() * step / 3.0
}

/// A rotation that is uniform among all, as the rows of its matrix: from a unit quaternion.
fn draw_rotation(rng: &mut impl Rng) -> [Vector; 3] {
    let normals: [f64; 4] = std::array::from_fn(|_| StandardNormal.sample(rng));
    let length = normals.iter().map(|q| q * q).sum::<f64>().sqrt();
    let [w, x, y, z] = normals.map(|q| q / length);
    [
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
    ]
}

/// An ellipsoid about a centre.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ellipsoid {
    /// Centre in Mpc.
    pub(crate) centre: Vector,
    quadratic: [Vector; 3],
    longest_axis: f64,
}

/// How an ellipsoid looks along a line of sight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProjectedEllipsoid {
    /// Centre in Mpc along columns and rows.
    pub(crate) centre: [f64; 2],
    /// Coefficients of `dx^2`, `2 dx dy` and `dy^2` in the square of the projected ellipsoidal radius.
    pub(crate) metric: [f64; 3],
    /// Line integral over that of the sphere, at the same projected radius.
    pub(crate) depth: f64,
}

impl Ellipsoid {
    /// A shape about a centre.
    pub(crate) fn new(centre: Vector, shape: &Triaxial) -> Self {
        Self { centre, quadratic: shape.quadratic(), longest_axis: shape.axes[0] }
    }

    /// The square of the ellipsoidal radius of a point, in Mpc^2.
    #[cfg(test)]
    pub(crate) fn radius_square(&self, point: Vector) -> f64 {
        let offset = along(point, -1.0, self.centre);
        self.form(offset, offset)
    }

    /// The longest semi-axis over the radius of the sphere of the same volume.
    pub(crate) fn longest_axis(&self) -> f64 {
        self.longest_axis
    }

    /// The square of the ellipsoidal radius on the line `foot + l n`: coefficients of `l^2`, `2 l` and one.
    pub(crate) fn along_line(&self, foot: Vector, n: Vector) -> [f64; 3] {
        let offset = along(foot, -1.0, self.centre);
        [self.form(n, n), self.form(n, offset), self.form(offset, offset)]
    }

    fn form(&self, a: Vector, b: Vector) -> f64 {
        dot(a, self.quadratic.map(|row| dot(row, b)))
    }

    /// The view along `axes[2]`.
    ///
    /// On the line `p + l n` the square of the ellipsoidal radius is `A l^2 + 2 B l + C`, so that any function of it has
    /// the line integral `A^(-1/2)` times that of the sphere at `zeta^2 = C - B^2 / A`   (Stark77).
    pub(crate) fn project(&self, [x, y, n]: &[Vector; 3]) -> ProjectedEllipsoid {
        let (nn, nx, ny) = (self.form(*n, *n), self.form(*n, *x), self.form(*n, *y));
        ProjectedEllipsoid {
            centre: [dot(self.centre, *x), dot(self.centre, *y)],
            metric: [
                self.form(*x, *x) - nx * nx / nn,
                self.form(*x, *y) - nx * ny / nn,
                self.form(*y, *y) - ny * ny / nn,
            ],
            depth: nn.sqrt().recip(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Direction;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    fn draw(seed: u64, ratios: [f64; 2]) -> Triaxial {
        Triaxial::draw_orientation(ratios, &mut Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    proptest! {
        #[test]
        fn projection_is_the_line_integral(
            seed in 0..1000u64, shortest in 0.3..1.0f64, part in 0.0..1.0f64, x in -2.0..2.0f64, y in -2.0..2.0f64,
        ) {
            let shape = draw(seed, [shortest + part * (1.0 - shortest), shortest]);
            let ellipsoid = Ellipsoid::new([0.3, -0.2, 0.1], &shape);
            let direction = Direction::fibonacci(seed as usize, 1000);
            let [e1, e2, n] = *direction.axes();
            let seen = ellipsoid.project(direction.axes());
            // A Gaussian of the ellipsoidal radius has the line integral sqrt(2 pi) depth exp(-zeta^2 / 2).
            let point = along(along([0.0; 3], x, e1), y, e2);
            let twin: f64 = (-2000..2000)
                .map(|k| (-0.5 * ellipsoid.radius_square(along(point, 0.01 * f64::from(k), n))).exp() * 0.01)
                .sum();
            let (dx, dy) = (x - seen.centre[0], y - seen.centre[1]);
            let zeta_square = seen.metric[0] * dx * dx + 2.0 * seen.metric[1] * dx * dy + seen.metric[2] * dy * dy;
            let ours = std::f64::consts::TAU.sqrt() * seen.depth * (-0.5 * zeta_square).exp();
            prop_assert!((ours / twin - 1.0).abs() < 1e-9, "{ours} {twin}");
            // Area times depth is the volume, whatever the direction.
            let area = (seen.metric[0] * seen.metric[2] - seen.metric[1].powi(2)).sqrt().recip();
            prop_assert!((area * seen.depth - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn stretched_points_lie_on_the_ellipsoid() {
        let shape = draw(3, [0.7, 0.4]);
        let ellipsoid = Ellipsoid::new([0.0; 3], &shape);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
        for _ in 0..20 {
            let point = shape.stretch(draw_direction(&mut rng));
            assert!((ellipsoid.radius_square(point) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn rounding_keeps_the_volume_and_moves_ratios_to_one() {
        let shape = draw(5, [0.6, 0.4]).rounded(0.6);
        let [middle, shortest] = shape.ratios();
        assert!((middle - 0.76).abs() < 1e-12 && (shortest - 0.64).abs() < 1e-12);
        assert!((shape.axes.iter().product::<f64>() - 1.0).abs() < 1e-12);
    }

    /// The mass of a triaxial `exp(-m)` within a sphere against random points; false alarm 6e-5 (4 sigma).
    #[test]
    fn mass_in_a_sphere_is_that_of_random_points() {
        let shape = draw(6, [0.7, 0.45]);
        let enclosed = |m: f64| 1.0 - (-m).exp() * (1.0 + m + 0.5 * m * m);
        let radius = 2.0;
        let ours = shape.mean_in_sphere(|s| enclosed(radius * s));
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
        let n = 200_000;
        let gamma = rand_distr::Gamma::new(3.0, 1.0).unwrap();
        let inside = (0..n).filter(|_| {
            let m: f64 = gamma.sample(&mut rng);
            let point = shape.stretch(draw_direction(&mut rng));
            m * dot(point, point).sqrt() < radius
        });
        let share = inside.count() as f64 / f64::from(n);
        let sigma = (ours * (1.0 - ours) / f64::from(n)).sqrt();
        assert!((share - ours).abs() < 4.0 * sigma, "{share} {ours}");
    }
}
