//! Statistics of images: power of Gaussian fields, rms of noise.

use super::{SIGMAS, Statistic, simulator_with};
use crate::field::tile_factor;
use crate::foreground::field_model;
use crate::render::Painted;
use crate::setup::BandSetup;
use crate::{Component, Error, Haloes, SceneConfig, Simulator, Split, TileKey};
use arcmin_maps::Band;
use arcmin_sky::spectra::d_per_c;
use num_complex::Complex;

/// Multipoles whose modes are compared with the spectrum.
const ELL_RANGE: [f64; 2] = [500.0, 10_000.0];
/// Multipole at which power is quoted.
const ELL_PIVOT: f64 = 3000.0;
/// Accepted difference of a field's power beyond that of the sample.
const POWER_TOLERANCE: f64 = 0.03;
/// Tiles whose power of a field is drawn to measure its scatter.
const POWER_TILES: u64 = 4000;
/// Accepted difference of the noise's rms beyond that of the sample.
const NOISE_TOLERANCE: f64 = 0.01;

/// D_3000 of a field in each band, from the ratio of power to spectrum averaged over all modes.
pub(super) fn field_power(config: &SceneConfig, component: Component) -> Result<Vec<Statistic>, Error> {
    let simulator = simulator_with(config, &[component], 1)?;
    let Some(model) = field_model(simulator.setup(), component) else { return Ok(Vec::new()) };
    let renderer = simulator.renderer();
    let mut buffers = renderer.buffers();
    let tile = simulator.tile_context(Split::Train, 0, Haloes::Drawn)?;
    let mut statistics = Vec::new();
    for (band_idx, factor) in model.band_factors.iter().enumerate() {
        renderer.render_sky(band_idx, &tile, &Painted::default(), &mut buffers);
        let spectrum = renderer.spectrum(&mut buffers);
        let factor = factor * tile_factor(component, model.power_ln_scatter, tile.key);
        let c_ell = |ell: f64| (model.c_ell_uk2_sr)(ell) * factor * factor;
        let (ratio, n_modes) = mean_over_modes(&simulator, &spectrum, ELL_RANGE, |ell, power| power / c_ell(ell));
        let target = c_ell(ELL_PIVOT) * d_per_c(ELL_PIVOT);
        let name = format!("D_3000 of {component} in band {}, uK2", simulator.setup().bands[band_idx].name);
        let tolerance = target * (POWER_TOLERANCE + SIGMAS / n_modes.sqrt());
        statistics.push(Statistic { name, value: ratio * target, target, tolerance });
    }
    Ok(statistics)
}

/// The scatter between tiles of the power of a field, where it has one.
pub(super) fn power_scatter(config: &SceneConfig, component: Component) -> Result<Option<Statistic>, Error> {
    let setup = config.check()?;
    let Some(scatter) = field_model(&setup, component).map(|model| model.power_ln_scatter).filter(|&s| s > 0.0) else {
        return Ok(None);
    };
    let key = |tile| TileKey { seed: setup.seed, split: Split::Train, tile };
    let ln_power = (0..POWER_TILES).map(|tile| 2.0 * tile_factor(component, scatter, key(tile)).ln());
    let value = (ln_power.map(|ln_power| ln_power * ln_power).sum::<f64>() / POWER_TILES as f64).sqrt();
    let name = format!("scatter between tiles of ln D_3000 of {component}");
    let tolerance = SIGMAS * scatter / (2.0 * POWER_TILES as f64).sqrt();
    Ok(Some(Statistic { name, value, target: scatter, tolerance }))
}

/// The rms of pure noise in each band.
pub(super) fn noise(config: &SceneConfig) -> Result<Vec<Statistic>, Error> {
    let simulator = simulator_with(config, &[Component::Noise], 1)?;
    let scene = simulator.scene(Split::Train, 0, Haloes::Drawn)?;
    let bands = scene.observation.bands().iter().zip(&simulator.setup().bands);
    let statistic = |(band, setup): (&Band, &BandSetup)| {
        let pixels = band.map.pixels();
        let sum_of_squares: f64 = pixels.iter().map(|&pixel| f64::from(pixel).powi(2)).sum();
        let target = setup.noise_uk_arcmin / simulator.setup().tiles.pixel.value();
        Statistic {
            name: format!("noise rms of a pixel in band {}, uK", band.name),
            value: (sum_of_squares / pixels.len() as f64).sqrt(),
            target,
            tolerance: target * (NOISE_TOLERANCE + SIGMAS / (2.0 * pixels.len() as f64).sqrt()),
        }
    };
    Ok(bands.map(statistic).collect())
}

/// Mean over the modes of a range of a function of multipole and power (map unit squared times sr), and how many
/// independent modes there are.
pub(super) fn mean_over_modes(
    simulator: &Simulator,
    spectrum: &[Complex<f32>],
    [ell_min, ell_max]: [f64; 2],
    function: impl Fn(f64, f64) -> f64,
) -> (f64, f64) {
    let wavenumbers = simulator.renderer().wavenumbers();
    let ny = wavenumbers.ell_y().len();
    let n_pixels = (2 * (wavenumbers.ell_x().len() - 1) * ny) as f64;
    let pixel_sr = simulator.pixel_sr();
    let (mut sum, mut n_modes) = (0.0, 0.0);
    for (idx, mode) in spectrum.iter().enumerate() {
        let (kx, ky) = (idx / ny, idx % ny);
        let ell = wavenumbers.ell(kx, ky);
        if (ell_min..ell_max).contains(&ell) {
            let weight = 0.5 * wavenumbers.multiplicity(kx);
            let power = f64::from(mode.norm_sqr()) * pixel_sr / n_pixels;
            sum += weight * function(ell, power);
            n_modes += weight;
        }
    }
    (sum / n_modes, n_modes)
}
