//! Zenithal equal-area projection (CG02, Sect. 5.1.7): `x = R sin(phi)`, `y = -R cos(phi)`,
//! `R = sqrt(2 (1 - sin(theta)))`.
//!
//! Derived here: with `cos(theta)^2 = (1 - c) (1 + c)` for `c = sin(theta)`, the scale between the native vector and the
//! plane is `R / cos(theta) = sqrt(2 / (1 + c))`, so that no angle is ever computed.

/// Equal area everywhere.
pub(super) const AREA_RATIO: f64 = 1.0;

/// `R` at the antipode of the reference point.
const RADIUS_MAX: f64 = 2.0;
/// Plane radii this far beyond the antipode are taken for it: a pixel centre there suffers rounding.
const RADIUS_TOLERANCE: f64 = 1e-10;

/// All of the sphere but the antipode of the reference point, which is a whole circle in the plane.
pub(super) fn project([a, b, c]: [f64; 3]) -> Option<[f64; 2]> {
    let sine2 = a * a + b * b;
    // Close to the antipode 1 + c would be a difference of nearly equal numbers.
    let one_plus_c = if c > -0.5 { 1.0 + c } else { sine2 / (1.0 - c) };
    let scale = (2.0 / one_plus_c).sqrt();
    scale.is_finite().then(|| [b * scale, -a * scale])
}

/// The sphere fills a disc of radius 2.
pub(super) fn deproject([x, y]: [f64; 2]) -> Option<[f64; 3]> {
    let radius = x.hypot(y);
    if radius > RADIUS_MAX + RADIUS_TOLERANCE {
        return None;
    }
    let quarter = (0.5 * radius).min(1.0).powi(2);
    let scale = (1.0 - quarter).sqrt();
    Some([-y * scale, x * scale, 1.0 - 2.0 * quarter])
}
