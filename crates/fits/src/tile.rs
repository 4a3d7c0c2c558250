//! Decoding one tile of a compressed image (FITS40 section 10.1.3).

use crate::number::{Number, decode};
use crate::quantize::{Quantization, random_table};
use crate::{gzip, rice};

/// How tiles are compressed (`ZCMPTYPE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// gzip.
    Gzip1,
    /// gzip of sorted bytes.
    Gzip2,
    /// Rice coding, with `BYTEPIX` and `BLOCKSIZE`.
    Rice {
        /// Bytes of a pixel.
        bytes_a_pixel: usize,
        /// Pixels of a block.
        block: usize,
    },
    /// Plain big-endian numbers.
    None,
}

/// Where the bytes of a tile stand.
pub(crate) enum Packed<'a> {
    /// `COMPRESSED_DATA`: by the algorithm of the image.
    ByAlgorithm(&'a [u8]),
    /// `GZIP_COMPRESSED_DATA`: gzip'd without loss, as the tile did not quantize well.
    Gzip(&'a [u8]),
    /// `UNCOMPRESSED_DATA`: plain numbers.
    Plain(&'a [u8]),
}

/// What all tiles of an image have in common.
pub(crate) struct Decoder {
    algorithm: Algorithm,
    random: Vec<f32>,
}

impl Decoder {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let random = random_table();
        Self { algorithm, random }
    }

    /// The `n` pixels of tile `tile` (the first is 0), quantized if `quantization` is given.
    pub(crate) fn pixels<T: Number>(
        &self,
        packed: &Packed<'_>,
        n: usize,
        tile: usize,
        quantization: Option<Quantization>,
    ) -> Result<Vec<T>, &'static str> {
        match (packed, quantization) {
            (Packed::Plain(bytes), _) => lossless(bytes, n),
            (Packed::Gzip(bytes), _) => lossless(&gzip::inflate(bytes, n * 8)?, n),
            (Packed::ByAlgorithm(bytes), Some(quantization)) => {
                let stored = self.integers(bytes, n)?;
                let values = quantization.restore(&stored, tile, &self.random);
                Ok(values.into_iter().map(T::from_f64).collect())
            }
            (Packed::ByAlgorithm(bytes), None) => self.unquantized(bytes, n),
        }
    }

    fn unquantized<T: Number>(&self, bytes: &[u8], n: usize) -> Result<Vec<T>, &'static str> {
        match self.algorithm {
            Algorithm::Rice { .. } if T::IS_FLOAT => Err("it has no ZSCALE"),
            Algorithm::Rice { .. } => from_i32(&self.integers(bytes, n)?),
            _ => lossless(&self.inflated(bytes, n)?, n),
        }
    }

    fn integers(&self, bytes: &[u8], n: usize) -> Result<Vec<i32>, &'static str> {
        match self.algorithm {
            Algorithm::Rice { bytes_a_pixel, block } => rice::decode(bytes, n, bytes_a_pixel, block),
            _ => integers(&self.inflated(bytes, n)?, n),
        }
    }

    /// Big-endian numbers of a tile that is gzip'd or plain.
    fn inflated(&self, bytes: &[u8], n: usize) -> Result<Vec<u8>, &'static str> {
        match self.algorithm {
            Algorithm::Gzip1 => gzip::inflate(bytes, n * 8),
            Algorithm::Gzip2 => {
                let planes = gzip::inflate(bytes, n * 8)?;
                Ok(gzip::unshuffle(&planes, width(&planes, n)?))
            }
            Algorithm::Rice { .. } | Algorithm::None => Ok(bytes.to_vec()),
        }
    }
}

/// Bytes a pixel: writers may store fewer or more than `ZBITPIX` says.
fn width(bytes: &[u8], n: usize) -> Result<usize, &'static str> {
    match bytes.len().checked_div(n) {
        Some(width @ (1 | 2 | 4 | 8)) if width * n == bytes.len() => Ok(width),
        _ => Err("its length is not that of its pixels"),
    }
}

fn lossless<T: Number>(bytes: &[u8], n: usize) -> Result<Vec<T>, &'static str> {
    match width(bytes, n)? {
        width if width == T::BYTES => Ok(decode(bytes)),
        _ if T::IS_FLOAT => Err("its numbers have another length than ZBITPIX says"),
        _ => from_i32(&integers(bytes, n)?),
    }
}

fn integers(bytes: &[u8], n: usize) -> Result<Vec<i32>, &'static str> {
    match width(bytes, n)? {
        1 => Ok(bytes.iter().map(|&b| b.into()).collect()),
        2 => Ok(decode::<i16>(bytes).into_iter().map(i32::from).collect()),
        4 => Ok(decode(bytes)),
        _ => Err("its numbers are longer than 32 bits"),
    }
}

fn from_i32<T: Number>(stored: &[i32]) -> Result<Vec<T>, &'static str> {
    let cast = |&x: &i32| T::from_i64(x.into()).ok_or("a pixel is out of the range of ZBITPIX");
    stored.iter().map(cast).collect()
}
