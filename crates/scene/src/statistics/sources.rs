//! Statistics of point sources: counts, power, sources in clusters, the correlation of dusty galaxies and the tSZ effect.

use super::maps::mean_over_modes;
use super::{SIGMAS, Statistic, simulator_with};
use crate::sources::{DrawnSource, REFERENCE_NU, SourceKind};
use crate::{Component, Error, ForegroundsConfig, Haloes, SceneConfig, Simulator, Split};
use arcmin_sky::source_counts::{FluxCut, SourcePopulation};
use arcmin_sky::spectra::d_per_c;
use arcmin_units::Ghz;
use num_complex::Complex;

/// Sources above this flux at 148 GHz are subtracted in paper 003 before its power is quoted.
const REMOVED_MJY: f64 = 2.0;
/// Multipoles at which shot noise and clustering are measured, and at which both are quoted.
const SHOT_ELL_RANGE: [f64; 2] = [5000.0, 15_000.0];
const CLUSTERED_ELL_RANGE: [f64; 2] = [500.0, 2500.0];
const CORRELATION_ELL_RANGE: [f64; 2] = [2000.0, 4000.0];
const ELL_PIVOT: f64 = 3000.0;
/// Slope of the clustered power, `D_l ~ l^0.8` (George15).
const CLUSTERED_SLOPE: f64 = 0.8;
/// Accepted differences beyond those of the sample: of the shot noise, of the clustered power and of the correlation.
const SHOT_TOLERANCE: f64 = 0.05;
const CLUSTERED_TOLERANCE: f64 = 0.1;
const CORRELATION_TOLERANCE: f64 = 0.05;
/// The correlation of tSZ and CIB that George15 measure.
const TSZ_CIB_CORRELATION: f64 = 0.1;
/// Sky on which power is measured and sources in clusters are counted, and the most tiles it may take.
const POWER_AREA_DEG2: f64 = 140.0;
const HOST_AREA_DEG2: f64 = 600.0;
const MAX_TILES: usize = 16;
/// Edges of the bins of flux at 148 GHz in which sources are counted, in mJy.
const COUNT_EDGES_MJY: [f64; 4] = [2.0, 4.0, 8.0, 1e4];
/// Clusters and sources of which it is asked how many of the first host one of the second.
const CLUSTER_MVIR_MSUN: f64 = 2e14;
const HOSTED_MJY: f64 = 5.0;

/// Counts, power and correlation of the point sources of a survey.
pub(super) fn statistics(config: &SceneConfig) -> Result<Vec<Statistic>, Error> {
    let kinds = [Component::RadioSources, Component::DustySources];
    let kinds: Vec<Component> = kinds.into_iter().filter(|kind| config.components.contains(kind)).collect();
    if kinds.is_empty() {
        return Ok(Vec::new());
    }
    let mut statistics = Power::measure(config, &kinds)?.statistics(config);
    if kinds.contains(&Component::RadioSources) {
        statistics.extend(hosting_clusters(config)?);
    }
    if kinds.contains(&Component::DustySources) && config.components.contains(&Component::Tsz) {
        statistics.extend(tsz_cib_correlation(config)?);
    }
    Ok(statistics)
}

/// A survey of sources alone, without those above the flux of paper 003.
fn sources_alone(config: &SceneConfig, kinds: &[Component], area_deg2: f64) -> Result<(Simulator, usize), Error> {
    let mut config = config.clone();
    config.radio_sources.iter_mut().for_each(|radio| radio.removed_above_mjy = Some(REMOVED_MJY));
    config.dusty_sources.iter_mut().for_each(|dusty| dusty.removed_above_mjy = Some(REMOVED_MJY));
    let one = simulator_with(&config, kinds, 1)?;
    let n_tiles = ((area_deg2 / one.tile_area_deg2()).ceil() as usize).clamp(1, MAX_TILES);
    let n_tiles = n_tiles.min(one.n_tiles_that_fit(Split::Train));
    Ok((simulator_with(&config, kinds, n_tiles)?, n_tiles))
}

/// Power and counts of the sources on some tiles.
struct Power {
    simulator: Simulator,
    populations: Vec<(SourceKind, SourcePopulation)>,
    area_sr: f64,
    /// Measured in each band: shot noise, and clustered power over that of the model.
    shot_c_ell_uk2_sr: Vec<f64>,
    clustered_ratio: Vec<f64>,
    /// Independent modes of the two.
    n_modes: [f64; 2],
    sources: Vec<DrawnSource>,
}

impl Power {
    fn measure(config: &SceneConfig, kinds: &[Component]) -> Result<Self, Error> {
        let (simulator, n_tiles) = sources_alone(config, kinds, POWER_AREA_DEG2)?;
        let n_bands = config.bands.len();
        let mut power = Self {
            populations: populations(config, kinds)?,
            area_sr: simulator.simulated_area_sr() * n_tiles as f64,
            shot_c_ell_uk2_sr: vec![0.0; n_bands],
            clustered_ratio: vec![0.0; n_bands],
            n_modes: [0.0; 2],
            sources: Vec::new(),
            simulator,
        };
        for tile in 0..n_tiles {
            power.add_tile(config, tile, 1.0 / n_tiles as f64)?;
        }
        Ok(power)
    }

    fn add_tile(&mut self, config: &SceneConfig, tile: usize, weight: f64) -> Result<(), Error> {
        let context = self.simulator.tile_context(Split::Train, tile, Haloes::Drawn)?;
        let renderer = self.simulator.renderer();
        let mut buffers = renderer.buffers();
        let painted = renderer.paint(&context, &mut buffers)?;
        for (band_idx, band) in config.bands.iter().enumerate() {
            renderer.render_sky(band_idx, &context, &painted, &mut buffers);
            let spectrum = renderer.spectrum(&mut buffers);
            let d_3000 = clustered_d3000_uk2(config, &self.populations, Ghz::new(band.nu_ghz));
            let clustered = |ell: f64| d_3000 * (ell / ELL_PIVOT).powf(CLUSTERED_SLOPE) / d_per_c(ell);
            let mean = |range, f: &dyn Fn(f64, f64) -> f64| mean_over_modes(&self.simulator, &spectrum, range, f);
            let (shot, n_shot) = mean(SHOT_ELL_RANGE, &|ell, power| power - clustered(ell));
            let (ratio, n_clustered) = mean(CLUSTERED_ELL_RANGE, &|ell, power| (power - shot) / clustered(ell));
            self.shot_c_ell_uk2_sr[band_idx] += weight * shot;
            self.clustered_ratio[band_idx] += weight * ratio;
            if band_idx == 0 {
                self.n_modes[0] += n_shot;
                self.n_modes[1] += n_clustered;
            }
        }
        self.sources.extend(painted.into_sources());
        Ok(())
    }

    fn statistics(&self, config: &SceneConfig) -> Vec<Statistic> {
        let mut statistics = Vec::new();
        for (band_idx, band) in config.bands.iter().enumerate() {
            let nu = Ghz::new(band.nu_ghz);
            statistics.push(self.shot_noise(config, band_idx, nu, &band.name));
            statistics.extend(self.clustered_power(config, band_idx, nu, &band.name));
            for (kind, population) in &self.populations {
                statistics.extend(self.counts(*kind, population, band_idx, nu, &band.name));
            }
        }
        statistics
    }

    /// `D_3000` of the flat part: with the model of paper 003 against its numbers, else against the integral of counts.
    fn shot_noise(&self, config: &SceneConfig, band_idx: usize, nu: Ghz, band: &str) -> Statistic {
        let cut = FluxCut { nu: REFERENCE_NU, below_mjy: REMOVED_MJY };
        let expected =
            |of: &dyn Fn(&SourcePopulation) -> f64| -> f64 { self.populations.iter().map(|p| of(&p.1)).sum() };
        let model = expected(&|p| p.cross_c_ell_uk2_sr(nu, nu, cut));
        // Sources are few: the variance of a sum of S^2 is the sum of S^4.
        let fourth = expected(&|p| p.fourth_moment_uk4_sr3(nu, cut));
        let standard_error = (1.0 / self.n_modes[0] + fourth / (model * model * self.area_sr)).sqrt();
        let target = match &config.foregrounds {
            ForegroundsConfig::Deepsz { point_sources_d3000_uk2, .. } if self.populations.len() == 2 => {
                point_sources_d3000_uk2[band_idx]
            }
            _ => model * d_per_c(ELL_PIVOT),
        };
        Statistic {
            name: format!("D_3000 of the shot noise of sources below 2 mJy in band {band}, uK2"),
            value: self.shot_c_ell_uk2_sr[band_idx] * d_per_c(ELL_PIVOT),
            target,
            tolerance: target * (SHOT_TOLERANCE + SIGMAS * standard_error),
        }
    }

    fn clustered_power(&self, config: &SceneConfig, band_idx: usize, nu: Ghz, band: &str) -> Option<Statistic> {
        let target = clustered_d3000_uk2(config, &self.populations, nu);
        if target == 0.0 {
            return None;
        }
        let shot_share = self.shot_c_ell_uk2_sr[band_idx] / (target / d_per_c(ELL_PIVOT));
        let standard_error = (1.0 + shot_share) / self.n_modes[1].sqrt();
        Some(Statistic {
            name: format!("D_3000 of the clustering of dusty galaxies in band {band}, uK2"),
            value: self.clustered_ratio[band_idx] * target,
            target,
            tolerance: target * (CLUSTERED_TOLERANCE + SIGMAS * standard_error),
        })
    }

    /// Sources in bins of flux per square degree, against the counts that they are drawn from.
    fn counts(
        &self,
        kind: SourceKind,
        population: &SourcePopulation,
        band_idx: usize,
        nu: Ghz,
        band: &str,
    ) -> Vec<Statistic> {
        let to_band = population.spectrum.flux_ratio(nu, REFERENCE_NU).at(0.0);
        let area_deg2 = self.area_sr * 1f64.to_degrees().powi(2);
        let bins = COUNT_EDGES_MJY.windows(2).map(|edges| {
            let [low, high] = [edges[0] * to_band, edges[1] * to_band];
            let inside = |source: &&DrawnSource| {
                source.kind == kind && (low..high).contains(&f64::from(source.flux_mjy[band_idx]))
            };
            let n = self.sources.iter().filter(inside).count() as f64;
            let expected = (population.n_above_per_sr(nu, low) - population.n_above_per_sr(nu, high)) * self.area_sr;
            let range = if high > 1e3 { format!("above {low:.2}") } else { format!("of {low:.2} to {high:.2}") };
            Statistic {
                name: format!("{} sources {range} mJy in band {band}, per deg2", kind.name()),
                value: n / area_deg2,
                target: expected / area_deg2,
                // One more for bins with next to no source.
                tolerance: (SIGMAS * expected.sqrt() + 1.0) / area_deg2,
            }
        });
        bins.collect()
    }
}

fn populations(config: &SceneConfig, kinds: &[Component]) -> Result<Vec<(SourceKind, SourcePopulation)>, Error> {
    let mut populations = Vec::new();
    if let (Some(radio), true) = (&config.radio_sources, kinds.contains(&Component::RadioSources)) {
        populations.push((SourceKind::Radio, radio.population()));
    }
    if let (Some(dusty), true) = (&config.dusty_sources, kinds.contains(&Component::DustySources)) {
        populations.push((SourceKind::Dusty, dusty.population()?));
    }
    Ok(populations)
}

/// `D_3000` of the clustering in a band by the model: that at 219 GHz times the square of the mean temperature in the band
/// over that there; zero without dusty galaxies.
fn clustered_d3000_uk2(config: &SceneConfig, populations: &[(SourceKind, SourcePopulation)], nu: Ghz) -> f64 {
    let population = populations.iter().find(|(kind, _)| *kind == SourceKind::Dusty);
    let (Some(dusty), Some((_, population))) = (&config.dusty_sources, population) else { return 0.0 };
    let cut = FluxCut { nu: REFERENCE_NU, below_mjy: REMOVED_MJY };
    let mean_ratio = population.mean_uk(nu, cut) / population.mean_uk(population.counts.nu(), cut);
    dusty.clustered_d3000_219ghz_uk2 * mean_ratio * mean_ratio
}

/// The share of clusters that host a source above a flux, against what their weights as hosts imply.
fn hosting_clusters(config: &SceneConfig) -> Result<Option<Statistic>, Error> {
    let (simulator, n_tiles) = sources_alone(config, &[Component::RadioSources], HOST_AREA_DEG2)?;
    let (mut n_clusters, mut n_hosting, mut expected) = (0.0, 0.0, 0.0);
    for tile in 0..n_tiles {
        let context = simulator.tile_context(Split::Train, tile, Haloes::Drawn)?;
        let sources = simulator.renderer().sources().map(|sources| sources.draw(&context));
        let Some(sources) = sources else { return Ok(None) };
        let bright = sources.into_sources().into_iter().filter(|source| f64::from(source.flux_148ghz_mjy) > HOSTED_MJY);
        let hosts: std::collections::BTreeSet<u64> = bright.filter_map(|source| source.host).collect();
        let Some(model) = simulator.renderer().sources().and_then(|sources| sources.hosting()) else { return Ok(None) };
        for placed in &context.placed {
            if placed.halo.mvir.value() > CLUSTER_MVIR_MSUN {
                n_clusters += 1.0;
                n_hosting += f64::from(u8::from(hosts.contains(&placed.halo.id)));
                expected += 1.0 - (-model.expected_sources(placed.halo.m200m, HOSTED_MJY)).exp();
            }
        }
    }
    if n_clusters == 0.0 {
        return Ok(None);
    }
    let target: f64 = expected / n_clusters;
    Ok(Some(Statistic {
        name: "share of clusters of Mvir > 2e14 Msun with a source above 5 mJy at 148 GHz".to_owned(),
        value: n_hosting / n_clusters,
        target,
        tolerance: SIGMAS * (target / n_clusters).sqrt() + 1.0 / n_clusters,
    }))
}

/// Correlation coefficient of Compton y and dusty galaxies in the band nearest to 219 GHz, about l = 3000.
fn tsz_cib_correlation(config: &SceneConfig) -> Result<Option<Statistic>, Error> {
    let is_tied = config
        .dusty_sources
        .as_ref()
        .is_some_and(|dusty| dusty.halo_tied_share > 0.0 && dusty.clustered_d3000_219ghz_uk2 > 0.0);
    let distance = |band: &crate::BandConfig| (band.nu_ghz - 219.0).abs();
    let nearest =
        (0..config.bands.len()).min_by(|&a, &b| distance(&config.bands[a]).total_cmp(&distance(&config.bands[b])));
    let (Some(band_idx), true) = (nearest, is_tied) else { return Ok(None) };
    let (simulator, _) = sources_alone(config, &[Component::DustySources], POWER_AREA_DEG2)?;
    let context = simulator.tile_context(Split::Train, 0, Haloes::Drawn)?;
    let renderer = simulator.renderer();
    let mut buffers = renderer.buffers();
    let painted = renderer.paint(&context, &mut buffers)?;
    renderer.render_sky(band_idx, &context, &painted, &mut buffers);
    let dusty = renderer.spectrum(&mut buffers);
    let Some(y) = renderer.tsz_spectrum(&context.placed, &mut buffers)? else { return Ok(None) };
    let power = |spectrum: &[Complex<f32>]| mean_over_modes(&simulator, spectrum, CORRELATION_ELL_RANGE, |_, p| p);
    // Re(a b*) = (|a + b|^2 - |a - b|^2) / 4, with both at the same scale.
    let ((yy, n_modes), (dd, _)) = (power(&y), power(&dusty));
    let scale = (dd / yy).sqrt() as f32;
    let sum: Vec<Complex<f32>> = y.iter().zip(&dusty).map(|(y, dusty)| y * scale + dusty).collect();
    let difference: Vec<Complex<f32>> = y.iter().zip(&dusty).map(|(y, dusty)| y * scale - dusty).collect();
    let value = 0.25 * (power(&sum).0 - power(&difference).0) / dd;
    Ok(Some(Statistic {
        name: "correlation of Compton y and dusty galaxies at l = 2000 to 4000".to_owned(),
        value,
        target: TSZ_CIB_CORRELATION,
        tolerance: CORRELATION_TOLERANCE + SIGMAS / (2.0 * n_modes).sqrt(),
    }))
}
