//! What two cluster finders say of a cutout, combined into one score: the ensembles of DeepSZ and a calibrated one.
//!
//! What goes in: of each cutout the largest score of either finder's detections, `None` where there is none, and where the first
//! finder saw its own, and how large ([`CutoutEvidence`]), with a label while a combination is fitted ([`LabelledCutout`]). What
//! comes out: a [`Combination`], which gives any cutout one
//! score and can be written to a file, and with two finders an [`EnsembleFinder`].
//!
//! - [`And`]: both scores must reach a threshold; the pair of largest F1 is found exactly.
//! - [`RankProduct`]: the product of rank percentiles.
//! - [`Calibrated`]: a logistic regression on both scores, scale and place, which answers with a probability.
//!
//! A combination is fitted on cutouts that neither finder was fitted on: on what a finder was trained with it is surer of itself
//! than it should be.
//!
//! - `Lin21`: Z. Lin et al., DeepSZ, arXiv:2102.13123.

mod and;
mod best_pair;
mod calibrated;
mod combination;
mod cutout;
mod error;
mod finder;
mod fitted;
mod grid;
mod rank_product;

pub use and::And;
pub use calibrated::Calibrated;
pub use combination::{Combination, Kind};
pub use cutout::{CutoutEvidence, LabelledCutout, Side};
pub use error::Error;
pub use finder::EnsembleFinder;
pub use fitted::FittedCombinations;
pub use grid::CutoutGrid;
pub use rank_product::RankProduct;
