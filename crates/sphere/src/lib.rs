//! The sphere as HEALPix pixels.
//!
//! What goes in: directions ([`SkyPosition`](arcmin_units::SkyPosition)) and numbers of pixels. What comes out: pixels,
//! their centres, weights for interpolation, and the rings on which harmonic transforms work. There is no map and no
//! file here.
//!
//! Conventions: the colatitude theta is pi/2 less the latitude, z = cos theta, phi is the longitude; angles are radians
//! and everything is f64. Which of its two orders a pixel's number belongs to is part of its type ([`PixelIndex`]).
//!
//! Begin with [`Nside`] and [`Healpix`]; harmonic transforms need [`RingGeometry`] alone.
//!
//! # References
//! - `G05`: Gorski, K. M. et al. 2005, *HEALPix: a framework for high-resolution discretization and fast analysis of data
//!   distributed on the sphere*, ApJ 622, 759.

pub mod error;
pub mod harmonics;
pub mod healpix;

pub use error::Error;
pub use healpix::{Healpix, Nside, PixelIndex, RingGeometry};
