//! The sources of one band: found, fitted and taken out, again and again.

use super::stamp::{Stamp, fwhm_rad};
use crate::Error;
use crate::config::{Settings, SourcesConfig};
use crate::filter::{BandWeights, EllRange};
use crate::infill::fill_holes;
use crate::interpolate::interpolate;
use crate::noise::MeasuredNoise;
use crate::peaks::{Peak, find_peaks};
use crate::pipeline::{Survey, TileData, Workspace};
use crate::response::BandResponse;
use crate::robust::Histogram;
use crate::template::{Sampling, pixel_window};
use crate::tiling::Tile;
use arcmin_maps::{Band, BandMap, Map, Mask, Observation, PixelPosition, Shape};
use arcmin_method::Measured;
use arcmin_units::Ghz;

/// Most and fewest passes: the noise is that of the map without its sources from the second on.
const PASSES_MAX: usize = 6;
const PASSES_MIN: usize = 3;
/// A positive peak lower than this part of the depth of a trough nearby is taken for the ring of the filter around a
/// cluster, and no source: rings of clusters reach a quarter of the depth.
const RING: f64 = 0.35;
/// How far rings reach, in arcmin and in full widths of the beam, whichever is larger.
const RING_REACH_ARCMIN: f64 = 12.0;
const RING_REACH_FWHM: f64 = 6.0;
/// A new peak this close to a known source, in full widths of the beam, is that source.
const SAME_FWHM: f64 = 1.0;

/// A source as it was fitted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fitted {
    pub(super) at: PixelPosition,
    /// Integral over the beam, in uK times steradian.
    pub(super) amplitude_uk_sr: Measured,
}

/// A temperature band and what its sources are measured with.
pub(super) struct Extractor<'a> {
    pub(super) settings: &'a Settings,
    pub(super) config: &'a SourcesConfig,
    pub(super) band: &'a Band,
    pub(super) nu: Ghz,
    pub(super) map: &'a Map<arcmin_units::MicroKelvinCmb>,
    pub(super) mask: &'a Mask,
    /// Flux in mJy of one uK sr.
    pub(super) mjy_per_uk_sr: f64,
}

impl Extractor<'_> {
    /// The sources above the cut by falling S/N, and the map without them.
    ///
    /// # Errors
    /// [`Error::BeamTooNarrow`], [`Error::NoVariance`].
    pub(super) fn run(&self) -> Result<(Vec<Fitted>, Map<arcmin_units::MicroKelvinCmb>), Error> {
        let (pixel_rad, sampling) = (self.map.geometry().pixel_size().value(), self.settings.config().sampling);
        let mut stamp = Stamp::new(&self.band.name, &self.band.beam, pixel_rad, sampling)?;
        let mut sources: Vec<Fitted> = Vec::new();
        for pass in 1..=PASSES_MAX {
            let n_new = self.pass(&mut stamp, &mut sources)?;
            tracing::debug!(band = self.band.name, pass, n_new, n = sources.len(), "sources fitted");
            if n_new == 0 && (pass >= PASSES_MIN || sources.is_empty()) {
                break;
            }
        }
        sources.retain(|source| self.is_above_cut(source.amplitude_uk_sr));
        let snr = |source: &Fitted| source.amplitude_uk_sr.value / source.amplitude_uk_sr.error;
        sources.sort_by(|a, b| snr(b).total_cmp(&snr(a)));
        let clean = self.without(&mut stamp, &sources);
        Ok((sources, clean))
    }

    /// The places of the sources alone, of one pass: enough for masking, with any beam.
    pub(super) fn find(&self) -> Result<Vec<Fitted>, Error> {
        let mut sources = Vec::new();
        self.measure(self.map.clone(), &mut sources)?;
        sources.retain(|source| self.is_above_cut(source.amplitude_uk_sr));
        Ok(sources)
    }

    fn is_above_cut(&self, amplitude: Measured) -> bool {
        amplitude.value >= self.config.snr_min * amplitude.error
            && amplitude.value * self.mjy_per_uk_sr >= self.config.above_mjy
    }

    /// Fits what the known sources leave, and finds more.
    fn pass(&self, stamp: &mut Stamp, sources: &mut Vec<Fitted>) -> Result<usize, Error> {
        let residual = self.without(stamp, sources);
        self.measure(residual, sources)
    }

    fn without(&self, stamp: &mut Stamp, sources: &[Fitted]) -> Map<arcmin_units::MicroKelvinCmb> {
        let mut map = self.map.clone();
        let shape = map.geometry().shape();
        for source in sources {
            stamp.subtract(shape, map.pixels_mut(), source.at, source.amplitude_uk_sr.value);
        }
        map
    }

    /// Adds to the known sources what a residual map has at their places, appends new ones and tells their number.
    fn measure(&self, map: Map<arcmin_units::MicroKelvinCmb>, sources: &mut Vec<Fitted>) -> Result<usize, Error> {
        let band = Band { map: BandMap::Temperature { nu: self.nu, map }, ..self.band.clone() };
        let residual = Observation::new(vec![band], self.mask.clone())?;
        let survey = Survey::new(&residual, self.settings);
        let n_known = sources.len();
        for tile in survey.tiles.iter().filter(|tile| survey.has_searched(tile)) {
            let filtered = self.filter(&survey, tile)?;
            let is_here = |at: PixelPosition| tile.core.contains(at.x.round() as usize, at.y.round() as usize);
            for source in sources[..n_known].iter_mut().filter(|source| is_here(source.at)) {
                source.amplitude_uk_sr.value += filtered.value(source.at) * filtered.per_value;
                source.amplitude_uk_sr.error = filtered.sigma;
            }
            let new = self.new_sources(&survey, &filtered, &sources[..n_known]);
            sources.extend(new);
        }
        Ok(sources.len() - n_known)
    }

    /// The residual of one window under the filter matched to the beam.
    fn filter<'s>(&self, survey: &'s Survey<'s>, tile: &'s Tile) -> Result<Filtered<'s>, Error> {
        let mut data = TileData::new(survey, tile)?;
        let mut work = Workspace::new(data.grid())?;
        data.load_raw(0, &mut work.map);
        work.fft.forward(&work.map, &mut work.spectrum, &mut work.scratch);
        let noise =
            MeasuredNoise::from_spectra(data.grid(), std::slice::from_ref(&work.spectrum), data.window_area_sr())
                .ok_or_else(|| Error::NoVariance { band: self.band.name.clone() })?;
        let config = self.settings.config();
        let max = config.ell_max.or(noise.ell_limit()).unwrap_or(f64::INFINITY);
        let range = EllRange { min: config.ell_min, max };
        fill_holes(&mut data, &noise, range, config.holes.infill_iterations, &mut work)?;
        let response = BandResponse { per_y: 1.0, beam: self.band.beam.clone() };
        let weights = BandWeights::along_radius(data.grid(), std::slice::from_ref(&response), &noise, range)?;
        data.load(0, &mut work.map);
        work.fft.forward(&work.map, &mut work.spectrum, &mut work.scratch);
        let mut combined = vec![Default::default(); work.fft.spectrum_len()];
        weights.accumulate(data.grid(), 0, &work.spectrum, &mut combined);
        let tau = unit_source(data.grid(), config.sampling);
        let per_value = weights.sigma(data.grid(), &tau);
        weights.filter(&work.fft, &combined, &tau, per_value, &mut work.map, &mut work.scratch);
        let sigma = per_value * observed_rms(survey, &data, &work.map).unwrap_or(1.0);
        Ok(Filtered { data, map: work.map, per_value, sigma })
    }

    /// Positive peaks of a window's core that are no rings and no known sources.
    fn new_sources(&self, survey: &Survey<'_>, filtered: &Filtered<'_>, known: &[Fitted]) -> Vec<Fitted> {
        let pixel_rad = filtered.data.grid().pixel_rad();
        let fwhm = fwhm_rad(&self.band.beam).unwrap_or(0.0) / pixel_rad;
        let ring = (RING_REACH_FWHM * fwhm).max(RING_REACH_ARCMIN.to_radians() / 60.0 / pixel_rad);
        let threshold = self.config.snr_min * filtered.sigma / filtered.per_value;
        let troughs = filtered.peaks(threshold, -1.0);
        let in_ring = |peak: &Peak| {
            let near = |trough: &&Peak| (trough.centre.x - peak.centre.x).hypot(trough.centre.y - peak.centre.y) < ring;
            troughs.iter().filter(near).any(|trough| peak.snr < RING * trough.snr)
        };
        let same = (SAME_FWHM * fwhm).max(2.0);
        let is_known =
            |at: PixelPosition| known.iter().any(|source| (source.at.x - at.x).hypot(source.at.y - at.y) < same);
        let window = filtered.data.tile().window;
        let nx = survey.footprint.shape().nx;
        let mut new = Vec::new();
        for peak in filtered.peaks(threshold, 1.0).iter().filter(|peak| !in_ring(peak)) {
            let (x, y) = (peak.pixel % filtered.data.grid().nx(), peak.pixel / filtered.data.grid().nx());
            if x >= window.shape.nx || y >= window.shape.ny {
                continue;
            }
            let (x, y) = (x + window.x0, y + window.y0);
            let at = filtered.summit(PixelPosition { x: x as f64, y: y as f64 });
            let ours = filtered.data.tile().core.contains(x, y) && survey.searched[y * nx + x];
            let amplitude = Measured { value: filtered.value(at) * filtered.per_value, error: filtered.sigma };
            if ours && !is_known(at) && self.is_above_cut(amplitude) {
                new.push(Fitted { at, amplitude_uk_sr: amplitude });
            }
        }
        new
    }
}

/// Transform of a source of unit integral before the beam: the window of the pixel, where the sampling has one.
fn unit_source(grid: &crate::grid::Grid, sampling: Sampling) -> Vec<f32> {
    let window = |ell: f64| match sampling {
        Sampling::Centre => 1.0,
        Sampling::PixelMean | Sampling::Harmonic => pixel_window(ell, grid.pixel_rad()),
    };
    let along_y: Vec<f64> = (0..grid.n_quarter()).map(|ky| window(grid.ell(0, ky))).collect();
    let column = |kx: usize| {
        let along_x = window(grid.ell(kx, 0));
        along_y.iter().map(move |y| (along_x * y) as f32)
    };
    (0..=grid.nx() / 2).flat_map(column).collect()
}

fn observed_rms(survey: &Survey<'_>, data: &TileData<'_>, map: &[f32]) -> Option<f64> {
    let (core, nx) = (data.tile().core, survey.footprint.shape().nx);
    let of_row = |row: usize| {
        let y = core.y0 + row;
        let searched = &survey.searched[y * nx + core.x0..][..core.shape.nx];
        let values = &map[data.grid_index(core.x0, y)..][..core.shape.nx];
        searched.iter().zip(values).filter(|(searched, _)| **searched).map(|(_, value)| *value)
    };
    Histogram::of_rows(core.shape.ny, of_row).rms()
}

/// A window under the filter of the beam, in units of the predicted noise.
struct Filtered<'a> {
    data: TileData<'a>,
    map: Vec<f32>,
    /// Amplitude in uK sr per unit of the map.
    per_value: f64,
    /// Width of the noise of the amplitude.
    sigma: f64,
}

impl Filtered<'_> {
    /// The map between the pixels of the whole observation.
    fn value(&self, at: PixelPosition) -> f64 {
        let window = self.data.tile().window;
        let at = PixelPosition { x: at.x - window.x0 as f64, y: at.y - window.y0 as f64 };
        interpolate(&self.map, self.data.grid(), at)
    }

    /// Peaks of the map times a sign.
    fn peaks(&self, threshold: f64, sign: f32) -> Vec<Peak> {
        let shape = Shape { ny: self.data.grid().ny(), nx: self.data.grid().nx() };
        let signed: Vec<f32> = self.map.iter().map(|value| value * sign).collect();
        find_peaks(shape, &signed, threshold, Some(2.0))
    }

    /// The highest place near a pixel, by parabolas along both axes.
    fn summit(&self, pixel: PixelPosition) -> PixelPosition {
        const STEP: f64 = 0.5;
        let mut at = pixel;
        for _ in 0..4 {
            let here = self.value(at);
            let shift = |low: f64, high: f64| {
                let curvature = 2.0 * here - low - high;
                if curvature > 0.0 { (STEP * (high - low) / (2.0 * curvature)).clamp(-STEP, STEP) } else { 0.0 }
            };
            let along = |dx: f64, dy: f64| self.value(PixelPosition { x: at.x + dx, y: at.y + dy });
            let dx = shift(along(-STEP, 0.0), along(STEP, 0.0));
            let dy = shift(along(0.0, -STEP), along(0.0, STEP));
            let clamp = |value: f64, centre: f64| value.clamp(centre - 1.0, centre + 1.0);
            at = PixelPosition { x: clamp(at.x + dx, pixel.x), y: clamp(at.y + dy, pixel.y) };
        }
        at
    }
}
