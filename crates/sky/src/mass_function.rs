//! Abundance and bias of haloes: one file per published model.

mod tinker08;
mod tinker10;

pub use tinker08::{Tinker08, Tinker08Parameters};
pub use tinker10::Tinker10;
