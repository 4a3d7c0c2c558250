//! Transforms of 2, 3, 4, 5 and 8 elements, all lanes at once: `y(q) = sum_j x(j) exp(-2 pi i j q / R)`.

use num_complex::Complex;
use pulp::Simd;
use std::f64::consts::{FRAC_1_SQRT_2, TAU};

/// One complex element of all lanes of a register.
#[derive(Clone, Copy)]
pub(super) struct Z<S: Simd> {
    pub(super) re: S::f64s,
    pub(super) im: S::f64s,
}

/// The radices that [`butterfly`] knows.
pub(super) const RADICES: [usize; 5] = [8, 4, 2, 3, 5];

/// The transform of `R` elements in place.
#[inline(always)]
pub(super) fn butterfly<S: Simd, const R: usize>(simd: S, x: [Z<S>; R]) -> [Z<S>; R] {
    let mut y = x;
    match R {
        2 => [y[0], y[1]] = two(simd, x[0], x[1]),
        3 => three(simd, &mut y),
        4 => y[..4].copy_from_slice(&four(simd, [x[0], x[1], x[2], x[3]])),
        5 => five(simd, &mut y),
        8 => eight(simd, &mut y),
        _ => unreachable!("no butterfly of {R} elements"),
    }
    y
}

#[inline(always)]
pub(super) fn add<S: Simd>(simd: S, a: Z<S>, b: Z<S>) -> Z<S> {
    Z { re: simd.add_f64s(a.re, b.re), im: simd.add_f64s(a.im, b.im) }
}

#[inline(always)]
pub(super) fn sub<S: Simd>(simd: S, a: Z<S>, b: Z<S>) -> Z<S> {
    Z { re: simd.sub_f64s(a.re, b.re), im: simd.sub_f64s(a.im, b.im) }
}

/// `a - i b`
#[inline(always)]
fn sub_i<S: Simd>(simd: S, a: Z<S>, b: Z<S>) -> Z<S> {
    Z { re: simd.add_f64s(a.re, b.im), im: simd.sub_f64s(a.im, b.re) }
}

/// `a + i b`
#[inline(always)]
fn add_i<S: Simd>(simd: S, a: Z<S>, b: Z<S>) -> Z<S> {
    Z { re: simd.sub_f64s(a.re, b.im), im: simd.add_f64s(a.im, b.re) }
}

/// `a + f b` for a real factor.
#[inline(always)]
fn add_scaled<S: Simd>(simd: S, a: Z<S>, f: S::f64s, b: Z<S>) -> Z<S> {
    Z { re: simd.mul_add_e_f64s(f, b.re, a.re), im: simd.mul_add_e_f64s(f, b.im, a.im) }
}

/// `a - f b` for a real factor.
#[inline(always)]
fn sub_scaled<S: Simd>(simd: S, a: Z<S>, f: S::f64s, b: Z<S>) -> Z<S> {
    Z { re: simd.negate_mul_add_e_f64s(f, b.re, a.re), im: simd.negate_mul_add_e_f64s(f, b.im, a.im) }
}

/// `f a` for a real factor.
#[inline(always)]
fn scaled<S: Simd>(simd: S, f: S::f64s, a: Z<S>) -> Z<S> {
    Z { re: simd.mul_f64s(f, a.re), im: simd.mul_f64s(f, a.im) }
}

/// `w a`
#[inline(always)]
pub(super) fn product<S: Simd>(simd: S, w: Z<S>, a: Z<S>) -> Z<S> {
    Z {
        re: simd.negate_mul_add_e_f64s(w.im, a.im, simd.mul_f64s(w.re, a.re)),
        im: simd.mul_add_e_f64s(w.im, a.re, simd.mul_f64s(w.re, a.im)),
    }
}

/// `w a` for a factor that all lanes share.
#[inline(always)]
pub(super) fn twiddled<S: Simd>(simd: S, w: Complex<f64>, a: Z<S>) -> Z<S> {
    product(simd, Z { re: simd.splat_f64s(w.re), im: simd.splat_f64s(w.im) }, a)
}

#[inline(always)]
pub(super) fn constant<S: Simd>(simd: S, value: f64) -> S::f64s {
    simd.splat_f64s(value)
}

#[inline(always)]
fn two<S: Simd>(simd: S, a: Z<S>, b: Z<S>) -> [Z<S>; 2] {
    [add(simd, a, b), sub(simd, a, b)]
}

#[inline(always)]
fn three<S: Simd>(simd: S, x: &mut [Z<S>]) {
    let [sum, difference] = two(simd, x[1], x[2]);
    let middle = sub_scaled(simd, x[0], constant(simd, 0.5), sum);
    let turned = scaled(simd, constant(simd, (TAU / 3.0).sin()), difference);
    x[0] = add(simd, x[0], sum);
    x[1] = sub_i(simd, middle, turned);
    x[2] = add_i(simd, middle, turned);
}

#[inline(always)]
fn four<S: Simd>(simd: S, x: [Z<S>; 4]) -> [Z<S>; 4] {
    let [a, b] = two(simd, x[0], x[2]);
    let [c, d] = two(simd, x[1], x[3]);
    let [y0, y2] = two(simd, a, c);
    [y0, sub_i(simd, b, d), y2, add_i(simd, b, d)]
}

#[inline(always)]
fn five<S: Simd>(simd: S, x: &mut [Z<S>]) {
    let (c1, c2) = (constant(simd, (TAU / 5.0).cos()), constant(simd, (2.0 * TAU / 5.0).cos()));
    let (s1, s2) = (constant(simd, (TAU / 5.0).sin()), constant(simd, (2.0 * TAU / 5.0).sin()));
    let [sum1, difference1] = two(simd, x[1], x[4]);
    let [sum2, difference2] = two(simd, x[2], x[3]);
    let middle1 = add_scaled(simd, add_scaled(simd, x[0], c1, sum1), c2, sum2);
    let middle2 = add_scaled(simd, add_scaled(simd, x[0], c2, sum1), c1, sum2);
    let turned1 = add_scaled(simd, scaled(simd, s1, difference1), s2, difference2);
    let turned2 = sub_scaled(simd, scaled(simd, s2, difference1), s1, difference2);
    x[0] = add(simd, add(simd, x[0], sum1), sum2);
    x[1] = sub_i(simd, middle1, turned1);
    x[2] = sub_i(simd, middle2, turned2);
    x[3] = add_i(simd, middle2, turned2);
    x[4] = add_i(simd, middle1, turned1);
}

#[inline(always)]
fn eight<S: Simd>(simd: S, x: &mut [Z<S>]) {
    let half_turn = constant(simd, FRAC_1_SQRT_2);
    let even = four(simd, [x[0], x[2], x[4], x[6]]);
    let odd = four(simd, [x[1], x[3], x[5], x[7]]);
    [x[0], x[4]] = two(simd, even[0], odd[0]);
    x[2] = sub_i(simd, even[2], odd[2]);
    x[6] = add_i(simd, even[2], odd[2]);
    // exp(-i pi / 4) z = (z - i z) / sqrt 2, and exp(-3 i pi / 4) z = (-z - i z) / sqrt 2.
    let first = sub_i(simd, odd[1], odd[1]);
    let third = add_i(simd, odd[3], odd[3]);
    x[1] = add_scaled(simd, even[1], half_turn, first);
    x[5] = sub_scaled(simd, even[1], half_turn, first);
    x[3] = sub_scaled(simd, even[3], half_turn, third);
    x[7] = add_scaled(simd, even[3], half_turn, third);
}
