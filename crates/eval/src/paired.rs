//! What two finders said of the same tile, cutout by cutout, and the outcome of one that combines them.
//!
//! A detection speaks for the cutout of its halo where it has one ([`crate::cutout_table`]), as in Lin21, so that two finders are paired
//! by what they found rather than by where on an edge they put it. Only cutouts that count for both take part.

use crate::cutout_lattice::CutoutNumbers;
use crate::matching::MatchConfig;
use crate::outcome::{DetectionOutcome, HaloOutcome, OUTCOME_FORMAT, TileOutcome, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A set of cutouts, as runs of neighbouring numbers: the first and one beyond the last, rising.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CutoutRuns(Vec<[u32; 2]>);

impl CutoutRuns {
    /// From rising numbers.
    pub fn new(cells: impl IntoIterator<Item = u32>) -> Self {
        let mut runs: Vec<[u32; 2]> = Vec::new();
        for cell in cells {
            match runs.last_mut() {
                Some(run) if run[1] == cell => run[1] += 1,
                _ => runs.push([cell, cell + 1]),
            }
        }
        Self(runs)
    }

    /// Whether it holds a cutout.
    pub fn contains(&self, cell: u32) -> bool {
        let next = self.0.partition_point(|run| run[1] <= cell);
        self.0.get(next).is_some_and(|run| run[0] <= cell)
    }

    /// All numbers, rising.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(|run| run[0]..run[1])
    }

    /// Those that another set holds too.
    pub fn and(&self, other: &Self) -> Self {
        Self::new(self.iter().filter(|&cell| other.contains(cell)))
    }

    /// How many.
    pub fn n(&self) -> u64 {
        self.0.iter().map(|run| u64::from(run[1] - run[0])).sum()
    }
}

/// A cutout that holds a target, or a detection of either finder.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PairedCutout<'a> {
    /// Number in the tile's own grid.
    pub cell: u32,
    /// The first finder's detection of highest score.
    pub first: Option<&'a DetectionOutcome>,
    /// The second finder's.
    pub second: Option<&'a DetectionOutcome>,
    /// True when it holds a target that both searched.
    pub is_positive: bool,
}

/// A tile that two finders searched.
#[derive(Clone, Debug)]
pub struct PairedTile<'a> {
    first: &'a TileOutcome,
    second: &'a TileOutcome,
    /// Cutouts that count for both.
    counted: CutoutRuns,
    /// Haloes of either list, whether their centre was searched by both.
    haloes: BTreeMap<u64, (&'a HaloOutcome, bool)>,
    /// By rising number.
    cutouts: Vec<PairedCutout<'a>>,
}

impl<'a> PairedTile<'a> {
    /// Pairs two outcomes of one tile; `counted` are the cutouts that count for both.
    pub fn new(first: &'a TileOutcome, second: &'a TileOutcome, counted: CutoutRuns) -> Self {
        let mut haloes: BTreeMap<u64, (&HaloOutcome, bool)> = BTreeMap::new();
        for halo in first.haloes.iter().chain(&second.haloes) {
            let cell_counts = halo.cutouts.equal_area.is_some_and(|cell| counted.contains(cell));
            let entry = haloes.entry(halo.id).or_insert((halo, cell_counts));
            entry.1 &= halo.is_searched && cell_counts;
        }
        let mut paired = Self { first, second, counted, haloes, cutouts: Vec::new() };
        paired.cutouts = paired.pair();
        paired
    }

    fn pair(&self) -> Vec<PairedCutout<'a>> {
        let mut cells: BTreeMap<u32, PairedCutout<'a>> = BTreeMap::new();
        fn entry<'b, 'a>(cells: &'b mut BTreeMap<u32, PairedCutout<'a>>, cell: u32) -> &'b mut PairedCutout<'a> {
            cells.entry(cell).or_insert(PairedCutout { cell, ..PairedCutout::default() })
        }
        for &(halo, is_searched) in self.haloes.values() {
            if let Some(cell) = halo.cutouts.equal_area.filter(|_| is_searched && halo.is_target) {
                entry(&mut cells, cell).is_positive = true;
            }
        }
        // Detections come by falling score, so that the first one of a cutout has its largest.
        for detection in &self.first.detections {
            if let Some(cell) = self.cell(detection) {
                entry(&mut cells, cell).first.get_or_insert(detection);
            }
        }
        for detection in &self.second.detections {
            if let Some(cell) = self.cell(detection) {
                entry(&mut cells, cell).second.get_or_insert(detection);
            }
        }
        cells.into_values().collect()
    }

    /// The cutout that a detection speaks for, where it takes part.
    fn cell(&self, detection: &DetectionOutcome) -> Option<u32> {
        let halo = detection.counterpart.as_ref().and_then(|halo| self.haloes.get(&halo.halo_id));
        let takes_part = detection.verdict != Verdict::OutsideSearch && halo.is_none_or(|halo| halo.1);
        detection.cutouts.equal_area.filter(|&cell| takes_part && self.counted.contains(cell))
    }

    /// The cutouts that hold a target or a detection.
    pub fn cutouts(&self) -> &[PairedCutout<'a>] {
        &self.cutouts
    }

    /// Number of cutouts that hold neither.
    pub fn n_empty(&self) -> u64 {
        self.counted.n() - self.cutouts.len() as u64
    }

    /// The outcome of a finder that gives each cutout one score, `None` for no candidate. Its candidate is the first
    /// finder's where that has one in the cutout, else the second's, with the halo to which it was matched.
    ///
    /// Searched are the cutouts that count for both; haloes elsewhere were not searched.
    pub fn combined(&self, score: impl Fn(&PairedCutout) -> Option<f64>) -> TileOutcome {
        let candidate = |cutout: &PairedCutout| {
            let at = cutout.first.or(cutout.second)?;
            Some(DetectionOutcome { score: score(cutout)?, ..*at })
        };
        let mut detections: Vec<DetectionOutcome> = self.cutouts.iter().filter_map(candidate).collect();
        detections.sort_by(|a, b| b.score.total_cmp(&a.score));
        let mut matching = self.second.matching;
        matching.radius_arcmin = matching.radius_arcmin.max(self.first.matching.radius_arcmin);
        matching.cutouts.no_detection_score = score(&PairedCutout::default()).unwrap_or(0.0);
        TileOutcome {
            format: OUTCOME_FORMAT,
            tile: self.first.tile,
            matching,
            footprint_deg2: self.first.footprint_deg2,
            searched_deg2: self.counted.n() as f64 * (matching.cutouts.stride_arcmin / 60.0).powi(2),
            n_cutouts: self.n_cutouts(),
            haloes: self.combined_haloes(&detections, &matching),
            detections,
        }
    }

    /// On the RA/Dec grid, as many as the share of the first finder's cutouts that both searched.
    fn n_cutouts(&self) -> CutoutNumbers {
        let (equal_area, of_first) = (self.counted.n(), self.first.n_cutouts);
        let share = equal_area as f64 / of_first.equal_area.max(1) as f64;
        CutoutNumbers { equal_area, ra_dec: (share * of_first.ra_dec as f64).round() as u64 }
    }

    fn combined_haloes(&self, detections: &[DetectionOutcome], matching: &MatchConfig) -> Vec<HaloOutcome> {
        let found = detections.iter().filter_map(|d| d.counterpart.map(|halo| (halo.halo_id, d.score)));
        let scores: BTreeMap<u64, f64> = found.collect();
        debug_assert_eq!(scores.len(), detections.iter().filter(|d| d.counterpart.is_some()).count());
        let combined = |&(halo, is_searched): &(&HaloOutcome, bool)| {
            let mut halo = HaloOutcome { is_searched, score: scores.get(&halo.id).copied(), ..*halo };
            halo.cutouts.equal_area = halo.cutouts.equal_area.filter(|&cell| self.counted.contains(cell));
            halo
        };
        let mut haloes: Vec<HaloOutcome> = self.haloes.values().map(combined).collect();
        haloes.retain(|h| h.mvir_msun >= matching.keep_mvir_min_msun || h.is_target || h.score.is_some());
        haloes.sort_by(|a, b| b.mvir_msun.total_cmp(&a.mvir_msun));
        haloes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::testing::{candidate, halo};
    use crate::{CutoutCounting, CutoutLattice, CutoutSweep, CutoutTable, TileCutouts, TileSummary};
    use arcmin_maps::{Geometry, Mask, PixelPosition, Shape};
    use arcmin_method::Detections;
    use arcmin_scene::Truth;
    use arcmin_units::{Arcmin, SkyPosition};
    use proptest::prelude::*;

    fn geometry() -> Geometry {
        let centre = SkyPosition::from_deg(120.0, 30.0).unwrap();
        Geometry::tile(centre, Shape { ny: 104, nx: 104 }, Arcmin::new(0.25)).unwrap()
    }

    type Place = (f64, f64, f64);

    fn at(x: f64, y: f64) -> (f64, f64) {
        let sky = geometry().pix_to_sky(PixelPosition { x, y }).unwrap();
        (sky.lon_deg(), sky.lat_deg())
    }

    /// A finder's outcome and the cutouts that count for it; `border` pixels at the edge are not searched.
    fn outcome(haloes: &[Place], candidates: &[Place], radius_arcmin: f64, border: usize) -> (TileOutcome, CutoutRuns) {
        let make = |(id, &(x, y, mass)): (usize, &Place)| halo(id as u64, at(x, y).0, at(x, y).1, mass, 0.5);
        let mut searched = Mask::all_valid(geometry());
        let inside = |at: usize| at >= border && at + border < 104;
        searched.valid_mut().iter_mut().enumerate().for_each(|(i, v)| *v = inside(i % 104) && inside(i / 104));
        let is_searched = |&&(x, y, _): &&Place| inside(x.round() as usize) && inside(y.round() as usize);
        let found = candidates.iter().filter(is_searched).map(|&(x, y, s)| candidate(at(x, y).0, at(x, y).1, s));
        let detections = Detections { candidates: found.collect(), searched: searched.clone() };
        let truth = Truth {
            tile: 3,
            haloes: haloes.iter().enumerate().map(make).collect(),
            sources: Vec::new(),
            footprint: Mask::all_valid(geometry()),
        };
        let matching = MatchConfig { radius_arcmin, ..MatchConfig::default() };
        let runs = TileCutouts::new(&searched, &matching.cutouts).unwrap().counted();
        (TileOutcome::new(&detections, &truth, &matching).unwrap(), runs)
    }

    /// A combination of the two scores alone.
    fn of_both(combine: impl Fn(Option<f64>, Option<f64>) -> Option<f64>) -> impl Fn(&PairedCutout) -> Option<f64> {
        let score = |detection: Option<&DetectionOutcome>| detection.map(|detection| detection.score);
        move |cutout| combine(score(cutout.first), score(cutout.second))
    }

    #[test]
    fn runs_hold_what_they_were_made_of() {
        let cells = [0u32, 1, 2, 5, 7, 8, 30];
        let runs = CutoutRuns::new(cells);
        assert_eq!((runs.n(), runs.iter().collect::<Vec<_>>()), (7, cells.to_vec()));
        assert_eq!((0..40).filter(|&cell| runs.contains(cell)).collect::<Vec<_>>(), cells);
        assert_eq!(runs.and(&CutoutRuns::new(2..8)).iter().collect::<Vec<_>>(), [2, 5, 7]);
        assert_eq!(serde_json::to_string(&runs).unwrap(), "[[0,3],[5,6],[7,9],[30,31]]");
    }

    #[test]
    fn a_small_case_by_hand() {
        // Cutouts of 24 pixels begin at pixel 4. Targets in 0 and 5; the second finder's candidates are middles of cutouts.
        let haloes = [(14.0, 14.0, 4e14), (40.0, 41.0, 3e14)];
        let (first, counted) = outcome(&haloes, &[(14.5, 14.0, 12.0), (20.0, 20.0, 4.0), (60.0, 14.0, 8.0)], 1.0, 0);
        let (second, _) = outcome(&haloes, &[(15.5, 15.5, 0.9), (39.5, 39.5, 0.6), (87.5, 87.5, 0.4)], 3.0, 0);
        let tile = PairedTile::new(&first, &second, counted);
        let score = |d: Option<&DetectionOutcome>| d.map(|d| d.score);
        let shown: Vec<_> =
            tile.cutouts().iter().map(|c| (c.cell, score(c.first), score(c.second), c.is_positive)).collect();
        let expected = [
            (0, Some(12.0), Some(0.9), true),
            (2, Some(8.0), None, false),
            (5, None, Some(0.6), true),
            (15, None, Some(0.4), false),
        ];
        assert_eq!((shown.as_slice(), tile.n_empty()), (expected.as_slice(), 12));
        let sum = tile.combined(of_both(|a, b| Some(a.unwrap_or(0.0) / 10.0 + b.unwrap_or(0.0))));
        let found: Vec<_> = sum.detections.iter().map(|d| (d.score, d.verdict)).collect();
        assert_eq!(found[0], (2.1, Verdict::Target));
        assert_eq!(found[2], (0.6, Verdict::Target));
        assert_eq!(found.len(), 4);
        assert_eq!(sum.haloes.iter().map(|h| h.score).collect::<Vec<_>>(), [Some(2.1), Some(0.6)]);
        assert_eq!(sum.n_cutouts.equal_area, 16);
        assert!((sum.searched_deg2 - 0.16).abs() < 1e-12);
        // Where both are needed, one is left.
        assert_eq!(tile.combined(of_both(|a, b| Some(a? + b?))).detections.len(), 1);
    }

    #[test]
    fn what_one_did_not_search_takes_no_part() {
        let haloes = [(14.0, 14.0, 4e14), (40.0, 41.0, 3e14)];
        let (first, of_first) = outcome(&haloes, &[(40.0, 41.0, 9.0)], 1.0, 28);
        let (second, of_second) = outcome(&haloes, &[(15.5, 15.5, 0.9), (39.5, 39.5, 0.6)], 3.0, 0);
        let tile = PairedTile::new(&first, &second, of_first.and(&of_second));
        let sum = tile.combined(of_both(|a, b| Some(a.unwrap_or(0.0) + b.unwrap_or(0.0))));
        assert_eq!((sum.n_cutouts.equal_area, sum.detections.len()), (4, 1));
        let summary = TileSummary::new(&sum);
        assert_eq!(summary.searched_targets().map(|halo| halo.id).collect::<Vec<_>>(), [1]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn combined_scores_of_cutouts_are_those_of_the_two_tables(
            haloes in prop::collection::vec((0.0f64..103.0, 0.0f64..103.0, 1e13f64..4e14), 0..14),
            first in prop::collection::vec((0.0f64..103.0, 0.0f64..103.0, 3.0f64..20.0), 0..20),
            cells in prop::collection::btree_map(0u32..16, 0.01f64..1.0, 0..10),
        ) {
            let middles = cells.iter().map(|(&c, &p)| (15.5 + 24.0 * f64::from(c % 4), 15.5 + 24.0 * f64::from(c / 4), p));
            let (first, of_first) = outcome(&haloes, &first, 1.0, 0);
            let (second, of_second) = outcome(&haloes, &middles.collect::<Vec<_>>(), 3.0, 0);
            let combine = |a: Option<f64>, b: Option<f64>| Some(a.unwrap_or(1.0).ln() + b.unwrap_or(-0.5));
            let tile = PairedTile::new(&first, &second, of_first.and(&of_second));
            let combined = TileSummary::new(&tile.combined(of_both(combine)));
            let table = |outcome: &TileOutcome| {
                let table = CutoutTable::new(&TileSummary::new(outcome), CutoutLattice::EqualArea);
                table.entries.into_iter().map(|e| (e.cell, (e.score, e.is_positive))).collect::<BTreeMap<_, _>>()
            };
            let (a, b) = (table(&first), table(&second));
            let ours = CutoutTable::new(&combined, CutoutLattice::EqualArea);
            for cell in 0..16u32 {
                let of = |table: &BTreeMap<u32, (Option<f64>, bool)>| table.get(&cell).copied().unwrap_or((None, false));
                let expected = match (of(&a).0, of(&b).0) {
                    (None, None) => None,
                    (first, second) => combine(first, second),
                };
                let entry = ours.entries.iter().find(|entry| entry.cell == cell);
                prop_assert_eq!(entry.and_then(|entry| entry.score), expected);
                prop_assert_eq!(entry.is_some_and(|entry| entry.is_positive), of(&a).1);
            }
            let confusion = CutoutSweep::new(&[combined], CutoutCounting::EQUAL_AREA).at(f64::NEG_INFINITY);
            prop_assert_eq!(confusion.total(), 16.0);
        }
    }
}
