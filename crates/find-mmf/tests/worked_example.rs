//! The filter against an independent numpy computation in double precision.
#![allow(clippy::print_stdout)] // A test that is skipped says so.

mod common;

use arcmin_fft::RealFft2;
use arcmin_find_mmf::filter::{BandWeights, EllRange};
use arcmin_find_mmf::grid::Grid;
use arcmin_find_mmf::noise::NoiseCovariance;
use arcmin_find_mmf::response::BandResponse;
use arcmin_find_mmf::template::{Sampling, Template, Work};
use arcmin_maps::Beam;
use arcmin_sky::spectra::{Spectrum, cmb_lensed_tt};
use arcmin_sky::sz::{tsz_g, tsz_uk_per_y};
use arcmin_units::{Arcmin, Ghz};
use num_complex::Complex;
use std::f64::consts::PI;

const N: usize = 128;
const PIXEL_ARCMIN: f64 = 0.5;
/// GHz, white noise in uK arcmin, point sources D_3000 in uK^2.
const BANDS: [(f64, f64, f64); 3] = [(90.0, 2.8, 2.7), (148.0, 2.6, 8.8), (219.0, 6.6, 71.0)];

/// Relative tolerance with the analytic CMB: both sides are double precision.
const TOLERANCE_ANALYTIC: f64 = 1e-8;
/// With the tabulated CMB: the shipped table is not the file that the golden values were made with, digit for digit.
const TOLERANCE_TABLE: f64 = 1e-6;

/// The noise of the example, written out once more and independently of `ModelNoise`.
struct ExampleNoise {
    bands: Vec<(f64, f64, f64)>,
    beam: Beam,
    sources_correlated: bool,
    cmb: Option<Spectrum>,
}

fn c_per_d(ell: f64) -> f64 {
    2.0 * PI / (ell * (ell + 1.0))
}

impl NoiseCovariance for ExampleNoise {
    fn n_bands(&self) -> usize {
        self.bands.len()
    }

    fn covariance(&self, ell: f64, matrix: &mut [f64]) {
        let l = ell.max(2.0);
        let cmb = match &self.cmb {
            Some(table) => table.c_ell(l),
            None => c_per_d(l) * (2000.0 * (-(l / 1300.0).powf(1.8)).exp() + 0.3),
        };
        let g = |nu: f64| tsz_g(Ghz::new(nu));
        let beam_squared = self.beam.transfer(l).powi(2);
        let n = self.bands.len();
        for (i, &(nu_i, white_i, sources_i)) in self.bands.iter().enumerate() {
            for (j, &(nu_j, _, sources_j)) in self.bands.iter().enumerate() {
                let correlated = i == j || self.sources_correlated;
                let sources = if correlated { (sources_i * sources_j).sqrt() * c_per_d(3000.0) } else { 0.0 };
                let sz = 3.6 * g(nu_i) * g(nu_j) / g(90.0).powi(2);
                let sky = cmb + c_per_d(l) * (2.0 + sz) + sources;
                let white = if i == j { (white_i * Arcmin::new(1.0).to_rad().value()).powi(2) } else { 0.0 };
                matrix[i * n + j] = sky * beam_squared + white;
            }
        }
    }
}

fn example(case: &str, bands: &str) -> (ExampleNoise, Vec<BandResponse>) {
    let bands: Vec<_> = BANDS.iter().copied().filter(|b| bands.split('+').any(|nu| nu == b.0.to_string())).collect();
    let beam = if case.contains("beam1") { Beam::gaussian(Arcmin::new(1.0)).unwrap() } else { Beam::Delta };
    let responses =
        bands.iter().map(|b| BandResponse { per_y: tsz_uk_per_y(Ghz::new(b.0)), beam: beam.clone() }).collect();
    let cmb = case.starts_with("camb_table").then(cmb_lensed_tt);
    (ExampleNoise { bands, beam, sources_correlated: case.contains("_corrPS"), cmb }, responses)
}

struct Filtered {
    grid: Grid,
    fft: RealFft2<f64>,
    tau: Vec<f64>,
}

fn template() -> Filtered {
    let grid = Grid::new(N, N, Arcmin::new(PIXEL_ARCMIN).to_rad().value()).unwrap();
    let fft: RealFft2<f64> = grid.plan().unwrap();
    let mut map = vec![0.0; N * N];
    let mut scratch = fft.make_scratch();
    let work = Work { map: &mut map, scratch: &mut scratch };
    let tau = Template::beta(Arcmin::new(0.5)).transform(&grid, Sampling::Centre, &fft, work);
    Filtered { grid, fft, tau }
}

#[test]
fn noise_of_y_equals_the_independent_computation() {
    let Filtered { grid, tau, .. } = template();
    let rows = common::golden_rows(include_str!("golden/worked_example.csv"));
    assert_eq!(rows.len(), 42);
    for row in rows {
        let (noise, responses) = example(row[0], row[1]);
        let weights = BandWeights::<f64>::new(&grid, &responses, &noise, EllRange::ALL).unwrap();
        let (sigma, golden): (f64, f64) = (weights.sigma(&grid, &tau), row[2].parse().unwrap());
        let tolerance = if row[0].starts_with("camb") { TOLERANCE_TABLE } else { TOLERANCE_ANALYTIC };
        let error = (sigma / golden - 1.0).abs();
        assert!(error < tolerance, "{} {}: {sigma:e}, golden {golden:e}, off by {error:.1e}", row[0], row[1]);
    }
}

#[test]
fn amplitude_of_the_template_itself_is_one() {
    let Filtered { grid, fft, tau } = template();
    for case in ["analytic_cmb/beam1_corrPS", "analytic_cmb/nobeam_uncorrPS"] {
        let (noise, responses) = example(case, "90+148+219");
        let weights = BandWeights::<f64>::new(&grid, &responses, &noise, EllRange::ALL).unwrap();
        let sigma = weights.sigma(&grid, &tau);
        let mut combined = vec![Complex::default(); fft.spectrum_len()];
        for (band, response) in responses.iter().enumerate() {
            let mut signal = vec![Complex::default(); fft.spectrum_len()];
            for kx in 0..=N / 2 {
                for ky in 0..N {
                    let per_pixel = tau[kx * grid.n_quarter() + ky.min(N - ky)] / grid.pixel_rad().powi(2);
                    signal[kx * N + ky] = Complex::new(per_pixel * response.at(grid.ell(kx, ky)), 0.0);
                }
            }
            weights.accumulate(&grid, band, &signal, &mut combined);
        }
        let mut y = vec![0.0; N * N];
        weights.filter(&fft, &combined, &tau, sigma * sigma, &mut y, &mut fft.make_scratch());
        assert!((y[0] - 1.0).abs() < 1e-10, "{case}: {}", y[0]);
        assert!(y.iter().skip(1).all(|&v| v < y[0]), "{case}: the peak is at the template's centre");
    }
}

/// Compares whole arrays, with the files that `ARCMIN_DATA` names.
#[test]
fn template_noise_and_kernel_equal_the_reference_arrays() {
    let Some(folder) = std::env::var_os("ARCMIN_DATA") else {
        println!("skipped: ARCMIN_DATA is not set");
        return;
    };
    let read = |name: &str| -> Vec<f64> {
        let bytes = std::fs::read(std::path::Path::new(&folder).join("reference").join(name)).unwrap();
        bytes.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
    };
    let Filtered { grid, fft, tau } = template();
    let (noise, responses) = example("analytic_cmb/nobeam_corrPS", "90+148+219");
    let golden_noise = read("mf_ncov_6x128x128_f64le.bin");
    let mut matrix = [0.0; 9];
    for (plane, (i, j)) in [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)].into_iter().enumerate() {
        for ky in 0..N {
            for kx in 0..=N / 2 {
                noise.covariance(grid.ell(kx, ky), &mut matrix);
                let golden = golden_noise[plane * N * N + ky * N + kx];
                assert!((matrix[i * 3 + j] / golden - 1.0).abs() < TOLERANCE_ANALYTIC, "N_{i}{j} at {kx} {ky}");
            }
        }
    }
    let weights = BandWeights::<f64>::new(&grid, &responses, &noise, EllRange::ALL).unwrap();
    let sigma = weights.sigma(&grid, &tau);
    let golden_kernel = read("mf_filter_kernel_3x128x128_f64le.bin");
    let scale = golden_kernel.iter().fold(0.0_f64, |max, v| max.max(v.abs()));
    for band in 0..3 {
        let values = weights.kernel(band, &tau, sigma);
        let spectrum: Vec<Complex<f64>> = (0..fft.spectrum_len())
            .map(|at| Complex::new(values[at / N * grid.n_quarter() + (at % N).min(N - at % N)], 0.0))
            .collect();
        let mut kernel = vec![0.0; N * N];
        fft.inverse(&spectrum, &mut kernel, &mut fft.make_scratch());
        for y in 0..N {
            for x in 0..N {
                let ours = kernel[(y + N / 2) % N * N + (x + N / 2) % N] / grid.pixel_rad().powi(2);
                let golden = golden_kernel[band * N * N + y * N + x];
                assert!((ours - golden).abs() < TOLERANCE_ANALYTIC * scale, "kernel {band} at {x} {y}");
            }
        }
    }
}
