//! Spherical-harmonic transforms of a full sky up to lmax = 2 nside, as `sht.py` does them with the peers.

use anyhow::Result;
use arcmin_sphere::Nside;
use arcmin_sphere::harmonics::{Alm, HarmonicTransform, RingRegion};
use num_complex::Complex64;

/// A sky, its coefficients and what goes between them.
pub(crate) struct Sky {
    transform: HarmonicTransform,
    alm: Alm,
    map: Vec<f64>,
}

impl Sky {
    /// The coefficients and the map that the peers have.
    pub(crate) fn new(nside: u64) -> Result<Self> {
        let lmax = 2 * nside as usize;
        let transform = HarmonicTransform::new(RingRegion::full_sky(Nside::new(nside)?), lmax)?;
        let mut alm = Alm::zeros(lmax);
        for (i, a) in alm.values_mut().iter_mut().enumerate() {
            let im = if i <= lmax { 0.0 } else { (i * 104_729 % 1013) as f64 / 1013.0 - 0.5 };
            *a = Complex64::new((i * 7919 % 1009) as f64 / 1009.0 - 0.5, im);
        }
        let map = (0..transform.region().n_pixels()).map(|p| (p * 7919 % 1009) as f64 / 1009.0 - 0.5).collect();
        Ok(Self { transform, alm, map })
    }

    /// Makes the map of the coefficients.
    pub(crate) fn synthesise(&mut self) {
        self.transform.synthesise(&self.alm, &mut self.map);
    }

    /// Finds the coefficients of the map.
    pub(crate) fn analyse(&mut self) {
        self.alm = self.transform.analyse(&self.map, 0).expect("the map covers the sphere");
    }

    /// Root mean square of the pixels.
    pub(crate) fn map_rms(&self) -> f64 {
        (self.map.iter().map(|v| v * v).sum::<f64>() / self.map.len() as f64).sqrt()
    }

    /// Root mean square of the coefficients.
    pub(crate) fn alm_rms(&self) -> f64 {
        let values = self.alm.values();
        (values.iter().map(Complex64::norm_sqr).sum::<f64>() / values.len() as f64).sqrt()
    }
}
