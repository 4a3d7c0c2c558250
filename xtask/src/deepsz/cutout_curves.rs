//! Curves over the thresholds of cutouts: true against false positives, and F1 under two thresholds at once.

use super::comparison::method_label;
use super::scores::{Results, SkyScores};
use super::settings::EnsembleSettings;
use anyhow::Result;
use arcmin_eval::plot::{self, Curve};
use arcmin_eval::{CutoutEntry, CutoutLattice, CutoutTable, Figure, TileSummary};
use std::collections::BTreeMap;

/// Largest false positive rate shown: beyond it there is nothing to choose.
const RATE_MAX: f64 = 0.03;
/// Points of a curve.
const N_POINTS: usize = 300;
/// Least S/N of the first finder's that is drawn: it lists nothing below.
const FIRST_MIN: f64 = 3.0;
/// Least scores of the second finder, a probability, for which F1 is drawn against the threshold of the first.
const SECOND_MIN: [f64; 5] = [0.0, 0.1, 0.2, 0.35, 0.5];

/// Share of the test cutouts with a target that pass, against the share of the others that do, as thresholds fall.
pub(super) fn roc(names: &[&str], results: &Results) -> Result<Figure> {
    let curve = |&name: &&str| Curve { name: method_label(name).to_owned(), points: rates(results.test(name)) };
    let curves: Vec<Curve> = names.iter().map(curve).collect();
    Ok(plot::lines(&curves, "false positive rate of cutouts", "true positive rate")?)
}

/// The same of one finder on each sky of the ladder.
pub(super) fn roc_by_sky(skies: &[SkyScores]) -> Result<Figure> {
    let curve = |sky: &SkyScores| Curve { name: sky.label.clone(), points: sky.roc.clone() };
    let curves: Vec<Curve> = skies.iter().map(curve).collect();
    Ok(plot::lines(&curves, "false positive rate of cutouts", "true positive rate")?)
}

/// False and true positive rates of cutouts of equal area as thresholds fall.
pub(super) fn rates(tiles: &[TileSummary]) -> Vec<(f64, f64)> {
    let tables = || tiles.iter().map(|tile| CutoutTable::new(tile, CutoutLattice::EqualArea));
    let n_positive: u64 = tables().map(|table| table.n_positive()).sum();
    let n_negative = tables().map(|table| table.n_cutouts).sum::<u64>() - n_positive;
    let mut scored: Vec<(f64, bool)> =
        tables().flat_map(|table| table.entries).filter_map(|entry| Some((entry.score?, entry.is_positive))).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut n_true, mut n_false, mut points) = (0u64, 0u64, vec![(0.0, 0.0)]);
    for alike in scored.chunk_by(|a, b| a.0 == b.0) {
        n_true += alike.iter().filter(|cutout| cutout.1).count() as u64;
        n_false += alike.iter().filter(|cutout| !cutout.1).count() as u64;
        let rate = n_false as f64 / n_negative.max(1) as f64;
        if rate > RATE_MAX {
            break;
        }
        points.push((rate, n_true as f64 / n_positive.max(1) as f64));
    }
    let every = points.len().div_ceil(N_POINTS).max(1);
    points.into_iter().step_by(every).collect()
}

/// F1 of the validation cutouts that pass both thresholds, against that of the first finder, for some of the second's.
pub(super) fn f1_of_both(pair: &EnsembleSettings, results: &Results) -> Result<Figure> {
    let [first, second] = [&pair.first, &pair.second].map(|name| results.validation(name));
    let cutouts: Vec<Both> = first.iter().zip(second).flat_map(|(first, second)| both(first, second)).collect();
    let most = cutouts.iter().filter_map(|cutout| cutout.first).fold(0.0, f64::max).min(40.0);
    let curve = |second_min: f64| {
        let at = |step: usize| {
            let first_min = FIRST_MIN + (most - FIRST_MIN) * step as f64 / 80.0;
            (first_min, f1(&cutouts, first_min, second_min))
        };
        Curve { name: format!("p ≥ {second_min}"), points: (0..=80).map(at).collect() }
    };
    let label = format!("least S/N of the {}", method_label(&pair.first));
    Ok(plot::lines(&SECOND_MIN.map(curve), &label, "F1")?)
}

/// What two finders say of a cutout.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Both {
    first: Option<f64>,
    second: Option<f64>,
    is_positive: bool,
}

fn both(first: &TileSummary, second: &TileSummary) -> Vec<Both> {
    let mut cells: BTreeMap<u32, Both> = BTreeMap::new();
    let entries = |tile| CutoutTable::new(tile, CutoutLattice::EqualArea).entries;
    let mut add = |entry: CutoutEntry, is_first: bool| {
        let cell = cells.entry(entry.cell).or_default();
        cell.is_positive |= entry.is_positive;
        *(if is_first { &mut cell.first } else { &mut cell.second }) = entry.score;
    };
    entries(first).into_iter().for_each(|entry| add(entry, true));
    entries(second).into_iter().for_each(|entry| add(entry, false));
    cells.into_values().collect()
}

fn f1(cutouts: &[Both], first_min: f64, second_min: f64) -> f64 {
    let reaches = |score: Option<f64>, least: f64| least == 0.0 || score.is_some_and(|score| score >= least);
    let (mut n_true, mut n_taken, mut n_positive) = (0u64, 0u64, 0u64);
    for cutout in cutouts {
        let taken = reaches(cutout.first, first_min) && reaches(cutout.second, second_min);
        n_taken += u64::from(taken);
        n_true += u64::from(taken && cutout.is_positive);
        n_positive += u64::from(cutout.is_positive);
    }
    2.0 * n_true as f64 / (n_taken + n_positive).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f1_by_hand() {
        let cutout =
            |first: f64, second: f64, is_positive| Both { first: Some(first), second: Some(second), is_positive };
        let cutouts = [
            cutout(10.0, 0.9, true),
            cutout(9.0, 0.1, false),
            cutout(5.0, 0.8, true),
            Both { first: None, second: Some(0.7), is_positive: true },
        ];
        assert_eq!(f1(&cutouts, 8.0, 0.0), 2.0 / 5.0);
        assert_eq!(f1(&cutouts, 8.0, 0.5), 2.0 / 4.0);
        assert_eq!(f1(&cutouts, 0.0, 0.5), 6.0 / 6.0);
    }
}
