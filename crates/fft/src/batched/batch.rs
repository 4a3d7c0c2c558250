//! The one-dimensional transform of a batch of sequences.
//!
//! Lengths without a prime factor above 5 are cut into stages of the radices of [`butterfly`](super::butterfly), in place
//! and without reordering: decimation in frequency takes natural to digit-reversed order, decimation in time the
//! other way. Whoever fills or empties a batch moves every element anyway and looks its place up.

use super::butterfly::{RADICES, Z, butterfly, twiddled};
use super::{ELEMENT, WIDTH, vectors_mut};
use num_complex::Complex;
use pulp::{Simd, WithSimd};
use std::cell::Cell;
use std::f64::consts::TAU;
use std::marker::PhantomData;

/// A planned transform of batches of sequences of one length.
pub(super) struct BatchFft {
    len: usize,
    /// Where element `k` of the reordered side stands.
    places: Vec<u32>,
    stages: Vec<Stage>,
}

/// One stage: blocks of `radix * n_butterflies` elements.
struct Stage {
    radix: usize,
    n_butterflies: usize,
    /// `exp(-2 pi i p q / (radix n_butterflies))` at `p radix + q`.
    twiddles: Vec<Complex<f64>>,
}

impl BatchFft {
    /// Plans for sequences of `len` elements, or nothing where a prime factor above 5 is in the way.
    pub(super) fn new(len: usize) -> Option<Self> {
        let radices = radices(len)?;
        let index = |i: usize| u32::try_from(i).expect("a row or column is shorter than 2^32");
        let places = (0..len).map(|k| index(place(k, len, &radices))).collect();
        Some(Self { len, places, stages: stages(len, &radices) })
    }

    /// Number of elements of a sequence.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Number of floats of a batch.
    pub(super) fn batch_len(&self) -> usize {
        ELEMENT * self.len
    }

    /// Where each element stands after [`BatchFft::forward`] and before [`BatchFft::forward_from_places`].
    pub(super) fn places(&self) -> &[u32] {
        &self.places
    }

    /// Forward transform of `from` into `to`, which ends up in the order of [`BatchFft::places`].
    #[inline(always)]
    pub(super) fn forward_into<S: Simd>(&self, simd: S, from: &mut [f64], to: &mut [f64]) {
        let Some(first) = self.stages.first() else { return to.copy_from_slice(from) };
        first.run::<S, Split>(simd, Some(from), to);
        after_first(simd, &self.stages, to);
    }

    /// Forward transform in place, from natural order to that of [`BatchFft::places`].
    #[inline(always)]
    pub(super) fn forward<S: Simd>(&self, simd: S, batch: &mut [f64]) {
        let Some(first) = self.stages.first() else { return };
        first.run::<S, Split>(simd, None, batch);
        after_first(simd, &self.stages, batch);
    }

    /// Forward transform in place, from the order of [`BatchFft::places`] to the natural one.
    #[inline(always)]
    pub(super) fn forward_from_places<S: Simd>(&self, simd: S, batch: &mut [f64]) {
        before_last(simd, &self.stages, batch);
        if let Some(first) = self.stages.first() {
            first.run::<S, Merge>(simd, None, batch);
        }
    }
}

/// Radices whose product is `len`, large ones first, or nothing where a prime factor above 5 is left.
pub(super) fn radices(len: usize) -> Option<Vec<usize>> {
    let mut rest = len;
    let mut radices = Vec::new();
    // A last factor 2 alone would be a stage for a third of the work: 16 = 4 4 rather than 8 2.
    let n_twos = len.trailing_zeros();
    let n_fours = match n_twos % 3 {
        1 if n_twos > 1 => 2,
        2 => 1,
        _ => 0,
    };
    for radix in RADICES {
        while rest.is_multiple_of(radix) && !(radix == 8 && rest.trailing_zeros() <= 2 * n_fours) {
            radices.push(radix);
            rest /= radix;
        }
    }
    (rest == 1).then_some(radices)
}

/// Place of element `k`: its digits in reversed order.
pub(super) fn place(k: usize, len: usize, radices: &[usize]) -> usize {
    let (mut k, mut len, mut place) = (k, len, 0);
    for radix in radices {
        len /= radix;
        place += k % radix * len;
        k /= radix;
    }
    place
}

fn stages(len: usize, radices: &[usize]) -> Vec<Stage> {
    let mut block = len;
    let stage = |&radix: &usize| {
        let n_butterflies = block / radix;
        let turn = |p: usize, q: usize| Complex::from_polar(1.0, -TAU * (p * q) as f64 / block as f64);
        let twiddles = (0..n_butterflies).flat_map(|p| (0..radix).map(move |q| turn(p, q))).collect();
        block = n_butterflies;
        Stage { radix, n_butterflies, twiddles }
    };
    radices.iter().map(stage).collect()
}

/// All stages but the first, depth first, so that inner blocks stay in the first-level cache.
#[inline(always)]
fn after_first<S: Simd>(simd: S, stages: &[Stage], batch: &mut [f64]) {
    let Some((second, inner)) = stages.get(1..).and_then(<[_]>::split_first) else { return };
    for block in batch.chunks_exact_mut(stages[0].stride()) {
        second.run::<S, Split>(simd, None, block);
        for block in block.chunks_exact_mut(second.stride()) {
            for stage in inner {
                stage.run::<S, Split>(simd, None, block);
            }
        }
    }
}

/// All stages but the first in the opposite order, for decimation in time.
#[inline(always)]
fn before_last<S: Simd>(simd: S, stages: &[Stage], batch: &mut [f64]) {
    let Some((second, inner)) = stages.get(1..).and_then(<[_]>::split_first) else { return };
    for block in batch.chunks_exact_mut(stages[0].stride()) {
        for block in block.chunks_exact_mut(second.stride()) {
            for stage in inner.iter().rev() {
                stage.run::<S, Merge>(simd, None, block);
            }
        }
        second.run::<S, Merge>(simd, None, block);
    }
}

/// Which way a stage goes.
trait Direction {
    const IS_SPLIT: bool;
}

/// Butterfly, then twiddles: one block becomes `radix` blocks.
struct Split;
impl Direction for Split {
    const IS_SPLIT: bool = true;
}

/// Twiddles, then butterfly: `radix` blocks become one.
struct Merge;
impl Direction for Merge {
    const IS_SPLIT: bool = false;
}

impl Stage {
    /// Floats from one element of a butterfly to the next.
    fn stride(&self) -> usize {
        self.n_butterflies * ELEMENT
    }

    /// Transforms all blocks of `from`, or of `to` in place.
    fn run<S: Simd, D: Direction>(&self, simd: S, from: Option<&mut [f64]>, to: &mut [f64]) {
        let stage = self;
        match self.radix {
            2 => simd.vectorize(Pass::<D, 2> { stage, from, to, direction: PhantomData }),
            3 => simd.vectorize(Pass::<D, 3> { stage, from, to, direction: PhantomData }),
            4 => simd.vectorize(Pass::<D, 4> { stage, from, to, direction: PhantomData }),
            5 => simd.vectorize(Pass::<D, 5> { stage, from, to, direction: PhantomData }),
            _ => simd.vectorize(Pass::<D, 8> { stage, from, to, direction: PhantomData }),
        }
    }
}

/// A stage of radix `R` at work.
struct Pass<'a, D, const R: usize> {
    stage: &'a Stage,
    from: Option<&'a mut [f64]>,
    to: &'a mut [f64],
    direction: PhantomData<D>,
}

impl<D: Direction, const R: usize> WithSimd for Pass<'_, D, R> {
    type Output = ();

    // Cells let one loop serve both cases, source and destination apart or the same. Loops rather than closures: a
    // closure is compiled without the processor's wide registers.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let to = Cell::from_mut(vectors_mut::<S>(self.to)).as_slice_of_cells();
        let from = match self.from {
            Some(from) => Cell::from_mut(vectors_mut::<S>(from)).as_slice_of_cells(),
            None => to,
        };
        let per_part = WIDTH * size_of::<f64>() / size_of::<S::f64s>();
        let stride = self.stage.n_butterflies * 2 * per_part;
        let twiddles = self.stage.twiddles.as_chunks::<R>().0;
        for (from, to) in from.chunks_exact(R * stride).zip(to.chunks_exact(R * stride)) {
            let (from, to) = (streams::<_, R>(from, stride), streams::<_, R>(to, stride));
            for (p, twiddles) in twiddles.iter().enumerate() {
                for group in 0..per_part {
                    let (re, im) = (p * 2 * per_part + group, p * 2 * per_part + per_part + group);
                    let mut x = [Z::<S> { re: simd.splat_f64s(0.0), im: simd.splat_f64s(0.0) }; R];
                    for j in 0..R {
                        x[j] = Z { re: from[j][re].get(), im: from[j][im].get() };
                    }
                    if !D::IS_SPLIT && stride > 2 * per_part {
                        for j in 1..R {
                            x[j] = twiddled(simd, twiddles[j], x[j]);
                        }
                    }
                    x = butterfly::<S, R>(simd, x);
                    // The factors are 1 in a stage of single butterflies.
                    if D::IS_SPLIT && stride > 2 * per_part {
                        for j in 1..R {
                            x[j] = twiddled(simd, twiddles[j], x[j]);
                        }
                    }
                    for j in 0..R {
                        to[j][re].set(x[j].re);
                        to[j][im].set(x[j].im);
                    }
                }
            }
        }
    }
}

/// The `R` parts of a block, all of one length, which spares checks of each index.
#[inline(always)]
pub(super) fn streams<V, const R: usize>(block: &[Cell<V>], stride: usize) -> [&[Cell<V>]; R] {
    let mut streams = [&block[..stride]; R];
    for j in 1..R {
        streams[j] = &block[j * stride..][..stride];
    }
    streams
}
