//! Optimisers, learning rates and the clipping of gradients.

mod clip;
mod optimiser;
mod schedule;

pub use clip::clip_by_global_norm;
pub(crate) use clip::{check_most, clip, loss_and_norm};
pub use optimiser::{Optimiser, OptimiserSettings, Rule, Slots};
pub use schedule::{Plateau, Schedule, ScheduleSettings, StepDecay, WarmUp};
