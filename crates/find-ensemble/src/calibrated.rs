//! The probability that a cutout holds a target, given both scores.

use crate::LabelledCutout;
use crate::logistic::{self, N_TERMS, Sample, Terms};
use serde::{Deserialize, Serialize};

/// Probabilities are kept this far from 0 and 1, where log-odds end.
const LEAST_PROBABILITY: f64 = 1e-6;

/// A logistic regression on both scores.
///
/// `ln(p / (1 - p)) = c0 + c1 d1 + c2 d2 + c3 u1 + c4 u2 + c5 u1 u2`, where `d` is 1 where a finder has a detection and 0 where
/// it has none, `u1 = ln(S/N)` and `u2` the log-odds of the second finder's probability, both less their least value among the
/// cutouts of the fit (zero where there is no detection) and held at their largest one there. For two independent witnesses the sum of their
/// log-odds would be the whole answer; the product says how much of what they see is the same.
///
/// More of either score never makes a target less likely: a term whose coefficient would do so within the scores of the fit is
/// left out and the rest fitted again, the product first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibrated {
    /// Least and largest `ln(S/N)` of the fit.
    first_range: [f64; 2],
    /// Least and largest log-odds of the fit.
    second_range: [f64; 2],
    coefficients: Terms,
}

/// Places of the terms.
const PRODUCT: usize = 5;

impl Calibrated {
    pub(crate) fn fit(cutouts: &[LabelledCutout]) -> Self {
        let mut fitted = Self {
            first_range: range(cutouts.iter().filter_map(|cutout| cutout.first).map(f64::ln)),
            second_range: range(cutouts.iter().filter_map(|cutout| cutout.second).map(log_odds)),
            coefficients: [0.0; N_TERMS],
        };
        let sample = |cutout: &LabelledCutout| Sample {
            terms: fitted.terms(cutout.first, cutout.second),
            weight: cutout.weight,
            is_target: cutout.is_target,
        };
        let samples: Vec<Sample> = cutouts.iter().map(sample).collect();
        let mut used = [true; N_TERMS];
        loop {
            fitted.coefficients = logistic::fit(&samples, used);
            match fitted.falling_term() {
                Some(term) => used[term] = false,
                None => return fitted,
            }
        }
    }

    pub(crate) fn score(&self, first: Option<f64>, second: Option<f64>) -> f64 {
        logistic::probability(&self.terms(first, second), &self.coefficients)
    }

    fn terms(&self, first: Option<f64>, second: Option<f64>) -> Terms {
        let term = |score: Option<f64>, of: fn(f64) -> f64, [low, high]: [f64; 2]| {
            score.map_or((0.0, 0.0), |score| (1.0, of(score).clamp(low, high) - low))
        };
        let (d1, u1) = term(first, f64::ln, self.first_range);
        let (d2, u2) = term(second, log_odds, self.second_range);
        [1.0, d1, d2, u1, u2, u1 * u2]
    }

    /// The term to leave out next, `None` where more of either score never means less.
    fn falling_term(&self) -> Option<usize> {
        let [_, _, _, c3, c4, product] = self.coefficients;
        let width = |[low, high]: [f64; 2]| high - low;
        let slopes = [c3 + product * width(self.second_range), c4 + product * width(self.first_range)];
        if product < 0.0 && slopes.iter().any(|&slope| slope < 0.0) {
            return Some(PRODUCT);
        }
        // Slopes at zero of the other score, and the steps from no detection to the least one.
        let rest = (1..PRODUCT).filter(|&term| self.coefficients[term] < 0.0);
        let falls = rest.min_by(|&a, &b| self.reach(a).total_cmp(&self.reach(b)));
        if product > 0.0 && falls.is_some_and(|term| term > 2) { Some(PRODUCT) } else { falls }
    }

    /// What a term takes off at most.
    fn reach(&self, term: usize) -> f64 {
        let width = |[low, high]: [f64; 2]| high - low;
        self.coefficients[term] * [1.0, 1.0, 1.0, width(self.first_range), width(self.second_range)][term]
    }
}

fn log_odds(p: f64) -> f64 {
    let p = p.clamp(LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY);
    (p / (1.0 - p)).ln()
}

/// Least and largest value; zeros where there is none.
fn range(values: impl Iterator<Item = f64> + Clone) -> [f64; 2] {
    let low = values.clone().fold(f64::INFINITY, f64::min);
    if low.is_finite() { [low, values.fold(low, f64::max)] } else { [0.0, 0.0] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    /// Cutouts whose true probability is a known function of both scores.
    fn draw(seed: u64, n: usize) -> Vec<(LabelledCutout, f64)> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let one = |rng: &mut Xoshiro256PlusPlus| {
            let first = (rng.random::<f64>() < 0.7).then(|| 3.0 * (1.5 * rng.random::<f64>()).exp());
            let second = (rng.random::<f64>() < 0.6).then(|| 0.02 + 0.96 * rng.random::<f64>());
            let u1 = first.map_or(0.0, |s| (s / 3.0).ln());
            let u2 = second.map_or(0.0, |p| log_odds(p) - log_odds(0.02));
            let step = if second.is_some() { 0.5 } else { 0.0 };
            let p = 1.0 / (1.0 + (4.0 - step - 1.5 * u1 - 0.5 * u2).exp());
            let is_target = rng.random::<f64>() < p;
            (LabelledCutout { first, second, weight: 1.0, is_target }, p)
        };
        (0..n).map(|_| one(&mut rng)).collect()
    }

    /// A share of about n p of n draws lies beyond 5 sigma once in two million; six bins are looked at.
    #[test]
    fn probabilities_are_the_shares_of_targets_among_cutouts_that_were_not_fitted() {
        let fitted = Calibrated::fit(&draw(1, 20_000).iter().map(|one| one.0).collect::<Vec<_>>());
        let fresh = draw(2, 40_000);
        let edges = [0.0, 0.03, 0.06, 0.12, 0.25, 0.5, 1.0];
        for bin in edges.windows(2) {
            let scored = fresh.iter().map(|(cutout, _)| (fitted.score(cutout.first, cutout.second), cutout.is_target));
            let inside: Vec<(f64, bool)> = scored.filter(|(p, _)| (bin[0]..bin[1]).contains(p)).collect();
            let n = inside.len() as f64;
            let expected = inside.iter().map(|(p, _)| p).sum::<f64>();
            let found = inside.iter().filter(|(_, is_target)| *is_target).count() as f64;
            assert!(n > 500.0, "{bin:?} holds {n}");
            assert!((found - expected).abs() < 5.0 * (expected * (1.0 - expected / n)).sqrt() + 0.01 * n, "{bin:?}");
        }
        let off = fresh.iter().map(|(c, p)| (fitted.score(c.first, c.second) - p).abs()).fold(0.0, f64::max);
        assert!(off < 0.05, "{off}");
    }

    #[test]
    fn terms_that_would_fall_are_left_out() {
        // What the second finder says is the wrong way round.
        let turned: Vec<LabelledCutout> = draw(3, 2000)
            .into_iter()
            .map(|(cutout, _)| LabelledCutout { second: cutout.second.map(|p| 1.0 - p), ..cutout })
            .collect();
        let fitted = Calibrated::fit(&turned);
        assert_eq!((fitted.coefficients[4], fitted.coefficients[5]), (0.0, 0.0), "{:?}", fitted.coefficients);
        assert!(fitted.coefficients[3] > 0.5);
    }
}
