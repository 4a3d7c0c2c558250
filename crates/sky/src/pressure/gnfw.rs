//! The generalised NFW profile of gas pressure, dimensionless.

use crate::quadrature::integrate_panels;

/// Radius in units of r500c at which every profile of this crate ends.
pub(crate) const X_MAX: f64 = 5.0;

/// Dimensionless pressure `p(x) = p0 (c x)^-gamma [1 + (c x)^alpha]^((gamma - beta) / alpha)` at `x = r / r500c`.
///
/// Source: Nagai07; Arnaud10, Eq. 11. Differs: zero beyond `x = 5`, the sphere that Arnaud10 integrate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gnfw {
    /// Normalisation.
    pub p0: f64,
    /// Concentration `r500c / r_s`.
    pub c500: f64,
    /// Slope at the centre, 0 or more and less than 1.
    pub gamma: f64,
    /// Sharpness of the turn between the slopes.
    pub alpha: f64,
    /// Slope far out.
    pub beta: f64,
}

impl Gnfw {
    /// The universal profile (Arnaud10, Eq. 12), with its p0 for h70 = 1.
    pub const ARNAUD10: Self = Self { p0: 8.403, c500: 1.177, gamma: 0.3081, alpha: 1.0510, beta: 5.4905 };

    /// Pressure at `x > 0`.
    pub fn pressure(&self, x: f64) -> f64 {
        if x > X_MAX { 0.0 } else { self.untruncated(x) }
    }

    /// Integral of the pressure along the line of sight at projected radius x, both in units of r500c.
    ///
    /// By quadrature to 1e-10; [`super::ProjectedGnfw`] is the fast table of it.
    pub fn line_integral(&self, x: f64) -> f64 {
        if x >= X_MAX {
            return 0.0;
        }
        if x <= 0.0 {
            // With r = exp(u) the cusp becomes an exponential that is negligible at the lower end.
            let (start, end) = (-45.0, X_MAX.ln());
            return 2.0 * integrate_panels(start, end, 32, |u| self.untruncated(u.exp()) * u.exp());
        }
        // With l = x sinh(t) both the cusp and the tail are smooth.
        let end = (X_MAX / x).acosh();
        let n_panels = (end / 1.5).ceil().max(1.0) as usize;
        2.0 * integrate_panels(0.0, end, n_panels, |t| {
            let r = x * t.cosh();
            self.untruncated(r) * r
        })
    }

    /// `int_0^x_max p(x) x^2 dx`, the pressure in a sphere over `4 pi r500c^3`; `x_max` up to 5.
    pub fn sphere_integral(&self, x_max: f64) -> f64 {
        let end = x_max.min(X_MAX).ln();
        integrate_panels(end - 25.0, end, 16, |u| self.untruncated(u.exp()) * (3.0 * u).exp())
    }

    /// The pressure in a cylinder of projected radius `x_max` through the sphere of 5 r500c, over `4 pi r500c^3`.
    pub fn cylinder_integral(&self, x_max: f64) -> f64 {
        let half_length = (X_MAX * X_MAX - x_max * x_max).max(0.0).sqrt();
        let outside = integrate_panels(0.0, half_length, 16, |l| self.untruncated(x_max.hypot(l)) * l * l);
        self.sphere_integral(X_MAX) - outside
    }

    fn untruncated(&self, x: f64) -> f64 {
        let scaled = self.c500 * x;
        self.p0 * scaled.powf(-self.gamma) * (1.0 + scaled.powf(self.alpha)).powf((self.gamma - self.beta) / self.alpha)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quadrature::simpson;

    const P: Gnfw = Gnfw::ARNAUD10;

    #[test]
    fn line_integral_equals_the_slow_one() {
        for x in [1e-6_f64, 0.01, 0.4, 1.0, 3.0, 4.99, 4.999_999] {
            let half = (25.0 - x * x).sqrt();
            // l = half s^6 crowds the nodes where the cusp is.
            let twin =
                2.0 * simpson(0.0, 1.0, 200_000, |s| P.untruncated(x.hypot(half * s.powi(6))) * 6.0 * half * s.powi(5));
            let relative = P.line_integral(x) / twin - 1.0;
            assert!(relative.abs() < 1e-9, "{x}: {relative:e}");
        }
    }

    #[test]
    fn line_integral_is_continuous_at_the_centre() {
        assert!((P.line_integral(1e-15) / P.line_integral(0.0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn sphere_and_cylinder_agree_with_the_projection() {
        let projected = |end: f64| {
            simpson(0.0, 1.0, 4000, |s| {
                let x = end * s * s;
                0.5 * P.line_integral(x) * x * 2.0 * end * s
            })
        };
        assert!((projected(1.0) / P.cylinder_integral(1.0) - 1.0).abs() < 1e-6);
        assert!((projected(5.0) / P.sphere_integral(5.0) - 1.0).abs() < 1e-6);
    }
}
