//! Pressure of the intracluster gas and its Compton y.

mod arnaud10;
mod battaglia12;
mod gnfw;
mod projected;

pub use arnaud10::Arnaud10;
pub use battaglia12::Battaglia12;
pub use gnfw::Gnfw;
pub use projected::ProjectedGnfw;
