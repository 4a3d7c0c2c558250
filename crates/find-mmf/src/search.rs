//! The search of a whole map: best signal-to-noise ratio over all scales, and its peaks.

use crate::Error;
use crate::config::Settings;
use crate::footprint::PixelClass;
use crate::local::LocalNoise;
use crate::noise::MeasuredNoise;
use crate::peaks::{Peak, find_peaks};
use crate::pipeline::{Prepared, Survey, Widths, prepare, take_out_clusters};
use crate::sources::PointSource;
use crate::template::Template;
use crate::tiling::Tile;
use crate::units::{ScaleArcmin, SignalToNoise};
use arcmin_maps::{Map, Mask, Observation};
use arcmin_method::detections::flags;
use arcmin_method::{Candidate, Detections, Measured, SizeMeasured};

/// Everything that a search yields.
#[derive(Clone, Debug)]
pub struct Search {
    /// Candidates and the pixels that were searched.
    pub detections: Detections,
    /// Largest signal-to-noise ratio over the scales; zero where nothing was searched.
    pub snr: Map<SignalToNoise>,
    /// Scale of that largest ratio; zero where nothing was searched.
    pub best_scale: Map<ScaleArcmin>,
    /// One report for each window that was filtered.
    pub tiles: Vec<TileReport>,
    /// The signal-to-noise ratio under each template of the bank, where that was asked for.
    pub scales: Vec<ScaleMap>,
    /// The same of the map less the clusters that stand out, where that was asked for.
    pub residuals: Vec<ScaleMap>,
}

/// Which maps a search keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Keep {
    /// The best scale of each pixel.
    Best,
    /// The map of each scale too, a map's worth of memory for each.
    EveryScale,
    /// Those and, as often again, those of the residual: of the map less the best-fit template of each peak above this S/N.
    Residuals {
        /// Least S/N of what is taken out.
        above_snr: f64,
    },
}

/// Signal-to-noise ratio under one template.
#[derive(Clone, Debug)]
pub struct ScaleMap {
    /// The template.
    pub template: Template,
    /// Signal-to-noise ratio, with the noise of each place; zero where nothing was searched.
    pub snr: Map<SignalToNoise>,
}

/// What one window was filtered with.
#[derive(Clone, Debug)]
pub struct TileReport {
    /// Name of the tile.
    pub name: String,
    /// Lowest and highest multipole used.
    pub ell_range: (f64, f64),
    /// Noise of `y_c` for each scale, in the order of the bank.
    pub sigmas: Vec<ScaleSigma>,
    /// The noise that was measured, where it was.
    pub noise: Option<MeasuredNoise>,
}

/// Noise of the central Compton y under one template.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleSigma {
    /// Scale of the template in arcmin.
    pub scale_arcmin: f64,
    /// Sigma that the noise covariance predicts.
    pub expected: f64,
    /// Robust rms of the filtered map.
    pub observed: f64,
    /// The one of the two that errors and signal-to-noise ratios use: observed for measured noise, else expected.
    pub used: f64,
}

/// Maps of the whole observation, filled window by window.
struct Maps {
    nx: usize,
    snr: Vec<f32>,
    best_scale: Vec<u8>,
    fixed_snr: Vec<f32>,
    /// One for each template, or none.
    scales: Vec<Vec<f32>>,
    /// One for each template, or none.
    residuals: Vec<Vec<f32>>,
}

/// A tile that was searched, its report, the sigma of the fixed scale, and how the noise differs over it.
struct Searched {
    tile: Tile,
    report: TileReport,
    fixed: ScaleSigma,
    local: LocalNoise,
}

/// Searches an observation.
pub(crate) fn search(settings: &Settings, observation: &Observation, keep: Keep) -> Result<Search, Error> {
    let survey = Survey::new(observation, settings);
    let shape = survey.footprint.shape();
    let of_each = || vec![vec![0.0; shape.n_pixels()]; settings.templates().len()];
    let mut maps = Maps {
        nx: shape.nx,
        snr: vec![0.0; shape.n_pixels()],
        best_scale: vec![0; shape.n_pixels()],
        fixed_snr: vec![0.0; shape.n_pixels()],
        scales: if keep == Keep::Best { Vec::new() } else { of_each() },
        residuals: if matches!(keep, Keep::Residuals { .. }) { of_each() } else { Vec::new() },
    };
    let mut searched = Vec::new();
    for tile in survey.tiles.iter().filter(|tile| survey.has_searched(tile)) {
        let mut prepared = prepare(&survey, tile)?;
        searched.push(search_tile(&survey, &mut prepared, keep, &mut maps));
    }
    let config = settings.config();
    let peaks = find_peaks(shape, &maps.snr, config.snr_min, config.deblend_prominence_snr);
    let candidates = peaks.iter().filter_map(|peak| candidate(&survey, &maps, &searched, peak)).collect();
    let reports = searched.into_iter().map(|s| s.report).collect();
    finish(&survey, maps, candidates, reports)
}

/// Filters one window with every template and keeps the best of its core.
fn search_tile(survey: &Survey<'_>, prepared: &mut Prepared<'_>, keep: Keep, maps: &mut Maps) -> Searched {
    let widths = prepared.filter(survey.settings.fixed());
    let local = prepared.local_noise(widths);
    let fixed = sigma_of(survey.settings.fixed(), widths);
    for_each_searched(survey, prepared, |pixel, value| {
        maps.fixed_snr[pixel] = value * (fixed.expected / fixed.used) as f32;
    });
    let mut sigmas = Vec::new();
    for (idx, template) in survey.settings.templates().iter().enumerate() {
        let sigma = sigma_of(template, prepared.filter(template));
        for_each_searched(survey, prepared, |pixel, value| {
            let snr = value * (sigma.expected / sigma.used) as f32;
            if idx == 0 || snr > maps.snr[pixel] {
                maps.snr[pixel] = snr;
                maps.best_scale[pixel] = idx as u8;
            }
        });
        if let Some(of_scale) = maps.scales.get_mut(idx) {
            for_each_searched(survey, prepared, |pixel, value| {
                of_scale[pixel] = value * (sigma.expected / sigma.used) as f32;
            });
        }
        sigmas.push(sigma);
    }
    if let Keep::Residuals { above_snr } = keep {
        search_residual(survey, prepared, above_snr, &sigmas, maps);
    }
    let nx = maps.nx;
    // The factor is the same for every scale: the best one stands.
    for_each_searched(survey, prepared, |pixel, _| {
        let per_factor = 1.0 / local.at(pixel % nx, pixel / nx);
        maps.snr[pixel] *= per_factor;
        maps.fixed_snr[pixel] *= per_factor;
        maps.scales.iter_mut().chain(&mut maps.residuals).for_each(|of_scale| of_scale[pixel] *= per_factor);
    });
    let tile = prepared.data.tile();
    let ell_range = (prepared.range.min, prepared.range.max.min(prepared.data.grid().ell_max()));
    tracing::info!(tile = tile.name, ell_max = ell_range.1, sigma_fixed = fixed.used, "window searched");
    let report = TileReport { name: tile.name.clone(), ell_range, sigmas, noise: prepared.measured.clone() };
    Searched { tile: tile.clone(), report, fixed, local }
}

/// Takes what stands out from the window and filters what is left, in units of the noise before.
fn search_residual(
    survey: &Survey<'_>,
    prepared: &mut Prepared<'_>,
    above_snr: f64,
    sigmas: &[ScaleSigma],
    maps: &mut Maps,
) {
    take_out_clusters(survey, prepared, above_snr);
    let templates = survey.settings.templates().iter().zip(sigmas);
    for ((template, sigma), of_scale) in templates.zip(&mut maps.residuals) {
        prepared.filter(template);
        for_each_searched(survey, prepared, |pixel, value| {
            of_scale[pixel] = value * (sigma.expected / sigma.used) as f32;
        });
    }
}

fn sigma_of(template: &Template, widths: Widths) -> ScaleSigma {
    ScaleSigma {
        scale_arcmin: template.scale().value(),
        expected: widths.expected,
        observed: widths.observed,
        used: widths.used,
    }
}

/// Calls a function with the index in the whole map and the filtered value of each searched pixel of the core.
fn for_each_searched(survey: &Survey<'_>, prepared: &Prepared<'_>, mut f: impl FnMut(usize, f32)) {
    let core = prepared.data.tile().core;
    let nx = survey.footprint.shape().nx;
    for y in core.y0..core.y0 + core.shape.ny {
        let values = &prepared.work.map[prepared.data.grid_index(core.x0, y)..][..core.shape.nx];
        for (pixel, &value) in (y * nx + core.x0..).zip(values) {
            if survey.searched[pixel] {
                f(pixel, value);
            }
        }
    }
}

/// The candidate at a peak; `None` where the projection has no sky.
fn candidate(survey: &Survey<'_>, maps: &Maps, searched: &[Searched], peak: &Peak) -> Option<Candidate> {
    let (x, y) = (peak.pixel % maps.nx, peak.pixel / maps.nx);
    let here = searched.iter().find(|s| s.tile.core.contains(x, y))?;
    let scale = usize::from(maps.best_scale[peak.pixel]);
    let factor = f64::from(here.local.at(x, y));
    let template = &survey.settings.templates()[scale];
    let fixed = survey.settings.fixed();
    // The weighted mean may fall on a pixel that was not searched; the peak itself never does.
    let centre_searched = survey.footprint.shape().n_pixels() > 0 && {
        let (cx, cy) = (peak.centre.x.round() as usize, peak.centre.y.round() as usize);
        survey.searched[cy * maps.nx + cx]
    };
    let at = if centre_searched { peak.centre } else { arcmin_maps::PixelPosition { x: x as f64, y: y as f64 } };
    Some(Candidate {
        best: Some(size(template, peak.snr, factor * here.report.sigmas[scale].used)),
        fixed: Some(size(fixed, f64::from(maps.fixed_snr[peak.pixel]), factor * here.fixed.used)),
        tile_name: here.tile.name.clone(),
        flags: candidate_flags(survey, peak, template.scale().value()),
        ..Candidate::new(survey.observation.geometry().pix_to_sky(at)?, peak.snr)
    })
}

fn size(template: &Template, snr: f64, sigma: f64) -> SizeMeasured {
    SizeMeasured {
        template: template.name(),
        scale_arcmin: template.scale().value(),
        y_c: Measured { value: snr * sigma, error: sigma },
    }
}

/// Reach of a template in units of its scale, and the least reach in arcmin.
const REACH_SCALES: f64 = 3.0;
const REACH_MIN_ARCMIN: f64 = 2.0;
/// How far what is left of a subtracted source reaches: a beam or so.
const SOURCE_REACH_ARCMIN: f64 = 2.0;

/// How far a template reaches, in arcmin.
fn reach_arcmin(scale_arcmin: f64) -> f64 {
    (REACH_SCALES * scale_arcmin).max(REACH_MIN_ARCMIN)
}

impl Search {
    /// Flags the candidates that have one of the sources within the reach of their template.
    pub(crate) fn flag_near(&mut self, sources: &[PointSource]) {
        for candidate in &mut self.detections.candidates {
            let scale_arcmin = candidate.best.as_ref().map_or(0.0, |best| best.scale_arcmin);
            let reach = reach_arcmin(scale_arcmin) + SOURCE_REACH_ARCMIN;
            let is_near =
                |source: &PointSource| source.position.separation(candidate.position).to_arcmin().value() <= reach;
            if sources.iter().any(is_near) {
                candidate.flags |= flags::NEAR_SOURCE;
            }
        }
    }
}

fn candidate_flags(survey: &Survey<'_>, peak: &Peak, scale_arcmin: f64) -> u32 {
    let pixel_arcmin = survey.observation.geometry().pixel_size().to_arcmin().value();
    let reach = reach_arcmin(scale_arcmin) / pixel_arcmin;
    let border = survey.settings.config().border_arcmin / pixel_arcmin;
    let mut bits = 0;
    if survey.footprint.classes()[peak.pixel] == PixelClass::Hole {
        bits |= flags::IN_FILLED_HOLE;
    }
    if survey.footprint.hole_within(peak.centre.x, peak.centre.y, reach) {
        bits |= flags::NEAR_SOURCE;
    }
    if f64::from(survey.footprint.border_distance(peak.pixel)) < border + reach {
        bits |= flags::NEAR_BORDER;
    }
    bits
}

fn finish(
    survey: &Survey<'_>,
    maps: Maps,
    mut candidates: Vec<Candidate>,
    tiles: Vec<TileReport>,
) -> Result<Search, Error> {
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let geometry = survey.observation.geometry();
    let scales: Vec<f32> = survey.settings.templates().iter().map(|t| t.scale().value() as f32).collect();
    let scale_at = |(&idx, &searched): (&u8, &bool)| if searched { scales[usize::from(idx)] } else { 0.0 };
    let best_scale = maps.best_scale.iter().zip(&survey.searched).map(scale_at).collect();
    let scale = |(template, snr): (&Template, Vec<f32>)| {
        Ok(ScaleMap { template: template.clone(), snr: Map::new(geometry.clone(), snr)? })
    };
    let of_each = |maps: Vec<Vec<f32>>| -> Result<Vec<ScaleMap>, Error> {
        survey.settings.templates().iter().zip(maps).map(scale).collect()
    };
    Ok(Search {
        scales: of_each(maps.scales)?,
        residuals: of_each(maps.residuals)?,
        detections: Detections { candidates, searched: Mask::new(geometry.clone(), survey.searched.clone())? },
        snr: Map::new(geometry.clone(), maps.snr)?,
        best_scale: Map::new(geometry.clone(), best_scale)?,
        tiles,
    })
}
