//! Positions on the sky and their frames.

use crate::angle::{Degree, Radian};

/// The frame of a position's longitude and latitude.
///
/// ICRS and FK5 (J2000) differ by less than 0.1 arcsec, which no map of this field resolves; both are `Equatorial`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Right ascension and declination, ICRS or FK5 J2000.
    Equatorial,
    /// Galactic longitude and latitude.
    Galactic,
}

impl std::fmt::Display for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Frame::Equatorial => "equatorial",
            Frame::Galactic => "galactic",
        })
    }
}

/// A direction on the sky: longitude in `[0, 2 pi)` and latitude in `[-pi/2, pi/2]`, both radians.
///
/// The frame is that of the geometry or catalogue which the position belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SkyPosition {
    lon_rad: f64,
    lat_rad: f64,
}

impl SkyPosition {
    /// Builds a position; the longitude is wrapped into `[0, 2 pi)`.
    ///
    /// Returns `None` when either angle is not finite or the latitude lies outside `[-pi/2, pi/2]`.
    pub fn new(lon: Radian, lat: Radian) -> Option<Self> {
        let (lon_rad, lat_rad) = (lon.value(), lat.value());
        let valid = lon_rad.is_finite() && lat_rad.abs() <= std::f64::consts::FRAC_PI_2;
        valid.then(|| Self { lon_rad: wrap_longitude(lon_rad), lat_rad })
    }

    /// Builds a position from degrees, as catalogues write them.
    pub fn from_deg(lon_deg: f64, lat_deg: f64) -> Option<Self> {
        Self::new(Degree::new(lon_deg).to_rad(), Degree::new(lat_deg).to_rad())
    }

    /// Longitude (right ascension or l) in radians.
    pub fn lon(self) -> Radian {
        Radian::new(self.lon_rad)
    }

    /// Latitude (declination or b) in radians.
    pub fn lat(self) -> Radian {
        Radian::new(self.lat_rad)
    }

    /// Longitude in degrees.
    pub fn lon_deg(self) -> f64 {
        self.lon().to_deg().value()
    }

    /// Latitude in degrees.
    pub fn lat_deg(self) -> f64 {
        self.lat().to_deg().value()
    }

    /// Angle between two directions of one frame (Vincenty's form: accurate at all separations).
    ///
    /// ```
    /// # use arcmin_units::SkyPosition;
    /// let a = SkyPosition::from_deg(10.0, 0.0).unwrap();
    /// let b = SkyPosition::from_deg(11.0, 0.0).unwrap();
    /// assert!((a.separation(b).to_deg().value() - 1.0).abs() < 1e-14);
    /// ```
    pub fn separation(self, other: Self) -> Radian {
        let (sin_a, cos_a) = self.lat_rad.sin_cos();
        let (sin_b, cos_b) = other.lat_rad.sin_cos();
        let (sin_d, cos_d) = (other.lon_rad - self.lon_rad).sin_cos();
        let across = (cos_b * sin_d).hypot(cos_a * sin_b - sin_a * cos_b * cos_d);
        let along = sin_a * sin_b + cos_a * cos_b * cos_d;
        Radian::new(across.atan2(along))
    }
}

/// Wraps into `[0, 2 pi)`; `rem_euclid` alone may return `2 pi` itself for a tiny negative angle.
fn wrap_longitude(lon_rad: f64) -> f64 {
    let wrapped = lon_rad.rem_euclid(std::f64::consts::TAU);
    if wrapped < std::f64::consts::TAU { wrapped } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longitude_wraps_and_latitude_is_checked() {
        assert!((SkyPosition::from_deg(-10.0, 5.0).unwrap().lon_deg() - 350.0).abs() < 1e-12);
        assert_eq!(SkyPosition::from_deg(-1e-18, 0.0).unwrap().lon_deg(), 0.0);
        assert!(SkyPosition::from_deg(0.0, 90.1).is_none());
        assert!(SkyPosition::from_deg(f64::NAN, 0.0).is_none());
    }

    #[test]
    fn separation_is_accurate_for_tiny_and_antipodal_angles() {
        let a = SkyPosition::from_deg(120.0, -55.0).unwrap();
        let near = SkyPosition::from_deg(120.0, -55.0 + 1e-9).unwrap();
        assert!((a.separation(near).to_deg().value() - 1e-9).abs() < 1e-14);
        let far = SkyPosition::from_deg(300.0, 55.0).unwrap();
        assert!((a.separation(far).to_deg().value() - 180.0).abs() < 1e-10);
    }
}
