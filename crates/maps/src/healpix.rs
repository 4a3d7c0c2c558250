//! Maps on HEALPix grids, and their files.
//!
//! A [`HealpixMap`] is full-sky or covers any set of pixels; its pixels lie in memory in the order of their file,
//! [`Ring`](arcmin_sphere::healpix::Ring) or [`Nested`](arcmin_sphere::healpix::Nested), which is part of the type of
//! [`HealpixPixels`]. [`read_healpix`] reads what healpy, the Fortran tools, WMAP, Planck and the simulated skies
//! of Sehgal et al. 2010 write; [`write_healpix`] writes what they read.

mod discs;
mod gather;
mod grid;
mod harmonic;
mod layout;
mod map;
mod observation;
mod ordering;
mod pixels;
mod read;
mod reorder;
mod write;

pub use harmonic::MissingPixels;
pub use layout::ColumnChoice;
pub use map::{HealpixMap, OrderedPixels};
pub use observation::{HealpixBand, HealpixBandMap, HealpixObservation};
pub use ordering::HealpixOrdering;
pub use pixels::HealpixPixels;
pub use read::{HealpixFile, HealpixReadOptions, HealpixUnitMap, is_healpix, read_healpix, read_healpix_column};
pub use write::{write_healpix, write_healpix_with};

pub(crate) use grid::OrderedGrid;
