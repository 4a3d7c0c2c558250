//! Maps on HEALPix grids, and their files.
//!
//! A [`HealpixMap`] is full-sky or covers any set of pixels; its pixels lie in memory in the order of their file,
//! [`Ring`](arcmin_sphere::healpix::Ring) or [`Nested`](arcmin_sphere::healpix::Nested), which is part of the type of
//! [`HealpixPixels`]. For cutouts the nested order is the better one: what is near on the sky is then near in memory.

mod grid;
mod harmonic;
mod map;
mod observation;
mod pixels;

pub use harmonic::MissingPixels;
pub use map::{HealpixMap, OrderedPixels};
pub use observation::{HealpixBand, HealpixBandMap, HealpixObservation};
pub use pixels::HealpixPixels;

pub(crate) use grid::OrderedGrid;
