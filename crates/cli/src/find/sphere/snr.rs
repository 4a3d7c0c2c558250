//! The S/N of all tiles as one HEALPix map, and a picture of it.

use super::tiles::Tiles;
use crate::find::marks::Known;
use crate::find::outputs;
use anyhow::Result;
use arcmin_eval::map_image::{MapImage, MapPixels};
use arcmin_find_mmf::units::SignalToNoise;
use arcmin_find_mmf::{PointSource, Search};
use arcmin_maps::healpix::{HealpixMap, HealpixPixels};
use arcmin_maps::{Geometry, Interpolation, PixelPosition, Shape};
use arcmin_method::Detections;
use arcmin_sphere::healpix::{Healpix, Nside, PixelSet, Ring};
use arcmin_units::{Arcmin, Frame, Radian, SkyPosition};
use rayon::prelude::*;

/// The map is at most this fine, 200 MB for the whole sphere: finer maps give the largest S/N of each of its pixels.
const NSIDE_MAX: u64 = 2048;
/// A map of less than this part of the sphere is written with the numbers of its pixels.
const FULL_FROM_FRAC: f64 = 0.5;
/// Longer side of the picture of a part of the sphere, and pixel of that of the whole sphere.
const PICTURE_PIXELS: f64 = 1000.0;
const PICTURE_ALL_SKY_ARCMIN: f64 = 15.0;
/// What reaches further than this from its middle is shown as a whole sphere.
const PART_RADIUS_DEG: f64 = 30.0;

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
    pub(super) fn put(&mut self, search: &Search, tiles: &Tiles, tile: usize) {
        let (geometry, searched) = (search.snr.geometry(), search.detections.searched.valid());
        let (shape, pixel_rad) = (geometry.shape(), geometry.pixel_size().value());
        let diagonal = (shape.nx as f64).hypot(shape.ny as f64) * pixel_rad;
        let grid = self.grid;
        let pixels: Vec<u64> =
            grid.disc(tiles.centre(tile), Radian::new(0.5 * diagonal)).pixels().map(|pixel| pixel.number()).collect();
        let value = |number: &u64| {
            let centre = grid.centre(grid.pixel(*number)?);
            let idx = geometry.pixel_index(centre).filter(|&idx| searched[idx])?;
            (tiles.owner(centre) == tile).then(|| (*number as usize, search.snr.pixels()[idx]))
        };
        let found: Vec<(usize, f32)> = pixels.par_iter().filter_map(value).collect();
        found.into_iter().for_each(|(slot, snr)| self.values[slot] = snr);
        for (idx, &snr) in search.snr.pixels().iter().enumerate().filter(|(idx, _)| searched[*idx]) {
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

/// The S/N map with candidates, known clusters and sources marked: zenithal around the middle of a part of the sphere, else
/// plate carree.
pub(super) fn picture(
    map: &HealpixMap<SignalToNoise>,
    detections: &Detections,
    known: &[Known],
    sources: Option<&[PointSource]>,
    centres: &[SkyPosition],
    tile_radius: Radian,
) -> Result<MapImage> {
    let geometry = picture_geometry(centres, tile_radius)?.in_frame(map.frame());
    let shape = geometry.shape();
    let position =
        |idx: usize| geometry.pix_to_sky(PixelPosition { x: (idx % shape.nx) as f64, y: (idx / shape.nx) as f64 });
    let positions: Vec<Option<SkyPosition>> = (0..shape.n_pixels()).map(position).collect();
    let on_sky: Vec<SkyPosition> = positions.iter().copied().flatten().collect();
    let mut sampled = map.sample(&on_sky, Interpolation::Nearest).into_iter();
    let values: Vec<Option<f32>> =
        positions.iter().map(|position| position.and_then(|_| sampled.next().flatten())).collect();
    let valid: Vec<bool> = values.iter().map(Option::is_some).collect();
    let pixels: Vec<f32> = values.iter().map(|value| value.unwrap_or(0.0)).collect();
    let shown = MapPixels { geometry: &geometry, pixels: &pixels, valid: Some(&valid) };
    outputs::picture(&shown, detections, known, sources)
}

/// What shows all tiles.
fn picture_geometry(centres: &[SkyPosition], tile_radius: Radian) -> Result<Geometry> {
    let middle = middle(centres);
    let reach = |middle: SkyPosition| {
        centres.iter().map(|centre| centre.separation(middle).value()).fold(0.0, f64::max) + tile_radius.value()
    };
    if let Some(middle) = middle.filter(|&middle| reach(middle).to_degrees() < PART_RADIUS_DEG) {
        let side = PICTURE_PIXELS as usize;
        let pixel = Radian::new(2.0 * reach(middle) / PICTURE_PIXELS).to_arcmin();
        return Ok(Geometry::zea(middle, Shape { ny: side, nx: side }, pixel)?);
    }
    let per_turn = |deg: f64| (60.0 * deg / PICTURE_ALL_SKY_ARCMIN) as usize;
    let centre = SkyPosition::from_deg(180.0, 0.0).expect("a position on the sky");
    Ok(Geometry::car(centre, Shape { ny: per_turn(180.0), nx: per_turn(360.0) }, Arcmin::new(PICTURE_ALL_SKY_ARCMIN))?)
}

/// The mean direction; `None` where directions cancel.
fn middle(centres: &[SkyPosition]) -> Option<SkyPosition> {
    let mut sum = [0.0; 3];
    for centre in centres {
        let ((sin_lat, cos_lat), (sin_lon, cos_lon)) = (centre.lat().value().sin_cos(), centre.lon().value().sin_cos());
        sum = [sum[0] + cos_lat * cos_lon, sum[1] + cos_lat * sin_lon, sum[2] + sin_lat];
    }
    let across = sum[0].hypot(sum[1]);
    if across.hypot(sum[2]) < 0.1 * centres.len() as f64 {
        return None;
    }
    SkyPosition::new(
        Radian::new(sum[1].atan2(sum[0]).rem_euclid(std::f64::consts::TAU)),
        Radian::new(sum[2].atan2(across)),
    )
}
