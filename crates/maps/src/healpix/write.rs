//! Writing HEALPix maps.

use super::gather::UNSEEN;
use super::{HealpixFile, HealpixMap, HealpixPixels, HealpixUnitMap, OrderedPixels};
use crate::{Beam, Error};
use arcmin_fits::{Column, ColumnData, Header, write_table_pieces};
use arcmin_sphere::healpix::{Ordering, PixelSet};
use arcmin_units::{Frame, PixelUnit};
use std::path::Path;

/// Values a row of a full-sky table, as in other programs' files.
const ROW_LEN: usize = 1024;
/// Values that are made ready at a time.
const PIECE_LEN: usize = ROW_LEN << 10;

/// Writes a map as a binary table, under a temporary name at first; gzip'd when the name ends in `.gz`.
///
/// A full-sky map has an implicit index, missing pixels `UNSEEN`; of a partial one the pixels that have values are written
/// with their numbers.
///
/// # Errors
/// When the file cannot be written.
pub fn write_healpix<U: PixelUnit>(path: &Path, map: &HealpixMap<U>) -> Result<(), Error> {
    write(path, map, Header::new())
}

/// The same with more cards, such as what the values are.
///
/// # Errors
/// When the file cannot be written, or a card cannot be.
pub fn write_healpix_with<U: PixelUnit>(
    path: &Path,
    map: &HealpixMap<U>,
    cards: impl FnOnce(&mut Header) -> Result<(), arcmin_fits::Error>,
) -> Result<(), Error> {
    let mut header = Header::new();
    cards(&mut header)?;
    write(path, map, header)
}

impl HealpixFile {
    /// Writes the map as [`write_healpix`] does, with frequency, beam, noise and name, so that reading needs no option.
    ///
    /// A tabulated beam has no keyword: keep its table beside the map.
    ///
    /// # Errors
    /// When the file cannot be written, or the band's name is not printable ASCII.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let mut header = Header::new();
        if let Some(name) = &self.band_name {
            header.set("BAND", name.as_str(), "name of the band")?;
        }
        let fwhm_arcmin = match &self.beam {
            Some(Beam::Delta) => Some(0.0),
            Some(Beam::Gaussian { fwhm }) => Some(fwhm.value()),
            Some(Beam::Tabulated(_)) | None => None,
        };
        for (key, value, comment) in [
            ("FREQ", self.nu.map(|nu| nu.value()), "[GHz] effective frequency"),
            ("BEAMFWHM", fwhm_arcmin, "[arcmin] full width at half maximum of the beam"),
            ("NOISE", self.noise_arcmin, "[TUNIT arcmin] white noise level"),
        ] {
            if let Some(value) = value {
                header.set(key, value, comment)?;
            }
        }
        match &self.map {
            HealpixUnitMap::Temperature(map) => write(path, map, header),
            HealpixUnitMap::ComptonY(map) => write(path, map, header),
        }
    }
}

fn write<U: PixelUnit>(path: &Path, map: &HealpixMap<U>, extra: Header) -> Result<(), Error> {
    let what = Signal { unit: U::BUNIT, frame: map.frame() };
    match map.pixels() {
        OrderedPixels::Ring(pixels) => what.write(path, pixels, extra),
        OrderedPixels::Nested(pixels) => what.write(path, pixels, extra),
    }
}

/// What the column of values holds.
struct Signal {
    unit: &'static str,
    frame: Frame,
}

impl Signal {
    fn write<O: Ordering>(&self, path: &Path, pixels: &HealpixPixels<O>, extra: Header) -> Result<(), Error> {
        let header = self.header(pixels, extra)?;
        match pixels.covered() {
            None => self.write_full(path, pixels, &header),
            Some(covered) => self.write_partial(path, pixels, covered, &header),
        }
    }

    fn header<O: Ordering>(&self, pixels: &HealpixPixels<O>, mut header: Header) -> Result<Header, Error> {
        let is_full = pixels.covered().is_none();
        let coordsys = match self.frame {
            Frame::Equatorial => "C",
            Frame::Galactic => "G",
        };
        header.set("PIXTYPE", "HEALPIX", "HEALPix pixelisation")?;
        header.set("ORDERING", O::NAME, "order of the pixels, RING or NESTED")?;
        header.set("COORDSYS", coordsys, "C: equatorial, G: galactic")?;
        header.set("NSIDE", pixels.grid().nside().value() as i64, "resolution")?;
        header.set("INDXSCHM", if is_full { "IMPLICIT" } else { "EXPLICIT" }, "whether pixel numbers are given")?;
        header.set("OBJECT", if is_full { "FULLSKY" } else { "PARTIAL" }, "sky coverage")?;
        if is_full {
            header.set("FIRSTPIX", 0, "first pixel, from 0")?;
            header.set("LASTPIX", pixels.grid().n_pixels() as i64 - 1, "last pixel")?;
        }
        header.set("BAD_DATA", f64::from(UNSEEN), "value of missing pixels")?;
        Ok(header)
    }

    fn column(&self, values: Vec<f32>) -> Column {
        Column::new("SIGNAL", values).with_unit(self.unit)
    }

    fn write_full<O: Ordering>(&self, path: &Path, pixels: &HealpixPixels<O>, header: &Header) -> Result<(), Error> {
        let values = pixels.raw();
        let repeat = if values.len().is_multiple_of(ROW_LEN) { ROW_LEN } else { 1 };
        let unseen = |value: &f32| if value.is_nan() { UNSEEN } else { *value };
        let pieces = values.chunks(PIECE_LEN).map(|piece| {
            let piece = piece.iter().map(unseen).collect();
            Ok(vec![self.column(piece).with_repeat(repeat)])
        });
        write_table_pieces(path, header, values.len() / repeat, pieces)
    }

    fn write_partial<O: Ordering>(
        &self,
        path: &Path,
        pixels: &HealpixPixels<O>,
        covered: &PixelSet<O>,
        header: &Header,
    ) -> Result<(), Error> {
        let is_small = i32::try_from(pixels.grid().n_pixels()).is_ok();
        let numbers_of = |numbers: Vec<i64>| -> ColumnData {
            if is_small { numbers.iter().map(|n| *n as i32).collect::<Vec<i32>>().into() } else { numbers.into() }
        };
        let mut rest = covered.pixels().zip(pixels.raw()).filter(|(_, value)| !value.is_nan()).peekable();
        let mut is_first = true;
        let pieces = std::iter::from_fn(|| {
            // Even an empty table has a piece, which tells its columns.
            if rest.peek().is_none() && !std::mem::take(&mut is_first) {
                return None;
            }
            is_first = false;
            let (mut numbers, mut values) = (Vec::new(), Vec::new());
            for (pixel, value) in rest.by_ref().take(PIECE_LEN) {
                numbers.push(pixel.number() as i64);
                values.push(*value);
            }
            Some(Ok(vec![Column::new("PIXEL", numbers_of(numbers)), self.column(values)]))
        });
        write_table_pieces(path, header, pixels.n_valid() as usize, pieces)
    }
}
