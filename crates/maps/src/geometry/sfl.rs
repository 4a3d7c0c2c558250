//! Sanson-Flamsteed projection (CG02, Sect. 5.3.1): `x = phi cos(theta)`, `y = theta`.

use super::projection::{POLE_TOLERANCE_RAD, direction, latitude};

/// Equal area everywhere.
pub(super) const AREA_RATIO: f64 = 1.0;

pub(super) fn project([a, b, c]: [f64; 3]) -> [f64; 2] {
    let cos_theta = a.hypot(b);
    [b.atan2(a) * cos_theta, c.atan2(cos_theta)]
}

/// The sphere fills only `|x| <= pi cos(y)` of the plane.
pub(super) fn deproject([x, y]: [f64; 2]) -> Option<[f64; 3]> {
    let theta_rad = latitude(y)?;
    let half_width = std::f64::consts::PI * theta_rad.cos();
    if x.abs() > half_width + POLE_TOLERANCE_RAD {
        return None;
    }
    // At the pole itself, where every longitude meets, the quotient would be rounding over rounding.
    let phi_rad = if half_width > POLE_TOLERANCE_RAD { x / theta_rad.cos() } else { 0.0 };
    Some(direction(phi_rad, theta_rad))
}
