//! HEALPix: pixels of equal area on rings of equal latitude (G05).
//!
//! A [`Healpix`] grid has a resolution ([`Nside`]) and counts its pixels in one of two orders, [`Ring`] or [`Nested`].
//! A number of one order is of another type than a number of the other ([`PixelIndex`]), so that what does not compile
//! cannot go wrong:
//!
//! ```compile_fail
//! use arcmin_sphere::healpix::{Healpix, Nside};
//! use arcmin_units::SkyPosition;
//! let nside = Nside::new(64)?;
//! let pixel = Healpix::ring(nside).pixel_at(SkyPosition::from_deg(0.0, 0.0).unwrap());
//! Healpix::nested(nside)?.centre(pixel);
//! # Ok::<(), arcmin_sphere::Error>(())
//! ```

mod cell;
mod direction;
mod disc;
mod grid;
mod interpolation;
mod nside;
mod ordering;
mod pixel_set;
mod rings;

pub use crate::Error;
pub use grid::Healpix;
pub use interpolation::{Bilinear, Interpolator};
pub use nside::Nside;
pub use ordering::{Nested, Ordering, PixelIndex, Ring};
pub use pixel_set::PixelSet;
pub use rings::RingGeometry;
