//! The product of rank percentiles.

use crate::cutout::Side;
use crate::{CutoutEvidence, LabelledCutout};
use serde::{Deserialize, Serialize};

/// The product of the rank percentiles of the two scores (EnsemblePROD of Lin21, Sect. 3.2).
///
/// In the paper's text the percentile of a score is the share of all cutouts with a score no larger, in its public code the
/// average rank of equal scores over the number of cutouts. Ours is the latter, among the cutouts of the fit, so that a single
/// tile has the scores that a whole sky would give it. Cutouts without a detection are equal and come last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RankProduct {
    first: Ranks,
    second: Ranks,
}

impl RankProduct {
    pub(crate) fn fit(cutouts: &[LabelledCutout]) -> Self {
        Self { first: Ranks::new(cutouts, Side::First), second: Ranks::new(cutouts, Side::Second) }
    }

    pub(crate) fn score(&self, evidence: &CutoutEvidence) -> f64 {
        self.first.percentile(evidence.first) * self.second.percentile(evidence.second)
    }
}

/// The rank of any score among those of the fit: a step function that never falls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ranks {
    /// Distinct scores by rising value.
    scores: Vec<f64>,
    /// Number of cutouts below each of them, those without detection included; at the end, all.
    below: Vec<f64>,
}

impl Ranks {
    fn new(cutouts: &[LabelledCutout], side: Side) -> Self {
        let mut scored: Vec<(f64, f64)> =
            cutouts.iter().filter_map(|cutout| Some((cutout.evidence.of(side)?, cutout.weight))).collect();
        scored.sort_by(|a, b| a.0.total_cmp(&b.0));
        let unscored = cutouts.iter().filter(|cutout| cutout.evidence.of(side).is_none());
        let mut n = unscored.map(|cutout| cutout.weight).sum::<f64>();
        let mut ranks = Self { scores: Vec::new(), below: Vec::new() };
        for (score, weight) in scored {
            if ranks.scores.last() != Some(&score) {
                ranks.scores.push(score);
                ranks.below.push(n);
            }
            n += weight;
        }
        ranks.below.push(n);
        ranks
    }

    /// Average rank over the number of cutouts. A score between two of the fit has the rank of the lower ones plus a half.
    fn percentile(&self, score: Option<f64>) -> f64 {
        let all = self.below[self.scores.len()];
        let (below, equal) = match score {
            None => (0.0, self.below[0]),
            Some(score) => {
                let idx = self.scores.partition_point(|&other| other < score);
                let equal = self.scores.get(idx).filter(|&&other| other == score);
                (self.below[idx], equal.map_or(0.0, |_| self.below[idx + 1] - self.below[idx]))
            }
        };
        ((below + 0.5 * (equal + 1.0)) / all).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cutout(first: Option<f64>, second: Option<f64>) -> LabelledCutout {
        LabelledCutout { evidence: CutoutEvidence::new(first, second), weight: 1.0, is_target: false }
    }

    /// scipy 1.17.1: `rankdata([2, 5, 2, 9, 5, 5, 0, 0]) / 8`, the zeros standing for no detection.
    #[test]
    fn ranks_are_those_of_an_independent_package() {
        let scores = [Some(2.0), Some(5.0), Some(2.0), Some(9.0), Some(5.0), Some(5.0), None, None];
        let ranks = Ranks::new(&scores.map(|first| cutout(first, None)), Side::First);
        let percentiles = scores.map(|score| ranks.percentile(score));
        assert_eq!(percentiles, [0.4375, 0.75, 0.4375, 1.0, 0.75, 0.75, 0.1875, 0.1875]);
        assert_eq!([3.0, 1.0, 99.0].map(|s| ranks.percentile(Some(s))), [4.5 / 8.0, 2.5 / 8.0, 1.0]);
    }

    /// What both finders say of a cutout.
    type Pair = (Option<f64>, Option<f64>);

    fn scores() -> impl Strategy<Value = Vec<Pair>> {
        let score = || prop::option::of((0u32..12).prop_map(f64::from));
        prop::collection::vec((score(), score()), 1..50)
    }

    proptest! {
        #[test]
        fn product_is_that_of_counting(scores in scores()) {
            let cutouts: Vec<_> = scores.iter().map(|&(first, second)| cutout(first, second)).collect();
            let fitted = RankProduct::fit(&cutouts);
            // No detection counts as a score below all.
            let value = |score: Option<f64>| score.unwrap_or(-1.0);
            let percentile = |of: &dyn Fn(&Pair) -> f64, at: f64| {
                let below = scores.iter().filter(|s| of(s) < at).count() as f64;
                let equal = scores.iter().filter(|s| of(s) == at).count() as f64;
                (below + 0.5 * (equal + 1.0)) / scores.len() as f64
            };
            for &(first, second) in &scores {
                let slow = percentile(&|s| value(s.0), value(first)) * percentile(&|s| value(s.1), value(second));
                prop_assert!((fitted.score(&cutout(first, second).evidence) - slow).abs() < 1e-14);
            }
        }

        #[test]
        fn one_heavy_cutout_is_as_many_light_ones(scores in scores(), n_empty in 1usize..30) {
            let one_by_one = scores.iter().map(|&(a, b)| cutout(a, b)).chain(std::iter::repeat_n(cutout(None, None), n_empty));
            let heavy = LabelledCutout { weight: n_empty as f64, ..cutout(None, None) };
            let at_once = scores.iter().map(|&(a, b)| cutout(a, b)).chain([heavy]);
            prop_assert_eq!(RankProduct::fit(&one_by_one.collect::<Vec<_>>()), RankProduct::fit(&at_once.collect::<Vec<_>>()));
        }
    }
}
