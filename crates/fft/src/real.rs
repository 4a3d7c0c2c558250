//! The two kinds of floats that are transformed.

use rustfft::FftNum;
use std::ops::MulAssign;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A pixel's float: `f32` or `f64`, nothing else.
pub trait Real: FftNum + Default + MulAssign + sealed::Sealed {
    /// Rounds an `f64` to this type.
    fn from_f64_lossy(value: f64) -> Self;
}

impl Real for f32 {
    fn from_f64_lossy(value: f64) -> Self {
        value as f32
    }
}

impl Real for f64 {
    fn from_f64_lossy(value: f64) -> Self {
        value
    }
}
