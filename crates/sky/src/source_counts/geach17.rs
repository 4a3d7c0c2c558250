//! Geach et al. 2017: dusty galaxies.

use arcmin_units::Ghz;

use super::SourceCounts;
use crate::Error;
use crate::error::require_positive;

/// Slope of the faint end, `dN/dS ~ S^-gamma`.
const GAMMA: f64 = 1.5;
/// Fluxes that are tabulated, in units of S0: sources below carry 1e-4 of the intensity.
const X_RANGE: [f64; 2] = [1e-8, 60.0];
/// Step of the table in ln S: the counts between knots are then right to 1e-5 (S / S0).
const LN_STEP: f64 = 0.01;

/// Dusty galaxies at 219 GHz: `dN/dS = (N0 / S0) (S / S0)^-1.5 exp(-S / S0)`, N0 per square degree, S0 in mJy.
///
/// The form and N0 = 7180 are those of the counts at 850 um (Geach17, Eq. 3, where S0 = 2.5 mJy); S0 = 0.729 mJy takes
/// them to 219 GHz and gives the Poisson power that George15 measure.
///
/// # Errors
/// [`Error::Parameter`] if either number is not above zero.
///
/// ```
/// use arcmin_sky::source_counts::geach17_219ghz;
/// let counts = geach17_219ghz(7180.0, 0.729)?;
/// assert!((counts.n_above_per_deg2(1.0) - 624.66).abs() < 0.1);
/// # Ok::<(), arcmin_sky::Error>(())
/// ```
pub fn geach17_219ghz(n0_per_deg2: f64, s0_mjy: f64) -> Result<SourceCounts, Error> {
    require_positive("N0 of the dusty galaxies per square degree", n0_per_deg2)?;
    require_positive("S0 of the dusty galaxies in mJy", s0_mjy)?;
    let per_sr = n0_per_deg2 * 180f64.powi(2) / std::f64::consts::PI.powi(2);
    let [first, last] = X_RANGE.map(f64::ln);
    let n_steps = ((last - first) / LN_STEP).ceil() as usize;
    let rows = (0..=n_steps).map(|idx| {
        let x = (first + (last - first) * idx as f64 / n_steps as f64).exp();
        (x * s0_mjy, per_sr / s0_mjy * x.powf(-GAMMA) * (-x).exp())
    });
    Ok(SourceCounts::new(Ghz::new(219.0), rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `int x^(n - 3/2) e^-x dx` from zero is `Gamma(n - 1/2)`: sqrt(pi) and sqrt(pi) / 2.
    #[test]
    fn moments_are_gamma_functions() {
        let (n0, s0) = (5000.0, 0.7);
        let counts = geach17_219ghz(n0, s0).unwrap();
        let per_sr = n0 * 180f64.powi(2) / std::f64::consts::PI.powi(2);
        let root = std::f64::consts::PI.sqrt();
        for (n, gamma, tolerance) in [(1, root, 2e-4), (2, 0.5 * root, 5e-5)] {
            let expected = per_sr * s0.powi(n) * gamma;
            let got = counts.moment(n, [0.0, f64::INFINITY]);
            assert!((got / expected - 1.0).abs() < tolerance, "{n}: {got} {expected}");
        }
    }

    #[test]
    fn numbers_without_meaning_are_refused() {
        for (n0, s0) in [(0.0, 1.0), (1.0, -1.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
            assert!(geach17_219ghz(n0, s0).is_err(), "{n0} {s0}");
        }
    }
}
