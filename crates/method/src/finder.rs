//! The trait of all cluster finders, and of the recipes that make them.

use crate::{Detections, Error};
use arcmin_maps::Observation;
use arcmin_scene::SceneSource;

/// Finds clusters in an observation.
pub trait ClusterFinder: Send + Sync {
    /// Short name, as used in records and reports (`mmf`).
    fn name(&self) -> &str;

    /// Searches the observation; the same input gives the same answer, bit for bit, for any number of threads.
    ///
    /// # Errors
    /// When the observation lacks what the method needs (a band, a noise level). A fully masked observation is no
    /// error: nothing is searched and nothing found.
    fn find(&self, observation: &Observation) -> Result<Detections, Error>;
}

/// A checked configuration that becomes a finder.
pub trait FinderRecipe: Send + Sync {
    /// Fits the method on training scenes, the only place where a method sees a truth.
    ///
    /// # Errors
    /// When a scene cannot be made or the fit fails.
    fn fit(&self, training: &dyn SceneSource) -> Result<Box<dyn ClusterFinder>, Error>;
}
