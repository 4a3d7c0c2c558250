//! Plate carree projection (CG02, Sect. 5.2.3): `x = phi`, `y = theta`.

use super::projection::{direction, latitude};

pub(super) fn project([a, b, c]: [f64; 3]) -> [f64; 2] {
    [b.atan2(a), c.atan2(a.hypot(b))]
}

/// Any `x` is accepted: maps of the full sky commonly begin or end beyond half a turn from their reference point.
pub(super) fn deproject([x, y]: [f64; 2]) -> Option<[f64; 3]> {
    latitude(y).map(|theta_rad| direction(x, theta_rad))
}

/// `cos(theta)`: the width of a pixel shrinks towards the native poles.
pub(super) fn area_ratio([a, b, _]: [f64; 3]) -> f64 {
    a.hypot(b)
}
