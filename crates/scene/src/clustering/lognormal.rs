//! The spectrum of the Gaussian field beneath a log-normal density.

use std::f64::consts::PI;

/// Bias times growth of the haloes whose correlation is exactly linear.
///
/// That of haloes of some 1e13 Msun today. A larger value would take ever more power out of `g`: with 3, the clusters'
/// own, a quarter on large scales, and the many smaller haloes would lack it.
pub(crate) const PIVOT: f64 = 1.5;
/// Wavenumbers of the integral over the spectrum.
const N_K: usize = 3000;
const K_MIN_PER_MPC: f64 = 1e-5;
/// Step and end of the integral over distance.
const R_STEP_MPC: f64 = 0.5;
const R_MAX_MPC: f64 = 300.0;

/// A function of the wavenumber, linear between evenly spaced nodes, zero beyond.
#[derive(Clone, Debug)]
pub(crate) struct KTable {
    step: f64,
    values: Vec<f64>,
}

impl KTable {
    /// Nodes of a table.
    const N_NODES: usize = 4096;

    /// Tabulates a function up to `k_max`.
    pub(crate) fn new(k_max: f64, function: impl Fn(f64) -> f64) -> Self {
        let step = k_max / (Self::N_NODES - 2) as f64;
        Self { step, values: (0..Self::N_NODES).map(|idx| function(idx as f64 * step)).collect() }
    }

    /// The value at a wavenumber.
    pub(crate) fn at(&self, k_per_mpc: f64) -> f64 {
        let at = k_per_mpc / self.step;
        let idx = at as usize;
        match self.values.get(idx..idx + 2) {
            Some(pair) => pair[0] + (pair[1] - pair[0]) * (at - idx as f64),
            None => 0.0,
        }
    }
}

/// Power in Mpc^3 of the field `g` for which `exp(a g)` of `a = PIVOT` has `xi = a^2 xi_s`.
///
/// `xi_g = ln(1 + a^2 xi_s) / a^2` (Coles & Jones 1991), with `xi_s` the correlation of the linear density smoothed
/// by a Gaussian of the given radius, so that the grid can hold it. Where the transform of `xi_g` falls below zero, at
/// wavelengths beyond 5 Gpc, it is set to zero.
pub(crate) fn spectrum(power_mpc3: impl Fn(f64) -> f64, smoothing_mpc: f64, k_max: f64) -> KTable {
    let smoothed = |k: f64| power_mpc3(k) * (-(k * smoothing_mpc).powi(2)).exp();
    let k_end = 6.0 / smoothing_mpc;
    let dlnk = (k_end / K_MIN_PER_MPC).ln() / N_K as f64;
    let modes: Vec<(f64, f64)> = (0..N_K)
        .map(|idx| K_MIN_PER_MPC * ((idx as f64 + 0.5) * dlnk).exp())
        .map(|k| (k, smoothed(k) * k.powi(3) * dlnk / (2.0 * PI * PI)))
        .collect();
    let xi = |r: f64| modes.iter().map(|(k, power)| power * sinc(k * r)).sum::<f64>();
    // The difference of the two correlations is confined, while each reaches far.
    let difference: Vec<(f64, f64)> = (0..(R_MAX_MPC / R_STEP_MPC) as usize)
        .map(|idx| (idx as f64 + 0.5) * R_STEP_MPC)
        .map(|r| (r, xi(r)))
        .map(|(r, xi)| (r, 4.0 * PI * r * r * R_STEP_MPC * ((PIVOT * PIVOT * xi).ln_1p() / (PIVOT * PIVOT) - xi)))
        .collect();
    let change = |k: f64| difference.iter().map(|(r, change)| change * sinc(k * r)).sum::<f64>();
    // The change is smooth in k: a coarse table of it does.
    let coarse: Vec<f64> = (0..=256).map(|idx| change(k_max * f64::from(idx) / 256.0)).collect();
    let change = |k: f64| {
        let at = (256.0 * k / k_max).min(255.999);
        let idx = at as usize;
        coarse[idx] + (coarse[idx + 1] - coarse[idx]) * (at - idx as f64)
    };
    KTable::new(k_max, |k| if k == 0.0 { 0.0 } else { (smoothed(k) + change(k)).max(0.0) })
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-6 { 1.0 } else { x.sin() / x }
}
