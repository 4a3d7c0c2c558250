//! Images: pixels with their header.

use crate::number::{Number, decode};
use crate::{Error, Header};

/// An image with `BSCALE`, `BZERO` and `BLANK` applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// The header as in the file; of a tile-compressed image, as it was before compression.
    pub header: Header,
    /// Axis lengths in FITS order: the fastest one (x) first.
    pub axes: Vec<usize>,
    /// The pixels; the first axis runs fastest, so a two-axis image is `[y, x]` row-major.
    pub data: ImageData,
}

impl Image {
    /// Rows and columns `(ny, nx)` of an image with two axes; further axes of length 1 are ignored.
    ///
    /// # Errors
    /// [`Error::NotTwoAxes`] for anything else.
    pub fn shape_yx(&self) -> Result<(usize, usize), Error> {
        match self.axes.as_slice() {
            [nx, ny, rest @ ..] if rest.iter().all(|&n| n == 1) => Ok((*ny, *nx)),
            _ => Err(Error::NotTwoAxes { place: self.header.place().clone(), axes: self.axes.clone() }),
        }
    }
}

/// Pixels in the smallest type that holds their physical values.
///
/// Integers stay integers when the file has no scale, or the offset by which FITS stores
/// unsigned ones. With any other scale, or with `BLANK`, they become `F64` with NaN for blank.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ImageData {
    /// Unsigned 8-bit.
    U8(Vec<u8>),
    /// Signed 16-bit, or signed 8-bit.
    I16(Vec<i16>),
    /// Signed 32-bit, or unsigned 16-bit.
    I32(Vec<i32>),
    /// Signed 64-bit, or unsigned 32-bit.
    I64(Vec<i64>),
    /// Unsigned 64-bit.
    U64(Vec<u64>),
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
}

/// Runs one expression on the vector of whichever type is inside.
macro_rules! on_vector {
    ($data:expr, $v:ident => $body:expr) => {
        match $data {
            ImageData::U8($v) => $body,
            ImageData::I16($v) => $body,
            ImageData::I32($v) => $body,
            ImageData::I64($v) => $body,
            ImageData::U64($v) => $body,
            ImageData::F32($v) => $body,
            ImageData::F64($v) => $body,
        }
    };
}

impl ImageData {
    /// Number of pixels.
    pub fn len(&self) -> usize {
        on_vector!(self, v => v.len())
    }

    /// Whether there are no pixels.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pixels in single precision; blank ones are NaN.
    #[expect(clippy::unnecessary_cast, reason = "one expression for all types")]
    pub fn to_f32_with_nan(&self) -> Vec<f32> {
        on_vector!(self, v => v.iter().map(|&x| x as f32).collect())
    }

    /// The pixels in double precision; blank ones are NaN.
    #[expect(clippy::unnecessary_cast, reason = "one expression for all types")]
    pub fn to_f64_with_nan(&self) -> Vec<f64> {
        on_vector!(self, v => v.iter().map(|&x| x as f64).collect())
    }

    /// Decodes what follows an image header.
    pub(crate) fn decode(bytes: &[u8], bitpix: i64) -> Option<Self> {
        Some(match bitpix {
            8 => ImageData::U8(bytes.to_vec()),
            16 => ImageData::I16(decode(bytes)),
            32 => ImageData::I32(decode(bytes)),
            64 => ImageData::I64(decode(bytes)),
            -32 => ImageData::F32(decode(bytes)),
            -64 => ImageData::F64(decode(bytes)),
            _ => return None,
        })
    }

    /// Applies the scale and `BLANK` of an image header (FITS40 section 4.4.2.5).
    pub(crate) fn with_header_scale(self, header: &Header) -> Result<Self, Error> {
        let scale = header.get_f64("BSCALE")?.unwrap_or(1.0);
        let zero = header.get_f64("BZERO")?.unwrap_or(0.0);
        match self {
            ImageData::F32(_) | ImageData::F64(_) => Ok(self.scaled(scale, zero)),
            _ => match header.get_i64("BLANK")? {
                Some(blank) => Ok(ImageData::F64(self.scaled_with_blank(scale, zero, blank))),
                None => Ok(self.scaled(scale, zero)),
            },
        }
    }

    /// `zero + scale * value`, in an integer type when that is how FITS stores unsigned numbers.
    pub(crate) fn scaled(self, scale: f64, zero: f64) -> Self {
        if scale == 1.0 && zero == 0.0 {
            return self;
        }
        match (scale == 1.0, self) {
            (true, ImageData::U8(v)) if zero == -128.0 => {
                ImageData::I16(v.into_iter().map(|x| i16::from(x) - 128).collect())
            }
            (true, ImageData::I16(v)) if zero == 32_768.0 => {
                ImageData::I32(v.into_iter().map(|x| i32::from(x) + 32_768).collect())
            }
            (true, ImageData::I32(v)) if zero == 2_147_483_648.0 => {
                ImageData::I64(v.into_iter().map(|x| i64::from(x) + 2_147_483_648).collect())
            }
            (true, ImageData::I64(v)) if zero == U64_ZERO => {
                ImageData::U64(v.into_iter().map(|x| x as u64 ^ U64_FLIP).collect())
            }
            (_, data) => ImageData::F64(scale_f64(data, |x| zero + scale * x)),
        }
    }

    fn scaled_with_blank(self, scale: f64, zero: f64, blank: i64) -> Vec<f64> {
        let is_blank = self.equals(blank);
        let mut values = scale_f64(self, |x| zero + scale * x);
        for (value, is_blank) in values.iter_mut().zip(is_blank) {
            if is_blank {
                *value = f64::NAN;
            }
        }
        values
    }

    /// Which stored integers equal `null`; none of a floating-point array.
    pub(crate) fn equals(&self, null: i64) -> Vec<bool> {
        fn of<T: Number + PartialEq>(v: &[T], null: i64) -> Vec<bool> {
            let null = T::from_i64(null).filter(|_| !T::IS_FLOAT);
            v.iter().map(|&x| Some(x) == null).collect()
        }
        match self {
            ImageData::U8(v) => of(v, null),
            ImageData::I16(v) => of(v, null),
            ImageData::I32(v) => of(v, null),
            ImageData::I64(v) => of(v, null),
            _ => vec![false; self.len()],
        }
    }
}

/// Offset by which FITS stores unsigned 64-bit integers: 2^63.
const U64_ZERO: f64 = 9_223_372_036_854_775_808.0;
/// Adding 2^63 to a signed number is flipping its highest bit.
pub(crate) const U64_FLIP: u64 = 1 << 63;

#[expect(clippy::unnecessary_cast, reason = "one expression for all types")]
fn scale_f64(data: ImageData, f: impl Fn(f64) -> f64) -> Vec<f64> {
    on_vector!(data, v => v.into_iter().map(|x| f(x as f64)).collect())
}
