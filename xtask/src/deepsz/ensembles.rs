//! Combinations of two finders, fitted on the validation tiles' records and applied to all: no sky is simulated again.

use super::settings::{EnsembleSettings, Settings};
use super::tiles::{self, SkyRecord};
use crate::run_dir::RunDir;
use crate::workspace::say;
use anyhow::{Context, Result};
use arcmin_eval::PairedTile;
use arcmin_find_ensemble::{Combination, LabelledCutout};
use arcmin_scene::Split;
use serde::Serialize;

/// Where the fitted combinations are kept.
const FILE: &str = "training/ensemble.json";

/// The combinations of a run.
#[derive(Serialize)]
pub(super) struct Ensembles {
    /// The finder whose positions are kept.
    first: String,
    /// The other.
    second: String,
    /// Validation cutouts on which they were fitted.
    n_cutouts: f64,
    /// Those of them that hold a target.
    n_targets: f64,
    /// One of each kind.
    combinations: Vec<Combination>,
}

impl Ensembles {
    /// Fits what the settings ask for on the full sky of the validation tiles, read one by one. `None` where nothing is asked
    /// for, or where the records were made before they said in which cutouts a finder looked.
    pub(super) fn fit(settings: &Settings, dir: &RunDir) -> Result<Option<Self>> {
        let Some(asked) = &settings.ensemble else { return Ok(None) };
        let mut cutouts = Vec::new();
        for tile in 0..settings.scene.n_tiles(Split::Validation) {
            let record = tiles::read(dir, Split::Validation, tile)?;
            let Some(paired) = pair(&record.full, &asked.first, &asked.second) else {
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
        Self::of_cutouts(asked, &cutouts).map(Some)
    }

    fn of_cutouts(asked: &EnsembleSettings, cutouts: &[LabelledCutout]) -> Result<Self> {
        let fit = |&kind| Combination::fit(kind, cutouts).with_context(|| format!("while {kind} was fitted"));
        let sum = |is: fn(&LabelledCutout) -> bool| cutouts.iter().filter(|c| is(c)).map(|c| c.weight).sum();
        Ok(Self {
            first: asked.first.clone(),
            second: asked.second.clone(),
            n_cutouts: sum(|_| true),
            n_targets: sum(|cutout| cutout.is_target),
            combinations: asked.kinds.iter().map(fit).collect::<Result<_>>()?,
        })
    }

    /// Adds the outcome of each combination to those of the finders; nothing where one of the two is missing.
    pub(super) fn add_to(&self, sky: &mut SkyRecord) {
        let Some(paired) = pair(sky, &self.first, &self.second) else { return };
        let outcome = |combination: &Combination| {
            (combination.kind().name().to_owned(), paired.combined(|first, second| combination.score(first, second)))
        };
        let outcomes: Vec<_> = self.combinations.iter().map(outcome).collect();
        sky.outcomes.extend(outcomes);
    }

    /// Keeps the fitted combinations.
    pub(super) fn write(&self, dir: &RunDir) -> Result<()> {
        dir.make_folder("training")?;
        dir.write(FILE, serde_json::to_string(self)?.as_bytes())
    }

    /// Names of the combinations.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.combinations.iter().map(|combination| combination.kind().name())
    }
}

/// What two finders said of a sky; `None` where the record lacks one, or in which cutouts it looked.
fn pair<'a>(sky: &'a SkyRecord, first: &str, second: &str) -> Option<PairedTile<'a>> {
    let counted = sky.counted.get(first)?.and(sky.counted.get(second)?);
    Some(PairedTile::new(sky.outcomes.get(first)?, sky.outcomes.get(second)?, counted))
}

/// The cutouts of a tile, the empty ones as one.
fn labelled(paired: &PairedTile) -> Vec<LabelledCutout> {
    let mut cutouts: Vec<LabelledCutout> = paired
        .cutouts()
        .iter()
        .map(|cutout| LabelledCutout {
            first: cutout.first.map(|detection| detection.score),
            second: cutout.second.map(|detection| detection.score),
            weight: 1.0,
            is_target: cutout.is_positive,
        })
        .collect();
    if paired.n_empty() > 0 {
        let weight = paired.n_empty() as f64;
        cutouts.push(LabelledCutout { first: None, second: None, weight, is_target: false });
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
        let ensembles = Ensembles::of_cutouts(&asked, &cutouts).expect("targets and others");
        assert_eq!((ensembles.n_cutouts, ensembles.n_targets), (42.0, 10.0));
        ensembles.add_to(&mut sky);
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
        let ensembles = Ensembles::of_cutouts(&EnsembleSettings::default(), &cutouts).expect("a fit");
        ensembles.add_to(&mut old);
        assert_eq!(old.outcomes.len(), 2);
    }
}
