//! The score and the label of each cutout of a tile.
//!
//! As in DeepSZ (Lin21, Sect. 2.3): a cutout is positive when a target halo lies in its central part; the score of a
//! detection goes to the cutout that holds its halo's centre, else to the one that holds its own position; of several
//! the largest counts; a cutout without detection has the score that the configuration gives. Only what was searched
//! takes part, for haloes, detections and cutouts alike.

use crate::cutout_lattice::CutoutLattice;
use crate::outcome::Verdict;
use crate::summary::{CountedDetection, TileSummary};
use std::collections::BTreeMap;

/// A cutout that holds a target, a detection, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CutoutEntry {
    /// Number of the cutout on its grid.
    pub cell: u32,
    /// Largest score of its detections; `None` where there is none.
    pub score: Option<f64>,
    /// True when it holds a target halo.
    pub is_positive: bool,
    /// What the detection of that score turned out to be.
    pub verdict: Option<Verdict>,
}

/// The cutouts of one tile. Those that are not listed hold neither target nor detection.
#[derive(Clone, Debug, PartialEq)]
pub struct CutoutTable {
    /// Number of the tile.
    pub tile: u64,
    /// Number of cutouts, listed or not.
    pub n_cutouts: u64,
    /// Score of a cutout without detection.
    pub no_detection_score: f64,
    /// Cutouts that hold something, by rising number.
    pub entries: Vec<CutoutEntry>,
}

impl CutoutTable {
    /// The table of a tile on a grid.
    ///
    /// On the RA/Dec grid the number of cutouts is that of cells in the searched area, and never less than the cells
    /// that hold something.
    pub fn new(tile: &TileSummary, grid: CutoutLattice) -> Self {
        let mut cells: BTreeMap<u32, CutoutEntry> = BTreeMap::new();
        for cell in tile.searched_targets().filter_map(|halo| halo.cutouts.on(grid)) {
            entry(&mut cells, cell).is_positive = true;
        }
        // Detections come by falling score, so that the first one of a cutout has its largest.
        for detection in &tile.detections {
            if let Some(cell) = detection.cutouts.on(grid) {
                note(entry(&mut cells, cell), detection);
            }
        }
        Self {
            tile: tile.tile,
            n_cutouts: tile.n_cutouts.on(grid).max(cells.len() as u64),
            no_detection_score: tile.matching.cutouts.no_detection_score,
            entries: cells.into_values().collect(),
        }
    }

    /// Number of cutouts that hold a target.
    pub fn n_positive(&self) -> u64 {
        self.entries.iter().filter(|entry| entry.is_positive).count() as u64
    }
}

fn entry(cells: &mut BTreeMap<u32, CutoutEntry>, cell: u32) -> &mut CutoutEntry {
    cells.entry(cell).or_insert(CutoutEntry { cell, ..CutoutEntry::default() })
}

fn note(entry: &mut CutoutEntry, detection: &CountedDetection) {
    if entry.score.is_none_or(|score| detection.score > score) {
        entry.score = Some(detection.score);
        entry.verdict = Some(detection.verdict);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::testing::{candidate, halo};
    use crate::{CutoutConfig, DetectionOutcome, MatchConfig, TileOutcome};
    use arcmin_maps::{Geometry, Mask, PixelPosition, Shape};
    use arcmin_method::Detections;
    use arcmin_scene::Truth;
    use arcmin_units::{Arcmin, SkyPosition};
    use proptest::prelude::*;

    fn geometry() -> Geometry {
        let centre = SkyPosition::from_deg(120.0, 30.0).unwrap();
        Geometry::tile(centre, Shape { ny: 104, nx: 104 }, Arcmin::new(0.25)).unwrap()
    }

    /// Position in degrees of a pixel.
    fn at(x: f64, y: f64) -> (f64, f64) {
        let sky = geometry().pix_to_sky(PixelPosition { x, y }).unwrap();
        (sky.lon_deg(), sky.lat_deg())
    }

    /// Haloes `(x, y, mass)` and candidates `(x, y, score)` on 4 x 4 cutouts.
    fn outcome(haloes: &[(f64, f64, f64)], candidates: &[(f64, f64, f64)]) -> TileOutcome {
        let footprint = Mask::all_valid(geometry());
        let make_halo =
            |(id, &(x, y, mass)): (usize, &(f64, f64, f64))| halo(id as u64, at(x, y).0, at(x, y).1, mass, 0.5);
        let haloes = haloes.iter().enumerate().map(make_halo).collect();
        let candidates = candidates.iter().map(|&(x, y, score)| candidate(at(x, y).0, at(x, y).1, score)).collect();
        let detections = Detections { candidates, searched: footprint.clone() };
        let truth = Truth { tile: 0, haloes, sources: Vec::new(), footprint };
        TileOutcome::new(&detections, &truth, &MatchConfig::default()).unwrap()
    }

    fn shown(table: &CutoutTable) -> Vec<(u32, Option<f64>, bool)> {
        table.entries.iter().map(|entry| (entry.cell, entry.score, entry.is_positive)).collect()
    }

    #[test]
    fn a_detection_speaks_for_the_cutout_of_its_halo() {
        // The edge between cutouts 0 and 1 lies at x = 27.5; the halo is left of it, the detection right, 0.5' apart.
        let matched = outcome(&[(26.5, 10.0, 3e14)], &[(28.5, 10.0, 9.0)]);
        assert_eq!(
            shown(&CutoutTable::new(&TileSummary::new(&matched), CutoutLattice::EqualArea)),
            [(0, Some(9.0), true)]
        );
        // Beyond 1' there is no match, and it speaks for its own cutout.
        let unmatched = outcome(&[(26.5, 10.0, 3e14)], &[(31.5, 10.0, 9.0)]);
        let table = CutoutTable::new(&TileSummary::new(&unmatched), CutoutLattice::EqualArea);
        assert_eq!(shown(&table), [(0, None, true), (1, Some(9.0), false)]);
        assert_eq!((table.n_cutouts, table.n_positive()), (16, 1));
    }

    #[test]
    fn the_largest_score_of_a_cutout_counts_and_says_what_it_was() {
        let outcome = outcome(&[(10.0, 10.0, 3e14)], &[(10.0, 10.0, 6.0), (20.0, 20.0, 8.0), (24.0, 8.0, 3.0)]);
        let table = CutoutTable::new(&TileSummary::new(&outcome), CutoutLattice::EqualArea);
        assert_eq!(shown(&table), [(0, Some(8.0), true)]);
        assert_eq!(table.entries[0].verdict, Some(Verdict::Unmatched));
    }

    #[test]
    fn two_targets_make_one_positive_cutout_and_light_haloes_none() {
        let outcome = outcome(&[(10.0, 10.0, 3e14), (20.0, 20.0, 5e14), (40.0, 40.0, 1.9e14)], &[(40.0, 40.0, 5.0)]);
        let table = CutoutTable::new(&TileSummary::new(&outcome), CutoutLattice::EqualArea);
        assert_eq!(shown(&table), [(0, None, true), (5, Some(5.0), false)]);
    }

    #[test]
    fn what_lies_outside_all_central_parts_is_left_out() {
        let outcome = outcome(&[(2.0, 50.0, 3e14)], &[(102.0, 50.0, 9.0)]);
        assert!(CutoutTable::new(&TileSummary::new(&outcome), CutoutLattice::EqualArea).entries.is_empty());
        // The RA/Dec grid covers all that was searched.
        let table = CutoutTable::new(&TileSummary::new(&outcome), CutoutLattice::RaDec);
        assert_eq!((table.entries.len(), table.n_positive()), (2, 1));
        // 26' x 26' over 6' x 6' cos(30 deg).
        assert_eq!(table.n_cutouts, 22);
    }

    /// The obvious twin: asks of every cutout what lies in it.
    fn slow_table(outcome: &TileOutcome) -> Vec<(u32, Option<f64>, bool)> {
        let cutouts =
            crate::TileCutouts::new(&Mask::all_valid(geometry()), &CutoutConfig::default()).expect("the default");
        let holds = |cell: u32, lon: f64, lat: f64| {
            let centre = cutouts.centre(cell).unwrap();
            let p = geometry().sky_to_pix(SkyPosition::from_deg(lon, lat).unwrap()).unwrap();
            let within = |at: f64, centre: f64| at >= centre - 12.0 && at < centre + 12.0;
            within(p.x, centre.x) && within(p.y, centre.y)
        };
        let mut table = Vec::new();
        for cell in 0..16 {
            let is_positive = outcome.haloes.iter().any(|h| h.is_target && holds(cell, h.lon_deg, h.lat_deg));
            let speaks = |d: &&DetectionOutcome| match d.counterpart {
                None => holds(cell, d.lon_deg, d.lat_deg),
                Some(of) => {
                    let halo = outcome.haloes.iter().find(|halo| halo.id == of.halo_id).unwrap();
                    holds(cell, halo.lon_deg, halo.lat_deg)
                }
            };
            let score = outcome.detections.iter().filter(speaks).map(|d| d.score).reduce(f64::max);
            if is_positive || score.is_some() {
                table.push((cell, score, is_positive));
            }
        }
        table
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn table_agrees_with_asking_every_cutout(
            haloes in prop::collection::vec((0.0f64..103.0, 0.0f64..103.0, 1e14f64..4e14), 0..12),
            candidates in prop::collection::vec((0.0f64..103.0, 0.0f64..103.0, 3.0f64..20.0), 0..20),
        ) {
            let outcome = outcome(&haloes, &candidates);
            prop_assert_eq!(shown(&CutoutTable::new(&TileSummary::new(&outcome), CutoutLattice::EqualArea)), slow_table(&outcome));
        }
    }
}
