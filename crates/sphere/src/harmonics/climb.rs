//! The recursion on a group of rings at once, with a scaled exponent against underflow.
//!
//! Near the poles `sin^m theta` is far below what an f64 can hold. A value is kept as `q 2^(400 scale)` with `scale <= 0`;
//! as long as `scale < 0` it is below 2^-400 and adds nothing to any sum.

use super::legendre::{Rung, STRIDE};
use pulp::Simd;

/// `2^400` and its inverse.
const BIG: f64 = f64::from_bits((1023 + 400) << 52);
const SMALL: f64 = f64::from_bits((1023 - 400) << 52);

/// Values of consecutive rings in `N` vectors.
pub(super) type Wide<S, const N: usize> = [<S as Simd>::f64s; N];

/// Reads `N` vectors.
#[inline(always)]
pub(super) fn load<S: Simd, const N: usize>(values: &[f64]) -> Wide<S, N> {
    let (vectors, _) = S::as_simd_f64s(values);
    std::array::from_fn(|i| vectors[i])
}

/// Two neighbouring members of the recursion on a group of rings.
#[derive(Clone, Copy)]
pub(super) struct Climb<S: Simd, const N: usize> {
    pub(super) z2: Wide<S, N>,
    pub(super) before: Wide<S, N>,
    pub(super) now: Wide<S, N>,
    scale: Wide<S, N>,
}

impl<S: Simd, const N: usize> Climb<S, N> {
    /// `q_0 = start sin^m theta`.
    #[inline(always)]
    pub(super) fn new(simd: S, m: usize, start: f64, z: &[f64], sin_theta: &[f64]) -> Self {
        let z: Wide<S, N> = load::<S, N>(z);
        let sin: Wide<S, N> = load::<S, N>(sin_theta);
        let zero = simd.splat_f64s(0.0);
        let mut this = Self { z2: z.map(|z| simd.mul_f64s(z, z)), before: [zero; N], now: [zero; N], scale: [zero; N] };
        for i in 0..N {
            let (power, scale) = power(simd, sin[i], m);
            this.now[i] = simd.mul_f64s(power, simd.splat_f64s(start));
            this.scale[i] = scale;
        }
        this
    }

    /// One step of the recursion.
    #[inline(always)]
    pub(super) fn step(&mut self, simd: S, rung: &Rung) {
        let (a, b) = (simd.splat_f64s(rung.a), simd.splat_f64s(rung.b));
        for i in 0..N {
            let factor = simd.mul_add_e_f64s(a, self.z2[i], b);
            let next = simd.mul_add_e_f64s(factor, self.now[i], self.before[i]);
            self.before[i] = self.now[i];
            self.now[i] = next;
        }
    }

    /// Two steps of the recursion without moving a value.
    #[inline(always)]
    pub(super) fn half_step(&mut self, simd: S, rung: &Rung) {
        let (a, b) = (simd.splat_f64s(rung.a), simd.splat_f64s(rung.b));
        for i in 0..N {
            let factor = simd.mul_add_e_f64s(a, self.z2[i], b);
            self.before[i] = simd.mul_add_e_f64s(factor, self.now[i], self.before[i]);
        }
        std::mem::swap(&mut self.before, &mut self.now);
    }

    /// Brings values that have grown back into range.
    #[inline(always)]
    pub(super) fn rescale(&mut self, simd: S) {
        let (zero, one, small) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0), simd.splat_f64s(SMALL));
        for i in 0..N {
            let is_large = simd.greater_than_f64s(simd.abs_f64s(self.now[i]), one);
            let is_scaled = simd.less_than_f64s(self.scale[i], zero);
            let up = simd.and_m64s(is_large, is_scaled);
            self.now[i] = simd.select_f64s(up, simd.mul_f64s(self.now[i], small), self.now[i]);
            self.before[i] = simd.select_f64s(up, simd.mul_f64s(self.before[i], small), self.before[i]);
            self.scale[i] = simd.select_f64s(up, simd.add_f64s(self.scale[i], one), self.scale[i]);
        }
    }

    /// One where a value counts, zero where it is too small for its true size to be held.
    #[inline(always)]
    pub(super) fn visible(&self, simd: S) -> Wide<S, N> {
        let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
        self.scale.map(|scale| simd.select_f64s(simd.less_than_f64s(scale, zero), zero, one))
    }

    /// Whether some value counts.
    #[inline(always)]
    pub(super) fn any_visible(&self, simd: S) -> bool {
        let largest = self.scale[1..].iter().fold(self.scale[0], |a, &b| simd.max_f64s(a, b));
        simd.reduce_max_f64s(largest) >= 0.0
    }

    /// Whether every value counts.
    #[inline(always)]
    pub(super) fn all_visible(&self, simd: S) -> bool {
        let smallest = self.scale[1..].iter().fold(self.scale[0], |a, &b| simd.min_f64s(a, b));
        simd.reduce_min_f64s(smallest) >= 0.0
    }

    /// Steps until some value counts; the number of steps taken, `None` when the recursion ends before.
    #[inline(always)]
    pub(super) fn rise(&mut self, simd: S, rungs: &[Rung]) -> Option<usize> {
        let mut k = 0;
        while !self.any_visible(simd) {
            for rung in rungs.get(k..k + STRIDE)? {
                self.step(simd, rung);
            }
            k += STRIDE;
            self.rescale(simd);
        }
        Some(k)
    }
}

/// `base^m` as (value between 2^-400 and 1, power of 2^400), for 0 < base <= 1.
#[inline(always)]
fn power<S: Simd>(simd: S, base: S::f64s, m: usize) -> (S::f64s, S::f64s) {
    let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
    let (small, big) = (simd.splat_f64s(SMALL), simd.splat_f64s(BIG));
    let in_range = |value: S::f64s, scale: S::f64s| {
        let low = simd.less_than_f64s(value, small);
        let value = simd.select_f64s(low, simd.mul_f64s(value, big), value);
        (value, simd.select_f64s(low, simd.sub_f64s(scale, one), scale))
    };
    let (mut result, mut result_scale) = (one, zero);
    let (mut square, mut square_scale) = (base, zero);
    let mut left = m;
    while left > 0 {
        if left % 2 == 1 {
            let scale = simd.add_f64s(result_scale, square_scale);
            (result, result_scale) = in_range(simd.mul_f64s(result, square), scale);
        }
        (square, square_scale) = in_range(simd.mul_f64s(square, square), simd.add_f64s(square_scale, square_scale));
        left /= 2;
    }
    (result, result_scale)
}
