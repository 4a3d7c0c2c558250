//! Probabilities from log-odds.

use serde::{Deserialize, Serialize};

/// Most steps of Newton's method; it takes fewer than ten where there is something to learn.
const MAX_STEPS: usize = 100;
/// Added to the curvature, so that log-odds which are all alike do no harm.
const LEAST_CURVATURE: f64 = 1e-9;

/// The probability that a cutout holds a cluster from the network's log-odds `x`: `p = 1 / (1 + exp(-(slope x + intercept)))`
/// (Platt99).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platt {
    /// Factor of the log-odds.
    pub slope: f64,
    /// What is added to them.
    pub intercept: f64,
}

impl Platt {
    /// The most likely numbers for log-odds with labels, `true` for a cluster, by Newton's method with halved steps where a
    /// whole one leads uphill.
    ///
    /// Labels count as `(n_+ + 1) / (n_+ + 2)` and `1 / (n_- + 2)` in place of 1 and 0 (Platt99, Eq. 1 and what follows it), so
    /// that labels which the log-odds part without error do not drive the slope to infinity. Sums go in the order given.
    pub fn fit(pairs: &[(f64, bool)]) -> Self {
        let n_positives = pairs.iter().filter(|pair| pair.1).count() as f64;
        let n_negatives = pairs.len() as f64 - n_positives;
        let targets = [1.0 / (n_negatives + 2.0), (n_positives + 1.0) / (n_positives + 2.0)];
        let target = |label: bool| targets[usize::from(label)];
        let mut at = Self { slope: 0.0, intercept: ((n_positives + 1.0) / (n_negatives + 1.0)).ln() };
        let cost = |at: &Self| pairs.iter().map(|&(x, label)| at.cost(x, target(label))).sum::<f64>();
        let mut best = cost(&at);
        for _ in 0..MAX_STEPS {
            let step = at.newton_step(pairs, target);
            let tried = (0..40).map(|halvings| 0.5f64.powi(halvings)).find_map(|share| {
                let next = Self { slope: at.slope + share * step[0], intercept: at.intercept + share * step[1] };
                let cost = cost(&next);
                (cost < best).then_some((next, cost))
            });
            let Some((next, cost)) = tried else { break };
            (at, best) = (next, cost);
        }
        at
    }

    /// The probability.
    pub fn probability(&self, log_odds: f64) -> f64 {
        1.0 / (1.0 + (-(self.slope * log_odds + self.intercept)).exp())
    }

    /// The log-odds of a probability: the inverse of [`Self::probability`]. Where log-odds tell nothing, all of them reach it.
    pub fn log_odds(&self, probability: f64) -> f64 {
        if self.slope > 0.0 {
            ((probability / (1.0 - probability)).ln() - self.intercept) / self.slope
        } else {
            f64::NEG_INFINITY
        }
    }

    /// `-t ln p - (1 - t) ln(1 - p)` without overflow.
    fn cost(&self, x: f64, target: f64) -> f64 {
        let f = self.slope * x + self.intercept;
        f.max(0.0) - f * target + (-f.abs()).exp().ln_1p()
    }

    fn newton_step(&self, pairs: &[(f64, bool)], target: impl Fn(bool) -> f64) -> [f64; 2] {
        let (mut gradient, mut curvature) = ([0.0; 2], [LEAST_CURVATURE, 0.0, LEAST_CURVATURE]);
        for &(x, label) in pairs {
            let p = self.probability(x);
            let (slope, weight) = (p - target(label), p * (1.0 - p));
            gradient[0] += slope * x;
            gradient[1] += slope;
            curvature[0] += weight * x * x;
            curvature[1] += weight * x;
            curvature[2] += weight;
        }
        let [xx, x1, one] = curvature;
        let determinant = xx * one - x1 * x1;
        [(x1 * gradient[1] - one * gradient[0]) / determinant, (x1 * gradient[0] - xx * gradient[1]) / determinant]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Log-odds drawn from two normal laws, the first eight with a cluster.
    const LOG_ODDS: [f64; 32] = [
        3.949, -1.567, 2.002, 0.819, 0.957, 1.241, -0.924, 1.222, -1.865, 2.323, -0.774, -1.353, -1.281, -1.668,
        -2.055, -1.391, -0.518, -1.239, -0.042, -1.2, -0.976, 0.546, -0.455, -1.505, -1.183, -0.459, 0.935, -1.27,
        -1.244, 0.002, -1.886, -1.292,
    ];

    fn pairs() -> Vec<(f64, bool)> {
        LOG_ODDS.iter().enumerate().map(|(i, &x)| (x, i < 8)).collect()
    }

    /// scipy 1.17.1: `optimize.root` on the gradient of the same likelihood, tol 1e-14.
    #[test]
    fn slope_and_intercept_are_those_of_an_independent_fit() {
        let platt = Platt::fit(&pairs());
        assert!((platt.slope - 0.802_342_412_117_813_9).abs() < 1e-7, "{}", platt.slope);
        assert!((platt.intercept + 0.983_158_931_009_715_4).abs() < 1e-7, "{}", platt.intercept);
        assert!((platt.probability(1.0) - 1.0 / (1.0 + (0.983_158_931f64 - 0.802_342_412).exp())).abs() < 1e-7);
    }

    #[test]
    fn log_odds_are_the_inverse() {
        let platt = Platt { slope: 0.7, intercept: -2.0 };
        assert!((platt.probability(platt.log_odds(0.01)) - 0.01).abs() < 1e-12);
        assert_eq!(Platt { slope: 0.0, ..platt }.log_odds(0.5), f64::NEG_INFINITY);
    }

    #[test]
    fn mean_probability_is_the_mean_target() {
        let platt = Platt::fit(&pairs());
        let mean: f64 = pairs().iter().map(|pair| platt.probability(pair.0)).sum::<f64>() / 32.0;
        assert!((mean - (8.0 * 0.9 + 24.0 / 26.0) / 32.0).abs() < 1e-8);
    }

    #[test]
    fn labels_parted_without_error_or_log_odds_all_alike_leave_the_numbers_finite() {
        let parted: Vec<(f64, bool)> = (0..100).map(|i| (f64::from(i) - 50.5, i > 50)).collect();
        let platt = Platt::fit(&parted);
        assert!(platt.slope > 0.0 && platt.slope < 100.0 && platt.intercept.is_finite());
        for x in [0.0, 7.0, 1e4] {
            let alike: Vec<(f64, bool)> = (0..100).map(|i| (x, i < 3)).collect();
            let p = Platt::fit(&alike).probability(x);
            assert!((p - 0.03).abs() < 0.02, "{x}: {p}");
        }
        assert!(Platt::fit(&[(1e3, true), (-1e3, false)]).probability(0.0).is_finite());
    }
}
