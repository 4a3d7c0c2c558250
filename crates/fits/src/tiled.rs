//! Tile-compressed images: a binary table with one tile a row (FITS40 section 10).

use crate::hdu::axes;
use crate::number::Number;
use crate::quantize::{Dither, Quantization};
use crate::table_read::{RawColumn, RawTable};
use crate::tile::{Algorithm, Decoder, Packed};
use crate::tile_header::image_header;
use crate::{Error, Header, Image, ImageData, Limits};
use rayon::prelude::*;

/// Tiles cannot unpack to more than this many times the table's bytes: gzip reaches 1032 with
/// bytes, and a byte can stand for a pixel of 8.
const EXPANSION_MAX: u64 = 8 * 1032;
/// Pixels that are decoded before they are put in place: bounds the memory beside the image.
const BATCH_PIXELS: usize = 1 << 20;

/// Reads a tile-compressed image.
pub(crate) fn read(header: &Header, data: &[u8], limits: Limits) -> Result<Image, Error> {
    let tiled = Tiled::new(header, data)?;
    let bitpix = header.need_i64("ZBITPIX", "size of a pixel")?;
    let pixels = match bitpix {
        8 => ImageData::U8(tiled.decode(limits)?),
        16 => ImageData::I16(tiled.decode(limits)?),
        32 => ImageData::I32(tiled.decode(limits)?),
        64 => ImageData::I64(tiled.decode(limits)?),
        -32 => ImageData::F32(tiled.decode(limits)?),
        _ => ImageData::F64(tiled.decode(limits)?),
    };
    let mut header = image_header(header);
    if let (Some(blank), false) = (tiled.blank_keyword, header.contains("BLANK")) {
        header.set("BLANK", blank, "")?;
    }
    Ok(Image { data: pixels.with_header_scale(&header)?, axes: tiled.axes, header })
}

/// A compressed image whose parameters were read and checked.
struct Tiled<'a> {
    table: RawTable<'a>,
    data_bytes: u64,
    axes: Vec<usize>,
    tile: Vec<usize>,
    decoder: Decoder,
    compressed: Option<RawColumn>,
    gzipped: Option<RawColumn>,
    plain: Option<RawColumn>,
    scales: Option<Scales>,
    blank_keyword: Option<i64>,
}

/// Quantization of all tiles.
struct Scales {
    scale: PerTile,
    zero: PerTile,
    blank: Option<PerTile>,
    dither: Dither,
    seed: i64,
}

/// A number given once for all tiles, or for each.
enum PerTile {
    Keyword(f64),
    Column(Vec<f64>),
}

impl PerTile {
    fn get(&self, tile: usize) -> Option<f64> {
        match self {
            PerTile::Keyword(number) => Some(*number),
            PerTile::Column(numbers) => numbers.get(tile).copied(),
        }
    }
}

impl<'a> Tiled<'a> {
    fn new(header: &'a Header, data: &'a [u8]) -> Result<Self, Error> {
        let table = RawTable::new(header, data)?;
        let axes = axes(header, "ZNAXIS")?;
        let column = |name: &str| table.find(name).cloned();
        let tiled = Self {
            data_bytes: data.len() as u64,
            tile: tile_shape(header, &axes)?,
            decoder: Decoder::new(algorithm(header)?),
            compressed: column("COMPRESSED_DATA"),
            gzipped: column("GZIP_COMPRESSED_DATA"),
            plain: column("UNCOMPRESSED_DATA"),
            scales: scales(&table)?,
            blank_keyword: header.get_i64("ZBLANK")?,
            table,
            axes,
        };
        let n_tiles = tiled.counts().iter().fold(1usize, |n, &count| n.saturating_mul(count));
        if n_tiles > tiled.table.n_rows {
            let rows = (tiled.table.n_rows as i64).into();
            return Err(header.bad("NAXIS2", &rows, "at least the number of tiles"));
        }
        Ok(tiled)
    }

    /// Number of tiles along each axis.
    fn counts(&self) -> Vec<usize> {
        self.axes.iter().zip(&self.tile).map(|(&axis, &tile)| axis.div_ceil(tile)).collect()
    }

    fn decode<T: Number>(&self, limits: Limits) -> Result<Vec<T>, Error> {
        let mut image = self.allocate::<T>(limits)?;
        let n_tiles: usize = self.counts().iter().product();
        let batch = (BATCH_PIXELS / self.tile.iter().product::<usize>().max(1)).max(1);
        for first in (0..n_tiles).step_by(batch) {
            let tiles = first..(first + batch).min(n_tiles);
            let decoded: Vec<_> = tiles.clone().into_par_iter().map(|t| self.pixels::<T>(t)).collect();
            for (tile, pixels) in tiles.zip(decoded) {
                self.place(tile, &pixels?, &mut image);
            }
        }
        Ok(image)
    }

    /// Memory for the image, once its size was found possible.
    fn allocate<T: Number>(&self, limits: Limits) -> Result<Vec<T>, Error> {
        let n = self.axes.iter().fold(1u128, |n, &axis| n.saturating_mul(axis as u128));
        let bytes = n.saturating_mul(T::BYTES as u128);
        let too_large = |limit_bytes, reason| Error::TooLarge {
            place: self.table.header.place().clone(),
            what: "the unpacked image",
            bytes,
            limit_bytes,
            reason,
        };
        let possible = self.data_bytes.saturating_mul(EXPANSION_MAX);
        if bytes > u128::from(possible) {
            return Err(too_large(possible, "its tiles can hold: the header is damaged"));
        }
        if bytes > u128::from(limits.image_bytes) {
            return Err(too_large(limits.image_bytes, "an image may unpack to: cut it first"));
        }
        let mut image = Vec::new();
        image.try_reserve_exact(n as usize).map_err(|_| too_large(limits.image_bytes, "this machine has free"))?;
        image.resize(n as usize, T::default());
        Ok(image)
    }

    fn pixels<T: Number>(&self, tile: usize) -> Result<Vec<T>, Error> {
        let n = self.extent(tile).iter().map(|(_, len)| len).product();
        let corrupt = |reason| Error::CorruptTile { place: self.table.header.place().clone(), tile: tile + 1, reason };
        let packed = self.packed(tile)?.ok_or_else(|| corrupt("it has no data"))?;
        let quantization = match &self.scales {
            Some(scales) if T::IS_FLOAT => {
                Some(scales.of_tile(tile).ok_or_else(|| corrupt("it has no ZSCALE or ZZERO"))?)
            }
            _ => None,
        };
        self.decoder.pixels(&packed, n, tile, quantization).map_err(corrupt)
    }

    /// The first of the three columns that has bytes for this tile.
    fn packed(&self, tile: usize) -> Result<Option<Packed<'a>>, Error> {
        let columns = [&self.compressed, &self.gzipped, &self.plain];
        for (which, column) in columns.into_iter().enumerate() {
            let Some(column) = column else { continue };
            let (count, bytes) = self.table.list(column, tile)?;
            if count > 0 {
                return Ok(Some(match which {
                    0 => Packed::ByAlgorithm(bytes),
                    1 => Packed::Gzip(bytes),
                    _ => Packed::Plain(bytes),
                }));
            }
        }
        Ok(None)
    }

    /// First index and length of a tile along each axis; tiles at the end may be shorter.
    fn extent(&self, tile: usize) -> Vec<(usize, usize)> {
        let mut rest = tile;
        let of_axis = |((&axis, &len), count): ((&usize, &usize), usize)| {
            let start = rest % count * len;
            rest /= count;
            (start, len.min(axis - start))
        };
        self.axes.iter().zip(&self.tile).zip(self.counts()).map(of_axis).collect()
    }

    /// Copies a tile to its place, run by run along the first axis.
    fn place<T: Number>(&self, tile: usize, pixels: &[T], image: &mut [T]) {
        let extent = self.extent(tile);
        let Some(&(start, run)) = extent.first() else { return };
        for (n, piece) in pixels.chunks_exact(run).enumerate() {
            let (mut at, mut stride, mut rest) = (start, 1, n);
            for (axis, (start, len)) in self.axes.iter().zip(&extent[1..]) {
                stride *= axis;
                at += (start + rest % len) * stride;
                rest /= len;
            }
            image[at..at + run].copy_from_slice(piece);
        }
    }
}

impl Scales {
    fn of_tile(&self, tile: usize) -> Option<Quantization> {
        let blank = self.blank.as_ref().and_then(|blank| blank.get(tile));
        Some(Quantization {
            scale: self.scale.get(tile)?,
            zero: self.zero.get(tile)?,
            blank: blank.map(|blank| blank as i64),
            dither: self.dither,
            seed: self.seed,
        })
    }
}

fn tile_shape(header: &Header, axes: &[usize]) -> Result<Vec<usize>, Error> {
    let of_axis = |(n, &axis): (usize, &usize)| {
        let key = format!("ZTILE{n}");
        match header.usize_or(&key, if n == 1 { axis } else { 1 })? {
            0 => Err(header.bad(&key, &0.into(), "a positive number")),
            tile => Ok(tile.min(axis)),
        }
    };
    (1..).zip(axes).map(of_axis).collect()
}

fn algorithm(header: &Header) -> Result<Algorithm, Error> {
    let name = header.get_str("ZCMPTYPE")?.ok_or_else(|| Error::MissingKeyword {
        place: header.place().clone(),
        key: "ZCMPTYPE".to_owned(),
        needed_for: "compression algorithm",
    })?;
    match name {
        "GZIP_1" => Ok(Algorithm::Gzip1),
        "GZIP_2" => Ok(Algorithm::Gzip2),
        "RICE_1" | "RICE_ONE" => Ok(Algorithm::Rice {
            bytes_a_pixel: parameter(header, "BYTEPIX", 4)?,
            block: parameter(header, "BLOCKSIZE", 32)?,
        }),
        "NOCOMPRESS" => Ok(Algorithm::None),
        _ => Err(Error::Unsupported {
            place: header.place().clone(),
            what: format!("image compression {name}"),
            remedy: "unpack the file with funpack first",
        }),
    }
}

/// A parameter of the algorithm: `ZNAMEi` names it, `ZVALi` is its value.
fn parameter(header: &Header, name: &str, default: usize) -> Result<usize, Error> {
    for n in 1..=999 {
        match header.get_str(&format!("ZNAME{n}"))? {
            None => break,
            Some(found) if found == name => return header.usize_or(&format!("ZVAL{n}"), default),
            Some(_) => {}
        }
    }
    Ok(default)
}

fn scales(table: &RawTable<'_>) -> Result<Option<Scales>, Error> {
    let header = table.header;
    let method = header.get_str("ZQUANTIZ")?.unwrap_or("NO_DITHER");
    let dither = match method {
        "NONE" | "NO_DITHER" => Dither::None,
        "SUBTRACTIVE_DITHER_1" => Dither::Subtractive1,
        "SUBTRACTIVE_DITHER_2" => Dither::Subtractive2,
        _ => {
            let expected = "NO_DITHER, SUBTRACTIVE_DITHER_1 or SUBTRACTIVE_DITHER_2";
            return Err(header.bad("ZQUANTIZ", &method.into(), expected));
        }
    };
    let Some(scale) = per_tile(table, "ZSCALE")? else { return Ok(None) };
    let blank = match per_tile(table, "ZBLANK")? {
        Some(blank) => Some(blank),
        None => header.get_f64("BLANK")?.map(PerTile::Keyword),
    };
    Ok(Some(Scales {
        scale,
        zero: per_tile(table, "ZZERO")?.unwrap_or(PerTile::Keyword(0.0)),
        blank,
        dither,
        seed: header.get_i64("ZDITHER0")?.unwrap_or(1),
    }))
}

/// A column of this name, or else a keyword.
fn per_tile(table: &RawTable<'_>, name: &str) -> Result<Option<PerTile>, Error> {
    if let Some(column) = table.find(name) {
        let numbers = table.read_column(column)?.to_f64_with_nan();
        return match numbers {
            Some(numbers) => Ok(Some(PerTile::Column(numbers))),
            None => Err(table.bad(column, "it holds no numbers".to_owned())),
        };
    }
    Ok(table.header.get_f64(name)?.map(PerTile::Keyword))
}
