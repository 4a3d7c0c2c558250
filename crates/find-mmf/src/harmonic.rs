//! Transforms of projected profiles, without a grid and so without aliasing.

use arcmin_sky::pressure::ProjectedGnfw;
use std::f64::consts::TAU;

/// Number of table entries, even in `ln(1 + x)`.
const N_TABLE: usize = 1500;
/// Largest argument of the table; beyond it the transform falls as a power.
const X_MAX: f64 = 200.0;
/// Where the profile ends, in units of theta500.
const RADIUS_MAX: f64 = 5.0;
/// Nodes of the quadrature over the radius: at `X_MAX` there are 20 in each turn of the Bessel function.
const N_RADII: usize = 4000;

/// Transform of the projected universal profile of central amplitude one, in units of theta500:
/// `tau(x) = 2 pi int_0^5 u y(u) / y(0) J0(x u) du`, `x = l theta500`.
///
/// By linear interpolation in a table, to 2e-4 of its value below `x = 50`; above, where it has fallen to 1e-4 of its
/// value at zero, to 2e-2, as the ringing of the profile's edge is not resolved.
#[derive(Clone, Debug)]
pub(crate) struct GnfwTransform {
    table: Vec<f64>,
    /// `d ln tau / d ln x` at the end of the table.
    slope: f64,
}

impl GnfwTransform {
    /// Tabulates the transform.
    pub(crate) fn new(profile: &ProjectedGnfw) -> Self {
        let table: Vec<f64> = (0..N_TABLE).map(|i| integral(profile, argument(i))).collect();
        let (first, last) = (N_TABLE - 40, N_TABLE - 1);
        let slope = (table[last] / table[first]).ln() / (argument(last) / argument(first)).ln();
        Self { table, slope }
    }

    /// `tau(x)` in units of theta500 squared.
    pub(crate) fn at(&self, x: f64) -> f64 {
        if x >= X_MAX {
            return self.table[N_TABLE - 1] * (x / X_MAX).powf(self.slope);
        }
        let place = x.ln_1p() / step();
        let i = (place as usize).min(N_TABLE - 2);
        let frac = (x - argument(i)) / (argument(i + 1) - argument(i));
        self.table[i] + (self.table[i + 1] - self.table[i]) * frac
    }
}

fn step() -> f64 {
    X_MAX.ln_1p() / (N_TABLE - 1) as f64
}

fn argument(i: usize) -> f64 {
    (i as f64 * step()).exp_m1()
}

/// Midpoint rule in `s`, `u = RADIUS_MAX s^2`, which spreads the cusp at the centre.
fn integral(profile: &ProjectedGnfw, x: f64) -> f64 {
    let ds = 1.0 / N_RADII as f64;
    let term = |i: usize| {
        let s = (i as f64 + 0.5) * ds;
        let u = RADIUS_MAX * s * s;
        u * profile.at(u) * libm::j0(x * u) * 2.0 * RADIUS_MAX * s * ds
    };
    TAU * (0..N_RADII).map(term).sum::<f64>()
}

/// Transform of `1 / (1 + u^2)` in units of the core radius, `2 pi K0(x)`; infinite at zero.
pub(crate) fn beta_transform(x: f64) -> f64 {
    TAU * bessel_k0(x)
}

/// Modified Bessel function `K0` by the polynomials of Abramowitz & Stegun 1964, Eqs. 9.8.1, 9.8.5 and 9.8.6; relative
/// accuracy 2e-7.
fn bessel_k0(x: f64) -> f64 {
    const I0: [f64; 7] = [1.0, 3.515_622_9, 3.089_942_4, 1.206_749_2, 0.265_973_2, 0.036_076_8, 0.004_581_3];
    const NEAR: [f64; 7] =
        [-0.577_215_66, 0.422_784_20, 0.230_697_56, 0.034_885_90, 0.002_626_98, 0.000_107_50, 0.000_007_40];
    const FAR: [f64; 7] =
        [1.253_314_14, -0.078_323_58, 0.021_895_68, -0.010_624_46, 0.005_878_72, -0.002_515_40, 0.000_532_08];
    let polynomial = |c: &[f64; 7], t: f64| c.iter().rev().fold(0.0, |sum, c| sum * t + c);
    if x <= 2.0 {
        let i0 = polynomial(&I0, (x / 3.75).powi(2));
        return -(x / 2.0).ln() * i0 + polynomial(&NEAR, (x / 2.0).powi(2));
    }
    (-x).exp() / x.sqrt() * polynomial(&FAR, 2.0 / x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_follows_the_quadrature() {
        let profile = ProjectedGnfw::arnaud10();
        let table = GnfwTransform::new(&profile);
        for x in [0.0, 0.013, 0.4, 1.7, 6.3, 21.0, 77.7, 160.0] {
            let (fast, slow) = (table.at(x), integral(&profile, x));
            let tolerance = if x < 50.0 { 2e-4 } else { 2e-2 };
            assert!((fast / slow - 1.0).abs() < tolerance, "x = {x}: {fast} against {slow}");
        }
    }

    #[test]
    fn transform_at_zero_is_the_flux() {
        let profile = ProjectedGnfw::arnaud10();
        let n = 200_000;
        let du = RADIUS_MAX / f64::from(n);
        let flux: f64 = (0..n).map(|i| (f64::from(i) + 0.5) * du).map(|u| TAU * u * profile.at(u) * du).sum();
        assert!((GnfwTransform::new(&profile).at(0.0) / flux - 1.0).abs() < 1e-5);
    }

    /// Values of scipy 1.17, `scipy.special.k0`.
    #[test]
    fn bessel_k0_agrees_with_scipy() {
        let golden = [
            (0.01, 4.721_244_730_161_095),
            (0.5, 0.924_419_071_227_665_6),
            (2.0, 0.113_893_872_749_533_4),
            (5.0, 0.003_691_098_334_042_594_3),
            (30.0, 2.132_477_496_463_056_3e-14),
        ];
        for (x, expected) in golden {
            assert!((bessel_k0(x) / expected - 1.0).abs() < 1e-6, "x = {x}: {}", bessel_k0(x));
        }
    }
}
