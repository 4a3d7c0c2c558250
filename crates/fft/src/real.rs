//! The two kinds of floats that are transformed.

use crate::lanes::Lanes;
use rustfft::FftNum;
use std::ops::MulAssign;

/// A pixel's float: `f32` or `f64`, nothing else.
#[allow(private_bounds, reason = "nobody else may implement it")]
pub trait Real: FftNum + Default + MulAssign + Lanes {
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
