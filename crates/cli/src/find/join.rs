//! The candidates of overlapping tiles joined to one catalogue.

use arcmin_method::Candidate;
use arcmin_units::{Arcmin, Radian, SkyPosition};
use std::collections::BTreeMap;

/// A candidate and the tile in which it was found.
pub(super) struct Found {
    pub(super) tile: usize,
    pub(super) candidate: Candidate,
    /// How far its cluster may stand from its position along an axis.
    pub(super) blur: Arcmin,
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

/// One list by falling score; of two tiles' candidates of one cluster the higher stays.
///
/// Two candidates may be of one cluster when they stand no further apart than both their blurs together. Each has one partner in
/// another tile at most, the nearest first: a tile that sees two clusters has two candidates there, and so has the list, however
/// close they are. Two candidates of one tile are never of one cluster: the finder told them apart.
pub(super) fn join(mut found: Vec<Found>) -> Vec<Candidate> {
    // Ties go by tile, so that the order does not depend on that of the search.
    found.sort_by(|a, b| b.candidate.score.total_cmp(&a.candidate.score).then(a.tile.cmp(&b.tile)));
    let mut is_kept = vec![true; found.len()];
    // The tiles in which a candidate has its partner.
    let mut partners: Vec<Vec<usize>> = vec![Vec::new(); found.len()];
    for (first, second) in near_pairs(&found) {
        let (of_first, of_second) = (found[first].tile, found[second].tile);
        let is_free = !partners[first].contains(&of_second) && !partners[second].contains(&of_first);
        if is_kept[first] && is_kept[second] && is_free {
            partners[first].push(of_second);
            partners[second].push(of_first);
            is_kept[second] = false;
        }
    }
    found.into_iter().zip(is_kept).filter(|(_, is_kept)| *is_kept).map(|(found, _)| found.candidate).collect()
}

/// Pairs of two tiles' candidates that may be of one cluster, by rising distance; the first of a pair is that with the higher score.
fn near_pairs(found: &[Found]) -> Vec<(usize, usize)> {
    let widest = found.iter().map(|found| 2.0 * found.blur.value()).fold(0.0, f64::max);
    if widest == 0.0 {
        return Vec::new();
    }
    let strip = |found: &Found| (found.candidate.position.lat_deg() * 60.0 / widest).floor() as i64;
    let mut by_strip: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (idx, next) in found.iter().enumerate() {
        let ours = strip(next);
        let before = (ours - 1..=ours + 1).filter_map(|strip| by_strip.get(&strip)).flatten();
        for &other in before.filter(|&&other| found[other].tile != next.tile) {
            let theirs = &found[other];
            let apart = theirs.candidate.position.separation(next.candidate.position).to_arcmin().value();
            if apart < theirs.blur.value() + next.blur.value() {
                pairs.push((apart, other, idx));
            }
        }
        by_strip.entry(ours).or_default().push(idx);
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    pairs.into_iter().map(|(_, first, second)| (first, second)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Arcmin = Arcmin::new(1.0);

    fn at(x_arcmin: f64, y_arcmin: f64) -> SkyPosition {
        SkyPosition::from_deg((x_arcmin / 60.0).rem_euclid(360.0), y_arcmin / 60.0).expect("a position")
    }

    fn found(tile: usize, x_arcmin: f64, score: f64, blur_arcmin: f64) -> Found {
        Found { tile, candidate: Candidate::new(at(x_arcmin, 0.0), score), blur: Arcmin::new(blur_arcmin) }
    }

    fn scores(found: Vec<Found>) -> Vec<f64> {
        join(found).iter().map(|candidate| candidate.score).collect()
    }

    #[test]
    fn one_place_in_two_tiles_is_kept_once_and_two_in_one_tile_are_two() {
        let all = [(0, 10.0, 5.0), (1, 10.3, 7.0), (1, 10.9, 6.0), (2, 12.0, 5.5)];
        assert_eq!(scores(all.map(|(tile, x, score)| found(tile, x, score, 0.5)).into()), [7.0, 6.0, 5.5]);
    }

    #[test]
    fn cutouts_of_two_tiles_a_stride_apart_may_be_of_one_cluster() {
        let all = [(0, 10.0, 0.5), (1, 15.0, 0.7), (1, 13.0, 0.6), (2, 22.0, 0.9)];
        let scores = |blur| scores(all.map(|(tile, x, score)| found(tile, x, score, blur)).into());
        assert_eq!(scores(3.0), [0.9, 0.7, 0.6]);
        assert_eq!(scores(0.5), [0.9, 0.7, 0.6, 0.5]);
    }

    #[test]
    fn two_clusters_that_both_tiles_see_are_two_in_whatever_order_their_scores_are() {
        let mut order = [0.9, 0.8, 0.7, 0.6];
        for turn in 0..24 {
            // All orders of four, one swap at a time.
            order.swap(turn % 3, turn % 3 + 1);
            let places = [(0, 10.0), (0, 14.0), (1, 11.0), (1, 15.5)];
            let all = places.iter().zip(order).map(|(&(tile, x), score)| found(tile, x, score, 3.0)).collect();
            let kept = join(all);
            let near =
                |x: f64| kept.iter().filter(|c| c.position.separation(at(x, 0.0)).to_arcmin().value() < 2.0).count();
            assert_eq!([kept.len(), near(10.5), near(14.75)], [2, 1, 1], "{order:?}");
        }
    }

    #[test]
    fn a_place_that_three_tiles_see_is_kept_once() {
        for scores_of in [[0.9, 0.8, 0.7], [0.7, 0.9, 0.8], [0.8, 0.7, 0.9]] {
            let all = (0..3).map(|tile| found(tile, 10.0 + 2.0 * tile as f64, scores_of[tile], 3.0)).collect();
            assert_eq!(scores(all), [0.9]);
        }
    }

    #[test]
    fn a_tile_claims_its_cell_and_what_lies_within_an_arcminute_of_it() {
        let owner = |p: SkyPosition| usize::from(p.lon_deg() > 1.0 && p.lon_deg() < 180.0);
        let at = |arcmin: f64| SkyPosition::from_deg(1.0 + arcmin / 60.0, 50.0).expect("a position");
        assert!(is_claimed(1, at(3.0), ONE, owner) && !is_claimed(0, at(3.0), ONE, owner));
        assert!(is_claimed(1, at(-0.5), ONE, owner) && is_claimed(0, at(-0.5), ONE, owner));
        assert!(!is_claimed(1, at(-3.0), ONE, owner) && is_claimed(0, at(-3.0), ONE, owner));
    }

    /// Middles of 6' squares of a lattice with an offset and a turn that hold a cluster.
    fn cutouts(clusters: &[[f64; 2]], offset: [f64; 2], turn_rad: f64) -> Vec<[f64; 2]> {
        let (sin, cos) = turn_rad.sin_cos();
        let middle = |&[x, y]: &[f64; 2]| {
            let [u, v] = [cos * x + sin * y, cos * y - sin * x];
            let [u, v] = [(u, offset[0]), (v, offset[1])].map(|(u, first)| ((u - first) / 6.0).round() * 6.0 + first);
            [cos * u - sin * v, sin * u + cos * v]
        };
        let mut middles: Vec<[f64; 2]> = clusters.iter().map(middle).collect();
        middles.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
        middles.dedup_by(|a, b| (a[0] - b[0]).hypot(a[1] - b[1]) < 1e-6);
        middles
    }

    /// Two tiles that meet at `x = 0`, each with its lattice of cutouts, see the same clusters: what the list has near each.
    #[test]
    fn clusters_on_the_border_of_two_tiles_are_neither_lost_nor_doubled() {
        let mut state = 7u64;
        let mut uniform = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / (1u64 << 24) as f64
        };
        let owner = |p: SkyPosition| usize::from(p.lon_deg() < 180.0);
        let (mut alone, mut pairs) = ([0; 3], [0; 3]);
        for trial in 0..4000 {
            let mut anywhere = |half: f64| 2.0 * half * (uniform() - 0.5);
            let first = [anywhere(10.0), anywhere(10.0)];
            let (apart, turn) = (7.75 + anywhere(3.75), anywhere(std::f64::consts::PI));
            let second = [first[0] + apart * turn.cos(), first[1] + apart * turn.sin()];
            let clusters = if trial % 2 == 0 { vec![first] } else { vec![first, second] };
            let mut all = Vec::new();
            for tile in 0..2 {
                let offset = [anywhere(3.0), anywhere(3.0)];
                for [x, y] in cutouts(&clusters, offset, 0.3 * tile as f64) {
                    if is_claimed(tile, at(x, y), Arcmin::new(4.25), owner) {
                        let candidate = Candidate::new(at(x, y), anywhere(0.5));
                        all.push(Found { tile, candidate, blur: Arcmin::new(3.6) });
                    }
                }
            }
            let kept = join(all);
            let near =
                |[x, y]: [f64; 2]| kept.iter().any(|c| c.position.separation(at(x, y)).to_arcmin().value() < 4.3);
            let counts = if clusters.len() == 1 { &mut alone } else { &mut pairs };
            counts[0] += 1;
            counts[1] += usize::from(!clusters.iter().all(|&cluster| near(cluster)));
            counts[2] += usize::from(kept.len() > clusters.len());
        }
        // The draws are fixed. Were the tile that owns a middle to keep it, about 100 of each would be lost and as many doubled.
        assert!(alone[1] == 0 && alone[2] <= 8, "of {} alone {} are lost, {} doubled", alone[0], alone[1], alone[2]);
        assert!(pairs[1] <= 36 && pairs[2] <= 36, "of {} pairs {} are lost, {} tripled", pairs[0], pairs[1], pairs[2]);
    }
}
