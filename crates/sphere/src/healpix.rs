//! HEALPix: pixels of equal area on rings of equal latitude (G05).

mod nside;
mod rings;

pub use nside::Nside;
pub use rings::RingGeometry;
