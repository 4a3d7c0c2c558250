//! The contract between observations, methods and answers.
//!
//! A method answers the question *what does it need, what does it answer*: a [`ClusterFinder`] takes an
//! [`Observation`](arcmin_maps::Observation) and answers with [`Detections`]. It is object-safe, so that a registry
//! holds methods side by side and `eval` scores them without knowing any. A method never sees a truth, except while
//! it is fitted ([`FinderRecipe::fit`]).
//!
//! Every implementation runs [`conformance::check_finder`] in its tests.

pub mod conformance;
pub mod detections;
pub mod error;
pub mod finder;

pub use detections::{Candidate, Detections, Measured, SizeMeasured};
pub use error::Error;
pub use finder::{ClusterFinder, FinderRecipe};
