//! Pixels in one order, of the full sky or a part of it.

use crate::Error;
use arcmin_sphere::healpix::{Bilinear, Healpix, Interpolator, Ordering, PixelIndex, PixelSet};
use arcmin_units::SkyPosition;

/// Values of pixels in the order `O`, full-sky or of a set of pixels.
///
/// A missing pixel has no value: all access is by `Option`. Inside, NaN stands for it, since a mask beside the pixels
/// would take another 100 MB at nside 8192 and a second access to memory for each pixel read.
#[derive(Clone, Debug)]
pub struct HealpixPixels<O: Ordering> {
    grid: Healpix<O>,
    values: Vec<f32>,
    /// Which pixels the values are those of; all of them, when there is no set.
    covered: Option<PixelSet<O>>,
}

impl<O: Ordering> HealpixPixels<O> {
    /// A full-sky map; pixels that are NaN or infinite count as missing.
    ///
    /// # Errors
    /// [`Error::HealpixPixelCount`].
    pub fn full(grid: Healpix<O>, values: Vec<f32>) -> Result<Self, Error> {
        if values.len() as u64 != grid.n_pixels() {
            return Err(Error::HealpixPixelCount { nside: grid.nside(), n: grid.n_pixels(), got: values.len() });
        }
        Ok(Self { grid, values: without_infinities(values), covered: None })
    }

    /// A map of some pixels, their values by rising number; those that are NaN or infinite count as missing, as do all
    /// others.
    ///
    /// # Errors
    /// [`Error::HealpixPixelCount`].
    pub fn partial(covered: PixelSet<O>, values: Vec<f32>) -> Result<Self, Error> {
        let grid = covered.grid();
        if values.len() as u64 != covered.len() {
            return Err(Error::HealpixPixelCount { nside: grid.nside(), n: covered.len(), got: values.len() });
        }
        let covered = (covered.len() < grid.n_pixels()).then_some(covered);
        Ok(Self { grid, values: without_infinities(values), covered })
    }

    /// The grid.
    pub fn grid(&self) -> Healpix<O> {
        self.grid
    }

    /// The pixels that are kept, missing or not; `None` when that is all of them.
    pub fn covered(&self) -> Option<&PixelSet<O>> {
        self.covered.as_ref()
    }

    /// The value of a pixel, `None` when it is missing.
    pub fn get(&self, pixel: PixelIndex<O>) -> Option<f32> {
        let value = self.values[self.slot(pixel)?];
        (!value.is_nan()).then_some(value)
    }

    /// Where in [`raw`](Self::raw) the value of a pixel lies; `None` when it is not covered.
    pub(crate) fn slot(&self, pixel: PixelIndex<O>) -> Option<usize> {
        match &self.covered {
            None => Some(pixel.number() as usize),
            Some(set) => set.rank(pixel).map(|rank| rank as usize),
        }
    }

    /// The values kept, by rising number, NaN where missing.
    pub(crate) fn raw(&self) -> &[f32] {
        &self.values
    }

    pub(crate) fn raw_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// The covered pixels by rising number, each with its value unless that is missing.
    pub fn iter(&self) -> impl Iterator<Item = (PixelIndex<O>, Option<f32>)> + '_ {
        let all = self.covered.is_none().then(|| (0..self.grid.n_pixels()).map(PixelIndex::new));
        let some = self.covered.as_ref().map(PixelSet::pixels);
        let pixels = all.into_iter().flatten().chain(some.into_iter().flatten());
        pixels.zip(&self.values).map(|(pixel, value)| (pixel, (!value.is_nan()).then_some(*value)))
    }

    /// How many pixels have a value.
    pub fn n_valid(&self) -> u64 {
        self.values.iter().filter(|value| !value.is_nan()).count() as u64
    }

    /// The value of the pixel that holds a position.
    pub fn nearest(&self, position: SkyPosition) -> Option<f32> {
        self.get(self.grid.pixel_at(position))
    }

    /// The value between the four pixels around a position, weighted as by healpy's `get_interp_val`; `None` when one
    /// that has weight is missing.
    pub fn bilinear(&self, position: SkyPosition) -> Option<f32> {
        self.weighted(&self.grid.bilinear(position))
    }
}

/// Positions whose pixels are known before their values are read, so that the memory serves many at once.
const BATCH_LEN: usize = 64;

impl<O: Ordering> HealpixPixels<O> {
    /// The values of [`bilinear`](Self::bilinear) at many positions.
    pub(super) fn bilinear_into(
        &self,
        weights: &Interpolator<O>,
        positions: &[SkyPosition],
        values: &mut [Option<f32>],
    ) {
        let mut batch = Vec::with_capacity(BATCH_LEN);
        for (positions, values) in positions.chunks(BATCH_LEN).zip(values.chunks_mut(BATCH_LEN)) {
            batch.clear();
            batch.extend(positions.iter().map(|position| weights.bilinear(*position)));
            for (value, around) in values.iter_mut().zip(&batch) {
                *value = self.weighted(around);
            }
        }
    }

    /// The weighted sum of four pixels; `None` when one that has weight is missing.
    fn weighted(&self, around: &Bilinear<O>) -> Option<f32> {
        let mut sum = 0.0;
        for (pixel, weight) in around.pixels.into_iter().zip(around.weights) {
            if weight > 0.0 {
                let value = match self.covered {
                    None => self.values[pixel.number() as usize],
                    Some(_) => self.get(pixel)?,
                };
                sum += weight * f64::from(value);
            }
        }
        // A missing pixel is NaN, and so is the sum.
        (!sum.is_nan()).then_some(sum as f32)
    }
}

fn without_infinities(mut values: Vec<f32>) -> Vec<f32> {
    values.iter_mut().filter(|value| value.is_infinite()).for_each(|value| *value = f32::NAN);
    values
}
