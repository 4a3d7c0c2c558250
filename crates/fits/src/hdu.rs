//! The parts of a file: where each header-data unit lies and what it holds.

use crate::header::BLOCK_BYTES;
use crate::{Error, Header, Place};
use std::fmt;
use std::ops::Range;

/// What an HDU holds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum HduKind {
    /// An image; without axes, as first HDUs often are, it is empty.
    Image {
        /// Axis lengths in FITS order.
        axes: Vec<usize>,
        /// `BITPIX`: bits a pixel, negative for floating point.
        bitpix: i64,
    },
    /// A tile-compressed image, stored as a binary table.
    CompressedImage {
        /// Axis lengths in FITS order.
        axes: Vec<usize>,
        /// `BITPIX` of the image before compression.
        bitpix: i64,
        /// `ZCMPTYPE`: name of the algorithm.
        algorithm: String,
    },
    /// A binary table.
    BinTable {
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        columns: usize,
    },
    /// Something else, by its `XTENSION`.
    Other {
        /// The kind of extension.
        extension: String,
    },
}

impl HduKind {
    /// Whether it is an image with pixels, compressed or not.
    pub fn has_pixels(&self) -> bool {
        match self {
            HduKind::Image { axes, .. } | HduKind::CompressedImage { axes, .. } => {
                !axes.is_empty() && !axes.contains(&0)
            }
            HduKind::BinTable { .. } | HduKind::Other { .. } => false,
        }
    }
}

/// One line about an HDU.
#[derive(Clone, Debug, PartialEq)]
pub struct HduSummary {
    /// Position in the file, the primary HDU being 0.
    pub index: usize,
    /// `EXTNAME`, where there is one.
    pub name: Option<String>,
    /// What it holds.
    pub kind: HduKind,
}

impl HduSummary {
    pub(crate) fn new(index: usize, header: &Header, kind: HduKind) -> Self {
        Self { index, name: header.get_str("EXTNAME").ok().flatten().map(str::to_owned), kind }
    }
}

impl fmt::Display for HduSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.index)?;
        if let Some(name) = &self.name {
            write!(f, " {name}")?;
        }
        match &self.kind {
            HduKind::Image { axes, .. } if axes.is_empty() => write!(f, " (empty)"),
            HduKind::Image { axes, .. } => write!(f, " (image {axes:?})"),
            HduKind::CompressedImage { axes, .. } => write!(f, " (compressed image {axes:?})"),
            HduKind::BinTable { rows, columns } => {
                write!(f, " (table of {rows} rows, {columns} columns)")
            }
            HduKind::Other { extension } => write!(f, " ({extension})"),
        }
    }
}

/// One HDU: header, bytes of its data, what it holds.
pub(crate) struct Hdu {
    pub(crate) header: Header,
    pub(crate) data: Range<usize>,
    pub(crate) kind: HduKind,
}

/// Finds every HDU; no size is believed before it was compared with the file's length.
pub(crate) fn scan(bytes: &[u8], file: &Place) -> Result<Vec<Hdu>, Error> {
    let mut hdus = Vec::new();
    let mut start = 0;
    // What follows the last HDU and is no extension is ignored (FITS40 section 3.5).
    while start == 0 || bytes[start..].starts_with(b"XTENSION") {
        let hdu = read_one(bytes, start, file.with_hdu(hdus.len()))?;
        let end = hdu.data.end.next_multiple_of(BLOCK_BYTES);
        hdus.push(hdu);
        start = end.min(bytes.len());
    }
    Ok(hdus)
}

fn read_one(bytes: &[u8], start: usize, place: Place) -> Result<Hdu, Error> {
    let (header, header_bytes) = Header::parse(&bytes[start..], place)?;
    let begin = start + header_bytes;
    let end = begin as u128 + declared_bytes(&header)?;
    if end > bytes.len() as u128 {
        return Err(Error::Truncated {
            place: header.place().clone(),
            declared_bytes: end,
            file_bytes: bytes.len() as u64,
        });
    }
    Ok(Hdu { kind: kind_of(&header)?, data: begin..end as usize, header })
}

/// Size of the data by equations 1 and 2 of FITS40 (sections 4.4.1.1 and 7.1).
pub(crate) fn declared_bytes(header: &Header) -> Result<u128, Error> {
    let bits = bitpix(header, "BITPIX")?.unsigned_abs();
    let axes = axes(header, "NAXIS")?;
    let is_groups = header.get_bool("GROUPS")? == Some(true) && axes.first() == Some(&0);
    let counted = if is_groups { &axes[1..] } else { &axes[..] };
    let elements = counted.iter().fold(1, |n: u128, &axis| n.saturating_mul(axis as u128));
    let elements = if counted.is_empty() { 0 } else { elements };
    let mut size = elements;
    if is_groups || header.contains("XTENSION") {
        let groups = header.usize_or("GCOUNT", 1)? as u128;
        let extra = header.usize_or("PCOUNT", 0)? as u128;
        size = elements.saturating_add(extra).saturating_mul(groups);
    }
    Ok(size.saturating_mul(u128::from(bits / 8)))
}

pub(crate) fn kind_of(header: &Header) -> Result<HduKind, Error> {
    let extension = header.get_str("XTENSION")?;
    let axes = axes(header, "NAXIS")?;
    if extension.is_none() && header.get_bool("GROUPS")? == Some(true) {
        return Ok(other("random groups"));
    }
    match extension {
        None | Some("IMAGE") => Ok(HduKind::Image { bitpix: bitpix(header, "BITPIX")?, axes }),
        Some("BINTABLE") if header.get_bool("ZIMAGE")? == Some(true) => compressed(header),
        Some("BINTABLE") if header.get_bool("ZTABLE")? == Some(true) => Ok(other("compressed table")),
        Some("BINTABLE") => match axes[..] {
            [_, rows] => {
                Ok(HduKind::BinTable { rows, columns: header.need_usize("TFIELDS", "number of table columns")? })
            }
            _ => Ok(other("BINTABLE without two axes")),
        },
        Some(extension) => Ok(other(extension)),
    }
}

fn compressed(header: &Header) -> Result<HduKind, Error> {
    Ok(HduKind::CompressedImage {
        axes: axes(header, "ZNAXIS")?,
        bitpix: bitpix(header, "ZBITPIX")?,
        algorithm: header.get_str("ZCMPTYPE")?.unwrap_or("").to_owned(),
    })
}

fn other(extension: &str) -> HduKind {
    HduKind::Other { extension: extension.to_owned() }
}

/// Bits a pixel: one of the six values FITS allows.
fn bitpix(header: &Header, key: &str) -> Result<i64, Error> {
    let bits = header.need_i64(key, "size of a pixel")?;
    match bits {
        8 | 16 | 32 | 64 | -32 | -64 => Ok(bits),
        _ => Err(header.bad(key, &bits.into(), "one of 8, 16, 32, 64, -32, -64")),
    }
}

/// Axis lengths `key1`, `key2`, ... in FITS order.
pub(crate) fn axes(header: &Header, key: &str) -> Result<Vec<usize>, Error> {
    let n_axes = header.need_usize(key, "number of axes")?;
    if n_axes > 999 {
        return Err(header.bad(key, &(n_axes as i64).into(), "at most 999"));
    }
    (1..=n_axes).map(|n| header.need_usize(&format!("{key}{n}"), "length of an axis")).collect()
}
