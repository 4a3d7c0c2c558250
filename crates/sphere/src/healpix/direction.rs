//! A direction in the terms of G05: its quarter of the sky and its height.

use arcmin_units::SkyPosition;
use std::f64::consts::{FRAC_2_PI, FRAC_PI_2, FRAC_PI_4};

/// |z| of the border between the equatorial belt and the polar caps.
const BELT_Z_MAX: f64 = 2.0 / 3.0;
/// Up to here `1 - |z|` has digits enough, 14 of them; nearer the pole it is taken from the angle.
const POLE_Z_MIN: f64 = 0.99;

/// A direction, ready to be found on a grid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Direction {
    /// Longitude in units of pi/2, in `[0, 4)`.
    pub(super) quarters: f64,
    pub(super) height: Height,
}

/// Height over the equator, in the variable in which rings are equidistant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Height {
    /// `|z| <= 2/3`.
    Belt { z: f64 },
    /// Nearer a pole; `sigma = sqrt(3 (1 - |z|)) = sqrt 6 sin(d / 2)` at the distance `d` from the pole (G05 Eq. 4), so
    /// that no digit is lost at the pole itself.
    Cap { pole: Pole, sigma: f64 },
}

/// Which cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pole {
    North,
    South,
}

impl Direction {
    pub(super) fn of_position(position: SkyPosition) -> Self {
        Self { quarters: quarters(position.lon().value()), height: Height::of_latitude(position.lat().value()) }
    }

    /// Of a unit vector.
    pub(super) fn of_vector([x, y, z]: [f64; 3]) -> Self {
        let height = if z.abs() <= BELT_Z_MAX {
            Height::Belt { z }
        } else {
            let sin_theta_2 = x * x + y * y;
            Height::Cap { pole: Pole::of(z), sigma: (3.0 * sin_theta_2 / (1.0 + z.abs())).sqrt() }
        };
        Self { quarters: quarters(y.atan2(x)), height }
    }
}

impl Height {
    pub(super) fn of_latitude(lat: f64) -> Self {
        // By way of the colatitude, as all other programs: the equator itself, where four pixels may meet, then goes to
        // the same one of them as elsewhere.
        let z = (FRAC_PI_2 - lat).cos();
        if z.abs() <= BELT_Z_MAX {
            Height::Belt { z }
        } else if z.abs() < POLE_Z_MIN {
            Height::Cap { pole: Pole::of(z), sigma: (3.0 * (1.0 - z.abs())).sqrt() }
        } else {
            Height::Cap { pole: Pole::of(z), sigma: 6f64.sqrt() * (FRAC_PI_4 - 0.5 * lat.abs()).sin() }
        }
    }
}

impl Pole {
    fn of(z: f64) -> Self {
        if z > 0.0 { Pole::North } else { Pole::South }
    }
}

/// A longitude between -pi and 2 pi in units of pi/2, in `[0, 4)`.
fn quarters(phi: f64) -> f64 {
    let quarters = phi * FRAC_2_PI;
    let wrapped = if quarters < 0.0 { quarters + 4.0 } else { quarters };
    // Just below 2 pi, rounding may reach it.
    if wrapped < 4.0 { wrapped } else { 0.0 }
}
