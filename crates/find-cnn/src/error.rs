//! What can go wrong.

use std::path::PathBuf;

/// Errors of the fit and of its use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The network or its training.
    #[error(transparent)]
    Network(#[from] arcmin_nn::Error),
    /// A tensor.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
    /// A scene could not be made.
    #[error(transparent)]
    Scene(#[from] arcmin_scene::Error),
    /// A map lacks something.
    #[error(transparent)]
    Maps(#[from] arcmin_maps::Error),
    /// A file that cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A number in the configuration that cannot be.
    #[error("{key} = {value}: it must be {must_be}")]
    BadValue {
        /// Key in the configuration.
        key: &'static str,
        /// The value given.
        value: f64,
        /// What the value must be.
        must_be: &'static str,
    },
    /// Scales of another number of bands.
    #[error("input.scale_uk has {got} values, there are {n_bands} bands: give one for all, or one for each")]
    ScaleCount {
        /// Number of values.
        got: usize,
        /// Number of bands.
        n_bands: usize,
    },
    /// Nothing to fit on.
    #[error(
        "the {split} tiles have {n_positives} cutouts with a cluster among {n_cutouts}: give more tiles (n_{split})"
    )]
    TooFewCutouts {
        /// Which tiles.
        split: &'static str,
        /// Cutouts with a cluster.
        n_positives: u64,
        /// All cutouts.
        n_cutouts: u64,
    },
    /// Tiles that the network cannot be told of.
    #[error("{what}: the network is trained on temperature maps with Gaussian beams, all of one kind")]
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
    /// A weight file that is none of this method's.
    #[error("{}: its metadata is not that of a cutout classifier ({reason}); give a file that `cargo xtask run deepsz` wrote", path.display())]
    Foreign {
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
    /// An observation of another kind than the network was trained on.
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
    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
