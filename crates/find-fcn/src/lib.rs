//! Clusters found by a fully convolutional network that goes over whole maps.
//!
//! What goes in: an observation in the bands, with the pixels, beams and noise that the network was trained on. What comes out:
//! peaks of the probability that a cluster lies within an arcminute, each with a position, a mass and the errors of both. There are
//! no cutouts: a map has no edges but its own, and each piece of sky is looked at once.
//!
//! The map is averaged to pixels of half a cell ([`InputConfig`]); the network is shown the bands without what varies over more
//! than a few arcminutes, and, unless told otherwise, the matched filter's signal to noise at some scales. For each cell it answers with
//! the log-odds that a target lies within a radius of the cell's middle, which is just what a match with the truth asks for, and with
//! position and mass of the heaviest halo there, as Gaussians. A fit simulates its tiles once, trains on turned pieces of them
//! anywhere on a tile, chooses the epoch by the cross-entropy of the validation tiles, and calibrates on the peaks found there:
//! probabilities by Platt's regression, masses by a shift and a widening, positions by a widening.
//!
//! - `Lin21`: Z. Lin et al., DeepSZ, arXiv:2102.13123, whose Sect. 5 asks for a mass from the network.
//! - `Zhou19`: X. Zhou et al., Objects as points, arXiv:1904.07850: peaks of a map as detections, with offsets.
//!
//! Begin with [`FcnConfig`], then [`FcnRecipe`] and [`FcnFinder`]; [`FcnFinder::search_mapped`] gives the map of probabilities too.

mod about;
mod answer;
mod calibration;
mod config;
mod crops;
mod error;
mod finder;
mod grid;
mod labels;
mod objective;
mod peaks;
mod predict;
mod probability;
mod recipe;
#[cfg(test)]
#[path = "../../find-learned/tests/common/toy.rs"]
mod toy;

pub use about::{About, Trained};
pub use calibration::{Calibration, Widening};
pub use config::{CellsConfig, CropsConfig, FcnConfig, InputConfig, NetworkConfig, SearchConfig, ShownConfig};
pub use error::Error;
pub use finder::FcnFinder;
pub use probability::{FcnSearch, Probability, ProbabilityMap};
pub use recipe::FcnRecipe;
