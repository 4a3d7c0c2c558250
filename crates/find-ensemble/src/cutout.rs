//! What is known of a cutout while a combination is fitted.

use crate::{Error, Kind};
use std::fmt;

/// What both finders say of a cutout.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CutoutEvidence {
    /// Largest score of the first finder's detections; `None` where it has none.
    pub first: Option<f64>,
    /// Largest score of the second finder's detections; `None` where it has none.
    pub second: Option<f64>,
    /// Scale of the first finder's detection of that score, where it measures one.
    pub scale_arcmin: Option<f64>,
    /// Distance of that detection from the middle of the cutout in which it lies, where it is known.
    pub from_middle_arcmin: Option<f64>,
}

/// A cutout with what both finders say of it and what it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelledCutout {
    /// What the finders say.
    pub evidence: CutoutEvidence,
    /// How many such cutouts there are: cutouts without any detection come as one.
    pub weight: f64,
    /// True when it holds a target.
    pub is_target: bool,
}

/// One of the two finders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one whose positions and amplitudes are kept.
    First,
    /// The other.
    Second,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::First => "first",
            Side::Second => "second",
        })
    }
}

impl CutoutEvidence {
    /// Two scores without scale and place.
    pub fn new(first: Option<f64>, second: Option<f64>) -> Self {
        Self { first, second, scale_arcmin: None, from_middle_arcmin: None }
    }

    /// Score of one of the finders.
    pub(crate) fn of(&self, side: Side) -> Option<f64> {
        match side {
            Side::First => self.first,
            Side::Second => self.second,
        }
    }
}

/// Largest score that a probability may be.
const CERTAIN: f64 = 1.0;

/// Checks that there is something to fit.
pub(crate) fn check(kind: Kind, cutouts: &[LabelledCutout]) -> Result<(), Error> {
    if let Some(bad) = cutouts.iter().find(|c| !(c.weight.is_finite() && c.weight > 0.0)) {
        return Err(Error::BadWeight { value: bad.weight });
    }
    for side in [Side::First, Side::Second] {
        for value in cutouts.iter().filter_map(|cutout| cutout.evidence.of(side)) {
            check_score(kind, side, value)?;
        }
    }
    let sum = |is: &dyn Fn(&&LabelledCutout) -> bool| cutouts.iter().filter(is).map(|c| c.weight).sum::<f64>();
    let (n_cutouts, n_targets) = (sum(&|_| true), sum(&|c| c.is_target));
    if n_targets <= 0.0 {
        return Err(Error::NoTargets { n_cutouts });
    }
    let known = |of: fn(&CutoutEvidence) -> Option<f64>| cutouts.iter().filter_map(move |cutout| of(&cutout.evidence));
    if let Some(value) = known(|evidence| evidence.scale_arcmin).find(|scale| !(scale.is_finite() && *scale > 0.0)) {
        return Err(Error::BadMeasurement { what: "scale", value, must_be: "finite and above zero" });
    }
    if let Some(value) = known(|evidence| evidence.from_middle_arcmin).find(|at| !(at.is_finite() && *at >= 0.0)) {
        return Err(Error::BadMeasurement {
            what: "distance from the middle",
            value,
            must_be: "finite and not negative",
        });
    }
    if sum(&|c| !c.is_target) <= 0.0 {
        return Err(Error::NoOthers { n_cutouts });
    }
    if cutouts.iter().all(|c| c.evidence.first.is_none() && c.evidence.second.is_none()) {
        return Err(Error::NothingFound { n_cutouts });
    }
    Ok(())
}

fn check_score(kind: Kind, side: Side, value: f64) -> Result<(), Error> {
    let (holds, must_be) = match (kind, side) {
        (Kind::RankProduct, _) => (value.is_finite(), "finite"),
        (Kind::Calibrated, Side::Second) => ((0.0..=CERTAIN).contains(&value), "a probability"),
        _ => (value.is_finite() && value > 0.0, "finite and above zero"),
    };
    if holds { Ok(()) } else { Err(Error::BadScore { side, kind, value, must_be }) }
}
