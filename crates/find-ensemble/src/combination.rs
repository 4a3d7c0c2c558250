//! The combinations by name, fitted and applied alike.

use crate::cutout::check;
use crate::{And, Calibrated, CutoutEvidence, Error, LabelledCutout, RankProduct};
use arcmin_method::ScoreKind;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// Both scores reach their thresholds, [`And`].
    #[serde(rename = "and")]
    And,
    /// Product of rank percentiles, [`RankProduct`].
    #[serde(rename = "prod")]
    RankProduct,
    /// Logistic regression, [`Calibrated`].
    #[serde(rename = "calibrated")]
    Calibrated,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::And, Self::RankProduct, Self::Calibrated];

    /// Short name in configurations, records and reports.
    pub fn name(self) -> &'static str {
        match self {
            Kind::And => "and",
            Kind::RankProduct => "prod",
            Kind::Calibrated => "calibrated",
        }
    }

    /// What its scores are.
    pub fn score_kind(self) -> ScoreKind {
        match self {
            Kind::And | Kind::RankProduct => ScoreKind::Order,
            Kind::Calibrated => ScoreKind::Probability,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A fitted combination: one score from two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Combination {
    /// Both scores reach their thresholds.
    #[serde(rename = "and")]
    And(And),
    /// Product of rank percentiles.
    #[serde(rename = "prod")]
    RankProduct(RankProduct),
    /// Logistic regression.
    #[serde(rename = "calibrated")]
    Calibrated(Calibrated),
}

impl Combination {
    /// Fits a combination on cutouts whose content is known: all of a validation set, those without any detection included.
    ///
    /// # Errors
    /// [`Error::NoTargets`], [`Error::NoOthers`] or [`Error::NothingFound`] where there is nothing to learn;
    /// [`Error::BadScore`] and [`Error::BadWeight`] for numbers that cannot be: the logarithm of the first score and the
    /// odds of the second must exist for [`Kind::Calibrated`], ratios to both for [`Kind::And`].
    pub fn fit(kind: Kind, cutouts: &[LabelledCutout]) -> Result<Self, Error> {
        check(kind, cutouts)?;
        Ok(match kind {
            Kind::And => Self::And(And::fit(cutouts)),
            Kind::RankProduct => Self::RankProduct(RankProduct::fit(cutouts)),
            Kind::Calibrated => Self::Calibrated(Calibrated::fit(cutouts)),
        })
    }

    /// Which combination it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::And(_) => Kind::And,
            Self::RankProduct(_) => Kind::RankProduct,
            Self::Calibrated(_) => Kind::Calibrated,
        }
    }

    /// The score of a cutout; it never falls when one of the finders' scores rises or, at the middle of the fit's scales and of the
    /// cutout, comes in. `None` where [`And`] asks for a score that is not there.
    pub fn score(&self, evidence: &CutoutEvidence) -> Option<f64> {
        match self {
            Self::And(and) => and.score(evidence),
            Self::RankProduct(ranks) => Some(ranks.score(evidence)),
            Self::Calibrated(calibrated) => Some(calibrated.score(evidence)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scores() -> impl Strategy<Value = (Option<f64>, Option<f64>)> {
        (prop::option::of(3.0f64..30.0), prop::option::of(0.01f64..1.0))
    }

    /// Scale and distance from the middle in arcmin.
    fn shape() -> impl Strategy<Value = (f64, f64)> {
        (0.25f64..3.0, 0.0f64..4.2)
    }

    /// Scores with scale and place where the first finder has a detection and they are known.
    fn shaped((first, second): (Option<f64>, Option<f64>), shape: Option<(f64, f64)>) -> CutoutEvidence {
        let shape = first.and(shape);
        CutoutEvidence { first, second, scale_arcmin: shape.map(|s| s.0), from_middle_arcmin: shape.map(|s| s.1) }
    }

    fn cutouts() -> impl Strategy<Value = Vec<LabelledCutout>> {
        let one = (scores(), prop::option::of(shape()), any::<bool>()).prop_map(|(scores, shape, is_target)| {
            LabelledCutout { evidence: shaped(scores, shape), weight: 1.0, is_target }
        });
        prop::collection::vec(one, 2..60)
    }

    /// No detection below all.
    fn at_least(a: (Option<f64>, Option<f64>), b: (Option<f64>, Option<f64>)) -> bool {
        let value = |score: Option<f64>| score.unwrap_or(f64::NEG_INFINITY);
        value(a.0) >= value(b.0) && value(a.1) >= value(b.1)
    }

    proptest! {
        #[test]
        fn more_of_either_score_never_means_less(
            cutouts in cutouts(), asked in prop::collection::vec(scores(), 12), shape in prop::option::of(shape()),
        ) {
            // What comes in at some scale and place may speak against a target.
            let alike = |a: &(Option<f64>, Option<f64>), b: &(Option<f64>, Option<f64>)| {
                shape.is_none() || a.0.is_some() == b.0.is_some()
            };
            for kind in Kind::ALL {
                let Ok(fitted) = Combination::fit(kind, &cutouts) else { continue };
                for a in &asked {
                    for b in asked.iter().filter(|b| at_least(*a, **b) && alike(a, b)) {
                        let score = |s: &(Option<f64>, Option<f64>)| {
                            fitted.score(&shaped(*s, shape)).unwrap_or(f64::NEG_INFINITY)
                        };
                        prop_assert!(score(a) >= score(b) - 1e-12, "{kind}: {a:?} {} {b:?} {}", score(a), score(b));
                    }
                }
            }
        }

        #[test]
        fn a_fitted_combination_comes_back_from_json_bit_for_bit(cutouts in cutouts()) {
            for kind in Kind::ALL {
                let Ok(fitted) = Combination::fit(kind, &cutouts) else { continue };
                let text = serde_json::to_string(&fitted).unwrap();
                prop_assert_eq!(serde_json::from_str::<Combination>(&text).unwrap(), fitted);
            }
        }

        #[test]
        fn the_cut_of_and_lies_at_one(cutouts in cutouts()) {
            if let Ok(Combination::And(and)) = Combination::fit(Kind::And, &cutouts) {
                for cutout in &cutouts {
                    let reaches = |least: Option<f64>, score: Option<f64>| {
                        least.is_none_or(|least| score.is_some_and(|score| score >= least))
                    };
                    let passes = reaches(and.first_min, cutout.evidence.first) && reaches(and.second_min, cutout.evidence.second);
                    let score = and.score(&cutout.evidence);
                    prop_assert_eq!(passes, score.is_some_and(|score| score >= 1.0), "{:?} {:?}", and, cutout);
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let cutout = |first, second, is_target| LabelledCutout {
            evidence: CutoutEvidence::new(first, second),
            weight: 1.0,
            is_target,
        };
        let (target, other) = (cutout(Some(9.0), Some(0.9), true), cutout(Some(4.0), None, false));
        let refusal = |kind, cutouts: &[LabelledCutout]| Combination::fit(kind, cutouts).unwrap_err();
        for kind in Kind::ALL {
            assert_eq!(refusal(kind, &[other]), Error::NoTargets { n_cutouts: 1.0 });
            assert_eq!(refusal(kind, &[target]), Error::NoOthers { n_cutouts: 1.0 });
            let nothing = [cutout(None, None, true), cutout(None, None, false)];
            assert_eq!(refusal(kind, &nothing), Error::NothingFound { n_cutouts: 2.0 });
            let weightless = LabelledCutout { weight: 0.0, ..other };
            assert_eq!(refusal(kind, &[target, weightless]), Error::BadWeight { value: 0.0 });
            let nan = cutout(Some(f64::NAN), None, false);
            assert!(matches!(refusal(kind, &[target, nan]), Error::BadScore { .. }));
        }
        let evidence = CutoutEvidence { scale_arcmin: Some(0.0), ..target.evidence };
        let shrunk = refusal(Kind::Calibrated, &[LabelledCutout { evidence, ..target }, other]).to_string();
        assert_eq!(shrunk, "the scale of a detection is 0: it must be finite and above zero");
        let certain = cutout(Some(3.0), Some(1.5), false);
        let message = refusal(Kind::Calibrated, &[target, certain]).to_string();
        assert_eq!(message, "a score of the second finder is 1.5: calibrated needs it to be a probability");
        assert!(Combination::fit(Kind::RankProduct, &[target, cutout(Some(-3.0), None, false)]).is_ok());
    }
}
