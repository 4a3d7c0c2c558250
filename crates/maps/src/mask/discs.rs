//! Discs cut out of a mask, as around point sources.

use super::Mask;
use crate::frame::unit_vector;
use crate::vector::Vector;
use crate::{Geometry, PixelPosition, Shape, convert_frame};
use arcmin_units::{Arcmin, Frame, SkyPosition};
use rayon::prelude::*;
use std::ops::Range;

/// A disc on the sky.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disc {
    /// Its centre, equatorial as catalogues are.
    pub centre: SkyPosition,
    /// Its radius.
    pub radius: Arcmin,
}

impl Mask {
    /// Invalid within the discs, and where this one is: a pixel counts as inside when its centre is.
    ///
    /// Distances are angles on the sphere, for any projection. A disc outside the image changes nothing; a radius that is
    /// negative or NaN holds no pixel.
    ///
    /// ```
    /// # use arcmin_maps::{Disc, Geometry, Mask, Shape};
    /// # use arcmin_units::{Arcmin, SkyPosition};
    /// let centre = SkyPosition::from_deg(10.0, -50.0).unwrap();
    /// let geometry = Geometry::tile(centre, Shape { ny: 65, nx: 65 }, Arcmin::new(0.5))?;
    /// let source = Disc { centre, radius: Arcmin::new(5.0) };
    /// let n_masked = Mask::all_valid(geometry).without_discs(&[source]).inverted().n_valid();
    /// assert_eq!(n_masked, 317, "pixels within 10 pixels of one");
    /// # Ok::<(), arcmin_maps::Error>(())
    /// ```
    #[must_use]
    pub fn without_discs(mut self, discs: &[Disc]) -> Self {
        let geometry = self.geometry().clone();
        let blocks = if discs.is_empty() { Vec::new() } else { blocks(&geometry) };
        for disc in discs {
            let centre = unit_vector(convert_frame(disc.centre, Frame::Equatorial, geometry.frame()));
            if let Some(reach) = chord(disc.radius) {
                for block in blocks.iter().filter(|block| block.may_touch(centre, reach)) {
                    block.clear(&geometry, self.valid_mut(), centre, reach);
                }
            }
        }
        self
    }
}

/// The distance through the sphere between its points `radius` apart; none for a radius that holds no point.
///
/// It is exact for small angles, where a cosine is not, and obeys the triangle inequality.
fn chord(radius: Arcmin) -> Option<f64> {
    let radius_rad = radius.to_rad().value();
    (radius_rad >= 0.0).then(|| 2.0 * (0.5 * radius_rad.min(std::f64::consts::PI)).sin())
}

fn distance(a: Vector, b: Vector) -> f64 {
    (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f64>().sqrt()
}

fn direction(geometry: &Geometry, (x, y): (usize, usize)) -> Option<Vector> {
    let native = geometry.pix_to_native(PixelPosition { x: x as f64, y: y as f64 })?;
    Some(geometry.native_axes().apply(native))
}

/// Pixels along one side of a block.
const BLOCK: usize = 32;
/// Rounding of unit vectors, many times over.
const ROUNDING: f64 = 1e-12;

/// A square of pixels and a ball in space that holds all their directions.
///
/// With balls measured from the pixels themselves no property of a projection is used: near a native pole of SFL the
/// pixels of one small disc lie scattered over half an image.
struct Block {
    columns: Range<usize>,
    rows: Range<usize>,
    middle: Vector,
    radius: f64,
}

/// The blocks of an image that show any of the sky.
fn blocks(geometry: &Geometry) -> Vec<Block> {
    let Shape { ny, nx } = geometry.shape();
    let starts: Vec<_> = (0..ny).step_by(BLOCK).flat_map(|y| (0..nx).step_by(BLOCK).map(move |x| (x, y))).collect();
    starts
        .into_par_iter()
        .filter_map(|(x, y)| Block::new(geometry, x..(x + BLOCK).min(nx), y..(y + BLOCK).min(ny)))
        .collect()
}

impl Block {
    fn new(geometry: &Geometry, columns: Range<usize>, rows: Range<usize>) -> Option<Self> {
        let pixels = rows.clone().flat_map(|y| columns.clone().map(move |x| (x, y)));
        let directions: Vec<_> = pixels.filter_map(|pixel| direction(geometry, pixel)).collect();
        let middle = *directions.get(directions.len() / 2)?;
        let radius = directions.iter().map(|v| distance(*v, middle)).fold(0.0, f64::max);
        Some(Self { columns, rows, middle, radius })
    }

    fn may_touch(&self, centre: Vector, reach: f64) -> bool {
        distance(self.middle, centre) <= self.radius + reach + ROUNDING
    }

    fn clear(&self, geometry: &Geometry, valid: &mut [bool], centre: Vector, reach: f64) {
        let nx = geometry.shape().nx;
        for y in self.rows.clone() {
            for x in self.columns.clone() {
                let valid = &mut valid[y * nx + x];
                *valid &= direction(geometry, (x, y)).is_none_or(|v| distance(v, centre) > reach);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn geometry(code: &str, centre: SkyPosition, pixel: Arcmin) -> Geometry {
        let shape = Shape { ny: 40, nx: 50 };
        let build = match code {
            "tan" => Geometry::tile,
            "car" => Geometry::car,
            "sfl" => Geometry::sfl,
            _ => Geometry::zea,
        };
        build(centre, shape, pixel).unwrap()
    }

    proptest! {
        #[test]
        fn a_disc_takes_the_pixels_within_its_radius_and_no_other(
            code in prop::sample::select(vec!["tan", "car", "sfl", "zea"]),
            (lon, lat) in (0.0..360.0, -89.0..89.0),
            pixel_arcmin in 0.1..60.0,
            (x, y) in (-10.0..60.0, -10.0..50.0),
            radius_pixels in 0.0..20.0,
            frame in prop::sample::select(vec![Frame::Equatorial, Frame::Galactic]),
        ) {
            let geometry = geometry(code, SkyPosition::from_deg(lon, lat).unwrap(), Arcmin::new(pixel_arcmin)).in_frame(frame);
            let Some(centre) = geometry.pix_to_sky(PixelPosition { x, y }) else { return Ok(()) };
            let radius = Arcmin::new(radius_pixels * pixel_arcmin);
            let disc = Disc { centre: convert_frame(centre, frame, Frame::Equatorial), radius };
            let mask = Mask::all_valid(geometry.clone()).without_discs(&[disc]);
            for (i, valid) in mask.valid().iter().enumerate() {
                let p = PixelPosition { x: (i % 50) as f64, y: (i / 50) as f64 };
                let Some(sky) = geometry.pix_to_sky(p) else { continue };
                let apart = sky.separation(centre).to_arcmin().value();
                prop_assume!((apart - radius.value()).abs() > 1e-9 * (1.0 + radius.value()));
                prop_assert_eq!(*valid, apart > radius.value(), "{} {:?} {}", geometry, p, apart);
            }
        }
    }

    #[test]
    fn a_disc_near_a_pole_of_sfl_takes_pixels_at_both_ends_of_its_rows() {
        let centre = SkyPosition::from_deg(0.0, -87.799_415_578_617_8).unwrap();
        let geometry = geometry("sfl", centre, Arcmin::new(7.193_743_906_220_194));
        let of = |x, y| geometry.pix_to_sky(PixelPosition { x, y }).unwrap();
        let disc = Disc { centre: of(0.0, 14.3), radius: Arcmin::new(98.3) };
        let (near, far) = (of(1.0, 14.0), of(49.0, 9.0));
        assert!(near.separation(disc.centre).to_arcmin().value() < 98.3);
        assert!(far.separation(disc.centre).to_arcmin().value() < 98.3);
        let mask = Mask::all_valid(geometry.clone()).without_discs(&[disc]);
        assert!(!mask.valid()[14 * 50 + 1] && !mask.valid()[9 * 50 + 49]);
    }

    #[test]
    fn a_disc_reaches_across_the_seam_of_a_full_turn() {
        let geometry =
            Geometry::car(SkyPosition::from_deg(180.0, 0.0).unwrap(), Shape { ny: 21, nx: 360 }, Arcmin::new(60.0))
                .unwrap();
        let disc = Disc { centre: SkyPosition::from_deg(0.0, 0.0).unwrap(), radius: Arcmin::new(95.0) };
        let masked = Mask::all_valid(geometry.clone()).without_discs(&[disc]).inverted();
        let columns: std::collections::BTreeSet<usize> =
            masked.valid().iter().enumerate().filter(|(_, inside)| **inside).map(|(i, _)| i % 360).collect();
        assert_eq!(columns.into_iter().collect::<Vec<_>>(), [0, 1, 358, 359]);
        for bad in [f64::NAN, -1.0] {
            let disc = Disc { radius: Arcmin::new(bad), ..disc };
            assert_eq!(Mask::all_valid(geometry.clone()).without_discs(&[disc]).n_valid(), 21 * 360);
        }
    }
}
