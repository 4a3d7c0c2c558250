//! The fair reading: completeness at equal numbers of false detections per square degree.
//!
//! Scores of different methods have different scales, and purity and F1 depend on how many clusters there are and on
//! what counts as one cutout. How much of the targets a finder finds while it makes a given number of mistakes per
//! square degree depends on neither.

use crate::bootstrap::{self, Unit};
use crate::outcome::{DetectionOutcome, Verdict};
use crate::scores::searched_deg2;
use crate::statistics::Score;
use crate::summary::{CountedDetection, TileSummary, by_tile_number};
use crate::{Error, HaloSelection, ScoreConfig};

/// What a detection that is not of a target turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FalseKind {
    /// Of a halo that is heavy enough but too near.
    TooNear,
    /// Of a halo of at least half the least target mass: it may pass for a target within the scatter of any mass proxy.
    Lighter,
    /// Of a halo of less than half the least target mass; such haloes are so many that chance alone places one within
    /// the matching radius of many a noise peak.
    MuchLighter,
    /// Of no halo.
    NoHalo,
}

impl FalseKind {
    /// All kinds, from the most excusable down.
    pub const ALL: [FalseKind; 4] = [Self::TooNear, Self::Lighter, Self::MuchLighter, Self::NoHalo];

    /// Name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            FalseKind::TooNear => "too near",
            FalseKind::Lighter => "lighter halo",
            FalseKind::MuchLighter => "below half the mass",
            FalseKind::NoHalo => "no halo",
        }
    }

    /// What a detection is, `None` for one of a target or outside the search.
    pub fn of(detection: &DetectionOutcome, selection: &HaloSelection) -> Option<Self> {
        match (detection.verdict, detection.counterpart) {
            (Verdict::Target | Verdict::OutsideSearch, _) => None,
            (Verdict::BelowSelection, Some(halo)) if halo.mvir_msun >= selection.mvir_min_msun => Some(Self::TooNear),
            (Verdict::BelowSelection, Some(halo)) if halo.mvir_msun >= 0.5 * selection.mvir_min_msun => {
                Some(Self::Lighter)
            }
            (Verdict::BelowSelection, _) => Some(Self::MuchLighter),
            (Verdict::Unmatched, _) => Some(Self::NoHalo),
        }
    }
}

/// Which detections count as false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FalseRule {
    /// All that are not of a target.
    NotOfTarget,
    /// Those of no halo of at least half the least target mass, near or far: what a follow-up would find empty.
    NotOfCluster,
}

impl FalseRule {
    fn counts(self, kind: FalseKind) -> bool {
        match self {
            FalseRule::NotOfTarget => true,
            FalseRule::NotOfCluster => matches!(kind, FalseKind::MuchLighter | FalseKind::NoHalo),
        }
    }
}

/// Completeness where a given number of false detections per square degree is made.
#[derive(Clone, Debug, PartialEq)]
pub struct AtFalseRate {
    /// False detections allowed per searched square degree.
    pub false_per_deg2: f64,
    /// The lowest threshold that allows no more; counts the detections above it.
    pub threshold: Score,
    /// Share of the searched targets found there.
    pub completeness: Score,
}

/// Number of false detections of each kind, in the order of [`FalseKind::ALL`], at a threshold.
pub fn false_kinds(tiles: &[TileSummary], threshold: f64) -> [u64; 4] {
    let mut counts = [0; 4];
    let above = tiles.iter().flat_map(|tile| &tile.detections).filter(|detection| detection.score >= threshold);
    for kind in above.filter_map(|detection| detection.false_kind) {
        counts[kind as usize] += 1;
    }
    counts
}

/// Completeness at each of some rates of false detections, errors from bootstrap with the threshold found anew in each
/// replicate.
///
/// A rate at which less than one false detection is expected in the searched area has no value: the area is too small
/// to know its threshold.
///
/// # Errors
/// [`Error::BadSetting`] for a rate that is not positive, or when fewer than two replicates are asked for.
pub fn completeness_at_false_rates(
    tiles: &[TileSummary],
    rule: FalseRule,
    rates_per_deg2: &[f64],
    config: &ScoreConfig,
) -> Result<Vec<AtFalseRate>, Error> {
    config.check()?;
    let requirement = "rates must be finite and positive";
    if let Some(&value) = rates_per_deg2.iter().find(|rate| !(rate.is_finite() && **rate > 0.0)) {
        return Err(Error::BadSetting { key: "false_per_deg2", value, requirement });
    }
    let sweep = RateSweep::new(tiles, rule);
    let area_deg2 = searched_deg2(tiles);
    let enough = |rate: f64| rate * area_deg2 >= 1.0;
    let weights = vec![1; sweep.n_units()];
    let values: Vec<Option<Reached>> =
        rates_per_deg2.iter().map(|&rate| enough(rate).then(|| sweep.reach(rate, &weights))).collect();
    let mut replicates: Vec<Vec<Reached>> = vec![Vec::new(); rates_per_deg2.len()];
    bootstrap::for_each_replicate(sweep.n_units(), config.bootstrap_replicates, config.bootstrap_seed, |weights| {
        for (all, &rate) in replicates.iter_mut().zip(rates_per_deg2) {
            all.push(sweep.reach(rate, weights));
        }
    });
    let at =
        |((&rate, value), replicates): ((&f64, &Option<Reached>), &Vec<Reached>)| at_rate(rate, *value, replicates);
    Ok(rates_per_deg2.iter().zip(&values).zip(&replicates).map(at).collect())
}

fn at_rate(rate: f64, value: Option<Reached>, replicates: &[Reached]) -> AtFalseRate {
    let spread = |of: fn(&Reached) -> Option<f64>| bootstrap::spread(replicates.iter().map(of));
    let score = |of: fn(&Reached) -> Option<f64>, count: fn(&Reached) -> u64| match &value {
        None => Score::new(None, None, 0),
        Some(reached) => Score::new(of(reached), spread(of), count(reached)),
    };
    AtFalseRate {
        false_per_deg2: rate,
        threshold: score(|r| r.threshold, |r| r.detections),
        completeness: score(Reached::completeness, |r| r.targets),
    }
}

/// What is found at the lowest threshold that a rate allows.
#[derive(Clone, Copy, Debug, Default)]
struct Reached {
    threshold: Option<f64>,
    found: u64,
    detections: u64,
    targets: u64,
}

impl Reached {
    fn completeness(&self) -> Option<f64> {
        crate::statistics::fraction(self.found, self.targets)
    }
}

struct Event {
    score: f64,
    unit: u32,
    is_found: bool,
    is_false: bool,
}

/// Detections by falling score with the targets and the area of each unit of the bootstrap.
pub(crate) struct RateSweep {
    events: Vec<Event>,
    targets_of_unit: Vec<u64>,
    /// Searched square degrees by unit; empty where single objects are drawn and the area stays.
    deg2_of_unit: Vec<f64>,
    deg2: f64,
}

impl RateSweep {
    pub(crate) fn new(tiles: &[TileSummary], rule: FalseRule) -> Self {
        let ordered = by_tile_number(tiles);
        let deg2 = searched_deg2(tiles);
        let mut sweep = Self { events: Vec::new(), targets_of_unit: Vec::new(), deg2_of_unit: Vec::new(), deg2 };
        for tile in &ordered {
            match Unit::for_tiles(ordered.len()) {
                Unit::Tile => sweep.add_tile(tile, rule),
                Unit::Object => sweep.add_objects(tile, rule),
            }
        }
        // In place: detections of equal score are counted together, whatever their order.
        sweep.events.sort_unstable_by(|a, b| b.score.total_cmp(&a.score));
        sweep
    }

    pub(crate) fn n_units(&self) -> usize {
        self.targets_of_unit.len()
    }

    /// Whether the units are tiles, as against single objects.
    pub(crate) fn draws_tiles(&self) -> bool {
        !self.deg2_of_unit.is_empty()
    }

    /// Searched targets.
    pub(crate) fn n_targets(&self) -> u64 {
        self.targets_of_unit.iter().sum()
    }

    /// Completeness at each of some rates; `None` without a target.
    pub(crate) fn completeness_at(&self, rates_per_deg2: &[f64], weights: &[u32]) -> Option<Vec<f64>> {
        rates_per_deg2.iter().map(|&rate| self.reach(rate, weights).completeness()).collect()
    }

    fn add_tile(&mut self, tile: &TileSummary, rule: FalseRule) {
        let unit = self.n_units();
        self.events.extend(tile.detections.iter().map(|detection| event(detection, rule, unit)));
        self.targets_of_unit.push(tile.searched_targets().count() as u64);
        self.deg2_of_unit.push(tile.searched_deg2);
    }

    fn add_objects(&mut self, tile: &TileSummary, rule: FalseRule) {
        for detection in &tile.detections {
            self.events.push(event(detection, rule, self.n_units()));
            self.targets_of_unit.push(u64::from(detection.verdict == Verdict::Target));
        }
        self.targets_of_unit.extend(tile.searched_targets().filter(|halo| halo.score.is_none()).map(|_| 1));
    }

    fn reach(&self, rate: f64, weights: &[u32]) -> Reached {
        let weigh = |weight: &u32| u64::from(*weight);
        let targets = self.targets_of_unit.iter().zip(weights).map(|(n, weight)| n * weigh(weight)).sum();
        let drawn_deg2: f64 = self.deg2_of_unit.iter().zip(weights).map(|(deg2, &w)| deg2 * f64::from(w)).sum();
        let deg2 = if self.deg2_of_unit.is_empty() { self.deg2 } else { drawn_deg2 };
        let (mut reached, mut now, mut n_false) = (Reached { targets, ..Reached::default() }, (0, 0), 0u64);
        for (idx, event) in self.events.iter().enumerate() {
            let weight = weigh(&weights[event.unit as usize]);
            now.0 += weight * u64::from(event.is_found);
            now.1 += weight;
            n_false += weight * u64::from(event.is_false);
            if n_false as f64 > rate * deg2 {
                break;
            }
            let last_of_score = self.events.get(idx + 1).is_none_or(|next| next.score != event.score);
            if last_of_score && now.1 > reached.detections {
                reached = Reached { threshold: Some(event.score), found: now.0, detections: now.1, targets };
            }
        }
        reached
    }
}

fn event(detection: &CountedDetection, rule: FalseRule, unit: usize) -> Event {
    let is_false = detection.false_kind.is_some_and(|kind| rule.counts(kind));
    let is_found = detection.verdict == Verdict::Target;
    Event { score: detection.score, unit: unit as u32, is_found, is_false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::testing::{candidate, halo};
    use crate::{MatchConfig, TileOutcome};
    use arcmin_maps::{Geometry, Mask, Shape};
    use arcmin_method::Detections;
    use arcmin_scene::Truth;
    use arcmin_units::{Arcmin, SkyPosition};

    const CONFIG: ScoreConfig = ScoreConfig { bootstrap_replicates: 20, bootstrap_seed: 1 };

    /// One square degree with haloes of 4e14, 3e14, 1.5e14 and 0.3e14 Msun and one that is near, and a detection each
    /// beside one of nothing.
    fn summary(tile: u64) -> TileSummary {
        let centre = SkyPosition::from_deg(10.0, 0.0).unwrap();
        let geometry = Geometry::tile(centre, Shape { ny: 60, nx: 60 }, Arcmin::new(1.0)).unwrap();
        let footprint = Mask::all_valid(geometry);
        let masses = [(4e14, 0.5), (3e14, 0.5), (1.5e14, 0.5), (0.3e14, 0.5), (4e14, 0.1)];
        let lat = |id: usize| -0.3 + 0.1 * id as f64;
        let haloes =
            masses.iter().enumerate().map(|(id, &(mass, z))| halo(id as u64, 10.0, lat(id), mass, z)).collect();
        let scores = [20.0, 5.0, 12.0, 6.0, 15.0, 8.0];
        let candidates = scores.iter().enumerate().map(|(id, &score)| candidate(10.0, lat(id), score)).collect();
        let detections = Detections { candidates, searched: footprint.clone() };
        let truth = Truth { tile, haloes, sources: Vec::new(), footprint };
        TileSummary::new(&TileOutcome::new(&detections, &truth, &MatchConfig::default()).unwrap())
    }

    #[test]
    fn every_false_detection_is_of_one_kind() {
        assert_eq!(false_kinds(&[summary(0)], 0.0), [1, 1, 1, 1]);
        assert_eq!(false_kinds(&[summary(0)], 7.0), [1, 1, 0, 1]);
        assert_eq!(false_kinds(&[summary(0)], 30.0), [0; 4]);
    }

    #[test]
    fn thresholds_and_completeness_by_hand() {
        let tiles = [summary(0)];
        let read = |rule, rate| {
            let at = completeness_at_false_rates(&tiles, rule, &[rate], &CONFIG).unwrap();
            (at[0].threshold.value, at[0].completeness.value)
        };
        // By falling score: target 20, near 15, light 12, nothing 8, much lighter 6, target 5, in 0.9999 deg2.
        let one = 1.01;
        assert_eq!(read(FalseRule::NotOfTarget, one), (Some(15.0), Some(0.5)));
        assert_eq!(read(FalseRule::NotOfTarget, 3.0 * one), (Some(8.0), Some(0.5)));
        assert_eq!(read(FalseRule::NotOfTarget, 4.0 * one), (Some(5.0), Some(1.0)));
        assert_eq!(read(FalseRule::NotOfCluster, one), (Some(8.0), Some(0.5)));
        assert_eq!(read(FalseRule::NotOfCluster, 2.0 * one), (Some(5.0), Some(1.0)));
        assert_eq!(read(FalseRule::NotOfTarget, 0.5), (None, None), "one square degree cannot know a rate of a half");
    }

    #[test]
    fn errors_exist_for_tiles_and_for_objects_and_vanish_for_equal_tiles() {
        let tiles: Vec<TileSummary> = (0..9).map(summary).collect();
        let at = |tiles: &[TileSummary]| {
            completeness_at_false_rates(tiles, FalseRule::NotOfTarget, &[1.5], &CONFIG).unwrap()[0].completeness
        };
        assert_eq!(at(&tiles).error, Some(0.0), "tiles are alike");
        assert!(at(&tiles[..2]).error.unwrap() > 0.0);
    }

    #[test]
    fn rates_that_mean_nothing_are_refused_and_empty_skies_have_no_value() {
        let bad = completeness_at_false_rates(&[], FalseRule::NotOfTarget, &[0.0], &CONFIG);
        assert!(bad.unwrap_err().to_string().contains("false_per_deg2"));
        let none = completeness_at_false_rates(&[], FalseRule::NotOfTarget, &[1.0], &CONFIG).unwrap();
        assert_eq!((none[0].completeness.value, none[0].completeness.count), (None, 0));
    }
}
