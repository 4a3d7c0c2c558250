//! Discs cut out of a mask, as around point sources.

use super::Mask;
use crate::frame::unit_vector;
use crate::vector::Vector;
use crate::{Geometry, PixelPosition, Shape, convert_frame};
use arcmin_units::{Arcmin, Frame, SkyPosition};

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
        for disc in discs {
            let centre = convert_frame(disc.centre, Frame::Equatorial, geometry.frame());
            clear(&geometry, self.valid_mut(), centre, disc.radius.to_rad().value());
        }
        self
    }
}

/// Discs above this radius are sought in the whole image: the linear estimate of their extent no longer holds.
const SMALL_RAD: f64 = 0.03;
/// Room around the linear estimate, and the least of it in pixels.
const MARGIN: f64 = 1.5;
const MARGIN_PIXELS: f64 = 2.0;

fn clear(geometry: &Geometry, valid: &mut [bool], centre: SkyPosition, radius_rad: f64) {
    if radius_rad.is_nan() || radius_rad < 0.0 {
        return;
    }
    let Shape { nx, .. } = geometry.shape();
    let middle = unit_vector(centre);
    // The squared chord is exact for small angles, where a cosine is not.
    let chord2 = (2.0 * (0.5 * radius_rad.min(std::f64::consts::PI)).sin()).powi(2);
    let (columns, rows) = extent(geometry, centre, radius_rad);
    for y in rows {
        for x in columns.clone() {
            if valid[y * nx + x] && is_within(geometry, (x, y), middle, chord2) {
                valid[y * nx + x] = false;
            }
        }
    }
}

fn is_within(geometry: &Geometry, (x, y): (usize, usize), middle: Vector, chord2: f64) -> bool {
    let native = geometry.pix_to_native(PixelPosition { x: x as f64, y: y as f64 });
    native.is_some_and(|native| {
        let v = geometry.native_axes().apply(native);
        (0..3).map(|i| (v[i] - middle[i]).powi(2)).sum::<f64>() <= chord2
    })
}

type Extent = (std::ops::Range<usize>, std::ops::Range<usize>);

/// Columns and rows that hold the disc: a box around it, or all of them where no box can be trusted.
fn extent(geometry: &Geometry, centre: SkyPosition, radius_rad: f64) -> Extent {
    let Shape { ny, nx } = geometry.shape();
    let all = (0..nx, 0..ny);
    if radius_rad > SMALL_RAD || geometry.columns_a_turn().is_some_and(|turn| nx + 1 >= turn) {
        return all;
    }
    let Some(p) = geometry.sky_to_pix(centre) else { return all };
    let Some([[a, b], [c, d]]) = geometry.jacobian_at(p) else { return all };
    let det = (a * d - b * c).abs();
    let (half_x, half_y) = (radius_rad * b.hypot(d) / det, radius_rad * a.hypot(c) / det);
    // Towards a native pole pixels shrink quickly: a box wider than the disc is small would not hold it.
    let is_wide = !half_x.is_finite() || !half_y.is_finite() || half_x + half_y > 1e6;
    if is_wide || det < 0.05 * geometry.pixel_area_sr() {
        return all;
    }
    let range = |at: f64, half: f64, n: usize| {
        let reach = MARGIN * half + MARGIN_PIXELS;
        let clamp = |v: f64| v.clamp(0.0, n as f64) as usize;
        clamp((at - reach).floor())..clamp((at + reach).ceil() + 1.0)
    };
    (range(p.x, half_x, nx), range(p.y, half_y, ny))
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
