//! Small statistics: a score, an interval of a fraction, median and mean.
//!
//! - `Wilson27`: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
//!   J. Am. Stat. Assoc. 22, 209 (1927).

use serde::{Deserialize, Serialize};

/// A score as records hold it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// The value; `None` where nothing was counted.
    pub value: Option<f64>,
    /// One-sigma error; `None` where it cannot be known (nothing or one thing counted).
    pub error: Option<f64>,
    /// Number of objects behind the value: the denominator of a fraction, the samples of a mean.
    pub count: u64,
}

impl Score {
    /// A score; numbers that are not finite become `None`.
    pub fn new(value: Option<f64>, error: Option<f64>, count: u64) -> Self {
        let finite = |x: Option<f64>| x.filter(|x| x.is_finite());
        Self { value: finite(value), error: finite(error), count }
    }

    /// True when both scores are the same bit for bit.
    pub fn same_bits(&self, other: &Self) -> bool {
        let bits = |x: Option<f64>| x.map(f64::to_bits);
        bits(self.value) == bits(other.value) && bits(self.error) == bits(other.error) && self.count == other.count
    }
}

/// A closed interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Number of sigmas of the intervals drawn in plots (68.27 %).
pub const ONE_SIGMA: f64 = 1.0;

/// Score interval of a binomial fraction `k / n` at `n_sigma` Gaussian sigmas (Wilson27).
///
/// `(p + s^2/2n +- s sqrt(p (1-p)/n + s^2/4n^2)) / (1 + s^2/n)` with `p = k/n`. Unlike the plain binomial error it
/// neither vanishes at 0 or 1 nor leaves `[0, 1]`. `None` when `n` is 0 or `k > n`.
///
/// ```
/// let interval = arcmin_eval::wilson_interval(0, 10, 1.0).unwrap();
/// assert!(interval.low == 0.0 && (interval.high - 1.0 / 11.0).abs() < 1e-15);
/// ```
pub fn wilson_interval(k: u64, n: u64, n_sigma: f64) -> Option<Interval> {
    if n == 0 || k > n {
        return None;
    }
    let (trials, p, s2) = (n as f64, k as f64 / n as f64, n_sigma * n_sigma);
    let centre = p + 0.5 * s2 / trials;
    let half = n_sigma * (p * (1.0 - p) / trials + 0.25 * s2 / (trials * trials)).sqrt();
    let scale = 1.0 + s2 / trials;
    let low = if k == 0 { 0.0 } else { ((centre - half) / scale).max(0.0) };
    let high = if k == n { 1.0 } else { ((centre + half) / scale).min(1.0) };
    Some(Interval { low, high })
}

/// `numerator / denominator`, `None` when the denominator is zero.
pub(crate) fn fraction(numerator: u64, denominator: u64) -> Option<f64> {
    (denominator > 0).then(|| numerator as f64 / denominator as f64)
}

/// Mean and its standard error (sample standard deviation over `sqrt n`); the error needs two samples.
pub(crate) fn mean_and_error(samples: &[f64]) -> (Option<f64>, Option<f64>) {
    let n = samples.len() as f64;
    if samples.is_empty() {
        return (None, None);
    }
    let mean = samples.iter().sum::<f64>() / n;
    if samples.len() == 1 {
        return (Some(mean), None);
    }
    let variance = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (Some(mean), Some((variance / n).sqrt()))
}

/// Quantile `q` in 0..=1 of sorted samples, linear between order statistics; `None` when there are none.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = q.clamp(0.0, 1.0) * last as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(last);
    Some(sorted[below] + (at - below as f64) * (sorted[above] - sorted[below]))
}

/// Median and its standard error for a Gaussian core, `1.2533 * 1.4826 MAD / sqrt n`: outliers move neither.
pub(crate) fn median_and_error(samples: &[f64]) -> (Option<f64>, Option<f64>) {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(median) = quantile(&sorted, 0.5) else {
        return (None, None);
    };
    let mut deviations: Vec<f64> = sorted.iter().map(|x| (x - median).abs()).collect();
    deviations.sort_by(f64::total_cmp);
    let sigma = quantile(&deviations, 0.5).map(|mad| MAD_TO_SIGMA * mad);
    let error = sigma.filter(|_| samples.len() > 1).map(|s| MEDIAN_TO_MEAN_ERROR * s / (samples.len() as f64).sqrt());
    (Some(median), error)
}

/// Sigma of a Gaussian over its median absolute deviation, `1 / Phi^-1(3/4)`.
const MAD_TO_SIGMA: f64 = 1.482_602_218_505_602;
/// Standard error of the median over that of the mean of Gaussian samples, `sqrt(pi / 2)`.
pub(crate) const MEDIAN_TO_MEAN_ERROR: f64 = 1.253_314_137_315_5;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wilson_matches_astropy() {
        // astropy 8.0.2, stats.binom_conf_interval(k, n, confidence_level=0.95, interval="wilson").
        let cases = [
            (1, 10, 0.017_876_213_095_072_87, 0.404_150_026_795_238_4),
            (81, 263, 0.255_288_519_878_274_2, 0.366_209_576_982_800_04),
            (15, 16, 0.716_712_624_297_010_5, 0.988_880_655_235_357_3),
        ];
        for (k, n, low, high) in cases {
            let interval = wilson_interval(k, n, 1.959_963_984_540_054).unwrap();
            assert!(
                (interval.low - low).abs() < 1e-14 && (interval.high - high).abs() < 1e-14,
                "{k}/{n}: {interval:?}"
            );
        }
    }

    #[test]
    fn empty_samples_have_no_value_and_single_samples_no_error() {
        assert_eq!(mean_and_error(&[]), (None, None));
        assert_eq!(median_and_error(&[]), (None, None));
        assert_eq!(mean_and_error(&[3.0]), (Some(3.0), None));
        assert_eq!(wilson_interval(0, 0, 1.0), None);
        assert_eq!(fraction(0, 0), None);
        assert_eq!(Score::new(Some(f64::NAN), Some(f64::INFINITY), 0), Score { value: None, error: None, count: 0 });
    }

    #[test]
    fn median_ignores_outliers() {
        let (median, error) = median_and_error(&[1.0, 1.1, 0.9, 1.05, 1e9]);
        assert_eq!(median, Some(1.05));
        assert!(error.unwrap() < 0.1);
    }

    proptest! {
        #[test]
        fn wilson_holds_the_fraction_and_mirrors(n in 1u64..5000, part in 0.0f64..=1.0) {
            let k = (part * n as f64) as u64;
            let p = k as f64 / n as f64;
            let interval = wilson_interval(k, n, 1.0).unwrap();
            prop_assert!(0.0 <= interval.low && interval.low <= p && p <= interval.high && interval.high <= 1.0);
            let mirror = wilson_interval(n - k, n, 1.0).unwrap();
            prop_assert!((mirror.low - (1.0 - interval.high)).abs() < 1e-12);
        }
    }
}
