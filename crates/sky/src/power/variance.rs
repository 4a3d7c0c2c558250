//! Variance of the linear density field in spheres.

use std::f64::consts::PI;

use super::{K_MAX_PER_MPC, K_MIN_PER_MPC};
use crate::table::UniformTable;

/// Range and number of tabulated radii, in Mpc.
const R_MIN_MPC: f64 = 1e-2;
const R_MAX_MPC: f64 = 1e3;
const N_R: usize = 240;
/// Integration step in ln k. Trapezoids converge exponentially here, as the integrand dies at both ends.
const LN_K_STEP: f64 = 0.01;

/// `ln sigma(R)` and its slope at redshift zero.
#[derive(Clone, Debug)]
pub(super) struct SigmaTable {
    ln_sigma: UniformTable,
    slope: UniformTable,
}

impl SigmaTable {
    /// Integrates a spectrum given as `ln P` against `ln k`.
    pub(super) fn new(ln_power: &UniformTable) -> Self {
        let nodes = PowerNodes::new(ln_power);
        let (start, end) = (R_MIN_MPC.ln(), R_MAX_MPC.ln());
        let step = (end - start) / (N_R - 1) as f64;
        let moments: Vec<(f64, f64)> =
            (0..N_R).map(|i| nodes.variance_and_derivative((start + step * i as f64).exp())).collect();
        let ln_sigma = moments.iter().map(|(variance, _)| 0.5 * variance.ln()).collect();
        let slope = moments.iter().map(|(variance, derivative)| 0.5 * derivative / variance).collect();
        Self {
            ln_sigma: UniformTable::from_values(start, step, ln_sigma),
            slope: UniformTable::from_values(start, step, slope),
        }
    }

    pub(super) fn ln_sigma(&self, ln_radius_mpc: f64) -> f64 {
        self.ln_sigma.at(ln_radius_mpc)
    }

    pub(super) fn dln_sigma_dln_r(&self, ln_radius_mpc: f64) -> f64 {
        self.slope.at(ln_radius_mpc)
    }
}

/// Rms in spheres of one radius, by direct integration.
pub(super) fn sigma(ln_power: &UniformTable, radius_mpc: f64) -> f64 {
    integral_over_k(ln_power, radius_mpc, 0).sqrt()
}

/// `1/(2 pi^2) int dlnk k^(3+n) P(k) W^2(kR)`; n = 0 is the density variance, n = -2 three times that of displacements.
pub(super) fn integral_over_k(ln_power: &UniformTable, radius_mpc: f64, extra_power_of_k: i32) -> f64 {
    PowerNodes::new(ln_power)
        .nodes
        .iter()
        .map(|&(k, contribution)| contribution * k.powi(extra_power_of_k) * window(k * radius_mpc).powi(2))
        .sum()
}

/// Wavenumbers and their contributions `k^3 P(k) dlnk / (2 pi^2)` to the variance.
struct PowerNodes {
    nodes: Vec<(f64, f64)>,
}

impl PowerNodes {
    fn new(ln_power: &UniformTable) -> Self {
        let (first, last) = (K_MIN_PER_MPC.ln(), K_MAX_PER_MPC.ln());
        let n = ((last - first) / LN_K_STEP) as usize;
        let node = |i: usize| {
            let ln_k = first + LN_K_STEP * i as f64;
            (ln_k.exp(), (3.0 * ln_k + ln_power.at(ln_k)).exp() * LN_K_STEP / (2.0 * PI * PI))
        };
        Self { nodes: (0..=n).map(node).collect() }
    }

    /// The variance and its derivative with respect to ln R.
    fn variance_and_derivative(&self, radius_mpc: f64) -> (f64, f64) {
        // Beyond kR = 300 the window squared is below 1e-9 and its oscillations are no longer resolved.
        let within = self.nodes.partition_point(|node| node.0 * radius_mpc < 300.0);
        self.nodes[..within].iter().fold((0.0, 0.0), |(variance, derivative), &(k, contribution)| {
            let x = k * radius_mpc;
            let w = window(x);
            (variance + contribution * w * w, derivative + contribution * 2.0 * w * x_window_derivative(x, w))
        })
    }
}

/// Fourier transform of the unit sphere, `3 (sin x - x cos x) / x^3`.
fn window(x: f64) -> f64 {
    if x < 0.02 {
        return 1.0 - x * x / 10.0 + x.powi(4) / 280.0;
    }
    let (sin, cos) = x.sin_cos();
    3.0 * (sin - x * cos) / (x * x * x)
}

/// `x dW/dx = 3 sin(x)/x - 3 W`.
fn x_window_derivative(x: f64, w: f64) -> f64 {
    if x < 0.02 { -x * x / 5.0 + x.powi(4) / 70.0 } else { 3.0 * (x.sin() / x - w) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quadrature::simpson;

    /// `P = 1e4 exp(-k) k^0.5`, which has no table of its own to hide behind.
    fn toy() -> UniformTable {
        UniformTable::tabulate(1e-5_f64.ln(), 1e3_f64.ln(), 3000, |u| 1e4_f64.ln() + 0.5 * u - u.exp())
    }

    #[test]
    fn table_and_trapezoids_equal_the_slow_integral() {
        let (toy, table) = (toy(), SigmaTable::new(&toy()));
        for radius in [0.05_f64, 0.5, 3.0, 8.0, 40.0] {
            let integrand = |k: f64| 1e4 * (-k).exp() * k.powf(2.5) * window(k * radius).powi(2) / (2.0 * PI * PI);
            let twin = simpson(1e-5, 40.0, 400_000, integrand).sqrt();
            assert!((sigma(&toy, radius) / twin - 1.0).abs() < 2e-6, "{radius}: {} {twin}", sigma(&toy, radius));
            assert!((table.ln_sigma(radius.ln()).exp() / twin - 1.0).abs() < 1e-5, "{radius}");
        }
    }

    #[test]
    fn window_is_continuous_where_its_series_takes_over() {
        for below in [0.019_999_999_f64, 0.02] {
            let (sin, cos) = below.sin_cos();
            assert!((window(below) - 3.0 * (sin - below * cos) / below.powi(3)).abs() < 1e-9);
        }
        assert!(
            (x_window_derivative(0.019_999, window(0.019_999)) - 3.0 * (0.02_f64.sin() / 0.02 - window(0.02))).abs()
                < 1e-7
        );
    }
}
