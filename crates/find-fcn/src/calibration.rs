//! Probabilities, masses and errors put right on peaks of tiles that the network was not trained on.

use crate::labels::LabelledHalo;
use crate::peaks::Peak;
use arcmin_find_learned::Platt;
use serde::{Deserialize, Serialize};

/// Fewest matched peaks for which masses and positions are put right.
const LEAST_MATCHED: usize = 10;
/// Least probability of peaks for which they are: below it, many a halo is beside a peak by chance.
const LEAST_PROBABILITY: f64 = 0.1;
/// Share within one standard deviation of a Gaussian, and within that radius of two.
const WITHIN_ONE: f64 = 0.682_689_492_137;
const WITHIN_ONE_OF_TWO: f64 = 0.393_469_340_287;

/// What turns the network's answers into what a candidate is given.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// The probability that a peak is a target, from its log-odds.
    pub platt: Platt,
    /// Added to the logarithm of the mass.
    pub mass_shift: f64,
    /// Factor of its error.
    pub mass_widening: Widening,
    /// Factor of the error of the position.
    pub position_widening: Widening,
    /// Peaks that probabilities were measured on, and those likely ones with a halo that the rest was.
    pub n_peaks: [u64; 2],
}

/// A factor of errors that changes with the log-odds of a peak: what is barely seen errs by more, and otherwise, than what is
/// plain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Widening {
    /// Log-odds of which the factors were measured: medians of the lower and the upper half of the peaks.
    pub log_odds: [f64; 2],
    /// Their factors.
    pub factor: [f64; 2],
}

impl Widening {
    const NONE: Self = Self { log_odds: [0.0; 2], factor: [1.0; 2] };

    /// From log-odds of peaks with what they err by over what they say they do: in either half a share of the peaks errs by less
    /// than it says when that is multiplied by the half's factor.
    fn fit(mut pulls: Vec<(f64, f64)>, share: f64) -> Self {
        pulls.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (low, high) = pulls.split_at(pulls.len() / 2);
        let log_odds = [low, high].map(|half| quantile(half.iter().map(|pull| pull.0).collect(), 0.5));
        let factor = [low, high].map(|half| quantile(half.iter().map(|pull| pull.1).collect(), share));
        Self { log_odds, factor }
    }

    /// The factor of a peak: between the two by proportion, beyond them that of the nearer one.
    pub fn at(&self, log_odds: f64) -> f64 {
        let [low, high] = self.log_odds;
        let along = if high > low { ((log_odds - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 };
        self.factor[0] + along * (self.factor[1] - self.factor[0])
    }
}

/// A peak and the heaviest halo within the radius of its position, if there is one.
pub(crate) type Matched = (Peak, Option<LabelledHalo>);

/// Matches the peaks of a tile with its haloes.
pub(crate) fn matched(peaks: Vec<Peak>, haloes: &[LabelledHalo], radius_cells: f64) -> Vec<Matched> {
    let halo_of = |peak: &Peak| {
        let [x, y] = peak.position();
        let near = haloes.iter().filter(|halo| (halo.x - x).hypot(halo.y - y) <= radius_cells);
        near.max_by(|a, b| a.ln_mass.total_cmp(&b.ln_mass)).copied()
    };
    peaks.into_iter().map(|peak| (peak, halo_of(&peak))).collect()
}

impl Calibration {
    /// From matched peaks: Platt's regression over all of them; over likely ones the median pull of masses, and the widenings that leave the
    /// shares of a Gaussian within one error.
    pub(crate) fn fit(matched: &[Matched]) -> Self {
        let pairs: Vec<(f64, bool)> = matched
            .iter()
            .map(|(peak, halo)| (peak.answer.log_odds, halo.is_some_and(|halo| halo.is_target)))
            .collect();
        let platt = Platt::fit(&pairs);
        let is_likely = |peak: &Peak| platt.probability(peak.answer.log_odds) >= LEAST_PROBABILITY;
        let with_halo: Vec<(Peak, LabelledHalo)> = matched
            .iter()
            .filter(|(peak, _)| is_likely(peak))
            .filter_map(|(peak, halo)| halo.map(|halo| (*peak, halo)))
            .collect();
        let n_peaks = [matched.len() as u64, with_halo.len() as u64];
        if with_halo.len() < LEAST_MATCHED {
            return Self {
                platt,
                mass_shift: 0.0,
                mass_widening: Widening::NONE,
                position_widening: Widening::NONE,
                n_peaks,
            };
        }
        let residual = |(peak, halo): &(Peak, LabelledHalo)| halo.ln_mass - peak.answer.ln_mass;
        let mass_shift = quantile(with_halo.iter().map(residual).collect(), 0.5);
        let pull = |pair: &(Peak, LabelledHalo)| {
            let pull = ((residual(pair) - mass_shift) * (-pair.0.answer.ln_sigma_mass).exp()).abs();
            (pair.0.answer.log_odds, pull)
        };
        let distance = |(peak, halo): &(Peak, LabelledHalo)| {
            let [x, y] = peak.position();
            (peak.answer.log_odds, (halo.x - x).hypot(halo.y - y) * (-peak.answer.ln_sigma_offset).exp())
        };
        Self {
            platt,
            mass_shift,
            mass_widening: Widening::fit(with_halo.iter().map(pull).collect(), WITHIN_ONE),
            position_widening: Widening::fit(with_halo.iter().map(distance).collect(), WITHIN_ONE_OF_TWO),
            n_peaks,
        }
    }
}

/// The value below which a share of the values lies, between neighbours by proportion.
fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = share * (values.len() - 1) as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(values.len() - 1);
    values[below] + (at - below as f64) * (values[above] - values[below])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Answer;
    use rand::Rng;

    /// Peaks whose errors are twice what is said, or three times where log-odds are above zero, and masses 0.3 below.
    #[test]
    fn shift_and_widenings_are_found() {
        let mut rng = arcmin_find_learned::stream(4, "peaks", 0, 0);
        let mut normal = || (0..12).map(|_| (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64).sum::<f64>() - 6.0;
        let mut pair = |i: usize| {
            let (ln_sigma_mass, ln_sigma_offset) = (-1.0 - 0.1 * (i % 4) as f64, -2.0 + 0.2 * (i % 3) as f64);
            let offset = [0.1, -0.2];
            let log_odds = normal();
            let answer = Answer { log_odds, offset, ln_sigma_offset, ln_mass: 0.5, ln_sigma_mass };
            let widening = if log_odds > 0.0 { 3.0 } else { 2.0 };
            let error = widening * ln_sigma_offset.exp();
            let halo = LabelledHalo {
                x: 7.0 + 0.1 + error * normal(),
                y: 9.0 - 0.2 + error * normal(),
                ln_mass: 0.5 + 0.3 + widening * ln_sigma_mass.exp() * normal(),
                is_target: i.is_multiple_of(3),
            };
            (Peak { x: 7, y: 9, answer }, Some(halo))
        };
        let matched: Vec<Matched> = (0..4000).map(&mut pair).collect();
        let fitted = Calibration::fit(&matched);
        // Errors of a median and of quantiles of 2000 normals: 0.02 of the width 0.9, 3 % and less. The seed is fixed.
        assert!((fitted.mass_shift - 0.3).abs() < 0.06, "{fitted:?}");
        for widening in [fitted.mass_widening, fitted.position_widening] {
            // The halves part at log-odds of zero, their medians lie at the quartiles of a normal distribution.
            assert!(widening.log_odds[0] < -0.6 && widening.log_odds[1] > 0.6, "{widening:?}");
            assert!((widening.at(-3.0) - 2.0).abs() < 0.2 && (widening.at(3.0) - 3.0).abs() < 0.3, "{widening:?}");
            assert!((widening.at(0.0) - 2.5).abs() < 0.2, "{widening:?}");
        }
        // Whether one is a target has nothing to do with its log-odds here.
        assert!(fitted.platt.slope.abs() < 0.1 && (fitted.platt.probability(0.0) - 1.0 / 3.0).abs() < 0.03);
        assert_eq!(Calibration::fit(&matched[..5]).mass_widening, Widening::NONE, "too few to tell");
    }

    #[test]
    fn a_peak_belongs_to_the_heaviest_halo_near_its_position() {
        let answer = Answer { offset: [0.5, 0.0], ..Answer::default() };
        let halo = |x: f64, ln_mass: f64| LabelledHalo { x, y: 9.0, ln_mass, is_target: false };
        let haloes = [halo(7.6, 0.1), halo(8.4, 0.9), halo(8.6, 2.0)];
        let found = matched(vec![Peak { x: 7, y: 9, answer }], &haloes, 1.0);
        assert_eq!(found[0].1, Some(haloes[1]));
        assert_eq!(matched(vec![Peak { x: 2, y: 9, answer }], &haloes, 1.0)[0].1, None);
    }
}
