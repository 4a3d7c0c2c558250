//! Cluster masses from the image of the Sunyaev-Zel'dovich effect, by the mResUNet of Gupta20 (Gupta & Reichardt 2020,
//! arXiv:2003.06135).
//!
//! What goes in: [`Cutouts`](arcmin_maps::Cutouts) in uK_CMB around clusters. What comes out: a
//! [`MassPosterior`](arcmin_method::MassPosterior) each, and the SZ image that the network believes in. The network answers
//! with an image: its first channel is the SZ profile with the mass in the central pixel, as in the paper; where a posterior
//! is asked for, the central pixel of further channels holds a mixture of Gaussians in ln M.
//!
//! Conventions: masses M200c in Msun; input pixels are apodised and divided by one constant for all masses, never by
//! something of the cutout itself, since that would carry or destroy what is to be told.
//!
//! Begin with [`SzMassConfig`], then [`SzMassRecipe`] and [`SzMassEstimator`].

mod about;
mod answer;
mod calibrate;
mod config;
mod error;
mod estimator;
mod input;
mod median_curve;
mod mixture;
mod objective;
mod recipe;
mod samples;

pub use about::{About, Band, Sky, Trained};
pub use calibrate::Calibration;
pub use config::{AnswerConfig, DropoutPlaceConfig, NetworkConfig, RedshiftInput, SzMassConfig};
pub use error::Error;
pub use estimator::{Prediction, SzMassEstimator};
pub use median_curve::MedianCurve;
pub use mixture::{MassPrior, Mixture};
pub use recipe::SzMassRecipe;
pub use samples::samples;
