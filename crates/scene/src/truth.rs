//! What is really in a simulated sky.

use arcmin_maps::Mask;
use arcmin_units::{M200m, M500c, Mvir, Radian, Redshift, SkyPosition};

/// One halo of a simulated sky.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Halo {
    /// Number of the halo, unique within its tile.
    pub id: u64,
    /// Position in the frame of the tile's geometry.
    pub position: SkyPosition,
    /// Redshift.
    pub redshift: Redshift,
    /// Mass within 200 times the mean density.
    pub m200m: M200m,
    /// Mass within 500 times the critical density.
    pub m500c: M500c,
    /// Bryan-Norman virial mass.
    pub mvir: Mvir,
    /// Central Compton y of the painted profile, its scatter included; dimensionless, no beam.
    pub y0: f64,
    /// Angle under which R500c is seen.
    pub theta500: Radian,
}

/// The truth of one tile.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// Number of the tile in its source.
    pub tile: u64,
    /// All haloes whose centre lies in the tile, by falling virial mass.
    pub haloes: Vec<Halo>,
    /// The pixels that were simulated.
    pub footprint: Mask,
}
