//! The scores of all tiles as one HEALPix map.

use super::tiles::Tiles;
use crate::find::score_map::{ScoreMap, Scores};
use anyhow::Result;
use arcmin_maps::PixelPosition;
use arcmin_maps::healpix::HealpixPixels;
use arcmin_sphere::healpix::{Healpix, Nside, PixelSet, Ring};
use arcmin_units::{Frame, Radian, SkyPosition};
use rayon::prelude::*;
use std::path::Path;

/// The map is at most this fine, 200 MB for the whole sphere: finer maps give the largest score of each of its pixels.
const NSIDE_MAX: u64 = 2048;
/// A map of less than this part of the sphere is written with the numbers of its pixels.
const FULL_FROM_FRAC: f64 = 0.5;

/// Scores by pixel, NaN where nothing was searched.
pub(super) struct SphereMap {
    scores: Scores,
    grid: Healpix<Ring>,
    values: Vec<f32>,
}

impl SphereMap {
    /// An empty map for maps of this resolution.
    pub(super) fn new(scores: Scores, nside: Nside) -> Result<Self> {
        let grid = Healpix::ring(Nside::new(nside.value().min(NSIDE_MAX))?);
        Ok(Self { scores, grid, values: vec![f32::NAN; grid.n_pixels() as usize] })
    }

    /// What its values are.
    pub(super) fn scores(&self) -> Scores {
        self.scores
    }

    /// The value in a direction in the tiles' frame, where it was searched.
    pub(super) fn nearest(&self, position: SkyPosition) -> Option<f32> {
        let value = self.values[self.grid.pixel_at(position).number() as usize];
        (!value.is_nan()).then_some(value)
    }

    /// Puts in one tile: the score at the centre of each pixel that it owns or, where it is higher, that of any of the tile's
    /// pixels within it.
    pub(super) fn put(&mut self, map: &ScoreMap, tiles: &Tiles, tile: usize) {
        let (geometry, searched, scores) = (map.geometry(), map.searched().valid(), map.pixels());
        let (shape, pixel_rad) = (geometry.shape(), geometry.pixel_size().value());
        let diagonal = (shape.nx as f64).hypot(shape.ny as f64) * pixel_rad;
        let grid = self.grid;
        let pixels: Vec<u64> =
            grid.disc(tiles.centre(tile), Radian::new(0.5 * diagonal)).pixels().map(|pixel| pixel.number()).collect();
        let value = |number: &u64| {
            let centre = grid.centre(grid.pixel(*number)?);
            let idx = geometry.pixel_index(centre).filter(|&idx| searched[idx])?;
            (tiles.owner(centre) == tile).then(|| (*number as usize, scores[idx]))
        };
        let found: Vec<(usize, f32)> = pixels.par_iter().filter_map(value).collect();
        found.into_iter().for_each(|(slot, score)| self.values[slot] = score);
        for (idx, &score) in scores.iter().enumerate().filter(|(idx, _)| searched[*idx]) {
            let at = PixelPosition { x: (idx % shape.nx) as f64, y: (idx / shape.nx) as f64 };
            let Some(position) = geometry.pix_to_sky(at) else { continue };
            let slot = &mut self.values[grid.pixel_at(position).number() as usize];
            if score > *slot {
                *slot = score;
            }
        }
    }

    /// Writes the map into a folder: with the numbers of its pixels where it covers little of the sphere.
    pub(super) fn write(self, folder: &Path, frame: Frame) -> Result<()> {
        self.scores.write_sphere(folder, frame, self.into_pixels()?)
    }

    fn into_pixels(self) -> Result<HealpixPixels<Ring>> {
        let n_valid = self.values.iter().filter(|value| !value.is_nan()).count();
        if n_valid as f64 >= FULL_FROM_FRAC * self.values.len() as f64 {
            return Ok(HealpixPixels::full(self.grid, self.values)?);
        }
        let numbered = || (0..self.grid.n_pixels()).zip(&self.values).filter(|(_, value)| !value.is_nan());
        let covered = PixelSet::from_ranges(self.grid, numbered().map(|(number, _)| number..number + 1));
        let values = numbered().map(|(_, value)| *value).collect();
        Ok(HealpixPixels::partial(covered, values)?)
    }
}
