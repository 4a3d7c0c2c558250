//! What can go wrong while a filter is set up or run.

/// Errors of the matched filter.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting outside its range.
    #[error("matched filter setting {name} is {value}: it must be {expected}")]
    Setting {
        /// Name as in the configuration.
        name: &'static str,
        /// Value given.
        value: f64,
        /// What it must be.
        expected: &'static str,
    },
    /// The bank has no template.
    #[error("the matched filter needs at least one template scale")]
    NoTemplates,
    /// A noise model needs the noise level of a band, which is not given.
    #[error("band {band} has no noise level: give one, or let the noise be measured from the maps")]
    MissingNoise {
        /// Name of the band.
        band: String,
    },
    /// The noise covariance cannot be inverted.
    #[error("the noise covariance of {n_bands} bands at ell = {ell:.0} is not positive definite")]
    NoiseNotPositive {
        /// Number of bands.
        n_bands: usize,
        /// Multipole.
        ell: f64,
    },
    /// No band holds any signal in the range of multipoles that is left.
    #[error("nothing to filter: no mode between ell {ell_min:.0} and {ell_max:.0} carries a cluster's signal")]
    NoSignal {
        /// Lowest multipole used.
        ell_min: f64,
        /// Highest multipole used.
        ell_max: f64,
    },
    /// A map whose pixels are all the same has no noise to measure.
    #[error("band {band} has no variance inside the mask: its noise cannot be measured")]
    NoVariance {
        /// Name of the band.
        band: String,
    },
    /// A band that the configuration names is not in the observation.
    #[error("band {band}, wanted by the matched filter, is not among the bands {present}")]
    MissingBand {
        /// Name wanted.
        band: String,
        /// Names that are there.
        present: String,
    },
    /// A position that lies outside the searched map.
    #[error("position {lon_deg:.4}, {lat_deg:.4} deg lies outside the map")]
    OutsideMap {
        /// Longitude in degrees.
        lon_deg: f64,
        /// Latitude in degrees.
        lat_deg: f64,
    },
    /// A map could not be built.
    #[error(transparent)]
    Maps(#[from] arcmin_maps::Error),
    /// A transform could not be planned.
    #[error(transparent)]
    Fft(#[from] arcmin_fft::Error),
}
