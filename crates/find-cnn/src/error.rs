//! What can go wrong.

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
    /// A sky, a tile or a file.
    #[error(transparent)]
    Learned(#[from] arcmin_find_learned::Error),
    /// A map lacks something.
    #[error(transparent)]
    Maps(#[from] arcmin_maps::Error),
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
}
