//! Reading HEALPix maps.

use super::gather::{Conversion, gather};
use super::layout::{ColumnChoice, Layout, frame_of};
use super::{HealpixBand, HealpixBandMap, HealpixMap, HealpixOrdering, OrderedPixels};
use crate::file::{FileUnit, HduChoice, band_name_of, beam_of, frequency_of, not_negative};
use crate::{Beam, Error};
use arcmin_fits::{HduSummary, Header, TableStream};
use arcmin_units::{ComptonY, Frame, Ghz, MicroKelvinCmb};
use std::path::Path;

/// What the user knows better than the file; by default the file is believed in all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HealpixReadOptions {
    /// Part of the file; the first table by default.
    pub hdu: Option<HduChoice>,
    /// Column of the values; by default the first one that does not hold pixel numbers.
    pub column: Option<ColumnChoice>,
    /// Order of the pixels, over `ORDERING`.
    pub ordering: Option<HealpixOrdering>,
    /// Frame of the positions, over `COORDSYS`.
    pub frame: Option<Frame>,
    /// Unit of the pixels, over the column's `TUNIT`.
    pub unit: Option<FileUnit>,
    /// Frequency, over `FREQ`; a map of brightness (Jy/sr) cannot do without.
    pub nu: Option<Ghz>,
    /// Beam, over `BEAMFWHM` and `BMAJ`.
    pub beam: Option<Beam>,
    /// White noise level in uK_CMB or y, times arcmin, over `NOISE`.
    pub noise_arcmin: Option<f64>,
}

/// A HEALPix map of either kind.
#[derive(Clone, Debug)]
pub enum HealpixUnitMap {
    /// Temperature in uK_CMB.
    Temperature(HealpixMap<MicroKelvinCmb>),
    /// Compton y.
    ComptonY(HealpixMap<ComptonY>),
}

/// A HEALPix map from a file, with what its header says of the instrument.
#[derive(Clone, Debug)]
pub struct HealpixFile {
    /// The map in uK_CMB or y.
    pub map: HealpixUnitMap,
    /// Frequency of a temperature map.
    pub nu: Option<Ghz>,
    /// Beam.
    pub beam: Option<Beam>,
    /// White noise level in uK_CMB or y, times arcmin.
    pub noise_arcmin: Option<f64>,
    /// Name of the band.
    pub band_name: Option<String>,
}

impl HealpixFile {
    /// Makes a band of it; `name` stands in where the file has none, and no beam means [`Beam::Delta`].
    pub fn into_band(self, name: &str) -> HealpixBand {
        let map = match self.map {
            HealpixUnitMap::Temperature(map) => HealpixBandMap::Temperature { nu: self.nu, map },
            HealpixUnitMap::ComptonY(map) => HealpixBandMap::ComptonY(map),
        };
        let name = self.band_name.unwrap_or_else(|| name.to_owned());
        HealpixBand { name, beam: self.beam.unwrap_or(Beam::Delta), noise_arcmin: self.noise_arcmin, map }
    }
}

/// Reads a HEALPix map from a binary table: full-sky or partial, by implicit, ranged or explicit index, plain or gzip'd.
///
/// Pixels become missing that are NaN, infinite, `UNSEEN` (-1.6375e30) or `BAD_DATA` in the file, or not in it. Memory is
/// that of the map's pixels in single precision and a few MiB, whatever else the table holds.
///
/// # Errors
/// When the file cannot be read or is damaged, and when resolution, order, frame or unit are missing, unknown or do not
/// fit the table.
pub fn read_healpix(path: &Path, options: &HealpixReadOptions) -> Result<HealpixFile, Error> {
    let (mut table, layout) = open(path, options)?;
    let header = table.header().clone();
    let frame = options.frame.map_or_else(|| frame_of(&header), Ok)?;
    let unit = options.unit.map_or_else(|| unit_of(&table, &layout), Ok)?;
    let nu = match unit {
        FileUnit::ComptonY => None,
        _ => options.nu.map_or_else(|| frequency_of(&header), |nu| Ok(Some(nu)))?,
    };
    let scale = unit.scale(nu).ok_or_else(|| Error::BrightnessFrequency { place: header.place().clone(), unit })?;
    let beam = options.beam.clone().map_or_else(|| beam_of(&header), |beam| Ok(Some(beam)))?;
    let noise_arcmin = match options.noise_arcmin {
        Some(noise_arcmin) => Some(noise_arcmin),
        None => not_negative(&header, "NOISE")?.map(|noise| noise * scale),
    };
    let band_name = band_name_of(&header)?;
    let pixels = pixels_of(&mut table, &layout, scale)?;
    let map = match unit {
        FileUnit::ComptonY => HealpixUnitMap::ComptonY(HealpixMap::new(frame, pixels)),
        _ => HealpixUnitMap::Temperature(HealpixMap::new(frame, pixels)),
    };
    Ok(HealpixFile { map, nu, beam, noise_arcmin, band_name })
}

/// Whether the first table of a file is a HEALPix map; the pixels are not read.
///
/// # Errors
/// When the file cannot be read or is not FITS.
pub fn is_healpix(path: &Path) -> Result<bool, Error> {
    match TableStream::open(path, |_| true) {
        Ok(table) => {
            let header = table.header();
            let pixtype = header.get_str("PIXTYPE").ok().flatten().unwrap_or_default();
            Ok(pixtype.trim().eq_ignore_ascii_case("HEALPIX") || header.contains("NSIDE"))
        }
        Err(arcmin_fits::Error::WrongKind { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Reads a column of numbers without unit, such as a mask or a number of observations; frame and unit of the options do
/// not count.
///
/// # Errors
/// As [`read_healpix`], but for frame and unit.
pub fn read_healpix_column(path: &Path, options: &HealpixReadOptions) -> Result<OrderedPixels, Error> {
    let (mut table, layout) = open(path, options)?;
    pixels_of(&mut table, &layout, 1.0)
}

fn open(path: &Path, options: &HealpixReadOptions) -> Result<(TableStream, Layout), Error> {
    let mut seen = Vec::new();
    let table = TableStream::open(path, |hdu| {
        seen.push(hdu.to_string());
        is_chosen(hdu, options.hdu.as_ref())
    });
    let table = match (table, &options.hdu) {
        (Err(arcmin_fits::Error::WrongKind { .. }), Some(HduChoice::Name(name))) => {
            return Err(Error::NoHduOfName { path: path.into(), name: name.clone(), holds: seen.join(", ") });
        }
        (table, _) => table?,
    };
    let layout = Layout::of(&table, options.column.as_ref(), options.ordering)?;
    Ok((table, layout))
}

fn is_chosen(hdu: &HduSummary, choice: Option<&HduChoice>) -> bool {
    match choice {
        None => true,
        Some(HduChoice::Index(index)) => hdu.index == *index,
        Some(HduChoice::Name(name)) => {
            hdu.name.as_deref().is_some_and(|found| found.trim().eq_ignore_ascii_case(name.trim()))
        }
    }
}

fn unit_of(table: &TableStream, layout: &Layout) -> Result<FileUnit, Error> {
    let place = table.header().place().clone();
    match table.unit(layout.column)?.map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => FileUnit::from_name(name).ok_or_else(|| Error::UnknownUnit {
            place,
            keyword: "TUNIT",
            unit: name.to_owned(),
        }),
        None => FileUnit::from_keywords(table.header(), &["BUNIT", "UNITS"]),
    }
}

fn pixels_of(table: &mut TableStream, layout: &Layout, scale: f64) -> Result<OrderedPixels, Error> {
    let conversion = Conversion { bad_data: bad_data(table.header())?, scale };
    Ok(match layout.ordering {
        HealpixOrdering::Ring => OrderedPixels::Ring(gather(table, layout, &conversion)?),
        HealpixOrdering::Nested => OrderedPixels::Nested(gather(table, layout, &conversion)?),
    })
}

/// `BAD_DATA`; not all programs mean a number by it.
fn bad_data(header: &Header) -> Result<Option<f64>, Error> {
    match header.get("BAD_DATA") {
        Some(arcmin_fits::Value::Text(_)) => Ok(None),
        _ => Ok(header.get_f64("BAD_DATA")?),
    }
}
