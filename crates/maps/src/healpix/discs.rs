//! Discs cut out of HEALPix maps, as around point sources.

use super::{HealpixBand, HealpixBandMap, HealpixMap, HealpixObservation, HealpixPixels, OrderedPixels};
use crate::{Disc, convert_frame};
use arcmin_sphere::healpix::{Ordering, PixelSet};
use arcmin_units::{Frame, PixelUnit};

impl<U: PixelUnit> HealpixMap<U> {
    /// The same map with the pixels missing whose centres lie within a disc.
    ///
    /// ```
    /// # use arcmin_maps::{Disc, HealpixMap, healpix::HealpixPixels};
    /// # use arcmin_sphere::healpix::{Healpix, Nside};
    /// # use arcmin_units::{Arcmin, ComptonY, Frame, SkyPosition};
    /// let grid = Healpix::ring(Nside::new(64).unwrap());
    /// let pixels = HealpixPixels::full(grid, vec![1e-6; grid.n_pixels() as usize])?;
    /// let map: HealpixMap<ComptonY> = HealpixMap::new(Frame::Galactic, pixels);
    /// let source = Disc { centre: SkyPosition::from_deg(10.0, 20.0).unwrap(), radius: Arcmin::new(240.0) };
    /// let n_missing = grid.n_pixels() - map.without_discs(&[source]).n_valid();
    /// assert!((n_missing as f64 / 59.9 - 1.0).abs() < 0.1, "the area of the disc over that of a pixel");
    /// # Ok::<(), arcmin_maps::Error>(())
    /// ```
    #[must_use]
    pub fn without_discs(mut self, discs: &[Disc]) -> Self {
        let frame = self.frame();
        for disc in discs {
            let (centre, radius) = (convert_frame(disc.centre, Frame::Equatorial, frame), disc.radius.to_rad());
            match self.pixels_mut() {
                OrderedPixels::Ring(pixels) => clear(pixels, &pixels.grid().disc(centre, radius)),
                OrderedPixels::Nested(pixels) => clear(pixels, &pixels.grid().disc(centre, radius)),
            }
        }
        self
    }
}

impl HealpixObservation {
    /// The same bands with the pixels missing whose centres lie within a disc.
    #[must_use]
    pub fn without_discs(self, discs: &[Disc]) -> Self {
        let bands = self.bands.into_iter().map(|band| {
            let map = match band.map {
                HealpixBandMap::Temperature { nu, map } => {
                    HealpixBandMap::Temperature { nu, map: map.without_discs(discs) }
                }
                HealpixBandMap::ComptonY(map) => HealpixBandMap::ComptonY(map.without_discs(discs)),
            };
            HealpixBand { map, ..band }
        });
        Self { bands: bands.collect() }
    }
}

fn clear<O: Ordering>(pixels: &mut HealpixPixels<O>, disc: &PixelSet<O>) {
    for pixel in disc.pixels() {
        if let Some(slot) = pixels.slot(pixel) {
            pixels.raw_mut()[slot] = f32::NAN;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_sphere::healpix::{Healpix, Nside};
    use arcmin_units::{Arcmin, ComptonY, SkyPosition};

    #[test]
    fn both_orders_and_parts_lose_the_same_directions() {
        let nside = Nside::new(16).unwrap();
        let (ring, nested) = (Healpix::ring(nside), Healpix::nested(nside).unwrap());
        let ones = vec![1.0; ring.n_pixels() as usize];
        let disc = Disc { centre: SkyPosition::from_deg(200.0, 70.0).unwrap(), radius: Arcmin::new(900.0) };
        let a: HealpixMap<ComptonY> =
            HealpixMap::new(Frame::Galactic, HealpixPixels::full(ring, ones.clone()).unwrap());
        let b: HealpixMap<ComptonY> = HealpixMap::new(Frame::Galactic, HealpixPixels::full(nested, ones).unwrap());
        let (a, b) = (a.without_discs(&[disc]), b.without_discs(&[disc]));
        for number in 0..ring.n_pixels() {
            let position = ring.centre(ring.pixel(number).unwrap());
            assert_eq!(a.nearest(position), b.nearest(position));
        }
        assert!(a.n_valid() < ring.n_pixels() && a.n_valid() == b.n_valid());
    }
}
