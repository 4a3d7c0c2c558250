//! How good the masses and positions are that a finder gives its own detections.

use crate::outcome::TileOutcome;
use crate::statistics::{Score, mean_and_error};
use std::collections::BTreeMap;

/// A detection that belongs to a halo, with what the finder said of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoundSample {
    /// The finder's score.
    pub score: f64,
    /// True virial mass.
    pub mvir_msun: f64,
    /// Estimated over true mass, its natural logarithm.
    pub ln_ratio: f64,
    /// One-sigma error of that.
    pub ln_error: f64,
    /// Distance between detection and halo over the error of the position along each axis, where there is one.
    pub offset_over_error: Option<f64>,
}

/// The detections of a tile with a mass that belong to a halo which is kept whether it was found or not.
pub fn samples(tile: &TileOutcome) -> Vec<FoundSample> {
    let least_msun = tile.matching.keep_mvir_min_msun;
    let sample = |detection: &crate::DetectionOutcome| {
        let (halo, mass) = (detection.counterpart?, detection.mass?);
        (halo.mvir_msun >= least_msun).then(|| FoundSample {
            score: detection.score,
            mvir_msun: halo.mvir_msun,
            ln_ratio: (mass.mvir_msun / halo.mvir_msun).ln(),
            ln_error: mass.ln_error,
            offset_over_error: detection.position_error_arcmin.map(|error| halo.offset_arcmin / error),
        })
    };
    tile.detections.iter().filter_map(sample).collect()
}

/// Masses and positions of the detections at and above a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoundScores {
    /// Mean of `ln(estimated / true)`.
    pub mass_bias: Score,
    /// Its standard deviation.
    pub mass_scatter: Score,
    /// Share of masses within one error of the truth; 0.683 where errors are right.
    pub mass_within_error: Score,
    /// Share of positions within one error of the halo's, in radius; 0.393 where errors are right.
    pub position_within_error: Score,
}

impl FoundScores {
    /// Of the samples whose score reaches a threshold.
    pub fn new(samples: &[FoundSample], threshold: f64) -> Self {
        let counted: Vec<&FoundSample> = samples.iter().filter(|sample| sample.score >= threshold).collect();
        let ln_ratios: Vec<f64> = counted.iter().map(|sample| sample.ln_ratio).collect();
        let n = ln_ratios.len() as u64;
        let (mean, error) = mean_and_error(&ln_ratios);
        // The error of a mean is the deviation over sqrt(n); that of the deviation is the deviation over sqrt(2 (n - 1)).
        let deviation = error.map(|error| error * (n as f64).sqrt());
        let its_error = deviation.map(|deviation| deviation / (2.0 * (n as f64 - 1.0)).sqrt());
        let within = counted.iter().filter(|sample| sample.ln_ratio.abs() <= sample.ln_error).count();
        let offsets: Vec<f64> = counted.iter().filter_map(|sample| sample.offset_over_error).collect();
        let near = offsets.iter().filter(|offset| **offset <= 1.0).count();
        Self {
            mass_bias: Score::new(mean, error, n),
            mass_scatter: Score::new(deviation, its_error, n),
            mass_within_error: share(within, counted.len()),
            position_within_error: share(near, offsets.len()),
        }
    }

    /// The scores by name with the finder's name in front.
    pub fn by_name(&self, finder: &str) -> BTreeMap<String, Score> {
        let named = [
            ("mass_bias", self.mass_bias),
            ("mass_scatter", self.mass_scatter),
            ("mass_within_error", self.mass_within_error),
            ("position_within_error", self.position_within_error),
        ];
        named.into_iter().map(|(name, score)| (format!("{finder}.{name}"), score)).collect()
    }
}

/// A share with its binomial error.
fn share(k: usize, n: usize) -> Score {
    let share = (n > 0).then(|| k as f64 / n as f64);
    Score::new(share, share.filter(|_| n > 1).map(|p| (p * (1.0 - p) / n as f64).sqrt()), n as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(score: f64, ln_ratio: f64, offset: f64) -> FoundSample {
        FoundSample { score, mvir_msun: 3e14, ln_ratio, ln_error: 0.2, offset_over_error: Some(offset) }
    }

    #[test]
    fn scores_by_hand() {
        let samples = [sample(0.9, 0.1, 0.5), sample(0.8, -0.3, 2.0), sample(0.5, 0.05, 1.0), sample(0.1, 9.0, 9.0)];
        let scores = FoundScores::new(&samples, 0.5);
        let value = |score: Score| score.value.unwrap();
        assert!((value(scores.mass_bias) + 0.05).abs() < 1e-12);
        let deviation = ((0.15f64.powi(2) + 0.25f64.powi(2) + 0.1f64.powi(2)) / 2.0).sqrt();
        assert!((value(scores.mass_scatter) - deviation).abs() < 1e-12, "{scores:?}");
        assert!((value(scores.mass_within_error) - 2.0 / 3.0).abs() < 1e-12);
        assert!((value(scores.position_within_error) - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(scores.mass_bias.count, 3);
        assert_eq!(FoundScores::new(&[], 0.5).mass_bias.value, None);
        assert!(scores.by_name("fcn").contains_key("fcn.mass_scatter"));
    }
}
