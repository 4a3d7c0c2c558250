//! The training loop: early stopping, learning curves, and checkpoints from which a killed run ends in the same bits.

mod checkpoint;
mod curve;
mod objective;
mod settings;
mod state;
mod trainer;

pub use curve::{CurveRow, curve_csv};
pub use objective::Objective;
pub use settings::{Report, TrainSettings};
pub(crate) use state::bits;
pub use trainer::{Outcome, Sources, Trainer};
