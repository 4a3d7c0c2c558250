//! Two-dimensional convolution on the CPU: forward, input gradient, weight gradient, bias and activation, in `f32`.
//!
//! Images are NHWC `[n, height, width, channel]`, weights HWIO `[kernel, kernel, in_channel, out_channel]`. What networks
//! call convolution is the cross-correlation
//!
//! ```text
//! output[n, y, x, o] = activation(bias[o] + sum_{k, l, i} input[n, y s + k d - p, x s + l d - p, i] weight[k, l, i, o])
//! ```
//!
//! with stride `s`, dilation `d` and padding `p` by zeros. Sizes are checked in [`ConvGeometry`]; a [`Plan`] chooses the
//! algorithms and works on slices with scratch from the caller; [`tensor::conv2d`] is the same as an op of candle.
//!
//! Results have the same bits for any number of threads. They differ in rounding between instruction sets and algorithms:
//! largest relative L2 errors against `f64` over random geometries and those of the networks (bounds in `tests/laws`)
//!
//! | algorithm | output, input gradient | weight gradient |
//! |---|---|---|
//! | direct | 1.1e-6 | 4e-7 |
//! | Winograd F(2x2, 3x3) | 7.5e-7 | 3.5e-7 |
//! | Winograd F(4x4, 3x3) | 4.4e-6 | 1.5e-6 |
//!
//! Begin with `plan.rs`; `rows.rs` and `outer.rs` are the kernels that all algorithms stand on.

mod activation;
mod choice;
pub mod cuda;
mod direct;
mod direct_weight;
mod error;
mod geometry;
mod outer;
mod pack;
mod plan;
mod rows;
mod scratch;
mod shared;
mod simd;
pub mod tensor;
mod winograd;

pub use activation::{Activation, SELU_ALPHA, SELU_SCALE};
pub use choice::{Algorithm, AlgorithmChoice};
pub use error::Error;
pub use geometry::{ConvGeometry, ConvSizes};
pub use plan::{Pass, Plan};
pub use scratch::with_scratch;
pub use simd::Isa;
