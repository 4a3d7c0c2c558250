//! What can be wrong with a pixelisation.

use crate::Nside;

/// Errors of pixels on the sphere.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A resolution that HEALPix does not have.
    #[error("nside {nside} is not between 1 and 2^29: give the number of pixels along the side of a base pixel")]
    BadNside {
        /// The number given.
        nside: u64,
    },
    /// The nested order exists for powers of two alone.
    #[error("nside {nside} is not a power of two, so that there is no nested order: use the ring order")]
    NotPowerOfTwo {
        /// The number given.
        nside: u64,
    },
    /// A number of pixels that no resolution has.
    #[error("{n_pixels} pixels are not 12 nside^2 for any nside: this is no full-sky HEALPix map")]
    BadPixelCount {
        /// The number given.
        n_pixels: u64,
    },
    /// A run of rings that the grid does not have.
    #[error("rings {first} to {last} are not among the {} rings of nside {nside}, counted from 1", nside.n_rings())]
    BadRings {
        /// First ring.
        first: u64,
        /// Last ring.
        last: u64,
        /// The grid.
        nside: Nside,
    },
    /// A degree that the pixels do not resolve.
    #[error("lmax {lmax} is more than {largest}: take a smaller lmax or a finer grid")]
    BadLmax {
        /// The degree asked for.
        lmax: usize,
        /// The largest degree.
        largest: usize,
    },
    /// A map of a part of the sphere where only the whole has an answer.
    #[error("the map covers a part of the sphere: harmonic analysis needs every pixel, masked ones as zero")]
    PartOfSphere,
}
