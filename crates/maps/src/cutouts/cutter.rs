//! Taking cutouts off maps.

use super::{CentrePixel, CutoutBand, CutoutGrid, CutoutLayout, CutoutUnit, Cutouts};
use crate::sampling::{FlatGrid, Interpolation, Layers, SkyGrid, sample, turn_between};
use crate::vector::Vector;
use crate::window::copy_window_into;
use crate::{Band, BandMap, Catalogue, Error, Observation, Shape, convert_frame};
use arcmin_units::{Frame, SkyPosition};
use rayon::prelude::*;

/// Makes cutouts from the maps that it was given.
///
/// Cutouts are made in parallel and each on its own, so that their bits do not depend on the number of threads.
pub struct Cutter<'a> {
    source: Source<'a>,
    layers: Layers<'a>,
    bands: Vec<CutoutBand>,
    how: How,
}

enum Source<'a> {
    Flat(FlatGrid<'a>, Shape),
}

enum How {
    /// Sampled on a grid of its own, whose unit vectors are made once.
    Projected { grid: CutoutGrid, vectors: Vec<Vector>, interpolation: Interpolation },
    /// Copied off the map.
    Aligned { side: usize, centre_pixel: CentrePixel },
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
        Self::flat(observation, How::Projected { vectors: grid.native_vectors(), grid, interpolation })
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
        Ok(Self::flat(observation, How::Aligned { side, centre_pixel }))
    }

    fn flat(observation: &'a Observation, how: How) -> Self {
        let geometry = observation.geometry();
        Self {
            source: Source::Flat(FlatGrid::new(geometry), geometry.shape()),
            layers: Layers {
                bands: observation.bands().iter().map(|band| band.map.pixels()).collect(),
                valid: Some(observation.mask().valid()),
            },
            bands: observation.bands().iter().map(cutout_band).collect(),
            how,
        }
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
    /// [`Error::NothingToCut`] when the catalogue has no rows, [`Error::NoneInside`] when no row lies inside the map.
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
        let is_inside = |position: &SkyPosition| match &self.source {
            Source::Flat(grid, _) => nearest(grid, *position).is_some(),
        };
        if !catalogue.positions().iter().any(is_inside) {
            return Err(Error::NoneInside { catalogue: catalogue.title(), rows: catalogue.len() });
        }
        Ok(())
    }

    fn cut_unchecked(&self, catalogue: Catalogue) -> Cutouts {
        let Arrays { pixels, valid, centre_missing, first_pixels } = match &self.source {
            Source::Flat(grid, shape) => match &self.how {
                How::Projected { grid: cutouts, vectors, interpolation } => {
                    self.project(grid, (cutouts, vectors), *interpolation, catalogue.positions())
                }
                How::Aligned { side, centre_pixel } => {
                    self.copy(grid, *shape, (*side, *centre_pixel), catalogue.positions())
                }
            },
        };
        let layout = match (&self.how, &self.source) {
            (How::Projected { grid, .. }, _) => CutoutLayout::Projected(*grid),
            (How::Aligned { side, .. }, Source::Flat(grid, _)) => {
                CutoutLayout::Aligned { map: grid.geometry().clone(), side: *side, first_pixels }
            }
        };
        Cutouts::new(layout, self.bands.clone(), catalogue, (pixels, valid, centre_missing))
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

    fn project<G: SkyGrid>(
        &self,
        grid: &G,
        (cutouts, vectors): (&CutoutGrid, &[Vector]),
        interpolation: Interpolation,
        centres: &[SkyPosition],
    ) -> Arrays {
        let mut arrays = self.blank(centres.len());
        let n_pixels = vectors.len();
        arrays
            .pixels
            .par_chunks_mut(self.bands.len() * n_pixels)
            .zip(arrays.valid.par_chunks_mut(n_pixels))
            .zip(arrays.centre_missing.par_iter_mut())
            .zip(centres)
            .for_each(|(((pixels, valid), centre_missing), centre)| {
                let in_frame = convert_frame(*centre, Frame::Equatorial, cutouts.frame());
                let turn = turn_between(grid, cutouts.frame(), &cutouts.geometry(in_frame).native_axes());
                sample(grid, &self.layers, interpolation, (&turn, vectors), (pixels, valid));
                *centre_missing = self.is_missing(grid, *centre);
            });
        arrays
    }

    fn copy(
        &self,
        grid: &FlatGrid<'_>,
        map: Shape,
        (side, centre_pixel): (usize, CentrePixel),
        centres: &[SkyPosition],
    ) -> Arrays {
        let mut arrays = self.blank(centres.len());
        let shape = self.shape();
        let flags = self.layers.valid.expect("an observation has a mask");
        arrays.first_pixels = centres.par_iter().map(|centre| first_pixel(grid, side, centre_pixel, *centre)).collect();
        arrays
            .pixels
            .par_chunks_mut(self.bands.len() * shape.n_pixels())
            .zip(arrays.valid.par_chunks_mut(shape.n_pixels()))
            .zip(arrays.centre_missing.par_iter_mut())
            .zip(centres.par_iter().zip(&arrays.first_pixels))
            .for_each(|(((pixels, valid), centre_missing), (centre, &[x0, y0]))| {
                copy_window_into(map, flags, (x0, y0), shape, valid);
                for (band, out) in self.layers.bands.iter().zip(pixels.chunks_exact_mut(shape.n_pixels())) {
                    copy_window_into(map, band, (x0, y0), shape, out);
                    // What the map holds in masked pixels means nothing, and may be NaN.
                    out.iter_mut().zip(valid.iter()).filter(|(_, valid)| !**valid).for_each(|(pixel, _)| *pixel = 0.0);
                }
                *centre_missing = self.is_missing(grid, *centre);
            });
        arrays
    }

    fn is_missing<G: SkyGrid>(&self, grid: &G, centre: SkyPosition) -> bool {
        nearest(grid, centre).is_none_or(|pixel| !self.layers.is_valid(pixel))
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

/// The pixel that holds an equatorial position.
fn nearest<G: SkyGrid>(grid: &G, position: SkyPosition) -> Option<usize> {
    let vector = crate::frame::unit_vector(convert_frame(position, Frame::Equatorial, grid.frame()));
    grid.nearest(grid.axes().apply(vector))
}

/// First pixel of the window whose centre pixel is closest to an equatorial position; far outside where the map cannot
/// show it.
fn first_pixel(grid: &FlatGrid<'_>, side: usize, centre_pixel: CentrePixel, position: SkyPosition) -> [i64; 2] {
    const NOWHERE: [i64; 2] = [i32::MIN as i64; 2];
    let here = convert_frame(position, Frame::Equatorial, grid.frame());
    let Some(p) = grid.geometry().sky_to_pix(here) else { return NOWHERE };
    let reference = centre_pixel.of_side(side);
    // A conversion from floating point saturates, which is far outside as well.
    [(p.x - reference.x).round() as i64, (p.y - reference.y).round() as i64]
}

fn cutout_band(band: &Band) -> CutoutBand {
    let (unit, nu) = match &band.map {
        BandMap::Temperature { nu, .. } => (CutoutUnit::MicroKelvinCmb, Some(*nu)),
        BandMap::ComptonY(_) => (CutoutUnit::ComptonY, None),
    };
    CutoutBand { name: band.name.clone(), unit, nu }
}
