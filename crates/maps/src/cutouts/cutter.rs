//! Taking cutouts off maps.

use super::{CentrePixel, CutoutBand, CutoutGrid, CutoutLayout, Cutouts};
use crate::healpix::HealpixObservation;
use crate::sampling::Interpolation;
use crate::source::{Source, flat_bands, healpix_bands};
use crate::vector::Vector;
use crate::window::copy_window_into;
use crate::{Catalogue, Error, Geometry, Observation, Shape, convert_frame};
use arcmin_units::{Frame, SkyPosition};
use rayon::prelude::*;

/// Makes cutouts from the maps that it was given.
///
/// Cutouts are made in parallel and each on its own, so that their bits do not depend on the number of threads.
pub struct Cutter<'a> {
    source: Source<'a>,
    bands: Vec<CutoutBand>,
    how: How<'a>,
}

enum How<'a> {
    /// Sampled on a grid of its own, whose unit vectors are made once.
    Projected { grid: CutoutGrid, vectors: Vec<Vector>, interpolation: Interpolation },
    /// Copied off the map.
    Aligned { from: &'a Observation, side: usize, centre_pixel: CentrePixel },
}

/// The arrays of a chunk: pixels, flags of pixels, flags of centres, first pixels.
struct Arrays {
    pixels: Vec<f32>,
    valid: Vec<bool>,
    centre_missing: Vec<bool>,
    first_pixels: Vec<[i64; 2]>,
}

impl<'a> Cutter<'a> {
    /// Cutouts of flat maps, sampled on a grid around each centre.
    pub fn new(observation: &'a Observation, grid: CutoutGrid, interpolation: Interpolation) -> Self {
        let how = How::Projected { vectors: grid.native_vectors(), grid, interpolation };
        Self { source: Source::of_flat(observation), bands: flat_bands(observation), how }
    }

    /// Cutouts of HEALPix maps, sampled on a grid around each centre.
    pub fn of_healpix(observation: &'a HealpixObservation, grid: CutoutGrid, interpolation: Interpolation) -> Self {
        let how = How::Projected { vectors: grid.native_vectors(), grid, interpolation };
        Self { source: Source::of_healpix(observation), bands: healpix_bands(observation), how }
    }

    /// Cutouts of `side` x `side` pixels copied off flat maps: nothing is resampled, and the centre lies within half a
    /// pixel of where [`CentrePixel`] says.
    ///
    /// # Errors
    /// [`Error::BadGeometry`] when `side` is zero.
    pub fn aligned(observation: &'a Observation, side: usize, centre_pixel: CentrePixel) -> Result<Self, Error> {
        if side == 0 {
            let shape = Shape { ny: 0, nx: 0 };
            let pixel_arcmin = observation.geometry().pixel_size().to_arcmin().value();
            return Err(Error::BadGeometry { shape, pixel_arcmin, reason: "it has no pixels" });
        }
        let how = How::Aligned { from: observation, side, centre_pixel };
        Ok(Self { source: Source::of_flat(observation), bands: flat_bands(observation), how })
    }

    /// The bands that its cutouts have.
    pub fn bands(&self) -> &[CutoutBand] {
        &self.bands
    }

    /// Rows and columns of its cutouts.
    pub fn shape(&self) -> Shape {
        match &self.how {
            How::Projected { grid, .. } => grid.shape(),
            How::Aligned { side, .. } => Shape { ny: *side, nx: *side },
        }
    }

    /// One cutout for each row of a catalogue, all at once.
    ///
    /// # Errors
    /// [`Error::NothingToCut`] when the catalogue has no rows, [`Error::NoneInside`] when no row lies inside the maps.
    /// Single rows outside are no error: their cutouts are flagged.
    pub fn cut(&self, catalogue: &Catalogue) -> Result<Cutouts, Error> {
        self.check(catalogue)?;
        Ok(self.cut_unchecked(catalogue.clone()))
    }

    /// The same cutouts, `n_per_chunk` at a time, in the order of the catalogue.
    ///
    /// ```
    /// # use arcmin_maps::cutouts::{CutoutGrid, CutoutProjection, Cutter};
    /// # use arcmin_maps::{Band, BandMap, Beam, Catalogue, Geometry, Interpolation, Map, Mask, Observation, Shape};
    /// # use arcmin_units::{Arcmin, Frame, SkyPosition};
    /// let centre = SkyPosition::from_deg(10.0, -50.0).unwrap();
    /// let geometry = Geometry::tile(centre, Shape { ny: 64, nx: 64 }, Arcmin::new(0.5))?;
    /// let mask = Mask::all_valid(geometry.clone());
    /// let map = BandMap::ComptonY(Map::new(geometry, vec![1e-5; 64 * 64])?);
    /// let band = Band { name: "y".into(), beam: Beam::Delta, noise_arcmin: None, map };
    /// let observation = Observation::new(vec![band], mask)?;
    ///
    /// let grid = CutoutGrid::new(CutoutProjection::Tan, 16, Arcmin::new(0.25))?;
    /// let cutter = Cutter::new(&observation, grid, Interpolation::Bilinear);
    /// for chunk in cutter.chunks(&Catalogue::new(&[centre; 5], Frame::Equatorial), 2)? {
    ///     assert!(chunk.pixels().iter().all(|y| (y - 1e-5).abs() < 1e-11));
    /// }
    /// # Ok::<(), arcmin_maps::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`cut`](Self::cut).
    pub fn chunks<'b>(&'b self, catalogue: &'b Catalogue, n_per_chunk: usize) -> Result<Chunks<'b>, Error> {
        self.check(catalogue)?;
        Ok(Chunks { cutter: self, catalogue, next: 0, n_per_chunk: n_per_chunk.max(1) })
    }

    fn check(&self, catalogue: &Catalogue) -> Result<(), Error> {
        if catalogue.is_empty() {
            return Err(Error::NothingToCut { catalogue: catalogue.title() });
        }
        if !catalogue.positions().iter().any(|position| self.source.covers(*position)) {
            return Err(Error::NoneInside { catalogue: catalogue.title(), rows: catalogue.len() });
        }
        Ok(())
    }

    fn cut_unchecked(&self, catalogue: Catalogue) -> Cutouts {
        let centres = catalogue.positions();
        let (layout, arrays) = match &self.how {
            How::Projected { grid, vectors, interpolation } => {
                (CutoutLayout::Projected(*grid), self.project((grid, vectors), *interpolation, centres))
            }
            How::Aligned { from, side, centre_pixel } => {
                let mut arrays = self.copy(from, (*side, *centre_pixel), centres);
                let first_pixels = std::mem::take(&mut arrays.first_pixels);
                (CutoutLayout::Aligned { map: from.geometry().clone(), side: *side, first_pixels }, arrays)
            }
        };
        Cutouts::new(layout, self.bands.clone(), catalogue, (arrays.pixels, arrays.valid, arrays.centre_missing))
            .expect("arrays are made to fit, and the bands were checked by the observation")
    }

    fn blank(&self, n: usize) -> Arrays {
        let n_pixels = self.shape().n_pixels();
        Arrays {
            pixels: vec![0.0; n * self.bands.len() * n_pixels],
            valid: vec![false; n * n_pixels],
            centre_missing: vec![false; n],
            first_pixels: Vec::new(),
        }
    }

    fn project(
        &self,
        (grid, vectors): (&CutoutGrid, &[Vector]),
        interpolation: Interpolation,
        centres: &[SkyPosition],
    ) -> Arrays {
        let mut arrays = self.blank(centres.len());
        arrays
            .pixels
            .par_chunks_mut(self.bands.len() * vectors.len())
            .zip(arrays.valid.par_chunks_mut(vectors.len()))
            .zip(arrays.centre_missing.par_iter_mut())
            .zip(centres)
            .for_each(|(((pixels, valid), centre_missing), centre)| {
                let in_frame = convert_frame(*centre, Frame::Equatorial, grid.frame());
                let axes = grid.geometry(in_frame).native_axes();
                self.source.sample(interpolation, (grid.frame(), &axes), vectors, (pixels, valid));
                *centre_missing = !self.source.is_valid(*centre);
            });
        arrays
    }

    fn copy(&self, from: &Observation, (side, centre_pixel): (usize, CentrePixel), centres: &[SkyPosition]) -> Arrays {
        let mut arrays = self.blank(centres.len());
        let (shape, map) = (self.shape(), from.geometry().shape());
        let first = |centre: &SkyPosition| first_pixel(from.geometry(), side, centre_pixel, *centre);
        arrays.first_pixels = centres.par_iter().map(first).collect();
        arrays
            .pixels
            .par_chunks_mut(self.bands.len() * shape.n_pixels())
            .zip(arrays.valid.par_chunks_mut(shape.n_pixels()))
            .zip(arrays.centre_missing.par_iter_mut())
            .zip(centres.par_iter().zip(&arrays.first_pixels))
            .for_each(|(((pixels, valid), centre_missing), (centre, &[x0, y0]))| {
                copy_window_into(map, from.mask().valid(), (x0, y0), shape, valid);
                for (band, out) in from.bands().iter().zip(pixels.chunks_exact_mut(shape.n_pixels())) {
                    copy_window_into(map, band.map.pixels(), (x0, y0), shape, out);
                    // What the map holds in masked pixels means nothing, and may be NaN.
                    out.iter_mut().zip(valid.iter()).filter(|(_, valid)| !**valid).for_each(|(pixel, _)| *pixel = 0.0);
                }
                *centre_missing = !self.source.is_valid(*centre);
            });
        arrays
    }
}

/// Cutouts chunk by chunk, see [`Cutter::chunks`].
pub struct Chunks<'a> {
    cutter: &'a Cutter<'a>,
    catalogue: &'a Catalogue,
    next: usize,
    n_per_chunk: usize,
}

impl Iterator for Chunks<'_> {
    type Item = Cutouts;

    fn next(&mut self) -> Option<Cutouts> {
        let end = self.next.saturating_add(self.n_per_chunk).min(self.catalogue.len());
        let rows: Vec<usize> = (self.next..end).collect();
        self.next = end;
        (!rows.is_empty()).then(|| self.cutter.cut_unchecked(self.catalogue.take(&rows)))
    }
}

/// First pixel of the window whose centre pixel is closest to an equatorial position; far outside where the map cannot
/// show it.
fn first_pixel(map: &Geometry, side: usize, centre_pixel: CentrePixel, position: SkyPosition) -> [i64; 2] {
    const NOWHERE: [i64; 2] = [i32::MIN as i64; 2];
    let Some(p) = map.sky_to_pix(convert_frame(position, Frame::Equatorial, map.frame())) else { return NOWHERE };
    let reference = centre_pixel.of_side(side);
    // A conversion from floating point saturates, which is far outside as well.
    [(p.x - reference.x).round() as i64, (p.y - reference.y).round() as i64]
}
