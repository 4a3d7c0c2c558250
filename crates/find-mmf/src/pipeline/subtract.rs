//! What was found, taken out: of the spectra before the noise is measured again, or of the combined map for a residual.

use super::{Prepared, Survey, Workspace};
use crate::peaks::find_peaks;
use crate::template::Template;
use arcmin_maps::Shape;
use num_complex::Complex;
use rayon::prelude::*;

/// A peak of either sign on the window's grid.
struct Found {
    scale: usize,
    pixel: usize,
    y_c: f64,
}

/// Subtracts the best-fit template of every peak above a threshold from the bands' spectra; returns their number.
pub(super) fn subtract_found(
    survey: &Survey<'_>,
    prepared: &mut Prepared<'_>,
    threshold: f64,
    spectra: &mut [Vec<Complex<f32>>],
) -> usize {
    let found = strongest_peaks(survey, prepared, threshold);
    if found.is_empty() {
        return 0;
    }
    let responses = band_responses(survey, prepared);
    for (scale, template) in survey.settings.templates().iter().enumerate() {
        let of_scale: Vec<&Found> = found.iter().filter(|f| f.scale == scale).collect();
        if !of_scale.is_empty() {
            subtract_scale(prepared, template, &of_scale, &responses, spectra);
        }
    }
    found.len()
}

/// Takes the best-fit template of every cluster above a threshold out of the window's combined map. A filter is linear, so that this
/// leaves what filtering maps without these templates would.
pub(crate) fn take_out_clusters(survey: &Survey<'_>, prepared: &mut Prepared<'_>, threshold: f64) {
    let mut found = strongest_peaks(survey, prepared, threshold);
    found.retain(|f| f.y_c > 0.0);
    for (scale, template) in survey.settings.templates().iter().enumerate() {
        let of_scale: Vec<&Found> = found.iter().filter(|f| f.scale == scale).collect();
        if !of_scale.is_empty() {
            let tau = prepared.transform(template);
            load_positions(&mut prepared.work, &of_scale);
            prepared.take_out(&tau);
        }
    }
}

/// Leaves the spectrum of a map that holds the amplitude of each peak on its pixel in `work.spectrum`.
fn load_positions(work: &mut Workspace, found: &[&Found]) {
    work.map.fill(0.0);
    for f in found {
        work.map[f.pixel] += f.y_c as f32;
    }
    work.fft.forward(&work.map, &mut work.spectrum, &mut work.scratch);
}

/// Peaks of the largest absolute S/N over all scales, each with its signed amplitude.
fn strongest_peaks(survey: &Survey<'_>, prepared: &mut Prepared<'_>, threshold: f64) -> Vec<Found> {
    let n = prepared.work.map.len();
    let (mut best, mut best_scale) = (vec![0.0_f32; n], vec![0_u8; n]);
    let mut sigmas = Vec::new();
    for (scale, template) in survey.settings.templates().iter().enumerate() {
        let widths = prepared.filter(template);
        let to_snr = (widths.expected / widths.used) as f32;
        let values = best.par_iter_mut().zip(&mut best_scale).zip(&prepared.work.map);
        values.for_each(|((best, best_scale), value)| {
            let snr = value * to_snr;
            if snr.abs() > best.abs() {
                (*best, *best_scale) = (snr, scale as u8);
            }
        });
        sigmas.push(widths.used);
    }
    let height: Vec<f32> = best.par_iter().map(|v| v.abs()).collect();
    let shape = Shape { ny: prepared.data.grid().ny(), nx: prepared.data.grid().nx() };
    let peaks = find_peaks(shape, &height, threshold, Some(1.0));
    let found = |pixel: usize| {
        let scale = usize::from(best_scale[pixel]);
        Found { scale, pixel, y_c: f64::from(best[pixel]) * sigmas[scale] }
    };
    peaks.iter().map(|peak| found(peak.pixel)).collect()
}

/// `g_b B_b` of each band on the quarter plane.
fn band_responses(survey: &Survey<'_>, prepared: &Prepared<'_>) -> Vec<Vec<f32>> {
    let grid = prepared.data.grid();
    let n_quarter = grid.n_quarter();
    let plane = |response: &crate::response::BandResponse| {
        let mut plane = vec![0.0_f32; grid.quadrant_len()];
        plane.par_chunks_mut(n_quarter).enumerate().for_each(|(kx, column)| {
            for (ky, value) in column.iter_mut().enumerate() {
                *value = response.at(grid.ell(kx, ky)) as f32;
            }
        });
        plane
    };
    survey.responses().iter().map(plane).collect()
}

fn subtract_scale(
    prepared: &mut Prepared<'_>,
    template: &Template,
    found: &[&Found],
    responses: &[Vec<f32>],
    spectra: &mut [Vec<Complex<f32>>],
) {
    let tau = prepared.transform(template);
    let (ny, n_quarter) = (prepared.data.grid().ny(), prepared.data.grid().n_quarter());
    let per_pixel = (1.0 / prepared.data.grid().pixel_rad().powi(2)) as f32;
    load_positions(&mut prepared.work, found);
    let work = &prepared.work;
    for (spectrum, response) in spectra.iter_mut().zip(responses) {
        let columns = spectrum.par_chunks_mut(ny).zip(work.spectrum.par_chunks(ny)).enumerate();
        columns.for_each(|(kx, (column, positions))| {
            for (ky, (z, position)) in column.iter_mut().zip(positions).enumerate() {
                let at = kx * n_quarter + ky.min(ny - ky);
                *z -= position.scale(tau[at] * per_pixel * response[at]);
            }
        });
    }
}
