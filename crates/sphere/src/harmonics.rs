//! Spherical harmonics of spin 0 on HEALPix rings: synthesis, analysis, and the coefficients between them.
//!
//! A real map is `f(theta, phi) = sum_lm a_lm Y_lm`, with `a_l,-m = (-1)^m conj(a_lm)` so that `m >= 0` is enough, and
//! `Y_lm = lambda_lm(cos theta) exp(i m phi)`, normalised to one over the sphere and with the phase of Condon and
//! Shortley, as healpy has them. Everything is f64; maps may be `f32` or `f64`.
//!
//! The work is done in two passes, over blocks of rings whose memory is bounded. For synthesis: for each order `m` the
//! sum over `l` on every ring (`legendre`, `climb`, `synthesis`), then for each ring the sum over `m` by FFT
//! (`ring_fft`). Analysis is the transpose of it, the passes in reverse. Results do not depend on the number of threads.
//!
//! # References
//! - `I18`: Ishioka, K. 2018, *A new recurrence formula for efficient computation of spherical harmonic transform*,
//!   J. Meteor. Soc. Japan 96, 241: the recursion in steps of two degrees.
//! - `RS13`: Reinecke, M. & Seljebotn, D. S. 2013, *Libsharp - spherical harmonic transforms revisited*, A&A 554, A112:
//!   skipping what is negligible near the poles, rescaling against underflow.

mod alm;
#[allow(clippy::needless_range_loop, reason = "vectors of several arrays side by side")]
mod analysis;
mod block;
#[allow(clippy::needless_range_loop, reason = "vectors of several arrays side by side")]
mod climb;
mod instructions;
mod legendre;
mod pairs;
mod reach;
mod region;
mod ring_fft;
mod sample;
#[allow(clippy::needless_range_loop, reason = "vectors of several arrays side by side")]
mod synthesis;
mod transform;

pub use alm::Alm;
pub use instructions::Instructions;
pub use region::{RingRegion, Sector};
pub use sample::Sample;
pub use transform::{HarmonicTransform, Progress};
