//! What can go wrong.

use crate::cutout::Side;

/// Errors of a fit and of the finder.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No cutout holds a target.
    #[error("none of {n_cutouts} cutouts holds a target: fit on more tiles")]
    NoTargets {
        /// Cutouts given, by weight.
        n_cutouts: f64,
    },
    /// Every cutout holds a target.
    #[error("all of {n_cutouts} cutouts hold a target: cutouts without one are needed too")]
    NoOthers {
        /// Cutouts given, by weight.
        n_cutouts: f64,
    },
    /// No cutout has a score of either finder.
    #[error(
        "none of {n_cutouts} cutouts has a detection of either finder: lower their thresholds, or fit on more tiles"
    )]
    NothingFound {
        /// Cutouts given, by weight.
        n_cutouts: f64,
    },
    /// A score that the combination cannot use.
    #[error("a score of the {side} finder is {value}: {kind} needs it to be {must_be}")]
    BadScore {
        /// Which finder.
        side: Side,
        /// The combination.
        kind: crate::Kind,
        /// The score given.
        value: f64,
        /// What it must be.
        must_be: &'static str,
    },
    /// A scale or place that cannot be.
    #[error("the {what} of a detection is {value}: it must be {must_be}")]
    BadMeasurement {
        /// What was measured, in arcmin.
        what: &'static str,
        /// The value given.
        value: f64,
        /// What it must be.
        must_be: &'static str,
    },
    /// A weight that is none.
    #[error("the weight of a cutout is {value}: it must be finite and above zero")]
    BadWeight {
        /// The weight given.
        value: f64,
    },
    /// A grid that cannot be.
    #[error(
        "cutouts of {side_arcmin}' every {stride_arcmin}': both must be finite and above zero, the side at least the stride"
    )]
    BadGrid {
        /// Side of a cutout in arcmin.
        side_arcmin: f64,
        /// Stride in arcmin.
        stride_arcmin: f64,
    },
    /// A file of combinations that is none.
    #[error("{}: {reason}; give the training/ensemble.json of a run of `cargo xtask run deepsz`", path.display())]
    Unreadable {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A finder answered on other pixels than it was asked about.
    #[error(
        "{finder} answered on other pixels than those of the observation: the two finders must search the same map"
    )]
    OtherPixels {
        /// Name of the finder.
        finder: String,
    },
}
