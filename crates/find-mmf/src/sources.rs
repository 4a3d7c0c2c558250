//! Point sources, found in one band with the beam as template, and masked.

use crate::Error;
use crate::config::{Settings, SourcesConfig};
use crate::filter::{BandWeights, EllRange};
use crate::noise::MeasuredNoise;
use crate::peaks::find_peaks;
use crate::pipeline::{Survey, TileData, Workspace};
use crate::response::BandResponse;
use arcmin_maps::{Observation, Shape};

/// The observation with a hole around every source above the cut.
///
/// Sources are positive peaks of a filter matched to the beam of the named band, with that band's noise measured from
/// the map. Clusters are negative below the null of the SZ effect at 217 GHz, so that none is taken for a source there.
///
/// # Errors
/// [`Error::MissingBand`] when the band is not there, [`Error::NoVariance`] when it is empty.
pub(crate) fn mask_sources(
    settings: &Settings,
    config: &SourcesConfig,
    observation: &Observation,
) -> Result<Observation, Error> {
    let bands = observation.bands();
    let missing = || Error::MissingBand {
        band: config.band.clone(),
        present: bands.iter().map(|b| b.name.as_str()).collect::<Vec<_>>().join(", "),
    };
    let band = bands.iter().position(|b| b.name == config.band).ok_or_else(missing)?;
    let survey = Survey::new(observation, settings);
    let mut found = Vec::new();
    for tile in survey.tiles.iter().filter(|tile| survey.has_searched(tile)) {
        let data = TileData::new(&survey, tile)?;
        found.extend(find_in_tile(&survey, &data, band, config.snr_min)?);
    }
    tracing::info!(n_sources = found.len(), band = config.band, "sources masked");
    let mut mask = observation.mask().clone();
    let radius = config.mask_radius_arcmin / observation.geometry().pixel_size().to_arcmin().value();
    let shape = survey.footprint.shape();
    for &pixel in &found {
        mask_disc(shape, mask.valid_mut(), pixel, radius);
    }
    Ok(Observation::new(bands.to_vec(), mask)?)
}

/// Pixels of the sources in a window's core.
fn find_in_tile(survey: &Survey<'_>, data: &TileData<'_>, band: usize, snr_min: f64) -> Result<Vec<usize>, Error> {
    let grid = data.grid();
    let mut work = Workspace::new(grid)?;
    data.load(band, &mut work.map);
    let mut spectrum = vec![Default::default(); work.fft.spectrum_len()];
    work.fft.forward(&work.map, &mut spectrum, &mut work.scratch);
    let band_name = || survey.observation.bands()[band].name.clone();
    let noise = MeasuredNoise::from_spectra(grid, std::slice::from_ref(&spectrum), data.window_area_sr())
        .ok_or_else(|| Error::NoVariance { band: band_name() })?;
    let range = EllRange { min: 0.0, max: noise.ell_limit().unwrap_or(f64::INFINITY) };
    let response = BandResponse { per_y: 1.0, beam: survey.observation.bands()[band].beam.clone() };
    let weights = BandWeights::along_radius(grid, std::slice::from_ref(&response), &noise, range)?;
    work.spectrum.fill(Default::default());
    weights.accumulate(grid, 0, &spectrum, &mut work.spectrum);
    // A source of one unit in one pixel, before the beam.
    let tau = vec![grid.pixel_rad().powi(2) as f32; grid.quadrant_len()];
    let sigma = weights.sigma(grid, &tau);
    weights.filter(&work.fft, &work.spectrum, &tau, sigma, &mut work.map, &mut work.scratch);
    let shape = Shape { ny: grid.ny(), nx: grid.nx() };
    let window = data.tile().window;
    let peaks = find_peaks(shape, &work.map, snr_min, Some(2.0));
    let in_window = peaks.iter().map(|p| (p.pixel % shape.nx, p.pixel / shape.nx));
    Ok(in_window
        .filter(|&(x, y)| x < window.shape.nx && y < window.shape.ny)
        .filter(|&(x, y)| data.tile().core.contains(x + window.x0, y + window.y0))
        .map(|(x, y)| data.pixel(x, y))
        .collect())
}

fn mask_disc(shape: Shape, valid: &mut [bool], pixel: usize, radius: f64) {
    let (x, y) = ((pixel % shape.nx) as i64, (pixel / shape.nx) as i64);
    let reach = radius.ceil() as i64;
    for j in (y - reach).max(0)..=(y + reach).min(shape.ny as i64 - 1) {
        for i in (x - reach).max(0)..=(x + reach).min(shape.nx as i64 - 1) {
            if ((i - x).pow(2) + (j - y).pow(2)) as f64 <= radius * radius {
                valid[j as usize * shape.nx + i as usize] = false;
            }
        }
    }
}
