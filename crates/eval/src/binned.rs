//! Completeness in bins of a halo's mass or redshift.

use crate::outcome::HaloOutcome;
use crate::statistics::{Interval, ONE_SIGMA, wilson_interval};
use crate::summary::{TileSummary, by_tile_number};
use crate::{Error, HaloSelection};

/// What haloes are binned by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HaloQuantity {
    /// Virial mass in Msun. Haloes of every mass kept count, those below the selection too: the curve shows where
    /// detection begins. The selection's least redshift applies.
    Mvir,
    /// Redshift. Haloes of every redshift count; the selection's least mass applies.
    Redshift,
}

impl HaloQuantity {
    fn name(self) -> &'static str {
        match self {
            HaloQuantity::Mvir => "Mvir",
            HaloQuantity::Redshift => "redshift",
        }
    }

    fn value(self, halo: &HaloOutcome) -> f64 {
        match self {
            HaloQuantity::Mvir => halo.mvir_msun,
            HaloQuantity::Redshift => halo.redshift,
        }
    }

    fn admits(self, halo: &HaloOutcome, selection: &HaloSelection) -> bool {
        match self {
            HaloQuantity::Mvir => halo.redshift >= selection.redshift_min,
            HaloQuantity::Redshift => halo.mvir_msun >= selection.mvir_min_msun,
        }
    }
}

/// The share of haloes found in one bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BinnedFraction {
    /// Lower edge, inclusive.
    pub low: f64,
    /// Upper edge, exclusive.
    pub high: f64,
    /// Mean of the binned quantity over the haloes in the bin; the middle of the bin where there is none.
    pub mean: f64,
    /// Haloes found.
    pub found: u64,
    /// Haloes there.
    pub total: u64,
    /// `found / total` with its 68 % interval (Wilson27); `None` in an empty bin.
    pub fraction: Option<(f64, Interval)>,
}

/// Completeness of searched haloes at a threshold, in bins with the given rising edges.
///
/// A faint halo may owe its detection to a neighbour within the matching radius; at masses far below the limit of
/// detection the curve shows the rate of such chance pairs rather than zero.
///
/// # Errors
/// [`Error::BadEdges`] when there are fewer than two edges or they do not rise.
pub fn completeness_by(
    quantity: HaloQuantity,
    tiles: &[TileSummary],
    threshold: f64,
    edges: &[f64],
) -> Result<Vec<BinnedFraction>, Error> {
    check_edges(quantity.name(), edges)?;
    let mut sums = vec![(0.0, 0u64, 0u64); edges.len() - 1];
    for tile in by_tile_number(tiles) {
        let selection = &tile.matching.selection;
        for halo in tile.haloes.iter().filter(|halo| halo.is_searched && quantity.admits(halo, selection)) {
            let value = quantity.value(halo);
            if let Some(bin) = bin_of(value, edges) {
                let found = halo.score.is_some_and(|score| score >= threshold);
                sums[bin].0 += value;
                sums[bin].1 += u64::from(found);
                sums[bin].2 += 1;
            }
        }
    }
    let bins = edges.windows(2).zip(sums);
    Ok(bins.map(|(edge, (sum, found, total))| binned(edge[0], edge[1], sum, found, total)).collect())
}

fn binned(low: f64, high: f64, sum: f64, found: u64, total: u64) -> BinnedFraction {
    let mean = if total > 0 { sum / total as f64 } else { 0.5 * (low + high) };
    let interval = wilson_interval(found, total, ONE_SIGMA);
    let fraction = interval.map(|interval| (found as f64 / total as f64, interval));
    BinnedFraction { low, high, mean, found, total, fraction }
}

/// The bin that holds a value: edges rise, lower ones belong to their bin.
pub(crate) fn bin_of(value: f64, edges: &[f64]) -> Option<usize> {
    let above = edges.partition_point(|&edge| edge <= value);
    (above > 0 && above < edges.len()).then(|| above - 1)
}

pub(crate) fn check_edges(quantity: &'static str, edges: &[f64]) -> Result<(), Error> {
    let rising = edges.windows(2).all(|pair| pair[0] < pair[1]);
    if edges.len() >= 2 && rising && edges.iter().all(|edge| edge.is_finite()) {
        return Ok(());
    }
    Err(Error::BadEdges { quantity, edges: edges.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_their_lower_edge_only() {
        let edges = [0.0, 1.0, 2.0];
        assert_eq!(
            [-0.1, 0.0, 0.5, 1.0, 2.0].map(|value| bin_of(value, &edges)),
            [None, Some(0), Some(0), Some(1), None]
        );
    }

    #[test]
    fn edges_that_fall_are_refused() {
        assert!(completeness_by(HaloQuantity::Mvir, &[], 5.0, &[2.0, 1.0]).is_err());
        assert!(completeness_by(HaloQuantity::Mvir, &[], 5.0, &[1.0]).is_err());
    }

    #[test]
    fn no_outcome_gives_empty_bins_without_fraction() {
        let bins = completeness_by(HaloQuantity::Redshift, &[], 5.0, &[0.0, 1.0, 2.0]).unwrap();
        assert!(bins.iter().all(|bin| bin.total == 0 && bin.fraction.is_none() && bin.mean.is_finite()));
    }
}
