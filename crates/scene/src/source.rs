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

    fn scene(&self, index: usize) -> Result<Scene, Error> {
        self.simulator.scene(self.split, index, Haloes::Drawn)
    }
}
