//! The recursion of the normalised associated Legendre functions in steps of two degrees (I18).
//!
//! With `eps_l = sqrt((l^2 - m^2) / (4 l^2 - 1))`, `x lambda_l = eps_{l+1} lambda_{l+1} + eps_l lambda_{l-1}`, `x = cos theta`. The
//! functions `Q_k = lambda_{m+2k+1} / x` are even in x, and both parities are sums of them:
//!
//! - odd `l - m`: `lambda_{m+2k+1} = x Q_k`;
//! - even `l - m`: `lambda_l = eps_{l+1} Q_k + eps_l Q_{k-1}` with `l = m + 2k`.
//!
//! Twice the relation above gives, with `L = m + 2k + 1` and `e_k = eps_{L+1} eps_{L+2}`,
//! `Q_{k+1} = [(x^2 - eps_{L+1}^2 - eps_L^2) Q_k - e_{k-1} Q_{k-1}] / e_k`. Scaled, `Q_k = alpha_k q_k` with
//! `alpha_{k+1} = -alpha_{k-1} e_{k-1} / e_k`, this is `q_{k+1} = (a_k x^2 + b_k) q_k + q_{k-1}`: two multiply-adds for two
//! degrees on each pair of rings.

use num_complex::Complex64;
use std::f64::consts::PI;

/// Steps of the recursion between two looks at the scale. In one step a function grows by a factor below `2 lmax`.
pub(super) const STRIDE: usize = 4;

/// One step of the recursion: its coefficients, and the sums' coefficients for synthesis.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rung {
    /// Coefficients of `q_{k+1} = (a x^2 + b) q_k + q_{k-1}`.
    pub(super) a: f64,
    pub(super) b: f64,
    /// Factor of `q_k` in the sum over even `l - m`.
    pub(super) even: Complex64,
    /// Factor of `x q_k` in the sum over odd `l - m`.
    pub(super) odd: Complex64,
}

/// The recursion of one order up to a degree, with room to be used for the next order.
#[derive(Debug, Default)]
pub(super) struct Ladder {
    pub(super) rungs: Vec<Rung>,
    alpha: Vec<f64>,
    /// `eps_l` from `l = m`.
    eps: Vec<f64>,
}

impl Ladder {
    /// Sets the recursion of an order.
    pub(super) fn set_order(&mut self, lmax: usize, m: usize) {
        let n = (lmax - m) / 2 + 1;
        let m2 = (m * m) as f64;
        self.eps.clear();
        self.eps.extend((m..m + 2 * n + 4).map(|l| {
            let l2 = (l * l) as f64;
            ((l2 - m2) / (4.0 * l2 - 1.0)).sqrt()
        }));
        self.eps[0] = 0.0;
        self.rungs.clear();
        self.alpha.clear();
        let (mut alpha, mut alpha_next) = (1.0, 1.0);
        for k in 0..n {
            // eps_L, L = m + 2k + 1, and the four after it.
            let eps = &self.eps[2 * k + 1..][..5];
            let (e, e_next) = (eps[1] * eps[2], eps[3] * eps[4]);
            let a = alpha / (alpha_next * e);
            let b = -(eps[0] * eps[0] + eps[1] * eps[1]) * a;
            self.rungs.push(Rung { a, b, ..Rung::default() });
            self.alpha.push(alpha);
            (alpha, alpha_next) = (alpha_next, -alpha * e / e_next);
        }
    }

    /// Sets the sums' coefficients from `a_lm`, `l = m..=lmax`.
    pub(super) fn set_coefficients(&mut self, order: &[Complex64]) {
        let at = |i: usize| order.get(i).copied().unwrap_or_default();
        for (k, (rung, &alpha)) in self.rungs.iter_mut().zip(&self.alpha).enumerate() {
            let i = 2 * k;
            rung.even = (at(i) * self.eps[i + 1] + at(i + 2) * self.eps[i + 2]) * alpha;
            rung.odd = at(i + 1) * alpha;
        }
    }

    /// Adds to `a_lm`, `l = m..=lmax`, from the sums over the rings: `[even re, even im, odd re, odd im]` at each step.
    pub(super) fn add_sums(&self, sums: &[[f64; 4]], order: &mut [Complex64]) {
        let mut even_before = Complex64::default();
        for (k, (sum, &alpha)) in sums.iter().zip(&self.alpha).enumerate() {
            let i = 2 * k;
            let even = Complex64::new(sum[0], sum[1]) * alpha;
            order[i] += even * self.eps[i + 1] + even_before * self.eps[i];
            even_before = even;
            if let Some(odd) = order.get_mut(i + 1) {
                *odd += Complex64::new(sum[2], sum[3]) * alpha;
            }
        }
    }
}

/// `Q_0 / sin^m theta` for all orders: `(-1)^m sqrt(2m + 3) sqrt((2m + 1)!! / (4 pi (2m)!!))`.
pub(super) fn starts(lmax: usize) -> Vec<f64> {
    let mut square = 1.0 / (4.0 * PI);
    let start = |m: usize| {
        if m > 0 {
            square *= (2 * m + 1) as f64 / (2 * m) as f64;
        }
        let sign = if m.is_multiple_of(2) { 1.0 } else { -1.0 };
        sign * (square * (2 * m + 3) as f64).sqrt()
    };
    (0..=lmax).map(start).collect()
}
