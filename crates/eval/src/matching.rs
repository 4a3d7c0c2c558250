//! Which detection belongs to which halo.
//!
//! Detections are taken by falling score; each takes the most massive halo within the matching radius that no
//! earlier one took. Since all detections rank haloes alike (by mass) and all haloes rank detections alike (by
//! score), this is the one stable matching of the two lists: going through the haloes by falling mass, each taking
//! the best detection left, gives the same pairs (the tests hold that form as the oracle). And since detections come
//! by falling score, raising a threshold only removes pairs, it never makes new ones: one matching serves all
//! thresholds.

use crate::{CutoutConfig, Error};
use arcmin_method::Candidate;
use arcmin_scene::Halo;
use arcmin_units::{Arcmin, HaloMass, Radian};
use serde::{Deserialize, Serialize};

/// Which haloes a finder is asked to find.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HaloSelection {
    /// Least Bryan-Norman virial mass in Msun.
    pub mvir_min_msun: f64,
    /// Least redshift.
    pub redshift_min: f64,
}

impl Default for HaloSelection {
    /// The clusters of DeepSZ: `Mvir >= 2e14 Msun` and `z >= 0.25`.
    fn default() -> Self {
        Self { mvir_min_msun: 2e14, redshift_min: 0.25 }
    }
}

impl HaloSelection {
    /// True when the halo is one of those asked for.
    pub fn contains(&self, halo: &Halo) -> bool {
        halo.mvir.msun() >= self.mvir_min_msun && halo.redshift.value() >= self.redshift_min
    }
}

/// How detections are matched and which haloes an outcome keeps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MatchConfig {
    /// Largest distance in arcmin between a detection and its halo.
    pub radius_arcmin: f64,
    /// The haloes that count as targets.
    pub selection: HaloSelection,
    /// Haloes below this virial mass in Msun are matched but, when unmatched, not kept in the outcome.
    pub keep_mvir_min_msun: f64,
    /// The cutouts by which a finder is scored too.
    pub cutouts: CutoutConfig,
}

impl Default for MatchConfig {
    /// One arcminute, the clusters and cutouts of DeepSZ; haloes kept from 1e14 Msun, to see where completeness begins.
    fn default() -> Self {
        Self {
            radius_arcmin: 1.0,
            selection: HaloSelection::default(),
            keep_mvir_min_msun: 1e14,
            cutouts: CutoutConfig::default(),
        }
    }
}

impl MatchConfig {
    /// Checks every number.
    ///
    /// # Errors
    /// [`Error::BadSetting`] naming the key.
    pub fn check(&self) -> Result<(), Error> {
        let not_negative = |key, value: f64| match value.is_finite() && value >= 0.0 {
            true => Ok(()),
            false => Err(Error::BadSetting { key, value, requirement: "it must be finite and not negative" }),
        };
        not_negative("radius_arcmin", self.radius_arcmin)?;
        not_negative("selection.mvir_min_msun", self.selection.mvir_min_msun)?;
        not_negative("selection.redshift_min", self.selection.redshift_min)?;
        not_negative("keep_mvir_min_msun", self.keep_mvir_min_msun)?;
        self.cutouts.check()
    }
}

/// For each candidate the index of its halo.
///
/// Ties go to the candidate or halo that stands first in its list. Time is `O((C + H) log H)` plus the haloes in
/// each candidate's band of latitude.
pub(crate) fn match_candidates(candidates: &[Candidate], haloes: &[Halo], radius: Arcmin) -> Vec<Option<usize>> {
    let by_latitude = LatitudeIndex::new(haloes);
    let mass_rank = ranks(haloes.len(), |a, b| haloes[b].mvir.msun().total_cmp(&haloes[a].mvir.msun()));
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by(|&a, &b| candidates[b].score.total_cmp(&candidates[a].score));
    let mut taken = vec![false; haloes.len()];
    let mut halo_of = vec![None; candidates.len()];
    for candidate_idx in order {
        let near = by_latitude.within(&candidates[candidate_idx], haloes, radius.to_rad());
        let best = near.filter(|&idx| !taken[idx]).min_by_key(|&idx| mass_rank[idx]);
        if let Some(halo_idx) = best {
            taken[halo_idx] = true;
            halo_of[candidate_idx] = Some(halo_idx);
        }
    }
    halo_of
}

/// Place of each item in the stable order that `compare` gives.
fn ranks(n: usize, compare: impl Fn(usize, usize) -> std::cmp::Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| compare(a, b));
    let mut rank = vec![0; n];
    for (place, &idx) in order.iter().enumerate() {
        rank[idx] = place;
    }
    rank
}

/// Haloes by rising latitude: two directions are never nearer than their latitudes differ.
struct LatitudeIndex {
    latitude_rad: Vec<f64>,
    halo_idx: Vec<usize>,
}

impl LatitudeIndex {
    fn new(haloes: &[Halo]) -> Self {
        let latitude = |idx: usize| haloes[idx].position.lat().value();
        let mut halo_idx: Vec<usize> = (0..haloes.len()).collect();
        halo_idx.sort_by(|&a, &b| latitude(a).total_cmp(&latitude(b)));
        Self { latitude_rad: halo_idx.iter().map(|&idx| latitude(idx)).collect(), halo_idx }
    }

    fn within<'a>(
        &'a self,
        candidate: &'a Candidate,
        haloes: &'a [Halo],
        radius: Radian,
    ) -> impl Iterator<Item = usize> + 'a {
        let latitude_rad = candidate.position.lat().value();
        // A last-digit margin: a halo exactly at the radius must not be lost to rounding of the band's edges.
        let reach_rad = radius.value() * (1.0 + 1e-9) + 1e-14;
        let first = self.latitude_rad.partition_point(|&lat| lat < latitude_rad - reach_rad);
        let last = self.latitude_rad.partition_point(|&lat| lat <= latitude_rad + reach_rad);
        let near = move |idx: &usize| candidate.position.separation(haloes[*idx].position) <= radius;
        self.halo_idx[first..last].iter().copied().filter(near)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::testing::{candidate, halo};
    use proptest::prelude::*;

    /// The obvious twin: haloes by falling mass, each taking the best detection left within the radius.
    fn slow_match(candidates: &[Candidate], haloes: &[Halo], radius: Arcmin) -> Vec<Option<usize>> {
        let mut halo_of = vec![None; candidates.len()];
        let mut order: Vec<usize> = (0..haloes.len()).collect();
        order.sort_by(|&a, &b| haloes[b].mvir.msun().total_cmp(&haloes[a].mvir.msun()));
        for halo_idx in order {
            let mut best: Option<usize> = None;
            for (idx, candidate) in candidates.iter().enumerate() {
                let near = candidate.position.separation(haloes[halo_idx].position) <= radius.to_rad();
                let better = best.is_none_or(|b| candidate.score > candidates[b].score);
                if near && halo_of[idx].is_none() && better {
                    best = Some(idx);
                }
            }
            if let Some(idx) = best {
                halo_of[idx] = Some(halo_idx);
            }
        }
        halo_of
    }

    #[test]
    fn most_massive_halo_in_reach_wins_and_serves_once() {
        let haloes = [halo(0, 0.0, 0.0, 1e14, 0.5), halo(1, 0.01, 0.0, 5e14, 0.5)];
        let candidates = [candidate(0.0, 0.0, 5.0), candidate(0.005, 0.0, 9.0), candidate(0.002, 0.0, 4.0)];
        let matched = match_candidates(&candidates, &haloes, Arcmin::new(1.0));
        assert_eq!(matched, vec![Some(0), Some(1), None]);
    }

    #[test]
    fn matching_crosses_longitude_zero() {
        let haloes = [halo(0, 359.995, 10.0, 3e14, 0.5)];
        let candidates = [candidate(0.005, 10.0, 5.0)];
        assert_eq!(match_candidates(&candidates, &haloes, Arcmin::new(1.0)), vec![Some(0)]);
        assert_eq!(match_candidates(&candidates, &haloes, Arcmin::new(0.5)), vec![None]);
    }

    #[test]
    fn empty_lists_match_nothing() {
        assert!(match_candidates(&[], &[halo(0, 0.0, 0.0, 1e14, 0.5)], Arcmin::new(1.0)).is_empty());
        assert_eq!(match_candidates(&[candidate(0.0, 0.0, 1.0)], &[], Arcmin::new(1.0)), vec![None]);
    }

    #[test]
    fn settings_outside_their_domain_are_named() {
        let config = MatchConfig { radius_arcmin: f64::NAN, ..MatchConfig::default() };
        assert!(config.check().unwrap_err().to_string().contains("radius_arcmin"));
    }

    proptest! {
        #[test]
        fn both_orders_of_matching_agree(
            sky in prop::collection::vec((0.0f64..0.2, 0.0f64..0.2, 1.0f64..9.0), 0..60),
            found in prop::collection::vec((0.0f64..0.2, 0.0f64..0.2, 1.0f64..9.0), 0..60),
            latitude in -89.0f64..89.0,
        ) {
            let haloes: Vec<Halo> = sky.iter().enumerate()
                .map(|(id, &(x, y, m))| halo(id as u64, x, latitude + y, m * 1e14, 0.5)).collect();
            let candidates: Vec<Candidate> =
                found.iter().map(|&(x, y, score)| candidate(x, latitude + y, score)).collect();
            let radius = Arcmin::new(2.0);
            prop_assert_eq!(match_candidates(&candidates, &haloes, radius), slow_match(&candidates, &haloes, radius));
        }
    }
}
