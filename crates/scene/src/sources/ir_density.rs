//! The density that dusty galaxies follow: log-normal, a part of it tied to the haloes.
//!
//! `1 + delta = exp(G - sigma^2 / 2)` with a Gaussian G whose correlation is `ln(1 + xi)`, xi being that of delta (Coles &
//! Jones 1991), so that delta has the power asked for. A share q of the variance of G on scales above
//! [`TIE_FWHM_ARCMIN`] is not drawn but made of the haloes: their weights laid on pixels, filtered to the spectrum.

use super::DustySourcesConfig;
use super::hosts;
use crate::field::{Column, EllTable, Field};
use crate::setup::Setup;
use crate::tile::TileContext;
use crate::window::Window;
use crate::{Component, Error};
use arcmin_fft::{RealFft2, Wavenumbers, good_size};
use arcmin_maps::Beam;
use arcmin_sky::spectra::d_per_c;
use arcmin_units::Arcmin;
use num_complex::Complex;
use rayon::prelude::*;

/// Slope of the clustered power, `D_l ~ l^0.8`, and the multipole at which it is quoted (George15).
const D_ELL_SLOPE: f64 = 0.8;
const ELL_PIVOT: f64 = 3000.0;
/// Scale of the smoothing of haloes before galaxies follow them: the size of the groups that host them.
const TIE_FWHM_ARCMIN: f64 = 2.0;
/// Galaxies follow haloes by the mass to this power: with a fifth of the variance tied, their correlation with Compton y
/// is then the 0.1 that George15 measure (0.24 for a power of one, 0.05 for zero).
const HALO_MASS_SLOPE: f64 = 0.5;
/// Largest side of the grid on which correlations are computed.
const CORRELATION_SIDE: usize = 1024;

/// What the density is drawn from.
#[derive(Debug)]
pub(super) struct IrDensity {
    fft: RealFft2<f32>,
    wavenumbers: Wavenumbers,
    /// The part of G that is drawn.
    field: Field,
    /// What turns the haloes' density into the tied part of G.
    halo_filter: EllTable,
    has_tie: bool,
    /// `sigma^2 / 2`.
    half_variance: f32,
}

impl IrDensity {
    /// `None` when the galaxies are unclustered; `mean_uk` is their mean temperature at 219 GHz.
    pub(super) fn new(
        config: &DustySourcesConfig,
        setup: &Setup,
        window: &Window,
        mean_uk: f64,
    ) -> Result<Option<Self>, Error> {
        let d_pivot = config.clustered_d3000_219ghz_uk2 / (mean_uk * mean_uk);
        if d_pivot == 0.0 {
            return Ok(None);
        }
        let c_delta = move |ell: f64| d_pivot * (ell / ELL_PIVOT).powf(D_ELL_SLOPE) / d_per_c(ell);
        let ratio = gaussian_over_log_normal(&c_delta, window)?;
        let c_gauss = |ell: f64| c_delta(ell) * ratio.at(ell);
        let wavenumbers = Wavenumbers::new(window.padded.ny, window.padded.nx, window.pixel_rad())?;
        let smoothing = Beam::gaussian(Arcmin::new(TIE_FWHM_ARCMIN))?;
        let tied = |ell: f64| config.halo_tied_share * smoothing.transfer(ell).powi(2);
        let halo_c_ell_sr = hosts::sum_per_sr(setup, |m| hosts::weight(m, HALO_MASS_SLOPE).powi(2));
        let has_tie = config.halo_tied_share > 0.0 && halo_c_ell_sr > 0.0;
        let filter = |ell: f64| {
            if ell == 0.0 || !has_tie { 0.0 } else { (tied(ell) * c_gauss(ell) / halo_c_ell_sr).sqrt() }
        };
        let pixel_sr = window.pixel_rad().powi(2);
        let drawn = |ell: f64| c_gauss(ell) * (1.0 - tied(ell));
        Ok(Some(Self {
            fft: RealFft2::new(window.padded.ny, window.padded.nx)?,
            field: Field::new(Component::DustySources, drawn, &[1.0], &wavenumbers, pixel_sr),
            halo_filter: EllTable::new(filter, &wavenumbers),
            has_tie,
            half_variance: (0.5 * variance(&c_gauss, &wavenumbers, window)) as f32,
            wavenumbers,
        }))
    }

    /// `1 + delta` in each pixel of a tile and its rim.
    pub(super) fn draw(&self, tile: &TileContext) -> Vec<f32> {
        let mut density = vec![0f32; self.fft.map_len()];
        let mut scratch = self.fft.make_scratch();
        let haloes = self.has_tie.then(|| {
            lay_down_haloes(&mut density, tile);
            let mut spectrum = vec![Complex::default(); self.fft.spectrum_len()];
            self.fft.forward(&density, &mut spectrum, &mut scratch);
            spectrum
        });
        self.fft.inverse_with(&mut density, &mut scratch, |kx, modes: &mut [Complex<f32>]| {
            let column = Column::new(&self.wavenumbers, kx);
            match &haloes {
                Some(haloes) => {
                    let haloes = &haloes[kx * modes.len()..][..modes.len()];
                    for ((mode, halo), &ell) in modes.iter_mut().zip(haloes).zip(&column.ell) {
                        *mode = halo * self.halo_filter.at(ell);
                    }
                }
                None => modes.fill(Complex::default()),
            }
            self.field.add_column(0, tile.key, 1.0, &column, modes);
        });
        density.par_chunks_mut(1 << 14).for_each(|chunk| {
            chunk.iter_mut().for_each(|g| *g = (*g - self.half_variance).exp());
        });
        density
    }
}

/// Weights of the haloes per steradian, each in its pixel.
fn lay_down_haloes(image: &mut [f32], tile: &TileContext) {
    let (rim, pixel_sr) = (tile.window.rim() as f64, tile.window.pixel_rad().powi(2));
    for placed in &tile.placed {
        let at = arcmin_maps::PixelPosition { x: placed.pixel.x + rim, y: placed.pixel.y + rim };
        let weight = hosts::weight(placed.halo.m200m, HALO_MASS_SLOPE);
        super::place::add_to_pixel(image, tile.window.padded, at, weight / pixel_sr);
    }
}

/// Variance of a field on the pixels of a window, `sum_k C_k / area`, its mean left out.
fn variance(c_ell: &impl Fn(f64) -> f64, wavenumbers: &Wavenumbers, window: &Window) -> f64 {
    let ny = window.padded.ny;
    let area_sr = window.padded.n_pixels() as f64 * window.pixel_rad().powi(2);
    let column = |kx: usize| {
        let power = (0..ny).filter(|&ky| kx + ky > 0).map(|ky| c_ell(wavenumbers.ell(kx, ky)));
        power.sum::<f64>() * wavenumbers.multiplicity(kx)
    };
    (0..=window.padded.nx / 2).map(column).sum::<f64>() / area_sr
}

/// A ratio of spectra in even steps of the multipole.
struct EllRatio {
    ell_step: f64,
    values: Vec<f64>,
}

impl EllRatio {
    fn at(&self, ell: f64) -> f64 {
        let place = (ell / self.ell_step).clamp(0.0, (self.values.len() - 2) as f64 + 0.999);
        let (idx, within) = (place as usize, place.fract());
        self.values[idx] + (self.values[idx + 1] - self.values[idx]) * within
    }
}

/// Spectrum of the Gaussian field whose exponential has a given spectrum, over that spectrum.
///
/// On a grid: spectrum to correlation, `ln(1 + xi)`, and back, averaged over rings.
fn gaussian_over_log_normal(c_delta: &(impl Fn(f64) -> f64 + Sync), window: &Window) -> Result<EllRatio, Error> {
    let side = good_size(window.padded.nx.min(CORRELATION_SIDE));
    let wavenumbers = Wavenumbers::new(side, side, window.pixel_rad())?;
    let fft = RealFft2::<f64>::new(side, side)?;
    let pixel_sr = window.pixel_rad().powi(2);
    let mut scratch = fft.make_scratch();
    let mut correlation = vec![0f64; fft.map_len()];
    let power = |kx: usize, ky: usize| {
        if kx + ky == 0 { 0.0 } else { c_delta(wavenumbers.ell(kx, ky)) / pixel_sr }
    };
    fft.inverse_with(&mut correlation, &mut scratch, |kx, modes: &mut [Complex<f64>]| {
        modes.iter_mut().enumerate().for_each(|(ky, mode)| *mode = Complex::new(power(kx, ky), 0.0));
    });
    correlation.iter_mut().for_each(|xi| *xi = xi.ln_1p());
    let mut spectrum = vec![Complex::default(); fft.spectrum_len()];
    fft.forward(&correlation, &mut spectrum, &mut scratch);
    let ell_step = wavenumbers.ell_x()[1];
    let n_rings = (wavenumbers.ell_max() / ell_step) as usize + 2;
    let mut rings = vec![(0.0, 0.0); n_rings];
    for (idx, mode) in spectrum.iter().enumerate().skip(1) {
        let (kx, ky) = (idx / side, idx % side);
        let ring = &mut rings[(wavenumbers.ell(kx, ky) / ell_step).round() as usize];
        let weight = wavenumbers.multiplicity(kx);
        ring.0 += weight * mode.re / power(kx, ky);
        ring.1 += weight;
    }
    let mut values: Vec<f64> = rings.iter().map(|(sum, weight)| sum / weight.max(1.0)).collect();
    // There is no ring at l = 0, and the last ones may be empty.
    values[0] = values[1];
    for idx in 1..values.len() {
        if rings[idx].1 == 0.0 {
            values[idx] = values[idx - 1];
        }
    }
    values.iter_mut().for_each(|value| *value = value.max(0.0));
    Ok(EllRatio { ell_step, values })
}
