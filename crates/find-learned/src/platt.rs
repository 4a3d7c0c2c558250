//! Probabilities from log-odds.

use crate::logistic::{Sample, fit};
use serde::{Deserialize, Serialize};

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
    /// The most likely numbers for log-odds with labels, `true` for a cluster ([`fit`]).
    ///
    /// Labels count as `(n_+ + 1) / (n_+ + 2)` and `1 / (n_- + 2)` in place of 1 and 0 (Platt99, Eq. 1 and what follows it), so
    /// that labels which the log-odds part without error do not drive the slope to infinity. Sums go in the order given.
    pub fn fit(pairs: &[(f64, bool)]) -> Self {
        let n_positives = pairs.iter().filter(|pair| pair.1).count() as f64;
        let n_negatives = pairs.len() as f64 - n_positives;
        let targets = [1.0 / (n_negatives + 2.0), (n_positives + 1.0) / (n_positives + 2.0)];
        let sample =
            |&(x, label): &(f64, bool)| Sample { terms: [x, 1.0], weight: 1.0, target: targets[usize::from(label)] };
        let samples: Vec<Sample<2>> = pairs.iter().map(sample).collect();
        let start = [0.0, ((n_positives + 1.0) / (n_negatives + 1.0)).ln()];
        let [slope, intercept] = fit(&samples, [0.0; 2], start);
        Self { slope, intercept }
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logistic::tests::LOG_ODDS;

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
