//! The instrument's beam in harmonic space.

use crate::Error;
use arcmin_units::Arcmin;
use arcmin_units::constants::FWHM_PER_SIGMA;

/// Harmonic transfer function of a beam, one at l = 0.
#[derive(Clone, Debug, PartialEq)]
pub enum Beam {
    /// No smoothing at all.
    Delta,
    /// Gaussian of the given full width at half maximum.
    Gaussian {
        /// Full width at half maximum.
        fwhm: Arcmin,
    },
    /// A table of `B_l`, linear in between; zero beyond its last entry.
    Tabulated {
        /// Multipoles, strictly increasing.
        ell: Vec<f64>,
        /// Transfer function at each multipole.
        b_ell: Vec<f64>,
    },
}

impl Beam {
    /// A Gaussian beam; zero width is [`Beam::Delta`].
    ///
    /// # Errors
    /// [`Error::BadBeam`] when the width is negative or not finite.
    pub fn gaussian(fwhm: Arcmin) -> Result<Self, Error> {
        let value = fwhm.value();
        if value == 0.0 {
            return Ok(Beam::Delta);
        }
        if !(value.is_finite() && value > 0.0) {
            return Err(Error::BadBeam { reason: format!("a full width of {fwhm} is not a positive number") });
        }
        Ok(Beam::Gaussian { fwhm })
    }

    /// Transfer function `B(l)`; Gaussian: `exp(-l(l+1) sigma^2 / 2)`.
    pub fn transfer(&self, ell: f64) -> f64 {
        match self {
            Beam::Delta => 1.0,
            Beam::Gaussian { fwhm } => {
                let sigma_rad = fwhm.to_rad().value() / FWHM_PER_SIGMA;
                (-0.5 * ell * (ell + 1.0) * sigma_rad * sigma_rad).exp()
            }
            Beam::Tabulated { ell: table, b_ell } => interpolate(table, b_ell, ell),
        }
    }
}

/// Linear interpolation; the first value below the table, zero above it.
fn interpolate(x: &[f64], y: &[f64], at: f64) -> f64 {
    let above = x.partition_point(|&v| v < at);
    match above {
        0 => y[0],
        i if i == x.len() => 0.0,
        i => y[i - 1] + (y[i] - y[i - 1]) * (at - x[i - 1]) / (x[i] - x[i - 1]),
    }
}
