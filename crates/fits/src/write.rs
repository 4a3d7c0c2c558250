//! Writing FITS files.

use crate::header::BLOCK_BYTES;
use crate::number::Number;
use crate::{Column, Error, Header, Place, Table, table_write, write_atomically};
use flate2::{Compression, GzBuilder};
use std::io::{self, Write};
use std::path::Path;

/// Pixels to be written, borrowed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Pixels<'a> {
    /// `BITPIX = 8`.
    U8(&'a [u8]),
    /// `BITPIX = 16`.
    I16(&'a [i16]),
    /// `BITPIX = 32`.
    I32(&'a [i32]),
    /// `BITPIX = 64`.
    I64(&'a [i64]),
    /// `BITPIX = -32`.
    F32(&'a [f32]),
    /// `BITPIX = -64`.
    F64(&'a [f64]),
}

macro_rules! pixels_from {
    ($($variant:ident($type:ty)),*) => {$(
        impl<'a> From<&'a [$type]> for Pixels<'a> {
            fn from(pixels: &'a [$type]) -> Self {
                Pixels::$variant(pixels)
            }
        }
        impl<'a> From<&'a Vec<$type>> for Pixels<'a> {
            fn from(pixels: &'a Vec<$type>) -> Self {
                Pixels::$variant(pixels)
            }
        }
    )*};
}
pixels_from!(U8(u8), I16(i16), I32(i32), I64(i64), F32(f32), F64(f64));

impl Pixels<'_> {
    fn len(&self) -> usize {
        match self {
            Pixels::U8(v) => v.len(),
            Pixels::I16(v) => v.len(),
            Pixels::I32(v) => v.len(),
            Pixels::I64(v) => v.len(),
            Pixels::F32(v) => v.len(),
            Pixels::F64(v) => v.len(),
        }
    }

    fn bitpix(&self) -> i64 {
        match self {
            Pixels::U8(_) => 8,
            Pixels::I16(_) => 16,
            Pixels::I32(_) => 32,
            Pixels::I64(_) => 64,
            Pixels::F32(_) => -32,
            Pixels::F64(_) => -64,
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Pixels::U8(v) => write_padded(v, out),
            Pixels::I16(v) => write_padded(v, out),
            Pixels::I32(v) => write_padded(v, out),
            Pixels::I64(v) => write_padded(v, out),
            Pixels::F32(v) => write_padded(v, out),
            Pixels::F64(v) => write_padded(v, out),
        }
    }
}

/// Writes an image as the primary HDU of a file; gzip'd when the name ends in `.gz`.
///
/// `axes` in FITS order, the fastest (x) first. Cards of `header` that describe the array
/// (`BITPIX`, `NAXIS`, `BSCALE`, ...) are replaced.
///
/// # Errors
/// [`Error::PixelCount`]; [`Error::Write`], and then nothing new stands under `path`.
pub fn write_image<'a>(
    path: impl AsRef<Path>,
    header: &'a Header,
    axes: &[usize],
    pixels: impl Into<Pixels<'a>>,
) -> Result<(), Error> {
    FitsBuilder::new().image(header, axes, pixels).write(path)
}

/// Writes a table as the first extension of a file; gzip'd when the name ends in `.gz`.
///
/// # Errors
/// [`Error::BadColumn`] for columns that FITS cannot hold; [`Error::Write`], and then nothing
/// new stands under `path`.
pub fn write_table(path: impl AsRef<Path>, table: &Table) -> Result<(), Error> {
    FitsBuilder::new().table(table).write(path)
}

/// A file of several HDUs, written in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub struct FitsBuilder<'a> {
    parts: Vec<Part<'a>>,
}

#[derive(Clone, Debug)]
enum Part<'a> {
    Image(&'a Header, Vec<usize>, Pixels<'a>),
    Table(&'a Table),
}

impl<'a> FitsBuilder<'a> {
    /// A file without HDUs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an image; the first one becomes the primary HDU. Arguments as [`write_image`].
    #[must_use]
    pub fn image(mut self, header: &'a Header, axes: &[usize], pixels: impl Into<Pixels<'a>>) -> Self {
        self.parts.push(Part::Image(header, axes.to_vec(), pixels.into()));
        self
    }

    /// Adds a binary table; as first part it follows an empty primary HDU.
    #[must_use]
    pub fn table(mut self, table: &'a Table) -> Self {
        self.parts.push(Part::Table(table));
        self
    }

    /// Writes the file, gzip'd when the name ends in `.gz`.
    ///
    /// # Errors
    /// [`Error::PixelCount`] and [`Error::BadColumn`] before anything is written;
    /// [`Error::Write`], and then nothing new stands under `path`.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let parts = self.encode_headers(&Place::file(path))?;
        write_by_name(path, |out| write_parts(&parts, out))
    }

    /// The file as bytes, not gzip'd.
    ///
    /// # Errors
    /// [`Error::PixelCount`] and [`Error::BadColumn`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let parts = self.encode_headers(&Place::memory())?;
        let mut out = Vec::new();
        write_parts(&parts, &mut out).expect("writing to memory does not fail");
        Ok(out)
    }

    /// Checks every part and makes its header.
    fn encode_headers(&self, place: &Place) -> Result<Vec<Encoded<'a>>, Error> {
        let mut parts = Vec::new();
        if !matches!(self.parts.first(), Some(Part::Image(..))) {
            parts.push(image_part(&Header::new(), &[], Pixels::U8(&[]), place.with_hdu(0))?);
        }
        for part in &self.parts {
            let place = place.with_hdu(parts.len());
            parts.push(match part {
                Part::Image(header, axes, pixels) => image_part(header, axes, *pixels, place)?,
                Part::Table(table) => {
                    let (header, data) = table_write::encode(table, place)?;
                    (header, Content::Bytes(data))
                }
            });
        }
        Ok(parts)
    }
}

/// Writes a table as the first extension of a file, a piece of rows after the other, so that it is never in memory as a
/// whole; gzip'd when the name ends in `.gz`.
///
/// # Errors
/// What a piece brings instead of columns; [`Error::BadColumn`] for columns that FITS cannot hold; [`Error::Write`]. Then
/// nothing new stands under `path`.
///
/// # Panics
/// When there is no piece, when the pieces have not the same columns or not `n_rows` rows together, and for lists of
/// varying length.
pub fn write_table_pieces<E: From<Error>>(
    path: impl AsRef<Path>,
    header: &Header,
    n_rows: usize,
    pieces: impl IntoIterator<Item = Result<Vec<Column>, E>>,
) -> Result<(), E> {
    let path = path.as_ref();
    let place = Place::file(path).with_hdu(1);
    let encode = |columns| table_write::encode(&Table { header: header.clone(), ..Table::new(columns) }, place.clone());
    let mut pieces = pieces.into_iter();
    let (first_header, first) = encode(pieces.next().expect("a table has at least one piece")?)?;
    let mut whole = first_header.clone();
    whole.set("NAXIS2", n_rows as i64, "number of rows")?;
    let primary = FitsBuilder::new().image(&Header::new(), &[], Pixels::U8(&[])).to_bytes()?;
    let mut failure = None;
    let written = write_by_name(path, |out| {
        out.write_all(&primary)?;
        out.write_all(&whole.to_blocks())?;
        out.write_all(&first)?;
        let mut bytes = first.len();
        for columns in pieces.by_ref() {
            let (header, rows) = columns.and_then(|columns| Ok(encode(columns)?)).map_err(|error| {
                failure = Some(error);
                io::Error::other("a piece cannot be written")
            })?;
            assert!(is_same_layout(&header, &first_header), "all pieces of a table have the same columns");
            out.write_all(&rows)?;
            bytes += rows.len();
        }
        let row_bytes = whole.need_usize("NAXIS1", "bytes a table row").unwrap_or(0);
        assert_eq!(bytes, n_rows * row_bytes, "the pieces have {n_rows} rows together");
        out.write_all(&vec![0; bytes.next_multiple_of(BLOCK_BYTES) - bytes])
    });
    failure.map_or(written.map_err(E::from), Err)
}

/// Whether two pieces of a table describe their rows in the same way.
fn is_same_layout(a: &Header, b: &Header) -> bool {
    let cards = |header: &Header| header.iter().filter(|card| card.key != "NAXIS2").cloned().collect::<Vec<_>>();
    cards(a) == cards(b)
}

/// Writes a file that is gzip'd when its name says so.
pub(crate) fn write_by_name(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    write_atomically(path, |out| {
        if !is_gzip(path) {
            return fill(out);
        }
        // No name and no time in the gzip header: the same content gives the same bytes.
        let mut packed = GzBuilder::new().write(out, Compression::default());
        fill(&mut packed)?;
        packed.finish().map(|_| ())
    })
}

type Encoded<'a> = (Header, Content<'a>);

/// What follows a header.
enum Content<'a> {
    Pixels(Pixels<'a>),
    Bytes(Vec<u8>),
}

fn write_parts(parts: &[Encoded<'_>], out: &mut dyn Write) -> io::Result<()> {
    for (header, content) in parts {
        out.write_all(&header.to_blocks())?;
        match content {
            Content::Pixels(pixels) => pixels.write(out)?,
            Content::Bytes(bytes) => write_padded(bytes, out)?,
        }
    }
    Ok(())
}

fn image_part<'a>(extra: &Header, axes: &[usize], pixels: Pixels<'a>, place: Place) -> Result<Encoded<'a>, Error> {
    let n_pixels = axes.iter().try_fold(1usize, |n, &axis| n.checked_mul(axis));
    let expected = if axes.is_empty() { Some(0) } else { n_pixels };
    if expected != Some(pixels.len()) || axes.len() > 999 {
        return Err(Error::PixelCount { place, axes: axes.to_vec(), got: pixels.len() });
    }
    Ok((image_header(extra, axes, pixels.bitpix(), &place)?, Content::Pixels(pixels)))
}

/// The header of an image: what describes the array, then the cards of `extra`.
pub(crate) fn image_header(extra: &Header, axes: &[usize], bitpix: i64, place: &Place) -> Result<Header, Error> {
    let mut header = Header::new();
    let is_primary = place.hdu() == Some(0);
    match is_primary {
        true => header.set("SIMPLE", true, "conforms to FITS standard")?,
        false => header.set("XTENSION", "IMAGE", "image extension")?,
    }
    header.set("BITPIX", bitpix, "bits a pixel, negative: floating point")?;
    header.set("NAXIS", axes.len() as i64, "number of axes")?;
    for (n, &axis) in (1..).zip(axes) {
        header.set(&format!("NAXIS{n}"), axis as i64, "")?;
    }
    if is_primary {
        header.set("EXTEND", true, "extensions may follow")?;
    } else {
        header.set("PCOUNT", 0, "no parameters")?;
        header.set("GCOUNT", 1, "one group")?;
    }
    header.extend_with(extra);
    Ok(header)
}

/// True for a name that ends in `.gz`.
fn is_gzip(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz"))
}

/// What fills up a last block.
pub(crate) const BLOCK_OF_ZEROS: [u8; BLOCK_BYTES] = [0; BLOCK_BYTES];

/// Writes one table; the outer error is that of a column which FITS cannot hold.
pub(crate) fn write_table_part(table: &Table, place: Place, out: &mut dyn Write) -> Result<io::Result<()>, Error> {
    let (header, data) = table_write::encode(table, place)?;
    Ok(out.write_all(&header.to_blocks()).and_then(|()| write_padded(&data, out)))
}

/// Whether a card describes the storage of the data, which writers decide themselves.
/// Checksums go too: they are those of the file the header came from.
pub(crate) fn is_structural(key: &str) -> bool {
    const EXACT: [&str; 15] = [
        "SIMPLE", "XTENSION", "BITPIX", "NAXIS", "EXTEND", "PCOUNT", "GCOUNT", "GROUPS", "TFIELDS", "THEAP", "BSCALE",
        "BZERO", "BLANK", "CHECKSUM", "DATASUM",
    ];
    const NUMBERED: [&str; 9] = ["NAXIS", "TTYPE", "TFORM", "TUNIT", "TNULL", "TSCAL", "TZERO", "TDIM", "TDISP"];
    let stem = key.trim_end_matches(|c: char| c.is_ascii_digit());
    EXACT.contains(&key) || (stem != key && NUMBERED.contains(&stem))
}

/// Writes numbers big-endian in pieces, filled up with zeros to a whole block.
fn write_padded<T: Number>(numbers: &[T], out: &mut dyn Write) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(1 << 16);
    for piece in numbers.chunks((1 << 16) / T::BYTES) {
        buffer.clear();
        piece.iter().for_each(|&number| number.push_be(&mut buffer));
        out.write_all(&buffer)?;
    }
    let bytes = numbers.len() * T::BYTES;
    out.write_all(&vec![0; bytes.next_multiple_of(BLOCK_BYTES) - bytes])
}
