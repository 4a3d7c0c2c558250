//! What can go wrong while a scene is made.

/// Errors of making or reading scenes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A map or geometry could not be built.
    #[error(transparent)]
    Maps(#[from] arcmin_maps::Error),
    /// A scene beyond the end of its source was asked for.
    #[error("scene {index} does not exist: the source has {len}")]
    NoSuchScene {
        /// Index asked for.
        index: usize,
        /// Number of scenes.
        len: usize,
    },
}
