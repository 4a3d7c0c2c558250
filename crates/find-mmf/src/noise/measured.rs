//! Noise measured from the maps themselves.

use super::NoiseCovariance;
use super::band_limit::band_limit;
use crate::grid::Grid;
use num_complex::Complex;
use rayon::prelude::*;

/// Narrowest bin in ell.
const BIN_WIDTH: f64 = 50.0;
/// Width of the Gaussian that smooths the spectra, in bins.
const SMOOTHING_BINS: f64 = 1.5;
/// Coherence between bands is held below this: sample noise must not make bands cancel perfectly.
const MAX_COHERENCE: f64 = 0.999;
/// Noise power given to a band beyond its band limit, relative to its largest.
const BEYOND_LIMIT: f64 = 1e6;
/// Columns that one partial sum covers; fixed, so that sums have one order.
const CHUNK_COLUMNS: usize = 32;

/// Binned and smoothed cross spectra, linear between bin centres.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasuredNoise {
    n_bands: usize,
    bin_width: f64,
    /// Matrices `[bin][i * n_bands + j]` in map units times steradian.
    bins: Vec<f64>,
    /// Where each band's power ends, if it does.
    limits: BandLimits,
}

/// Where the power of each band ends, if it does.
#[derive(Clone, Debug, PartialEq)]
pub struct BandLimits(Vec<Option<f64>>);

impl BandLimits {
    fn find(bins: &[Vec<f64>], n_bands: usize, bin_width: f64) -> Self {
        let limit = |band: usize| {
            let power: Vec<f64> = bins.iter().map(|m| m[band * n_bands + band]).collect();
            band_limit(&power, bin_width)
        };
        Self((0..n_bands).map(limit).collect())
    }
}

impl MeasuredNoise {
    /// Measures from half spectra of windowed maps, one a band; `window_area_sr` is the integral of the window squared.
    ///
    /// Powers are smoothed in the logarithm (they fall by decades over a bin or two at a band limit), coherences
    /// linearly, so that every matrix stays positive definite. `None` when a band has no power at all.
    pub fn from_spectra(grid: &Grid, spectra: &[Vec<Complex<f32>>], window_area_sr: f64) -> Option<Self> {
        Self::measure(grid, spectra, window_area_sr, None)
    }

    /// The same with the band limits of an earlier measurement: filling holes and dividing out gains puts a little
    /// power beyond the limit of the map as it was given.
    pub fn from_spectra_within(
        grid: &Grid,
        spectra: &[Vec<Complex<f32>>],
        window_area_sr: f64,
        limits: &BandLimits,
    ) -> Option<Self> {
        Self::measure(grid, spectra, window_area_sr, Some(limits))
    }

    fn measure(
        grid: &Grid,
        spectra: &[Vec<Complex<f32>>],
        window_area_sr: f64,
        known: Option<&BandLimits>,
    ) -> Option<Self> {
        let bin_width = BIN_WIDTH.max(1.5 * grid.ell(1, 0).max(grid.ell(0, 1)));
        let raw = bin_products(grid, spectra, bin_width, window_area_sr);
        let n_bands = spectra.len();
        if (0..n_bands).any(|b| raw.matrices.iter().all(|m| m[b * n_bands + b] <= 0.0)) {
            return None;
        }
        let mut bins = smooth(&raw, n_bands);
        let limits = known.cloned().unwrap_or_else(|| BandLimits::find(&bins, n_bands, bin_width));
        for (band, limit) in limits.0.iter().enumerate() {
            if let Some(limit) = limit {
                silence_beyond(&mut bins, band, n_bands, (limit / bin_width).ceil() as usize);
            }
        }
        Some(Self { n_bands, bin_width, bins: bins.concat(), limits })
    }

    /// The multipole beyond which no band has any power, if every band is limited.
    pub fn ell_limit(&self) -> Option<f64> {
        self.limits.0.iter().copied().try_fold(0.0, |max: f64, limit| Some(max.max(limit?)))
    }

    /// Where the power of each band ends.
    pub fn limits(&self) -> &BandLimits {
        &self.limits
    }

    /// Noise level `sqrt(N_bb)` of a band at a multipole, in map unit times arcmin.
    pub fn level_arcmin(&self, band: usize, ell: f64) -> f64 {
        let mut matrix = vec![0.0; self.n_bands * self.n_bands];
        self.covariance(ell, &mut matrix);
        arcmin_units::Radian::new(matrix[band * (self.n_bands + 1)].sqrt()).to_arcmin().value()
    }
}

impl NoiseCovariance for MeasuredNoise {
    fn n_bands(&self) -> usize {
        self.n_bands
    }

    fn covariance(&self, ell: f64, matrix: &mut [f64]) {
        let n = matrix.len();
        let last = self.bins.len() / n - 1;
        let at = (ell / self.bin_width - 0.5).clamp(0.0, last as f64);
        let bin = (at as usize).min(last.saturating_sub(1));
        let frac = at - bin as f64;
        let upper = &self.bins[(bin + 1).min(last) * n..];
        for (i, value) in matrix.iter_mut().enumerate() {
            *value = self.bins[bin * n + i] * (1.0 - frac) + upper[i] * frac;
        }
    }
}

/// Raw bins.
struct Binned {
    matrices: Vec<Vec<f64>>,
    counts: Vec<f64>,
}

fn bin_products(grid: &Grid, spectra: &[Vec<Complex<f32>>], bin_width: f64, window_area_sr: f64) -> Binned {
    let n_bands = spectra.len();
    let n_bins = (grid.ell_max() / bin_width) as usize + 1;
    let width = n_bands * n_bands + 1;
    let columns: Vec<usize> = (0..=grid.nx() / 2).collect();
    let partials: Vec<Vec<f64>> = columns
        .par_chunks(CHUNK_COLUMNS)
        .map(|columns| {
            let mut sums = vec![0.0; n_bins * width];
            columns.iter().for_each(|&kx| add_column(grid, spectra, bin_width, kx, &mut sums));
            sums
        })
        .collect();
    let mut total = vec![0.0; n_bins * width];
    for partial in &partials {
        total.iter_mut().zip(partial).for_each(|(t, p)| *t += p);
    }
    let norm = grid.pixel_rad().powi(4) / window_area_sr;
    let counts: Vec<f64> = total.chunks(width).map(|bin| bin[width - 1]).collect();
    let mean = |bin: &[f64]| bin[..width - 1].iter().map(|sum| sum * norm / bin[width - 1].max(1.0)).collect();
    Binned { matrices: total.chunks(width).map(mean).collect(), counts }
}

fn add_column(grid: &Grid, spectra: &[Vec<Complex<f32>>], bin_width: f64, kx: usize, sums: &mut [f64]) {
    let (ny, n_bands) = (grid.ny(), spectra.len());
    let width = n_bands * n_bands + 1;
    let modes = if kx == 0 || 2 * kx == grid.nx() { 1.0 } else { 2.0 };
    for ky in 0..ny {
        let bin = &mut sums[(grid.ell(kx, ky) / bin_width) as usize * width..][..width];
        bin[width - 1] += modes;
        for i in 0..n_bands {
            let a = spectra[i][kx * ny + ky];
            for j in i..n_bands {
                let b = spectra[j][kx * ny + ky];
                let product = f64::from(a.re) * f64::from(b.re) + f64::from(a.im) * f64::from(b.im);
                bin[i * n_bands + j] += modes * product;
                if j > i {
                    bin[j * n_bands + i] += modes * product;
                }
            }
        }
    }
}

/// Smooths log powers and coherences over neighbouring bins, weighted by their numbers of modes.
fn smooth(raw: &Binned, n_bands: usize) -> Vec<Vec<f64>> {
    let reach = (4.0 * SMOOTHING_BINS) as usize;
    let n_bins = raw.matrices.len();
    (0..n_bins)
        .map(|bin| {
            let near = bin.saturating_sub(reach)..(bin + reach + 1).min(n_bins);
            smooth_bin(raw, n_bands, bin, near)
        })
        .collect()
}

fn smooth_bin(raw: &Binned, n_bands: usize, bin: usize, near: std::ops::Range<usize>) -> Vec<f64> {
    let mut weight_sum = 0.0;
    let mut mean = vec![0.0; n_bands * n_bands];
    for other in near {
        let matrix = &raw.matrices[other];
        let power = |b: usize| matrix[b * n_bands + b];
        if raw.counts[other] == 0.0 || (0..n_bands).any(|b| power(b) <= 0.0) {
            continue;
        }
        let distance = (other as f64 - bin as f64) / SMOOTHING_BINS;
        // Far bins stand in only where nearer ones hold no mode (the floor keeps the sum above zero).
        let weight = (-0.5 * distance * distance).exp().max(1e-12) * raw.counts[other];
        weight_sum += weight;
        for i in 0..n_bands {
            mean[i * n_bands + i] += weight * power(i).ln();
            for j in (0..n_bands).filter(|&j| j != i) {
                mean[i * n_bands + j] += weight * matrix[i * n_bands + j] / (power(i) * power(j)).sqrt();
            }
        }
    }
    mean.iter_mut().for_each(|value| *value /= weight_sum.max(f64::MIN_POSITIVE));
    let level: Vec<f64> = (0..n_bands).map(|b| (0.5 * mean[b * n_bands + b]).exp()).collect();
    for i in 0..n_bands {
        for j in 0..n_bands {
            let coherence = if i == j { 1.0 } else { mean[i * n_bands + j] * MAX_COHERENCE };
            mean[i * n_bands + j] = coherence * level[i] * level[j];
        }
    }
    mean
}

/// Makes a band useless from a bin on: large noise, no correlation with the others.
fn silence_beyond(bins: &mut [Vec<f64>], band: usize, n_bands: usize, first: usize) {
    let largest = bins.iter().map(|m| m[band * n_bands + band]).fold(0.0, f64::max);
    for matrix in bins.iter_mut().skip(first) {
        for other in 0..n_bands {
            matrix[band * n_bands + other] = 0.0;
            matrix[other * n_bands + band] = 0.0;
        }
        matrix[band * n_bands + band] = BEYOND_LIMIT * largest;
    }
}
