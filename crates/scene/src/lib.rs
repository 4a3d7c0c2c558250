//! Where physics meets pixels: simulated observations and their truth.
//!
//! What goes in: a [`SceneConfig`]-like description and a seed. What comes out: [`Scene`]s, each an observation (all
//! that a method may see) beside its truth (which only fitting and scoring may see).

pub mod error;
pub mod scene;
pub mod truth;

pub use error::Error;
pub use scene::{Scene, SceneSource};
pub use truth::{Halo, Truth};
