//! The CUDA kernels of `kernels/*.cu`, compiled unchanged for this machine and compared with the slow f64 twin.
//!
//! What only a GPU can tell: whether nvcc's code agrees, the order and rounding of sums within a tensor core, and speed.

mod checks;
mod emulator;
#[path = "../laws/twin.rs"]
mod twin;
