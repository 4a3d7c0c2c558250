//! The sum over degrees of one order, on every pair of rings of a block.

use super::climb::{Climb, Wide};
use super::legendre::{Rung, STRIDE};
use super::pairs::Columns;
use num_complex::Complex64;
use pulp::{Simd, WithSimd};

/// Values of a group of rings, spelled out.
pub(super) const MAX_WIDTH: usize = 32;

/// The sums `sum_l a_lm lambda_lm` of one order; written to `row`: north and south of each pair.
///
/// Groups that this order does not reach are left as they are.
pub(super) struct SynthesiseOrder<'a> {
    pub(super) m: usize,
    /// `q_0 / sin^m theta`.
    pub(super) start: f64,
    pub(super) rungs: &'a [Rung],
    pub(super) columns: &'a Columns,
    pub(super) row: &'a mut [Complex64],
}

impl WithSimd for SynthesiseOrder<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // PERF: each vector of rings takes seven registers: four with 32 registers, two with 16.
        if S::REGISTER_COUNT >= 32 { self.run::<S, 4>(simd) } else { self.run::<S, 2>(simd) }
    }
}

impl SynthesiseOrder<'_> {
    #[inline(always)]
    fn run<S: Simd, const N: usize>(self, simd: S) {
        let width = S::F64_LANES * N;
        for (group, row) in self.row.chunks_mut(2 * width).enumerate() {
            let rings = group * width..(group + 1) * width;
            if self.m > self.columns.reach[rings.end - 1] {
                continue;
            }
            let (z, sin_theta) = (&self.columns.z[rings.clone()], &self.columns.sin_theta[rings]);
            let mut climb = Climb::<S, N>::new(simd, self.m, self.start, z, sin_theta);
            let mut sums = Sums::<S, N>::zero(simd);
            if let Some(first) = climb.rise(simd, self.rungs) {
                sums.add_all(simd, &mut climb, &self.rungs[first..]);
            }
            sums.write(z, row);
        }
    }
}

/// Sums over even and odd `l - m`, the odd ones still without their factor `cos theta`.
struct Sums<S: Simd, const N: usize> {
    even_re: Wide<S, N>,
    even_im: Wide<S, N>,
    odd_re: Wide<S, N>,
    odd_im: Wide<S, N>,
}

impl<S: Simd, const N: usize> Sums<S, N> {
    #[inline(always)]
    fn zero(simd: S) -> Self {
        let zero = [simd.splat_f64s(0.0); N];
        Self { even_re: zero, even_im: zero, odd_re: zero, odd_im: zero }
    }

    #[inline(always)]
    fn add(&mut self, simd: S, rung: &Rung, q: &Wide<S, N>) {
        let (even_re, even_im) = (simd.splat_f64s(rung.even.re), simd.splat_f64s(rung.even.im));
        let (odd_re, odd_im) = (simd.splat_f64s(rung.odd.re), simd.splat_f64s(rung.odd.im));
        for i in 0..N {
            self.even_re[i] = simd.mul_add_e_f64s(q[i], even_re, self.even_re[i]);
            self.even_im[i] = simd.mul_add_e_f64s(q[i], even_im, self.even_im[i]);
            self.odd_re[i] = simd.mul_add_e_f64s(q[i], odd_re, self.odd_re[i]);
            self.odd_im[i] = simd.mul_add_e_f64s(q[i], odd_im, self.odd_im[i]);
        }
    }

    #[inline(always)]
    fn add_all(&mut self, simd: S, climb: &mut Climb<S, N>, rungs: &[Rung]) {
        let mut chunks = rungs.chunks(STRIDE);
        while !climb.all_visible(simd) {
            let Some(chunk) = chunks.next() else { return };
            let visible = climb.visible(simd);
            for rung in chunk {
                let q = std::array::from_fn(|i| simd.mul_f64s(climb.now[i], visible[i]));
                self.add(simd, rung, &q);
                climb.step(simd, rung);
            }
            climb.rescale(simd);
        }
        for chunk in chunks {
            for rung in chunk {
                self.add(simd, rung, &climb.now);
                climb.half_step(simd, rung);
            }
        }
    }

    /// North is even plus odd, south even less odd.
    #[inline(always)]
    fn write(&self, z: &[f64], row: &mut [Complex64]) {
        let even = (spell::<S, N>(&self.even_re), spell::<S, N>(&self.even_im));
        let odd = (spell::<S, N>(&self.odd_re), spell::<S, N>(&self.odd_im));
        for (i, pair) in row.chunks_exact_mut(2).enumerate() {
            let even = Complex64::new(even.0[i], even.1[i]);
            let odd = Complex64::new(odd.0[i], odd.1[i]) * z[i];
            pair[0] = even + odd;
            pair[1] = even - odd;
        }
    }
}

/// The values in the lanes of `N` vectors.
#[inline(always)]
fn spell<S: Simd, const N: usize>(wide: &Wide<S, N>) -> [f64; MAX_WIDTH] {
    let mut values = [0.0; MAX_WIDTH];
    S::as_mut_simd_f64s(&mut values).0[..N].copy_from_slice(wide);
    values
}
