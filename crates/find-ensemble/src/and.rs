//! Both scores must reach a threshold of their own.

use crate::best_pair::best_pair;
use crate::{CutoutEvidence, LabelledCutout};
use serde::{Deserialize, Serialize};

/// A cutout passes when both scores reach their thresholds (EnsembleAND of Lin21, Sect. 3.2).
///
/// As a single score it is the smaller one of the two scores over their thresholds, so that 1 is the cut at which F1 was
/// largest. A cutout that lacks a score which is asked for has none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct And {
    /// Threshold of the first finder; `None` where F1 is larger when it is not asked.
    pub first_min: Option<f64>,
    /// Threshold of the second finder, likewise.
    pub second_min: Option<f64>,
}

impl And {
    /// The pair of largest F1 over all pairs of observed scores, not asking a finder included.
    pub(crate) fn fit(cutouts: &[LabelledCutout]) -> Self {
        // Without any target no fit begins, and with one the pair that lets all pass has an F1.
        let pair = best_pair(cutouts);
        Self { first_min: pair.and_then(|p| p.first_min), second_min: pair.and_then(|p| p.second_min) }
    }

    pub(crate) fn score(&self, evidence: &CutoutEvidence) -> Option<f64> {
        let ratio = |score: Option<f64>, least: Option<f64>| match least {
            None => Some(f64::INFINITY),
            Some(least) => score.map(|score| score / least),
        };
        let least = ratio(evidence.first, self.first_min)?.min(ratio(evidence.second, self.second_min)?);
        Some(if least.is_finite() { least } else { 1.0 })
    }
}
