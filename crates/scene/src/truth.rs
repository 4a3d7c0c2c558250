//! What is really in a simulated sky.

use crate::{Error, PointSource};
use arcmin_maps::Mask;
use arcmin_maps::catalogue::{Catalogue, columns};
use arcmin_units::{M200c, M200m, M500c, Mvir, Radian, Redshift, SkyPosition};

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
    /// Mass within 200 times the critical density.
    pub m200c: M200c,
    /// Mass within 500 times the critical density.
    pub m500c: M500c,
    /// Bryan-Norman virial mass.
    pub mvir: Mvir,
    /// Central Compton y of the painted profile, its scatter included; dimensionless, no beam.
    pub y0: f64,
    /// Angle under which R500c is seen.
    pub theta500: Radian,
    /// Concentration `R200c / r_s`, its scatter included.
    pub c200c: f64,
    /// Integrated Compton y in the sphere of R500c in Mpc^2, the scatter of y included.
    pub y500_mpc2: f64,
    /// Peculiar velocity along the line of sight in km/s, positive away from us.
    pub velocity_km_s: f64,
}

/// The truth of one tile.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// Number of the tile in its source.
    pub tile: u64,
    /// All haloes whose centre lies in the tile, by falling virial mass.
    pub haloes: Vec<Halo>,
    /// The bright point sources in the tile.
    pub sources: Vec<PointSource>,
    /// The pixels that were simulated.
    pub footprint: Mask,
}

impl Truth {
    /// The haloes as a catalogue: name, position, redshift, the masses, y, angular size, concentration and velocity.
    ///
    /// Names are `T<tile>-H<halo>`, unique within a source. Positions become equatorial, as in every catalogue.
    ///
    /// # Errors
    /// Those of building a catalogue.
    pub fn to_catalogue(&self) -> Result<Catalogue, Error> {
        let positions: Vec<SkyPosition> = self.haloes.iter().map(|halo| halo.position).collect();
        let names = self.haloes.iter().map(|halo| format!("T{:05}-H{:07}", self.tile, halo.id)).collect();
        let numbers = |of: fn(&Halo) -> f64| self.haloes.iter().map(of).collect::<Vec<f64>>();
        let catalogue = Catalogue::new(&positions, self.footprint.geometry().frame())
            .with_text(columns::NAME, names)?
            .with_f64(columns::REDSHIFT, numbers(|halo| halo.redshift.value()))?
            .with_f64(columns::M500C, numbers(|halo| halo.m500c.value()))?
            .with_f64(columns::M200M, numbers(|halo| halo.m200m.value()))?
            .with_f64(columns::MVIR, numbers(|halo| halo.mvir.value()))?
            .with_f64(columns::TRUE_Y_C, numbers(|halo| halo.y0))?
            .with_f64(columns::THETA500_ARCMIN, numbers(|halo| halo.theta500.to_arcmin().value()))?
            .with_f64(columns::M200C, numbers(|halo| halo.m200c.value()))?
            .with_f64(columns::TRUE_Y500_MPC2, numbers(|halo| halo.y500_mpc2))?
            .with_f64(columns::C200C, numbers(|halo| halo.c200c))?
            .with_f64(columns::VELOCITY_KM_S, numbers(|halo| halo.velocity_km_s))?;
        Ok(catalogue)
    }
}
