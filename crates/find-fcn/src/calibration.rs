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
    pub mass_widening: f64,
    /// Factor of the error of the position.
    pub position_widening: f64,
    /// Peaks that probabilities were measured on, and those likely ones with a halo that the rest was.
    pub n_peaks: [u64; 2],
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
    /// From matched peaks: Platt's regression over all of them; over likely ones the median pull of masses, and the widenings that leave the shares of
    /// a Gaussian within one error.
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
            return Self { platt, mass_shift: 0.0, mass_widening: 1.0, position_widening: 1.0, n_peaks };
        }
        let residual = |(peak, halo): &(Peak, LabelledHalo)| halo.ln_mass - peak.answer.ln_mass;
        let mass_shift = quantile(with_halo.iter().map(residual).collect(), 0.5);
        let pull =
            |pair: &(Peak, LabelledHalo)| ((residual(pair) - mass_shift) * (-pair.0.answer.ln_sigma_mass).exp()).abs();
        let distance = |(peak, halo): &(Peak, LabelledHalo)| {
            let [x, y] = peak.position();
            (halo.x - x).hypot(halo.y - y) * (-peak.answer.ln_sigma_offset).exp()
        };
        Self {
            platt,
            mass_shift,
            mass_widening: quantile(with_halo.iter().map(pull).collect(), WITHIN_ONE),
            position_widening: quantile(with_halo.iter().map(distance).collect(), WITHIN_ONE_OF_TWO),
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

    /// Peaks whose errors are twice, and masses 0.3 below, what is said.
    #[test]
    fn shift_and_widenings_are_found() {
        let mut rng = arcmin_find_learned::stream(4, "peaks", 0, 0);
        let mut normal = || (0..12).map(|_| (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64).sum::<f64>() - 6.0;
        let mut pair = |i: usize| {
            let (ln_sigma_mass, ln_sigma_offset) = (-1.0 - 0.1 * (i % 4) as f64, -2.0 + 0.2 * (i % 3) as f64);
            let offset = [0.1, -0.2];
            let log_odds = normal();
            let answer = Answer { log_odds, offset, ln_sigma_offset, ln_mass: 0.5, ln_sigma_mass };
            let error = 2.0 * ln_sigma_offset.exp();
            let halo = LabelledHalo {
                x: 7.0 + 0.1 + error * normal(),
                y: 9.0 - 0.2 + error * normal(),
                ln_mass: 0.5 + 0.3 + 2.0 * ln_sigma_mass.exp() * normal(),
                is_target: i.is_multiple_of(3),
            };
            (Peak { x: 7, y: 9, answer }, Some(halo))
        };
        let matched: Vec<Matched> = (0..4000).map(&mut pair).collect();
        let fitted = Calibration::fit(&matched);
        // Errors of a median and of quantiles of 4000 normals: 0.008 of the width 0.7, 2 % and less. The seed is fixed.
        assert!((fitted.mass_shift - 0.3).abs() < 0.05, "{fitted:?}");
        assert!(
            (fitted.mass_widening - 2.0).abs() < 0.15 && (fitted.position_widening - 2.0).abs() < 0.15,
            "{fitted:?}"
        );
        // Whether one is a target has nothing to do with its log-odds here.
        assert!(fitted.platt.slope.abs() < 0.1 && (fitted.platt.probability(0.0) - 1.0 / 3.0).abs() < 0.03);
        assert_eq!(Calibration::fit(&matched[..5]).mass_widening, 1.0, "too few to tell");
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
