//! Clusters found by the residual network of DeepSZ, which tells of each cutout of 8' whether a cluster lies in its middle.
//!
//! What goes in: an observation in the bands, with the pixels, beams and noise that the network was trained on. What comes
//! out: the centre of every cutout that may hold a cluster, with the probability that it does. A fit simulates its training
//! and validation tiles once and keeps them as files ([`TileStore`](arcmin_find_learned::TileStore)), reads cutouts from them one by one, so that its
//! memory does not grow with the number of tiles, trains with ever more cutouts without a cluster, chooses the epoch by the F1
//! of the validation cutouts, and calibrates its probabilities on them.
//!
//! - `Lin21`: Z. Lin et al., DeepSZ, arXiv:2102.13123.
//! - `Platt99`: J. Platt, Probabilistic outputs for support vector machines, 1999.
//!
//! Where we differ from Lin21: cutouts lie on a lattice of equal area unless its own is asked for ([`LatticeConfig`]); pixels
//! are divided by one constant, where its code scales each cutout to 0..1; each ratio of negatives to positives lasts for a
//! number of epochs, where there a ratio ended after 1000 batches without improvement; the logits have no ReLU.
//!
//! Begin with [`CnnConfig`], then [`CnnRecipe`] and [`CnnFinder`].

mod about;
mod config;
mod cutout_set;
mod error;
mod finder;
mod input;
mod label;
mod lattice;
mod objective;
mod recipe;
mod samples;
#[cfg(test)]
#[path = "../../find-learned/tests/common/toy.rs"]
mod toy;

pub use about::{About, Trained};
pub use config::{
    AdjacentNegatives, CnnConfig, CutoutsConfig, InputConfig, LatticeConfig, NetworkConfig, SamplingConfig,
    SearchConfig,
};
pub use cutout_set::Counts;
pub use error::Error;
pub use finder::CnnFinder;
pub use recipe::CnnRecipe;
