//! Noise, infill and band combination of one window.

use super::subtract::subtract_found;
use super::{Survey, TileData, Workspace};
use crate::Error;
use crate::config::NoiseConfig;
use crate::filter::{BandWeights, EllRange};
use crate::footprint::PixelClass;
use crate::infill::fill_holes;
use crate::local::LocalNoise;
use crate::noise::measured::BandLimits;
use crate::noise::{MeasuredNoise, ModelNoise, NoiseCovariance};
use crate::response::BandResponse;
use crate::robust::Histogram;
use crate::template::Template;
use crate::tiling::Tile;
use num_complex::Complex;

/// Fewest searched pixels from which the rms of a filtered map is taken.
const RMS_MIN_PIXELS: u64 = 2000;

/// A window whose bands are combined: every template costs one more inverse transform.
pub(crate) struct Prepared<'a> {
    pub(crate) data: TileData<'a>,
    pub(crate) work: Workspace,
    pub(crate) range: EllRange,
    pub(crate) measured: Option<MeasuredNoise>,
    weights: BandWeights<f32>,
    combined: Vec<Complex<f32>>,
    survey: &'a Survey<'a>,
}

/// Widths of the noise of `y_c` under one template.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Widths {
    /// From the noise covariance.
    pub(crate) expected: f64,
    /// Robust rms of the filtered map over what is searched.
    pub(crate) observed: f64,
    /// The one that is used.
    pub(crate) used: f64,
}

/// What turns the values of a filtered map into amplitudes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amplitudes {
    /// `y_c` per unit of the map.
    pub(crate) per_value: f64,
    /// Width of the noise of `y_c`.
    pub(crate) sigma: f64,
}

/// Prepares one window: noise (modelled, or measured and iterated), holes, weights and the combined spectrum.
pub(crate) fn prepare<'a>(survey: &'a Survey<'a>, tile: &'a Tile) -> Result<Prepared<'a>, Error> {
    let data = TileData::new(survey, tile)?;
    let work = Workspace::new(data.grid())?;
    let config = survey.settings.config();
    match &config.noise {
        NoiseConfig::Model { sky } => {
            let noise = ModelNoise::new(sky, survey.observation.bands())?;
            let range = EllRange { min: config.ell_min, max: config.ell_max.unwrap_or(f64::INFINITY) };
            Prepared::with_noise(survey, data, work, &noise, range)
        }
        NoiseConfig::Measured { iterations, subtract_above_snr, .. } => {
            prepare_measured(survey, data, work, *iterations, *subtract_above_snr)
        }
    }
}

/// Measures the noise, then as often as asked: filters, subtracts what stands out, measures again.
fn prepare_measured<'a>(
    survey: &'a Survey<'a>,
    data: TileData<'a>,
    mut work: Workspace,
    iterations: usize,
    subtract_above_snr: f64,
) -> Result<Prepared<'a>, Error> {
    let raw = load_spectra(survey, &mut work, |band, map| data.load_raw(band, map));
    let mut noise = measure(survey, &data, &raw, None)?;
    drop(raw);
    let limits = noise.limits().clone();
    let mut prepared = Prepared::with_measured(survey, data, work, noise.clone())?;
    for iteration in 1..=iterations {
        let mut spectra = load_spectra(survey, &mut prepared.work, |band, map| prepared.data.load(band, map));
        let n_found = subtract_found(survey, &mut prepared, subtract_above_snr, &mut spectra);
        let previous = noise;
        noise = measure(survey, &prepared.data, &spectra, Some(&limits))?;
        let change = noise.level_arcmin(0, 3000.0) / previous.level_arcmin(0, 3000.0) - 1.0;
        tracing::info!(tile = prepared.data.tile().name, iteration, n_found, change, "noise measured again");
        let Prepared { data, work, .. } = prepared;
        prepared = Prepared::with_measured(survey, data, work, noise.clone())?;
    }
    Ok(prepared)
}

fn load_spectra(survey: &Survey<'_>, work: &mut Workspace, load: impl Fn(usize, &mut [f32])) -> Vec<Vec<Complex<f32>>> {
    let bands = 0..survey.observation.bands().len();
    bands
        .map(|band| {
            load(band, &mut work.map);
            let mut spectrum = vec![Complex::default(); work.fft.spectrum_len()];
            work.fft.forward(&work.map, &mut spectrum, &mut work.scratch);
            spectrum
        })
        .collect()
}

fn measure(
    survey: &Survey<'_>,
    data: &TileData<'_>,
    spectra: &[Vec<Complex<f32>>],
    limits: Option<&BandLimits>,
) -> Result<MeasuredNoise, Error> {
    let area_sr = data.window_area_sr();
    let noise = match limits {
        Some(limits) => MeasuredNoise::from_spectra_within(data.grid(), spectra, area_sr, limits),
        None => MeasuredNoise::from_spectra(data.grid(), spectra, area_sr),
    };
    noise.ok_or_else(|| {
        let flat = |spectrum: &Vec<Complex<f32>>| spectrum.iter().all(|z| z.norm_sqr() == 0.0);
        let band = spectra.iter().position(flat).unwrap_or(0);
        Error::NoVariance { band: survey.observation.bands()[band].name.clone() }
    })
}

impl Survey<'_> {
    /// Response of every band.
    pub(crate) fn responses(&self) -> Vec<BandResponse> {
        self.observation.bands().iter().map(BandResponse::of).collect()
    }
}

impl<'a> Prepared<'a> {
    fn with_measured(
        survey: &'a Survey<'a>,
        data: TileData<'a>,
        work: Workspace,
        noise: MeasuredNoise,
    ) -> Result<Self, Error> {
        let config = survey.settings.config();
        let max = config.ell_max.or(noise.ell_limit()).unwrap_or(f64::INFINITY);
        let range = EllRange { min: config.ell_min, max };
        let prepared = Self::with_noise(survey, data, work, &noise, range)?;
        Ok(Self { measured: Some(noise), ..prepared })
    }

    fn with_noise(
        survey: &'a Survey<'a>,
        mut data: TileData<'a>,
        mut work: Workspace,
        noise: &dyn NoiseCovariance,
        range: EllRange,
    ) -> Result<Self, Error> {
        let iterations = survey.settings.config().holes.infill_iterations;
        fill_holes(&mut data, noise, range, iterations, &mut work)?;
        let weights = BandWeights::along_radius(data.grid(), &survey.responses(), noise, range)?;
        let mut combined = vec![Complex::default(); work.fft.spectrum_len()];
        for band in 0..survey.observation.bands().len() {
            data.load(band, &mut work.map);
            work.fft.forward(&work.map, &mut work.spectrum, &mut work.scratch);
            weights.accumulate(data.grid(), band, &work.spectrum, &mut combined);
        }
        Ok(Self { data, work, range, measured: None, weights, combined, survey })
    }

    /// Filters with one template: leaves `y_c / expected sigma` in `work.map` and returns the widths.
    ///
    /// With measured noise the observed rms is used: the binned, window-blurred spectra of a map with a red spectrum
    /// predict the filtered map's rms to some ten per cent only. With modelled noise the model is believed.
    pub(crate) fn filter(&mut self, template: &Template) -> Widths {
        let expected = self.filter_only(template);
        let observed = expected * self.observed_rms().unwrap_or(1.0);
        let used = if self.measured.is_some() { observed } else { expected };
        Widths { expected, observed, used }
    }

    /// The same for amplitudes alone: the rms is taken where it is used, and nowhere else.
    pub(crate) fn filter_for_amplitudes(&mut self, template: &Template) -> Amplitudes {
        let expected = self.filter_only(template);
        let observed = if self.measured.is_some() { self.observed_rms() } else { None };
        Amplitudes { per_value: expected, sigma: expected * observed.unwrap_or(1.0) }
    }

    /// Leaves `y_c / sigma` in `work.map` and returns the sigma that the noise covariance predicts.
    fn filter_only(&mut self, template: &Template) -> f64 {
        let tau = self.transform(template);
        let expected = self.weights.sigma(self.data.grid(), &tau);
        let Workspace { fft, map, scratch, .. } = &mut self.work;
        self.weights.filter(fft, &self.combined, &tau, expected, map, scratch);
        expected
    }

    /// Takes clusters of transform `tau` out of the combined map, their amplitudes the map whose spectrum is in `work.spectrum`.
    pub(super) fn take_out(&mut self, tau: &[f32]) {
        self.weights.take_out(self.data.grid(), &self.work.spectrum, tau, &mut self.combined);
    }

    /// How the noise differs over the core, from the map that was just filtered with the fixed scale; no difference
    /// where the noise is modelled.
    pub(crate) fn local_noise(&self, fixed: Widths) -> LocalNoise {
        let survey = self.survey;
        let core = self.data.tile().core;
        let NoiseConfig::Measured { local_rms_arcmin, .. } = survey.settings.config().noise else {
            return LocalNoise::uniform(core);
        };
        if local_rms_arcmin == 0.0 {
            return LocalNoise::uniform(core);
        }
        let cell = local_rms_arcmin / survey.observation.geometry().pixel_size().to_arcmin().value();
        let (nx, to_snr) = (survey.footprint.shape().nx, (fixed.expected / fixed.used) as f32);
        LocalNoise::measure(core, cell, |x, y| {
            let counts = survey.searched[y * nx + x] && survey.footprint.classes()[y * nx + x] == PixelClass::Valid;
            counts.then(|| self.work.map[self.data.grid_index(x, y)] * to_snr)
        })
    }

    /// Transform of a template on this window's grid.
    pub(crate) fn transform(&mut self, template: &Template) -> Vec<f32> {
        let sampling = self.survey.settings.config().sampling;
        let (fft, work) = self.work.lend();
        template.transform(self.data.grid(), sampling, fft, work)
    }

    /// Robust rms of `work.map` over the searched pixels of the core.
    fn observed_rms(&self) -> Option<f64> {
        let core = self.data.tile().core;
        let nx = self.survey.footprint.shape().nx;
        let of_row = |row: usize| {
            let y = core.y0 + row;
            let searched = &self.survey.searched[y * nx + core.x0..][..core.shape.nx];
            let values = &self.work.map[self.data.grid_index(core.x0, y)..][..core.shape.nx];
            searched.iter().zip(values).filter(|(searched, _)| **searched).map(|(_, value)| *value)
        };
        let histogram = Histogram::of_rows(core.shape.ny, of_row);
        if histogram.count() < RMS_MIN_PIXELS { None } else { histogram.rms() }
    }
}
