//! A scene and a source of scenes.

use crate::Truth;
use arcmin_maps::Observation;

/// One simulated tile: what is observed beside what is true.
#[derive(Clone, Debug)]
pub struct Scene {
    /// All that a method may see.
    pub observation: Observation,
    /// What fitting and scoring alone may see.
    pub truth: Truth,
}

/// A stream of scenes that may be larger than memory; scene `index` is the same for any order of asking.
pub trait SceneSource: Send + Sync {
    /// Number of scenes.
    fn len(&self) -> usize;

    /// True when there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What decides the scenes: two sources that say the same give the same bits for the same index. Whoever keeps something of
    /// a scene tells by it whether that is still good.
    fn origin(&self) -> String;

    /// Makes or reads one scene.
    ///
    /// # Errors
    /// Whatever keeps it from being made or read.
    fn scene(&self, index: usize) -> Result<Scene, crate::Error>;
}
