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

    /// The listed point sources as a catalogue: name, position, kind, flux at 148 GHz and in each of the named bands, host,
    /// and whether the source was taken out of the maps.
    ///
    /// Names are `T<tile>-S<number>`, hosts those of [`Self::to_catalogue`], empty in the field. Positions become
    /// equatorial.
    ///
    /// # Errors
    /// Those of building a catalogue, such as two bands of one name.
    pub fn sources_to_catalogue(&self, bands: &[&str]) -> Result<Catalogue, Error> {
        let positions: Vec<SkyPosition> = self.sources.iter().map(|source| source.position).collect();
        let texts = |of: &dyn Fn(usize, &PointSource) -> String| -> Vec<String> {
            self.sources.iter().enumerate().map(|(idx, source)| of(idx, source)).collect()
        };
        let halo_name = |id: u64| format!("T{:05}-H{id:07}", self.tile);
        let at_148: Vec<f64> = self.sources.iter().map(|source| f64::from(source.flux_148ghz_mjy)).collect();
        let removed = self.sources.iter().map(|source| i64::from(source.is_removed)).collect();
        let mut catalogue = Catalogue::new(&positions, self.footprint.geometry().frame())
            .with_text(columns::NAME, texts(&|idx, _| format!("T{:05}-S{idx:05}", self.tile)))?
            .with_text("kind", texts(&|_, source| source.kind.name().to_owned()))?
            .with_text("host", texts(&|_, source| source.host.map_or_else(String::new, halo_name)))?
            .with_i64("removed", removed)?
            .with_f64("flux_mJy_at_148GHz", at_148)?;
        for (band_idx, band) in bands.iter().enumerate() {
            let fluxes = self.sources.iter().map(|source| f64::from(source.flux_mjy[band_idx])).collect();
            catalogue = catalogue.with_f64(&format!("flux_mJy_{band}"), fluxes)?;
        }
        Ok(catalogue)
    }
}
