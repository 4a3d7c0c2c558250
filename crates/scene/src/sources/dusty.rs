//! Dusty galaxies: a Poisson sample of a log-normal density, pixel by pixel.
//!
//! Sources above [`S_DRAWN_MJY`] at 219 GHz are drawn one by one. The fainter ones, some hundred in each square arcminute,
//! are replaced by their mean, which follows the density, and Gaussian shot noise of their variance, seen by all bands
//! alike; they carry 4% of the shot noise and 40% of the mean.

use super::ir_density::IrDensity;
use super::{BandRatios, BandView, CATALOGUE_MJY, DrawnSource, DustySourcesConfig, SourceKind, flux_cut};
use crate::setup::Setup;
use crate::stream::Draw;
use crate::tile::TileContext;
use crate::window::Window;
use crate::{Component, Error};
use arcmin_maps::PixelPosition;
use arcmin_sky::source_counts::{FluxCut, FluxRatio, FluxSampler, SourcePopulation};
use arcmin_units::Ghz;
use rand::RngExt;
use rand_distr::{Distribution, Poisson, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

/// Sources above this flux at 219 GHz are drawn one by one.
const S_DRAWN_MJY: f64 = 0.1;
/// Expected number of sources of a pixel above which its number is not drawn by inversion.
const INVERSION_MAX: f64 = 12.0;

/// What dusty galaxies are drawn from.
#[derive(Debug)]
pub(super) struct DustyModel {
    fluxes: FluxSampler,
    ratios: BandRatios,
    removed_above_mjy: f64,
    density: Option<IrDensity>,
    /// For each band.
    bands: Vec<DustyBand>,
    /// Expected temperature in each band.
    pub(super) mean_uk: Vec<f64>,
}

/// What a band sees of the sources.
#[derive(Clone, Copy, Debug)]
struct DustyBand {
    /// Median flux over that at 219 GHz, and its scatter.
    median_ratio: f64,
    ln_scatter: f64,
    uk_sr_per_mjy: f64,
    /// Mean temperature of the sources that are not drawn.
    faint_mean_uk: f64,
    /// Square root of their shot noise, in uK sr^(1/2).
    faint_shot_uk_sr05: f64,
}

/// Temperature of all sources too faint to be listed on a tile and its rim, row by row and band by band.
#[derive(Clone, Debug)]
pub(super) struct FaintLayer {
    nx: usize,
    n_bands: usize,
    pixels_uk: Vec<f32>,
}

impl FaintLayer {
    /// One row of the padded window in one band.
    pub(super) fn row(&self, row: usize, band_idx: usize) -> &[f32] {
        &self.pixels_uk[(row * self.n_bands + band_idx) * self.nx..][..self.nx]
    }
}

impl DustyModel {
    pub(super) fn new(
        config: &DustySourcesConfig,
        setup: &Setup,
        window: &Window,
        bands: &[BandView],
    ) -> Result<Self, Error> {
        let population = config.population()?;
        let cut = flux_cut(config.removed_above_mjy);
        let mean_uk = |nu: Ghz| population.mean_uk(nu, cut);
        Ok(Self {
            fluxes: population.counts.sampler(S_DRAWN_MJY),
            ratios: BandRatios::new(&population, bands),
            removed_above_mjy: cut.below_mjy,
            density: IrDensity::new(config, setup, window, mean_uk(population.counts.nu()))?,
            bands: bands.iter().map(|band| DustyBand::new(&population, band)).collect(),
            mean_uk: bands.iter().map(|band| mean_uk(band.nu)).collect(),
        })
    }

    /// Draws the sources of a tile and its rim: those with a place of their own, and the image of all others.
    pub(super) fn draw(&self, tile: &TileContext) -> (Vec<DrawnSource>, FaintLayer) {
        let (nx, ny, n_bands) = (tile.window.padded.nx, tile.window.padded.ny, self.bands.len());
        let density = self.density.as_ref().map(|density| density.draw(tile));
        let mut pixels_uk = vec![0f32; n_bands * nx * ny];
        let rows = pixels_uk.par_chunks_exact_mut(n_bands * nx).enumerate();
        let bright: Vec<Vec<DrawnSource>> = rows
            .map(|(row, pixels)| {
                let density = density.as_ref().map(|density| &density[row * nx..][..nx]);
                self.draw_row(row, tile, density, pixels)
            })
            .collect();
        (bright.concat(), FaintLayer { nx, n_bands, pixels_uk })
    }

    /// Fills one row of all bands, and returns its listed sources.
    fn draw_row(
        &self,
        row: usize,
        tile: &TileContext,
        density: Option<&[f32]>,
        pixels_uk: &mut [f32],
    ) -> Vec<DrawnSource> {
        let draw = Draw::Painted { component: Component::DustySources, what: 0, index: row };
        let mut rng = tile.key.stream(draw);
        let (nx, rim) = (tile.window.padded.nx, tile.window.rim() as f64);
        let mut bright = Vec::new();
        let mut sums_mjy = vec![0f64; self.bands.len()];
        for column in 0..nx {
            let centre = PixelPosition { x: column as f64 - rim, y: row as f64 - rim };
            let pixel_sr = tile.window.pixel_sr(centre);
            let density = density.map_or(1.0, |density| f64::from(density[column]));
            sums_mjy.fill(0.0);
            for _ in 0..draw_count(self.fluxes.n_per_sr() * pixel_sr * density, &mut rng) {
                self.draw_source(centre, &mut rng, &mut sums_mjy, &mut bright);
            }
            let normal: f64 = StandardNormal.sample(&mut rng);
            let (per_sr, shot) = (1.0 / pixel_sr, normal * (density / pixel_sr).sqrt());
            for (band_idx, (band, sum_mjy)) in self.bands.iter().zip(&sums_mjy).enumerate() {
                let faint_uk = band.faint_mean_uk * density + band.faint_shot_uk_sr05 * shot;
                pixels_uk[band_idx * nx + column] = (sum_mjy * band.uk_sr_per_mjy * per_sr + faint_uk) as f32;
            }
        }
        bright
    }

    /// Draws one source of a pixel: into the sums over the pixel, or into the list.
    #[inline]
    fn draw_source(
        &self,
        centre: PixelPosition,
        rng: &mut Xoshiro256PlusPlus,
        sums_mjy: &mut [f64],
        bright: &mut Vec<DrawnSource>,
    ) {
        let deviate: f64 = rng.random();
        let flux_mjy = self.fluxes.flux_mjy(1.0 - deviate);
        let g: f64 = StandardNormal.sample(rng);
        let at_reference = flux_mjy * self.ratios.reference.at(g);
        if at_reference >= CATALOGUE_MJY || at_reference > self.removed_above_mjy {
            bright.push(self.listed_source(flux_mjy, g, centre, rng));
            return;
        }
        // PERF: bands on one side of the break share a factor; the exponential is taken when it changes.
        let (mut last, mut factor) = (0.0, 1.0);
        for (sum_mjy, band) in sums_mjy.iter_mut().zip(&self.bands) {
            if band.ln_scatter != last {
                (last, factor) = (band.ln_scatter, (band.ln_scatter * g).exp());
            }
            *sum_mjy += flux_mjy * band.median_ratio * factor;
        }
    }

    /// A bright source at a random place in its pixel.
    fn listed_source(&self, flux_mjy: f64, g: f64, centre: PixelPosition, rng: &mut Xoshiro256PlusPlus) -> DrawnSource {
        let [dx, dy]: [f64; 2] = rng.random();
        let flux = |ratio: &FluxRatio| (flux_mjy * ratio.at(g)) as f32;
        let at_reference = flux(&self.ratios.reference);
        DrawnSource {
            kind: SourceKind::Dusty,
            pixel: PixelPosition { x: centre.x + dx - 0.5, y: centre.y + dy - 0.5 },
            flux_148ghz_mjy: at_reference,
            flux_mjy: self.ratios.bands.iter().map(flux).collect(),
            host: None,
            is_removed: f64::from(at_reference) > self.removed_above_mjy,
        }
    }
}

impl DustyBand {
    fn new(population: &SourcePopulation, band: &BandView) -> Self {
        let ratio = population.spectrum.flux_ratio(band.nu, population.counts.nu());
        // A cut at the frequency of the counts: which sources are drawn does not depend on their spectrum.
        let faint = FluxCut { nu: population.counts.nu(), below_mjy: S_DRAWN_MJY };
        Self {
            median_ratio: ratio.ln_median.exp(),
            ln_scatter: ratio.ln_scatter,
            uk_sr_per_mjy: band.uk_sr_per_mjy,
            faint_mean_uk: population.mean_uk(band.nu, faint),
            faint_shot_uk_sr05: population.cross_c_ell_uk2_sr(band.nu, band.nu, faint).sqrt(),
        }
    }
}

/// A Poisson number, by inversion where it is small.
#[inline]
fn draw_count(mean: f64, rng: &mut Xoshiro256PlusPlus) -> usize {
    if mean > INVERSION_MAX {
        return Poisson::new(mean).map_or(0, |poisson| poisson.sample(rng) as usize);
    }
    let mut left: f64 = rng.random();
    let mut chance = (-mean).exp();
    let mut count = 0;
    // Beyond this number the chances are below what a deviate of 53 bits resolves.
    while left >= chance && count < 100 {
        left -= chance;
        count += 1;
        chance *= mean / count as f64;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    /// Mean and variance of small and large numbers; false alarm 6e-5 for the mean and 6e-4 or so for the variance
    /// (4 sigma of a nearly normal statistic, twelve numbers).
    #[test]
    fn counts_are_poisson() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
        for mean in [1e-3, 0.05, 0.6, 3.0, 11.9, 40.0] {
            let n = 200_000;
            let counts: Vec<f64> = (0..n).map(|_| draw_count(mean, &mut rng) as f64).collect();
            let average = counts.iter().sum::<f64>() / n as f64;
            let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / n as f64;
            let sigma = (mean / n as f64).sqrt();
            assert!((average - mean).abs() < 4.0 * sigma, "{mean}: {average}");
            // The fourth central moment of a Poisson number is m + 3 m^2.
            let sigma = ((mean + 2.0 * mean * mean) / n as f64).sqrt();
            assert!((variance - mean).abs() < 4.0 * sigma, "{mean}: {variance}");
        }
    }
}
