//! Gnomonic projection (CG02, Sect. 5.1.3): `x = cot(theta) sin(phi)`, `y = -cot(theta) cos(phi)`.

/// Half a sphere only: a direction at or below the native equator has no place in the plane.
pub(super) fn project([a, b, c]: [f64; 3]) -> Option<[f64; 2]> {
    (c > 0.0).then(|| [b / c, -a / c])
}

pub(super) fn deproject([x, y]: [f64; 2]) -> [f64; 3] {
    let norm = (1.0 + x * x + y * y).sqrt();
    [-y / norm, x / norm, 1.0 / norm]
}

/// `sin(theta)^3`: pixels far from the centre see less sky.
pub(super) fn area_ratio([_, _, c]: [f64; 3]) -> f64 {
    c.powi(3)
}
