//! Transforms of 2, 3, 4, 5 and 8 elements, all lanes at once: `y(q) = sum_j x(j) exp(-2 pi i j q / R)`.

use crate::Real;
use crate::lanes::Z;
use pulp::Simd;
use std::f64::consts::{FRAC_1_SQRT_2, TAU};

/// The radices that [`butterfly`] knows.
pub(crate) const RADICES: [usize; 5] = [8, 4, 2, 3, 5];

/// The transform of `R` elements in place.
#[inline(always)]
pub(crate) fn butterfly<S: Simd, T: Real, const R: usize>(simd: S, x: [Z<T::Vector<S>>; R]) -> [Z<T::Vector<S>>; R] {
    let mut y = x;
    match R {
        2 => [y[0], y[1]] = two::<S, T>(simd, x[0], x[1]),
        3 => three::<S, T>(simd, &mut y),
        4 => y[..4].copy_from_slice(&four::<S, T>(simd, [x[0], x[1], x[2], x[3]])),
        5 => five::<S, T>(simd, &mut y),
        8 => eight::<S, T>(simd, &mut y),
        _ => unreachable!("no butterfly of {R} elements"),
    }
    y
}

#[inline(always)]
pub(crate) fn add<S: Simd, T: Real>(simd: S, a: Z<T::Vector<S>>, b: Z<T::Vector<S>>) -> Z<T::Vector<S>> {
    Z { re: T::plus(simd, a.re, b.re), im: T::plus(simd, a.im, b.im) }
}

#[inline(always)]
pub(crate) fn sub<S: Simd, T: Real>(simd: S, a: Z<T::Vector<S>>, b: Z<T::Vector<S>>) -> Z<T::Vector<S>> {
    Z { re: T::minus(simd, a.re, b.re), im: T::minus(simd, a.im, b.im) }
}

/// `a - i b`
#[inline(always)]
fn sub_i<S: Simd, T: Real>(simd: S, a: Z<T::Vector<S>>, b: Z<T::Vector<S>>) -> Z<T::Vector<S>> {
    Z { re: T::plus(simd, a.re, b.im), im: T::minus(simd, a.im, b.re) }
}

/// `a + i b`
#[inline(always)]
fn add_i<S: Simd, T: Real>(simd: S, a: Z<T::Vector<S>>, b: Z<T::Vector<S>>) -> Z<T::Vector<S>> {
    Z { re: T::minus(simd, a.re, b.im), im: T::plus(simd, a.im, b.re) }
}

/// `a + f b` for a real factor.
#[inline(always)]
fn add_scaled<S: Simd, T: Real>(simd: S, a: Z<T::Vector<S>>, f: T::Vector<S>, b: Z<T::Vector<S>>) -> Z<T::Vector<S>> {
    Z { re: T::times_plus(simd, f, b.re, a.re), im: T::times_plus(simd, f, b.im, a.im) }
}

/// `a - f b` for a real factor.
#[inline(always)]
fn sub_scaled<S: Simd, T: Real>(simd: S, a: Z<T::Vector<S>>, f: T::Vector<S>, b: Z<T::Vector<S>>) -> Z<T::Vector<S>> {
    Z { re: T::times_minus_from(simd, f, b.re, a.re), im: T::times_minus_from(simd, f, b.im, a.im) }
}

/// `f a` for a real factor.
#[inline(always)]
fn scaled<S: Simd, T: Real>(simd: S, f: T::Vector<S>, a: Z<T::Vector<S>>) -> Z<T::Vector<S>> {
    Z { re: T::times(simd, f, a.re), im: T::times(simd, f, a.im) }
}

/// `w a` for a complex factor.
#[inline(always)]
pub(crate) fn twiddled<S: Simd, T: Real>(simd: S, w: num_complex::Complex<T>, a: Z<T::Vector<S>>) -> Z<T::Vector<S>> {
    let (re, im) = (T::splat(simd, w.re), T::splat(simd, w.im));
    Z {
        re: T::times_minus_from(simd, im, a.im, T::times(simd, re, a.re)),
        im: T::times_plus(simd, im, a.re, T::times(simd, re, a.im)),
    }
}

#[inline(always)]
pub(crate) fn constant<S: Simd, T: Real>(simd: S, value: f64) -> T::Vector<S> {
    T::splat(simd, T::from_f64_lossy(value))
}

#[inline(always)]
fn two<S: Simd, T: Real>(simd: S, a: Z<T::Vector<S>>, b: Z<T::Vector<S>>) -> [Z<T::Vector<S>>; 2] {
    [add::<S, T>(simd, a, b), sub::<S, T>(simd, a, b)]
}

#[inline(always)]
fn three<S: Simd, T: Real>(simd: S, x: &mut [Z<T::Vector<S>>]) {
    let [sum, difference] = two::<S, T>(simd, x[1], x[2]);
    let middle = sub_scaled::<S, T>(simd, x[0], constant::<S, T>(simd, 0.5), sum);
    let turned = scaled::<S, T>(simd, constant::<S, T>(simd, (TAU / 3.0).sin()), difference);
    x[0] = add::<S, T>(simd, x[0], sum);
    x[1] = sub_i::<S, T>(simd, middle, turned);
    x[2] = add_i::<S, T>(simd, middle, turned);
}

#[inline(always)]
fn four<S: Simd, T: Real>(simd: S, x: [Z<T::Vector<S>>; 4]) -> [Z<T::Vector<S>>; 4] {
    let [a, b] = two::<S, T>(simd, x[0], x[2]);
    let [c, d] = two::<S, T>(simd, x[1], x[3]);
    let [y0, y2] = two::<S, T>(simd, a, c);
    [y0, sub_i::<S, T>(simd, b, d), y2, add_i::<S, T>(simd, b, d)]
}

#[inline(always)]
fn five<S: Simd, T: Real>(simd: S, x: &mut [Z<T::Vector<S>>]) {
    let (c1, c2) = (constant::<S, T>(simd, (TAU / 5.0).cos()), constant::<S, T>(simd, (2.0 * TAU / 5.0).cos()));
    let (s1, s2) = (constant::<S, T>(simd, (TAU / 5.0).sin()), constant::<S, T>(simd, (2.0 * TAU / 5.0).sin()));
    let [sum1, difference1] = two::<S, T>(simd, x[1], x[4]);
    let [sum2, difference2] = two::<S, T>(simd, x[2], x[3]);
    let middle1 = add_scaled::<S, T>(simd, add_scaled::<S, T>(simd, x[0], c1, sum1), c2, sum2);
    let middle2 = add_scaled::<S, T>(simd, add_scaled::<S, T>(simd, x[0], c2, sum1), c1, sum2);
    let turned1 = add_scaled::<S, T>(simd, scaled::<S, T>(simd, s1, difference1), s2, difference2);
    let turned2 = sub_scaled::<S, T>(simd, scaled::<S, T>(simd, s2, difference1), s1, difference2);
    x[0] = add::<S, T>(simd, add::<S, T>(simd, x[0], sum1), sum2);
    x[1] = sub_i::<S, T>(simd, middle1, turned1);
    x[2] = sub_i::<S, T>(simd, middle2, turned2);
    x[3] = add_i::<S, T>(simd, middle2, turned2);
    x[4] = add_i::<S, T>(simd, middle1, turned1);
}

#[inline(always)]
fn eight<S: Simd, T: Real>(simd: S, x: &mut [Z<T::Vector<S>>]) {
    let half_turn = constant::<S, T>(simd, FRAC_1_SQRT_2);
    let even = four::<S, T>(simd, [x[0], x[2], x[4], x[6]]);
    let odd = four::<S, T>(simd, [x[1], x[3], x[5], x[7]]);
    [x[0], x[4]] = two::<S, T>(simd, even[0], odd[0]);
    x[2] = sub_i::<S, T>(simd, even[2], odd[2]);
    x[6] = add_i::<S, T>(simd, even[2], odd[2]);
    // exp(-i pi / 4) z = (z - i z) / sqrt 2, and exp(-3 i pi / 4) z = (-z - i z) / sqrt 2.
    let first = sub_i::<S, T>(simd, odd[1], odd[1]);
    let third = add_i::<S, T>(simd, odd[3], odd[3]);
    x[1] = add_scaled::<S, T>(simd, even[1], half_turn, first);
    x[5] = sub_scaled::<S, T>(simd, even[1], half_turn, first);
    x[3] = sub_scaled::<S, T>(simd, even[3], half_turn, third);
    x[7] = add_scaled::<S, T>(simd, even[3], half_turn, third);
}
