//! Newtypes and constants that the whole workspace shares.
//!
//! What goes in: plain `f64` with the unit said once, in the constructor's name. What comes out: a value that
//! cannot be handed to a function that wants another unit. There is no formula of physics here and no dependency.
//!
//! Conventions: masses in Msun and lengths in Mpc, both without h; angles in radians inside, arcminutes or degrees
//! in files and messages; temperatures in thermodynamic uK_CMB.
//!
//! Begin with [`angle`], then [`mass`] (a mass carries its definition in its type) and [`position`].

pub mod angle;
pub mod constants;
pub mod frequency;
pub mod mass;
mod newtype;
pub mod pixel;
pub mod position;
pub mod redshift;

pub use angle::{Arcmin, Degree, Radian};
pub use frequency::Ghz;
pub use mass::{HaloMass, M200c, M200m, M500c, MassDefinition, Mpc, Mvir};
pub use pixel::{ComptonY, MicroKelvinCmb, PixelUnit};
pub use position::{Frame, SkyPosition};
pub use redshift::Redshift;
