//! The two-dimensional real FFT core and flat-sky wavenumbers.
//!
//! What goes in: real maps, pixels `[y, x]` row-major, as plain slices of `f32` or `f64`. What comes out:
//! half spectra, or filtered maps. [`RealFft2`] is the plan; begin reading there.
//!
//! Conventions that hold throughout:
//!
//! - **Transform.** Forward is `F(kx, ky) = sum_{x,y} f(y, x) exp(-2 pi i (kx x / nx + ky y / ny))` without a factor;
//!   inverse divides by `nx ny`, so that inverse after forward is the identity.
//! - **Half spectrum.** `kx` runs over `0..=nx/2` (rounded down) and `ky` over `0..ny` in FFT ordering (`0, 1, ..., -2, -1`). The
//!   layout is kx-major: element `(kx, ky)` lies at `kx * ny + ky`, one contiguous column for each `kx`. The missing
//!   half follows from `F(-kx, -ky) = conj F(kx, ky)`.
//! - **Same bits.** Results do not depend on the number of rayon threads: no sum is shared between tasks.
//! - **Errors.** A bad size is an [`Error`] when the plan is made; slices of the wrong length given to a plan panic, as
//!   they are mistakes of the calling code and not of its input.

mod batched;
mod core;
mod correlation;
mod error;
mod even;
mod filter;
mod good_size;
mod plan;
mod real;
mod rows;
mod scratch;
mod slabs;
mod wavenumbers;

pub use correlation::periodic_correlation;
pub use error::Error;
pub use filter::{ColumnValues, Filter, HalfPlane, Quadrant, multiply_mirrored};
pub use good_size::good_size;
pub use plan::RealFft2;
pub use real::Real;
pub use scratch::Scratch;
pub use wavenumbers::Wavenumbers;
