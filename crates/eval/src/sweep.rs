//! Purity, completeness and F1 at every threshold.

use crate::bootstrap::{self, Unit};
use crate::outcome::Verdict;
use crate::statistics::fraction;
use crate::summary::{TileSummary, by_tile_number};

/// Detections and targets counted at one threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Target haloes in the searched area.
    pub targets: u64,
    /// Detections of target haloes (true positives).
    pub found: u64,
    /// Detections of haloes that were not asked for.
    pub below_selection: u64,
    /// Detections of no halo.
    pub unmatched: u64,
}

impl Counts {
    /// All detections counted.
    pub fn detections(&self) -> u64 {
        self.found + self.below_selection + self.unmatched
    }

    /// Detections that are not of a target.
    pub fn impure(&self) -> u64 {
        self.below_selection + self.unmatched
    }

    /// Share of the detections that are of a target; `None` without detections.
    pub fn purity(&self) -> Option<f64> {
        fraction(self.found, self.detections())
    }

    /// Share of the targets that are found; `None` without targets.
    pub fn completeness(&self) -> Option<f64> {
        fraction(self.found, self.targets)
    }

    /// Harmonic mean of purity and completeness, `2 found / (detections + targets)`; `None` without either.
    pub fn f1(&self) -> Option<f64> {
        fraction(2 * self.found, self.detections() + self.targets)
    }

    /// These counts `weight` times.
    pub(crate) fn times(self, weight: u64) -> Self {
        Self {
            targets: weight * self.targets,
            found: weight * self.found,
            below_selection: weight * self.below_selection,
            unmatched: weight * self.unmatched,
        }
    }

    fn add_verdict(&mut self, verdict: Verdict, weight: u64) {
        match verdict {
            Verdict::Target => self.found += weight,
            Verdict::BelowSelection => self.below_selection += weight,
            Verdict::Unmatched => self.unmatched += weight,
            Verdict::OutsideSearch => {}
        }
    }
}

impl std::ops::Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            targets: self.targets + other.targets,
            found: self.found + other.found,
            below_selection: self.below_selection + other.below_selection,
            unmatched: self.unmatched + other.unmatched,
        }
    }
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::default(), |a, b| a + b)
    }
}

/// A threshold with what is counted there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThresholdPoint {
    /// Detections with `score >= threshold` count.
    pub threshold: f64,
    /// What is counted.
    pub counts: Counts,
}

#[derive(Clone, Copy, Debug)]
struct Event {
    score: f64,
    unit: u32,
    verdict: Verdict,
}

/// The detections of many tiles by falling score, ready to be counted at any threshold.
#[derive(Clone, Debug)]
pub struct ThresholdSweep {
    events: Vec<Event>,
    targets_of_unit: Vec<u64>,
}

impl ThresholdSweep {
    /// Gathers the detections and targets of the tiles by rising number; the unit of the bootstrap follows from how many
    /// tiles there are.
    pub fn new(tiles: &[TileSummary]) -> Self {
        let ordered = by_tile_number(tiles);
        let mut sweep = match Unit::for_tiles(ordered.len()) {
            Unit::Tile => Self::by_tile(&ordered),
            Unit::Object => Self::by_object(&ordered),
        };
        // In place: detections of equal score are counted together, whatever their order.
        sweep.events.sort_unstable_by(|a, b| b.score.total_cmp(&a.score));
        sweep
    }

    fn by_tile(tiles: &[&TileSummary]) -> Self {
        let mut events = Vec::with_capacity(tiles.iter().map(|tile| tile.detections.len()).sum());
        for (unit, tile) in (0..).zip(tiles) {
            events.extend(tile.detections.iter().map(|d| Event { score: d.score, unit, verdict: d.verdict }));
        }
        let targets_of_unit = tiles.iter().map(|tile| tile.searched_targets().count() as u64).collect();
        Self { events, targets_of_unit }
    }

    /// A found target and its detection are one unit; a missed target and an impure detection are units of their own.
    fn by_object(tiles: &[&TileSummary]) -> Self {
        let (mut events, mut targets_of_unit) = (Vec::new(), Vec::new());
        for tile in tiles {
            for detection in &tile.detections {
                let (score, verdict) = (detection.score, detection.verdict);
                events.push(Event { score, unit: targets_of_unit.len() as u32, verdict });
                targets_of_unit.push(u64::from(verdict == Verdict::Target));
            }
            targets_of_unit.extend(tile.searched_targets().filter(|halo| halo.score.is_none()).map(|_| 1));
        }
        Self { events, targets_of_unit }
    }

    /// Number of detections, whatever their score.
    pub fn n_detections(&self) -> u64 {
        self.events.len() as u64
    }

    /// Number of targets.
    pub fn n_targets(&self) -> u64 {
        self.targets_of_unit.iter().sum()
    }

    /// What is counted at a threshold.
    pub fn counts_at(&self, threshold: f64) -> Counts {
        self.counts_of_units(threshold).into_iter().sum()
    }

    /// Visits each distinct score as a threshold, by falling value.
    pub fn for_each_point(&self, visit: impl FnMut(ThresholdPoint)) {
        self.walk(&vec![1; self.targets_of_unit.len()], visit);
    }

    /// The threshold of largest F1; of equal ones the highest. `None` when no target is found at any threshold.
    pub fn best_threshold(&self) -> Option<ThresholdPoint> {
        self.best_weighted(&vec![1; self.targets_of_unit.len()])
    }

    /// Bootstrap spread of [`best_threshold`](Self::best_threshold).
    pub fn best_threshold_error(&self, replicates: u32, seed: u64) -> Option<f64> {
        let mut thresholds = Vec::with_capacity(replicates as usize);
        bootstrap::for_each_replicate(self.targets_of_unit.len(), replicates, seed, |weights| {
            thresholds.push(self.best_weighted(weights).map(|point| point.threshold));
        });
        bootstrap::spread(thresholds.into_iter())
    }

    /// What is counted at a threshold in each replicate of the bootstrap.
    pub fn replicates_at(&self, threshold: f64, replicates: u32, seed: u64) -> Vec<Counts> {
        bootstrap::replicate_counts(&self.counts_of_units(threshold), replicates, seed)
    }

    fn counts_of_units(&self, threshold: f64) -> Vec<Counts> {
        let empty = |&targets: &u64| Counts { targets, ..Counts::default() };
        let mut units: Vec<Counts> = self.targets_of_unit.iter().map(empty).collect();
        for event in self.events.iter().take_while(|event| event.score >= threshold) {
            units[event.unit as usize].add_verdict(event.verdict, 1);
        }
        units
    }

    fn best_weighted(&self, weights: &[u32]) -> Option<ThresholdPoint> {
        let mut best: Option<(f64, ThresholdPoint)> = None;
        self.walk(weights, |point| {
            let f1 = point.counts.f1().unwrap_or(0.0);
            if f1 > best.map_or(0.0, |(value, _)| value) {
                best = Some((f1, point));
            }
        });
        best.map(|(_, point)| point)
    }

    /// Visits each distinct score by falling value with the counts down to it.
    fn walk(&self, weights: &[u32], mut visit: impl FnMut(ThresholdPoint)) {
        let weighted = |(&targets, &weight): (&u64, &u32)| targets * u64::from(weight);
        let targets = self.targets_of_unit.iter().zip(weights).map(weighted).sum();
        let mut counts = Counts { targets, ..Counts::default() };
        for (idx, event) in self.events.iter().enumerate() {
            counts.add_verdict(event.verdict, u64::from(weights[event.unit as usize]));
            let last_of_score = self.events.get(idx + 1).is_none_or(|next| next.score != event.score);
            if last_of_score {
                visit(ThresholdPoint { threshold: event.score, counts });
            }
        }
    }
}
