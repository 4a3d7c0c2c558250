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
    /// A sky could not be made.
    #[error(transparent)]
    Scene(#[from] arcmin_scene::Error),
    /// The cutouts lack something.
    #[error(transparent)]
    Maps(#[from] arcmin_maps::Error),
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
    /// Cutouts of another kind than the network was trained on.
    #[error("the cutouts have {got}, the network was trained on {expected}")]
    OtherCutouts {
        /// What the network knows.
        expected: String,
        /// What the cutouts are.
        got: String,
    },
    /// A cutout with missing pixels.
    #[error("cutout {index} lacks {n_missing} pixels: fill them first (--infill), or leave the cluster out")]
    MissingPixels {
        /// Number of the cutout.
        index: usize,
        /// Pixels that are missing.
        n_missing: u32,
    },
    /// A cluster at a redshift that the network does not know.
    #[error("the cluster of cutout {index} is at redshift {got}, the network was trained on {min} to {max}")]
    RedshiftOutOfRange {
        /// Number of the cutout.
        index: usize,
        /// The redshift.
        got: f64,
        /// Least that the network knows.
        min: f64,
        /// Largest that the network knows.
        max: f64,
    },
    /// A prior that the training does not cover.
    #[error(
        "a prior of {min:e} to {max:e} Msun lies outside of the {trained_min:e} to {trained_max:e} Msun of the training"
    )]
    PriorOutOfRange {
        /// Least mass of the prior.
        min: f64,
        /// Largest mass of the prior.
        max: f64,
        /// Least mass of the training.
        trained_min: f64,
        /// Largest mass of the training.
        trained_max: f64,
    },
}
