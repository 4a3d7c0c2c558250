//! Rows: real pixels to half-spectrum rows and back, two real rows in one complex transform.
//!
//! With `z = a + i b` for two real rows `a` and `b`, `Z(k) = A(k) + i B(k)`, and as `A` and `B` are Hermitian,
//! `A(k) = (Z(k) + conj Z(-k)) / 2` and `B(k) = (Z(k) - conj Z(-k)) / 2i`. Unlike packing one row into half the length
//! this needs no twiddle factors and serves odd lengths too; the separation is done while writing a slab.

use crate::Real;
use crate::slabs::SLAB_ROWS;
use num_complex::Complex;

/// Pairs of rows in a slab.
pub(crate) const SLAB_PAIRS: usize = SLAB_ROWS / 2;

/// Packs rows of `nx` pixels by twos; a last single row is paired with zeros.
pub(crate) fn pack_pairs<T: Real>(rows: &[T], nx: usize, pairs: &mut [Complex<T>]) {
    for (rows, pair) in rows.chunks(2 * nx).zip(pairs.chunks_exact_mut(nx)) {
        let (a, b) = rows.split_at(nx);
        if b.is_empty() {
            pair.iter_mut().zip(a).for_each(|(z, &a)| *z = Complex::new(a, T::zero()));
        } else {
            pair.iter_mut().zip(a).zip(b).for_each(|((z, &a), &b)| *z = Complex::new(a, b));
        }
    }
}

/// Unpacks pairs into rows of `nx` pixels, multiplied by `scale`.
pub(crate) fn unpack_pairs<T: Real>(pairs: &[Complex<T>], nx: usize, scale: T, rows: &mut [T]) {
    for (rows, pair) in rows.chunks_mut(2 * nx).zip(pairs.chunks_exact(nx)) {
        let (a, b) = rows.split_at_mut(nx);
        a.iter_mut().zip(pair).for_each(|(a, z)| *a = z.re * scale);
        b.iter_mut().zip(pair).for_each(|(b, z)| *b = z.im * scale);
    }
}

/// Separates transformed pairs of length `nx` into the rows of a slab.
pub(crate) fn pairs_to_slab<T: Real>(pairs: &[Complex<T>], nx: usize, slab: &mut [Complex<T>]) {
    let n_rows = slab.len() / (nx / 2 + 1);
    if n_rows == SLAB_ROWS {
        let pairs: [&[Complex<T>]; SLAB_PAIRS] = std::array::from_fn(|p| &pairs[p * nx..][..nx]);
        for (kx, lane) in slab.as_chunks_mut::<SLAB_ROWS>().0.iter_mut().enumerate() {
            let minus_kx = if kx == 0 { 0 } else { nx - kx };
            for (rows, pair) in lane.as_chunks_mut::<2>().0.iter_mut().zip(&pairs) {
                *rows = separate(pair[kx], pair[minus_kx]);
            }
        }
    } else {
        for (kx, lane) in slab.chunks_exact_mut(n_rows).enumerate() {
            for (rows, pair) in lane.chunks_mut(2).zip(pairs.chunks_exact(nx)) {
                rows.copy_from_slice(&separate(pair[kx], pair[(nx - kx) % nx])[..rows.len()]);
            }
        }
    }
}

/// Combines the rows of a slab into pairs of length `nx`, ready for the inverse transform.
pub(crate) fn slab_to_pairs<T: Real>(slab: &[Complex<T>], nx: usize, pairs: &mut [Complex<T>]) {
    let n_rows = slab.len() / (nx / 2 + 1);
    if n_rows == SLAB_ROWS {
        let mut pairs = pairs.chunks_exact_mut(nx);
        let mut pairs: [&mut [Complex<T>]; SLAB_PAIRS] =
            std::array::from_fn(|_| pairs.next().expect("a worker has room for a whole slab"));
        for (kx, lane) in slab.as_chunks::<SLAB_ROWS>().0.iter().enumerate() {
            let minus_kx = if kx == 0 { 0 } else { nx - kx };
            for (&[a, b], pair) in lane.as_chunks::<2>().0.iter().zip(&mut pairs) {
                (pair[kx], pair[minus_kx]) = combine(a, b);
            }
        }
    } else {
        for (kx, lane) in slab.chunks_exact(n_rows).enumerate() {
            for (rows, pair) in lane.chunks(2).zip(pairs.chunks_exact_mut(nx)) {
                let b = rows.get(1).copied().unwrap_or_default();
                (pair[kx], pair[(nx - kx) % nx]) = combine(rows[0], b);
            }
        }
    }
    make_self_conjugate(slab, nx, pairs);
}

/// Drops the imaginary parts of both rows where `kx = -kx`: rounding, or a filter without symmetry, may leave
/// something there, and a real row has none.
fn make_self_conjugate<T: Real>(slab: &[Complex<T>], nx: usize, pairs: &mut [Complex<T>]) {
    let n_rows = slab.len() / (nx / 2 + 1);
    let nyquist = nx.is_multiple_of(2).then_some(nx / 2);
    for kx in [Some(0), nyquist].into_iter().flatten() {
        for (rows, pair) in slab[kx * n_rows..][..n_rows].chunks(2).zip(pairs.chunks_exact_mut(nx)) {
            pair[kx] = Complex::new(rows[0].re, rows.get(1).map_or(T::zero(), |b| b.re));
        }
    }
}

/// `A(k)` and `B(k)` from `Z(k)` and `Z(-k)`.
fn separate<T: Real>(z: Complex<T>, z_minus: Complex<T>) -> [Complex<T>; 2] {
    let half = T::from_f64_lossy(0.5);
    [
        Complex::new((z.re + z_minus.re) * half, (z.im - z_minus.im) * half),
        Complex::new((z.im + z_minus.im) * half, (z_minus.re - z.re) * half),
    ]
}

/// `Z(k)` and `Z(-k)` from `A(k)` and `B(k)`.
fn combine<T: Real>(a: Complex<T>, b: Complex<T>) -> (Complex<T>, Complex<T>) {
    (Complex::new(a.re - b.im, a.im + b.re), Complex::new(a.re + b.im, b.re - a.im))
}
