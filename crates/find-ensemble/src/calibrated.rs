//! The probability that a cutout holds a target, given both scores.

use crate::{CutoutEvidence, LabelledCutout};
use arcmin_find_learned::logistic::{self, Sample};
use serde::{Deserialize, Serialize};

/// Probabilities are kept this far from 0 and 1, where log-odds end.
const LEAST_PROBABILITY: f64 = 1e-6;
/// Number of terms, the constant first.
const N_TERMS: usize = 10;
/// Ridge on all terms but the constant: labels that the terms part without error do not drive them to infinity.
const RIDGE: [f64; N_TERMS] = [0.0, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3];

/// The values of the terms for one cutout, or their coefficients.
type Terms = [f64; N_TERMS];

/// A logistic regression on both scores, and on the scale and the place of the first finder's detection.
///
/// `ln(p / (1 - p)) = c0 + c1 d1 + c2 d2 + c3 u1 + c4 u2 + c5 u1 u2 + c6 s + c7 r + c8 s^2 + c9 u1 s`, where `d` is 1 where a
/// finder has a detection and 0 where it has none, `u1 = ln(S/N)` and `u2` the log-odds of the second finder's probability, both
/// less their least value among the cutouts of the fit (zero where there is no detection) and held at their largest one there. For two
/// independent witnesses the sum of their log-odds would be the whole answer; the product says how much of what they see is the
/// same. `s` is the logarithm of the scale less the middle of its range among the cutouts of the fit, `r` the distance from the middle of
/// the cutout in arcmin, both held within what the fit saw and zero where they are unknown. Scale and S/N tell a near cluster from
/// a far one of the same S/N, which is heavier, and noise from both, which has the scale that pleases it; a network that looks at
/// cutouts sees less of what lies near their edge.
///
/// At one scale and place, more of either score never makes a target less likely: a term whose coefficient would do so within the
/// scores and scales of the fit is left out and the rest fitted again, products first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibrated {
    /// Least and largest `ln(S/N)` of the fit.
    first_range: [f64; 2],
    /// Least and largest log-odds of the fit.
    second_range: [f64; 2],
    /// Least and largest logarithm of the scale in arcmin.
    scale_range: [f64; 2],
    /// Least and largest distance from the middle in arcmin.
    middle_range: [f64; 2],
    coefficients: Terms,
}

/// Places of the terms that are products with a score.
const PRODUCT: usize = 5;
const SNR_BY_SCALE: usize = 9;

impl Calibrated {
    pub(crate) fn fit(cutouts: &[LabelledCutout]) -> Self {
        let mut fitted = Self {
            first_range: range_of(cutouts, |evidence| evidence.first.map(f64::ln)),
            second_range: range_of(cutouts, |evidence| evidence.second.map(log_odds)),
            scale_range: range_of(cutouts, |evidence| evidence.scale_arcmin.map(f64::ln)),
            middle_range: range_of(cutouts, |evidence| evidence.from_middle_arcmin),
            coefficients: [0.0; N_TERMS],
        };
        let sample = |cutout: &LabelledCutout| Sample {
            terms: fitted.terms(&cutout.evidence),
            weight: cutout.weight,
            target: if cutout.is_target { 1.0 } else { 0.0 },
        };
        let mut samples: Vec<Sample<N_TERMS>> = cutouts.iter().map(sample).collect();
        loop {
            fitted.coefficients = logistic::fit(&samples, RIDGE, [0.0; N_TERMS]);
            let Some(term) = fitted.falling_term() else { return fitted };
            // Of a term that is zero everywhere nothing is learnt: its coefficient stays zero.
            samples.iter_mut().for_each(|sample| sample.terms[term] = 0.0);
        }
    }

    pub(crate) fn score(&self, evidence: &CutoutEvidence) -> f64 {
        logistic::probability(&self.terms(evidence), &self.coefficients)
    }

    fn terms(&self, evidence: &CutoutEvidence) -> Terms {
        let term = |score: Option<f64>, of: fn(f64) -> f64, [low, high]: [f64; 2]| {
            score.map_or((0.0, 0.0), |score| (1.0, of(score).clamp(low, high) - low))
        };
        let (d1, u1) = term(evidence.first, f64::ln, self.first_range);
        let (d2, u2) = term(evidence.second, log_odds, self.second_range);
        let held = |value: f64, [low, high]: [f64; 2]| value.clamp(low, high);
        let middle_of_scales = 0.5 * (self.scale_range[0] + self.scale_range[1]);
        let s = evidence.scale_arcmin.map_or(0.0, |scale| held(scale.ln(), self.scale_range) - middle_of_scales);
        let r = evidence.from_middle_arcmin.map_or(0.0, |at| held(at, self.middle_range));
        [1.0, d1, d2, u1, u2, u1 * u2, s, r, s * s, u1 * s]
    }

    /// The term to leave out next, `None` where more of either score never means less.
    fn falling_term(&self) -> Option<usize> {
        let [_, _, _, c3, c4, product, ..] = self.coefficients;
        let by_scale = 0.5 * self.coefficients[SNR_BY_SCALE].abs() * width(self.scale_range);
        let least_slopes = [
            c3 + product.min(0.0) * width(self.second_range) - by_scale,
            c4 + product.min(0.0) * width(self.first_range),
        ];
        if product < 0.0 && least_slopes.iter().any(|&slope| slope < 0.0) {
            return Some(PRODUCT);
        }
        if by_scale > 0.0 && least_slopes[0] < 0.0 {
            return Some(SNR_BY_SCALE);
        }
        // Slopes at zero of the other score, and the steps from no detection to the least one.
        let rest = (1..PRODUCT).filter(|&term| self.coefficients[term] < 0.0);
        let falls = rest.min_by(|&a, &b| self.reach(a).total_cmp(&self.reach(b)));
        if product > 0.0 && falls.is_some_and(|term| term > 2) { Some(PRODUCT) } else { falls }
    }

    /// What one of the first terms takes off at most.
    fn reach(&self, term: usize) -> f64 {
        self.coefficients[term] * [1.0, 1.0, 1.0, width(self.first_range), width(self.second_range)][term]
    }
}

fn width([low, high]: [f64; 2]) -> f64 {
    high - low
}

fn log_odds(p: f64) -> f64 {
    let p = p.clamp(LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY);
    (p / (1.0 - p)).ln()
}

/// Least and largest value; zeros where there is none.
fn range_of(cutouts: &[LabelledCutout], of: impl Fn(&CutoutEvidence) -> Option<f64>) -> [f64; 2] {
    let values = || cutouts.iter().filter_map(|cutout| of(&cutout.evidence));
    let low = values().fold(f64::INFINITY, f64::min);
    if low.is_finite() { [low, values().fold(low, f64::max)] } else { [0.0, 0.0] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    /// Cutouts whose true probability is a known function of both scores, scale and place.
    fn draw(seed: u64, n: usize) -> Vec<(LabelledCutout, f64)> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let one = |rng: &mut Xoshiro256PlusPlus| {
            let first = (rng.random::<f64>() < 0.7).then(|| 3.0 * (1.5 * rng.random::<f64>()).exp());
            let second = (rng.random::<f64>() < 0.6).then(|| 0.02 + 0.96 * rng.random::<f64>());
            let u1 = first.map_or(0.0, |s| (s / 3.0).ln());
            let u2 = second.map_or(0.0, |p| log_odds(p) - log_odds(0.02));
            let step = if second.is_some() { 0.5 } else { 0.0 };
            let scale_arcmin = first.map(|_| (2.0 * rng.random::<f64>() - 1.0).exp());
            let from_middle_arcmin = first.map(|_| 4.0 * rng.random::<f64>());
            let s = scale_arcmin.map_or(0.0, f64::ln);
            let shape = 0.8 * s - 0.7 * s * s - 0.4 * u1 * s + 0.3 * from_middle_arcmin.unwrap_or(0.0);
            let p = 1.0 / (1.0 + (4.0 - step - 1.5 * u1 - 0.5 * u2 - shape).exp());
            let is_target = rng.random::<f64>() < p;
            let evidence = CutoutEvidence { first, second, scale_arcmin, from_middle_arcmin };
            (LabelledCutout { evidence, weight: 1.0, is_target }, p)
        };
        (0..n).map(|_| one(&mut rng)).collect()
    }

    /// A share of about n p of n draws lies beyond 5 sigma once in two million; six bins are looked at.
    #[test]
    fn probabilities_are_the_shares_of_targets_among_cutouts_that_were_not_fitted() {
        let fitted = Calibrated::fit(&draw(1, 40_000).iter().map(|one| one.0).collect::<Vec<_>>());
        let fresh = draw(2, 40_000);
        let edges = [0.0, 0.03, 0.06, 0.12, 0.25, 0.5, 1.0];
        for bin in edges.windows(2) {
            let scored = fresh.iter().map(|(cutout, _)| (fitted.score(&cutout.evidence), cutout.is_target));
            let inside: Vec<(f64, bool)> = scored.filter(|(p, _)| (bin[0]..bin[1]).contains(p)).collect();
            let n = inside.len() as f64;
            let expected = inside.iter().map(|(p, _)| p).sum::<f64>();
            let found = inside.iter().filter(|(_, is_target)| *is_target).count() as f64;
            assert!(n > 500.0, "{bin:?} holds {n}");
            assert!((found - expected).abs() < 5.0 * (expected * (1.0 - expected / n)).sqrt() + 0.01 * n, "{bin:?}");
        }
        let off = fresh.iter().map(|(c, p)| (fitted.score(&c.evidence) - p).abs()).fold(0.0, f64::max);
        assert!(off < 0.06, "{off}");
    }

    #[test]
    fn terms_that_would_fall_are_left_out() {
        // What the second finder says is the wrong way round.
        let turned: Vec<LabelledCutout> = draw(3, 2000)
            .into_iter()
            .map(|(cutout, _)| {
                let evidence = CutoutEvidence { second: cutout.evidence.second.map(|p| 1.0 - p), ..cutout.evidence };
                LabelledCutout { evidence, ..cutout }
            })
            .collect();
        let fitted = Calibrated::fit(&turned);
        assert_eq!((fitted.coefficients[4], fitted.coefficients[5]), (0.0, 0.0), "{:?}", fitted.coefficients);
        assert!(fitted.coefficients[3] > 0.5);
    }
}
