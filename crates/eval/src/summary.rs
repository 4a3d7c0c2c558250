//! What scoring keeps of a tile, so that the tiles of a whole sky fit into memory at once.
//!
//! Thresholds chosen exactly, with errors from drawing tiles again, need the score of every detection of every tile.
//! That is 24 bytes a detection; a further 96 bytes a halo that completeness looks at, and 224 bytes a found target
//! are all else that is kept. A sweep over thresholds takes 16 bytes a detection more while it lasts, one over cutouts
//! at most 36 bytes a cutout that holds something. A DeepSZ tile of 72 square degrees with 10,000 detections above S/N 3
//! comes to 0.35 MB, and to 0.5 MB while it is swept, where its [`TileOutcome`] takes 3 to 4 MB.

use crate::cutout_lattice::{CutoutCells, CutoutNumbers};
use crate::equal_false::FalseKind;
use crate::matching::MatchConfig;
use crate::outcome::{DetectionOutcome, HaloOutcome, TileOutcome, Verdict};

/// Detections of highest score that are kept in full, whatever they are.
pub const STRONGEST_KEPT: usize = 12;

/// What the scores ask of a detection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountedDetection {
    /// The finder's score.
    pub score: f64,
    /// What it turned out to be.
    pub verdict: Verdict,
    /// In which way it is false; `None` for one of a target.
    pub false_kind: Option<FalseKind>,
    /// The cutouts that it speaks for.
    pub cutouts: CutoutCells,
}

/// What scoring keeps of one tile.
#[derive(Clone, Debug, PartialEq)]
pub struct TileSummary {
    /// Number of the tile in its source.
    pub tile: u64,
    /// How it was matched.
    pub matching: MatchConfig,
    /// Simulated area in square degrees.
    pub footprint_deg2: f64,
    /// Searched area in square degrees.
    pub searched_deg2: f64,
    /// Number of cutouts that count.
    pub n_cutouts: CutoutNumbers,
    /// The detections that count by falling score: all but those of haloes outside the searched area.
    pub detections: Vec<CountedDetection>,
    /// The detections of targets by falling score.
    pub found: Vec<DetectionOutcome>,
    /// The [`STRONGEST_KEPT`] detections of highest score.
    pub strongest: Vec<DetectionOutcome>,
    /// Haloes by falling mass: all above `matching.keep_mvir_min_msun` and all targets. Lighter ones, which an outcome
    /// holds where they were matched, would pass for a population of which everything is found.
    pub haloes: Vec<HaloOutcome>,
}

impl TileSummary {
    /// Takes from an outcome what the scores ask for.
    pub fn new(outcome: &TileOutcome) -> Self {
        let detections = &outcome.detections;
        let selection = &outcome.matching.selection;
        let counted = detections.iter().filter(|detection| detection.verdict != Verdict::OutsideSearch);
        let found = detections.iter().filter(|detection| detection.verdict == Verdict::Target);
        let least_msun = outcome.matching.keep_mvir_min_msun;
        let haloes = outcome.haloes.iter().filter(|halo| halo.is_target || halo.mvir_msun >= least_msun);
        Self {
            tile: outcome.tile,
            matching: outcome.matching,
            footprint_deg2: outcome.footprint_deg2,
            searched_deg2: outcome.searched_deg2,
            n_cutouts: outcome.n_cutouts,
            detections: exactly(counted.map(|detection| CountedDetection {
                score: detection.score,
                verdict: detection.verdict,
                false_kind: FalseKind::of(detection, selection),
                cutouts: detection.cutouts,
            })),
            found: exactly(found.copied()),
            strongest: detections[..detections.len().min(STRONGEST_KEPT)].to_vec(),
            haloes: exactly(haloes.copied()),
        }
    }

    /// Target haloes whose centre was searched.
    pub fn searched_targets(&self) -> impl Iterator<Item = &HaloOutcome> {
        self.haloes.iter().filter(|halo| halo.is_target && halo.is_searched)
    }
}

/// Collects into the room needed: a vector that grows leaves holes between the tiles when it is cut to its length.
fn exactly<T>(items: impl Iterator<Item = T> + Clone) -> Vec<T> {
    let mut all = Vec::with_capacity(items.clone().count());
    all.extend(items);
    all
}

/// Summaries by rising number of tile, so that sums do not depend on the order in which shards were read.
pub(crate) fn by_tile_number(tiles: &[TileSummary]) -> Vec<&TileSummary> {
    let mut ordered: Vec<&TileSummary> = tiles.iter().collect();
    ordered.sort_by_key(|tile| tile.tile);
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::testing::{candidate, halo};
    use arcmin_maps::{Geometry, Mask, Shape};
    use arcmin_method::Detections;
    use arcmin_scene::Truth;
    use arcmin_units::{Arcmin, SkyPosition};

    #[test]
    fn bytes_are_what_the_documentation_says() {
        assert_eq!(size_of::<CountedDetection>(), 24);
        assert_eq!(size_of::<HaloOutcome>(), 96);
        assert!(size_of::<DetectionOutcome>() <= 224, "{}", size_of::<DetectionOutcome>());
    }

    /// A target found, one missed, one outside the search, a light halo found and one that nobody saw, twenty noise
    /// peaks.
    fn outcome() -> TileOutcome {
        let centre = SkyPosition::from_deg(10.0, 0.0).unwrap();
        let geometry = Geometry::tile(centre, Shape { ny: 60, nx: 60 }, Arcmin::new(1.0)).unwrap();
        let mut searched = Mask::all_valid(geometry.clone());
        searched.valid_mut()[45 * 60..].fill(false);
        let haloes = vec![
            halo(0, 10.0, 0.0, 4e14, 0.5),
            halo(1, 10.0, -0.1, 3e14, 0.5),
            halo(2, 10.0, 0.4, 5e14, 0.5),
            halo(3, 10.0, -0.2, 3e13, 0.5),
            halo(4, 10.0, -0.3, 2e13, 0.5),
        ];
        let at = [(0.0, 9.0), (0.4, 20.0), (-0.2, 4.0)];
        let mut candidates: Vec<_> = at.iter().map(|&(lat, score)| candidate(10.0, lat, score)).collect();
        candidates.extend((0..20).map(|i| candidate(9.6 + 0.015 * f64::from(i), 0.1, 3.0 + 0.3 * f64::from(i))));
        let truth = Truth { tile: 7, haloes, sources: Vec::new(), footprint: Mask::all_valid(geometry) };
        TileOutcome::new(&Detections { candidates, searched }, &truth, &MatchConfig::default()).unwrap()
    }

    #[test]
    fn a_summary_keeps_what_counts_and_drops_what_does_not() {
        let outcome = outcome();
        let summary = TileSummary::new(&outcome);
        assert_eq!((outcome.detections.len(), summary.detections.len()), (23, 22), "one is outside the search");
        assert!(summary.detections.is_sorted_by(|a, b| a.score >= b.score));
        let kinds = |kind| summary.detections.iter().filter(|detection| detection.false_kind == kind).count();
        assert_eq!((kinds(None), kinds(Some(FalseKind::MuchLighter)), kinds(Some(FalseKind::NoHalo))), (1, 1, 20));
        assert_eq!(summary.found.iter().map(|detection| detection.score).collect::<Vec<_>>(), [9.0]);
        assert_eq!(summary.strongest[..], outcome.detections[..STRONGEST_KEPT], "the one outside the search too");
        assert_eq!(summary.haloes.iter().map(|halo| halo.id).collect::<Vec<_>>(), [2, 0, 1]);
        assert_eq!(outcome.haloes.len(), 4, "an outcome keeps the light halo that was matched");
        assert_eq!(summary.searched_targets().map(|halo| halo.id).collect::<Vec<_>>(), [0, 1]);
    }
}
