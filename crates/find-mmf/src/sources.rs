//! Point sources: found band by band with the beam as template, and masked or subtracted.
//!
//! In each band a filter matched to the beam, with the noise measured from that band's own map, gives the integral
//! `A = int T dOmega` of a source in uK_CMB steradian and, with `dB/dT` at the band's frequency, its flux
//!
//! `S / mJy = 1000 A dB/dT`, with `A = T_peak Omega_beam` and `Omega_beam = 2 pi sigma^2` for a Gaussian beam
//!
//! (`sky::brightness::jy_sr_per_uk`). Positive peaks above the cuts are sources; they are placed between the pixels,
//! the beam times the amplitude is subtracted there, and what is left is filtered again, with its noise measured again:
//! known sources are corrected by what is left at their places, and fainter ones come to light.
//!
//! What is negative is never taken for a source, so that clusters below the null of the SZ effect at 217 GHz are left
//! alone, and so is a positive ring of the filter around a deep trough. Above 225 GHz clusters themselves are positive:
//! such bands are not searched. A source is subtracted from those bands in which it is above the cuts.

mod extract;
mod stamp;

use crate::Error;
use crate::config::{Settings, SourceTreatment, SourcesConfig};
use arcmin_maps::catalogue::columns;
use arcmin_maps::catalogue::name::iau_name;
use arcmin_maps::{Band, BandMap, Catalogue, Disc, Observation, convert_frame};
use arcmin_method::Measured;
use arcmin_sky::brightness::jy_sr_per_uk;
use arcmin_units::{Arcmin, Frame, Ghz, SkyPosition};
use extract::Extractor;
use std::borrow::Cow;

/// Clusters are positive above this frequency, or nearly so.
const NU_MAX: Ghz = Ghz::new(225.0);

/// A point source of one band.
#[derive(Clone, Debug, PartialEq)]
pub struct PointSource {
    /// Position in the frame of the observation's geometry.
    pub position: SkyPosition,
    /// Name of the band.
    pub band: String,
    /// Effective frequency of the band.
    pub nu: Ghz,
    /// Flux in mJy.
    pub flux_mjy: Measured,
}

impl PointSource {
    /// Signal-to-noise ratio.
    pub fn snr(&self) -> f64 {
        self.flux_mjy.value / self.flux_mjy.error
    }
}

/// Sources as a catalogue: `name, RADeg, decDeg, SNR, flux_mJy, err_flux_mJy, band, freqGHz`.
///
/// # Errors
/// None that depends on the sources; [`arcmin_maps::Error`] as the catalogue declares it.
pub fn source_catalogue(sources: &[PointSource], frame: Frame) -> Result<Catalogue, arcmin_maps::Error> {
    let positions: Vec<SkyPosition> = sources.iter().map(|source| source.position).collect();
    let name = |position: &SkyPosition| iau_name("ARC", convert_frame(*position, frame, Frame::Equatorial));
    let of = |value: fn(&PointSource) -> f64| sources.iter().map(value).collect::<Vec<f64>>();
    Catalogue::new(&positions, frame)
        .with_text(columns::NAME, positions.iter().map(name).collect())?
        .with_f64(columns::SNR, of(PointSource::snr))?
        .with_f64("flux_mJy", of(|source| source.flux_mjy.value))?
        .with_f64("err_flux_mJy", of(|source| source.flux_mjy.error))?
        .with_text("band", sources.iter().map(|source| source.band.clone()).collect())?
        .with_f64("freqGHz", of(|source| source.nu.value()))
}

/// An observation without its point sources, and the sources.
#[derive(Clone, Debug)]
pub struct Treated<'a> {
    /// The maps, sources masked or subtracted.
    pub observation: Cow<'a, Observation>,
    /// What was found, band by band by falling S/N.
    pub sources: Vec<PointSource>,
}

/// Finds sources and takes them out.
///
/// # Errors
/// [`Error::MissingBand`], [`Error::SourcesNeedFrequency`], [`Error::AboveNull`], [`Error::BeamTooNarrow`],
/// [`Error::NoVariance`].
pub(crate) fn treat(
    settings: &Settings,
    config: &SourcesConfig,
    observation: &Observation,
) -> Result<Treated<'static>, Error> {
    let chosen = chosen_bands(config, observation.bands())?;
    let mut bands = observation.bands().to_vec();
    let mut sources = Vec::new();
    for idx in chosen {
        let band = &observation.bands()[idx];
        let BandMap::Temperature { nu, map } = &band.map else { continue };
        let mjy_per_uk_sr = 1e3 * jy_sr_per_uk(*nu);
        let extractor = Extractor { settings, config, band, nu: *nu, map, mask: observation.mask(), mjy_per_uk_sr };
        let (fitted, clean) = match (config.treatment, extractor.run()) {
            // Sources that are masked need no model.
            (SourceTreatment::Mask, Err(Error::BeamTooNarrow { .. })) => (extractor.find()?, map.clone()),
            (_, outcome) => outcome?,
        };
        tracing::info!(band = band.name, n_sources = fitted.len(), "point sources");
        let flux =
            |uk_sr: Measured| Measured { value: uk_sr.value * mjy_per_uk_sr, error: uk_sr.error * mjy_per_uk_sr };
        let source = |fitted: &extract::Fitted| {
            let position = map.geometry().pix_to_sky(fitted.at)?;
            Some(PointSource { position, band: band.name.clone(), nu: *nu, flux_mjy: flux(fitted.amplitude_uk_sr) })
        };
        sources.extend(fitted.iter().filter_map(source));
        if config.treatment == SourceTreatment::Subtract {
            bands[idx].map = BandMap::Temperature { nu: *nu, map: clean };
        }
    }
    let mask = match config.treatment {
        SourceTreatment::Subtract => observation.mask().clone(),
        SourceTreatment::Mask => observation.mask().clone().without_discs(&discs(config, observation, &sources)),
    };
    Ok(Treated { observation: Cow::Owned(Observation::new(bands, mask)?), sources })
}

fn discs(config: &SourcesConfig, observation: &Observation, sources: &[PointSource]) -> Vec<Disc> {
    let frame = observation.geometry().frame();
    let disc = |source: &PointSource| Disc {
        centre: convert_frame(source.position, frame, Frame::Equatorial),
        radius: Arcmin::new(config.mask_radius_arcmin),
    };
    sources.iter().map(disc).collect()
}

/// The bands that are searched for sources: those named, or all of temperature below the null of the SZ effect.
fn chosen_bands(config: &SourcesConfig, bands: &[Band]) -> Result<Vec<usize>, Error> {
    let nu_of = |band: &Band| match &band.map {
        BandMap::Temperature { nu, .. } => Some(*nu),
        BandMap::ComptonY(_) => None,
    };
    let is_below = |nu: Ghz| nu.value() <= NU_MAX.value();
    if config.bands.is_empty() {
        let chosen: Vec<usize> = (0..bands.len()).filter(|&idx| nu_of(&bands[idx]).is_some_and(is_below)).collect();
        return match (chosen.is_empty(), bands.iter().find_map(|band| Some((band, nu_of(band)?)))) {
            (false, _) => Ok(chosen),
            (true, Some((band, nu))) => Err(Error::AboveNull { band: band.name.clone(), nu_ghz: nu.value() }),
            (true, None) => Err(Error::SourcesNeedFrequency { band: bands[0].name.clone() }),
        };
    }
    let one = |name: &String| {
        let missing = || Error::MissingBand {
            band: name.clone(),
            present: bands.iter().map(|band| band.name.as_str()).collect::<Vec<_>>().join(", "),
        };
        let idx = bands.iter().position(|band| band.name == *name).ok_or_else(missing)?;
        let nu = nu_of(&bands[idx]).ok_or_else(|| Error::SourcesNeedFrequency { band: name.clone() })?;
        if is_below(nu) { Ok(idx) } else { Err(Error::AboveNull { band: name.clone(), nu_ghz: nu.value() }) }
    };
    config.bands.iter().map(one).collect()
}
