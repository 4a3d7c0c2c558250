//! Synthesis and analysis of maps.

use super::alm::Alm;
use super::block::{Block, PairOfRings, Pixels, Scratch};
use super::instructions::Instructions;
use super::legendre::starts;
use super::pairs::{Pair, blocks, pairs};
use super::region::{RingRegion, Sector};
use super::ring_fft::RingPlan;
use super::sample::Sample;
use crate::Error;
use pulp::Arch;
use std::ops::{ControlFlow, Range};
use std::sync::{Mutex, PoisonError};

/// Spherical-harmonic transforms between coefficients up to `lmax` and the pixels of a region.
///
/// ```
/// use arcmin_sphere::{Nside, harmonics::{Alm, HarmonicTransform, RingRegion}};
/// let transform = HarmonicTransform::new(RingRegion::full_sky(Nside::new(16)?), 24)?;
/// let mut alm = Alm::zeros(24);
/// let place = alm.index(2, 0);
/// alm.values_mut()[place].re = 1.0;
/// let mut map = vec![0f32; transform.region().n_pixels()];
/// transform.synthesise(&alm, &mut map);
/// assert!((map[0] - 0.62).abs() < 0.01); // Y_20 at the pole is sqrt(5 / 4 pi)
/// let back = transform.analyse(&map, 3)?;
/// assert!((back.values()[place].re - 1.0).abs() < 1e-6);
/// # Ok::<(), arcmin_sphere::Error>(())
/// ```
#[derive(Debug)]
pub struct HarmonicTransform {
    region: RingRegion,
    lmax: usize,
    pairs: Vec<Pair>,
    blocks: Vec<Range<usize>>,
    /// `q_0 / sin^m theta` of every order.
    starts: Vec<f64>,
    /// FFT of the rings between the caps, all of one length.
    belt: RingPlan,
    arch: Arch,
    /// Kept between calls: the system takes long to hand out so many fresh pages.
    scratch: Mutex<Scratch>,
}

/// How far a transform is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Blocks of rings that are done.
    pub done: usize,
    /// Blocks of rings in all.
    pub total: usize,
}

impl HarmonicTransform {
    /// Transforms of a region up to degree `lmax`.
    ///
    /// # Errors
    /// [`Error::BadLmax`] when `lmax` is above 65535 or above 4 nside, where a grid's pixels tell nothing of it.
    pub fn new(region: RingRegion, lmax: usize) -> Result<Self, Error> {
        let largest = (4 * region.nside().value() as usize).min(65_535);
        if lmax > largest {
            return Err(Error::BadLmax { lmax, largest });
        }
        let pairs = pairs(&region);
        let blocks = blocks(pairs.len(), lmax);
        let belt = RingPlan::new(4 * region.nside().value() as usize);
        Ok(Self {
            region,
            lmax,
            pairs,
            blocks,
            starts: starts(lmax),
            belt,
            arch: Arch::new(),
            scratch: Mutex::default(),
        })
    }

    /// The same with a set of instructions of one's choice, to compare them; `None` where this processor lacks them.
    pub fn with_instructions(self, instructions: Instructions) -> Option<Self> {
        Some(Self { arch: instructions.arch()?, ..self })
    }

    /// The pixels.
    pub fn region(&self) -> &RingRegion {
        &self.region
    }

    /// Largest degree.
    pub fn lmax(&self) -> usize {
        self.lmax
    }

    /// Blocks of rings that a synthesis takes one after the other.
    pub fn n_blocks(&self) -> usize {
        self.blocks.len()
    }

    /// The map `sum_lm a_lm Y_lm` of coefficients, in the order of the region's pixels. Degrees above `lmax` must be none.
    ///
    /// # Panics
    /// When the coefficients' lmax or the map's length is not that of the transform.
    pub fn synthesise<T: Sample>(&self, alm: &Alm, map: &mut [T]) {
        let _ = self.synthesise_watched(alm, map, &mut |_| ControlFlow::Continue(()));
    }

    /// As [`synthesise`](Self::synthesise), telling after each block of rings how far it is, until told to stop.
    ///
    /// # Panics
    /// As [`synthesise`](Self::synthesise).
    pub fn synthesise_watched<T: Sample>(
        &self,
        alm: &Alm,
        map: &mut [T],
        watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        assert_eq!(alm.lmax(), self.lmax, "lmax of the coefficients and of the transform");
        let mut rings = self.split(map);
        let mut scratch = self.take_scratch();
        for (done, block) in self.blocks.iter().enumerate() {
            let work = self.work(block);
            work.synthesise_orders(alm, &mut scratch.sums);
            work.sums_to_rings(&scratch.sums, &mut rings[block.clone()]);
            watch(Progress { done: done + 1, total: self.blocks.len() })?;
        }
        self.keep_scratch(scratch);
        ControlFlow::Continue(())
    }

    /// The coefficients of a map, `a_lm = sum_pixels f conj(Y_lm) 4 pi / n_pixels`, improved by so many iterations
    /// `a += analysis(f - synthesis(a))`; three are usual.
    ///
    /// Exact quadrature does not exist on these pixels; three iterations bring coefficients up to `lmax = 1.5 nside`
    /// back to some 1e-6.
    ///
    /// # Errors
    /// [`Error::PartOfSphere`] when the region is not the full sky.
    ///
    /// # Panics
    /// When the map's length is not that of the region.
    pub fn analyse<T: Sample>(&self, map: &[T], iterations: usize) -> Result<Alm, Error> {
        if self.region != RingRegion::full_sky(self.region.nside()) {
            return Err(Error::PartOfSphere);
        }
        let mut alm = self.transpose(map, None);
        for _ in 0..iterations {
            let correction = self.transpose(map, Some(&alm));
            alm.values_mut().iter_mut().zip(correction.values()).for_each(|(a, c)| *a += c);
        }
        Ok(alm)
    }

    /// The transpose of synthesis times the area of a pixel: `sum_pixels f conj(Y_lm) 4 pi / n_pixels` over the region.
    ///
    /// # Errors
    /// [`Error::PartOfSphere`] when the region holds parts of rings.
    ///
    /// # Panics
    /// When the map's length is not that of the region.
    pub fn adjoint<T: Sample>(&self, map: &[T]) -> Result<Alm, Error> {
        match self.region.sector() {
            Sector::Whole => Ok(self.transpose(map, None)),
            Sector::FirstQuadrant => Err(Error::PartOfSphere),
        }
    }

    /// The transpose of a map, less the map of some coefficients, times the area of a pixel.
    fn transpose<T: Sample>(&self, map: &[T], less: Option<&Alm>) -> Alm {
        assert_eq!(map.len(), self.region.n_pixels(), "pixels of the map and of the region");
        let nside = self.region.nside();
        let first_pixel = nside.ring(*self.region.ring_numbers().start()).first_pixel;
        let map = Pixels { values: map, first_pixel, pixel_area_sr: nside.pixel_area_sr() };
        let mut alm = Alm::zeros(self.lmax);
        let mut scratch = self.take_scratch();
        let Scratch { sums, model } = &mut scratch;
        for block in &self.blocks {
            let work = self.work(block);
            if let Some(less) = less {
                work.synthesise_orders(less, model);
            }
            work.rings_to_sums(&map, less.is_some().then_some(model.as_slice()), sums);
            work.analyse_orders(sums, &mut alm);
        }
        self.keep_scratch(scratch);
        alm
    }

    fn work(&self, block: &Range<usize>) -> Block<'_> {
        Block::new(&self.pairs[block.clone()], self.lmax, &self.starts, &self.belt, self.arch)
    }

    fn take_scratch(&self) -> Scratch {
        std::mem::take(&mut self.scratch.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn keep_scratch(&self, scratch: Scratch) {
        *self.scratch.lock().unwrap_or_else(PoisonError::into_inner) = scratch;
    }

    /// The pixels of each pair of rings.
    fn split<'a, T>(&self, mut map: &'a mut [T]) -> Vec<PairOfRings<'a, T>> {
        assert_eq!(map.len(), self.region.n_pixels(), "pixels of the map and of the region");
        let mut rings: Vec<PairOfRings<'a, T>> = self.pairs.iter().map(|_| PairOfRings::default()).collect();
        let first = self.pairs.first().map_or(0, |pair| pair.number());
        for ring in self.region.iter() {
            let (pixels, rest) = std::mem::take(&mut map).split_at_mut(self.region.len_on(&ring));
            map = rest;
            let n_rings = self.region.nside().n_rings();
            let place = &mut rings[(ring.ring.min(n_rings + 1 - ring.ring) - first) as usize];
            let half = if 2 * ring.ring <= n_rings + 1 { &mut place.north } else { &mut place.south };
            *half = Some(pixels);
        }
        rings
    }
}
