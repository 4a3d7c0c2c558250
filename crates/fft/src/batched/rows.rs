//! Rows: real pixels to half-spectrum rows and back, two real rows in one complex transform.
//!
//! With `z = a + i b` for two real rows `a` and `b`, `Z(k) = A(k) + i B(k)`, and as `A` and `B` are Hermitian,
//! `A(k) = (Z(k) + conj Z(-k)) / 2` and `B(k) = (Z(k) - conj Z(-k)) / 2i`. A task takes [`GROUP_ROWS`] rows: the first
//! half are the real parts of the lanes, the second half their imaginary parts.
//!
//! `A(0)` and `A(nx / 2)` are real, so that the second takes the place of the first's imaginary part: a half row then has
//! exactly the memory of its pixels.
//!
//! The way back uses that the inverse transform is the forward one with real and imaginary parts exchanged before and
//! after.

use super::batch::BatchFft;
use super::transpose::{Tiler, evenly};
use super::{ELEMENT, PIECE, WIDTH, vectors, vectors_mut};
use pulp::{Simd, WithSimd};

/// Floats of a tile.
const TILE: usize = WIDTH * WIDTH;

/// `A` and `B` for [`WIDTH`] neighbouring `kx`: four tiles, layout `[row half and part, kx, lane]`.
#[repr(align(64))]
struct Tiles([f64; PIECE]);

/// Transforms a group of rows into its pieces, one for each block.
pub(super) struct RowsForward<'a, 'p> {
    pub(super) fft: &'a BatchFft,
    pub(super) rows: &'a [f64],
    pub(super) pieces: &'a mut [&'p mut [f64]],
    pub(super) batch: &'a mut [f64],
}

impl WithSimd for RowsForward<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { fft, rows, pieces, batch } = self;
        let tiler = Tiler::new(simd);
        let nx = fft.len();
        for x in (0..nx).step_by(WIDTH) {
            for (half, rows) in rows.chunks_exact(WIDTH * nx).enumerate() {
                let to = (&mut *batch, &evenly(x * ELEMENT + half * WIDTH, ELEMENT));
                tiler.transpose(simd, (rows, &evenly(x, nx)), to);
            }
        }
        fft.forward(simd, batch);
        let mut tiles = Tiles([0.0; PIECE]);
        for (block, piece) in pieces.iter_mut().enumerate() {
            separate(simd, fft, batch, block, &mut tiles);
            for (quarter, tile) in tiles.0.chunks_exact(TILE).enumerate() {
                tiler.transpose(simd, (tile, &evenly(0, WIDTH)), (&mut **piece, &quarter_rows(quarter)));
            }
        }
    }
}

/// Transforms the pieces of a group of rows, real and imaginary parts exchanged, into pixels in the same memory.
pub(super) struct RowsInverse<'a> {
    pub(super) fft: &'a BatchFft,
    pub(super) slab: &'a mut [f64],
    pub(super) scale: f64,
    pub(super) batch: &'a mut [f64],
}

impl WithSimd for RowsInverse<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { fft, slab, scale, batch } = self;
        let tiler = Tiler::new(simd);
        let mut tiles = Tiles([0.0; PIECE]);
        for (block, piece) in slab.chunks_exact(PIECE).enumerate() {
            for (quarter, tile) in tiles.0.chunks_exact_mut(TILE).enumerate() {
                tiler.transpose(simd, (piece, &quarter_rows(quarter)), (tile, &evenly(0, WIDTH)));
            }
            combine(simd, fft, &tiles, block, scale, batch);
        }
        fft.forward_from_places(simd, batch);
        let nx = fft.len();
        for x in (0..nx).step_by(WIDTH) {
            for (half, rows) in slab.chunks_exact_mut(WIDTH * nx).enumerate() {
                let from = (&*batch, &evenly(x * ELEMENT + (1 - half) * WIDTH, ELEMENT));
                tiler.transpose(simd, from, (rows, &evenly(x, nx)));
            }
        }
    }
}

/// Where the rows of a tile lie in a piece, layout `[row, part, kx]`.
#[inline(always)]
fn quarter_rows(quarter: usize) -> [usize; WIDTH] {
    evenly(quarter / 2 * (PIECE / 2) + quarter % 2 * WIDTH, ELEMENT)
}

/// Writes `A` and `B` for the `kx` of a block, the parts of `A` first.
#[inline(always)]
fn separate<S: Simd>(simd: S, fft: &BatchFft, batch: &[f64], block: usize, tiles: &mut Tiles) {
    let half = simd.splat_f64s(0.5);
    let [a_re, a_im, b_re, b_im] = quarters_mut(tiles);
    for i in 0..WIDTH {
        let kx = block * WIDTH + i;
        let plus = vectors::<S>(element(fft, batch, kx));
        let at = i * WIDTH..(i + 1) * WIDTH;
        let (a_re, a_im) = (vectors_mut::<S>(&mut a_re[at.clone()]), vectors_mut::<S>(&mut a_im[at.clone()]));
        let (b_re, b_im) = (vectors_mut::<S>(&mut b_re[at.clone()]), vectors_mut::<S>(&mut b_im[at]));
        let n = a_re.len();
        if kx == 0 {
            let nyquist = vectors::<S>(element(fft, batch, fft.len() / 2));
            for v in 0..n {
                (a_re[v], a_im[v], b_re[v], b_im[v]) = (plus[v], nyquist[v], plus[n + v], nyquist[n + v]);
            }
            continue;
        }
        let mirrored = vectors::<S>(element(fft, batch, fft.len() - kx));
        for v in 0..n {
            let (re, im, minus_re, minus_im) = (plus[v], plus[n + v], mirrored[v], mirrored[n + v]);
            a_re[v] = simd.mul_f64s(half, simd.add_f64s(re, minus_re));
            a_im[v] = simd.mul_f64s(half, simd.sub_f64s(im, minus_im));
            b_re[v] = simd.mul_f64s(half, simd.add_f64s(im, minus_im));
            b_im[v] = simd.mul_f64s(half, simd.sub_f64s(minus_re, re));
        }
    }
}

/// Writes `Z` for the `kx` of a block and their negatives into a batch, all parts exchanged, times `scale`.
#[inline(always)]
fn combine<S: Simd>(simd: S, fft: &BatchFft, tiles: &Tiles, block: usize, scale: f64, batch: &mut [f64]) {
    let scale = simd.splat_f64s(scale);
    let [a_im, a_re, b_im, b_re] = quarters(tiles);
    for i in 0..WIDTH {
        let kx = block * WIDTH + i;
        let at = i * WIDTH..(i + 1) * WIDTH;
        let (a_re, a_im) = (vectors::<S>(&a_re[at.clone()]), vectors::<S>(&a_im[at.clone()]));
        let (b_re, b_im) = (vectors::<S>(&b_re[at.clone()]), vectors::<S>(&b_im[at]));
        let n = a_re.len();
        for v in 0..n {
            let (a_re, a_im) = (simd.mul_f64s(scale, a_re[v]), simd.mul_f64s(scale, a_im[v]));
            let (b_re, b_im) = (simd.mul_f64s(scale, b_re[v]), simd.mul_f64s(scale, b_im[v]));
            let (z, minus_z) = if kx == 0 {
                ((b_re, a_re), (b_im, a_im))
            } else {
                (
                    (simd.add_f64s(a_im, b_re), simd.sub_f64s(a_re, b_im)),
                    (simd.sub_f64s(b_re, a_im), simd.add_f64s(a_re, b_im)),
                )
            };
            let minus_kx = if kx == 0 { fft.len() / 2 } else { fft.len() - kx };
            let element = vectors_mut::<S>(element_mut(fft, batch, kx));
            (element[v], element[n + v]) = z;
            let element = vectors_mut::<S>(element_mut(fft, batch, minus_kx));
            (element[v], element[n + v]) = minus_z;
        }
    }
}

/// Real, then imaginary parts of an element of a transformed batch.
#[inline(always)]
fn element<'a>(fft: &BatchFft, batch: &'a [f64], kx: usize) -> &'a [f64] {
    &batch[fft.places()[kx] as usize * ELEMENT..][..ELEMENT]
}

#[inline(always)]
fn element_mut<'a>(fft: &BatchFft, batch: &'a mut [f64], kx: usize) -> &'a mut [f64] {
    &mut batch[fft.places()[kx] as usize * ELEMENT..][..ELEMENT]
}

#[inline(always)]
fn quarters(tiles: &Tiles) -> [&[f64]; 4] {
    std::array::from_fn(|quarter| &tiles.0[quarter * TILE..][..TILE])
}

#[inline(always)]
fn quarters_mut(tiles: &mut Tiles) -> [&mut [f64]; 4] {
    let (a, b) = tiles.0.split_at_mut(2 * TILE);
    let ((a0, a1), (b0, b1)) = (a.split_at_mut(TILE), b.split_at_mut(TILE));
    [a0, a1, b0, b1]
}
