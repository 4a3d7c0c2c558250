//! What can go wrong.

/// Errors of likelihoods and bounds.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A sky could not be made.
    #[error(transparent)]
    Scene(#[from] arcmin_scene::Error),
    /// A grid could not be transformed.
    #[error(transparent)]
    Fft(#[from] arcmin_fft::Error),
    /// An array of the wrong length.
    #[error("{what}: expected {expected} values, got {got}")]
    Length {
        /// What it is.
        what: &'static str,
        /// Values expected.
        expected: usize,
        /// Values given.
        got: usize,
    },
    /// A covariance that could not be inverted.
    #[error(
        "the covariance cannot be inverted: after {n_steps} steps the residual is {residual:e}; give the sky some noise"
    )]
    NotConverged {
        /// Steps of conjugate gradients.
        n_steps: usize,
        /// Norm of the residual over that of the right-hand side.
        residual: f64,
    },
    /// A number that cannot be.
    #[error("{what} = {value}: it must be {must_be}")]
    BadValue {
        /// What it is.
        what: &'static str,
        /// The value.
        value: f64,
        /// What it must be.
        must_be: &'static str,
    },
    /// Cutouts of another sky than the templates'.
    #[error("cutouts with {got} do not fit templates with {expected}")]
    OtherSky {
        /// Bands and pixels of the templates.
        expected: String,
        /// Bands and pixels of the cutouts.
        got: String,
    },
    /// A cutout with missing pixels.
    #[error("cutout {index} lacks {n_missing} pixels: the likelihood needs all of them, fill them first (--infill)")]
    MissingPixels {
        /// Number of the cutout.
        index: usize,
        /// Pixels that are missing.
        n_missing: u32,
    },
    /// A cluster at another redshift than the templates'.
    #[error("cutout {index} is at redshift {got}, the templates are for {expected}")]
    OtherRedshift {
        /// Number of the cutout.
        index: usize,
        /// Redshift of the templates.
        expected: f64,
        /// Redshift of the cluster.
        got: f64,
    },
}
