//! The covariance beside its slow, obvious twin: a matrix of sums over all modes, solved by Cholesky.

use arcmin_mass_likelihood::{Error, GaussianSky, SquareGrid};
use arcmin_units::Arcmin;
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::f64::consts::PI;

const GRID: SquareGrid = SquareGrid { n_kept: 5, n_simulated: 12, pixel: Arcmin::new(0.5) };
const NOISE_UK_ARCMIN: [f64; 2] = [5.0, 8.0];

/// Two bands with a common and an own part.
fn power_uk2_sr(a: usize, b: usize, ell: f64) -> f64 {
    let common = 3e-4 / (1.0 + (ell / 2000.0).powi(2));
    common * [1.0, 0.6][a] * [1.0, 0.6][b] + if a == b { 2e-5 } else { 0.0 }
}

fn sky() -> GaussianSky {
    GaussianSky::new(GRID, &NOISE_UK_ARCMIN, power_uk2_sr).expect("a sky")
}

/// `C` by definition, `[band, y, x]` twice.
fn matrix() -> Vec<Vec<f64>> {
    let SquareGrid { n_kept, n_simulated, pixel } = GRID;
    let pixel_rad = pixel.to_rad().value();
    let n = n_simulated as i32;
    let xi = |a: usize, b: usize, dx: f64, dy: f64| -> f64 {
        let mut sum = 0.0;
        for ky in -n / 2..n / 2 {
            for kx in -n / 2..n / 2 {
                if (kx, ky) == (0, 0) {
                    continue;
                }
                let step = 2.0 * PI / (f64::from(n) * pixel_rad);
                let ell = step * f64::from(kx).hypot(f64::from(ky));
                // Power is tabulated at whole multipoles, as skies are drawn.
                let (low, part) = (ell.floor(), ell - ell.floor());
                let power = (1.0 - part) * power_uk2_sr(a, b, low) + part * power_uk2_sr(a, b, low + 1.0);
                sum += power * (2.0 * PI * (f64::from(kx) * dx + f64::from(ky) * dy) / f64::from(n)).cos();
            }
        }
        sum / (f64::from(n * n) * pixel_rad * pixel_rad)
    };
    let n_pixels = n_kept * n_kept;
    let element = |i: usize, j: usize| {
        let (a, b) = (i / n_pixels, j / n_pixels);
        let at = |k: usize| ((k % n_pixels % n_kept) as f64, (k % n_pixels / n_kept) as f64);
        let ((xi_x, xi_y), (xj_x, xj_y)) = (at(i), at(j));
        let noise = if i == j { (NOISE_UK_ARCMIN[a] / pixel.value()).powi(2) } else { 0.0 };
        xi(a, b, xi_x - xj_x, xi_y - xj_y) + noise
    };
    (0..2 * n_pixels).map(|i| (0..2 * n_pixels).map(|j| element(i, j)).collect()).collect()
}

fn vector(seed: u64) -> Vec<f64> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    (0..2 * GRID.n_kept * GRID.n_kept).map(|_| StandardNormal.sample(&mut rng)).collect()
}

fn times(matrix: &[Vec<f64>], v: &[f64]) -> Vec<f64> {
    matrix.iter().map(|row| row.iter().zip(v).map(|(a, b)| a * b).sum()).collect()
}

/// Solves by Gaussian elimination; the matrix is positive definite.
fn eliminate(mut matrix: Vec<Vec<f64>>, mut v: Vec<f64>) -> Vec<f64> {
    let n = v.len();
    for i in 0..n {
        for j in i + 1..n {
            let factor = matrix[j][i] / matrix[i][i];
            let (above, below) = matrix.split_at_mut(j);
            below[0].iter_mut().zip(&above[i]).for_each(|(b, a)| *b -= factor * a);
            v[j] -= factor * v[i];
        }
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| matrix[i][j] * v[j]).sum();
        v[i] = (v[i] - known) / matrix[i][i];
    }
    v
}

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    let scale = b.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    a.iter().zip(b).fold(0.0f64, |most, (a, b)| most.max((a - b).abs())) / scale
}

#[test]
fn product_is_that_of_the_matrix() {
    let (sky, matrix) = (sky(), matrix());
    assert_eq!(sky.len(), 50);
    let v = vector(1);
    assert!(largest_difference(&sky.times(&v), &times(&matrix, &v)) < 1e-11);
}

#[test]
fn inverse_is_that_of_the_matrix() {
    let v = vector(2);
    let solved = sky().solve(&v).expect("there is noise");
    assert!(largest_difference(&solved, &eliminate(matrix(), v)) < 1e-8);
}

#[test]
fn product_is_symmetric() {
    let (sky, a, b) = (sky(), vector(3), vector(4));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (ab, ba) = (dot(&a, &sky.times(&b)), dot(&b, &sky.times(&a)));
    assert!((ab - ba).abs() < 1e-10 * ab.abs().max(1.0));
}

#[test]
fn what_cannot_be_solved_is_told() {
    assert!(matches!(sky().solve(&[1.0; 3]), Err(Error::Length { expected: 50, got: 3, .. })));
    // Two bands that see one field without noise: no inverse.
    let singular = GaussianSky::new(GRID, &[0.0, 0.0], |_, _, _| 1e-4).expect("a sky");
    let refused = singular.solve(&vector(5)).expect_err("singular").to_string();
    assert!(refused.contains("give the sky some noise"), "{refused}");
}
