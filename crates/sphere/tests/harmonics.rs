//! Spherical-harmonic transforms: the slow twin, the laws, and golden values.

use arcmin_sphere::Nside;
use arcmin_sphere::harmonics::{Alm, HarmonicTransform, Instructions, RingRegion};
use num_complex::Complex64;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::f64::consts::PI;

/// Largest error of a map or of coefficients against another program, relative to the rms.
const GOLDEN: f64 = 1e-8;
/// Against direct sums in f64, whose own rounding counts.
const TWIN: f64 = 1e-11;
/// Of identities between two of our own results.
const IDENTITY: f64 = 1e-12;

fn nside(n: u64) -> Nside {
    Nside::new(n).unwrap()
}

fn full_sky(n: u64, lmax: usize) -> HarmonicTransform {
    HarmonicTransform::new(RingRegion::full_sky(nside(n)), lmax).unwrap()
}

/// Normal deviates, real for m = 0.
fn noise(lmax: usize, seed: u64) -> Alm {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut alm = Alm::zeros(lmax);
    for (m, row) in alm.orders_mut().into_iter().enumerate() {
        for a in row {
            let (re, im): (f64, f64) = (StandardNormal.sample(&mut rng), StandardNormal.sample(&mut rng));
            *a = Complex64::new(re, if m == 0 { 0.0 } else { im });
        }
    }
    alm
}

fn white_map(n_pixels: usize, seed: u64) -> Vec<f64> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    (0..n_pixels).map(|_| StandardNormal.sample(&mut rng)).collect()
}

fn synthesise(transform: &HarmonicTransform, alm: &Alm) -> Vec<f64> {
    let mut map = vec![f64::NAN; transform.region().n_pixels()];
    transform.synthesise(alm, &mut map);
    map
}

fn rms(values: &[f64]) -> f64 {
    (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt()
}

/// Largest difference over the rms of the second.
fn error(ours: &[f64], theirs: &[f64]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let largest = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(ours.iter().all(|v| v.is_finite()));
    largest / rms(theirs)
}

fn parts(alm: &Alm) -> Vec<f64> {
    alm.values().iter().flat_map(|a| [a.re, a.im]).collect()
}

/// `sum_lm a conj(b)` over m of both signs, real for real maps.
fn inner(a: &Alm, b: &Alm) -> f64 {
    let order = |m: usize| -> f64 { a.order(m).iter().zip(b.order(m)).map(|(a, b)| (a * b.conj()).re).sum() };
    (0..=a.lmax()).map(|m| order(m) * if m == 0 { 1.0 } else { 2.0 }).sum()
}

/// `lambda_lm(cos theta)` from `l = m` on, by the recursion of one degree a step in plain f64, from `lambda_mm`.
fn slow_lambda(lmax: usize, m: usize, z: f64, sin_theta: f64) -> Vec<f64> {
    let mut lambda_mm = (1.0 / (4.0 * PI)).sqrt();
    for k in 1..=m {
        lambda_mm *= -((2 * k + 1) as f64 / (2 * k) as f64).sqrt() * sin_theta;
    }
    let mut values = vec![lambda_mm];
    let mf = (m * m) as f64;
    for l in m + 1..=lmax {
        let lf = (l * l) as f64;
        let before = ((l - 1) * (l - 1)) as f64;
        let mut next = z * values[l - m - 1];
        if l > m + 1 {
            next -= ((before - mf) / (4.0 * before - 1.0)).sqrt() * values[l - m - 2];
        }
        values.push(next * ((4.0 * lf - 1.0) / (lf - mf)).sqrt());
    }
    values
}

/// Direct sums over all (l, m) for each pixel.
fn slow_synthesis(alm: &Alm, n: Nside) -> Vec<f64> {
    let mut map = Vec::new();
    for ring in n.rings() {
        let (lmax, sin_theta) = (alm.lmax(), ring.sin_theta);
        let orders: Vec<Complex64> = (0..=lmax)
            .map(|m| alm.order(m).iter().zip(slow_lambda(lmax, m, ring.z, sin_theta)).map(|(a, p)| a * p).sum())
            .collect();
        for k in 0..ring.n_pixels {
            let phi = ring.phi_first + 2.0 * PI * k as f64 / ring.n_pixels as f64;
            let term = |m: usize| (orders[m] * Complex64::from_polar(1.0, m as f64 * phi)).re;
            map.push(term(0) + 2.0 * (1..=lmax).map(term).sum::<f64>());
        }
    }
    map
}

#[test]
fn synthesis_agrees_with_direct_sums() {
    for (n, lmax) in [(1, 0), (1, 4), (2, 1), (3, 7), (4, 16), (8, 9), (16, 64), (20, 33)] {
        let alm = noise(lmax, 3);
        let fast = synthesise(&full_sky(n, lmax), &alm);
        let e = error(&fast, &slow_synthesis(&alm, nside(n)));
        assert!(e < TWIN, "nside {n} lmax {lmax}: {e:e}");
    }
}

#[test]
fn analysis_agrees_with_direct_sums() {
    for (n, lmax) in [(1, 2), (3, 9), (8, 20)] {
        let n = nside(n);
        let map = white_map(n.n_pixels() as usize, 4);
        let mut slow = Alm::zeros(lmax);
        for (m, row) in slow.orders_mut().into_iter().enumerate() {
            for ring in n.rings() {
                let mut order = Complex64::default();
                for k in 0..ring.n_pixels {
                    let phi = ring.phi_first + 2.0 * PI * k as f64 / ring.n_pixels as f64;
                    let pixel = map[(ring.first_pixel + k) as usize];
                    order += pixel * n.pixel_area_sr() * Complex64::from_polar(1.0, -(m as f64) * phi);
                }
                for (a, lambda) in row.iter_mut().zip(slow_lambda(lmax, m, ring.z, ring.sin_theta)) {
                    *a += order * lambda;
                }
            }
        }
        let fast = full_sky(n.value(), lmax).analyse(&map, 0).unwrap();
        let e = error(&parts(&fast), &parts(&slow));
        assert!(e < TWIN, "nside {n} lmax {lmax}: {e:e}");
    }
}

/// At high degree the functions are far below the range of an f64 near the poles: a wrong rescaling would show here.
#[test]
fn single_harmonics_of_high_degree_agree_with_the_slow_recursion() {
    // Rings at the pole, in the cap and in the belt.
    let (n, lmax) = (nside(512), 1500);
    for ring in [1, 7, 200, 700, 1024] {
        let transform = HarmonicTransform::new(RingRegion::rings(n, ring..=ring).unwrap(), lmax).unwrap();
        let z = n.ring(ring);
        for (l, orders) in [(1500, [0, 3, 500, 1200, 1500]), (1337, [1, 2, 40, 800, 1337])] {
            for m in orders {
                let mut alm = Alm::zeros(lmax);
                let place = alm.index(l, m);
                alm.values_mut()[place].re = 1.0;
                let map = synthesise(&transform, &alm);
                let expected = log_safe_lambda(l, m, z.z, z.sin_theta);
                // The first pixel's value is lambda cos(m phi_0), twice for m > 0.
                let times = if m == 0 { 1.0 } else { 2.0 };
                let first = times * expected * (m as f64 * z.phi_first).cos();
                assert!((map[0] - first).abs() < 1e-9, "ring {ring} (l, m) = ({l}, {m}): {} {first}", map[0]);
            }
        }
    }
}

/// `lambda_lm` by the one-degree recursion with its exponent kept apart at each step.
fn log_safe_lambda(l: usize, m: usize, z: f64, sin_theta: f64) -> f64 {
    let mut exponent: f64 = m as f64 * sin_theta.ln() - 0.5 * (4.0 * PI).ln();
    for k in 1..=m {
        exponent += 0.5 * ((2 * k + 1) as f64 / (2 * k) as f64).ln();
    }
    let (mut before, mut now) = (0.0, if m.is_multiple_of(2) { 1.0 } else { -1.0 });
    let eps = |l: usize| ((((l * l) - (m * m)) as f64) / ((4 * l * l) as f64 - 1.0)).sqrt();
    for l in m + 1..=l {
        let next = (z * now - if l > m + 1 { eps(l - 1) * before } else { 0.0 }) / eps(l);
        (before, now) = (now, next);
        if now.abs() > 1e100 {
            (before, now, exponent) = (before * 1e-100, now * 1e-100, exponent + 100.0 * 10f64.ln());
        }
    }
    now * exponent.exp()
}

#[test]
fn monopole_and_dipole_are_what_they_are() {
    let transform = full_sky(8, 3);
    let mut alm = Alm::zeros(3);
    alm.values_mut()[0].re = (4.0 * PI).sqrt() * 5.0;
    let z = alm.index(1, 0);
    alm.values_mut()[z].re = (4.0 * PI / 3.0).sqrt() * 2.0;
    let map = synthesise(&transform, &alm);
    for ring in nside(8).rings() {
        for pixel in ring.first_pixel..ring.first_pixel + ring.n_pixels {
            assert!((map[pixel as usize] - (5.0 + 2.0 * ring.z)).abs() < 1e-13);
        }
    }
}

#[test]
fn part_of_the_sphere_is_cut_from_the_whole() {
    let (n, lmax) = (nside(16), 40);
    let alm = noise(lmax, 5);
    let whole = synthesise(&full_sky(16, lmax), &alm);
    let regions = [
        RingRegion::octant(n),
        RingRegion::northern_half(n),
        RingRegion::rings(n, 5..=11).unwrap(),
        RingRegion::rings(n, 30..=50).unwrap(),
        RingRegion::rings(n, 63..=63).unwrap(),
        RingRegion::rings(n, 32..=63).unwrap(),
    ];
    for region in regions {
        let expected: Vec<f64> = region.pixels().map(|pixel| whole[pixel as usize]).collect();
        let transform = HarmonicTransform::new(region, lmax).unwrap();
        let e = error(&synthesise(&transform, &alm), &expected);
        assert!(e < IDENTITY, "{:?}: {e:e}", transform.region());
    }
}

#[test]
fn round_trip_up_to_one_and_a_half_nside() {
    for (n, lmax, iterations, tolerance) in [(32, 48, 3, 2e-5), (32, 48, 8, 1e-9), (64, 64, 3, 5e-7)] {
        let alm = noise(lmax, 6);
        let transform = full_sky(n, lmax);
        let back = transform.analyse(&synthesise(&transform, &alm), iterations).unwrap();
        let e = error(&parts(&back), &parts(&alm));
        assert!(e < tolerance, "nside {n} lmax {lmax}, {iterations} iterations: {e:e}");
    }
}

#[test]
fn same_bits_for_any_number_of_threads() {
    let (n, lmax) = (32, 90);
    let (alm, transform) = (noise(lmax, 7), full_sky(n, lmax));
    let map = white_map(nside(n).n_pixels() as usize, 8);
    let in_pool = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| (synthesise(&transform, &alm), transform.analyse(&map, 1).unwrap()))
    };
    let one = in_pool(1);
    for threads in [2, 3, 7] {
        assert!(in_pool(threads) == one, "{threads} threads");
    }
}

#[test]
fn what_has_no_answer_is_refused() {
    let half = HarmonicTransform::new(RingRegion::northern_half(nside(4)), 4).unwrap();
    assert!(half.analyse(&vec![0f32; half.region().n_pixels()], 0).is_err());
    let octant = HarmonicTransform::new(RingRegion::octant(nside(4)), 4).unwrap();
    assert!(octant.adjoint(&vec![0f32; octant.region().n_pixels()]).is_err());
    let message = HarmonicTransform::new(RingRegion::full_sky(nside(4)), 17).unwrap_err().to_string();
    assert!(message.contains("lmax 17"), "{message}");
}

#[test]
fn an_interrupted_synthesis_stops() {
    let transform = full_sky(8, 8);
    let mut calls = 0;
    let outcome = transform.synthesise_watched(&noise(8, 9), &mut [0f32; 768], &mut |progress| {
        calls += 1;
        assert_eq!((progress.done, progress.total), (calls, 1));
        std::ops::ControlFlow::Break(())
    });
    assert!(outcome.is_break() && calls == 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// `<S a, f>_pixels area = <a, S^T f>`, of whole and part skies.
    #[test]
    fn analysis_is_the_adjoint_of_synthesis(n in 1u64..20, ratio in 0.0..4.0f64, first in 0.0..1.0f64, seed in 0u64..1000) {
        let n = nside(n);
        let lmax = (ratio * n.value() as f64) as usize;
        let first_ring = 1 + (first * n.n_rings() as f64) as u64;
        for region in [RingRegion::full_sky(n), RingRegion::rings(n, first_ring..=n.n_rings()).unwrap()] {
            let transform = HarmonicTransform::new(region, lmax).unwrap();
            let (alm, map) = (noise(lmax, seed), white_map(transform.region().n_pixels(), seed + 1));
            let sky: f64 = synthesise(&transform, &alm).iter().zip(&map).map(|(a, b)| a * b).sum();
            let back = transform.adjoint(&map).unwrap();
            let (left, right) = (sky * n.pixel_area_sr(), inner(&alm, &back));
            let scale = (inner(&alm, &alm) * inner(&back, &back)).sqrt();
            prop_assert!((left - right).abs() < IDENTITY * scale, "{} {}", left, right);
        }
    }

    /// Turning the sky by a whole number of equatorial pixels about z turns the phases, `a_lm exp(-i m alpha)`: on rings
    /// of the belt the map moves along by that number.
    #[test]
    fn a_turn_about_the_axis_is_a_shift_of_phase(steps in 0usize..32, seed in 0u64..1000) {
        let (n, lmax) = (nside(8), 20);
        let transform = HarmonicTransform::new(RingRegion::rings(n, 8..=24).unwrap(), lmax).unwrap();
        let alm = noise(lmax, seed);
        let mut turned = alm.clone();
        let alpha = 2.0 * PI * steps as f64 / 32.0;
        for (m, row) in turned.orders_mut().into_iter().enumerate() {
            row.iter_mut().for_each(|a| *a *= Complex64::from_polar(1.0, -(m as f64) * alpha));
        }
        let mut map = synthesise(&transform, &alm);
        map.chunks_mut(32).for_each(|ring| ring.rotate_right(steps));
        prop_assert!(error(&synthesise(&transform, &turned), &map) < TWIN);
    }

    /// Parseval: the mean square of a finely sampled map is that of its coefficients.
    #[test]
    fn mean_square_of_map_and_coefficients_agree(lmax in 1usize..16, seed in 0u64..1000) {
        let alm = noise(lmax, seed);
        let map = synthesise(&full_sky(64, lmax), &alm);
        // The pixels' quadrature is good to 1e-4 at l = 0.5 nside, as the sum over pixels of a product of two Y_lm.
        prop_assert!((rms(&map).powi(2) / alm.mean_square() - 1.0).abs() < 2e-4);
    }
}

/// `(i p mod q) / q - 1/2`, as `golden/make_sht.py` has it.
fn fraction(i: usize, p: usize, q: usize) -> f64 {
    (i * p % q) as f64 / q as f64 - 0.5
}

fn golden_coefficients(lmax: usize) -> Alm {
    let value = |i: usize| {
        let im = if i <= lmax { 0.0 } else { fraction(i, 104_729, 1013) };
        Complex64::new(fraction(i, 7919, 1009), im)
    };
    Alm::from_values((0..Alm::len_of(lmax)).map(value).collect()).unwrap()
}

fn golden_map(n: u64) -> Vec<f64> {
    (0..nside(n).n_pixels() as usize).map(|i| fraction(i, 7919, 1009)).collect()
}

/// Rows of a golden file by their key columns, the first two of which are nside and lmax.
fn golden_rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().skip(2).map(|line| line.split(',').collect())
}

/// Through each set of instructions that this processor has: the scalar one is what other processors take.
fn for_each_set(test: impl Fn(&dyn Fn(HarmonicTransform) -> HarmonicTransform)) {
    assert!(Instructions::available().contains(&Instructions::Scalar));
    for set in Instructions::available() {
        test(&move |transform| transform.with_instructions(set).expect("an available set"));
    }
}

#[test]
fn maps_agree_with_healpy_and_ducc0() {
    for_each_set(|set| maps_agree(set));
}

fn maps_agree(set: &dyn Fn(HarmonicTransform) -> HarmonicTransform) {
    let mut case = (0, 0);
    let (mut map, mut scale) = (Vec::new(), 0.0);
    for row in golden_rows(include_str!("golden/sht_map.csv")) {
        let key: (u64, usize) = (row[0].parse().unwrap(), row[1].parse().unwrap());
        if case != key {
            case = key;
            map = synthesise(&set(full_sky(key.0, key.1)), &golden_coefficients(key.1));
            scale = rms(&map);
        }
        let value = match row[2] {
            "rms" => scale,
            "projection" => map.iter().zip(golden_map(key.0)).map(|(a, b)| a * b).sum::<f64>() / map.len() as f64,
            pixel => map[pixel.parse::<usize>().unwrap()],
        };
        let expected: f64 = row[3].parse().unwrap();
        assert!((value - expected).abs() < GOLDEN * scale, "{row:?}: {value}, off by {:e}", (value - expected) / scale);
    }
    assert_eq!(case, (512, 1500));
}

#[test]
fn coefficients_agree_with_healpy_and_ducc0() {
    for_each_set(|set| coefficients_agree(set));
}

fn coefficients_agree(set: &dyn Fn(HarmonicTransform) -> HarmonicTransform) {
    let mut case = (0, 0, 0);
    let (mut alm, mut scale) = (Alm::zeros(0), 0.0);
    for row in golden_rows(include_str!("golden/sht_alm.csv")) {
        let key: (u64, usize, usize) = (row[0].parse().unwrap(), row[1].parse().unwrap(), row[2].parse().unwrap());
        if case != key {
            case = key;
            alm = set(full_sky(key.0, key.1)).analyse(&golden_map(key.0), key.2).unwrap();
            scale = (alm.values().iter().map(Complex64::norm_sqr).sum::<f64>() / alm.values().len() as f64).sqrt();
        }
        let value = match row[3] {
            "rms" => Complex64::new(scale, 0.0),
            place => alm.values()[place.parse::<usize>().unwrap()],
        };
        let expected = Complex64::new(row[4].parse().unwrap(), row[5].parse().unwrap());
        assert!((value - expected).norm() < GOLDEN * scale, "{row:?}: {value}");
    }
    assert_eq!(case, (512, 1500, 3));
}
