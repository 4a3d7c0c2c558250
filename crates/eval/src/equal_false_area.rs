//! One number for a curve of completeness against false detections, and how much higher one curve lies than another.

use crate::bootstrap;
use crate::equal_false::{FalseRule, RateSweep};
use crate::statistics::Score;
use crate::summary::TileSummary;
use crate::{Error, ScoreConfig};

/// Rates in a decade at which curves are read.
const PER_DECADE: f64 = 10.0;

/// Mean completeness between two rates of false detections per square degree, each decade of the rate counting alike: the area under
/// the curve over its width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FalseRateArea {
    /// Of the finder; counts the searched targets.
    pub area: Score,
    /// The finder's less the reference's, with the error of the difference: tiles are drawn together for both.
    pub above_reference: Score,
}

/// The area of a finder's curve between two rates, and how far it lies above a reference's on the same tiles.
///
/// Where fewer than eight tiles are there, single objects are drawn for each finder by itself, and the difference has no error.
///
/// # Errors
/// [`Error::BadSetting`] for rates that do not rise from above zero, or for fewer than two replicates.
pub fn area_between_rates(
    finder: &[TileSummary],
    reference: &[TileSummary],
    rule: FalseRule,
    [low, high]: [f64; 2],
    config: &ScoreConfig,
) -> Result<FalseRateArea, Error> {
    config.check()?;
    if !(low.is_finite() && high.is_finite() && low > 0.0 && high > low) {
        let requirement = "rates must be finite and rise from above zero";
        return Err(Error::BadSetting { key: "false_per_deg2", value: low, requirement });
    }
    let n_steps = ((high / low).log10() * PER_DECADE).ceil().max(1.0);
    let rate = |step: usize| low * (high / low).powf(step as f64 / n_steps);
    let rates: Vec<f64> = (0..=n_steps as usize).map(rate).collect();
    let sweeps = [finder, reference].map(|tiles| RateSweep::new(tiles, rule));
    let areas_of = |sweep: &RateSweep, weights: &[u32]| area(sweep, &rates, weights);
    let values = sweeps.each_ref().map(|sweep| areas_of(sweep, &vec![1; sweep.n_units()]));
    let drawn = sweeps.each_ref().map(|sweep| {
        let mut areas = Vec::new();
        let (replicates, seed) = (config.bootstrap_replicates, config.bootstrap_seed);
        bootstrap::for_each_replicate(sweep.n_units(), replicates, seed, |weights| {
            areas.push(areas_of(sweep, weights))
        });
        areas
    });
    let difference = |pair: [Option<f64>; 2]| Some(pair[0]? - pair[1]?);
    let pairs = drawn[0].iter().zip(&drawn[1]).map(|(&ours, &theirs)| difference([ours, theirs]));
    let is_paired = sweeps[0].draws_tiles() && sweeps[0].n_units() == sweeps[1].n_units();
    let n_targets = sweeps[0].n_targets();
    Ok(FalseRateArea {
        area: Score::new(values[0], bootstrap::spread(drawn[0].iter().copied()), n_targets),
        above_reference: Score::new(difference(values), bootstrap::spread(pairs).filter(|_| is_paired), n_targets),
    })
}

/// The mean over the rates by the trapezium rule, in the logarithm of the rate.
fn area(sweep: &RateSweep, rates: &[f64], weights: &[u32]) -> Option<f64> {
    let completeness: Vec<f64> = sweep.completeness_at(rates, weights)?;
    let sum: f64 = completeness.windows(2).map(|pair| 0.5 * (pair[0] + pair[1])).sum();
    Some(sum / (rates.len() - 1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cutout_lattice::CutoutCells;
    use crate::equal_false::FalseKind;
    use crate::outcome::{OUTCOME_FORMAT, TileOutcome, Verdict};
    use crate::{CountedDetection, CutoutNumbers, HaloOutcome, MatchConfig};

    const CONFIG: ScoreConfig = ScoreConfig { bootstrap_replicates: 50, bootstrap_seed: 1 };

    /// One square degree with four targets, of which those with a score are found, and false detections.
    fn tile(number: u64, found: &[f64], false_scores: &[f64]) -> TileSummary {
        let cutouts = CutoutCells { equal_area: None, ra_dec: 0 };
        let halo = |id: usize| HaloOutcome {
            id: id as u64,
            lon_deg: 0.0,
            lat_deg: 0.0,
            mvir_msun: 3e14,
            m500c_msun: 2e14,
            redshift: 0.5,
            true_y0: 1e-4,
            theta500_arcmin: 2.0,
            is_target: true,
            is_searched: true,
            cutouts,
            score: found.get(id).copied(),
        };
        let outcome = TileOutcome {
            format: OUTCOME_FORMAT,
            tile: number,
            matching: MatchConfig::default(),
            footprint_deg2: 1.0,
            searched_deg2: 1.0,
            n_cutouts: CutoutNumbers { equal_area: 100, ra_dec: 100 },
            detections: Vec::new(),
            haloes: (0..4).map(halo).collect(),
        };
        let counted = |&score: &f64, verdict, false_kind| CountedDetection { score, verdict, false_kind, cutouts };
        let mut detections: Vec<CountedDetection> =
            found.iter().map(|score| counted(score, Verdict::Target, None)).collect();
        detections.extend(false_scores.iter().map(|s| counted(s, Verdict::Unmatched, Some(FalseKind::NoHalo))));
        detections.sort_by(|a, b| b.score.total_cmp(&a.score));
        TileSummary { detections, ..TileSummary::new(&outcome) }
    }

    #[test]
    fn the_area_is_that_of_the_steps_between_the_rates() {
        // Two found before the first false one, the third after it, the fourth after ten: with nine tiles alike, a rate of r per
        // square degree allows floor(r) of each tile.
        let false_scores: Vec<f64> = (0..12).map(|i| if i == 0 { 7.0 } else { 3.0 - 0.1 * f64::from(i) }).collect();
        let tiles: Vec<TileSummary> = (0..9).map(|n| tile(n, &[9.0, 8.0, 5.0], &false_scores)).collect();
        let at = area_between_rates(&tiles, &tiles, FalseRule::NotOfTarget, [0.1, 10.0], &CONFIG).unwrap();
        // One half up to a rate of one, three quarters from there on; a step of the trapezium rule blurs the edge.
        assert!((at.area.value.unwrap() - 0.625).abs() < 0.01, "{at:?}");
        assert_eq!((at.area.count, at.above_reference.value, at.above_reference.error), (36, Some(0.0), Some(0.0)));
        assert!(at.area.error.unwrap() < 1e-12, "tiles are alike");
    }

    #[test]
    fn tiles_are_drawn_together_so_that_a_constant_difference_has_no_error() {
        // Tiles with one to four found, the other finder one fewer in each.
        let both = |n: u64| {
            let found: Vec<f64> = (0..1 + n % 4).map(|i| 9.0 - 0.1 * i as f64).collect();
            (tile(n, &found, &[1.0]), tile(n, &found[1..], &[1.0]))
        };
        let (ours, theirs): (Vec<TileSummary>, Vec<TileSummary>) = (0..12).map(both).unzip();
        let at = area_between_rates(&ours, &theirs, FalseRule::NotOfTarget, [0.1, 0.9], &CONFIG).unwrap();
        assert!((at.above_reference.value.unwrap() - 0.25).abs() < 1e-12);
        assert!(at.area.error.unwrap() > 0.02 && at.above_reference.error.unwrap() < 1e-12);
    }

    #[test]
    fn rates_must_rise() {
        let refused = |rates| area_between_rates(&[], &[], FalseRule::NotOfTarget, rates, &CONFIG).unwrap_err();
        for rates in [[0.0, 1.0], [1.0, 1.0], [f64::NAN, 1.0]] {
            assert!(refused(rates).to_string().contains("false_per_deg2"));
        }
        let none = area_between_rates(&[], &[], FalseRule::NotOfTarget, [0.1, 1.0], &CONFIG).unwrap();
        assert_eq!(none.area.value, None);
    }
}
