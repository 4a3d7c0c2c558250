//! Small skies around single clusters, for methods that weigh them (Gupta20: Gupta & Reichardt 2020, arXiv:2003.06135,
//! section 2.2).
//!
//! A [`ClusterSky`] draws what lies behind a cluster as the middle of a periodic square, with white noise, and adds the gas of
//! Arnaud10 at pixel `(n/2, n/2)` through the beam. A [`ClusterSet`] is any number of such cutouts with the masses that they are
//! to show, each made when it is asked for; no two of them share a random field.
//!
//! Begin with [`ClusterSkyConfig`], then [`ClusterSet`].

mod beam;
mod config;
mod fields;
mod images;
mod set;

pub use config::ClusterSkyConfig;
pub use set::{ClusterCutout, ClusterCutoutSource, ClusterSet, ClusterSetConfig, EpochMaps, Masses, SetKey};

use crate::foreground::{FieldModel, field_model};
use crate::setup::{BandSetup, Setup};
use crate::stream::{CutoutDraw, Draw};
use crate::{Component, Error, TileKey};
use arcmin_fft::{good_size, periodic_correlation};
use arcmin_maps::cutouts::{CentrePixel, CutoutBand, CutoutGrid, CutoutLayout, CutoutProjection, CutoutUnit};
use arcmin_maps::{Beam, Catalogue, Cutouts};
use arcmin_sky::pressure::Arnaud10;
use arcmin_sky::sz::tsz_uk_per_y;
use arcmin_units::{Arcmin, Frame, Ghz, M200c, Redshift, SkyPosition};
use beam::SquareBeam;
use fields::Fields;
use images::ClusterImages;

/// One band of cutouts around clusters.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterSkyBand {
    /// Name.
    pub name: String,
    /// Effective frequency.
    pub nu: Ghz,
    /// Full width at half maximum of the Gaussian beam, zero for none.
    pub beam_fwhm: Arcmin,
    /// White noise level in uK arcmin.
    pub noise_uk_arcmin: f64,
}

/// Makes skies around clusters; all tables and plans are ready.
#[derive(Debug)]
pub struct ClusterSky {
    config: ClusterSkyConfig,
    setup: Setup,
    n_simulated_side: usize,
    power: SkyPower,
    fields: Fields,
    images: ClusterImages,
}

impl ClusterSky {
    /// Makes tables; a second for one band, some ten for three.
    ///
    /// # Errors
    /// The first value of the description that cannot be, or fields without noise that are no vector of all pixels.
    pub fn new(config: &ClusterSkyConfig, seed: u64) -> Result<Self, Error> {
        let setup = config.check(seed)?;
        let side = good_size((config.simulated_side_arcmin / config.pixel_arcmin).round() as usize);
        let n_simulated_side = side + side % 2;
        let images = ClusterImages::new(config, &setup)?;
        let power = SkyPower::new(&setup);
        let fields = fields_of(&setup, &power, n_simulated_side)?;
        Ok(Self { config: config.clone(), setup, n_simulated_side, power, fields, images })
    }

    /// What is simulated.
    pub fn config(&self) -> &ClusterSkyConfig {
        &self.config
    }

    /// The bands, in the order of the pixels.
    pub fn bands(&self) -> Vec<ClusterSkyBand> {
        let band = |(band, raw): (&BandSetup, &crate::BandConfig)| ClusterSkyBand {
            name: band.name.clone(),
            nu: band.nu,
            beam_fwhm: Arcmin::new(raw.beam_fwhm_arcmin),
            noise_uk_arcmin: noise_uk_arcmin(&self.setup, band),
        };
        self.setup.bands.iter().zip(&self.config.bands).map(band).collect()
    }

    /// Pixels along one side of a cutout.
    pub fn n_pixels_side(&self) -> usize {
        self.setup.tiles.shape.nx
    }

    /// Pixels along one side of the periodic square on which fields are drawn.
    pub fn n_simulated_side(&self) -> usize {
        self.n_simulated_side
    }

    /// Size of a pixel.
    pub fn pixel(&self) -> Arcmin {
        self.setup.tiles.pixel
    }

    /// Everything but the cluster, through beams and with noise, `[band, y, x]` in uK.
    pub fn background(&self, key: SetKey, index: u64) -> Vec<f32> {
        self.fields_of_map(key.map(self.setup.seed, index), 0)
    }

    fn fields_of_map(&self, key: TileKey, epoch: u64) -> Vec<f32> {
        self.fields.draw(&mut key.stream(Draw::Cutout { what: CutoutDraw::Fields, epoch }))
    }

    /// The median thermal SZ image of a cluster through each band's beam, `[band, y, x]` in uK.
    ///
    /// # Errors
    /// A mass or redshift outside of the description's range.
    pub fn cluster(&self, m200c: M200c, z: Redshift) -> Result<Vec<f32>, Error> {
        let mut pixels = vec![0.0; self.setup.bands.len() * self.setup.tiles.shape.n_pixels()];
        self.add_cluster(&self.gas(m200c, z)?, 1.0, &mut pixels);
        Ok(pixels)
    }

    /// The median thermal SZ image of a cluster without beam, averaged over pixels, `[y, x]` in uK of the first band.
    ///
    /// # Errors
    /// As [`Self::cluster`].
    pub fn cluster_profile(&self, m200c: M200c, z: Redshift) -> Result<Vec<f32>, Error> {
        Ok(self.bare_cluster(&self.gas(m200c, z)?, 1.0))
    }

    fn gas(&self, m200c: M200c, z: Redshift) -> Result<Arnaud10, Error> {
        let config = &self.config;
        let inside = |value: f64, min: f64, max: f64| value >= min * (1.0 - 1e-9) && value <= max * (1.0 + 1e-9);
        if !inside(m200c.value(), config.m200c_min_msun, config.m200c_max_msun) {
            let (min, max) = (config.m200c_min_msun, config.m200c_max_msun);
            return Err(Error::ClusterOutOfRange { what: "M200c in Msun", value: m200c.value(), min, max });
        }
        if !inside(z.value(), config.redshift_min, config.redshift_max) {
            let (min, max) = (config.redshift_min, config.redshift_max);
            return Err(Error::ClusterOutOfRange { what: "redshift", value: z.value(), min, max });
        }
        self.images.gas(m200c, z)
    }

    fn add_cluster(&self, gas: &Arnaud10, amplitude: f64, pixels: &mut [f32]) {
        let bands = self.setup.bands.iter().zip(pixels.chunks_exact_mut(self.setup.tiles.shape.n_pixels()));
        for (band_idx, (band, image)) in bands.enumerate() {
            self.images.add_through_beam(band_idx, gas, amplitude * tsz_uk_per_y(band.nu), image);
        }
    }

    fn bare_cluster(&self, gas: &Arnaud10, amplitude: f64) -> Vec<f32> {
        let mut image = vec![0.0; self.setup.tiles.shape.n_pixels()];
        self.images.add_bare(gas, amplitude * tsz_uk_per_y(self.setup.bands[0].nu), &mut image);
        image
    }

    /// What smooths images of a wider square with a band's beam and cuts the cutout's pixels out of them.
    ///
    /// # Errors
    /// A side that cannot be transformed or is smaller than the cutout's.
    pub fn beam_of_square(&self, band_idx: usize, n_pixels_side: usize) -> Result<SquareBeam, Error> {
        let fwhm = Arcmin::new(self.config.bands[band_idx].beam_fwhm_arcmin);
        SquareBeam::new(fwhm, self.pixel(), n_pixels_side, self.n_pixels_side())
    }

    /// Power in uK^2 sr that the sky has in two bands together at a multipole, through their beams and without noise.
    pub fn sky_power_uk2_sr(&self, band_idx: usize, other_idx: usize, ell: f64) -> f64 {
        self.power.at([band_idx, other_idx], ell)
    }

    /// Cutouts as a method sees them: `pixels` `[cutout, band, y, x]`, one redshift each.
    ///
    /// # Errors
    /// Numbers of pixels and redshifts that do not agree.
    pub fn cutouts(&self, pixels: Vec<f32>, redshifts: &[Redshift]) -> Result<Cutouts, Error> {
        let grid = CutoutGrid::new(CutoutProjection::Tan, self.n_pixels_side(), self.pixel())?;
        let layout = CutoutLayout::Projected(grid.centred(CentrePixel::AfterMiddle));
        let band = |band: &BandSetup| CutoutBand {
            name: band.name.clone(),
            unit: CutoutUnit::MicroKelvinCmb,
            nu: Some(band.nu),
        };
        let bands = self.setup.bands.iter().map(band).collect();
        let catalogue = Catalogue::new(&vec![origin(); redshifts.len()], Frame::Equatorial)
            .with_f64(arcmin_maps::catalogue::columns::REDSHIFT, redshifts.iter().map(|z| z.value()).collect())?;
        let n_pixels = grid.shape().n_pixels();
        let valid = vec![true; redshifts.len() * n_pixels];
        Ok(Cutouts::new(layout, bands, catalogue, (pixels, valid, vec![false; redshifts.len()]))?)
    }
}

/// Where the cutouts lie: skies around clusters are flat, and nothing depends on the place.
fn origin() -> SkyPosition {
    SkyPosition::from_deg(0.0, 0.0).expect("a position")
}

/// White noise of a band, where there is any.
fn noise_uk_arcmin(setup: &Setup, band: &BandSetup) -> f64 {
    if setup.has(Component::Noise) { band.noise_uk_arcmin } else { 0.0 }
}

/// The spectra of all components, made once.
struct SkyPower {
    models: Vec<FieldModel>,
    beams: Vec<Beam>,
}

impl SkyPower {
    fn new(setup: &Setup) -> Self {
        let models = setup.components().iter().filter_map(|&component| field_model(setup, component)).collect();
        Self { models, beams: setup.bands.iter().map(|band| band.beam.clone()).collect() }
    }

    /// Power in uK^2 sr of two bands together, through their beams.
    fn at(&self, [a, b]: [usize; 2], ell: f64) -> f64 {
        let power = |model: &FieldModel| (model.c_ell_uk2_sr)(ell) * model.band_factors[a] * model.band_factors[b];
        self.beams[a].transfer(ell) * self.beams[b].transfer(ell) * self.models.iter().map(power).sum::<f64>()
    }
}

impl std::fmt::Debug for SkyPower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SkyPower of {} components", self.models.len())
    }
}

/// The fields of all bands with their noise, pixels `[band, y, x]`.
fn fields_of(setup: &Setup, power: &SkyPower, n_simulated: usize) -> Result<Fields, Error> {
    let (n_bands, n) = (setup.bands.len(), setup.tiles.shape.nx);
    let pixel_rad = setup.tiles.pixel.to_rad().value();
    let pairs = (0..n_bands).flat_map(|a| (0..=a).map(move |b| [a, b]));
    let correlation = |bands| periodic_correlation(n_simulated, pixel_rad, |ell| power.at(bands, ell));
    let correlations = pairs.map(correlation).collect::<Result<Vec<_>, _>>()?;
    let noise_uk = |band: &BandSetup| noise_uk_arcmin(setup, band) / setup.tiles.pixel.value();
    let noise_uk2: Vec<f64> = setup.bands.iter().map(|band| noise_uk(band).powi(2)).collect();
    Fields::new(n_bands * n * n, |i, j| {
        let ([a, b], [p, q]) = ([i, j].map(|k| k / (n * n)), [i, j].map(|k| k % (n * n)));
        let (dx, dy) = ((p % n).abs_diff(q % n), (p / n).abs_diff(q / n));
        let noise = if i == j { noise_uk2[a] } else { 0.0 };
        correlations[a * (a + 1) / 2 + b][dy * n_simulated + dx] + noise
    })
}
