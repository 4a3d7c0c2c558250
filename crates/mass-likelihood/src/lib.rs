//! How much a map can tell of a cluster's mass: the likelihood of a Gaussian sky with a known template, the posterior
//! under a prior, and the Cramer-Rao bound.
//!
//! What goes in: the power of a sky and templates over mass. What comes out: [`MassPosterior`](arcmin_method::MassPosterior)s
//! and bounds, exact for the sky described. It is the baseline that no honest network beats, and the matched filter: the
//! map enters through `s^T C^-1 d` alone.
//!
//! - [`GaussianSky`]: the covariance `C` of the pixels, as an operator, and `C^-1`.
//! - [`TemplateBank`]: templates `s(M)`, `C^-1 s(M)`, amplitudes and bounds.
//! - [`MassGrid`]: a prior on masses, and the posterior on it.
//! - [`TemplateEstimator`]: all of it as a [`MassEstimator`](arcmin_method::MassEstimator).
//!
//! Conventions: temperatures in uK, masses M200c in Msun, pixels `[band, y, x]`.

mod error;
mod estimator;
mod gaussian_sky;
mod posterior;
mod template_bank;

pub use error::Error;
pub use estimator::TemplateEstimator;
pub use gaussian_sky::{GaussianSky, SquareGrid};
pub use posterior::{MassGrid, Posterior};
pub use template_bank::{Amplitude, MassBound, TemplateBank};
