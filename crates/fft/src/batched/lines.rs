//! The one-dimensional transform of a single sequence that fits the first cache, eight neighbouring elements to a register.
//!
//! Unlike [`batch`](super::batch) this reads a row as it lies in memory. All stages but the innermost go along the sequence;
//! the innermost, of radix 8, takes one 8 by 8 transposition, which also leaves elements in natural order: with
//! `n = 64 M`, element `d + 8 m + (n / 8) q` of the transform is output `q` of the innermost stage in lane `d`.

use super::batch::{place, radices, streams};
use super::butterfly::{Z, butterfly, product};
use super::transpose::{Tiler, evenly};
use super::{WIDTH, vectors, vectors_mut};
use pulp::{Simd, WithSimd};
use std::cell::Cell;
use std::f64::consts::TAU;

/// A planned transform of sequences of one length.
pub(super) struct LineFft {
    len: usize,
    outer: Stage,
    inner: Vec<Stage>,
    /// Where the innermost blocks for each `m` stand in an eighth of the sequence.
    places: Vec<usize>,
}

/// A stage along the sequence: blocks of `radix * n_butterflies` elements.
struct Stage {
    radix: usize,
    /// Floats from one element of a butterfly to the next.
    stride: usize,
    /// `exp(-2 pi i p q / (radix n_butterflies))` for eight neighbouring `p`, real and imaginary parts, for each `q` from 1.
    twiddles: Vec<Line>,
}

/// Eight floats that share a cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line([f64; WIDTH]);

/// Real or imaginary parts of a tile.
#[repr(align(64))]
struct Tile([f64; WIDTH * WIDTH]);

/// Real and imaginary parts of a sequence: one array each.
pub(super) type Parts<'a> = (&'a mut [f64], &'a mut [f64]);

impl LineFft {
    /// Plans for sequences of `len` elements, or nothing where that is no multiple of 64 or has a prime factor above 5.
    pub(super) fn new(len: usize) -> Option<Self> {
        let n_tiles = len / (WIDTH * WIDTH);
        if !len.is_multiple_of(WIDTH * WIDTH) {
            return None;
        }
        let middle = radices(n_tiles)?;
        let eighth = len / WIDTH;
        let places = (0..n_tiles).map(|m| WIDTH * place(m, n_tiles, &middle)).collect();
        let mut block = eighth;
        let stage = |&radix: &usize| {
            block /= radix;
            Stage::new(radix, block, block)
        };
        let inner = middle.iter().map(stage).collect();
        Some(Self { len, outer: Stage::new(WIDTH, eighth, eighth + WIDTH), inner, places })
    }

    /// Number of elements of a sequence.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Floats from one eighth of a sequence to the next: a line lies between them.
    // PERF: at 4096 elements eighths are a page long, and all would share the same few lines of the first cache.
    fn eighth_stride(&self) -> usize {
        self.outer.stride
    }

    /// Length of an array for one part of a sequence in eighths.
    pub(super) fn padded_len(&self) -> usize {
        WIDTH * self.eighth_stride()
    }

    /// Forward transform of `from`, in eighths and left in disorder, into `to`.
    #[inline(always)]
    pub(super) fn forward<S: Simd>(&self, simd: S, from: Parts<'_>, to: Parts<'_>) {
        let eighth = self.len / WIDTH;
        self.outer.run::<S, true>(simd, (&mut *from.0, &mut *from.1));
        for (re, im) in from.0.chunks_exact_mut(eighth + WIDTH).zip(from.1.chunks_exact_mut(eighth + WIDTH)) {
            for stage in &self.inner {
                stage.run::<S, true>(simd, (&mut re[..eighth], &mut im[..eighth]));
            }
        }
        let tiler = Tiler::new(simd);
        let (mut re, mut im) = (Tile([0.0; WIDTH * WIDTH]), Tile([0.0; WIDTH * WIDTH]));
        for (m, &place) in self.places.iter().enumerate() {
            let rows = evenly(place, self.eighth_stride());
            tiler.transpose(simd, (from.0, &rows), (&mut re.0, &evenly(0, WIDTH)));
            tiler.transpose(simd, (from.1, &rows), (&mut im.0, &evenly(0, WIDTH)));
            innermost(simd, (&re.0, &im.0), WIDTH, (&mut to.0[m * WIDTH..], &mut to.1[m * WIDTH..]), eighth);
        }
    }

    /// Forward transform of `from` into `to`, in eighths, the way that [`LineFft::forward`] goes taken from behind.
    #[inline(always)]
    pub(super) fn forward_from_behind<S: Simd>(&self, simd: S, from: (&[f64], &[f64]), to: Parts<'_>) {
        let tiler = Tiler::new(simd);
        let eighth = self.len / WIDTH;
        let (mut re, mut im) = (Tile([0.0; WIDTH * WIDTH]), Tile([0.0; WIDTH * WIDTH]));
        for (m, &place) in self.places.iter().enumerate() {
            innermost(simd, (&from.0[m * WIDTH..], &from.1[m * WIDTH..]), eighth, (&mut re.0, &mut im.0), WIDTH);
            let rows = evenly(place, self.eighth_stride());
            tiler.transpose(simd, (&re.0, &evenly(0, WIDTH)), (&mut *to.0, &rows));
            tiler.transpose(simd, (&im.0, &evenly(0, WIDTH)), (&mut *to.1, &rows));
        }
        for (re, im) in to.0.chunks_exact_mut(eighth + WIDTH).zip(to.1.chunks_exact_mut(eighth + WIDTH)) {
            for stage in self.inner.iter().rev() {
                stage.run::<S, false>(simd, (&mut re[..eighth], &mut im[..eighth]));
            }
        }
        self.outer.run::<S, false>(simd, to);
    }

    /// Copies a sequence into eighths.
    #[inline(always)]
    pub(super) fn cut_in_eighths(&self, sequence: &[f64], padded: &mut [f64]) {
        let eighth = self.len / WIDTH;
        for (from, to) in sequence.chunks_exact(eighth).zip(padded.chunks_exact_mut(eighth + WIDTH)) {
            to[..eighth].copy_from_slice(from);
        }
    }

    /// Copies eighths into a sequence.
    #[inline(always)]
    pub(super) fn join_eighths(&self, padded: &[f64], sequence: &mut [f64]) {
        let eighth = self.len / WIDTH;
        for (to, from) in sequence.chunks_exact_mut(eighth).zip(padded.chunks_exact(eighth + WIDTH)) {
            to.copy_from_slice(&from[..eighth]);
        }
    }
}

/// Butterflies of 8 without factors; `stride` floats from one element to the next.
#[allow(clippy::needless_range_loop, reason = "iterators hide from the compiler that all indices are constants")]
#[inline(always)]
fn innermost<S: Simd>(simd: S, from: (&[f64], &[f64]), stride: usize, to: Parts<'_>, to_stride: usize) {
    let lanes = size_of::<S::f64s>() / size_of::<f64>();
    for first in (0..WIDTH).step_by(lanes) {
        let mut x = [Z::<S> { re: simd.splat_f64s(0.0), im: simd.splat_f64s(0.0) }; WIDTH];
        for j in 0..WIDTH {
            let at = j * stride + first;
            x[j] = Z { re: vectors::<S>(&from.0[at..][..lanes])[0], im: vectors::<S>(&from.1[at..][..lanes])[0] };
        }
        x = butterfly::<S, WIDTH>(simd, x);
        for j in 0..WIDTH {
            let at = j * to_stride + first;
            vectors_mut::<S>(&mut to.0[at..][..lanes])[0] = x[j].re;
            vectors_mut::<S>(&mut to.1[at..][..lanes])[0] = x[j].im;
        }
    }
}

impl Stage {
    fn new(radix: usize, n_butterflies: usize, stride: usize) -> Self {
        let turn = -TAU / (radix * n_butterflies) as f64;
        let mut twiddles = Vec::new();
        for first in (0..n_butterflies).step_by(WIDTH) {
            for q in 1..radix {
                let angle = |lane: usize| turn * ((first + lane) * q) as f64;
                twiddles.push(Line(std::array::from_fn(|lane| angle(lane).cos())));
                twiddles.push(Line(std::array::from_fn(|lane| angle(lane).sin())));
            }
        }
        Self { radix, stride, twiddles }
    }

    fn run<S: Simd, const SPLIT: bool>(&self, simd: S, parts: Parts<'_>) {
        let (stage, (re, im)) = (self, parts);
        match self.radix {
            2 => simd.vectorize(Pass::<SPLIT, 2> { stage, re, im }),
            3 => simd.vectorize(Pass::<SPLIT, 3> { stage, re, im }),
            4 => simd.vectorize(Pass::<SPLIT, 4> { stage, re, im }),
            5 => simd.vectorize(Pass::<SPLIT, 5> { stage, re, im }),
            _ => simd.vectorize(Pass::<SPLIT, 8> { stage, re, im }),
        }
    }
}

/// A stage of radix `R` at work: butterfly, then twiddles where `SPLIT`, else the other way round.
struct Pass<'a, const SPLIT: bool, const R: usize> {
    stage: &'a Stage,
    re: &'a mut [f64],
    im: &'a mut [f64],
}

impl<const SPLIT: bool, const R: usize> WithSimd for Pass<'_, SPLIT, R> {
    type Output = ();

    #[allow(clippy::needless_range_loop, reason = "iterators hide from the compiler that all indices are constants")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let per_line = WIDTH * size_of::<f64>() / size_of::<S::f64s>();
        let stride = self.stage.stride / WIDTH * per_line;
        let re = Cell::from_mut(vectors_mut::<S>(self.re)).as_slice_of_cells();
        let im = Cell::from_mut(vectors_mut::<S>(self.im)).as_slice_of_cells();
        for (re, im) in re.chunks_exact(R * stride).zip(im.chunks_exact(R * stride)) {
            let (re, im) = (streams::<_, R>(re, stride), streams::<_, R>(im, stride));
            for (line, twiddles) in self.stage.twiddles.chunks_exact(2 * (R - 1)).enumerate() {
                for group in 0..per_line {
                    let at = line * per_line + group;
                    let mut x = [Z::<S> { re: simd.splat_f64s(0.0), im: simd.splat_f64s(0.0) }; R];
                    for j in 0..R {
                        x[j] = Z { re: re[j][at].get(), im: im[j][at].get() };
                    }
                    if !SPLIT {
                        for j in 1..R {
                            x[j] = product(simd, factor(twiddles, j, group), x[j]);
                        }
                    }
                    x = butterfly::<S, R>(simd, x);
                    if SPLIT {
                        for j in 1..R {
                            x[j] = product(simd, factor(twiddles, j, group), x[j]);
                        }
                    }
                    for j in 0..R {
                        re[j][at].set(x[j].re);
                        im[j][at].set(x[j].im);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn factor<S: Simd>(twiddles: &[Line], j: usize, group: usize) -> Z<S> {
    let [re, im] = [&twiddles[2 * j - 2], &twiddles[2 * j - 1]];
    Z { re: vectors::<S>(&re.0)[group], im: vectors::<S>(&im.0)[group] }
}
