//! The scores of a finder by cutouts: threshold from validation, everything else from test.

use crate::cutout_lattice::CutoutLattice;
use crate::cutout_sweep::{Confusion, CutoutSweep, NegativeWeight};
use crate::statistics::Score;
use crate::summary::TileSummary;
use crate::{Error, ScoreConfig, bootstrap};
use std::collections::BTreeMap;

/// How cutouts are counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CutoutCounting {
    /// Where they lie.
    pub grid: CutoutLattice,
    /// How often those without target count.
    pub negatives: NegativeWeight,
}

impl CutoutCounting {
    /// Each square degree alike.
    pub const EQUAL_AREA: Self = Self { grid: CutoutLattice::EqualArea, negatives: NegativeWeight::Once };
    /// The grid of the public DeepSZ code.
    pub const RA_DEC: Self = Self { grid: CutoutLattice::RaDec, negatives: NegativeWeight::Once };
    /// Equal area, with negatives as frequent as on the RA/Dec grid in the mean over the sky.
    pub const OVERSAMPLED: Self = Self {
        grid: CutoutLattice::EqualArea,
        negatives: NegativeWeight::Times(crate::cutout_lattice::RA_DEC_OVERSAMPLING),
    };
}

/// The scores of one finder by cutouts.
#[derive(Clone, Debug, PartialEq)]
pub struct CutoutScores {
    /// How the cutouts were counted.
    pub counting: CutoutCounting,
    /// The threshold of largest F1 on the validation tiles; counts the cutouts taken for positive there.
    pub threshold: Score,
    /// F1 on the validation tiles at that threshold, which chose it and so is flattered.
    pub f1_validation: Score,
    /// F1 on the test tiles.
    pub f1: Score,
    /// Purity on the test tiles.
    pub precision: Score,
    /// Completeness on the test tiles.
    pub recall: Score,
    /// Share of the test cutouts that hold a target, on which precision and F1 depend.
    pub prevalence: Score,
    /// The test cutouts at the threshold.
    pub confusion: Confusion,
    /// One-sigma errors of the four numbers, where there are any.
    pub confusion_error: Option<Confusion>,
}

impl CutoutScores {
    /// The scores by name behind a prefix: `PREFIX.f1`, `PREFIX.precision`, ...
    pub fn by_name(&self, prefix: &str) -> BTreeMap<String, Score> {
        let parts = |c: &Confusion| [c.true_positives, c.false_positives, c.false_negatives, c.true_negatives];
        let values = parts(&self.confusion);
        let errors = self.confusion_error.as_ref().map(parts);
        let number = |idx: usize| {
            Score::new(Some(values[idx]), errors.map(|errors| errors[idx]), self.confusion.total().round() as u64)
        };
        let named = [
            ("threshold", self.threshold),
            ("f1_validation", self.f1_validation),
            ("f1", self.f1),
            ("precision", self.precision),
            ("recall", self.recall),
            ("prevalence", self.prevalence),
            ("true_positives", number(0)),
            ("false_positives", number(1)),
            ("false_negatives", number(2)),
            ("true_negatives", number(3)),
        ];
        named.into_iter().map(|(name, score)| (format!("{prefix}.{name}"), score)).collect()
    }
}

/// Chooses the threshold on the validation cutouts and scores the test cutouts with it.
///
/// # Errors
/// [`Error::NoThreshold`] when no target is found on the validation tiles; [`Error::BadSetting`] when fewer than two
/// replicates are asked for.
pub fn score_cutouts(
    validation: &[TileSummary],
    test: &[TileSummary],
    counting: CutoutCounting,
    config: &ScoreConfig,
) -> Result<CutoutScores, Error> {
    config.check()?;
    let sweep = CutoutSweep::new(validation, counting);
    let best = sweep.best().ok_or_else(|| no_threshold(validation))?;
    let error = sweep.best_threshold_error(config.bootstrap_replicates, config.bootstrap_seed);
    let taken = |c: &Confusion| c.true_positives + c.false_positives;
    let threshold = Score::new(Some(best.threshold), error, taken(&best.confusion).round() as u64);
    let on_validation = AtThreshold::new(&sweep, best.threshold, config);
    let on_test = AtThreshold::new(&CutoutSweep::new(test, counting), best.threshold, config);
    let (union, positives) = (|c: &Confusion| taken(c) + c.positives(), Confusion::positives);
    Ok(CutoutScores {
        counting,
        threshold,
        f1_validation: on_validation.score(Confusion::f1, union),
        f1: on_test.score(Confusion::f1, union),
        precision: on_test.score(Confusion::precision, taken),
        recall: on_test.score(Confusion::recall, positives),
        prevalence: on_test.score(Confusion::prevalence, Confusion::total),
        confusion: on_test.confusion,
        confusion_error: on_test.confusion_error(),
    })
}

fn no_threshold(validation: &[TileSummary]) -> Error {
    let count = |of: fn(&TileSummary) -> usize| validation.iter().map(of).sum::<usize>() as u64;
    Error::NoThreshold {
        n_tiles: validation.len(),
        n_detections: count(|tile| tile.detections.len()),
        n_targets: count(|tile| tile.searched_targets().count()),
    }
}

/// The confusion at one threshold with its bootstrap replicates.
struct AtThreshold {
    confusion: Confusion,
    replicates: Vec<Confusion>,
}

impl AtThreshold {
    fn new(sweep: &CutoutSweep, threshold: f64, config: &ScoreConfig) -> Self {
        let replicates = sweep.replicates_at(threshold, config.bootstrap_replicates, config.bootstrap_seed);
        Self { confusion: sweep.at(threshold), replicates }
    }

    fn spread(&self, value: impl Fn(&Confusion) -> Option<f64>) -> Option<f64> {
        bootstrap::spread(self.replicates.iter().map(value))
    }

    fn score(&self, value: impl Fn(&Confusion) -> Option<f64>, count: impl Fn(&Confusion) -> f64) -> Score {
        Score::new(value(&self.confusion), self.spread(&value), count(&self.confusion).round() as u64)
    }

    fn confusion_error(&self) -> Option<Confusion> {
        Some(Confusion {
            true_positives: self.spread(|c| Some(c.true_positives))?,
            false_positives: self.spread(|c| Some(c.false_positives))?,
            false_negatives: self.spread(|c| Some(c.false_negatives))?,
            true_negatives: self.spread(|c| Some(c.true_negatives))?,
        })
    }
}
