//! Point sources that are painted one by one: radio and dusty galaxies.
//!
//! Each source has a flux drawn from published counts and a spectrum of its own. Its temperature is its flux over the true
//! solid angle of a pixel, in the pixel that holds it: without a beam that is the mean over the pixel, as all maps of
//! pixel-averaged skies have it. In a band with a beam a listed source must not jump to the centre of its pixel: there it
//! is laid down as a band-limited point at its exact place, which the beam then turns into its image.
//!
//! The expected mean of all painted sources is subtracted, so that a map has no offset, as the Gaussian fields have none.
//!
//! Sources of any flux are painted, but those above `removed_above_mjy` at 148 GHz are left out: these are the ones that
//! are found and subtracted before clusters are searched.

mod config;
mod dusty;
mod hosts;
mod ir_density;
mod place;
mod radio;

pub use config::{DustySourcesConfig, RadioSourcesConfig};

use crate::tile::TileContext;
use crate::window::{Window, sky_position};
use crate::{Component, Error, Setup};
use arcmin_maps::{Beam, PixelPosition};
use arcmin_sky::brightness::jy_sr_per_uk;
use arcmin_sky::source_counts::{FluxCut, FluxRatio, SourcePopulation};
use arcmin_units::{Arcmin, Ghz, SkyPosition};
use dusty::{DustyModel, FaintLayer};
use radio::RadioModel;
use rayon::prelude::*;

/// Where sources are removed and listed by flux.
pub(crate) const REFERENCE_NU: Ghz = Ghz::new(148.0);
/// Sources above this flux at 148 GHz are listed in the truth.
const CATALOGUE_MJY: f64 = 1.0;

/// What a point source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A radio galaxy.
    Radio,
    /// A dusty galaxy.
    Dusty,
}

impl SourceKind {
    /// Name in catalogues.
    pub const fn name(self) -> &'static str {
        match self {
            SourceKind::Radio => "radio",
            SourceKind::Dusty => "dusty",
        }
    }
}

/// One point source of a simulated sky, of 1 mJy or more at 148 GHz.
#[derive(Clone, Debug, PartialEq)]
pub struct PointSource {
    /// What it is.
    pub kind: SourceKind,
    /// Position in the frame of the tile's geometry.
    pub position: SkyPosition,
    /// Flux density at 148 GHz.
    pub flux_148ghz_mjy: f32,
    /// Flux density in each band.
    pub flux_mjy: Vec<f32>,
    /// Number of the halo that it lies in, `None` in the field.
    pub host: Option<u64>,
    /// Whether it is in the maps or was taken out of them for its flux.
    pub is_removed: bool,
}

/// What point sources are drawn from.
#[derive(Debug)]
pub(crate) struct SourceModel {
    bands: Vec<BandView>,
    radio: Option<RadioModel>,
    dusty: Option<DustyModel>,
}

/// How one band sees a source.
#[derive(Clone, Copy, Debug)]
struct BandView {
    nu: Ghz,
    /// Temperature of one mJy in one steradian.
    uk_sr_per_mjy: f64,
    has_beam: bool,
}

/// A source on its way into the maps.
#[derive(Clone, Debug)]
pub(crate) struct DrawnSource {
    pub(crate) kind: SourceKind,
    /// In pixels of the tile.
    pixel: PixelPosition,
    pub(crate) flux_148ghz_mjy: f32,
    pub(crate) flux_mjy: Vec<f32>,
    pub(crate) host: Option<u64>,
    is_removed: bool,
}

/// The point sources of one tile and its rim.
#[derive(Clone, Debug)]
pub(crate) struct TileSources {
    /// Sources with a place of their own.
    sources: Vec<DrawnSource>,
    /// Dusty galaxies too faint to be listed, in uK.
    faint: Option<FaintLayer>,
    bands: Vec<BandPaint>,
}

/// What one band does to drawn sources.
#[derive(Clone, Copy, Debug)]
struct BandPaint {
    view: BandView,
    /// Expected temperature of all sources.
    mean_uk: f64,
}

impl SourceModel {
    /// Tables for the sources of a survey; `None` when it has none.
    pub(crate) fn new(setup: &Setup, window: &Window) -> Result<Option<Self>, Error> {
        let no_beam = Beam::gaussian(Arcmin::new(0.0))?;
        let view = |band: &crate::setup::BandSetup| BandView {
            nu: band.nu,
            uk_sr_per_mjy: 1e-3 / jy_sr_per_uk(band.nu),
            has_beam: band.beam != no_beam,
        };
        let bands: Vec<BandView> = setup.bands.iter().map(view).collect();
        let radio = setup.optional.radio_sources.as_ref().filter(|_| setup.has(Component::RadioSources));
        let radio = radio.map(|config| RadioModel::new(config, setup, &bands)).transpose()?;
        let dusty = setup.optional.dusty_sources.as_ref().filter(|_| setup.has(Component::DustySources));
        let dusty = dusty.map(|config| DustyModel::new(config, setup, window, &bands)).transpose()?;
        Ok((radio.is_some() || dusty.is_some()).then_some(Self { bands, radio, dusty }))
    }

    /// How radio galaxies choose their haloes, `None` without any.
    pub(crate) fn hosting(&self) -> Option<&RadioModel> {
        self.radio.as_ref()
    }

    /// Draws the sources of a tile and its rim, each kind from its own streams.
    pub(crate) fn draw(&self, tile: &TileContext) -> TileSources {
        let mut sources = self.radio.as_ref().map_or_else(Vec::new, |radio| radio.draw(tile));
        let faint = self.dusty.as_ref().map(|dusty| {
            let (bright, faint) = dusty.draw(tile);
            sources.extend(bright);
            faint
        });
        let mean_uk = |band_idx: usize| {
            let radio = self.radio.as_ref().map_or(0.0, |radio| radio.mean_uk[band_idx]);
            radio + self.dusty.as_ref().map_or(0.0, |dusty| dusty.mean_uk[band_idx])
        };
        let bands = self.bands.iter().enumerate();
        let bands = bands.map(|(band_idx, &view)| BandPaint { view, mean_uk: mean_uk(band_idx) }).collect();
        TileSources { sources, faint, bands }
    }
}

impl TileSources {
    /// Adds the sources in one band to an image of the padded window in uK, each in the pixels where it lies.
    pub(crate) fn paint(&self, band_idx: usize, tile: &TileContext, image: &mut [f32]) {
        let BandPaint { view, mean_uk } = self.bands[band_idx];
        let nx = tile.window.padded.nx;
        image.par_chunks_exact_mut(nx).enumerate().for_each(|(row, pixels)| {
            let faint = self.faint.as_ref().map(|faint| faint.row(row, band_idx));
            pixels.iter_mut().for_each(|pixel| *pixel -= mean_uk as f32);
            for (pixel, faint) in pixels.iter_mut().zip(faint.into_iter().flatten()) {
                *pixel += faint;
            }
        });
        for source in self.sources.iter().filter(|source| !source.is_removed) {
            let flux_uk_sr = f64::from(source.flux_mjy[band_idx]) * view.uk_sr_per_mjy;
            let peak_uk = flux_uk_sr / tile.window.pixel_sr(source.pixel);
            let rim = tile.window.rim() as f64;
            let at = PixelPosition { x: source.pixel.x + rim, y: source.pixel.y + rim };
            if view.has_beam {
                place::add_point(image, tile.window.padded, at, peak_uk);
            } else {
                place::add_to_pixel(image, tile.window.padded, at, peak_uk);
            }
        }
    }

    /// The sources with a place of their own, rim included.
    pub(crate) fn into_sources(self) -> Vec<DrawnSource> {
        self.sources
    }

    /// The sources that lie on the tile and are bright enough to be listed, by falling flux at 148 GHz.
    pub(crate) fn truth(&self, tile: &TileContext) -> Vec<PointSource> {
        let is_listed = |source: &&DrawnSource| {
            f64::from(source.flux_148ghz_mjy) >= CATALOGUE_MJY && tile.window.is_on_tile(source.pixel)
        };
        let listed = self.sources.iter().filter(is_listed).map(|source| PointSource {
            kind: source.kind,
            position: sky_position(&tile.geometry, source.pixel),
            flux_148ghz_mjy: source.flux_148ghz_mjy,
            flux_mjy: source.flux_mjy.clone(),
            host: source.host,
            is_removed: source.is_removed,
        });
        let mut listed: Vec<PointSource> = listed.collect();
        listed.sort_by(|a, b| b.flux_148ghz_mjy.total_cmp(&a.flux_148ghz_mjy));
        listed
    }
}

/// Flux in each band, and at 148 GHz, over that at the frequency of the counts.
#[derive(Clone, Debug)]
struct BandRatios {
    bands: Vec<FluxRatio>,
    reference: FluxRatio,
}

impl BandRatios {
    fn new(population: &SourcePopulation, bands: &[BandView]) -> Self {
        let ratio = |nu| population.spectrum.flux_ratio(nu, population.counts.nu());
        Self { bands: bands.iter().map(|band| ratio(band.nu)).collect(), reference: ratio(REFERENCE_NU) }
    }
}

/// The cut of a configuration: what is left in the maps.
fn flux_cut(removed_above_mjy: Option<f64>) -> FluxCut {
    FluxCut { nu: REFERENCE_NU, below_mjy: removed_above_mjy.unwrap_or(f64::INFINITY) }
}
