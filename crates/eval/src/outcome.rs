//! All that is kept of one tile, small enough to have a file for every tile of a survey.

use crate::Error;
use crate::cutout_lattice::{CutoutCells, CutoutNumbers, TileCutouts};
use crate::file::{read_json, write_json};
use crate::matching::{MatchConfig, match_candidates};
use arcmin_maps::Mask;
use arcmin_method::{Candidate, Detections, SizeMeasured};
use arcmin_scene::{Halo, Truth};
use arcmin_units::{Arcmin, HaloMass};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Version of the JSON form of [`TileOutcome`].
pub const OUTCOME_FORMAT: u32 = 2;

/// What a detection turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It belongs to a target halo: a true positive.
    Target,
    /// It belongs to a halo that was not asked for (too light or too near): impure, yet no noise peak.
    BelowSelection,
    /// It belongs to a halo whose centre was not searched: neither true nor false, left out of all scores.
    OutsideSearch,
    /// It belongs to no halo.
    Unmatched,
}

/// A measured Compton y.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YMeasured {
    /// Central Compton y.
    pub value: f64,
    /// One-sigma error.
    pub error: f64,
}

/// A mass that a finder gave.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MassFound {
    /// Virial mass in Msun.
    pub mvir_msun: f64,
    /// One-sigma error of its natural logarithm.
    pub ln_error: f64,
}

/// The halo of a detection.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counterpart {
    /// Number of the halo in its tile.
    pub halo_id: u64,
    /// Virial mass in Msun.
    pub mvir_msun: f64,
    /// Redshift.
    pub redshift: f64,
    /// Central Compton y that was painted.
    pub true_y0: f64,
    /// Distance between detection and halo in arcmin.
    pub offset_arcmin: f64,
}

/// One detection after matching.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectionOutcome {
    /// Longitude in degrees.
    pub lon_deg: f64,
    /// Latitude in degrees.
    pub lat_deg: f64,
    /// The finder's score.
    pub score: f64,
    /// What it turned out to be.
    pub verdict: Verdict,
    /// Its halo, if it has one.
    pub counterpart: Option<Counterpart>,
    /// The cutouts that it speaks for: those that hold its halo's centre if it has a halo, else its own position.
    pub cutouts: CutoutCells,
    /// Distance of its own position from the middle of the cutout of equal area that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_middle_arcmin: Option<f64>,
    /// The finder's best scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_arcmin: Option<f64>,
    /// Central y at that scale.
    pub y_best: Option<YMeasured>,
    /// Central y at the finder's fixed scale.
    pub y_fixed: Option<YMeasured>,
    /// Mass by the finder itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mass: Option<MassFound>,
    /// One-sigma error of the position along each axis, by the finder itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position_error_arcmin: Option<f64>,
}

/// One halo after matching.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HaloOutcome {
    /// Number of the halo in its tile.
    pub id: u64,
    /// Longitude in degrees.
    pub lon_deg: f64,
    /// Latitude in degrees.
    pub lat_deg: f64,
    /// Virial mass in Msun.
    pub mvir_msun: f64,
    /// Mass within 500 times the critical density in Msun.
    pub m500c_msun: f64,
    /// Redshift.
    pub redshift: f64,
    /// Central Compton y that was painted.
    pub true_y0: f64,
    /// Angle of R500c in arcmin.
    pub theta500_arcmin: f64,
    /// True when it is a target: one of the haloes that the finder is asked for.
    pub is_target: bool,
    /// True when the pixel of its centre was searched.
    pub is_searched: bool,
    /// The cutouts that hold its centre.
    pub cutouts: CutoutCells,
    /// Score of its detection, if it has one.
    pub score: Option<f64>,
}

/// All that is kept of one tile; of many, scoring holds [`TileSummary`](crate::TileSummary) alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TileOutcome {
    /// Version of this form, [`OUTCOME_FORMAT`].
    pub format: u32,
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
    /// Detections by falling score.
    pub detections: Vec<DetectionOutcome>,
    /// Haloes by falling mass: all above `matching.keep_mvir_min_msun`, all targets, and all that were matched.
    pub haloes: Vec<HaloOutcome>,
}

impl TileOutcome {
    /// Matches the detections of one tile with its truth.
    ///
    /// An empty list of detections, a truth without haloes and a tile of which nothing was searched are fine.
    ///
    /// # Errors
    /// A bad setting, frames that differ, or a score, y, mass or redshift that is not finite.
    pub fn new(detections: &Detections, truth: &Truth, config: &MatchConfig) -> Result<Self, Error> {
        config.check()?;
        check_frames(detections, truth)?;
        check_finite(detections, truth)?;
        let radius = Arcmin::new(config.radius_arcmin);
        let halo_of = match_candidates(&detections.candidates, &truth.haloes, radius);
        let cutouts = TileCutouts::new(&detections.searched, &config.cutouts)?;
        let outcome = |halo| halo_outcome(halo, &detections.searched, &cutouts, config);
        let mut haloes: Vec<HaloOutcome> = truth.haloes.iter().map(outcome).collect();
        let mut judged = Vec::with_capacity(halo_of.len());
        for (candidate, halo_idx) in detections.candidates.iter().zip(halo_of) {
            judged.push(judge(candidate, &cutouts, halo_idx.map(|idx| (&truth.haloes[idx], &mut haloes[idx]))));
        }
        judged.sort_by(|a, b| b.score.total_cmp(&a.score));
        haloes.retain(|h| h.mvir_msun >= config.keep_mvir_min_msun || h.is_target || h.score.is_some());
        haloes.sort_by(|a, b| b.mvir_msun.total_cmp(&a.mvir_msun));
        Ok(Self {
            format: OUTCOME_FORMAT,
            tile: truth.tile,
            matching: *config,
            footprint_deg2: truth.footprint.area_deg2(),
            searched_deg2: detections.searched.area_deg2(),
            n_cutouts: cutouts.counts(),
            detections: judged,
            haloes,
        })
    }

    /// Writes the outcome as one line of JSON, atomically.
    ///
    /// # Errors
    /// [`Error::Io`] with the path.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        write_json(path, "tile outcome", self, serde_json::to_string)
    }

    /// Reads an outcome; every number comes back bit for bit.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Json`] or [`Error::FormatVersion`], each with the path.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let outcome: Self = read_json(path, "tile outcome")?;
        if outcome.format != OUTCOME_FORMAT {
            let (expected, got) = (OUTCOME_FORMAT, outcome.format);
            return Err(Error::FormatVersion { path: path.to_owned(), what: "tile outcome", expected, got });
        }
        Ok(outcome)
    }
}

fn halo_outcome(halo: &Halo, searched: &Mask, cutouts: &TileCutouts, config: &MatchConfig) -> HaloOutcome {
    HaloOutcome {
        id: halo.id,
        lon_deg: halo.position.lon_deg(),
        lat_deg: halo.position.lat_deg(),
        mvir_msun: halo.mvir.msun(),
        m500c_msun: halo.m500c.msun(),
        redshift: halo.redshift.value(),
        true_y0: halo.y0,
        theta500_arcmin: halo.theta500.to_arcmin().value(),
        is_target: config.selection.contains(halo),
        is_searched: searched.is_valid_at(halo.position),
        cutouts: cutouts.cells(halo.position),
        score: None,
    }
}

/// Judges one candidate and notes its score with its halo.
fn judge(candidate: &Candidate, cutouts: &TileCutouts, matched: Option<(&Halo, &mut HaloOutcome)>) -> DetectionOutcome {
    let from_middle_arcmin = cutouts.from_middle(candidate.position).map(|distance| distance.value());
    let cutouts = matched.as_ref().map_or_else(|| cutouts.cells(candidate.position), |(_, halo)| halo.cutouts);
    let verdict = match &matched {
        None => Verdict::Unmatched,
        Some((_, halo)) if !halo.is_searched => Verdict::OutsideSearch,
        Some((_, halo)) if halo.is_target => Verdict::Target,
        Some(_) => Verdict::BelowSelection,
    };
    let counterpart = matched.map(|(halo, outcome)| {
        outcome.score = Some(candidate.score);
        Counterpart {
            halo_id: outcome.id,
            mvir_msun: outcome.mvir_msun,
            redshift: outcome.redshift,
            true_y0: outcome.true_y0,
            offset_arcmin: candidate.position.separation(halo.position).to_arcmin().value(),
        }
    });
    let y = |size: &Option<SizeMeasured>| {
        size.as_ref().map(|size| YMeasured { value: size.y_c.value, error: size.y_c.error })
    };
    DetectionOutcome {
        lon_deg: candidate.position.lon_deg(),
        lat_deg: candidate.position.lat_deg(),
        score: candidate.score,
        verdict,
        counterpart,
        cutouts,
        from_middle_arcmin,
        scale_arcmin: candidate.best.as_ref().map(|size| size.scale_arcmin),
        y_best: y(&candidate.best),
        y_fixed: y(&candidate.fixed),
        mass: candidate.mass.map(|mass| MassFound { mvir_msun: mass.mvir.msun(), ln_error: mass.ln_error }),
        position_error_arcmin: candidate.position_error.map(|error| error.value()),
    }
}

fn check_frames(detections: &Detections, truth: &Truth) -> Result<(), Error> {
    let (found, real) = (detections.searched.geometry().frame(), truth.footprint.geometry().frame());
    if found == real {
        return Ok(());
    }
    Err(Error::FrameMismatch { tile: truth.tile, detections: found, truth: real })
}

fn check_finite(detections: &Detections, truth: &Truth) -> Result<(), Error> {
    let tile = truth.tile;
    let check = |what, idx, quantity, value: f64| match value.is_finite() {
        true => Ok(()),
        false => Err(Error::NonFinite { tile, what, idx, quantity, value }),
    };
    for (idx, candidate) in detections.candidates.iter().enumerate() {
        check("candidate", idx, "score", candidate.score)?;
        for size in candidate.best.iter().chain(&candidate.fixed) {
            check("candidate", idx, "y_c", size.y_c.value)?;
            check("candidate", idx, "err_y_c", size.y_c.error)?;
        }
        if let Some(mass) = candidate.mass {
            check("candidate", idx, "mass", mass.mvir.msun())?;
            check("candidate", idx, "error of the mass", mass.ln_error)?;
        }
        if let Some(error) = candidate.position_error {
            check("candidate", idx, "error of the position", error.value())?;
        }
    }
    for (idx, halo) in truth.haloes.iter().enumerate() {
        check("halo", idx, "Mvir", halo.mvir.msun())?;
        check("halo", idx, "M500c", halo.m500c.msun())?;
        check("halo", idx, "redshift", halo.redshift.value())?;
        check("halo", idx, "y0", halo.y0)?;
        check("halo", idx, "theta500", halo.theta500.value())?;
    }
    Ok(())
}

/// Haloes and candidates for the tests of this crate.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use arcmin_units::{M200c, M200m, M500c, Mvir, Redshift, SkyPosition};

    pub(crate) fn halo(id: u64, lon_deg: f64, lat_deg: f64, mvir_msun: f64, redshift: f64) -> Halo {
        Halo {
            id,
            position: SkyPosition::from_deg(lon_deg, lat_deg).unwrap(),
            redshift: Redshift::new(redshift),
            m200m: M200m::new(1.1 * mvir_msun),
            m500c: M500c::new(0.6 * mvir_msun),
            mvir: Mvir::new(mvir_msun),
            y0: 1e-4 * (mvir_msun / 3e14),
            theta500: Arcmin::new(2.0).to_rad(),
            m200c: M200c::new(0.9 * mvir_msun),
            c200c: 5.0,
            y500_mpc2: 3e-5 * (mvir_msun / 5e14),
            velocity_km_s: 0.0,
        }
    }

    pub(crate) fn candidate(lon_deg: f64, lat_deg: f64, score: f64) -> Candidate {
        Candidate::new(SkyPosition::from_deg(lon_deg, lat_deg).unwrap(), score)
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{candidate, halo};
    use super::*;
    use arcmin_maps::{Geometry, Shape};
    use arcmin_units::SkyPosition;

    /// A tile of 1 deg with its upper half not searched.
    fn tile(haloes: Vec<Halo>, candidates: Vec<Candidate>) -> (Detections, Truth) {
        let centre = SkyPosition::from_deg(10.0, 0.0).unwrap();
        let geometry = Geometry::tile(centre, Shape { ny: 60, nx: 60 }, Arcmin::new(1.0)).unwrap();
        let mut searched = Mask::all_valid(geometry.clone());
        searched.valid_mut()[30 * 60..].fill(false);
        let truth = Truth { tile: 3, haloes, sources: Vec::new(), footprint: Mask::all_valid(geometry) };
        (Detections { candidates, searched }, truth)
    }

    #[test]
    fn each_verdict_is_given_where_it_is_due() {
        let haloes = vec![
            halo(1, 10.1, -0.1, 4e14, 0.5),
            halo(2, 10.0, -0.2, 1.5e14, 0.5),
            halo(3, 9.9, -0.3, 4e14, 0.1),
            halo(4, 10.0, 0.2, 4e14, 0.5),
            halo(5, 10.2, -0.1, 3e13, 0.5),
        ];
        let candidates = vec![
            candidate(10.1, -0.1, 9.0),
            candidate(10.0, -0.2, 8.0),
            candidate(9.9, -0.3, 7.0),
            candidate(10.0, 0.2, 6.0),
            candidate(9.7, -0.1, 5.0),
        ];
        let (detections, truth) = tile(haloes, candidates);
        let outcome = TileOutcome::new(&detections, &truth, &MatchConfig::default()).unwrap();
        let verdicts: Vec<Verdict> = outcome.detections.iter().map(|d| d.verdict).collect();
        use Verdict::{BelowSelection, OutsideSearch, Target, Unmatched};
        assert_eq!(verdicts, [Target, BelowSelection, BelowSelection, OutsideSearch, Unmatched]);
        assert_eq!(outcome.haloes.len(), 4, "the light unmatched halo is dropped");
        assert_eq!(outcome.haloes.iter().filter(|halo| halo.is_target && halo.is_searched).count(), 1);
        assert!((outcome.searched_deg2 / outcome.footprint_deg2 - 0.5).abs() < 1e-12);
    }

    #[test]
    fn json_round_trip_keeps_every_bit() {
        let (mut detections, truth) = tile(vec![halo(1, 10.1, -0.1, 4e14 / 3.0, 0.1 + 0.2)], vec![]);
        detections.candidates = vec![candidate(10.1 + 1e-3 / 3.0, -0.1, 2.0_f64.sqrt())];
        let outcome = TileOutcome::new(&detections, &truth, &MatchConfig::default()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tile-3.json");
        outcome.write(&path).unwrap();
        assert_eq!(TileOutcome::read(&path).unwrap(), outcome);
    }

    #[test]
    fn nan_score_and_foreign_format_are_refused() {
        let (detections, truth) = tile(vec![], vec![candidate(10.0, 0.0, f64::NAN)]);
        let error = TileOutcome::new(&detections, &truth, &MatchConfig::default()).unwrap_err();
        assert!(error.to_string().contains("candidate 0 has score = NaN"), "{error}");

        let (detections, truth) = tile(vec![], vec![]);
        let mut outcome = TileOutcome::new(&detections, &truth, &MatchConfig::default()).unwrap();
        outcome.format = 99;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tile-3.json");
        outcome.write(&path).unwrap();
        assert!(TileOutcome::read(&path).unwrap_err().to_string().contains("format 99"));
    }
}
