//! How well masses are measured: scatter, bias by mass, coverage of posteriors.

use crate::bootstrap::{for_each_replicate, spread};
use crate::statistics::{MEDIAN_TO_MEAN_ERROR, Score, fraction, mean_and_error, quantile, wilson_interval};
use crate::weighing::{MassAnswer, Weighing};
use arcmin_method::MassPosterior;
use serde::Deserialize;

/// Which number of a posterior stands for the mass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MassEstimate {
    /// Its mean, as a network that is trained on squared errors gives it.
    Mean,
    /// Its median.
    Median,
    /// The estimate beside it that no prior pulls.
    Unbiased,
}

impl MassEstimate {
    /// The number in Msun.
    pub fn of(self, answer: &MassAnswer) -> f64 {
        match self {
            MassEstimate::Mean => answer.mean_msun,
            MassEstimate::Median => answer.median_msun(),
            MassEstimate::Unbiased => answer.unbiased_msun,
        }
    }
}

/// How errors of scores are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MassScoreConfig {
    /// Times that the clusters are drawn again.
    pub bootstrap_replicates: u32,
    /// Of those draws.
    pub bootstrap_seed: u64,
}

/// The clusters of one mass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MassBin {
    /// True M200c.
    pub mass_msun: f64,
    /// Number of clusters.
    pub count: u64,
    /// Median of the estimates.
    pub median_msun: f64,
    /// Half of the distance between the 16th and the 84th percentile of the estimates.
    pub half_width_msun: f64,
    /// Median over true mass, less one; its error is that of a median.
    pub bias: Score,
}

/// One method's estimates of clusters whose masses are few, by rising mass.
pub fn by_mass(weighing: &Weighing, method: &str, estimate: MassEstimate) -> Vec<MassBin> {
    let mut pairs: Vec<(f64, f64)> = weighing.of(method).map(|(mass, answer)| (mass, estimate.of(&answer))).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    pairs.chunk_by(|a, b| a.0 == b.0).filter_map(bin).collect()
}

/// The clusters of one mass, estimates rising.
fn bin(pairs: &[(f64, f64)]) -> Option<MassBin> {
    let mass_msun = pairs[0].0;
    let estimates: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
    let [low, median_msun, high] = [0.16, 0.5, 0.84].map(|share| quantile(&estimates, share));
    let (median_msun, half_width_msun) = (median_msun?, 0.5 * (high? - low?));
    let n = estimates.len() as f64;
    let error = MEDIAN_TO_MEAN_ERROR * half_width_msun / mass_msun / n.sqrt();
    let bias = Score::new(Some(median_msun / mass_msun - 1.0), Some(error).filter(|_| n > 1.0), pairs.len() as u64);
    Some(MassBin { mass_msun, count: pairs.len() as u64, median_msun, half_width_msun, bias })
}

/// `ln(estimate / truth)` of each cluster. An estimate that is not above zero counts as a hundredth of the truth.
pub fn ln_ratios(weighing: &Weighing, method: &str, estimate: MassEstimate) -> Vec<f64> {
    weighing.of(method).map(|(mass, answer)| (estimate.of(&answer) / mass).max(0.01).ln()).collect()
}

/// Mean of some numbers, with its error.
pub fn mean(samples: &[f64]) -> Score {
    let (value, error) = mean_and_error(samples);
    Score::new(value, error, samples.len() as u64)
}

/// Root of the mean square, its error from drawing the samples again.
pub fn rms(samples: &[f64], config: &MassScoreConfig) -> Score {
    resampled(&singles(samples), config, |sum| (sum.square / sum.n).sqrt())
}

/// Standard deviation about the mean, its error from drawing the samples again.
pub fn deviation(samples: &[f64], config: &MassScoreConfig) -> Score {
    resampled(&singles(samples), config, Sums::deviation)
}

/// Mean and standard deviation of samples that come in groups, their errors from drawing whole groups again.
pub fn of_groups(groups: &[Vec<f64>], config: &MassScoreConfig) -> [Score; 2] {
    let sums: Vec<Sums> =
        groups.iter().map(|group| group.iter().map(|&x| Sums::one(x)).fold(Sums::default(), Sums::plus)).collect();
    [resampled(&sums, config, |sum| sum.first / sum.n), resampled(&sums, config, Sums::deviation)]
}

/// Number, sum and sum of squares of samples.
#[derive(Clone, Copy, Default)]
struct Sums {
    n: f64,
    first: f64,
    square: f64,
}

impl Sums {
    fn one(x: f64) -> Self {
        Self { n: 1.0, first: x, square: x * x }
    }

    fn plus(self, other: Self) -> Self {
        Self { n: self.n + other.n, first: self.first + other.first, square: self.square + other.square }
    }

    fn times(self, weight: f64) -> Self {
        Self { n: weight * self.n, first: weight * self.first, square: weight * self.square }
    }

    fn deviation(self) -> f64 {
        (self.square / self.n - (self.first / self.n).powi(2)).max(0.0).sqrt()
    }
}

fn singles(samples: &[f64]) -> Vec<Sums> {
    samples.iter().map(|&x| Sums::one(x)).collect()
}

/// A statistic of all units together, its error from drawing units again; it counts units.
fn resampled(units: &[Sums], config: &MassScoreConfig, statistic: fn(Sums) -> f64) -> Score {
    if units.is_empty() {
        return Score::new(None, None, 0);
    }
    let mut drawn = Vec::new();
    for_each_replicate(units.len(), config.bootstrap_replicates, config.bootstrap_seed, |weights| {
        let weighted = units.iter().zip(weights).map(|(unit, &weight)| unit.times(f64::from(weight)));
        drawn.push(Some(statistic(weighted.fold(Sums::default(), Sums::plus))));
    });
    let all = units.iter().copied().fold(Sums::default(), Sums::plus);
    Score::new(Some(statistic(all)), spread(drawn.into_iter()), units.len() as u64)
}

/// Central intervals of a posterior: the share that each is to hold, and its ends among [`MassPosterior::LEVELS`].
pub const INTERVALS: [(f64, usize, usize); 5] = [(0.5, 4, 6), (0.68, 3, 7), (0.8, 2, 8), (0.9, 1, 9), (0.95, 0, 10)];

/// Share of the clusters whose true mass lies in a central interval of their posterior, with a 68 % Wilson error.
pub fn coverage(weighing: &Weighing, method: &str, (low, high): (usize, usize)) -> Score {
    debug_assert!(high < MassPosterior::LEVELS.len());
    let (mut inside, mut n) = (0, 0);
    for (mass, answer) in weighing.of(method) {
        n += 1;
        inside += u64::from(answer.quantiles_msun[low] <= mass && mass <= answer.quantiles_msun[high]);
    }
    let error = wilson_interval(inside, n, 1.0).map(|interval| 0.5 * (interval.high - interval.low));
    Score::new(fraction(inside, n), error, n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weighing::WeighedCluster;
    use std::collections::BTreeMap;

    const CONFIG: MassScoreConfig = MassScoreConfig { bootstrap_replicates: 500, bootstrap_seed: 3 };

    /// Clusters with an answer that is `factor(i)` times the truth, and quantiles that spread by their levels.
    fn weighing(masses: &[f64], factor: impl Fn(usize) -> f64) -> Weighing {
        let cluster = |(i, &m200c_msun): (usize, &f64)| {
            let mean_msun = m200c_msun * factor(i);
            let quantiles_msun = MassPosterior::LEVELS.map(|level| mean_msun * (0.5 + level));
            let answers = BTreeMap::from([(
                "m".to_owned(),
                MassAnswer { mean_msun, unbiased_msun: mean_msun, quantiles_msun, flags: 0 },
            )]);
            WeighedCluster { m200c_msun, amplitude: 1.0, answers }
        };
        Weighing::new(masses.iter().enumerate().map(cluster).collect())
    }

    #[test]
    fn clusters_are_binned_by_their_true_mass() {
        let masses: Vec<f64> = (0..202).map(|i| if i % 2 == 0 { 2e14 } else { 1e14 }).collect();
        let bins = by_mass(&weighing(&masses, |i| 0.9 + 0.2 * (i / 2) as f64 / 100.0), "m", MassEstimate::Mean);
        assert_eq!(bins.iter().map(|bin| (bin.mass_msun, bin.count)).collect::<Vec<_>>(), [(1e14, 101), (2e14, 101)]);
        assert!((bins[1].median_msun / 2e14 - 1.0).abs() < 1e-12);
        assert!((bins[1].half_width_msun / 2e14 - 0.068).abs() < 1e-9);
        assert!(bins[1].bias.value.unwrap().abs() < 1e-12 && bins[1].bias.error.unwrap() < 0.01);
        assert!(by_mass(&weighing(&masses, |_| 1.0), "other", MassEstimate::Mean).is_empty());
    }

    #[test]
    fn scatter_is_about_zero_or_about_the_mean() {
        let samples: Vec<f64> = (0..1000).map(|i| if i % 2 == 0 { 0.3 } else { 0.1 }).collect();
        let (about_zero, about_mean) = (rms(&samples, &CONFIG), deviation(&samples, &CONFIG));
        assert!((about_zero.value.unwrap() - 0.05f64.sqrt()).abs() < 1e-12);
        assert!((about_mean.value.unwrap() - 0.1).abs() < 1e-12);
        // Error of the rms: deviation of the squares over 2 rms sqrt n; 500 draws know it to 3 %, so 20 % is six sigma.
        let expected = 0.04 / (2.0 * 0.05f64.sqrt() * 1000f64.sqrt());
        assert!((about_zero.error.unwrap() / expected - 1.0).abs() < 0.2);
        assert_eq!(rms(&[], &CONFIG), Score::new(None, None, 0));
    }

    #[test]
    fn coverage_counts_truths_inside() {
        // Truth over answer is 1/factor; the interval from 16 to 84 % is 0.66 to 1.34 of the answer.
        let weighing = weighing(&[1e14; 10], |i| if i < 7 { 1.0 } else { 2.0 });
        let score = coverage(&weighing, "m", (3, 7));
        assert_eq!((score.value, score.count), (Some(0.7), 10));
        assert_eq!(coverage(&weighing, "other", (3, 7)).value, None);
    }

    #[test]
    fn intervals_are_those_of_the_levels() {
        for (share, low, high) in INTERVALS {
            assert!((MassPosterior::LEVELS[high] - MassPosterior::LEVELS[low] - share).abs() < 1e-12);
        }
    }
}
