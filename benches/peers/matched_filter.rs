//! The matched filter of 3 bands and 12 scales with its noise given, the work of `mmf.py`.

use anyhow::Result;
use arcmin_fft::{RealFft2, Scratch};
use arcmin_find_mmf::filter::{BandWeights, EllRange};
use arcmin_find_mmf::grid::Grid;
use arcmin_find_mmf::noise::NoiseCovariance;
use arcmin_find_mmf::response::BandResponse;
use arcmin_find_mmf::template::{Sampling, Template, Work};
use arcmin_maps::Beam;
use arcmin_units::Arcmin;
use num_complex::Complex;
use rayon::prelude::*;

const N_SCALES: u8 = 12;
const PIXEL: Arcmin = Arcmin::new(0.5);
const FWHM_ARCMIN: [f64; 3] = [1.6, 1.2, 1.0];
const RESPONSE_UK: [f64; 3] = [-4.25e6, -2.63e6, -0.1e6];
const NOISE_UK_ARCMIN: [f64; 3] = [2.8, 2.6, 6.6];

/// A red sky through the beams, and white noise.
struct Noise(Vec<Beam>);

impl NoiseCovariance for Noise {
    fn n_bands(&self) -> usize {
        self.0.len()
    }

    fn covariance(&self, ell: f64, matrix: &mut [f64]) {
        let n = self.n_bands();
        let sky = 5e-4 * 1e6 / (ell * ell + 1e6) * (-(ell / 3e3).powi(2)).exp() + 2e-6;
        let transfer: [f64; 3] = std::array::from_fn(|band| self.0[band].transfer(ell));
        for i in 0..n {
            for j in 0..n {
                matrix[i * n + j] = sky * transfer[i] * transfer[j];
            }
            matrix[i * n + i] += (NOISE_UK_ARCMIN[i] * Arcmin::new(1.0).to_rad().value()).powi(2);
        }
    }
}

/// The highest signal-to-noise ratio of each pixel over the scales, and the scale that has it.
pub(crate) struct Best {
    pub(crate) snr: Vec<f32>,
    pub(crate) scale: Vec<u8>,
}

/// Three maps of the same pixels that `mmf.py` makes.
pub(crate) fn maps(n: usize) -> (usize, Vec<Vec<f32>>) {
    let pixel = |i: usize, factor: usize| ((i * factor % 1_000_003 * 7919 % 1009) as f32 / 1009.0 - 0.5) * 10.0;
    (n, [31, 37, 41].map(|factor| (0..n * n).map(|i| pixel(i, factor)).collect()).to_vec())
}

/// Filters the maps at every scale.
pub(crate) fn run((n, maps): &(usize, Vec<Vec<f32>>)) -> Result<Best> {
    let grid = Grid::new(*n, *n, PIXEL.to_rad().value())?;
    let fft: RealFft2<f32> = grid.plan()?;
    let beams = FWHM_ARCMIN.map(|fwhm| Beam::gaussian(Arcmin::new(fwhm)));
    let beams = beams.into_iter().collect::<Result<Vec<_>, _>>()?;
    let responses: Vec<_> =
        RESPONSE_UK.iter().zip(&beams).map(|(&per_y, beam)| BandResponse { per_y, beam: beam.clone() }).collect();
    let weights = BandWeights::along_radius(&grid, &responses, &Noise(beams), EllRange::ALL)?;
    let mut scratch = fft.make_scratch();
    let mut spectrum = vec![Complex::default(); fft.spectrum_len()];
    let combined = combine(&grid, &fft, &weights, maps, &mut spectrum, &mut scratch);
    drop(spectrum);
    let mut best = Best { snr: vec![f32::NEG_INFINITY; n * n], scale: vec![0; n * n] };
    let mut snr = vec![0.0; n * n];
    for scale in 0..N_SCALES {
        let template = Template::beta(Arcmin::new(0.25 * f64::from(scale + 1)));
        let work = Work { map: &mut snr, scratch: &mut scratch };
        let tau = template.transform(&grid, Sampling::Centre, &fft, work);
        weights.filter(&fft, &combined, &tau, weights.sigma(&grid, &tau), &mut snr, &mut scratch);
        best.update(&snr, scale);
    }
    Ok(best)
}

/// The weighted sum of the bands' half spectra.
fn combine(
    grid: &Grid,
    fft: &RealFft2<f32>,
    weights: &BandWeights<f32>,
    maps: &[Vec<f32>],
    spectrum: &mut [Complex<f32>],
    scratch: &mut Scratch<f32>,
) -> Vec<Complex<f32>> {
    let mut combined = vec![Complex::default(); fft.spectrum_len()];
    for (band, map) in maps.iter().enumerate() {
        fft.forward(map, spectrum, scratch);
        weights.accumulate(grid, band, spectrum, &mut combined);
    }
    combined
}

impl Best {
    fn update(&mut self, snr: &[f32], scale: u8) {
        self.snr.par_iter_mut().zip(&mut self.scale).zip(snr).with_min_len(1 << 14).for_each(
            |((best, best_scale), &v)| {
                let better = v > *best;
                *best = if better { v } else { *best };
                *best_scale = if better { scale } else { *best_scale };
            },
        );
    }
}
