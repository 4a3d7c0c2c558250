//! Probabilities, masses and errors put right on peaks of tiles that the network was not trained on.

use crate::labels::LabelledHalo;
use crate::peaks::Peak;
use arcmin_find_learned::Platt;
use serde::{Deserialize, Serialize};

/// Fewest matched peaks for which masses and positions are put right.
const LEAST_MATCHED: usize = 10;
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
    /// Peaks that all this was measured on, and how many of them had a halo.
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
    /// From matched peaks: Platt's regression over all of them, the median pull of masses, and the widenings that leave the shares of
    /// a Gaussian within one error.
    pub(crate) fn fit(matched: &[Matched]) -> Self {
        let pairs: Vec<(f64, bool)> = matched
            .iter()
            .map(|(peak, halo)| (peak.answer.log_odds, halo.is_some_and(|halo| halo.is_target)))
            .collect();
        let with_halo: Vec<(Peak, LabelledHalo)> =
            matched.iter().filter_map(|(peak, halo)| halo.map(|halo| (*peak, halo))).collect();
        let n_peaks = [matched.len() as u64, with_halo.len() as u64];
        let platt = Platt::fit(&pairs);
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
