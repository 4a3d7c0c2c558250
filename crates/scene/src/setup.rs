//! The checked form of a [`SceneConfig`]: every number known to be usable, names turned into types.

use crate::config::{BandConfig, CmbSpectrum, ConcentrationModel, HaloesConfig, TilesConfig};
use crate::{Component, Error, ForegroundsConfig, SceneConfig, Split};
use arcmin_maps::{Beam, Shape};
use arcmin_sky::Cosmology;
use arcmin_units::{Arcmin, Ghz, M200m, Redshift};

/// A description of a simulated sky that has been checked.
#[derive(Clone, Debug)]
pub struct Setup {
    pub(crate) seed: u64,
    pub(crate) cosmology: Cosmology,
    pub(crate) concentration: ConcentrationModel,
    pub(crate) cmb_spectrum: CmbSpectrum,
    pub(crate) components: Vec<Component>,
    pub(crate) tiles: Tiles,
    pub(crate) haloes: HaloRange,
    pub(crate) foregrounds: ForegroundsConfig,
    pub(crate) bands: Vec<BandSetup>,
}

/// Number, size and pixels of the tiles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tiles {
    /// Number in each split, in the order of [`Split::ALL`].
    pub(crate) counts: [usize; 3],
    /// Shape of the tile that is kept.
    pub(crate) shape: Shape,
    /// Size of a pixel.
    pub(crate) pixel: Arcmin,
    /// Least rim on each side, in pixels.
    pub(crate) margin_pixels: usize,
}

/// The haloes that are drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HaloRange {
    pub(crate) m200m_min: M200m,
    pub(crate) m200m_max: M200m,
    pub(crate) z_min: Redshift,
    pub(crate) z_max: Redshift,
    pub(crate) y_ln_scatter: f64,
}

/// One band.
#[derive(Clone, Debug)]
pub(crate) struct BandSetup {
    pub(crate) name: String,
    pub(crate) nu: Ghz,
    pub(crate) noise_uk_arcmin: f64,
    pub(crate) beam: Beam,
}

impl SceneConfig {
    /// Checks every value.
    ///
    /// # Errors
    /// The first value that cannot be: its key, and what it must be.
    pub fn check(&self) -> Result<Setup, Error> {
        let components = check_components(&self.components)?;
        check_foregrounds(&self.foregrounds, &components, self.bands.len())?;
        Ok(Setup {
            seed: self.seed,
            cosmology: Cosmology::named(&self.cosmology)?,
            concentration: self.concentration,
            cmb_spectrum: self.cmb_spectrum,
            components,
            tiles: Tiles::check(&self.tiles)?,
            haloes: HaloRange::check(&self.haloes)?,
            foregrounds: self.foregrounds.clone(),
            bands: check_bands(&self.bands)?,
        })
    }
}

impl Setup {
    /// Whether a component is kept.
    pub fn has(&self, component: Component) -> bool {
        self.components.contains(&component)
    }

    /// Number of tiles of a split.
    pub fn n_tiles(&self, split: Split) -> usize {
        self.tiles.counts[split as usize]
    }
}

impl Tiles {
    fn check(raw: &TilesConfig) -> Result<Self, Error> {
        let side = raw.n_pixels_side;
        require(
            "tiles.n_pixels_side",
            side as f64,
            (8..=1 << 15).contains(&side) && side.is_multiple_of(2),
            "even, from 8 to 32768",
        )?;
        positive("tiles.pixel_arcmin", raw.pixel_arcmin)?;
        not_negative("tiles.margin_arcmin", raw.margin_arcmin)?;
        let side_deg = side as f64 * raw.pixel_arcmin / 60.0;
        require("tiles.pixel_arcmin", raw.pixel_arcmin, side_deg <= 40.0, "such that a tile is at most 40 deg wide")?;
        let margin_fits = raw.margin_arcmin <= 60.0 * side_deg;
        require("tiles.margin_arcmin", raw.margin_arcmin, margin_fits, "at most the side of a tile")?;
        Ok(Self {
            counts: [raw.n_train, raw.n_validation, raw.n_test],
            shape: Shape { ny: side, nx: side },
            pixel: Arcmin::new(raw.pixel_arcmin),
            margin_pixels: (raw.margin_arcmin / raw.pixel_arcmin).ceil() as usize,
        })
    }
}

impl HaloRange {
    fn check(raw: &HaloesConfig) -> Result<Self, Error> {
        positive("haloes.m200m_min_msun", raw.m200m_min_msun)?;
        let mass_grows = raw.m200m_max_msun.is_finite() && raw.m200m_max_msun > raw.m200m_min_msun;
        require("haloes.m200m_max_msun", raw.m200m_max_msun, mass_grows, "finite and above m200m_min_msun")?;
        positive("haloes.z_min", raw.z_min)?;
        let z_grows = raw.z_max > raw.z_min && raw.z_max <= 10.0;
        require("haloes.z_max", raw.z_max, z_grows, "above z_min and at most 10")?;
        let scatter = raw.y_ln_scatter;
        require("haloes.y_ln_scatter", scatter, (0.0..=2.0).contains(&scatter), "from 0 to 2")?;
        Ok(Self {
            m200m_min: M200m::new(raw.m200m_min_msun),
            m200m_max: M200m::new(raw.m200m_max_msun),
            z_min: Redshift::new(raw.z_min),
            z_max: Redshift::new(raw.z_max),
            y_ln_scatter: scatter,
        })
    }
}

fn check_components(raw: &[Component]) -> Result<Vec<Component>, Error> {
    // A fixed order of summation, whatever the order in the file: the same components give the same bits.
    let mut components = raw.to_vec();
    components.sort_unstable();
    match components.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Error::DuplicateComponent { component: pair[0] }),
        None => Ok(components),
    }
}

fn check_foregrounds(raw: &ForegroundsConfig, components: &[Component], n_bands: usize) -> Result<(), Error> {
    use Component::{Cmb, DustyClustered, DustyPoisson, Ksz, Noise, PointSources, Radio, Tsz, TszBackground};
    let (model, fields): (_, &[Component]) = match raw {
        ForegroundsConfig::George15 => ("george15", &[Ksz, TszBackground, DustyPoisson, DustyClustered, Radio]),
        ForegroundsConfig::Deepsz { .. } => ("deepsz", &[Ksz, TszBackground, PointSources]),
    };
    for &component in components {
        if ![Cmb, Tsz, Noise].contains(&component) && !fields.contains(&component) {
            return Err(Error::ComponentNotInModel { component, model });
        }
    }
    let ForegroundsConfig::Deepsz { point_sources_d3000_uk2, ksz_d_ell_uk2, tsz_background_d_ell_90ghz_uk2 } = raw
    else {
        return Ok(());
    };
    if point_sources_d3000_uk2.len() != n_bands {
        let key = "foregrounds.point_sources_d3000_uk2";
        return Err(Error::BandValues { key, n_bands, got: point_sources_d3000_uk2.len() });
    }
    for &value in point_sources_d3000_uk2 {
        not_negative("foregrounds.point_sources_d3000_uk2", value)?;
    }
    not_negative("foregrounds.ksz_d_ell_uk2", *ksz_d_ell_uk2)?;
    not_negative("foregrounds.tsz_background_d_ell_90ghz_uk2", *tsz_background_d_ell_90ghz_uk2)
}

fn check_bands(raw: &[BandConfig]) -> Result<Vec<BandSetup>, Error> {
    if raw.is_empty() {
        return Err(arcmin_maps::Error::NoBands.into());
    }
    let mut bands: Vec<BandSetup> = Vec::with_capacity(raw.len());
    for band in raw {
        if bands.iter().any(|other| other.name == band.name) {
            return Err(arcmin_maps::Error::DuplicateBand { name: band.name.clone() }.into());
        }
        require("bands.nu_ghz", band.nu_ghz, (1.0..=2000.0).contains(&band.nu_ghz), "from 1 to 2000")?;
        not_negative("bands.noise_uk_arcmin", band.noise_uk_arcmin)?;
        not_negative("bands.beam_fwhm_arcmin", band.beam_fwhm_arcmin)?;
        bands.push(BandSetup {
            name: band.name.clone(),
            nu: Ghz::new(band.nu_ghz),
            noise_uk_arcmin: band.noise_uk_arcmin,
            beam: Beam::gaussian(Arcmin::new(band.beam_fwhm_arcmin))?,
        });
    }
    Ok(bands)
}

fn require(key: &'static str, value: f64, holds: bool, must_be: &'static str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::BadValue { key, value, must_be }) }
}

fn positive(key: &'static str, value: f64) -> Result<(), Error> {
    require(key, value, value.is_finite() && value > 0.0, "finite and above zero")
}

fn not_negative(key: &'static str, value: f64) -> Result<(), Error> {
    require(key, value, value.is_finite() && value >= 0.0, "finite and not negative")
}
