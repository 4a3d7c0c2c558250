//! The matched multi-frequency filter.
//!
//! What goes in: an [`Observation`](arcmin_maps::Observation) with temperature or Compton-y bands. What comes out: a
//! [`Search`]: candidates with their amplitudes, the map of the signal-to-noise ratio and the noise that was used.
//!
//! For a cluster profile `tau(theta)` of central amplitude one, bands with response `g_b` (map unit per y) and beam
//! `B_b`, and noise with cross spectra `N_ij(ell)`, the least-variance unbiased estimate of `y_c` at every position is
//!
//! `y(x) = sigma^2 IFT[ tau* sum_b F_b T_b ]`, `F = N^-1 (g B)`, `sigma^-2 = sum_k tau^2 (g B)^T F / Omega`
//!
//! (Melin06, Eqs. 8-11; Haehnelt96). `F` does not depend on the scale of the profile, so that the bands are combined
//! once and every scale costs one inverse transform.
//!
//! Masked holes are filled with what the noise covariance expects there, given the pixels around: this is exactly the
//! filter that gives masked pixels infinite noise (see [`infill`]). Noise that is measured from the data is measured
//! again after what was found is subtracted, as a one-pass estimate contains the clusters.
//!
//! Conventions: pixels are f32, spectra and sums f64; `tau` is sampled on the (padded) pixel grid and transformed, so
//! that aliasing is the same in template and map. Answers are the same bits for any number of threads.
//!
//! Papers: `Melin06` Melin, Bartlett & Delabrouille, arXiv:astro-ph/0602424. `Haehnelt96` Haehnelt & Tegmark,
//! arXiv:astro-ph/9507077. `DeepSz` Lin et al., arXiv:2102.13123.
//!
//! Begin with [`MatchedFilter`] and [`MatchedFilterConfig`]; the filter itself is [`filter`].

pub mod config;
pub mod error;
pub mod filter;
pub mod finder;
pub mod footprint;
pub mod grid;
pub mod infill;
pub mod noise;
pub mod peaks;
pub mod photometry;
pub mod response;
pub mod search;
pub mod sources;
pub mod taper;
pub mod template;
pub mod tiling;
pub mod units;

mod harmonic;
mod interpolate;
mod local;
mod pipeline;
mod robust;

pub use config::MatchedFilterConfig;
pub use error::Error;
pub use finder::{MatchedFilter, MatchedFilterRecipe};
pub use photometry::Amplitude;
pub use search::{Keep, ScaleMap, Search, TileReport};
pub use sources::{PointSource, Treated, source_catalogue};
pub use template::Template;
