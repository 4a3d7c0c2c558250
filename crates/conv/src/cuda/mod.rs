//! The convolution on a CUDA device.
//!
//! The kernels lie in `kernels/*.cu`; [`CudaPlan`] tells which of them run for a geometry, with which sizes and arguments.
//! A plan is data: the device runs it (feature `cuda`), and so do the tests, by a CPU emulation of the kernels. Images are
//! NHWC and weights HWIO as on the CPU. Results have the same bits in each run, and on each device of one architecture.

#[cfg(feature = "cuda")]
pub(crate) mod device;
mod launch;
mod precision;
#[cfg(feature = "cuda")]
mod source;

pub use launch::{Alignment, Argument, Bias, CudaPlan, Cut, Job, KernelCall, KernelGeometry, Module, Slot, TileSide};
pub use precision::Precision;
#[cfg(feature = "cuda")]
pub use source::KERNELS_VARIABLE;
