//! What a simulated sky must agree with before anyone trusts it.
//!
//! [`check`] simulates a part of the survey and compares its statistics with targets that do not come from the
//! simulation: the mass function integrated on its own, published relations, the spectra and noise levels asked for.
//! A tolerance is the systematic one that the statistic is held to plus four standard errors of the sample, so that a
//! sound simulator fails one statistic in 16,000.

mod catalogue;
mod distribution;
mod faint_haloes;
mod halo_lensing;
mod haloes;
mod kinetic_effect;
mod maps;
mod one_over_f;
mod sources;
mod structure;

pub use catalogue::check_catalogue;

use crate::{Component, Error, SceneConfig, Simulator};

/// Standard errors of the sample that a tolerance grants.
const SIGMAS: f64 = 4.0;

/// A number that the simulation gave, beside what it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistic {
    /// What it is, with its unit last.
    pub name: String,
    /// What the simulation gave.
    pub value: f64,
    /// What it should be.
    pub target: f64,
    /// Largest accepted difference, in the unit of the value.
    pub tolerance: f64,
}

impl Statistic {
    /// Whether the value is within the tolerance.
    pub fn passes(&self) -> bool {
        (self.value - self.target).abs() <= self.tolerance
    }
}

/// Simulates a part of a survey and returns every statistic that applies to its components.
///
/// - With `tsz`: haloes per square degree, their redshifts and masses against Tinker08 in the virial definition; slope,
///   normalisation and scatter
///   of Y500 against Arnaud10; and the power at l = 3000 of haloes below M500c = 1.2e14 against the halo model.
/// - With `ksz_haloes` or clustering: the rms velocity along the line of sight against linear theory, D_3000 of the
///   kinetic effect, and the variance of counts in cells against `b^2 xi`.
/// - For each Gaussian component and band: D_3000 against its spectrum, from all modes between l = 500 and 10000.
/// - With `noise`: the rms of a pixel in each band, and the spectrum about the knee of a band with 1/f noise.
/// - With `halo_lensing`: the largest deflection by haloes of five masses.
/// - With `radio_sources` or `dusty_sources`: counts in bins of flux and shot noise below 2 mJy in each band, the share of
///   clusters that host a bright source, clustering, and the correlation of dusty galaxies with the tSZ effect.
/// - With `galactic_dust`: besides its power, the scatter of that power between tiles.
///
/// # Errors
/// Those of checking the configuration and of making tiles.
pub fn check(config: &SceneConfig) -> Result<Vec<Statistic>, Error> {
    let mut statistics = Vec::new();
    if config.components.contains(&Component::Tsz) {
        // Clustering changes no mean: what is compared with means is drawn without it, with Poisson errors.
        let unclustered = SceneConfig { clustering: None, ..config.clone() };
        statistics.extend(haloes::statistics(&unclustered)?);
        statistics.extend(faint_haloes::statistics(&unclustered)?);
    }
    if config.components.contains(&Component::KszHaloes) || config.clustering.is_some() {
        statistics.extend(structure::statistics(config)?);
    }
    for &component in &config.components {
        statistics.extend(match component {
            Component::Tsz => Vec::new(),
            Component::Noise => [maps::noise(config)?, one_over_f::statistics(config)?].concat(),
            Component::HaloLensing => halo_lensing::statistics()?,
            Component::KszHaloes | Component::RadioSources | Component::DustySources => Vec::new(),
            Component::Cmb
            | Component::Ksz
            | Component::DustyPoisson
            | Component::DustyClustered
            | Component::Radio
            | Component::PointSources
            | Component::TszBackground
            | Component::GalacticDust => maps::field_power(config, component)?,
        });
    }
    if config.components.contains(&Component::GalacticDust) {
        statistics.extend(maps::power_scatter(config, Component::GalacticDust)?);
    }
    statistics.extend(sources::statistics(config)?);
    Ok(statistics)
}

/// A simulator of the same survey with other components, no beams, and as many training tiles as asked for.
fn simulator_with(config: &SceneConfig, components: &[Component], n_tiles: usize) -> Result<Simulator, Error> {
    let mut config = config.clone();
    config.components = components.to_vec();
    config.tiles.n_train = n_tiles;
    for band in &mut config.bands {
        (band.beam_fwhm_arcmin, band.beam_file, band.one_over_f) = (0.0, None, None);
    }
    Simulator::new(config.check()?)
}
