//! What finders share that learn from simulated skies.
//!
//! - [`Sky`]: what maps are like, and whether an observation is like those of a training.
//! - [`TileStore`] and [`TileFile`]: training tiles on disk, simulated once, checked when they are opened, and read piece by
//!   piece, so that the memory of a training does not grow with the number of tiles. What a tile holds and how it is labelled is
//!   the finder's own ([`TileKind`]).
//! - [`TargetConfig`]: which haloes are to be found.
//! - [`Fit`] and [`About`]: tiles, training and weights of a fit in a folder, and what the weights say of themselves.
//! - [`Turn`]: the eight ways in which a square lies on itself.
//! - [`logistic`], [`Platt`] and [`best_f1`]: logistic regression, probabilities from log-odds, and the F1 by which an epoch is chosen.
//! - [`stream`]: random numbers by what they are for.
//!
//! - `Lin21`: Z. Lin et al., DeepSZ, arXiv:2102.13123.
//! - `Platt99`: J. Platt, Probabilistic outputs for support vector machines, 1999.

mod about;
pub mod check;
mod error;
mod f1;
mod fit;
mod fit_lock;
pub mod logistic;
mod platt;
mod sky;
mod stream;
mod target;
mod tile_file;
mod tile_store;
mod turn;

pub use about::About;
pub use error::Error;
pub use f1::best_f1;
pub use fit::{Fit, SplitTiles};
pub use platt::Platt;
pub use sky::{BandAbout, Sky};
pub use stream::stream;
pub use target::TargetConfig;
pub use tile_file::TileFile;
pub use tile_store::{Tile, TileKind, TileStore, TilesKept};
pub use turn::Turn;
