//! Skies that can be sampled: flat or HEALPix, all their bands at once.

use crate::cutouts::{CutoutBand, CutoutUnit};
use crate::frame::unit_vector;
use crate::healpix::{HealpixBandMap, HealpixObservation, OrderedGrid, OrderedPixels};
use crate::sampling::{FlatGrid, Interpolation, Layers, SkyGrid, sample, turn_between};
use crate::vector::{Matrix, Vector};
use crate::{BandMap, Observation, convert_frame};
use arcmin_units::{Frame, SkyPosition};

/// Bands on the sky, as one thing to sample.
pub(crate) enum Source<'a> {
    Flat(FlatGrid<'a>, Layers<'a>),
    /// Neighbouring bands that share their grid are sampled together.
    Healpix(Vec<(OrderedGrid<'a>, Layers<'a>)>),
}

impl<'a> Source<'a> {
    pub(crate) fn of_flat(observation: &'a Observation) -> Self {
        let layers = Layers {
            bands: observation.bands().iter().map(|band| band.map.pixels()).collect(),
            valid: Some(observation.mask().valid()),
        };
        Source::Flat(FlatGrid::new(observation.geometry()), layers)
    }

    pub(crate) fn of_healpix(observation: &'a HealpixObservation) -> Self {
        let mut groups: Vec<(OrderedGrid<'a>, Layers<'a>)> = Vec::new();
        for band in observation.bands() {
            let pixels = band.map.pixels();
            let grid = OrderedGrid::new(band.map.frame(), pixels);
            let values = match pixels {
                OrderedPixels::Ring(pixels) => pixels.raw(),
                OrderedPixels::Nested(pixels) => pixels.raw(),
            };
            match groups.last_mut() {
                Some((last, layers)) if last.is_same(&grid) => layers.bands.push(values),
                _ => groups.push((grid, Layers { bands: vec![values], valid: None })),
            }
        }
        Source::Healpix(groups)
    }

    /// Samples all bands along unit vectors that `axes` turns into those of `frame`: `pixels` is `[band, direction]`.
    ///
    /// Where any band is missing, all become zero, and `valid` false.
    pub(crate) fn sample(
        &self,
        how: Interpolation,
        (frame, axes): (Frame, &Matrix),
        vectors: &[Vector],
        (pixels, valid): (&mut [f32], &mut [bool]),
    ) {
        match self {
            Source::Flat(grid, layers) => {
                sample(grid, layers, how, (&turn_between(grid, frame, axes), vectors), (pixels, valid));
            }
            Source::Healpix(groups) => {
                let mut rest = &mut *pixels;
                let mut of_group = vec![false; valid.len()];
                valid.fill(true);
                for (grid, layers) in groups {
                    let (ours, others) = rest.split_at_mut(layers.bands.len() * vectors.len());
                    match grid {
                        OrderedGrid::Ring(grid) => {
                            let turn = turn_between(grid, frame, axes);
                            sample(grid, layers, how, (&turn, vectors), (ours, &mut of_group));
                        }
                        OrderedGrid::Nested(grid) => {
                            let turn = turn_between(grid, frame, axes);
                            sample(grid, layers, how, (&turn, vectors), (ours, &mut of_group));
                        }
                    }
                    valid.iter_mut().zip(&of_group).for_each(|(all, one)| *all &= one);
                    rest = others;
                }
                if groups.len() > 1 {
                    clear_missing(pixels, valid);
                }
            }
        }
    }

    /// True where an equatorial position lies on a pixel of every band, whether that pixel is valid or not.
    pub(crate) fn covers(&self, position: SkyPosition) -> bool {
        match self {
            Source::Flat(grid, _) => nearest(grid, position).is_some(),
            Source::Healpix(groups) => groups.iter().all(|(grid, _)| match grid {
                OrderedGrid::Ring(grid) => nearest(grid, position).is_some(),
                OrderedGrid::Nested(grid) => nearest(grid, position).is_some(),
            }),
        }
    }

    /// True where an equatorial position lies on a valid pixel of every band.
    pub(crate) fn is_valid(&self, position: SkyPosition) -> bool {
        fn holds<G: SkyGrid>(grid: &G, layers: &Layers<'_>, position: SkyPosition) -> bool {
            nearest(grid, position).is_some_and(|pixel| layers.is_valid(pixel))
        }
        match self {
            Source::Flat(grid, layers) => holds(grid, layers, position),
            Source::Healpix(groups) => groups.iter().all(|(grid, layers)| match grid {
                OrderedGrid::Ring(grid) => holds(grid, layers, position),
                OrderedGrid::Nested(grid) => holds(grid, layers, position),
            }),
        }
    }

    pub(crate) fn n_bands(&self) -> usize {
        match self {
            Source::Flat(_, layers) => layers.bands.len(),
            Source::Healpix(groups) => groups.iter().map(|(_, layers)| layers.bands.len()).sum(),
        }
    }
}

/// The bands of flat maps, as cutouts describe them.
pub(crate) fn flat_bands(observation: &Observation) -> Vec<CutoutBand> {
    let band = |band: &crate::Band| {
        let (unit, nu) = match &band.map {
            BandMap::Temperature { nu, .. } => (CutoutUnit::MicroKelvinCmb, Some(*nu)),
            BandMap::ComptonY(_) => (CutoutUnit::ComptonY, None),
        };
        CutoutBand { name: band.name.clone(), unit, nu }
    };
    observation.bands().iter().map(band).collect()
}

/// The bands of HEALPix maps, as cutouts describe them.
pub(crate) fn healpix_bands(observation: &HealpixObservation) -> Vec<CutoutBand> {
    let band = |band: &crate::healpix::HealpixBand| {
        let (unit, nu) = match &band.map {
            HealpixBandMap::Temperature { nu, .. } => (CutoutUnit::MicroKelvinCmb, *nu),
            HealpixBandMap::ComptonY(_) => (CutoutUnit::ComptonY, None),
        };
        CutoutBand { name: band.name.clone(), unit, nu }
    };
    observation.bands().iter().map(band).collect()
}

fn clear_missing(pixels: &mut [f32], valid: &[bool]) {
    for band in pixels.chunks_exact_mut(valid.len().max(1)) {
        band.iter_mut().zip(valid).filter(|(_, valid)| !**valid).for_each(|(pixel, _)| *pixel = 0.0);
    }
}

/// The pixel that holds an equatorial position.
fn nearest<G: SkyGrid>(grid: &G, position: SkyPosition) -> Option<usize> {
    let vector = unit_vector(convert_frame(position, Frame::Equatorial, grid.frame()));
    grid.nearest(grid.axes().apply(vector))
}
