//! Pixels: geometry, maps, masks, beams, observations and their files.
//!
//! What goes in: arrays and FITS files. What comes out: maps that own their [`Geometry`] and their unit, and an
//! [`Observation`], which is all that a method ever sees. There is no cosmology here.
//!
//! Conventions: arrays are `[y, x]`, row-major; the centre of the first pixel is `(0, 0)`; angles are radians;
//! pixels are `f32`. A missing pixel is recorded in a [`Mask`], never as zero or NaN.
//!
//! Begin with [`geometry`], then [`map`] and [`observation`]; [`mod@file`] and [`catalogue`] are the way in and out.
//!
//! # References
//! - `CG02`: Calabretta & Greisen 2002, *Representations of celestial coordinates in FITS*, A&A 395, 1077.
//! - `GC02`: Greisen & Calabretta 2002, *Representations of world coordinates in FITS*, A&A 395, 1061.
//! - `RP66`: Rosenfeld & Pfaltz 1966, *Sequential operations in digital picture processing*, J. ACM 13, 471.
//! - `MRH00`: Meijster, Roerdink & Hesselink 2000, *A general algorithm for computing distance transforms in linear
//!   time*, in Mathematical Morphology and its Applications, 331.

pub mod beam;
pub mod catalogue;
pub mod cutouts;
pub mod equal_area_lattice;
pub mod error;
pub mod file;
pub mod frame;
pub mod geometry;
pub mod healpix;
pub mod map;
pub mod mask;
pub mod observation;
pub mod reproject;
mod sampling;
pub mod sky_tiling;
mod source;
pub mod spectrum;
mod text_file;
mod vector;
pub mod weights;
mod window;

pub use beam::{Beam, BeamTable};
pub use catalogue::Catalogue;
pub use cutouts::Cutouts;
pub use equal_area_lattice::{EqualAreaLattice, LatticeCell};
pub use error::Error;
pub use frame::convert_frame;
pub use geometry::{Geometry, PixelPosition, Projection, Shape};
pub use healpix::HealpixMap;
pub use map::Map;
pub use mask::Mask;
pub use mask::components::{Components, Neighbours, Region};
pub use mask::discs::Disc;
pub use mask::distance::Outside;
pub use observation::{Band, BandMap, Observation};
pub use reproject::{reproject, reproject_healpix, reproject_map, reproject_mask};
pub use sampling::Interpolation;
pub use sky_tiling::SkyTiling;
pub use spectrum::{BinnedSpectrum, EllBins, SpectrumBin, auto_spectrum, cross_spectrum};
pub use weights::Weights;
