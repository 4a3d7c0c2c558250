//! A tile full of haloes whose places and sizes follow from their numbers, so that a peer can paint the same.

use anyhow::{Context, Result};
use arcmin_maps::PixelPosition;
use arcmin_scene::{Halo, Haloes, SceneConfig, Simulator, Split};
use arcmin_units::{Arcmin, M500c, Redshift};

/// Haloes on the tile.
pub(crate) const N_HALOES: usize = 20_000;
const PIXEL_ARCMIN: f64 = 0.25;

/// One tile and its haloes.
pub(crate) struct Sky {
    simulator: Simulator,
    haloes: Vec<Halo>,
}

impl Sky {
    /// A tile of `n` pixels a side.
    pub(crate) fn new(n: usize) -> Result<Self> {
        let config: SceneConfig = serde_json::from_str(&description(n))?;
        let simulator = Simulator::new(config.check()?)?;
        let geometry = simulator.geometry(Split::Test, 0)?;
        let anywhere = geometry.pix_to_sky(PixelPosition { x: 0.0, y: 0.0 }).context("a pixel off the sky")?;
        let template = simulator.halo(M500c::new(1e14), Redshift::new(0.5), anywhere)?;
        let halo = |k: usize| -> Result<Halo> {
            // Even steps of irrational ratios fill the tile and the range of sizes; few haloes are large.
            let share = |ratio: f64| ((k as f64 + 0.5) * ratio).fract();
            let x = share(0.754_877_666_246_693) * n as f64 - 0.5;
            let y = share(0.569_840_290_998_053) * n as f64 - 0.5;
            let theta500_arcmin = 0.4 * share(0.618_033_988_749_895).max(1e-4).powf(-0.3);
            Ok(Halo {
                position: geometry.pix_to_sky(PixelPosition { x, y }).context("a pixel off the sky")?,
                theta500: Arcmin::new(theta500_arcmin).to_rad(),
                y0: 1e-6 * theta500_arcmin.powi(3),
                ..template
            })
        };
        let haloes = (0..N_HALOES).map(halo).collect::<Result<_>>()?;
        Ok(Self { simulator, haloes })
    }

    /// The Compton-y image.
    pub(crate) fn paint(&self) -> Result<Vec<f32>> {
        Ok(self.simulator.compton_y(Split::Test, 0, Haloes::Given(&self.haloes))?)
    }
}

fn description(n: usize) -> String {
    format!(
        r#"{{"seed": 1, "cosmology": "sehgal_wmap5", "concentration": "duffy08", "cmb_spectrum": "sehgal_wmap5",
            "components": ["tsz"],
            "tiles": {{"n_train": 0, "n_validation": 0, "n_test": 1, "n_pixels_side": {n},
                       "pixel_arcmin": {PIXEL_ARCMIN}, "margin_arcmin": 20.0}},
            "haloes": {{"m200m_min_msun": 1e15, "m200m_max_msun": 5e15, "z_min": 0.1, "z_max": 0.2, "y_ln_scatter": 0.0}},
            "foregrounds": {{"model": "george15"}},
            "bands": [{{"name": "150", "nu_ghz": 150.0, "noise_uk_arcmin": 0.0, "beam_fwhm_arcmin": 0.0}}]}}"#
    )
}
