//! A picture of what was searched on the sphere.

use crate::find::outputs::{self, Marked};
use anyhow::Result;
use arcmin_eval::map_image::{MapImage, MapPixels, MapStyle};
use arcmin_maps::{Geometry, PixelPosition, Shape};
use arcmin_units::{Arcmin, Frame, Radian, SkyPosition};

/// Longer side of the picture of a part of the sphere, and pixel of that of the whole sphere.
const PICTURE_PIXELS: f64 = 1000.0;
const PICTURE_ALL_SKY_ARCMIN: f64 = 15.0;
/// What reaches further than this from its middle is shown as a whole sphere.
const PART_RADIUS_DEG: f64 = 30.0;

/// The tiles that were searched.
pub(super) struct Seen<'a> {
    pub(super) frame: Frame,
    pub(super) centres: &'a [SkyPosition],
    /// Half the diagonal of a tile.
    pub(super) tile_radius: Radian,
}

/// A map of the sphere, by its value in a direction, with candidates, known clusters and sources marked: zenithal around the
/// middle of a part of the sphere, else plate carree.
pub(super) fn picture(
    seen: &Seen<'_>,
    value: impl Fn(SkyPosition) -> Option<f32>,
    style: &MapStyle,
    marked: &Marked<'_>,
) -> Result<MapImage> {
    let geometry = picture_geometry(seen.centres, seen.tile_radius)?.in_frame(seen.frame);
    let shape = geometry.shape();
    let at = |idx: usize| PixelPosition { x: (idx % shape.nx) as f64, y: (idx / shape.nx) as f64 };
    let values: Vec<Option<f32>> =
        (0..shape.n_pixels()).map(|idx| geometry.pix_to_sky(at(idx)).and_then(&value)).collect();
    let valid: Vec<bool> = values.iter().map(Option::is_some).collect();
    let pixels: Vec<f32> = values.iter().map(|value| value.unwrap_or(0.0)).collect();
    let shown = MapPixels { geometry: &geometry, pixels: &pixels, valid: Some(&valid) };
    outputs::picture(&shown, style, marked)
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
