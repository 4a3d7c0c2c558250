//! The posterior that the network answers with: a mixture of Gaussians in ln M, and what it says under a prior.

use crate::calibrate::Calibration;
use arcmin_method::{MassPosterior, mass_flags};
use arcmin_units::M200c;

/// Masses on which a posterior is evaluated.
const N_MASSES: usize = 600;
/// A posterior whose upper or lower end comes this close to an end of the training, as a factor, is flagged.
const CLOSE_TO_END: f64 = 1.05;

/// Masses that are equally likely beforehand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MassPrior {
    /// Least M200c.
    pub min: M200c,
    /// Largest M200c.
    pub max: M200c,
}

/// A density of ln M: `sum_j w_j N(t; m_j, s_j)`, with `t = (ln M - middle) / half_width` over the masses of the training.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    /// `[ln w, m, s]` of each Gaussian.
    components: Vec<[f64; 3]>,
    scale: LnMassScale,
}

/// How ln M becomes the number that the network is trained on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LnMassScale {
    middle: f64,
    half_width: f64,
}

impl LnMassScale {
    /// From -1 to 1 over a range of masses.
    pub(crate) fn new([min_msun, max_msun]: [f64; 2]) -> Self {
        let (low, high) = (min_msun.ln(), max_msun.ln());
        Self { middle: 0.5 * (low + high), half_width: (0.5 * (high - low)).max(1e-3) }
    }

    pub(crate) fn t(self, msun: f64) -> f64 {
        (msun.ln() - self.middle) / self.half_width
    }

    pub(crate) fn ln_mass(self, t: f64) -> f64 {
        self.middle + self.half_width * t
    }
}

impl Mixture {
    /// From a row of the network: logits, means, logarithms of deviations.
    pub(crate) fn new(row: &[f32], scale: LnMassScale) -> Self {
        let k = row.len() / 3;
        let column = |i: usize| f64::from(row[i]);
        let most = (0..k).map(column).fold(f64::NEG_INFINITY, f64::max);
        let total = most + (0..k).map(|j| (column(j) - most).exp()).sum::<f64>().ln();
        let component = |j: usize| [column(j) - total, column(k + j), column(2 * k + j).exp()];
        Self { components: (0..k).map(component).collect(), scale }
    }

    /// The same, put right.
    pub(crate) fn calibrated(mut self, calibration: &Calibration) -> Self {
        for [_, m, s] in &mut self.components {
            (*m, *s) = (*m + calibration.shift + calibration.tilt * *m, calibration.widening * *s);
        }
        self
    }

    /// Probability that scaled ln M lies below a value.
    fn share_below(&self, t: f64) -> f64 {
        let share = |[ln_w, m, s]: &[f64; 3]| ln_w.exp() * 0.5 * libm::erfc((m - t) / (s * std::f64::consts::SQRT_2));
        self.components.iter().map(share).sum()
    }

    /// Probability that a mass of the training lies below scaled ln M: what lies beyond -1 and 1 is cut off.
    pub(crate) fn share_below_within(&self, t: f64) -> f64 {
        let [first, at, last] = [-1.0, t, 1.0].map(|t| self.share_below(t));
        if last - first < 1e-12 {
            return f64::from(u8::from(first < 0.5));
        }
        ((at - first) / (last - first)).clamp(0.0, 1.0)
    }

    /// Mean of scaled ln M.
    pub(crate) fn mean(&self) -> f64 {
        self.components.iter().map(|[ln_w, m, _]| ln_w.exp() * m).sum()
    }

    /// Probability that ln M lies below that of a mass.
    fn below(&self, msun: f64) -> f64 {
        self.share_below(self.scale.t(msun))
    }

    /// What it says under a prior within that of the training, which is uniform in mass as well: the same density, cut. Its
    /// unbiased mass is its median.
    ///
    /// `trained_msun` are the ends of the training's masses, for the flag.
    pub(crate) fn posterior(&self, prior: MassPrior, trained_msun: [f64; 2]) -> MassPosterior {
        let (min, max) = (prior.min.value(), prior.max.value());
        let at = |i: usize| min + (max - min) * i as f64 / N_MASSES as f64;
        let below: Vec<f64> = (0..=N_MASSES).map(|i| self.below(at(i))).collect();
        let (first, last) = (below[0], below[N_MASSES]);
        // Where the density is all outside of the prior, the nearer end is all that can be said.
        let nothing_inside = last - first < 1e-12;
        let quantile = |level: f64| {
            if nothing_inside {
                return if first > 0.5 { min } else { max };
            }
            let wanted = first + level * (last - first);
            let i = below.partition_point(|&share| share < wanted).clamp(1, N_MASSES);
            let within = (wanted - below[i - 1]) / (below[i] - below[i - 1]).max(f64::MIN_POSITIVE);
            at(i - 1) + within.clamp(0.0, 1.0) * (at(i) - at(i - 1))
        };
        let quantiles = MassPosterior::LEVELS.map(|level| M200c::new(quantile(level)));
        let mut mean = 0.0;
        for i in 0..N_MASSES {
            mean += (below[i + 1] - below[i]) * 0.5 * (at(i) + at(i + 1));
        }
        let mean = if nothing_inside { quantiles[5].value() } else { mean / (last - first) };
        let unbiased = quantiles[5];
        MassPosterior { mean: M200c::new(mean), unbiased, quantiles, flags: self.flags(trained_msun) }
    }

    fn flags(&self, [min, max]: [f64; 2]) -> u32 {
        // More than 16 % of the density beyond either end, or as close to it as the density is narrow.
        let outside = self.below(min * CLOSE_TO_END) > 0.16 || self.below(max / CLOSE_TO_END) < 0.84;
        if outside { mass_flags::OUT_OF_RANGE } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: [f64; 2] = [2.5e13, 1.5e15];

    fn prior(min: f64, max: f64) -> MassPrior {
        MassPrior { min: M200c::new(min), max: M200c::new(max) }
    }

    fn narrow(msun: f64, ln_deviation: f64) -> Mixture {
        let scale = LnMassScale::new(RANGE);
        let ln_s = (ln_deviation / scale.half_width).ln();
        Mixture::new(&[0.0, scale.t(msun) as f32, ln_s as f32], scale)
    }

    #[test]
    fn quantiles_are_those_of_a_log_normal_density() {
        let posterior = narrow(4e14, 0.1).posterior(prior(RANGE[0], RANGE[1]), RANGE);
        assert!((posterior.median().value() / 4e14 - 1.0).abs() < 1e-3);
        assert!(((posterior.upper().value() / 4e14).ln() - 0.099_446).abs() < 1e-3);
        assert!((posterior.mean.value() / (4e14 * 0.005f64.exp()) - 1.0).abs() < 1e-3);
        assert_eq!(posterior.flags, 0);
    }

    #[test]
    fn a_narrower_prior_cuts_the_density() {
        let posterior = narrow(4e14, 0.2).posterior(prior(1e14, 4e14), RANGE);
        // Half of a normal density: its median is 0.674 deviations below its end.
        assert!(((posterior.median().value() / 4e14).ln() + 0.2 * 0.674_49).abs() < 2e-3);
        assert!(posterior.quantiles.iter().all(|mass| mass.value() <= 4e14));
    }

    #[test]
    fn ends_of_the_training_are_flagged_and_nothing_breaks_beyond() {
        for msun in [1e13, 2.5e13, 1.45e15, 5e15] {
            let posterior = narrow(msun, 0.05).posterior(prior(1e14, 8e14), RANGE);
            assert_eq!(posterior.flags, mass_flags::OUT_OF_RANGE, "{msun:e}");
            assert!(posterior.quantiles.iter().all(|mass| (1e14..=8e14).contains(&mass.value())), "{msun:e}");
        }
    }
}
