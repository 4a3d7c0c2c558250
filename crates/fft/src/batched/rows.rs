//! Rows: real pixels to half-spectrum rows and back, two real rows in one complex transform.
//!
//! With `z = a + i b` for two real rows `a` and `b`, `Z(k) = A(k) + i B(k)`, and as `A` and `B` are Hermitian,
//! `A(k) = (Z(k) + conj Z(-k)) / 2` and `B(k) = (Z(k) - conj Z(-k)) / 2i`.
//!
//! `A(0)` and `A(nx / 2)` are real, so that the second takes the place of the first's imaginary part: a half row then has
//! exactly the memory of its pixels.
//!
//! The way back uses that the inverse transform is the forward one with real and imaginary parts exchanged before and
//! after.

use super::lines::LineFft;
use super::{ELEMENT, PIECE, WIDTH, vectors, vectors_mut};
use pulp::{Simd, WithSimd};

/// Room for the sequences of [`RowsForward`] and [`RowsInverse`], in floats.
pub(super) fn room_len(fft: &LineFft) -> usize {
    2 * fft.padded_len() + 2 * spectrum_len(fft)
}

/// Floats of the real parts of a spectrum: a line more than there are elements, where the mirror of element 0 may go.
fn spectrum_len(fft: &LineFft) -> usize {
    fft.len() + WIDTH
}

/// Transforms a group of rows into a slab of pieces.
pub(super) struct RowsForward<'a> {
    pub(super) fft: &'a LineFft,
    pub(super) rows: &'a [f64],
    pub(super) slab: &'a mut [f64],
    pub(super) room: &'a mut [f64],
}

impl WithSimd for RowsForward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { fft, rows, slab, room } = self;
        let nx = fft.len();
        let [re, im, z_re, z_im] = parts(room, fft);
        for (pair, rows) in rows.chunks_exact(2 * nx).enumerate() {
            fft.cut_in_eighths(&rows[..nx], re);
            fft.cut_in_eighths(&rows[nx..], im);
            fft.forward(simd, (re, im), (z_re, z_im));
            (z_re[nx], z_im[nx]) = (z_re[0], z_im[0]);
            for (block, piece) in slab.chunks_exact_mut(PIECE).enumerate() {
                separate(simd, block * WIDTH, (z_re, z_im), &mut piece[2 * ELEMENT * pair..][..2 * ELEMENT]);
            }
            let first = &mut slab[2 * ELEMENT * pair..][..2 * ELEMENT];
            (first[0], first[WIDTH]) = (z_re[0], z_re[nx / 2]);
            (first[2 * WIDTH], first[3 * WIDTH]) = (z_im[0], z_im[nx / 2]);
        }
    }
}

/// Transforms a slab of pieces, real and imaginary parts exchanged, into pixels.
pub(super) struct RowsInverse<'a> {
    pub(super) fft: &'a LineFft,
    pub(super) slab: &'a [f64],
    pub(super) scale: f64,
    pub(super) rows: &'a mut [f64],
    pub(super) room: &'a mut [f64],
}

impl WithSimd for RowsInverse<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { fft, slab, scale, rows, room } = self;
        let nx = fft.len();
        let [re, im, z_re, z_im] = parts(room, fft);
        for (pair, rows) in rows.chunks_exact_mut(2 * nx).enumerate() {
            for (block, piece) in slab.chunks_exact(PIECE).enumerate() {
                combine(simd, block * WIDTH, &piece[2 * ELEMENT * pair..][..2 * ELEMENT], scale, (z_re, z_im));
            }
            let first = &slab[2 * ELEMENT * pair..][..2 * ELEMENT];
            (z_re[0], z_im[0]) = (first[3 * WIDTH] * scale, first[WIDTH] * scale);
            (z_re[nx / 2], z_im[nx / 2]) = (first[2 * WIDTH] * scale, first[0] * scale);
            fft.forward_from_behind(simd, (z_re, z_im), (re, im));
            fft.join_eighths(im, &mut rows[..nx]);
            fft.join_eighths(re, &mut rows[nx..]);
        }
    }
}

/// Writes `A` and `B` for eight `kx`, real parts before imaginary parts.
#[inline(always)]
fn separate<S: Simd>(simd: S, kx: usize, z: (&[f64], &[f64]), out: &mut [f64]) {
    let half = simd.splat_f64s(0.5);
    let first_minus = z.0.len() - WIDTH - kx - (WIDTH - 1);
    let minus = [reversed(&z.0[first_minus..]), reversed(&z.1[first_minus..])];
    let (minus_re, minus_im) = (vectors::<S>(&minus[0].0), vectors::<S>(&minus[1].0));
    let (re, im) = (vectors::<S>(&z.0[kx..][..WIDTH]), vectors::<S>(&z.1[kx..][..WIDTH]));
    let out = vectors_mut::<S>(out);
    let n = re.len();
    for v in 0..n {
        out[v] = simd.mul_f64s(half, simd.add_f64s(re[v], minus_re[v]));
        out[n + v] = simd.mul_f64s(half, simd.sub_f64s(im[v], minus_im[v]));
        out[2 * n + v] = simd.mul_f64s(half, simd.add_f64s(im[v], minus_im[v]));
        out[3 * n + v] = simd.mul_f64s(half, simd.sub_f64s(minus_re[v], re[v]));
    }
}

/// Writes `Z` for eight `kx` and their negatives, all parts exchanged, times `scale`.
#[inline(always)]
fn combine<S: Simd>(simd: S, kx: usize, parts: &[f64], scale: f64, z: (&mut [f64], &mut [f64])) {
    let scale = simd.splat_f64s(scale);
    let parts = vectors::<S>(parts);
    let n = parts.len() / 4;
    let (mut minus_re, mut minus_im) = (Eight([0.0; WIDTH]), Eight([0.0; WIDTH]));
    for v in 0..n {
        let (a_im, a_re) = (simd.mul_f64s(scale, parts[v]), simd.mul_f64s(scale, parts[n + v]));
        let (b_im, b_re) = (simd.mul_f64s(scale, parts[2 * n + v]), simd.mul_f64s(scale, parts[3 * n + v]));
        vectors_mut::<S>(&mut z.0[kx..][..WIDTH])[v] = simd.add_f64s(a_im, b_re);
        vectors_mut::<S>(&mut z.1[kx..][..WIDTH])[v] = simd.sub_f64s(a_re, b_im);
        vectors_mut::<S>(&mut minus_re.0)[v] = simd.sub_f64s(b_re, a_im);
        vectors_mut::<S>(&mut minus_im.0)[v] = simd.add_f64s(a_re, b_im);
    }
    let first_minus = z.0.len() - WIDTH - kx - (WIDTH - 1);
    z.0[first_minus..][..WIDTH].copy_from_slice(&reversed(&minus_re.0).0);
    z.1[first_minus..][..WIDTH].copy_from_slice(&reversed(&minus_im.0).0);
}

/// Eight floats in a register's place.
#[repr(align(64))]
struct Eight([f64; WIDTH]);

/// The first eight floats from behind.
#[inline(always)]
fn reversed(floats: &[f64]) -> Eight {
    let f = &floats[..WIDTH];
    Eight([f[7], f[6], f[5], f[4], f[3], f[2], f[1], f[0]])
}

/// Real and imaginary parts of a sequence in eighths and of its spectrum.
#[inline(always)]
fn parts<'a>(room: &'a mut [f64], fft: &LineFft) -> [&'a mut [f64]; 4] {
    let (re, room) = room.split_at_mut(fft.padded_len());
    let (im, room) = room.split_at_mut(fft.padded_len());
    let (z_re, room) = room.split_at_mut(spectrum_len(fft));
    [re, im, z_re, &mut room[..spectrum_len(fft)]]
}
