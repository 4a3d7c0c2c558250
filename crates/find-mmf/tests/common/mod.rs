//! What several tests share: bands, skies and small tables.
#![allow(dead_code, unreachable_pub, missing_docs)]

use arcmin_find_mmf::noise::NoiseCovariance;
use arcmin_maps::{Band, BandMap, Beam, Geometry, Map, Mask, Observation, Shape};
use arcmin_units::{Arcmin, Ghz, SkyPosition};
use num_complex::Complex;
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Bands of the DeepSz paper: GHz and white noise in uK arcmin.
pub const DEEPSZ_BANDS: [(f64, f64); 3] = [(90.0, 2.8), (148.0, 2.6), (219.0, 6.6)];

pub fn geometry(ny: usize, nx: usize, pixel_arcmin: f64) -> Geometry {
    let centre = SkyPosition::from_deg(30.0, -20.0).unwrap();
    Geometry::tile(centre, Shape { ny, nx }, Arcmin::new(pixel_arcmin)).unwrap()
}

/// A temperature band with the given pixels.
pub fn temperature_band(nu_ghz: f64, noise: Option<f64>, beam: Beam, geometry: &Geometry, pixels: Vec<f32>) -> Band {
    let map = Map::new(geometry.clone(), pixels).unwrap();
    let map = BandMap::Temperature { nu: Ghz::new(nu_ghz), map };
    Band { name: format!("{nu_ghz}"), beam, noise_arcmin: noise, map }
}

/// A Compton-y observation without holes.
pub fn y_observation(geometry: &Geometry, pixels: Vec<f32>, noise: Option<f64>) -> Observation {
    let map = BandMap::ComptonY(Map::new(geometry.clone(), pixels).unwrap());
    let band = Band { name: "y".to_owned(), beam: Beam::Delta, noise_arcmin: noise, map };
    Observation::new(vec![band], Mask::all_valid(geometry.clone())).unwrap()
}

pub fn normals(n: usize, seed: u64) -> Vec<f64> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    (0..n).map(|_| StandardNormal.sample(&mut rng)).collect()
}

/// Gaussian maps with the given covariance, periodic, one a band, in the bands' units.
pub fn gaussian_maps(noise: &dyn NoiseCovariance, ny: usize, nx: usize, pixel_arcmin: f64, seed: u64) -> Vec<Vec<f32>> {
    let pixel_rad = Arcmin::new(pixel_arcmin).to_rad().value();
    let n_bands = noise.n_bands();
    let fft = arcmin_fft::RealFft2::<f64>::new(ny, nx).unwrap();
    let wavenumbers = arcmin_fft::Wavenumbers::new(ny, nx, pixel_rad).unwrap();
    let mut scratch = fft.make_scratch();
    let mut white = Vec::new();
    for band in 0..n_bands {
        let map = normals(ny * nx, seed * 31 + band as u64);
        let mut spectrum = vec![Complex::default(); fft.spectrum_len()];
        fft.forward(&map, &mut spectrum, &mut scratch);
        white.push(spectrum);
    }
    let mut coloured = white.clone();
    let mut matrix = vec![0.0; n_bands * n_bands];
    for kx in 0..=nx / 2 {
        for ky in 0..ny {
            noise.covariance(wavenumbers.ell(kx, ky), &mut matrix);
            cholesky(&mut matrix, n_bands);
            let at = kx * ny + ky;
            for i in 0..n_bands {
                let sum: Complex<f64> = (0..=i).map(|j| white[j][at] * matrix[i * n_bands + j]).sum();
                coloured[i][at] = if at == 0 { Complex::default() } else { sum / pixel_rad };
            }
        }
    }
    let to_map = |spectrum: &Vec<Complex<f64>>| {
        let mut map = vec![0.0; ny * nx];
        fft.inverse(spectrum, &mut map, &mut fft.make_scratch());
        map.iter().map(|&v| v as f32).collect()
    };
    coloured.iter().map(to_map).collect()
}

fn cholesky(matrix: &mut [f64], n: usize) {
    for j in 0..n {
        let sum: f64 = (0..j).map(|k| matrix[j * n + k].powi(2)).sum();
        matrix[j * n + j] = (matrix[j * n + j] - sum).sqrt();
        for i in j + 1..n {
            let sum: f64 = (0..j).map(|k| matrix[i * n + k] * matrix[j * n + k]).sum();
            matrix[i * n + j] = (matrix[i * n + j] - sum) / matrix[j * n + j];
        }
    }
}

/// Rows of a golden table as text fields, comments and header left out.
pub fn golden_rows(text: &str) -> Vec<Vec<&str>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.skip(1).map(|line| line.split(',').collect()).collect()
}
