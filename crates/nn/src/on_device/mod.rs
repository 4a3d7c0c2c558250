//! Operations on tensors that lie elsewhere than on the CPU, composed of candle's own.
//!
//! An operation of [`ops`](crate::ops), a loss or an optimiser works on slices where its tensors lie on the CPU, and through
//! its namesake here where they do not: the decision is [`holds`]. Convolutions have no form here, since `arcmin_conv` serves both.
//! All is in f32 and takes only operations that have a CUDA kernel and read memory in order; losses, which are small,
//! are in f64. Nothing is copied back to the host. Tests run these forms on the CPU and compare them with the slices'.

mod activation;
mod dropout;
mod join;
mod loss;
mod normalise;
mod optimise;
mod pool;
#[cfg(test)]
mod tests;
mod upsample;

pub(crate) use activation::{leaky_relu, relu, selu};
pub(crate) use dropout::dropout;
pub(crate) use join::concat;
pub(crate) use loss::{bce_terms, cross_entropy, gaussian_terms, log_mse_terms, mean_of, mixture_terms, mse_terms};
pub(crate) use normalise::{batch_norm, channel_affine, global_avg_pool, instance_norm};
pub(crate) use optimise::{Memories, adam, joined, momentum, sum_of_squares};
pub(crate) use pool::{avg_pool2d, max_pool2d};
pub(crate) use upsample::doubled;

use crate::Result;
use crate::floats::check_f32;
use candle_core::Tensor;

/// Whether an f32 tensor is served here and not by the kernels on slices; `what` names it in the error.
///
/// # Errors
/// When the tensor holds something else than f32.
pub(crate) fn holds(what: &str, tensor: &Tensor) -> Result<bool> {
    check_f32(what, tensor)?;
    Ok(is_elsewhere(tensor))
}

/// The same without the check.
pub(crate) fn is_elsewhere(tensor: &Tensor) -> bool {
    #[cfg(test)]
    if forced::is_on() {
        return true;
    }
    !tensor.device().is_cpu()
}

/// Lets tests take the forms of this module on the CPU.
#[cfg(test)]
pub(crate) mod forced {
    use std::cell::Cell;

    thread_local! {
        static ON: Cell<bool> = const { Cell::new(false) };
    }

    pub(super) fn is_on() -> bool {
        ON.get()
    }

    /// Runs `work`, on this thread, with the forms for devices.
    pub(crate) fn on<R>(work: impl FnOnce() -> R) -> R {
        struct Off;
        impl Drop for Off {
            fn drop(&mut self) {
                ON.set(false);
            }
        }
        let _off = Off;
        ON.set(true);
        work()
    }
}
