//! Angles: radians inside, arcminutes and degrees at the edges.

use crate::newtype::scalar_newtype;

scalar_newtype!(
    /// An angle in radians.
    Radian, " rad"
);
scalar_newtype!(
    /// An angle in arcminutes.
    Arcmin, " arcmin"
);
scalar_newtype!(
    /// An angle in degrees.
    Degree, " deg"
);

const RAD_PER_DEG: f64 = std::f64::consts::PI / 180.0;
const RAD_PER_ARCMIN: f64 = RAD_PER_DEG / 60.0;

impl Radian {
    /// The same angle in arcminutes.
    pub const fn to_arcmin(self) -> Arcmin {
        Arcmin::new(self.value() / RAD_PER_ARCMIN)
    }

    /// The same angle in degrees.
    pub const fn to_deg(self) -> Degree {
        Degree::new(self.value() / RAD_PER_DEG)
    }
}

impl Arcmin {
    /// The same angle in radians.
    ///
    /// ```
    /// # use arcmin_units::Arcmin;
    /// assert!((Arcmin::new(1.0).to_rad().value() - 2.908_882_086_657_216e-4).abs() < 1e-18);
    /// ```
    pub const fn to_rad(self) -> Radian {
        Radian::new(self.value() * RAD_PER_ARCMIN)
    }

    /// The same angle in degrees.
    pub const fn to_deg(self) -> Degree {
        Degree::new(self.value() / 60.0)
    }
}

impl Degree {
    /// The same angle in radians.
    pub const fn to_rad(self) -> Radian {
        Radian::new(self.value() * RAD_PER_DEG)
    }

    /// The same angle in arcminutes.
    pub const fn to_arcmin(self) -> Arcmin {
        Arcmin::new(self.value() * 60.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_close_the_circle() {
        for value in [0.0, -3.5, 1e-6, 180.0] {
            let back = Degree::new(value).to_arcmin().to_rad().to_deg().value();
            assert!((back - value).abs() <= 1e-13 * value.abs(), "{value} -> {back}");
        }
    }
}
