//! The spectrum of noise with a knee.

use super::{SIGMAS, Statistic};
use crate::config::BandConfig;
use crate::{Component, Error, Haloes, SceneConfig, Simulator, Split};
use arcmin_maps::spectrum::{EllBins, auto_spectrum};
use arcmin_maps::{Band, BandMap, Geometry, Weights};
use std::f64::consts::PI;

/// Accepted difference of the power beyond that of the sample.
const TOLERANCE: f64 = 0.03;
/// Part of the knee's multipole from which, and multiple to which, the spectrum is compared.
const ABOUT_THE_KNEE: [f64; 2] = [0.5, 2.0];
/// Least multipole that is compared, in units of the tile's first: below it the taper mixes the steep spectrum.
const FIRST_MODES: f64 = 5.0;

/// Noise power about the knee over the model, in each band that has a knee.
pub(super) fn statistics(config: &SceneConfig) -> Result<Vec<Statistic>, Error> {
    let has_knee = config.bands.iter().any(|band| band.one_over_f.is_some());
    if !has_knee {
        return Ok(Vec::new());
    }
    let mut config = config.clone();
    config.components = vec![Component::Noise];
    config.tiles.n_train = 1;
    let scene = Simulator::new(config.check()?)?.scene(Split::Train, 0, Haloes::Drawn)?;
    let bands = config.bands.iter().zip(scene.observation.bands());
    bands.filter_map(|(config, band)| statistic(config, band).transpose()).collect()
}

fn statistic(config: &BandConfig, band: &Band) -> Result<Option<Statistic>, Error> {
    let (Some(one_over_f), BandMap::Temperature { map, .. }) = (&config.one_over_f, &band.map) else { return Ok(None) };
    let geometry = map.geometry();
    let pixel_rad = geometry.pixel_area_sr().sqrt();
    let first_ell = 2.0 * PI / (geometry.shape().nx as f64 * pixel_rad);
    let [low, high] = ABOUT_THE_KNEE.map(|part| part * one_over_f.ell_knee);
    let (low, high) = (low.max(FIRST_MODES * first_ell), high.min(PI / pixel_rad));
    // A knee below the tile's first modes, or above its last, cannot be seen on it.
    let n_bins = ((high - low) / (2.0 * first_ell)).floor();
    if n_bins < 1.0 || config.noise_uk_arcmin == 0.0 {
        return Ok(None);
    }
    let spectrum = auto_spectrum(map, &hann(geometry)?, &EllBins::linear(low, high, n_bins as usize)?)?;
    let white_uk2_sr = (config.noise_uk_arcmin * (PI / 10_800.0)).powi(2);
    let (mut sum, mut n_modes) = (0.0, 0.0);
    for bin in spectrum.bins() {
        sum += bin.n_modes * bin.c_ell / (white_uk2_sr * (1.0 + one_over_f.power_over_white(bin.ell)));
        n_modes += bin.n_modes;
    }
    let name = format!("noise C_l about the knee over its model in band {}", config.name);
    Ok(Some(Statistic {
        name,
        value: sum / n_modes,
        target: 1.0,
        tolerance: TOLERANCE + SIGMAS * (2.0 / n_modes).sqrt(),
    }))
}

/// A taper that falls smoothly to zero at the edges.
fn hann(geometry: &Geometry) -> Result<Weights, Error> {
    let shape = geometry.shape();
    let taper = |at: usize, n: usize| (PI * (at as f64 + 0.5) / n as f64).sin().powi(2);
    let pixels = 0..shape.n_pixels();
    let values = pixels.map(|idx| (taper(idx % shape.nx, shape.nx) * taper(idx / shape.nx, shape.ny)) as f32);
    Ok(Weights::new(geometry.clone(), values.collect())?)
}
