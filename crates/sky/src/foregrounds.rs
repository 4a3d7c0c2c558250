//! Power spectra of the extragalactic foregrounds.

mod george15;

pub use george15::{Component, George15};
