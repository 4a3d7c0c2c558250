//! Opening a file and reading its parts.

use crate::hdu::{Hdu, scan};
use crate::{Error, HduKind, HduSummary, Header, Image, ImageData, Place, Table, table_read, tiled};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// How much memory a file may ask for. Sizes that the length of the file vouches for are free;
/// these limits are for what unpacks to more than was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest file that a gzip'd one may unpack to, in bytes.
    pub gunzipped_bytes: u64,
    /// Largest image that tiles may unpack to, in bytes.
    pub image_bytes: u64,
}

impl Default for Limits {
    /// 8 GiB each: a map of 32768 x 32768 in double precision.
    fn default() -> Self {
        Self { gunzipped_bytes: 8 << 30, image_bytes: 8 << 30 }
    }
}

/// A FITS file in memory, its HDUs found and their sizes checked.
pub struct FitsFile {
    place: Place,
    bytes: Vec<u8>,
    hdus: Vec<Hdu>,
    summaries: Vec<HduSummary>,
    limits: Limits,
}

impl FitsFile {
    /// Reads a file, unpacks it if it is gzip'd, and finds its HDUs.
    ///
    /// # Errors
    /// When the file cannot be read, is not FITS, or ends before what its headers declare.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_within(path, Limits::default())
    }

    /// Like [`FitsFile::open`] with other limits on memory.
    ///
    /// # Errors
    /// As [`FitsFile::open`].
    pub fn open_within(path: impl AsRef<Path>, limits: Limits) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = read_file(path)?;
        Self::from_place(Place::file(path), bytes, limits)
    }

    /// Takes the content of a file that is in memory already; `name` is for messages.
    ///
    /// # Errors
    /// As [`FitsFile::open`].
    pub fn from_bytes(name: &str, bytes: Vec<u8>, limits: Limits) -> Result<Self, Error> {
        Self::from_place(Place::file(Path::new(name)), bytes, limits)
    }

    fn from_place(place: Place, bytes: Vec<u8>, limits: Limits) -> Result<Self, Error> {
        let is_gzip = bytes.starts_with(&[0x1f, 0x8b]);
        let bytes = if is_gzip { gunzip(&bytes, &place, limits)? } else { bytes };
        if bytes.is_empty() {
            return Err(Error::Empty { place });
        }
        if !bytes.starts_with(b"SIMPLE  =") {
            let head = &bytes[..bytes.len().min(30)];
            let found = String::from_utf8_lossy(head).into_owned();
            return Err(Error::NotFits { place, found });
        }
        let hdus = scan(&bytes, &place)?;
        let summaries =
            hdus.iter().enumerate().map(|(index, hdu)| HduSummary::new(index, &hdu.header, hdu.kind.clone())).collect();
        Ok(Self { place, bytes, hdus, summaries, limits })
    }

    /// What the file holds, in its order.
    pub fn hdus(&self) -> &[HduSummary] {
        &self.summaries
    }

    /// The header of an HDU as it stands in the file.
    ///
    /// # Errors
    /// [`Error::NoSuchHdu`].
    pub fn header(&self, index: usize) -> Result<&Header, Error> {
        Ok(&self.hdu(index)?.header)
    }

    /// Reads an image, tile-compressed or not.
    ///
    /// # Errors
    /// When there is no image at `index` or its content is damaged.
    pub fn read_image(&self, index: usize) -> Result<Image, Error> {
        let hdu = self.hdu(index)?;
        let data = &self.bytes[hdu.data.clone()];
        match &hdu.kind {
            HduKind::Image { axes, bitpix } if hdu.kind.has_pixels() => {
                let pixels = ImageData::decode(data, *bitpix).expect("scan checked BITPIX");
                Ok(Image {
                    header: hdu.header.clone(),
                    axes: axes.clone(),
                    data: pixels.with_header_scale(&hdu.header)?,
                })
            }
            HduKind::CompressedImage { .. } if hdu.kind.has_pixels() => tiled::read(&hdu.header, data, self.limits),
            _ => Err(self.wrong_kind(self.place.with_hdu(index), "image with pixels")),
        }
    }

    /// Reads the first image that has pixels.
    ///
    /// # Errors
    /// [`Error::WrongKind`] when there is none; else as [`FitsFile::read_image`].
    pub fn first_image(&self) -> Result<Image, Error> {
        match self.hdus.iter().position(|hdu| hdu.kind.has_pixels()) {
            Some(index) => self.read_image(index),
            None => Err(self.wrong_kind(self.place.clone(), "image with pixels")),
        }
    }

    /// Reads a binary table.
    ///
    /// # Errors
    /// When there is no table at `index` or its content is damaged.
    pub fn read_table(&self, index: usize) -> Result<Table, Error> {
        let hdu = self.hdu(index)?;
        match hdu.kind {
            HduKind::BinTable { .. } => table_read::read(&hdu.header, &self.bytes[hdu.data.clone()]),
            _ => Err(self.wrong_kind(self.place.with_hdu(index), "binary table")),
        }
    }

    /// Reads the first binary table.
    ///
    /// # Errors
    /// [`Error::WrongKind`] when there is none; else as [`FitsFile::read_table`].
    pub fn first_table(&self) -> Result<Table, Error> {
        let is_table = |hdu: &Hdu| matches!(hdu.kind, HduKind::BinTable { .. });
        match self.hdus.iter().position(is_table) {
            Some(index) => self.read_table(index),
            None => Err(self.wrong_kind(self.place.clone(), "binary table")),
        }
    }

    fn hdu(&self, index: usize) -> Result<&Hdu, Error> {
        self.hdus
            .get(index)
            .ok_or_else(|| Error::NoSuchHdu { place: self.place.with_hdu(index), holds: self.listing() })
    }

    fn wrong_kind(&self, place: Place, wanted: &'static str) -> Error {
        let holds = self.listing();
        Error::WrongKind { place, wanted, holds }
    }

    fn listing(&self) -> String {
        let lines: Vec<String> = self.summaries.iter().map(HduSummary::to_string).collect();
        lines.join(", ")
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    let read = |source| Error::Read { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(read)?;
    let meta = file.metadata().map_err(read)?;
    if !meta.is_file() {
        return Err(Error::NotAFile { path: path.to_owned() });
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(read)?;
    Ok(bytes)
}

/// Unpacks a gzip'd file; memory grows with what really comes out, never with what is claimed.
fn gunzip(packed: &[u8], place: &Place, limits: Limits) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    MultiGzDecoder::new(packed)
        .take(limits.gunzipped_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| Error::GzipFile { place: place.clone(), source })?;
    if bytes.len() as u64 > limits.gunzipped_bytes {
        return Err(Error::TooLarge {
            place: place.clone(),
            what: "the gzip'd file",
            bytes: bytes.len() as u128,
            limit_bytes: limits.gunzipped_bytes,
            reason: "a gzip'd file may unpack to: gunzip it first",
        });
    }
    Ok(bytes)
}
