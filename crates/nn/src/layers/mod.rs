//! Layers: named weights and what is done with them.

mod batch_norm;
mod conv;
mod linear;

pub use batch_norm::{BatchNorm, BatchNormSettings};
pub use conv::{Bias, Channels, Conv, TransposeConv};
pub use linear::Linear;
