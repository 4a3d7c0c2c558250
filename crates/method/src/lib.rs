//! The contract between observations, methods and answers.
//!
//! A method answers the question *what does it need, what does it answer*: a [`ClusterFinder`] takes an
//! [`Observation`](arcmin_maps::Observation) and answers with [`Detections`], a [`MassEstimator`] takes
//! [`Cutouts`](arcmin_maps::Cutouts) and answers with a [`MassPosterior`] each. They are object-safe, so that a registry
//! holds methods side by side and `eval` scores them without knowing any. A method never sees a truth, except while
//! it is fitted ([`FinderRecipe::fit`], [`MassRecipe::fit`]).
//!
//! Every implementation runs [`conformance::check_finder`] or [`conformance::check_mass_estimator`] in its tests.

pub mod conformance;
pub mod detections;
pub mod error;
pub mod finder;
pub mod mass;
pub mod watch;

pub use detections::{Candidate, Detections, MassMeasured, Measured, ScoreKind, SizeMeasured};
pub use error::Error;
pub use finder::{ClusterFinder, FinderRecipe, FinderSources};
pub use mass::{ClusterCutoutSources, MassEstimator, MassPosterior, MassRecipe, mass_flags};
pub use watch::{Unwatched, Watch};
