//! Cutouts as training samples.

use crate::about::Sky;
use crate::config::SzMassConfig;
use crate::input::InputScaling;
use crate::mixture::LnMassScale;
use arcmin_nn::data::{Part, Sample, SampleId, SampleSource};
use arcmin_scene::ClusterCutoutSource;
use std::sync::Arc;

/// The training samples that a source and a configuration make: input `[h, w, c]`, SZ profile with the mass in its central
/// pixel `[h, w, 1]`, and ln M from -1 to 1 over the source's masses.
pub fn samples(source: Arc<dyn ClusterCutoutSource>, config: &SzMassConfig) -> impl SampleSource + use<> {
    let sky = Sky::new(source.sky(), source.masses());
    SzSamples::new(source, config, &sky)
}

/// Samples of three parts: input, profile with the mass in its centre, scaled ln M.
pub(crate) struct SzSamples {
    source: Arc<dyn ClusterCutoutSource>,
    scaling: InputScaling,
    input_scale_uk: f64,
    mean_mass_msun: f64,
    ln_mass: LnMassScale,
}

impl SzSamples {
    pub(crate) fn new(source: Arc<dyn ClusterCutoutSource>, config: &SzMassConfig, sky: &Sky) -> Self {
        Self {
            source,
            scaling: InputScaling::new(config, sky.n_pixels_side, sky.bands.len(), sky.pixel_arcmin),
            input_scale_uk: config.input_scale_uk,
            mean_mass_msun: sky.mean_mass_msun(),
            ln_mass: LnMassScale::new(sky.m200c_msun),
        }
    }
}

impl SampleSource for SzSamples {
    fn n_samples(&self) -> u64 {
        self.source.len()
    }

    fn sample(&self, id: SampleId) -> Result<Sample, Box<dyn std::error::Error + Send + Sync>> {
        let cutout = self.source.cutout(id.index, id.epoch)?;
        let n_side = self.source.sky().n_pixels_side();
        let input =
            Part { shape: self.scaling.shape(), values: self.scaling.input(&cutout.pixels, cutout.redshift.value()) };
        let scale = 1.0 / self.input_scale_uk as f32;
        let mut profile: Vec<f32> = cutout.profile.iter().map(|pixel| pixel * scale).collect();
        profile[n_side / 2 * n_side + n_side / 2] = (cutout.m200c.value() / self.mean_mass_msun) as f32;
        let profile = Part { shape: vec![n_side, n_side, 1], values: profile };
        let ln_mass = Part { shape: vec![1], values: vec![self.ln_mass.t(cutout.m200c.value()) as f32] };
        Ok(Sample { parts: vec![input, profile, ln_mass] })
    }
}
