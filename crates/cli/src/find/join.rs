//! The candidates of overlapping tiles joined to one catalogue.

use arcmin_method::Candidate;
use arcmin_units::{Arcmin, Radian, SkyPosition};

/// A candidate and the tile in which it was found.
pub(super) struct Found {
    pub(super) tile: usize,
    pub(super) candidate: Candidate,
}

/// True when a position belongs to a tile, or lies so close to the tile's cell, within `reach`, that its neighbour may have seen
/// it on the other side of the border.
pub(super) fn is_claimed(
    tile: usize,
    position: SkyPosition,
    reach: Arcmin,
    owner: impl Fn(SkyPosition) -> usize,
) -> bool {
    let step = reach.to_rad().value();
    let lon_step = step / position.lat().value().cos().max(1e-6);
    let near = |i: f64, j: f64| {
        let lat = (position.lat().value() + j * step).clamp(-std::f64::consts::FRAC_PI_2, std::f64::consts::FRAC_PI_2);
        SkyPosition::new(Radian::new(position.lon().value() + i * lon_step), Radian::new(lat))
    };
    let steps = [-1.0, 0.0, 1.0];
    steps.iter().any(|i| steps.iter().any(|j| near(*i, *j).is_some_and(|p| owner(p) == tile)))
}

/// One list by falling score; of candidates of two tiles less than `same` apart, the first stays.
///
/// Two candidates of one tile stay both, however close: the finder told them apart.
pub(super) fn join(mut found: Vec<Found>, same: Arcmin) -> Vec<Candidate> {
    // Ties go by tile, so that the order does not depend on that of the search.
    found.sort_by(|a, b| b.candidate.score.total_cmp(&a.candidate.score).then(a.tile.cmp(&b.tile)));
    let mut kept: Vec<Found> = Vec::new();
    let mut by_lat: std::collections::BTreeMap<i64, Vec<usize>> = std::collections::BTreeMap::new();
    for next in found {
        let position = next.candidate.position;
        let strip = (position.lat_deg() * 60.0 / same.value()).floor() as i64;
        let near = (strip - 1..=strip + 1).filter_map(|strip| by_lat.get(&strip)).flatten();
        let is_seen = |idx: &usize| {
            let other = &kept[*idx];
            let apart = other.candidate.position.separation(position).to_arcmin().value();
            other.tile != next.tile && apart < same.value()
        };
        if !near.into_iter().any(is_seen) {
            by_lat.entry(strip).or_default().push(kept.len());
            kept.push(next);
        }
    }
    kept.into_iter().map(|found| found.candidate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Arcmin = Arcmin::new(1.0);

    fn found(tile: usize, lon_arcmin: f64, score: f64) -> Found {
        let position = SkyPosition::from_deg(lon_arcmin / 60.0, 0.0).expect("a position");
        let candidate = Candidate::new(position, score);
        Found { tile, candidate }
    }

    #[test]
    fn one_place_in_two_tiles_is_kept_once_and_two_in_one_tile_are_two() {
        let all = vec![found(0, 10.0, 5.0), found(1, 10.3, 7.0), found(1, 10.9, 6.0), found(2, 12.0, 5.5)];
        let scores: Vec<f64> = join(all, ONE).iter().map(|candidate| candidate.score).collect();
        assert_eq!(scores, [7.0, 6.0, 5.5]);
    }

    #[test]
    fn cutouts_of_two_tiles_a_stride_apart_may_be_of_one_cluster() {
        let all = || vec![found(0, 10.0, 0.5), found(1, 15.0, 0.7), found(1, 13.0, 0.6), found(2, 22.0, 0.9)];
        let scores = |same| -> Vec<f64> { join(all(), same).iter().map(|candidate| candidate.score).collect() };
        assert_eq!(scores(Arcmin::new(6.0)), [0.9, 0.7, 0.6]);
        assert_eq!(scores(ONE), [0.9, 0.7, 0.6, 0.5]);
    }

    #[test]
    fn a_tile_claims_its_cell_and_what_lies_within_an_arcminute_of_it() {
        let owner = |p: SkyPosition| usize::from(p.lon_deg() > 1.0 && p.lon_deg() < 180.0);
        let at = |arcmin: f64| SkyPosition::from_deg(1.0 + arcmin / 60.0, 50.0).expect("a position");
        assert!(is_claimed(1, at(3.0), ONE, owner) && !is_claimed(0, at(3.0), ONE, owner));
        assert!(is_claimed(1, at(-0.5), ONE, owner) && is_claimed(0, at(-0.5), ONE, owner));
        assert!(!is_claimed(1, at(-3.0), ONE, owner) && is_claimed(0, at(-3.0), ONE, owner));
    }
}
