//! Maps and masks from and to FITS images.
//!
//! [`read_map`] gives a map in uK_CMB or Compton y with what its header says of frequency, beam and noise; [`read_mask`]
//! a mask; [`write_band`], [`write_map`], [`write_image`] and [`write_mask`] write them. A header that does not say what must be known
//! is an error that names the option by which the user says it ([`ReadOptions`]).
//!
//! Beside the sky coordinates these keywords are written, and read where they are there: `BUNIT`, `FREQ` (GHz),
//! `BEAMFWHM` (arcmin; `BMAJ` in degrees is read too), `NOISE` (map unit times arcmin) and `BAND` (a name).

mod brightness;
mod read;
mod unit;
mod write;

pub use read::{HduChoice, MapFile, ReadOptions, UnitMap, read_geometry, read_map, read_mask};
pub(crate) use read::{band_name_of, beam_of, frequency_of, not_negative};
pub use unit::FileUnit;
pub use write::{write_band, write_image, write_map, write_map_with, write_mask};
