//! Writing maps and masks.

use crate::{Band, BandMap, Beam, Error, Geometry, Map, Mask};
use arcmin_fits::Header;
use arcmin_units::{ComptonY, MicroKelvinCmb, PixelUnit};
use std::path::Path;

/// Writes pixels `[y, x]` over a geometry as a FITS image of single precision, under a temporary name at first.
///
/// `bunit` may be empty, as for a map of signal to noise. A name that ends in `.gz` is gzip'd.
///
/// # Errors
/// [`Error::PixelCount`], and when the file cannot be written.
pub fn write_image(path: &Path, geometry: &Geometry, pixels: &[f32], bunit: &str) -> Result<(), Error> {
    write_with(path, geometry, pixels, header_of(geometry, bunit)?)
}

/// Writes a map with its unit.
///
/// # Errors
/// When the file cannot be written.
pub fn write_map<U: PixelUnit>(path: &Path, map: &Map<U>) -> Result<(), Error> {
    write_image(path, map.geometry(), map.pixels(), U::BUNIT)
}

/// Writes a map with its unit and with more cards, such as the scale of a filter.
///
/// # Errors
/// When the file cannot be written, or a card cannot be.
pub fn write_map_with<U: PixelUnit>(
    path: &Path,
    map: &Map<U>,
    cards: impl FnOnce(&mut Header) -> Result<(), arcmin_fits::Error>,
) -> Result<(), Error> {
    let mut header = header_of(map.geometry(), U::BUNIT)?;
    cards(&mut header)?;
    write_with(path, map.geometry(), map.pixels(), header)
}

/// Writes a band with its unit, name, frequency, beam and noise, so that [`read_map`](super::read_map) needs no option.
///
/// A tabulated beam has no keyword: keep its table beside the map.
///
/// # Errors
/// When the file cannot be written, or the band's name is not printable ASCII.
pub fn write_band(path: &Path, band: &Band) -> Result<(), Error> {
    let (bunit, nu_ghz) = match &band.map {
        BandMap::Temperature { nu, .. } => (MicroKelvinCmb::BUNIT, Some(nu.value())),
        BandMap::ComptonY(_) => (ComptonY::BUNIT, None),
    };
    let fwhm_arcmin = match &band.beam {
        Beam::Delta => Some(0.0),
        Beam::Gaussian { fwhm } => Some(fwhm.value()),
        Beam::Tabulated(_) => None,
    };
    let mut header = header_of(band.map.geometry(), bunit)?;
    header.set("BAND", band.name.as_str(), "name of the band")?;
    for (key, value, comment) in [
        ("FREQ", nu_ghz, "[GHz] effective frequency"),
        ("BEAMFWHM", fwhm_arcmin, "[arcmin] full width at half maximum of the beam"),
        ("NOISE", band.noise_arcmin, "[BUNIT arcmin] white noise level"),
    ] {
        if let Some(value) = value {
            header.set(key, value, comment)?;
        }
    }
    write_with(path, band.map.geometry(), band.map.pixels(), header)
}

/// Writes a mask as bytes, 1 where valid, else 0.
///
/// # Errors
/// When the file cannot be written.
pub fn write_mask(path: &Path, mask: &Mask) -> Result<(), Error> {
    let bytes: Vec<u8> = mask.valid().iter().map(|valid| u8::from(*valid)).collect();
    let header = mask.geometry().to_header();
    Ok(arcmin_fits::write_image(path, &header, &axes(mask.geometry()), &bytes)?)
}

fn header_of(geometry: &Geometry, bunit: &str) -> Result<Header, Error> {
    let mut header = geometry.to_header();
    if !bunit.is_empty() {
        header.set("BUNIT", bunit, "unit of the pixels")?;
    }
    Ok(header)
}

fn write_with(path: &Path, geometry: &Geometry, pixels: &[f32], header: Header) -> Result<(), Error> {
    if pixels.len() != geometry.shape().n_pixels() {
        return Err(Error::PixelCount { shape: geometry.shape(), got: pixels.len() });
    }
    Ok(arcmin_fits::write_image(path, &header, &axes(geometry), pixels)?)
}

/// Axis lengths in FITS order.
fn axes(geometry: &Geometry) -> [usize; 2] {
    [geometry.shape().nx, geometry.shape().ny]
}
