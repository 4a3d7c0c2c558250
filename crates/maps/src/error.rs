//! What can go wrong with pixels.

use crate::geometry::{Geometry, Shape};

/// Errors of maps and geometries; those of files are added where files are read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A pixel array does not fit its geometry.
    #[error("{got} pixels given, the geometry of {shape} needs {}", shape.n_pixels())]
    PixelCount {
        /// Shape of the geometry.
        shape: Shape,
        /// Length of the array.
        got: usize,
    },
    /// Two maps that should share a geometry do not.
    #[error("{what} lies on another geometry: {got}; expected {expected}")]
    GeometryMismatch {
        /// Which map or band.
        what: String,
        /// Geometry of the first map.
        expected: Box<Geometry>,
        /// Geometry of this one.
        got: Box<Geometry>,
    },
    /// A geometry that cannot be.
    #[error("geometry of {shape} with pixels of {pixel_arcmin} arcmin is not usable: {reason}")]
    BadGeometry {
        /// Shape asked for.
        shape: Shape,
        /// Pixel size asked for, in arcmin.
        pixel_arcmin: f64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A pixel that is not masked is NaN or infinite.
    #[error("band {band}: {count} unmasked pixels are NaN or infinite (the first at x {x}, y {y}): mask them")]
    NonFinite {
        /// Name of the band.
        band: String,
        /// How many there are.
        count: usize,
        /// Column of the first.
        x: usize,
        /// Row of the first.
        y: usize,
    },
    /// An observation without bands.
    #[error("an observation needs at least one band")]
    NoBands,
    /// Two bands of one name.
    #[error("two bands are named {name}: give each band its own name")]
    DuplicateBand {
        /// The name used twice.
        name: String,
    },
    /// A noise level that is negative or not finite.
    #[error("band {band}: noise level {noise_arcmin} per arcmin is not a number above or equal to zero")]
    BadNoise {
        /// Name of the band.
        band: String,
        /// The level, in map unit times arcmin.
        noise_arcmin: f64,
    },
    /// A weight that is negative, NaN or infinite.
    #[error("weight {value} at x {x}, y {y} is not a number above or equal to zero")]
    BadWeight {
        /// The weight.
        value: f32,
        /// Its column.
        x: usize,
        /// Its row.
        y: usize,
    },
    /// A beam that cannot be.
    #[error("beam is not usable: {reason}")]
    BadBeam {
        /// What is wrong with it.
        reason: String,
    },
}
