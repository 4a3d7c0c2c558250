//! Golden tests: this crate against reference values of independent packages.
//!
//! The tables beside this file are described in `README.md`, which lists what is covered; tolerances are those of
//! [`tolerance`] and nowhere else.

mod background;
mod gas;
mod haloes;
mod lensing;
mod sources;
mod spectra;
mod table;
mod tolerance;
