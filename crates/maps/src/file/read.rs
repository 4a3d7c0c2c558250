//! Reading maps and masks.

use super::unit::FileUnit;
use crate::{Band, BandMap, Beam, Error, Geometry, Map, Mask, Shape};
use arcmin_fits::{FitsFile, Header, Image};
use arcmin_units::{Arcmin, ComptonY, Degree, Frame, Ghz, MicroKelvinCmb};
use std::path::Path;

/// Which part of a file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HduChoice {
    /// By its number; the primary one is 0.
    Index(usize),
    /// By its `EXTNAME`.
    Name(String),
}

/// What the user knows better than the file; by default the file is believed in all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadOptions {
    /// Part of the file; the first image by default.
    pub hdu: Option<HduChoice>,
    /// Unit of the pixels, over what the header says.
    pub unit: Option<FileUnit>,
    /// Frame of the sky coordinates, over what the header says.
    pub frame: Option<Frame>,
    /// Frequency of a temperature map, over `FREQ`.
    pub nu: Option<Ghz>,
    /// Beam, over `BEAMFWHM` and `BMAJ`.
    pub beam: Option<Beam>,
    /// White noise level in uK_CMB or y, times arcmin, over `NOISE`.
    pub noise_arcmin: Option<f64>,
}

/// A map of either kind.
#[derive(Clone, Debug, PartialEq)]
pub enum UnitMap {
    /// Temperature in uK_CMB.
    Temperature(Map<MicroKelvinCmb>),
    /// Compton y.
    ComptonY(Map<ComptonY>),
}

/// A map from a file, with what its header says of the instrument.
#[derive(Clone, Debug, PartialEq)]
pub struct MapFile {
    /// The map in uK_CMB or y; pixels that are NaN, infinite or blank in the file are NaN.
    pub map: UnitMap,
    /// Valid where the map holds a number.
    pub finite: Mask,
    /// Frequency of a temperature map.
    pub nu: Option<Ghz>,
    /// Beam.
    pub beam: Option<Beam>,
    /// White noise level in uK_CMB or y, times arcmin.
    pub noise_arcmin: Option<f64>,
    /// Name of the band.
    pub band_name: Option<String>,
}

impl MapFile {
    /// Makes a band of it; `name` stands in where the file has none, and no beam means [`Beam::Delta`].
    ///
    /// # Errors
    /// [`Error::MissingFrequency`] when a temperature map has no frequency.
    pub fn into_band(self, name: &str) -> Result<Band, Error> {
        let name = self.band_name.unwrap_or_else(|| name.to_owned());
        let map = match (self.map, self.nu) {
            (UnitMap::ComptonY(map), _) => BandMap::ComptonY(map),
            (UnitMap::Temperature(map), Some(nu)) => BandMap::Temperature { nu, map },
            (UnitMap::Temperature(_), None) => return Err(Error::MissingFrequency { band: name }),
        };
        Ok(Band { name, beam: self.beam.unwrap_or(Beam::Delta), noise_arcmin: self.noise_arcmin, map })
    }
}

/// Reads the map in a FITS image: plain, gzip'd or tile-compressed.
///
/// # Errors
/// When the file cannot be read or is damaged, and when unit, frame or projection are missing, unknown or contradict
/// each other.
pub fn read_map(path: &Path, options: &ReadOptions) -> Result<MapFile, Error> {
    let image = open_image(path, options.hdu.as_ref())?;
    let header = &image.header;
    let unit = options.unit.map_or_else(|| FileUnit::from_header(header), Ok)?;
    let geometry = geometry_of(&image, options.frame)?;
    let mut pixels = image.data.to_f32_with_nan();
    let nu = match unit {
        FileUnit::ComptonY => None,
        _ => options.nu.map_or_else(|| frequency_of(header), |nu| Ok(Some(nu)))?,
    };
    let scale = unit.scale(nu).ok_or_else(|| Error::BrightnessFrequency { place: header.place().clone(), unit })?;
    for pixel in &mut pixels {
        // In double precision, so that a change of unit rounds once; infinity becomes NaN, to be one kind of gap.
        let value = f64::from(*pixel) * scale;
        *pixel = if value.is_finite() { value as f32 } else { f32::NAN };
    }
    let finite = Mask::new(geometry.clone(), pixels.iter().map(|p| p.is_finite()).collect())?;
    let map = match unit {
        FileUnit::ComptonY => UnitMap::ComptonY(Map::new(geometry, pixels)?),
        _ => UnitMap::Temperature(Map::new(geometry, pixels)?),
    };
    let beam = options.beam.clone().map_or_else(|| beam_of(header), |beam| Ok(Some(beam)))?;
    let noise_arcmin = match options.noise_arcmin {
        Some(noise_arcmin) => Some(noise_arcmin),
        None => not_negative(header, "NOISE")?.map(|noise| noise * scale),
    };
    Ok(MapFile { map, finite, nu, beam, noise_arcmin, band_name: band_name_of(header)? })
}

/// Reads where the pixels of the first image of a file lie.
///
/// # Errors
/// When the file cannot be read or is damaged, and when its header makes no geometry.
pub fn read_geometry(path: &Path) -> Result<Geometry, Error> {
    geometry_of(&open_image(path, None)?, None)
}

/// Reads a mask for maps of the given geometry from a FITS image of any type: valid where it is neither zero nor NaN.
///
/// An image without sky coordinates is taken to lie on the geometry when its shape is the same.
///
/// # Errors
/// When the file cannot be read or is damaged, and [`Error::MaskGeometry`] when it lies elsewhere.
pub fn read_mask(path: &Path, hdu: Option<&HduChoice>, geometry: &Geometry) -> Result<Mask, Error> {
    let image = open_image(path, hdu)?;
    let (ny, nx) = image.shape_yx()?;
    let has_sky = image.header.contains("CTYPE1");
    let lies_there = match has_sky {
        // The frame is the map's, in case the user had to say it.
        true => geometry_of(&image, Some(geometry.frame()))?.same_grid(geometry),
        false => Shape { ny, nx } == geometry.shape(),
    };
    if !lies_there {
        let place = image.header.place().clone();
        let got = if has_sky { geometry_of(&image, None)?.to_string() } else { Shape { ny, nx }.to_string() };
        return Err(Error::MaskGeometry { place, got, expected: Box::new(geometry.clone()) });
    }
    let valid = image.data.to_f32_with_nan().into_iter().map(|v| v != 0.0 && !v.is_nan()).collect();
    Mask::new(geometry.clone(), valid)
}

fn open_image(path: &Path, hdu: Option<&HduChoice>) -> Result<Image, Error> {
    let file = FitsFile::open(path)?;
    Ok(match hdu {
        None => file.first_image()?,
        Some(HduChoice::Index(index)) => file.read_image(*index)?,
        Some(HduChoice::Name(name)) => {
            let same = |found: &str| found.trim().eq_ignore_ascii_case(name.trim());
            let hdu = file.hdus().iter().find(|hdu| hdu.name.as_deref().is_some_and(same));
            let index = hdu.map(|hdu| hdu.index).ok_or_else(|| Error::NoHduOfName {
                path: path.into(),
                name: name.clone(),
                holds: file.hdus().iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            })?;
            file.read_image(index)?
        }
    })
}

/// The image's geometry, once it is known to have two axes.
fn geometry_of(image: &Image, frame: Option<Frame>) -> Result<Geometry, Error> {
    image.shape_yx()?;
    Geometry::from_header(&image.header, frame)
}

pub(crate) fn beam_of(header: &Header) -> Result<Option<Beam>, Error> {
    let fwhm = match not_negative(header, "BEAMFWHM")? {
        Some(arcmin) => Some(Arcmin::new(arcmin)),
        None => not_negative(header, "BMAJ")?.map(|deg| Degree::new(deg).to_arcmin()),
    };
    fwhm.map(Beam::gaussian).transpose()
}

/// `BAND`, which may be text or a number.
pub(crate) fn band_name_of(header: &Header) -> Result<Option<String>, Error> {
    let name = match header.get("BAND") {
        Some(arcmin_fits::Value::Text(name)) => Some(name.trim().to_owned()),
        _ => header.get_f64("BAND")?.map(|number| number.to_string()),
    };
    Ok(name.filter(|name| !name.is_empty()))
}

/// `FREQ`; a number that can only be Hz is refused.
pub(crate) fn frequency_of(header: &Header) -> Result<Option<Ghz>, Error> {
    const GHZ_MAX: f64 = 1e5;
    let nu_ghz = checked(header, "FREQ", "a frequency in GHz", |value| value > 0.0 && value < GHZ_MAX)?;
    Ok(nu_ghz.map(Ghz::new))
}

pub(crate) fn not_negative(header: &Header, key: &'static str) -> Result<Option<f64>, Error> {
    checked(header, key, "a number above or equal to zero", |value| value >= 0.0)
}

fn checked(header: &Header, key: &str, expected: &'static str, ok: fn(f64) -> bool) -> Result<Option<f64>, Error> {
    match header.get_f64(key)? {
        Some(value) if !ok(value) => Err(arcmin_fits::Error::BadKeyword {
            place: header.place().clone(),
            key: key.to_owned(),
            value: value.to_string(),
            expected,
        }
        .into()),
        other => Ok(other),
    }
}
