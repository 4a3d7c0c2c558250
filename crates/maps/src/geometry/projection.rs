//! Map projections: native sphere to plane and back.
//!
//! Each projection is one file with three functions over the *native* sphere of CG02, on which the projection has its
//! simplest form. Directions are unit vectors `(cos theta cos phi, cos theta sin phi, sin theta)`, so that zenithal
//! projections need no trigonometry at all; the plane is in radians, where CG02 has degrees.

use super::{car, sfl, tan, zea};

/// Map projection, named as in FITS (CG02, Sect. 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Projection {
    /// Gnomonic.
    Tan,
    /// Plate carree.
    Car,
    /// Sanson-Flamsteed.
    Sfl,
    /// Zenithal equal-area.
    Zea,
}

impl Projection {
    /// All projections.
    pub const ALL: [Projection; 4] = [Projection::Tan, Projection::Car, Projection::Sfl, Projection::Zea];

    /// The three letters of a FITS `CTYPE`.
    pub const fn code(self) -> &'static str {
        match self {
            Projection::Tan => "TAN",
            Projection::Car => "CAR",
            Projection::Sfl => "SFL",
            Projection::Zea => "ZEA",
        }
    }

    /// The projection of a FITS code, `None` where it is not one of ours.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|projection| projection.code() == code)
    }

    /// Native latitude `theta_0` of the reference point: the pole of a zenithal projection, else the equator.
    pub(super) const fn theta0_rad(self) -> f64 {
        match self {
            Projection::Tan | Projection::Zea => std::f64::consts::FRAC_PI_2,
            Projection::Car | Projection::Sfl => 0.0,
        }
    }

    /// True when the plane repeats itself along its first axis, so that a map may reach beyond a full turn.
    pub(super) const fn is_periodic(self) -> bool {
        matches!(self, Projection::Car)
    }

    /// Plane position of a native direction, `None` where the projection diverges.
    pub(super) fn project(self, native: [f64; 3]) -> Option<[f64; 2]> {
        match self {
            Projection::Tan => tan::project(native),
            Projection::Car => Some(car::project(native)),
            Projection::Sfl => Some(sfl::project(native)),
            Projection::Zea => zea::project(native),
        }
    }

    /// Native direction of a plane position, `None` outside the image of the sphere.
    pub(super) fn deproject(self, plane: [f64; 2]) -> Option<[f64; 3]> {
        match self {
            Projection::Tan => Some(tan::deproject(plane)),
            Projection::Car => car::deproject(plane),
            Projection::Sfl => sfl::deproject(plane),
            Projection::Zea => zea::deproject(plane),
        }
    }

    /// Solid angle over plane area at a native direction.
    pub(super) fn area_ratio(self, native: [f64; 3]) -> f64 {
        match self {
            Projection::Tan => tan::area_ratio(native),
            Projection::Car => car::area_ratio(native),
            Projection::Sfl => sfl::AREA_RATIO,
            Projection::Zea => zea::AREA_RATIO,
        }
    }
}

/// Native latitudes this far beyond a pole are taken for the pole: a pixel centre there suffers rounding.
pub(super) const POLE_TOLERANCE_RAD: f64 = 1e-10;

/// Native latitude, with rounding beyond a pole taken back; `None` further out.
pub(super) fn latitude(theta_rad: f64) -> Option<f64> {
    const POLE_RAD: f64 = std::f64::consts::FRAC_PI_2;
    (theta_rad.abs() <= POLE_RAD + POLE_TOLERANCE_RAD).then(|| theta_rad.clamp(-POLE_RAD, POLE_RAD))
}

/// Unit vector of native longitude and latitude.
pub(super) fn direction(phi_rad: f64, theta_rad: f64) -> [f64; 3] {
    let (sin_phi, cos_phi) = phi_rad.sin_cos();
    let (sin_theta, cos_theta) = theta_rad.sin_cos();
    [cos_theta * cos_phi, cos_theta * sin_phi, sin_theta]
}
