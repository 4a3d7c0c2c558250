//! The one-dimensional transform of a batch of sequences.
//!
//! Lengths without a prime factor above 5 are cut into stages of the radices of [`butterfly`](crate::butterfly), in place and
//! without reordering: decimation in frequency takes natural to digit-reversed order, decimation in time the
//! other way. Whoever fills or empties a batch moves every element anyway and looks its place up. Any other length goes
//! through `rustfft`, one sequence after the other.

use crate::Real;
use crate::butterfly::{RADICES, butterfly, twiddled};
use crate::lanes::Z;
use num_complex::Complex;
use pulp::{Simd, WithSimd, bytemuck};
use rustfft::{Fft, FftPlanner};
use std::cell::Cell;
use std::f64::consts::TAU;
use std::marker::PhantomData;
use std::sync::Arc;

/// A planned transform of batches of sequences of one length.
#[derive(Clone)]
pub(crate) struct BatchFft<T: Real> {
    len: usize,
    /// Where element `k` of the reordered side stands.
    places: Vec<u32>,
    engine: Engine<T>,
}

#[derive(Clone)]
enum Engine<T: Real> {
    Stages(Vec<Stage<T>>),
    Other(Arc<dyn Fft<T>>),
}

/// One stage: blocks of `radix * n_butterflies` elements.
#[derive(Clone)]
struct Stage<T> {
    radix: usize,
    n_butterflies: usize,
    /// `exp(-2 pi i p q / (radix n_butterflies))` at `p radix + q`.
    twiddles: Vec<Complex<T>>,
}

impl<T: Real> BatchFft<T> {
    /// Plans for sequences of `len` elements.
    pub(crate) fn new(len: usize) -> Self {
        let index = |i: usize| u32::try_from(i).expect("a row or column is shorter than 2^32");
        match radices(len) {
            Some(radices) => {
                let places = (0..len).map(|k| index(place(k, len, &radices))).collect();
                Self { len, places, engine: Engine::Stages(stages(len, &radices)) }
            }
            None => {
                let fft = FftPlanner::new().plan_fft_forward(len);
                Self { len, places: (0..len).map(index).collect(), engine: Engine::Other(fft) }
            }
        }
    }

    /// Number of elements of a sequence.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Number of floats of a batch.
    pub(crate) fn batch_len(&self) -> usize {
        2 * T::WIDTH * self.len
    }

    /// Where each element stands after [`BatchFft::forward`] and before [`BatchFft::forward_from_places`].
    pub(crate) fn places(&self) -> &[u32] {
        &self.places
    }

    /// Number of complex elements of working memory that the transforms ask for.
    pub(crate) fn scratch_len(&self) -> usize {
        match &self.engine {
            Engine::Stages(_) => 0,
            Engine::Other(fft) => self.len + fft.get_inplace_scratch_len(),
        }
    }

    /// Forward transform of `from` into `to`, which ends up in the order of [`BatchFft::places`].
    pub(crate) fn forward_into<S: Simd>(&self, simd: S, from: &mut [T], to: &mut [T], scratch: &mut [Complex<T>]) {
        match &self.engine {
            Engine::Stages(stages) if !stages.is_empty() => {
                stages[0].run::<S, Split>(simd, Some(from), to);
                after_first(simd, stages, to);
            }
            _ => {
                to.copy_from_slice(from);
                self.forward(simd, to, scratch);
            }
        }
    }

    /// Forward transform in place, from natural order to that of [`BatchFft::places`].
    pub(crate) fn forward<S: Simd>(&self, simd: S, batch: &mut [T], scratch: &mut [Complex<T>]) {
        match &self.engine {
            Engine::Stages(stages) => {
                if let Some(first) = stages.first() {
                    first.run::<S, Split>(simd, None, batch);
                    after_first(simd, stages, batch);
                }
            }
            Engine::Other(fft) => one_by_one(&**fft, batch, scratch),
        }
    }

    /// Forward transform in place, from the order of [`BatchFft::places`] to the natural one.
    pub(crate) fn forward_from_places<S: Simd>(&self, simd: S, batch: &mut [T], scratch: &mut [Complex<T>]) {
        match &self.engine {
            Engine::Stages(stages) => {
                before_last(simd, stages, batch);
                if let Some(first) = stages.first() {
                    first.run::<S, Merge>(simd, None, batch);
                }
            }
            Engine::Other(fft) => one_by_one(&**fft, batch, scratch),
        }
    }

    /// [`BatchFft::forward_from_places`] with the answer written to `to`; `from` is left in disorder.
    pub(crate) fn forward_from_places_into<S: Simd>(
        &self,
        simd: S,
        from: &mut [T],
        to: &mut [T],
        scratch: &mut [Complex<T>],
    ) {
        match &self.engine {
            Engine::Stages(stages) if !stages.is_empty() => {
                before_last(simd, stages, from);
                stages[0].run::<S, Merge>(simd, Some(from), to);
            }
            _ => {
                self.forward_from_places(simd, from, scratch);
                to.copy_from_slice(from);
            }
        }
    }
}

/// Radices whose product is `len`, large ones first, or nothing where a prime factor above 5 is left.
fn radices(len: usize) -> Option<Vec<usize>> {
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
fn place(k: usize, len: usize, radices: &[usize]) -> usize {
    let (mut k, mut len, mut place) = (k, len, 0);
    for radix in radices {
        len /= radix;
        place += k % radix * len;
        k /= radix;
    }
    place
}

fn stages<T: Real>(len: usize, radices: &[usize]) -> Vec<Stage<T>> {
    let mut block = len;
    let stage = |&radix: &usize| {
        let n_butterflies = block / radix;
        let turn = |p: usize, q: usize| {
            let angle = -TAU * (p * q) as f64 / block as f64;
            Complex::new(T::from_f64_lossy(angle.cos()), T::from_f64_lossy(angle.sin()))
        };
        let twiddles = (0..n_butterflies).flat_map(|p| (0..radix).map(move |q| turn(p, q))).collect();
        block = n_butterflies;
        Stage { radix, n_butterflies, twiddles }
    };
    radices.iter().map(stage).collect()
}

/// All stages but the first, depth first, so that inner blocks stay in the first-level cache.
fn after_first<S: Simd, T: Real>(simd: S, stages: &[Stage<T>], batch: &mut [T]) {
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
fn before_last<S: Simd, T: Real>(simd: S, stages: &[Stage<T>], batch: &mut [T]) {
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

#[inline(always)]
pub(crate) fn vectors<S: Simd, T: Real>(floats: &[T]) -> &[T::Vector<S>] {
    bytemuck::cast_slice(floats)
}

#[inline(always)]
pub(crate) fn vectors_mut<S: Simd, T: Real>(floats: &mut [T]) -> &mut [T::Vector<S>] {
    bytemuck::cast_slice_mut(floats)
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

impl<T: Real> Stage<T> {
    /// Floats from one element of a butterfly to the next.
    fn stride(&self) -> usize {
        self.n_butterflies * 2 * T::WIDTH
    }

    /// Transforms all blocks of `from`, or of `to` in place.
    fn run<S: Simd, D: Direction>(&self, simd: S, from: Option<&mut [T]>, to: &mut [T]) {
        let stage = self;
        match self.radix {
            2 => simd.vectorize(Pass::<_, D, 2> { stage, from, to, direction: PhantomData }),
            3 => simd.vectorize(Pass::<_, D, 3> { stage, from, to, direction: PhantomData }),
            4 => simd.vectorize(Pass::<_, D, 4> { stage, from, to, direction: PhantomData }),
            5 => simd.vectorize(Pass::<_, D, 5> { stage, from, to, direction: PhantomData }),
            _ => simd.vectorize(Pass::<_, D, 8> { stage, from, to, direction: PhantomData }),
        }
    }
}

/// A stage of radix `R` at work.
struct Pass<'a, T: Real, D, const R: usize> {
    stage: &'a Stage<T>,
    from: Option<&'a mut [T]>,
    to: &'a mut [T],
    direction: PhantomData<D>,
}

impl<T: Real, D: Direction, const R: usize> WithSimd for Pass<'_, T, D, R> {
    type Output = ();

    // Cells let one loop serve both cases, source and destination apart or the same. Loops rather than closures: a
    // closure is compiled without the processor's wide registers.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let to = Cell::from_mut(vectors_mut::<S, T>(self.to)).as_slice_of_cells();
        let from = match self.from {
            Some(from) => Cell::from_mut(vectors_mut::<S, T>(from)).as_slice_of_cells(),
            None => to,
        };
        let per_part = T::WIDTH * size_of::<T>() / size_of::<T::Vector<S>>();
        let stride = self.stage.n_butterflies * 2 * per_part;
        let twiddles = self.stage.twiddles.as_chunks::<R>().0;
        for (from, to) in from.chunks_exact(R * stride).zip(to.chunks_exact(R * stride)) {
            let (from, to) = (streams::<_, R>(from, stride), streams::<_, R>(to, stride));
            for (p, twiddles) in twiddles.iter().enumerate() {
                for group in 0..per_part {
                    let (re, im) = (p * 2 * per_part + group, p * 2 * per_part + per_part + group);
                    let mut x = [Z { re: T::splat(simd, T::zero()), im: T::splat(simd, T::zero()) }; R];
                    for j in 0..R {
                        x[j] = Z { re: from[j][re].get(), im: from[j][im].get() };
                    }
                    if !D::IS_SPLIT && stride > 2 * per_part {
                        for j in 1..R {
                            x[j] = twiddled::<S, T>(simd, twiddles[j], x[j]);
                        }
                    }
                    x = butterfly::<S, T, R>(simd, x);
                    // The factors are 1 in a stage of single butterflies.
                    if D::IS_SPLIT && stride > 2 * per_part {
                        for j in 1..R {
                            x[j] = twiddled::<S, T>(simd, twiddles[j], x[j]);
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
fn streams<V, const R: usize>(block: &[Cell<V>], stride: usize) -> [&[Cell<V>]; R] {
    let mut streams = [&block[..stride]; R];
    for j in 1..R {
        streams[j] = &block[j * stride..][..stride];
    }
    streams
}

/// Transforms the sequences of a batch one by one.
fn one_by_one<T: Real>(fft: &dyn Fft<T>, batch: &mut [T], scratch: &mut [Complex<T>]) {
    let width = T::WIDTH;
    let (sequence, scratch) = scratch.split_at_mut(fft.len());
    for lane in 0..width {
        for (z, element) in sequence.iter_mut().zip(batch.chunks_exact(2 * width)) {
            *z = Complex::new(element[lane], element[width + lane]);
        }
        fft.process_with_scratch(sequence, scratch);
        for (z, element) in sequence.iter().zip(batch.chunks_exact_mut(2 * width)) {
            (element[lane], element[width + lane]) = (z.re, z.im);
        }
    }
}
