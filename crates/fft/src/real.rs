//! The two kinds of floats that are transformed.

use crate::batched::BatchedFft2;
use crate::core::Core;
use rustfft::FftNum;
use std::ops::MulAssign;
use std::sync::Arc;

/// A pixel's float: `f32` or `f64`, nothing else.
#[allow(private_bounds, reason = "nobody else may implement it")]
pub trait Real: FftNum + Default + MulAssign + OwnCore {
    /// Rounds an `f64` to this type.
    fn from_f64_lossy(value: f64) -> Self;
}

/// Which sizes of a float have a core of their own.
pub(crate) trait OwnCore: Sized {
    /// The core for maps of `ny` rows and `nx` columns, if it is faster there than one row at a time.
    fn core(ny: usize, nx: usize) -> Option<Arc<dyn Core<Self>>>;
}

impl Real for f32 {
    fn from_f64_lossy(value: f64) -> Self {
        value as f32
    }
}

impl OwnCore for f32 {
    // PERF: half the bytes make `f32` far less bound by memory, and `rustfft` is as fast as ducc0.
    fn core(_ny: usize, _nx: usize) -> Option<Arc<dyn Core<Self>>> {
        None
    }
}

impl Real for f64 {
    fn from_f64_lossy(value: f64) -> Self {
        value
    }
}

impl OwnCore for f64 {
    fn core(ny: usize, nx: usize) -> Option<Arc<dyn Core<Self>>> {
        BatchedFft2::new(ny, nx).map(|core| Arc::new(core) as Arc<dyn Core<Self>>)
    }
}
