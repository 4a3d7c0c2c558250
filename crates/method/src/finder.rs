//! The trait of all cluster finders, and of the recipes that make them.

use crate::{Detections, Error, ScoreKind, Watch};
use arcmin_maps::Observation;
use arcmin_scene::SceneSource;
use std::path::Path;
use std::sync::Arc;

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

    /// The same while somebody watches; a finder that is done in no time need not tell.
    ///
    /// # Errors
    /// [`Error::Interrupted`] when the watch stopped it; otherwise those of [`find`](Self::find).
    fn find_watched(&self, observation: &Observation, _watch: &dyn Watch) -> Result<Detections, Error> {
        self.find(observation)
    }

    /// What the scores of its candidates are.
    fn score_kind(&self) -> ScoreKind {
        ScoreKind::Order
    }
}

/// Scenes to fit a finder on and to choose with.
#[derive(Clone)]
pub struct FinderSources {
    /// Fitted on.
    pub train: Arc<dyn SceneSource>,
    /// Chosen with.
    pub validation: Arc<dyn SceneSource>,
}

/// A checked configuration that becomes a finder.
pub trait FinderRecipe: Send + Sync {
    /// Fits the method, the only place where a method sees a truth. What a long fit keeps lies in `folder`, which it makes
    /// when it needs one: a fit that was stopped or killed goes on from there and ends in the same bits, and one that has
    /// ended is read from there.
    ///
    /// # Errors
    /// [`Error::Interrupted`] when `stop` said so; otherwise when a scene cannot be made or the fit fails.
    fn fit(
        &self,
        sources: &FinderSources,
        folder: &Path,
        stop: &dyn Fn() -> bool,
    ) -> Result<Box<dyn ClusterFinder>, Error>;
}
