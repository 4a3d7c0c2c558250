//! The rotation between the native sphere of a projection and the sky (CG02, Sect. 2.3 and 2.4).

use crate::vector::Matrix;
use arcmin_units::{Radian, SkyPosition};
use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// Cosines and angles (in radians) below this are taken for zero when a pole is sought.
const TOLERANCE: f64 = 1e-12;

/// Why a reference point and a native pole do not go together.
pub(super) const NO_POLE: &str = "no native pole fits CRVAL, LONPOLE and LATPOLE";

/// Native longitude and latitude that FITS gives the celestial pole, in radians.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PoleCards {
    /// `LONPOLE`.
    pub(super) lonpole_rad: f64,
    /// `LATPOLE`; decides only where two poles fit, or none is singled out.
    pub(super) latpole_rad: f64,
}

impl PoleCards {
    /// What FITS assumes when the cards are absent (CG02, Sect. 2.4): the two norths point the same way.
    pub(super) fn default_for(theta0_rad: f64, reference: SkyPosition) -> Self {
        let lonpole_rad = if reference.lat().value() >= theta0_rad { 0.0 } else { PI };
        Self { lonpole_rad, latpole_rad: FRAC_PI_2 }
    }
}

/// Orthogonal matrix from native to celestial unit vectors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rotation {
    rows: [[f64; 3]; 3],
}

impl Rotation {
    /// The rotation that puts native `(0, theta0)` at `reference` and the celestial pole at native longitude
    /// `LONPOLE`. `None` when there is no such rotation.
    pub(super) fn new(theta0_rad: f64, reference: SkyPosition, pole: PoleCards) -> Option<Self> {
        let (alpha0, delta0) = (reference.lon().value(), reference.lat().value());
        let (alpha_p, delta_p) = if theta0_rad == FRAC_PI_2 {
            (alpha0, delta0)
        } else {
            let delta_p = native_pole_latitude(theta0_rad, delta0, pole)?;
            (native_pole_longitude(theta0_rad, alpha0, delta0, delta_p, pole), delta_p)
        };
        Some(Self::from_euler(alpha_p, delta_p, pole.lonpole_rad))
    }

    /// `Rz(alpha_p) S(delta_p) Rz(-phi_p)`, the matrix form of CG02 Eq. 2.
    fn from_euler(alpha_p: f64, delta_p: f64, phi_p: f64) -> Self {
        let (sa, ca) = alpha_p.sin_cos();
        let (sd, cd) = delta_p.sin_cos();
        let (sp, cp) = phi_p.sin_cos();
        Self {
            rows: [
                [-ca * sd * cp - sa * sp, -ca * sd * sp + sa * cp, ca * cd],
                [-sa * sd * cp + ca * sp, -sa * sd * sp - ca * cp, sa * cd],
                [cd * cp, cd * sp, sd],
            ],
        }
    }

    /// The matrix itself, from native to celestial unit vectors.
    pub(super) fn matrix(self) -> Matrix {
        Matrix(self.rows)
    }

    /// Sky position of a native direction.
    pub(super) fn to_sky(self, native: [f64; 3]) -> Option<SkyPosition> {
        let [a, b, c] = self.rows.map(|row| row[0] * native[0] + row[1] * native[1] + row[2] * native[2]);
        SkyPosition::new(Radian::new(b.atan2(a)), Radian::new(c.atan2(a.hypot(b))))
    }

    /// Native direction of a sky position.
    pub(super) fn to_native(self, position: SkyPosition) -> [f64; 3] {
        let (sin_lon, cos_lon) = position.lon().value().sin_cos();
        let (sin_lat, cos_lat) = position.lat().value().sin_cos();
        let sky = [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat];
        let column = |j: usize| self.rows[0][j] * sky[0] + self.rows[1][j] * sky[1] + self.rows[2][j] * sky[2];
        [column(0), column(1), column(2)]
    }
}

/// Celestial latitude `delta_p` of the native pole (CG02, Eq. 8 and the rules below it), with `phi_0 = 0`.
fn native_pole_latitude(theta0_rad: f64, delta0: f64, pole: PoleCards) -> Option<f64> {
    let (sin_theta0, cos_theta0) = theta0_rad.sin_cos();
    let (x, y) = (cos_theta0 * pole.lonpole_rad.cos(), sin_theta0);
    let norm = x.hypot(y);
    if norm < TOLERANCE {
        // The reference point is 90 degrees from the pole whatever its latitude, so only LATPOLE can tell.
        return (delta0.abs() < TOLERANCE).then_some(pole.latpole_rad);
    }
    let cosine = delta0.sin() / norm;
    if cosine.abs() > 1.0 + TOLERANCE {
        return None;
    }
    let (middle, offset) = (y.atan2(x), cosine.clamp(-1.0, 1.0).acos());
    let distance = |delta_p: &f64| (delta_p - pole.latpole_rad).abs();
    // Of two poles at one distance min_by keeps the first, the southern one, as WCSLIB does.
    [middle - offset, middle + offset]
        .into_iter()
        .map(|delta_p| {
            if delta_p > PI {
                delta_p - TAU
            } else if delta_p <= -PI {
                delta_p + TAU
            } else {
                delta_p
            }
        })
        .filter(|delta_p| delta_p.abs() <= FRAC_PI_2 + TOLERANCE)
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))
        .map(|delta_p| delta_p.clamp(-FRAC_PI_2, FRAC_PI_2))
}

/// Celestial longitude `alpha_p` of the native pole (CG02, Eq. 9 and 10 and the exceptions below them).
fn native_pole_longitude(theta0_rad: f64, alpha0: f64, delta0: f64, delta_p: f64, pole: PoleCards) -> f64 {
    let (sin_theta0, cos_theta0) = theta0_rad.sin_cos();
    let phi_p = pole.lonpole_rad;
    if delta0.cos() < TOLERANCE {
        return alpha0;
    }
    if delta_p.cos() < TOLERANCE {
        return if delta_p > 0.0 { alpha0 + phi_p - PI } else { alpha0 - phi_p };
    }
    let sine = phi_p.sin() * cos_theta0 / delta0.cos();
    let cosine = (sin_theta0 - delta_p.sin() * delta0.sin()) / (delta_p.cos() * delta0.cos());
    alpha0 - sine.atan2(cosine)
}
