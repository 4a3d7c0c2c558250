//! Gauss-Legendre integration with rules that are computed once.

use std::num::NonZeroUsize;
use std::sync::LazyLock;

use gauss_quad::GaussLegendre;

// The nodes are constants of mathematics; computing them costs more than most of the integrals they serve.
static RULE_16: LazyLock<GaussLegendre> = LazyLock::new(|| rule(16));
static RULE_64: LazyLock<GaussLegendre> = LazyLock::new(|| rule(64));

/// Integral over `[a, b]` with 64 nodes, for integrands that are smooth over the whole interval.
pub(crate) fn integrate(a: f64, b: f64, f: impl FnMut(f64) -> f64) -> f64 {
    RULE_64.integrate(a, b, f)
}

/// Integral over `[a, b]` in `n_panels` equal panels of 16 nodes, for long intervals.
pub(crate) fn integrate_panels(a: f64, b: f64, n_panels: usize, f: impl Fn(f64) -> f64) -> f64 {
    let width = (b - a) / n_panels as f64;
    (0..n_panels).map(|panel| a + width * panel as f64).map(|left| RULE_16.integrate(left, left + width, &f)).sum()
}

fn rule(n_nodes: usize) -> GaussLegendre {
    GaussLegendre::new(NonZeroUsize::new(n_nodes).expect("the rules of this file have nodes"))
}

/// Composite Simpson rule, the slow twin that the tests of this crate compare quadratures with.
#[cfg(test)]
pub(crate) fn simpson(a: f64, b: f64, n_intervals: usize, f: impl Fn(f64) -> f64) -> f64 {
    let n = n_intervals + n_intervals % 2;
    let h = (b - a) / n as f64;
    let weight = |i: usize| {
        if i == 0 || i == n { 1.0 } else { 2.0 + 2.0 * (i % 2) as f64 }
    };
    (0..=n).map(|i| weight(i) * f(a + h * i as f64)).sum::<f64>() * h / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rules_agree_on_a_smooth_integrand() {
        let exact = 1.0 - (-5.0_f64).exp();
        for got in [
            integrate(0.0, 5.0, |x| (-x).exp()),
            integrate_panels(0.0, 5.0, 7, |x| (-x).exp()),
            simpson(0.0, 5.0, 4000, |x| (-x).exp()),
        ] {
            assert!((got / exact - 1.0).abs() < 1e-12, "{got} {exact}");
        }
    }
}
