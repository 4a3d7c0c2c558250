//! Cutouts called positive or negative, rightly or wrongly, at every threshold.

use crate::CutoutCounting;
use crate::bootstrap::{self, Unit};
use crate::cutout_table::{CutoutEntry, CutoutTable};
use crate::summary::{TileSummary, by_tile_number};

/// Cutouts by what they hold and what they were taken for. Numbers are weighted, hence not whole.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Confusion {
    /// Cutouts with a target, taken for positive.
    pub true_positives: f64,
    /// Cutouts without target, taken for positive.
    pub false_positives: f64,
    /// Cutouts with a target, taken for negative.
    pub false_negatives: f64,
    /// Cutouts without target, taken for negative.
    pub true_negatives: f64,
}

impl Confusion {
    /// All cutouts.
    pub fn total(&self) -> f64 {
        self.positives() + self.false_positives + self.true_negatives
    }

    /// Cutouts with a target.
    pub fn positives(&self) -> f64 {
        self.true_positives + self.false_negatives
    }

    /// Share of the cutouts that hold a target; `None` without cutouts.
    pub fn prevalence(&self) -> Option<f64> {
        ratio(self.positives(), self.total())
    }

    /// Share of the cutouts taken for positive that are (purity); `None` when none is taken.
    pub fn precision(&self) -> Option<f64> {
        ratio(self.true_positives, self.true_positives + self.false_positives)
    }

    /// Share of the cutouts with a target that are found (completeness); `None` when there is none.
    pub fn recall(&self) -> Option<f64> {
        ratio(self.true_positives, self.positives())
    }

    /// `2 TP / (2 TP + FN + FP)` (Lin21, Eq. 1); `None` when there is nothing to find and nothing is taken.
    pub fn f1(&self) -> Option<f64> {
        let twice = 2.0 * self.true_positives;
        ratio(twice, twice + self.false_negatives + self.false_positives)
    }
}

fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator > 0.0).then(|| numerator / denominator)
}

/// How often cutouts without target count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NegativeWeight {
    /// Once, like all others.
    Once,
    /// So many times, whether they are detected or not: what a classifier of cutouts meets on a grid whose cutouts
    /// overlap.
    Times(f64),
}

impl NegativeWeight {
    fn value(self) -> f64 {
        match self {
            NegativeWeight::Once => 1.0,
            NegativeWeight::Times(weight) => weight,
        }
    }
}

/// A threshold with what is counted there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CutoutPoint {
    /// Cutouts with `score >= threshold` are taken for positive.
    pub threshold: f64,
    /// What is counted.
    pub confusion: Confusion,
}

/// Cutouts of one score and unit.
#[derive(Clone, Copy, Debug)]
struct Event {
    score: f64,
    /// How many they are.
    n: u32,
    /// The unit that the bootstrap draws; `None` for cutouts that are never drawn.
    unit: Option<u32>,
    is_positive: bool,
}

impl Event {
    fn of_entry(entry: &CutoutEntry, table: &CutoutTable, unit: u32) -> Self {
        let score = entry.score.unwrap_or(table.no_detection_score);
        Self { score, n: 1, unit: Some(unit), is_positive: entry.is_positive }
    }

    fn of_unlisted(table: &CutoutTable, unit: Option<u32>) -> Self {
        let n = table.n_cutouts.saturating_sub(table.entries.len() as u64) as u32;
        Self { score: table.no_detection_score, n, unit, is_positive: false }
    }
}

/// The cutouts of many tiles by falling score, ready to be counted at any threshold.
#[derive(Clone, Debug)]
pub struct CutoutSweep {
    events: Vec<Event>,
    n_units: u32,
    /// How often cutouts without target count.
    negative_weight: f64,
}

impl CutoutSweep {
    /// Gathers the cutouts, tiles by rising number.
    ///
    /// The bootstrap draws whole tiles. With fewer than [`bootstrap::MIN_TILES`] it draws single cutouts, of those that
    /// hold a target or a detection; the empty ones, on which neither precision nor recall depends, stay.
    pub fn new(tiles: &[TileSummary], counting: CutoutCounting) -> Self {
        let tables = by_tile_number(tiles).into_iter().map(|tile| CutoutTable::new(tile, counting.grid));
        Self::of_tables(tables, counting.negatives)
    }

    /// Takes the tables one by one, so that no two are in memory.
    fn of_tables(tables: impl ExactSizeIterator<Item = CutoutTable>, weight: NegativeWeight) -> Self {
        let mut sweep = Self { events: Vec::new(), n_units: 0, negative_weight: weight.value() };
        let unit = Unit::for_tiles(tables.len());
        for table in tables {
            match unit {
                Unit::Tile => sweep.add_tile(&table),
                Unit::Object => sweep.add_cutouts(&table),
            }
        }
        sweep.events.sort_by(|a, b| b.score.total_cmp(&a.score));
        sweep
    }

    fn add_tile(&mut self, table: &CutoutTable) {
        let unit = self.n_units;
        self.events.reserve_exact(table.entries.len() + 1);
        self.events.extend(table.entries.iter().map(|entry| Event::of_entry(entry, table, unit)));
        self.events.push(Event::of_unlisted(table, Some(unit)));
        self.n_units += 1;
    }

    fn add_cutouts(&mut self, table: &CutoutTable) {
        let units = self.n_units..;
        self.events.extend(table.entries.iter().zip(units).map(|(entry, n)| Event::of_entry(entry, table, n)));
        self.events.push(Event::of_unlisted(table, None));
        self.n_units += table.entries.len() as u32;
    }

    /// Cutouts of an event with a target and without, as often as they count.
    fn counted(&self, event: &Event) -> (f64, f64) {
        let n = f64::from(event.n);
        if event.is_positive { (n, 0.0) } else { (0.0, n * self.negative_weight) }
    }

    fn weighted(&self, event: &Event, weights: &[u32]) -> (f64, f64) {
        let weight = event.unit.map_or(1.0, |unit| f64::from(weights[unit as usize]));
        let (positives, negatives) = self.counted(event);
        (weight * positives, weight * negatives)
    }

    /// What is counted at a threshold.
    pub fn at(&self, threshold: f64) -> Confusion {
        self.weighted_at(threshold, &self.ones())
    }

    /// One point for each distinct score, by falling threshold.
    pub fn points(&self) -> Vec<CutoutPoint> {
        let mut points = Vec::new();
        self.walk(&self.ones(), |point| points.push(point));
        points
    }

    /// The threshold of largest F1; of equal ones the highest. `None` when no target can be found.
    pub fn best(&self) -> Option<CutoutPoint> {
        self.best_weighted(&self.ones())
    }

    /// Bootstrap spread of the threshold of largest F1.
    pub fn best_threshold_error(&self, replicates: u32, seed: u64) -> Option<f64> {
        let mut thresholds = Vec::with_capacity(replicates as usize);
        bootstrap::for_each_replicate(self.n_units as usize, replicates, seed, |weights| {
            thresholds.push(self.best_weighted(weights).map(|point| point.threshold));
        });
        bootstrap::spread(thresholds.into_iter())
    }

    /// What is counted at a threshold in each replicate of the bootstrap.
    pub fn replicates_at(&self, threshold: f64, replicates: u32, seed: u64) -> Vec<Confusion> {
        let mut all = Vec::with_capacity(replicates as usize);
        bootstrap::for_each_replicate(self.n_units as usize, replicates, seed, |weights| {
            all.push(self.weighted_at(threshold, weights));
        });
        all
    }

    /// Number of cutouts with a target in bins of the score with the given rising edges, and of those without.
    pub fn histogram(&self, edges: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let n = edges.len().saturating_sub(1);
        let (mut positives, mut negatives) = (vec![0.0; n], vec![0.0; n]);
        for event in &self.events {
            if let Some(bin) = crate::binned::bin_of(event.score, edges) {
                let (with_target, without) = self.counted(event);
                positives[bin] += with_target;
                negatives[bin] += without;
            }
        }
        (positives, negatives)
    }

    fn ones(&self) -> Vec<u32> {
        vec![1; self.n_units as usize]
    }

    fn totals(&self, weights: &[u32]) -> (f64, f64) {
        let sum = |(p, n): (f64, f64), event: &Event| {
            let (positives, negatives) = self.weighted(event, weights);
            (p + positives, n + negatives)
        };
        self.events.iter().fold((0.0, 0.0), sum)
    }

    fn weighted_at(&self, threshold: f64, weights: &[u32]) -> Confusion {
        let (positives, negatives) = self.totals(weights);
        let (mut found, mut wrong) = (0.0, 0.0);
        for event in self.events.iter().take_while(|event| event.score >= threshold) {
            let (p, n) = self.weighted(event, weights);
            found += p;
            wrong += n;
        }
        confusion(found, wrong, positives, negatives)
    }

    fn best_weighted(&self, weights: &[u32]) -> Option<CutoutPoint> {
        let mut best: Option<(f64, CutoutPoint)> = None;
        self.walk(weights, |point| {
            let f1 = point.confusion.f1().unwrap_or(0.0);
            if f1 > best.map_or(0.0, |(value, _)| value) {
                best = Some((f1, point));
            }
        });
        best.map(|(_, point)| point)
    }

    /// Visits each distinct score by falling value with the counts down to it.
    fn walk(&self, weights: &[u32], mut visit: impl FnMut(CutoutPoint)) {
        let (positives, negatives) = self.totals(weights);
        let (mut found, mut wrong) = (0.0, 0.0);
        for (idx, event) in self.events.iter().enumerate() {
            let (p, n) = self.weighted(event, weights);
            found += p;
            wrong += n;
            let last_of_score = self.events.get(idx + 1).is_none_or(|next| next.score != event.score);
            if last_of_score {
                visit(CutoutPoint { threshold: event.score, confusion: confusion(found, wrong, positives, negatives) });
            }
        }
    }
}

fn confusion(found: f64, wrong: f64, positives: f64, negatives: f64) -> Confusion {
    Confusion {
        true_positives: found,
        false_positives: wrong,
        false_negatives: positives - found,
        true_negatives: negatives - wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(cell: u32, score: Option<f64>, is_positive: bool) -> CutoutEntry {
        CutoutEntry { cell, score, is_positive, verdict: None }
    }

    fn sweep_of(tables: &[CutoutTable], weight: NegativeWeight) -> CutoutSweep {
        CutoutSweep::of_tables(tables.iter().cloned(), weight)
    }

    fn table(tile: u64, n_cutouts: u64, entries: Vec<CutoutEntry>) -> CutoutTable {
        CutoutTable { tile, n_cutouts, no_detection_score: 2.0, entries }
    }

    #[test]
    fn published_confusion_gives_the_published_scores() {
        // Lin21, Table 1, matched filter.
        let published = Confusion {
            true_positives: 1133.0,
            false_positives: 729.0,
            false_negatives: 712.0,
            true_negatives: 102_609.0,
        };
        assert_eq!(published.total(), 105_183.0);
        let rounded = |value: Option<f64>| (value.unwrap() * 100.0).round() / 100.0;
        assert_eq!([published.precision(), published.recall(), published.f1()].map(rounded), [0.61; 3]);
        assert!((published.prevalence().unwrap() - 0.017541).abs() < 1e-6);
    }

    #[test]
    fn a_small_case_by_hand() {
        let entries = vec![
            entry(0, Some(9.0), true),
            entry(1, Some(7.0), false),
            entry(2, Some(5.0), true),
            entry(3, None, true),
        ];
        let sweep = sweep_of(&[table(0, 10, entries)], NegativeWeight::Once);
        let at = |threshold| {
            let c = sweep.at(threshold);
            [c.true_positives, c.false_positives, c.false_negatives, c.true_negatives]
        };
        assert_eq!(at(6.0), [1.0, 1.0, 2.0, 6.0]);
        assert_eq!(at(5.0), [2.0, 1.0, 1.0, 6.0]);
        assert_eq!(at(2.0), [3.0, 7.0, 0.0, 0.0]);
        // F1 is 2/4 at 9, 2/5 at 7, 4/6 at 5 and 6/13 at 2.
        assert_eq!(sweep.best().unwrap().threshold, 5.0);
        assert_eq!(sweep.points().iter().map(|p| p.threshold).collect::<Vec<_>>(), [9.0, 7.0, 5.0, 2.0]);
        assert_eq!(sweep.histogram(&[0.0, 4.0, 8.0, 12.0]), (vec![1.0, 1.0, 1.0], vec![6.0, 1.0, 0.0]));
    }

    #[test]
    fn nothing_has_no_scores() {
        let sweep = sweep_of(&[], NegativeWeight::Once);
        assert!(sweep.best().is_none() && sweep.points().is_empty());
        assert_eq!(sweep.at(5.0).f1(), None);
        assert_eq!(sweep.best_threshold_error(5, 1), None);
    }

    /// Tables from scores and labels, three in four cutouts listed.
    fn tables(cutouts: &[(f64, bool)], n_tiles: usize) -> Vec<CutoutTable> {
        let of_tile = |tile: usize| {
            let mine = cutouts.iter().enumerate().filter(|(idx, _)| idx % n_tiles == tile);
            let entries: Vec<CutoutEntry> = mine
                .map(|(idx, &(score, positive))| entry(idx as u32, (score > 3.0).then_some(score), positive))
                .collect();
            table(tile as u64, entries.len() as u64 * 4 / 3 + 1, entries)
        };
        (0..n_tiles).map(of_tile).collect()
    }

    proptest! {
        #[test]
        fn four_numbers_sum_to_the_cutouts_and_all_are_found_at_no_threshold(
            cutouts in prop::collection::vec((1.0f64..20.0, any::<bool>()), 0..60),
            n_tiles in 1usize..12,
            threshold in 0.0f64..20.0,
        ) {
            let tables = tables(&cutouts, n_tiles);
            let sweep = sweep_of(&tables, NegativeWeight::Once);
            let n: u64 = tables.iter().map(|table| table.n_cutouts).sum();
            prop_assert_eq!(sweep.at(threshold).total(), n as f64);
            let positives: u64 = tables.iter().map(CutoutTable::n_positive).sum();
            prop_assert_eq!(sweep.at(threshold).positives(), positives as f64);
            let all = sweep.at(f64::NEG_INFINITY);
            prop_assert_eq!((all.false_negatives, all.true_negatives), (0.0, 0.0));
            prop_assert!(positives == 0 || all.recall() == Some(1.0));
            let none = sweep.at(f64::INFINITY);
            prop_assert_eq!((none.true_positives, none.false_positives), (0.0, 0.0));
        }

        #[test]
        fn sweep_agrees_with_counting_every_cutout(
            cutouts in prop::collection::vec((1.0f64..20.0, any::<bool>()), 0..60),
            threshold in 0.0f64..20.0,
        ) {
            let tables = tables(&cutouts, 3);
            let sweep = sweep_of(&tables, NegativeWeight::Once);
            let mut slow = Confusion::default();
            for table in &tables {
                let unlisted = table.n_cutouts as usize - table.entries.len();
                let listed = table.entries.iter().map(|e| (e.score.unwrap_or(2.0), e.is_positive));
                for (score, positive) in listed.chain(std::iter::repeat_n((2.0, false), unlisted)) {
                    match (score >= threshold, positive) {
                        (true, true) => slow.true_positives += 1.0,
                        (true, false) => slow.false_positives += 1.0,
                        (false, true) => slow.false_negatives += 1.0,
                        (false, false) => slow.true_negatives += 1.0,
                    }
                }
            }
            prop_assert_eq!(sweep.at(threshold), slow);
            let best = sweep.points().into_iter().filter_map(|p| p.confusion.f1()).fold(0.0, f64::max);
            prop_assert_eq!(sweep.best().map_or(0.0, |p| p.confusion.f1().unwrap()), best);
        }

        #[test]
        fn weights_multiply_negatives_alone(
            cutouts in prop::collection::vec((1.0f64..20.0, any::<bool>()), 0..60),
            threshold in 0.0f64..20.0,
        ) {
            let tables = tables(&cutouts, 3);
            let once = sweep_of(&tables, NegativeWeight::Once).at(threshold);
            let twice = sweep_of(&tables, NegativeWeight::Times(2.0)).at(threshold);
            prop_assert_eq!(twice.false_positives, 2.0 * once.false_positives);
            prop_assert_eq!(twice.true_negatives, 2.0 * once.true_negatives);
            prop_assert_eq!(twice.recall(), once.recall());
        }
    }
}
