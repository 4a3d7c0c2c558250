//! Combinations of two finders, fitted on the validation tiles' records and applied to all: no sky is simulated again.

use super::settings::{EnsembleSettings, FittedOn, Settings};
use super::tiles::{self, SkyRecord, TileRecord};
use crate::run_dir::RunDir;
use crate::workspace::say;
use anyhow::{Context, Result};
use arcmin_eval::{PairedCutout, PairedTile};
use arcmin_find_ensemble::{Combination, CutoutEvidence, FittedCombinations, LabelledCutout};
use arcmin_scene::Split;

/// Where the fitted combinations are kept.
const FILE: &str = "training/ensemble.json";

/// The combinations of a run.
pub(super) struct Ensembles {
    /// Of the full sky.
    pub(super) full: FittedCombinations,
    /// Of each rung of the ladder, where finders learn on each.
    rungs: Vec<FittedCombinations>,
}

impl Ensembles {
    /// Fits what the settings ask for on the validation tiles, read one by one. `None` where nothing is asked for, or where the
    /// records were made before they said in which cutouts a finder looked.
    pub(super) fn fit(settings: &Settings, dir: &RunDir) -> Result<Option<Self>> {
        let Some(asked) = &settings.ensemble else { return Ok(None) };
        let Some(full) = fit_on(settings, asked, dir, |record| Some(&record.full))? else { return Ok(None) };
        let n_rungs = if settings.ladder.fitted_on == FittedOn::EachSky { settings.ladder.rungs.len() } else { 0 };
        let rung = |idx| fit_on(settings, asked, dir, move |record| record.ladder.get(idx));
        let rungs: Option<Vec<_>> = (0..n_rungs).map(rung).collect::<Result<_>>()?;
        Ok(rungs.map(|rungs| Self { full, rungs }))
    }

    /// Adds the outcomes of the combinations to those of the finders, on all skies of a tile.
    pub(super) fn add_to(&self, record: &mut TileRecord) {
        add(&self.full, &mut record.full);
        for (idx, sky) in record.ladder.iter_mut().enumerate() {
            add(self.rungs.get(idx).unwrap_or(&self.full), sky);
        }
    }
}

/// Fits on one sky of the validation tiles that have it.
fn fit_on(
    settings: &Settings,
    asked: &EnsembleSettings,
    dir: &RunDir,
    sky: impl Fn(&TileRecord) -> Option<&SkyRecord>,
) -> Result<Option<FittedCombinations>> {
    let mut cutouts = Vec::new();
    for tile in 0..settings.scene.n_tiles(Split::Validation) {
        let record = tiles::read(dir, Split::Validation, tile)?;
        let Some(sky) = sky(&record) else { continue };
        let Some(paired) = pair(sky, &asked.first, &asked.second) else {
            say(&format!(
                "  no combinations of {} and {}: the records under {} were made before they were kept for that; delete \
                 the records of the tiles to have them made again",
                asked.first,
                asked.second,
                dir.file("tiles").display()
            ));
            return Ok(None);
        };
        cutouts.extend(labelled(&paired));
    }
    Ok(Some(of_cutouts(asked, &cutouts)?))
}

fn of_cutouts(asked: &EnsembleSettings, cutouts: &[LabelledCutout]) -> Result<FittedCombinations> {
    FittedCombinations::fit(&asked.first, &asked.second, &asked.kinds, cutouts)
        .with_context(|| format!("while combinations of {} and {} were fitted", asked.first, asked.second))
}

/// Adds the outcome of each combination to those of the finders; nothing where one of the two is missing.
fn add(fitted: &FittedCombinations, sky: &mut SkyRecord) {
    let Some(paired) = pair(sky, &fitted.first, &fitted.second) else { return };
    let outcome = |combination: &Combination| {
        let combined = paired.combined(|cutout| combination.score(&evidence(cutout)));
        (combination.kind().name().to_owned(), combined)
    };
    let outcomes: Vec<_> = fitted.combinations.iter().map(outcome).collect();
    sky.outcomes.extend(outcomes);
}

/// Keeps the fitted combinations.
pub(super) fn write(fitted: &FittedCombinations, dir: &RunDir) -> Result<()> {
    dir.make_folder("training")?;
    dir.write(FILE, serde_json::to_string(fitted)?.as_bytes())
}

/// What two finders said of a sky; `None` where the record lacks one, or in which cutouts it looked.
fn pair<'a>(sky: &'a SkyRecord, first: &str, second: &str) -> Option<PairedTile<'a>> {
    let counted = sky.counted.get(first)?.and(sky.counted.get(second)?);
    Some(PairedTile::new(sky.outcomes.get(first)?, sky.outcomes.get(second)?, counted))
}

/// What both finders say of a cutout.
fn evidence(cutout: &PairedCutout) -> CutoutEvidence {
    CutoutEvidence {
        first: cutout.first.map(|detection| detection.score),
        second: cutout.second.map(|detection| detection.score),
        scale_arcmin: cutout.first.and_then(|detection| detection.scale_arcmin),
        from_middle_arcmin: cutout.first.and_then(|detection| detection.from_middle_arcmin),
    }
}

/// The cutouts of a tile, the empty ones as one.
fn labelled(paired: &PairedTile) -> Vec<LabelledCutout> {
    let labelled = |cutout: &PairedCutout| LabelledCutout {
        evidence: evidence(cutout),
        weight: 1.0,
        is_target: cutout.is_positive,
    };
    let mut cutouts: Vec<LabelledCutout> = paired.cutouts().iter().map(labelled).collect();
    if paired.n_empty() > 0 {
        let weight = paired.n_empty() as f64;
        cutouts.push(LabelledCutout { evidence: CutoutEvidence::default(), weight, is_target: false });
    }
    cutouts
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_eval::outcome::OUTCOME_FORMAT;
    use arcmin_eval::{
        CutoutCells, CutoutNumbers, CutoutRuns, DetectionOutcome, HaloOutcome, MatchConfig, TileOutcome, Verdict,
    };
    use arcmin_find_ensemble::Kind;
    use std::collections::BTreeMap;

    /// A tile of 100 cutouts in a row with targets in the first ten; detections `(cutout, score)` are of these or of nothing.
    fn outcome(found: &[(u32, f64)]) -> TileOutcome {
        let cutouts = |cell| CutoutCells { equal_area: Some(cell), ra_dec: cell };
        let score = |cell: u32| found.iter().find(|(other, _)| *other == cell).map(|(_, score)| *score);
        let halo = |cell: u32| HaloOutcome {
            id: u64::from(cell),
            lon_deg: 0.0,
            lat_deg: 0.0,
            mvir_msun: 3e14,
            m500c_msun: 2e14,
            redshift: 0.5,
            true_y0: 1e-4,
            theta500_arcmin: 2.0,
            is_target: true,
            is_searched: true,
            cutouts: cutouts(cell),
            score: score(cell),
        };
        let detection = |&(cell, score): &(u32, f64)| DetectionOutcome {
            lon_deg: 0.0,
            lat_deg: 0.0,
            score,
            verdict: if cell < 10 { Verdict::Target } else { Verdict::Unmatched },
            counterpart: (cell < 10).then(|| arcmin_eval::Counterpart {
                halo_id: u64::from(cell),
                mvir_msun: 3e14,
                redshift: 0.5,
                true_y0: 1e-4,
                offset_arcmin: 0.2,
            }),
            cutouts: cutouts(cell),
            from_middle_arcmin: Some(f64::from(cell % 4)),
            scale_arcmin: None,
            y_best: None,
            y_fixed: None,
            mass: None,
            position_error_arcmin: None,
        };
        let mut detections: Vec<DetectionOutcome> = found.iter().map(detection).collect();
        detections.sort_by(|a, b| b.score.total_cmp(&a.score));
        TileOutcome {
            format: OUTCOME_FORMAT,
            tile: 0,
            matching: MatchConfig::default(),
            footprint_deg2: 1.0,
            searched_deg2: 1.0,
            n_cutouts: CutoutNumbers { equal_area: 100, ra_dec: 120 },
            detections,
            haloes: (0..10).map(halo).collect(),
        }
    }

    fn sky() -> SkyRecord {
        let peaks: Vec<(u32, f64)> = (0..30).map(|cell| (cell, 3.0 + f64::from((cell * 7) % 11))).collect();
        let cutouts: Vec<(u32, f64)> =
            (0..8).chain(40..44).map(|cell| (cell, 0.1 + 0.02 * f64::from(cell % 9))).collect();
        let outcomes = BTreeMap::from([("mmf".to_owned(), outcome(&peaks)), ("cnn".to_owned(), outcome(&cutouts))]);
        let runs = |n| CutoutRuns::new(0..n);
        let counted = BTreeMap::from([("mmf".to_owned(), runs(42)), ("cnn".to_owned(), runs(100))]);
        SkyRecord { outcomes, photometry: Vec::new(), counted }
    }

    #[test]
    fn combinations_stand_beside_the_two_finders_on_cutouts_that_count_for_both() {
        let mut sky = sky();
        let cutouts = labelled(&pair(&sky, "mmf", "cnn").expect("both are there"));
        let asked = EnsembleSettings::default();
        let ensembles = of_cutouts(&asked, &cutouts).expect("targets and others");
        assert_eq!((ensembles.n_cutouts, ensembles.n_targets), (42.0, 10.0));
        add(&ensembles, &mut sky);
        assert_eq!(sky.outcomes.keys().collect::<Vec<_>>(), ["and", "calibrated", "cnn", "mmf", "prod"]);
        let n = |name: &str| sky.outcomes[name].detections.len();
        assert_eq!((n("prod"), n("calibrated")), (32, 32), "thirty peaks and two cutouts of the network alone");
        assert!(Kind::ALL.iter().all(|kind| sky.outcomes[kind.name()].n_cutouts.equal_area == 42));
    }

    #[test]
    fn records_that_do_not_say_where_a_finder_looked_have_no_combinations() {
        let mut old = sky();
        let cutouts = labelled(&pair(&old, "mmf", "cnn").expect("both are there"));
        old.counted.clear();
        assert!(pair(&old, "mmf", "cnn").is_none());
        let ensembles = of_cutouts(&EnsembleSettings::default(), &cutouts).expect("a fit");
        add(&ensembles, &mut old);
        assert_eq!(old.outcomes.len(), 2);
    }
}
