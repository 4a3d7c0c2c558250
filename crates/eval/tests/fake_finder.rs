//! A finder of known completeness and contamination comes out with the scores it was given.

mod fake;

use arcmin_eval::recovery::{self, Amplitude};
use arcmin_eval::{
    CutoutCounting, CutoutLattice, CutoutSweep, FalseRule, HaloQuantity, ScoreConfig, ThresholdSweep, TileSummary,
    completeness_at_false_rates, completeness_by, score_cutouts, score_finder,
};
use fake::FakeFinder;

const CONFIG: ScoreConfig = ScoreConfig { bootstrap_replicates: 300, bootstrap_seed: 1 };

/// Largest allowed distance from the truth in standard errors: false alarm 6e-5 for each two-sided comparison.
const N_SIGMA: f64 = 4.0;

fn summaries(finder: &FakeFinder, tiles: std::ops::Range<u64>) -> Vec<TileSummary> {
    tiles.map(|tile| finder.summary(tile)).collect()
}

#[test]
fn completeness_and_false_rate_of_a_fake_finder_are_recovered() {
    let finder = FakeFinder::default();
    let test = summaries(&finder, 100..160);
    let scores = score_finder(&summaries(&finder, 0..20), &test, &CONFIG).unwrap();
    let cut = scores.threshold.value.unwrap();

    let completeness = scores.completeness.value.unwrap();
    let expected = finder.completeness * finder.true_above(cut);
    let error = scores.completeness.error.unwrap();
    assert!((completeness - expected).abs() < N_SIGMA * error, "{completeness} +- {error}, expected {expected}");

    let unmatched = scores.unmatched_per_deg2;
    let expected = finder.false_per_deg2 * finder.false_above(cut);
    let distance = (unmatched.value.unwrap() - expected).abs();
    // A hundredth of the false detections falls within reach of a halo by chance and finds a counterpart.
    assert!(distance < N_SIGMA * unmatched.error.unwrap() + 0.02 * expected, "{unmatched:?}, expected {expected}");

    let (p, c) = (scores.purity.value.unwrap(), completeness);
    assert!((scores.f1.value.unwrap() - 2.0 * p * c / (p + c)).abs() < 1e-12);
    let ratio = scores.y_ratio;
    assert!((ratio.value.unwrap() - finder.y_bias).abs() < N_SIGMA * ratio.error.unwrap(), "{ratio:?}");
}

#[test]
fn tile_errors_agree_with_binomial_errors_where_tiles_are_independent() {
    let finder = FakeFinder::default();
    let test = summaries(&finder, 0..60);
    let scores = score_finder(&test, &test, &CONFIG).unwrap();
    let (p, n) = (scores.completeness.value.unwrap(), scores.completeness.count as f64);
    // 60 tiles fix a standard deviation to 9 %, 300 replicates to 4 %: 50 % is 5 sigma, false alarm 6e-7.
    let ratio = scores.completeness.error.unwrap() / (p * (1.0 - p) / n).sqrt();
    assert!((ratio - 1.0).abs() < 0.5, "{ratio}");
}

#[test]
fn few_tiles_fall_back_to_objects_and_keep_an_error() {
    let finder = FakeFinder::default();
    let test = summaries(&finder, 0..1);
    let scores = score_finder(&test, &test, &CONFIG).unwrap();
    let (p, n) = (scores.completeness.value.unwrap(), scores.completeness.count as f64);
    // 300 replicates fix a standard deviation to 4 %: 25 % is 6 sigma, false alarm 1e-9.
    let ratio = scores.completeness.error.unwrap() / (p * (1.0 - p) / n).sqrt();
    assert!((ratio - 1.0).abs() < 0.25, "{ratio}");
}

#[test]
fn binned_completeness_covers_the_truth_as_often_as_it_says() {
    // 68 % intervals of 8 bins on 30 skies: 163.2 +- 7.2 of 240 cover; Wilson's intervals are a little off for small
    // bins, so 0.68 +- 0.15 is 5 sigma and more: false alarm below 6e-7.
    let finder = FakeFinder::default();
    let edges: Vec<f64> = (0..=8).map(|i| 0.25 + 0.15 * f64::from(i)).collect();
    let (mut covered, mut all) = (0, 0);
    for sky in 0..30 {
        let tiles = summaries(&finder, 10 * sky..10 * sky + 4);
        for bin in completeness_by(HaloQuantity::Redshift, &tiles, f64::NEG_INFINITY, &edges).unwrap() {
            if let Some((_, interval)) = bin.fraction {
                all += 1;
                covered += i32::from((interval.low..=interval.high).contains(&finder.completeness));
            }
        }
    }
    let share = f64::from(covered) / f64::from(all);
    assert!((share - 0.683).abs() < 0.15, "{covered} of {all}");
}

#[test]
fn same_outcomes_and_seed_give_the_same_bits() {
    let finder = FakeFinder::default();
    let make = || score_finder(&summaries(&finder, 0..10), &summaries(&finder, 10..20), &CONFIG).unwrap();
    let (first, second) = (make().by_name("fake"), make().by_name("fake"));
    assert!(first.iter().zip(&second).all(|(a, b)| a.0 == b.0 && a.1.same_bits(b.1)));
}

#[test]
fn best_threshold_is_where_the_curve_peaks() {
    let sweep = ThresholdSweep::new(&summaries(&FakeFinder::default(), 0..5));
    let best = sweep.best_threshold().unwrap();
    let mut peak = 0.0;
    sweep.for_each_point(|point| peak = point.counts.f1().map_or(peak, |f1| f1.max(peak)));
    assert_eq!(best.counts.f1(), Some(peak));
    assert_eq!(sweep.counts_at(best.threshold), best.counts);
}

#[test]
fn empty_catalogues_and_empty_skies_have_defined_answers() {
    let finder = FakeFinder::default();
    let good = summaries(&finder, 0..3);
    let blind = FakeFinder { completeness: 0.0, false_per_deg2: 0.0, ..finder };
    let no_haloes = FakeFinder { targets_per_deg2: 0.0, ..finder };

    let scores = score_finder(&good, &summaries(&blind, 0..3), &CONFIG).unwrap();
    assert_eq!((scores.completeness.value, scores.f1.value, scores.purity.value), (Some(0.0), Some(0.0), None));
    assert_eq!((scores.y_ratio.value, scores.y_ratio.count), (None, 0));

    let scores = score_finder(&good, &summaries(&no_haloes, 0..3), &CONFIG).unwrap();
    assert_eq!((scores.completeness.value, scores.purity.value), (None, Some(0.0)));

    let scores = score_finder(&good, &[], &CONFIG).unwrap();
    assert!(scores.by_name("fake").iter().all(|(name, score)| {
        name.ends_with("threshold") || name.ends_with("f1_validation") || score.value.is_none()
    }));
    assert!(!serde_json::to_string(&scores.by_name("fake")).unwrap().contains("NaN"));

    for validation in [&summaries(&blind, 0..3)[..], &summaries(&no_haloes, 0..3)[..], &[]] {
        assert!(score_finder(validation, &good, &CONFIG).unwrap_err().to_string().contains("no threshold"));
    }
}

#[test]
fn unsearched_area_lowers_the_searched_fraction_and_not_the_completeness() {
    let finder = FakeFinder::default();
    let half = FakeFinder { searched_frac: 0.5, ..finder };
    let scores = score_finder(&summaries(&finder, 0..10), &summaries(&half, 10..50), &CONFIG).unwrap();
    assert!((scores.searched_frac.value.unwrap() - 0.5).abs() < 0.01);
    let expected = finder.completeness * finder.true_above(scores.threshold.value.unwrap());
    let completeness = scores.completeness;
    assert!((completeness.value.unwrap() - expected).abs() < N_SIGMA * completeness.error.unwrap(), "{completeness:?}");
}

#[test]
fn nothing_searched_has_no_completeness() {
    let finder = FakeFinder::default();
    let none = FakeFinder { searched_frac: 0.0, ..finder };
    let scores = score_finder(&summaries(&finder, 0..10), &summaries(&none, 10..12), &CONFIG).unwrap();
    assert_eq!(scores.searched_frac.value, Some(0.0));
    assert_eq!((scores.completeness.value, scores.false_per_deg2.value), (None, None));
}

#[test]
fn ratio_in_bins_of_snr_is_the_bias_put_in() {
    let finder = FakeFinder { y_bias: 0.9, ..FakeFinder::default() };
    let samples = recovery::samples(&summaries(&finder, 0..30), 0.0, Amplitude::Best);
    for bin in recovery::by_snr(&samples, &[4.0, 8.0, 12.0, 16.0, 64.0]).unwrap() {
        for score in [bin.ratio.mean, bin.ratio.median] {
            let (value, error) = (score.value.unwrap(), score.error.unwrap());
            // Eight comparisons: false alarm 5e-4 together.
            assert!((value - 0.9).abs() < N_SIGMA * error, "{bin:?}");
        }
    }
}

#[test]
fn summaries_of_shards_in_any_order_give_the_bits_of_one_process() {
    let finder = FakeFinder::default();
    let (validation, test) = (summaries(&finder, 0..9), summaries(&finder, 10..20));
    let shuffled = |tiles: &[TileSummary]| -> Vec<TileSummary> {
        (0..3).rev().flat_map(|shard| tiles.iter().skip(shard).step_by(3).cloned()).collect()
    };
    let config = ScoreConfig { bootstrap_replicates: 40, ..CONFIG };
    let all = |validation: &[TileSummary], test: &[TileSummary]| {
        let mut scores = score_finder(validation, test, &config).unwrap().by_name("fake");
        for counting in [CutoutCounting::EQUAL_AREA, CutoutCounting::RA_DEC, CutoutCounting::OVERSAMPLED] {
            let prefix = format!("{counting:?}");
            scores.extend(score_cutouts(validation, test, counting, &config).unwrap().by_name(&prefix));
        }
        let rates = completeness_at_false_rates(test, FalseRule::NotOfTarget, &[0.1, 1.0], &config).unwrap();
        scores.extend(rates.iter().map(|at| (format!("at {}", at.false_per_deg2), at.completeness)));
        scores
    };
    let (one, merged) = (all(&validation, &test), all(&shuffled(&validation), &shuffled(&test)));
    assert!(one.len() > 40 && one.iter().zip(&merged).all(|(a, b)| a.0 == b.0 && a.1.same_bits(b.1)));
    let bins = |tiles: &[TileSummary]| completeness_by(HaloQuantity::Mvir, tiles, 6.0, &[1e14, 3e14, 1e16]).unwrap();
    assert_eq!(bins(&test), bins(&shuffled(&test)));
}

#[test]
fn cutouts_of_a_fake_finder_have_its_completeness_and_the_prevalence_of_its_sky() {
    let finder = FakeFinder::default();
    let (validation, test) = (summaries(&finder, 0..20), summaries(&finder, 20..80));
    for counting in [CutoutCounting::EQUAL_AREA, CutoutCounting::RA_DEC] {
        let scores = score_cutouts(&validation, &test, counting, &CONFIG).unwrap();
        // Poisson haloes at 3 per square degree of which some share a cutout of (0.1 deg)^2, on the RA/Dec grid of
        // cos(30 deg) of it.
        let cell_deg2 = if counting.grid == CutoutLattice::RaDec { 0.01 * 30f64.to_radians().cos() } else { 0.01 };
        let expected = 1.0 - (-finder.targets_per_deg2 * cell_deg2).exp();
        let (value, error) = (scores.prevalence.value.unwrap(), scores.prevalence.error.unwrap());
        assert!((value - expected).abs() < N_SIGMA * error, "{counting:?}: {value} +- {error}, expected {expected}");
        // One in 70 positive cutouts holds a second halo, which may be found in place of the first.
        let expected = finder.completeness * finder.true_above(scores.threshold.value.unwrap());
        let (value, error) = (scores.recall.value.unwrap(), scores.recall.error.unwrap());
        assert!((value - expected).abs() < N_SIGMA * error + 0.01, "{counting:?}: {value} +- {error}, {expected}");
        assert_eq!(scores.recall.count as f64, scores.confusion.positives());
    }
}

#[test]
fn negatives_counted_more_often_lower_precision_and_prevalence_alone() {
    let finder = FakeFinder::default();
    let test = summaries(&finder, 0..10);
    let at = |counting: CutoutCounting| CutoutSweep::new(&test, counting).at(6.0);
    let (once, more) = (at(CutoutCounting::EQUAL_AREA), at(CutoutCounting::OVERSAMPLED));
    assert_eq!(once.recall(), more.recall());
    assert!(once.precision() > more.precision() && once.prevalence() > more.prevalence());
    let negatives = |c: &arcmin_eval::Confusion| c.false_positives + c.true_negatives;
    assert!((negatives(&more) / negatives(&once) - std::f64::consts::FRAC_PI_2).abs() < 1e-12);
}

#[test]
fn completeness_at_a_false_rate_is_what_the_fake_finder_was_given() {
    let finder = FakeFinder::default();
    let test = summaries(&finder, 0..60);
    for at in completeness_at_false_rates(&test, FalseRule::NotOfTarget, &[0.1, 0.5], &CONFIG).unwrap() {
        // False scores are 4 plus an exponential of mean 1: at a rate r of all 2 the cut is 4 + ln(2 / r).
        let cut = 4.0 + (finder.false_per_deg2 / at.false_per_deg2).ln();
        let expected = finder.completeness * finder.true_above(cut);
        let (value, error) = (at.completeness.value.unwrap(), at.completeness.error.unwrap());
        assert!((value - expected).abs() < N_SIGMA * error, "{at:?}, expected {expected}");
        let (value, error) = (at.threshold.value.unwrap(), at.threshold.error.unwrap());
        assert!((value - cut).abs() < N_SIGMA * error, "{at:?}, expected {cut}");
    }
}
