//! What can go wrong.

use std::path::{Path, PathBuf};

/// Errors of skies, tiles, fits and their files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A scene could not be made.
    #[error(transparent)]
    Scene(#[from] arcmin_scene::Error),
    /// The network or its training.
    #[error(transparent)]
    Network(#[from] arcmin_nn::Error),
    /// A file that cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A number in a configuration that cannot be.
    #[error("{key} = {value}: it must be {must_be}")]
    BadValue {
        /// Key in the configuration.
        key: &'static str,
        /// The value given.
        value: f64,
        /// What the value must be.
        must_be: &'static str,
    },
    /// Tiles that a finder cannot be told of.
    #[error("{what}: a finder is trained on temperature maps with Gaussian beams, all of one kind")]
    BadTile {
        /// What is wrong.
        what: String,
    },
    /// A tile's file that is not what a fit of this configuration wrote.
    #[error("{}: {reason}; delete it to have the tile made again", path.display())]
    TileFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Weights of another fit in the folder of this one.
    #[error("{}: it was trained with another configuration or on another sky; give another folder, or delete it", path.display())]
    OtherFit {
        /// The file.
        path: PathBuf,
    },
    /// An observation of another kind than a finder was trained on.
    #[error("the observation has {got}, the network was trained on {expected}")]
    OtherObservation {
        /// What the network knows.
        expected: String,
        /// What the observation is.
        got: String,
    },
}

impl Error {
    /// The error of a file.
    pub fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
