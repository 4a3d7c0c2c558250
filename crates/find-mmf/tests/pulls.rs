//! Error bars on skies with the foregrounds of George et al. 2015, correlated between bands: pulls have mean 0, variance 1.

mod common;

use arcmin_fft::{RealFft2, Wavenumbers};
use arcmin_find_mmf::config::NoiseConfig;
use arcmin_find_mmf::noise::ModelNoise;
use arcmin_find_mmf::noise::model::SkyModel;
use arcmin_find_mmf::{Amplitude, MatchedFilter, MatchedFilterConfig, Template};
use arcmin_maps::{Band, Beam, Geometry, Mask, Observation, PixelPosition};
use arcmin_sky::sz::tsz_uk_per_y;
use arcmin_units::{Arcmin, Ghz, Radian};
use num_complex::Complex;

const N: usize = 512;
const PIXEL_ARCMIN: f64 = 0.5;
/// GHz, beam in arcmin, white noise in uK arcmin.
const BANDS: [(f64, f64, f64); 3] = [(95.0, 1.6, 10.0), (150.0, 1.2, 7.0), (220.0, 1.0, 18.0)];
const CORES_ARCMIN: [f64; 3] = [0.5, 1.0, 2.0];
const Y_C: f64 = 3e-5;
/// Clusters a side of a sky, 32 arcmin apart: the noise of two of them has nothing in common under these templates.
const N_SIDE: usize = 8;
const SEEDS: [u64; 5] = [101, 102, 103, 104, 105];

fn bands(geometry: &Geometry, maps: Vec<Vec<f32>>) -> Vec<Band> {
    let band = |((nu, fwhm, noise), map): ((f64, f64, f64), Vec<f32>)| {
        common::temperature_band(nu, Some(noise), Beam::gaussian(Arcmin::new(fwhm)).unwrap(), geometry, map)
    };
    BANDS.into_iter().zip(maps).map(band).collect()
}

/// Where clusters are: on pixels, as are the templates, so that the pulls tell of the errors and not of the sampling.
fn place(i: usize) -> (f64, f64) {
    (32.0 + 64.0 * (i % N_SIDE) as f64, 32.0 + 64.0 * (i / N_SIDE) as f64)
}

/// Every second cluster is a hole: the filter is linear, and the wings of the neighbours of each cancel.
fn y_c(i: usize) -> f64 {
    if (i % N_SIDE + i / N_SIDE).is_multiple_of(2) { Y_C } else { -Y_C }
}

fn core_arcmin(i: usize) -> f64 {
    CORES_ARCMIN[i % CORES_ARCMIN.len()]
}

/// Compton y of all clusters through a beam, periodic.
fn clusters(beam: &Beam) -> Vec<f32> {
    let pixel = Arcmin::new(PIXEL_ARCMIN).to_rad().value();
    let wrap = |d: f64| d - (d / N as f64).round() * N as f64;
    let mut map = vec![0.0_f64; N * N];
    for i in 0..N_SIDE * N_SIDE {
        let (template, (x0, y0)) = (Template::beta(Arcmin::new(core_arcmin(i))), place(i));
        for (idx, value) in map.iter_mut().enumerate() {
            let (dx, dy) = (wrap((idx % N) as f64 - x0), wrap((idx / N) as f64 - y0));
            *value += y_c(i) * template.at(Radian::new(dx.hypot(dy) * pixel));
        }
    }
    let fft = RealFft2::<f64>::new(N, N).unwrap();
    let wavenumbers = Wavenumbers::new(N, N, pixel).unwrap();
    let (mut spectrum, mut scratch) = (vec![Complex::default(); fft.spectrum_len()], fft.make_scratch());
    fft.forward(&map, &mut spectrum, &mut scratch);
    for (idx, z) in spectrum.iter_mut().enumerate() {
        *z *= beam.transfer(wavenumbers.ell(idx / N, idx % N));
    }
    fft.inverse(&spectrum, &mut map, &mut scratch);
    map.into_iter().map(|v| v as f32).collect()
}

/// Pulls of the clusters of all skies under one choice of the noise.
fn pulls(noise: &NoiseConfig, border_arcmin: f64) -> Vec<f64> {
    let geometry = common::geometry(N, N, PIXEL_ARCMIN);
    let empty = bands(&geometry, vec![vec![0.0; N * N]; 3]);
    let model = ModelNoise::new(&SkyModel::George15, &empty).unwrap();
    let signal: Vec<Vec<f32>> = empty.iter().map(|band| clusters(&band.beam)).collect();
    let config = MatchedFilterConfig {
        noise: noise.clone(),
        border_arcmin,
        scales_arcmin: CORES_ARCMIN.to_vec(),
        ..MatchedFilterConfig::default()
    };
    let filter = MatchedFilter::new(&config).unwrap();
    let targets: Vec<_> = (0..N_SIDE * N_SIDE)
        .map(|i| {
            (geometry.pix_to_sky(PixelPosition { x: place(i).0, y: place(i).1 }).unwrap(), Arcmin::new(core_arcmin(i)))
        })
        .collect();
    let mut pulls = Vec::new();
    for seed in SEEDS {
        let mut maps = common::gaussian_maps(&model, N, N, PIXEL_ARCMIN, seed);
        for ((map, signal), (nu, ..)) in maps.iter_mut().zip(&signal).zip(BANDS) {
            let per_y = tsz_uk_per_y(Ghz::new(nu)) as f32;
            map.iter_mut().zip(signal).for_each(|(value, y)| *value += per_y * y);
        }
        let observation = Observation::new(bands(&geometry, maps), Mask::all_valid(geometry.clone())).unwrap();
        let measured = filter.measure(&observation, &targets).unwrap();
        let pull =
            |(i, y): (usize, Option<Amplitude>)| y.map(|y| (y.y_c.value - y_c(i)) * y_c(i).signum() / y.y_c.error);
        pulls.extend(measured.into_iter().enumerate().filter_map(pull));
    }
    pulls
}

/// 320 pulls: the mean has a standard error of 0.056 and the variance one of 0.079; the bounds are 4.5 of those (false
/// alarm 7e-6 each) and, for the variance, what the width may be off beside.
fn check(pulls: &[f64], width_off: f64) {
    let n = pulls.len() as f64;
    assert_eq!(pulls.len(), 320, "every cluster is measured");
    let mean = pulls.iter().sum::<f64>() / n;
    let variance = pulls.iter().map(|pull| (pull - mean).powi(2)).sum::<f64>() / (n - 1.0);
    assert!(mean.abs() < 4.5 / n.sqrt(), "mean pull {mean:.3}");
    assert!((variance - 1.0).abs() < 4.5 * (2.0 / n).sqrt() + width_off, "variance of the pulls {variance:.3}");
    for (core, core_arcmin) in CORES_ARCMIN.into_iter().enumerate() {
        let of_core: Vec<f64> =
            (0..pulls.len()).filter(|i| i % (N_SIDE * N_SIDE) % CORES_ARCMIN.len() == core).map(|i| pulls[i]).collect();
        let n = of_core.len() as f64;
        let mean = of_core.iter().sum::<f64>() / n;
        assert!(mean.abs() < 4.5 / n.sqrt(), "mean pull {mean:.3} at a core of {core_arcmin} arcmin");
    }
}

#[test]
fn errors_from_the_model_are_right() {
    check(&pulls(&NoiseConfig::Model { sky: SkyModel::George15 }, 0.0), 0.0);
}

/// Measured noise has the width of the filtered map, clusters in it: up to some per cent too wide.
#[test]
fn errors_from_the_map_itself_are_right() {
    let measured = NoiseConfig::Measured { iterations: 2, subtract_above_snr: 4.5, local_rms_arcmin: 40.0 };
    check(&pulls(&measured, 10.0), 0.1);
}
