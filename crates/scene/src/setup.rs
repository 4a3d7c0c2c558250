//! The checked form of a [`SceneConfig`]: every number known to be usable, names turned into types.

use crate::clustering::ClusteringConfig;
use crate::config::{BandConfig, CmbSpectrum, ConcentrationModel, HaloesConfig, PressureModel, TilesConfig};
use crate::dust::GalacticDustConfig;
use crate::ksz_haloes::KszHaloesConfig;
use crate::lensing::HaloLensingConfig;
use crate::one_over_f::OneOverFConfig;
use crate::sources::{DustySourcesConfig, RadioSourcesConfig};
use crate::{Component, Error, ForegroundsConfig, SceneConfig, Split};
use arcmin_maps::{Beam, BeamTable, Shape};
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
    pub(crate) optional: OptionalTables,
}

/// The tables that a description may leave out, checked.
#[derive(Clone, Debug)]
pub(crate) struct OptionalTables {
    pub(crate) clustering: Option<ClusteringConfig>,
    pub(crate) ksz_haloes: Option<KszHaloesConfig>,
    pub(crate) radio_sources: Option<RadioSourcesConfig>,
    pub(crate) dusty_sources: Option<DustySourcesConfig>,
    pub(crate) galactic_dust: Option<GalacticDustConfig>,
    pub(crate) halo_lensing: Option<HaloLensingConfig>,
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
    pub(crate) concentration_ln_scatter: f64,
    pub(crate) pressure: PressureModel,
    pub(crate) abundance_factor: f64,
}

/// One band.
#[derive(Clone, Debug)]
pub(crate) struct BandSetup {
    pub(crate) name: String,
    pub(crate) nu: Ghz,
    pub(crate) noise_uk_arcmin: f64,
    pub(crate) beam: Beam,
    pub(crate) one_over_f: Option<OneOverFConfig>,
}

impl SceneConfig {
    /// Checks every value.
    ///
    /// # Errors
    /// The first value that cannot be: its key, and what it must be.
    pub fn check(&self) -> Result<Setup, Error> {
        let components = check_components(&self.components)?;
        check_foregrounds(&self.foregrounds, &components, self.bands.len())?;
        let optional = OptionalTables::check(self, &components)?;
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
            optional,
        })
    }
}

impl Setup {
    /// Whether a component is kept.
    pub fn has(&self, component: Component) -> bool {
        self.components.contains(&component)
    }

    /// The components that are kept, in the order in which they are summed.
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// All that a tile depends on, in words.
    pub(crate) fn origin(&self) -> String {
        let mut setup = self.clone();
        setup.tiles.counts = [0; 3];
        format!("{setup:?}")
    }

    /// The same survey with some of its components.
    pub(crate) fn keeping(&self, components: &[Component]) -> Result<Self, Error> {
        let components = check_components(components)?;
        if let Some(&component) = components.iter().find(|&&component| !self.has(component)) {
            return Err(Error::ComponentNotKept { component });
        }
        if components.contains(&Component::HaloLensing) && !components.contains(&Component::Cmb) {
            return Err(Error::NothingToLens);
        }
        Ok(Self { components, ..self.clone() })
    }

    /// Names of the bands, in the order of the observation.
    pub fn band_names(&self) -> impl Iterator<Item = &str> {
        self.bands.iter().map(|band| band.name.as_str())
    }

    /// Whether any component is made of haloes or lies in them.
    pub(crate) fn needs_haloes(&self) -> bool {
        use Component::{DustySources, HaloLensing, KszHaloes, RadioSources, Tsz};
        [Tsz, KszHaloes, RadioSources, DustySources, HaloLensing].into_iter().any(|component| self.has(component))
    }

    /// Number of tiles of a split.
    pub fn n_tiles(&self, split: Split) -> usize {
        self.tiles.counts[split as usize]
    }
}

impl OptionalTables {
    fn check(raw: &SceneConfig, components: &[Component]) -> Result<Self, Error> {
        use Component::{Cmb, DustySources, GalacticDust, HaloLensing, KszHaloes, RadioSources};
        let tables = [
            (KszHaloes, raw.ksz_haloes.is_some()),
            (RadioSources, raw.radio_sources.is_some()),
            (DustySources, raw.dusty_sources.is_some()),
            (GalacticDust, raw.galactic_dust.is_some()),
            (HaloLensing, raw.halo_lensing.is_some()),
        ];
        for (component, is_given) in tables {
            if components.contains(&component) && !is_given {
                return Err(Error::NoTable { component });
            }
        }
        if components.contains(&HaloLensing) && !components.contains(&Cmb) {
            return Err(Error::NothingToLens);
        }
        raw.clustering.as_ref().map_or(Ok(()), ClusteringConfig::check)?;
        raw.ksz_haloes.as_ref().map_or(Ok(()), KszHaloesConfig::check)?;
        raw.radio_sources.as_ref().map_or(Ok(()), RadioSourcesConfig::check)?;
        raw.dusty_sources.as_ref().map_or(Ok(()), DustySourcesConfig::check)?;
        raw.galactic_dust.as_ref().map_or(Ok(()), GalacticDustConfig::check)?;
        raw.halo_lensing.as_ref().map_or(Ok(()), HaloLensingConfig::check)?;
        Ok(Self {
            clustering: raw.clustering.clone(),
            ksz_haloes: raw.ksz_haloes.clone(),
            radio_sources: raw.radio_sources.clone(),
            dusty_sources: raw.dusty_sources.clone(),
            galactic_dust: raw.galactic_dust.clone(),
            halo_lensing: raw.halo_lensing.clone(),
        })
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
        let c_scatter = raw.concentration_ln_scatter;
        require("haloes.concentration_ln_scatter", c_scatter, (0.0..=1.0).contains(&c_scatter), "from 0 to 1")?;
        let kept = raw.abundance_factor;
        require("haloes.abundance_factor", kept, kept > 0.0 && kept <= 1.0, "above 0 and at most 1")?;
        Ok(Self {
            m200m_min: M200m::new(raw.m200m_min_msun),
            m200m_max: M200m::new(raw.m200m_max_msun),
            z_min: Redshift::new(raw.z_min),
            z_max: Redshift::new(raw.z_max),
            y_ln_scatter: scatter,
            concentration_ln_scatter: c_scatter,
            pressure: raw.pressure,
            abundance_factor: kept,
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
    use Component::{DustyClustered, DustyPoisson, Ksz, PointSources, Radio, TszBackground};
    const OF_A_MODEL: [Component; 6] = [Ksz, DustyPoisson, DustyClustered, Radio, PointSources, TszBackground];
    let (model, fields): (_, &[Component]) = match raw {
        ForegroundsConfig::None => ("none", &[]),
        ForegroundsConfig::George15 => ("george15", &[Ksz, TszBackground, DustyPoisson, DustyClustered, Radio]),
        ForegroundsConfig::Deepsz { .. } => ("deepsz", &[Ksz, TszBackground, PointSources]),
    };
    for &component in components {
        if OF_A_MODEL.contains(&component) && !fields.contains(&component) {
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
        band.one_over_f.as_ref().map_or(Ok(()), OneOverFConfig::check)?;
        bands.push(BandSetup {
            name: band.name.clone(),
            nu: Ghz::new(band.nu_ghz),
            noise_uk_arcmin: band.noise_uk_arcmin,
            beam: check_beam(band)?,
            one_over_f: band.one_over_f,
        });
    }
    Ok(bands)
}

fn check_beam(band: &BandConfig) -> Result<Beam, Error> {
    let fwhm_arcmin = band.beam_fwhm_arcmin;
    let Some(path) = &band.beam_file else { return Ok(Beam::gaussian(Arcmin::new(fwhm_arcmin))?) };
    require("bands.beam_fwhm_arcmin", fwhm_arcmin, fwhm_arcmin == 0.0, "0 beside a beam_file")?;
    Ok(Beam::Tabulated(BeamTable::read(path)?))
}

pub(crate) fn require(key: &'static str, value: f64, holds: bool, must_be: &'static str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::BadValue { key, value, must_be }) }
}

pub(crate) fn positive(key: &'static str, value: f64) -> Result<(), Error> {
    require(key, value, value.is_finite() && value > 0.0, "finite and above zero")
}

pub(crate) fn not_negative(key: &'static str, value: f64) -> Result<(), Error> {
    require(key, value, value.is_finite() && value >= 0.0, "finite and not negative")
}
