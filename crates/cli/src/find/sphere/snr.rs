//! The S/N of all tiles as one HEALPix map.

use super::tiles::Tiles;
use anyhow::Result;
use arcmin_find_mmf::units::SignalToNoise;
use arcmin_maps::healpix::{HealpixMap, HealpixPixels};
use arcmin_maps::{Map, Mask, PixelPosition};
use arcmin_sphere::healpix::{Healpix, Nside, PixelSet, Ring};
use arcmin_units::{Frame, Radian};
use rayon::prelude::*;

/// The map is at most this fine, 200 MB for the whole sphere: finer maps give the largest S/N of each of its pixels.
const NSIDE_MAX: u64 = 2048;
/// A map of less than this part of the sphere is written with the numbers of its pixels.
const FULL_FROM_FRAC: f64 = 0.5;

/// S/N by pixel, NaN where nothing was searched.
pub(super) struct SnrMap {
    grid: Healpix<Ring>,
    frame: Frame,
    values: Vec<f32>,
}

impl SnrMap {
    /// An empty map for maps of this resolution.
    pub(super) fn new(nside: Nside, frame: Frame) -> Result<Self> {
        let grid = Healpix::ring(Nside::new(nside.value().min(NSIDE_MAX))?);
        Ok(Self { grid, frame, values: vec![f32::NAN; grid.n_pixels() as usize] })
    }

    /// Puts in one tile: the S/N at the centre of each pixel that it owns or, where it is higher, that of any of the tile's
    /// pixels within it.
    pub(super) fn put(&mut self, snr: &Map<SignalToNoise>, searched: &Mask, tiles: &Tiles, tile: usize) {
        let (geometry, searched) = (snr.geometry(), searched.valid());
        let (shape, pixel_rad) = (geometry.shape(), geometry.pixel_size().value());
        let diagonal = (shape.nx as f64).hypot(shape.ny as f64) * pixel_rad;
        let grid = self.grid;
        let pixels: Vec<u64> =
            grid.disc(tiles.centre(tile), Radian::new(0.5 * diagonal)).pixels().map(|pixel| pixel.number()).collect();
        let value = |number: &u64| {
            let centre = grid.centre(grid.pixel(*number)?);
            let idx = geometry.pixel_index(centre).filter(|&idx| searched[idx])?;
            (tiles.owner(centre) == tile).then(|| (*number as usize, snr.pixels()[idx]))
        };
        let found: Vec<(usize, f32)> = pixels.par_iter().filter_map(value).collect();
        found.into_iter().for_each(|(slot, snr)| self.values[slot] = snr);
        for (idx, &snr) in snr.pixels().iter().enumerate().filter(|(idx, _)| searched[*idx]) {
            let at = PixelPosition { x: (idx % shape.nx) as f64, y: (idx / shape.nx) as f64 };
            let Some(position) = geometry.pix_to_sky(at) else { continue };
            let slot = &mut self.values[grid.pixel_at(position).number() as usize];
            if snr > *slot {
                *slot = snr;
            }
        }
    }

    /// The map: with the numbers of its pixels where it covers little of the sphere.
    pub(super) fn into_map(self) -> Result<HealpixMap<SignalToNoise>> {
        let n_valid = self.values.iter().filter(|value| !value.is_nan()).count();
        if n_valid as f64 >= FULL_FROM_FRAC * self.values.len() as f64 {
            return Ok(HealpixMap::new(self.frame, HealpixPixels::full(self.grid, self.values)?));
        }
        let numbered = || (0..self.grid.n_pixels()).zip(&self.values).filter(|(_, value)| !value.is_nan());
        let covered = PixelSet::from_ranges(self.grid, numbered().map(|(number, _)| number..number + 1));
        let values = numbered().map(|(_, value)| *value).collect();
        Ok(HealpixMap::new(self.frame, HealpixPixels::partial(covered, values)?))
    }
}
