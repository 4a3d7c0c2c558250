//! Radio galaxies: drawn one by one, some of them in haloes.

use super::hosts::{self, Hosts, Rank};
use super::{BandRatios, BandView, DrawnSource, REFERENCE_NU, RadioSourcesConfig, SourceKind, flux_cut};
use crate::setup::Setup;
use crate::stream::Draw;
use crate::tile::TileContext;
use crate::{Component, Error};
use arcmin_maps::PixelPosition;
use arcmin_sky::source_counts::{FluxSampler, SourcePopulation};
use arcmin_units::M200m;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Poisson, StandardNormal};

/// Fainter sources are not drawn: below it lie 1e-3 of the power that is left under 2 mJy.
const S_MIN_MJY: f64 = 0.01;
/// Numbers of the random streams.
const FIELD: u8 = 0;
const IN_HALOES: u8 = 1;

/// What radio galaxies are drawn from.
#[derive(Clone, Debug)]
pub(crate) struct RadioModel {
    population: SourcePopulation,
    fluxes: FluxSampler,
    ratios: BandRatios,
    removed_above_mjy: f64,
    halo_share: f64,
    halo_mass_slope: f64,
    /// Expected sum of the weights of hosts.
    host_weight_per_sr: f64,
    /// Expected temperature in each band.
    pub(super) mean_uk: Vec<f64>,
}

impl RadioModel {
    pub(super) fn new(config: &RadioSourcesConfig, setup: &Setup, bands: &[BandView]) -> Result<Self, Error> {
        let population = config.population();
        let cut = flux_cut(config.removed_above_mjy);
        let slope = config.halo_mass_slope;
        let hosted = config.halo_share > 0.0;
        Ok(Self {
            fluxes: population.counts.sampler(S_MIN_MJY),
            ratios: BandRatios::new(&population, bands),
            removed_above_mjy: cut.below_mjy,
            halo_share: config.halo_share,
            halo_mass_slope: slope,
            host_weight_per_sr: if hosted { hosts::sum_per_sr(setup, |m| hosts::weight(m, slope)) } else { 1.0 },
            mean_uk: bands.iter().map(|band| population.mean_uk(band.nu, cut)).collect(),
            population,
        })
    }

    /// Draws the sources of a tile and its rim: those of the field, then those in haloes.
    pub(super) fn draw(&self, tile: &TileContext) -> Vec<DrawnSource> {
        let stream = |what| tile.key.stream(Draw::Painted { component: Component::RadioSources, what, index: 0 });
        let per_sr = self.fluxes.n_per_sr();
        let mut rng = stream(FIELD);
        let n_field = poisson(per_sr * (1.0 - self.halo_share) * tile.window.solid_angle_sr(), &mut rng);
        let mut sources: Vec<DrawnSource> = (0..n_field)
            .map(|_| {
                let pixel = tile.window.draw_position(&mut rng);
                self.draw_source(pixel, None, &mut rng)
            })
            .collect();
        sources.extend(self.draw_hosted(tile, &mut stream(IN_HALOES)));
        sources
    }

    /// Draws the sources in haloes: first who hosts them and how bright they are, then their places by rank.
    fn draw_hosted(&self, tile: &TileContext, rng: &mut impl Rng) -> Vec<DrawnSource> {
        let hosts = Hosts::new(&tile.placed, self.halo_mass_slope);
        let expected = self.fluxes.n_per_sr() * self.halo_share * hosts.total_weight() / self.host_weight_per_sr;
        let mut hosted: Vec<(usize, DrawnSource)> = (0..poisson(expected, rng))
            .map(|_| {
                let host_idx = hosts.draw(rng);
                let host = &tile.placed[host_idx];
                (host_idx, self.draw_source(host.pixel, Some(host.halo.id), rng))
            })
            .collect();
        hosted.sort_by(|(a_idx, a), (b_idx, b)| a_idx.cmp(b_idx).then(b.flux_148ghz_mjy.total_cmp(&a.flux_148ghz_mjy)));
        let mut last = None;
        for (host_idx, source) in &mut hosted {
            let rank = if last == Some(*host_idx) { Rank::Other } else { Rank::First };
            last = Some(*host_idx);
            source.pixel = hosts::draw_place(&tile.placed[*host_idx], rank, &tile.window, rng);
        }
        hosted.into_iter().map(|(_, source)| source).filter(|source| tile.window.is_simulated(source.pixel)).collect()
    }

    /// Expected number of sources above a flux at 148 GHz that a halo hosts.
    pub(crate) fn expected_sources(&self, m200m: M200m, s_148ghz_mjy: f64) -> f64 {
        let per_sr = self.population.n_above_per_sr(REFERENCE_NU, s_148ghz_mjy) * self.halo_share;
        per_sr * hosts::weight(m200m, self.halo_mass_slope) / self.host_weight_per_sr
    }

    fn draw_source(&self, pixel: PixelPosition, host: Option<u64>, rng: &mut impl Rng) -> DrawnSource {
        let deviate: f64 = rng.random();
        let flux_mjy = self.fluxes.flux_mjy(1.0 - deviate);
        let g: f64 = StandardNormal.sample(rng);
        let at_reference = flux_mjy * self.ratios.reference.at(g);
        DrawnSource {
            kind: SourceKind::Radio,
            pixel,
            flux_148ghz_mjy: at_reference as f32,
            flux_mjy: self.ratios.bands.iter().map(|ratio| (flux_mjy * ratio.at(g)) as f32).collect(),
            host,
            is_removed: at_reference > self.removed_above_mjy,
        }
    }
}

/// A Poisson number; zero for a mean that is not above zero.
fn poisson(mean: f64, rng: &mut impl Rng) -> usize {
    Poisson::new(mean).map_or(0, |poisson| poisson.sample(rng) as usize)
}
