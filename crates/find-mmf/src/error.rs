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
    /// Fluxes of point sources need a frequency.
    #[error(
        "band {band} is a map of Compton y: point sources have a flux in temperature maps with a frequency alone; leave \
         the search for sources out, or mask them beforehand"
    )]
    SourcesNeedFrequency {
        /// Name of the band.
        band: String,
    },
    /// Clusters would be taken for point sources.
    #[error(
        "point sources cannot be told from clusters at {nu_ghz} GHz (band {band}): the SZ effect is positive there; \
         search for sources in a band up to 225 GHz"
    )]
    AboveNull {
        /// Name of the band.
        band: String,
        /// Its frequency.
        nu_ghz: f64,
    },
    /// A beam that the pixels do not resolve has no profile to subtract.
    #[error(
        "point sources cannot be subtracted from band {band}: its beam is {fwhm_pixels:.1} pixels wide and must be 1.8 or \
         more; give the beam of the map, or mask the sources"
    )]
    BeamTooNarrow {
        /// Name of the band.
        band: String,
        /// Full width at half maximum in pixels.
        fwhm_pixels: f64,
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
