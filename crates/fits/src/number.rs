//! Numbers as FITS stores them: big-endian, IEEE or two's complement (FITS40 section 5).

/// A number that can be an image pixel or a table element.
pub(crate) trait Number: Copy + Default + Send + Sync + 'static {
    /// Size in the file.
    const BYTES: usize;
    /// Whether it is a floating-point number.
    const IS_FLOAT: bool;
    /// Reads one from exactly [`Number::BYTES`] bytes.
    fn from_be(bytes: &[u8]) -> Self;
    /// Appends it as it stands in a file.
    fn push_be(self, out: &mut Vec<u8>);
    /// The nearest number of this type to an integer; `None` when it is out of range.
    fn from_i64(value: i64) -> Option<Self>;
    /// The nearest number of this type; integers cut the fraction.
    fn from_f64(value: f64) -> Self;
}

macro_rules! number {
    ($type:ty, $is_float:expr, $from_i64:expr) => {
        impl Number for $type {
            const BYTES: usize = size_of::<$type>();
            const IS_FLOAT: bool = $is_float;
            fn from_be(bytes: &[u8]) -> Self {
                let mut array = [0; size_of::<$type>()];
                array.copy_from_slice(bytes);
                <$type>::from_be_bytes(array)
            }
            fn push_be(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }
            fn from_i64(value: i64) -> Option<Self> {
                $from_i64(value)
            }
            fn from_f64(value: f64) -> Self {
                value as $type
            }
        }
    };
}

number!(u8, false, |v| u8::try_from(v).ok());
number!(i16, false, |v| i16::try_from(v).ok());
number!(i32, false, |v| i32::try_from(v).ok());
number!(i64, false, Some);
number!(f32, true, |v| Some(v as f32));
number!(f64, true, |v| Some(v as f64));

/// All numbers in `bytes`; a rest shorter than one number is left out.
pub(crate) fn decode<T: Number>(bytes: &[u8]) -> Vec<T> {
    bytes.chunks_exact(T::BYTES).map(T::from_be).collect()
}
