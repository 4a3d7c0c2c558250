//! What an ideal observer finds on the same tiles: see [`arcmin_eval::ideal`].

use super::settings::Settings;
use super::tiles;
use crate::run_dir::RunDir;
use anyhow::{Context, Result};
use arcmin_eval::{IdealObserver, IdealScore, TileOutcome, TileSummary};
use arcmin_maps::{Band, BandMap, Beam, Geometry, Map, Mask, Observation, Shape};
use arcmin_scene::{BandConfig, Split};
use arcmin_units::{Arcmin, Ghz, SkyPosition};
use std::collections::BTreeMap;

/// The observers by the name of their scores.
pub(super) const OBSERVERS: [(&str, IdealScore); 2] =
    [("ideal", IdealScore::Probability), ("ideal_snr", IdealScore::SignalToNoise)];

/// Sizes for which the noise of y is calculated; between them it goes by proportion.
const THETA500_ARCMIN: [f64; 12] = [0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0];
/// Side of the empty map on which it is.
const N_PIXELS_SIDE: usize = 1024;

/// Width of the noise of the central y by `theta500`, of the photometry's filter.
struct NoiseOfY(Vec<(f64, f64)>);

impl NoiseOfY {
    /// From an empty map in the survey's bands; `None` where the filter's noise is measured on the map itself, or a beam is a table.
    fn new(settings: &Settings) -> Result<Option<Self>> {
        let Some(observation) = empty_map(settings)? else { return Ok(None) };
        let centre = observation.geometry().shape().centre();
        let at = observation.geometry().pix_to_sky(centre).context("the middle of a tile lies on the sky")?;
        let targets = THETA500_ARCMIN.map(|theta500| (at, Arcmin::new(theta500)));
        let measured = settings.photometry.measure(&observation, &targets)?;
        let widths = THETA500_ARCMIN.into_iter().zip(measured);
        Ok(widths.map(|(theta500, y)| Some((theta500, y?.y_c.error))).collect::<Option<_>>().map(Self))
    }

    fn at(&self, theta500_arcmin: f64) -> f64 {
        let Self(table) = self;
        let above = table.partition_point(|(theta500, _)| *theta500 < theta500_arcmin);
        let [low, high] = [above.saturating_sub(1), above.min(table.len() - 1)].map(|idx| table[idx]);
        if high.0 <= low.0 {
            return low.1;
        }
        low.1 + (high.1 - low.1) * (theta500_arcmin - low.0) / (high.0 - low.0)
    }
}

fn empty_map(settings: &Settings) -> Result<Option<Observation>> {
    if !settings.noise_is_modelled || settings.bands.iter().any(|band| band.beam_file.is_some()) {
        return Ok(None);
    }
    let centre = SkyPosition::from_deg(0.0, 0.0).context("a position")?;
    let shape = Shape { ny: N_PIXELS_SIDE, nx: N_PIXELS_SIDE };
    let geometry = Geometry::tile(centre, shape, Arcmin::new(settings.pixel_arcmin))?;
    let band = |band: &BandConfig| {
        let map = Map::zeros(geometry.clone());
        let beam = match band.beam_fwhm_arcmin {
            0.0 => Beam::Delta,
            fwhm => Beam::Gaussian { fwhm: Arcmin::new(fwhm) },
        };
        let map = BandMap::Temperature { nu: Ghz::new(band.nu_ghz), map };
        Band { name: band.name.clone(), beam, noise_arcmin: Some(band.noise_uk_arcmin), map }
    };
    let bands = settings.bands.iter().map(band).collect();
    Ok(Some(Observation::new(bands, Mask::all_valid(geometry))?))
}

/// The ideal observers of a run.
pub(super) struct Bounds {
    observer: IdealObserver,
    noise: NoiseOfY,
    seed: u64,
    validation: BTreeMap<&'static str, Vec<TileSummary>>,
    test: BTreeMap<&'static str, Vec<TileSummary>>,
}

impl Bounds {
    /// Observers who have seen the haloes of the validation tiles; `None` where the noise is not known beforehand.
    pub(super) fn new(settings: &Settings, dir: &RunDir, finder: &str, seed: u64) -> Result<Option<Self>> {
        let Some(noise) = NoiseOfY::new(settings)? else { return Ok(None) };
        let outcomes = (0..settings.scene.n_tiles(Split::Validation))
            .map(|tile| Ok(tiles::read(dir, Split::Validation, tile)?.full.outcomes.remove(finder)))
            .collect::<Result<Option<Vec<TileOutcome>>>>()?;
        let Some(outcomes) = outcomes else { return Ok(None) };
        let observer = IdealObserver::new(outcomes.iter(), settings.matching.selection)?;
        Ok(Some(Self { observer, noise, seed, validation: BTreeMap::new(), test: BTreeMap::new() }))
    }

    /// Adds what the observers say of a tile.
    pub(super) fn add(&mut self, split: Split, tile: &TileOutcome) {
        let summaries = if split == Split::Test { &mut self.test } else { &mut self.validation };
        for (name, score) in OBSERVERS {
            let observed = self.observer.observe(tile, score, &|theta500| self.noise.at(theta500), self.seed);
            summaries.entry(name).or_default().push(TileSummary::new(&observed));
        }
    }

    /// An observer's tiles of a split, in order.
    pub(super) fn tiles(&self, split: Split, name: &str) -> &[TileSummary] {
        let summaries = if split == Split::Test { &self.test } else { &self.validation };
        summaries.get(name).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_of_y_goes_by_proportion_and_stays_beyond_the_table() {
        let noise = NoiseOfY(vec![(1.0, 2e-6), (2.0, 1e-6), (4.0, 2e-6)]);
        for (theta500, expected) in [(0.1, 2e-6), (1.0, 2e-6), (1.5, 1.5e-6), (3.0, 1.5e-6), (9.0, 2e-6)] {
            assert!((noise.at(theta500) - expected).abs() < 1e-12, "{theta500}");
        }
    }
}
