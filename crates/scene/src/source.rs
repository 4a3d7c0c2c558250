//! Simulated tiles as a source of scenes.

use crate::{Error, Haloes, Scene, SceneSource, Simulator, Split};
use std::sync::Arc;

/// The tiles of one split of a simulated survey, each made when it is asked for.
///
/// Sources of different splits may share a simulator; they share no tile, halo or random stream.
#[derive(Clone, Debug)]
pub struct SimulatedSource {
    simulator: Arc<Simulator>,
    split: Split,
}

impl SimulatedSource {
    /// The tiles of a split.
    pub fn new(simulator: Arc<Simulator>, split: Split) -> Self {
        Self { simulator, split }
    }

    /// Which split this is.
    pub fn split(&self) -> Split {
        self.split
    }
}

impl SceneSource for SimulatedSource {
    fn len(&self) -> usize {
        self.simulator.setup().n_tiles(self.split)
    }

    /// The checked description but for the numbers of tiles, on which no tile depends, and the split.
    fn origin(&self) -> String {
        format!("{} tiles of {}", self.split, self.simulator.setup().origin())
    }

    fn scene(&self, index: usize) -> Result<Scene, Error> {
        self.simulator.scene(self.split, index, Haloes::Drawn)
    }
}
