//! From an observation to combined maps that are ready for any template, window by window.

mod data;
mod prepare;
mod subtract;

pub(crate) use data::{TileData, Workspace};
pub(crate) use prepare::{Prepared, Widths, prepare};
pub(crate) use subtract::take_out_clusters;

use crate::config::Settings;
use crate::footprint::Footprint;
use crate::taper::HoleTaper;
use crate::tiling::{Tile, tiles};
use arcmin_maps::Observation;

/// What all windows of one observation share.
pub(crate) struct Survey<'a> {
    pub(crate) observation: &'a Observation,
    pub(crate) settings: &'a Settings,
    pub(crate) footprint: Footprint,
    pub(crate) taper: Option<HoleTaper>,
    /// True where the search looks.
    pub(crate) searched: Vec<bool>,
    pub(crate) tiles: Vec<Tile>,
}

impl<'a> Survey<'a> {
    pub(crate) fn new(observation: &'a Observation, settings: &'a Settings) -> Self {
        let config = settings.config();
        let pixel_arcmin = observation.geometry().pixel_size().to_arcmin().value();
        let max_hole = config.holes.max_area_arcmin2 / (pixel_arcmin * pixel_arcmin);
        let mut footprint = Footprint::new(observation.mask(), max_hole);
        let taper = if config.holes.restore_taper { HoleTaper::measure(observation, &footprint) } else { None };
        if let Some(taper) = &taper {
            tracing::info!("source holes have a smooth edge: it is divided out");
            footprint = Footprint::new(&taper.tighten(observation.mask()), max_hole);
        }
        let border = config.border_arcmin / pixel_arcmin;
        let searched = footprint.searched(border, config.holes.reach_arcmin / pixel_arcmin);
        let overlap = (config.overlap_arcmin / pixel_arcmin).ceil() as usize;
        let tiles = tiles(footprint.shape(), config.window_pixels, overlap);
        Self { observation, settings, footprint, taper, searched, tiles }
    }

    /// True when any pixel of a tile's core is searched.
    pub(crate) fn has_searched(&self, tile: &Tile) -> bool {
        let nx = self.footprint.shape().nx;
        let core = tile.core;
        (core.y0..core.y0 + core.shape.ny).any(|y| self.searched[y * nx + core.x0..][..core.shape.nx].contains(&true))
    }
}
