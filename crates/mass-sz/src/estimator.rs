//! The trained network at work.

use crate::about::{About, WEIGHTS};
use crate::answer::Answer;
use crate::calibrate::Calibration;
use crate::input::InputScaling;
use crate::mixture::LnMassScale;
use crate::{Error, MassPrior, Mixture, RedshiftInput};
use arcmin_maps::cutouts::{CutoutUnit, flags};
use arcmin_maps::{Cutouts, catalogue::columns};
use arcmin_method::{MassEstimator, MassPosterior, mass_flags};
use arcmin_nn::networks::{MResUNet, Network};
use arcmin_nn::{Pass, Value, weights};
use arcmin_units::M200c;
use candle_core::{Device, Tensor};
use std::path::Path;

pub(crate) const NAME: &str = "sz_mass";
/// Cutouts that go through the network together.
const BATCH: usize = 64;

/// Weighs clusters with a trained network.
#[derive(Clone, Debug)]
pub struct SzMassEstimator {
    network: MResUNet,
    about: About,
    prior: MassPrior,
}

/// All that the network says of one cutout.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The SZ image that it believes in, without beam, `[y, x]` in uK of the first band; the central pixel holds the mass
    /// and is filled with the mean of its neighbours here.
    pub profile_uk: Vec<f32>,
    /// The mass in the central pixel of that image, the paper's estimate; a network that answers with a posterior hardly learns
    /// this one pixel among all.
    pub point: M200c,
    /// Density of ln M, where the network has one.
    pub mixture: Option<Mixture>,
    /// Bits of [`mass_flags`] that follow from the cutout.
    pub flags: u32,
}

impl SzMassEstimator {
    pub(crate) fn new(network: MResUNet, about: About) -> Self {
        let prior = about.sky.prior();
        Self { network, about, prior }
    }

    /// Reads weights that a fit wrote.
    ///
    /// # Errors
    /// When the file is missing, damaged, foreign, or of a network of another shape than its metadata say.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|source| arcmin_nn::Error::Io { path: path.to_owned(), source })?;
        Self::from_bytes(&bytes, path)
    }

    /// From what a file holds; its path is for errors.
    fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, Error> {
        let about: About = WEIGHTS.about(bytes, path)?;
        about.config.check()?;
        let network = MResUNet::new(&about.config.network(about.sky.bands.len()))?;
        weights::load_bytes(bytes, path, network.parameters())?;
        Ok(Self::new(network, about))
    }

    /// The network that ships with arcmin: 150 GHz, a beam of 1', noise of 5 uK arcmin (data/weights).
    ///
    /// # Errors
    /// None that a build with its own file meets.
    pub fn shipped() -> Result<Self, Error> {
        const FILE: &[u8] = include_bytes!("../../../data/weights/sz-mass-150ghz.safetensors");
        Self::from_bytes(FILE, Path::new("data/weights/sz-mass-150ghz.safetensors"))
    }

    /// The same under another prior, within the masses of the training; both are uniform in mass.
    ///
    /// # Errors
    /// [`Error::PriorOutOfRange`].
    pub fn with_prior(self, prior: MassPrior) -> Result<Self, Error> {
        let [trained_min, trained_max] = self.about.sky.m200c_msun;
        let (min, max) = (prior.min.value(), prior.max.value());
        if !(min >= trained_min && max <= trained_max && min < max) {
            return Err(Error::PriorOutOfRange { min, max, trained_min, trained_max });
        }
        Ok(Self { prior, ..self })
    }

    /// How the network was made and trained.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// All that the network says of each cutout.
    ///
    /// # Errors
    /// Cutouts of other bands, pixels or redshifts than those of the training, or with pixels missing.
    pub fn predict(&self, cutouts: &Cutouts) -> Result<Vec<Prediction>, Error> {
        self.check(cutouts)?;
        let redshifts = self.redshifts(cutouts)?;
        let sky = &self.about.sky;
        let scaling = InputScaling::new(&self.about.config, sky.n_pixels_side, sky.bands.len(), sky.pixel_arcmin);
        let mut predictions = Vec::with_capacity(cutouts.len());
        for start in (0..cutouts.len()).step_by(BATCH) {
            let batch = start..cutouts.len().min(start + BATCH);
            let n = batch.len();
            let input: Vec<f32> = batch.clone().flat_map(|i| scaling.input(cutouts.cutout(i), redshifts[i])).collect();
            let shape: Vec<usize> = std::iter::once(n).chain(scaling.shape()).collect();
            let input = Tensor::from_vec(input, shape, &Device::Cpu)?.to_device(&self.network.parameters().device())?;
            let answer = Answer::new(&self.network.forward(&Value::constant(input), &Pass::evaluation())?)?;
            let profiles = answer.profile.tensor().flatten_from(1)?.to_vec2::<f32>()?; // [n, h w]
            let mixtures = answer.mixture.map(|mixture| mixture.tensor().to_vec2::<f32>()).transpose()?; // [n, 3 k]
            let scale = LnMassScale::new(sky.m200c_msun);
            let calibration = self.about.trained.as_ref().map_or(Calibration::NONE, |trained| trained.calibration);
            for (row, i) in batch.enumerate() {
                let mixture = mixtures.as_ref().map(|rows| Mixture::new(&rows[row], scale).calibrated(&calibration));
                let filled = cutouts.flags()[i] & flags::FILLED != 0;
                let flags = if filled { mass_flags::PIXELS_FILLED } else { 0 };
                let (profile_uk, point) = self.profile_and_point(&profiles[row]);
                predictions.push(Prediction { profile_uk, point, mixture, flags });
            }
        }
        Ok(predictions)
    }

    /// The posterior of a prediction under this estimator's prior. A network without one answers with its point alone.
    pub fn posterior(&self, prediction: &Prediction) -> MassPosterior {
        let range = self.about.sky.m200c_msun;
        let posterior = match &prediction.mixture {
            Some(mixture) => {
                let posterior = mixture.posterior(self.prior, range);
                // The curve is that of medians under the prior of the training.
                let trained_prior = self.about.sky.prior();
                let median = match self.prior == trained_prior {
                    true => posterior.median(),
                    false => mixture.posterior(trained_prior, range).median(),
                };
                MassPosterior { unbiased: self.unbiased(median), ..posterior }
            }
            None => {
                let inside = (range[0]..=range[1]).contains(&prediction.point.value());
                let flags = if inside { 0 } else { mass_flags::OUT_OF_RANGE };
                let point = prediction.point;
                MassPosterior { mean: point, unbiased: point, quantiles: [point; 11], flags }
            }
        };
        MassPosterior { flags: posterior.flags | prediction.flags, ..posterior }
    }

    /// The mass of which a median is typical.
    fn unbiased(&self, median: M200c) -> M200c {
        let curve = self.about.trained.as_ref().and_then(|trained| trained.median_curve.as_ref());
        curve.map_or(median, |curve| M200c::new(curve.mass_msun(median.value())))
    }

    fn profile_and_point(&self, profile: &[f32]) -> (Vec<f32>, M200c) {
        let n = self.about.sky.n_pixels_side;
        let centre = n / 2 * n + n / 2;
        let scale = self.about.config.input_scale_uk as f32;
        let mut profile_uk: Vec<f32> = profile.iter().map(|pixel| pixel * scale).collect();
        profile_uk[centre] =
            0.25 * [centre - 1, centre + 1, centre - n, centre + n].iter().map(|&i| profile_uk[i]).sum::<f32>();
        (profile_uk, M200c::new(f64::from(profile[centre]) * self.about.sky.mean_mass_msun()))
    }

    fn check(&self, cutouts: &Cutouts) -> Result<(), Error> {
        let sky = &self.about.sky;
        let expected: Vec<String> = sky.bands.iter().map(|band| format!("{} GHz in uK", band.nu_ghz)).collect();
        let got = cutouts.bands().iter().map(|band| match (band.unit, band.nu) {
            (CutoutUnit::MicroKelvinCmb, Some(nu)) => format!("{} GHz in uK", nu.value()),
            (CutoutUnit::MicroKelvinCmb, None) => "an unknown frequency in uK".to_owned(),
            (CutoutUnit::ComptonY, _) => "Compton y".to_owned(),
        });
        let told = |bands: Vec<String>, side: usize| format!("{} of {side} x {side} pixels", bands.join(", "));
        let (expected, got) = (told(expected, sky.n_pixels_side), told(got.collect(), cutouts.shape().nx));
        if expected != got {
            return Err(Error::OtherCutouts { expected, got });
        }
        for (index, (&n_missing, &bits)) in cutouts.n_missing().iter().zip(cutouts.flags()).enumerate() {
            if n_missing > 0 && bits & flags::FILLED == 0 {
                return Err(Error::MissingPixels { index, n_missing });
            }
        }
        Ok(())
    }

    /// Redshifts of the cutouts, where the network is told or all were at one.
    fn redshifts(&self, cutouts: &Cutouts) -> Result<Vec<f64>, Error> {
        let [min, max] = self.about.sky.redshift;
        let has_column = cutouts.catalogue().column(columns::REDSHIFT).is_some();
        if !has_column && self.about.config.redshift == RedshiftInput::Ignored {
            return Ok(vec![min; cutouts.len()]);
        }
        let redshifts = cutouts.catalogue().f64(columns::REDSHIFT)?;
        let outside = |z: &f64| !(*z >= min - 1e-6 && *z <= max + 1e-6);
        match redshifts.iter().enumerate().find(|(_, z)| outside(z)) {
            Some((index, &got)) => Err(Error::RedshiftOutOfRange { index, got, min, max }),
            None => Ok(redshifts),
        }
    }
}

impl MassEstimator for SzMassEstimator {
    fn name(&self) -> &str {
        NAME
    }

    fn estimate(&self, cutouts: &Cutouts) -> Result<Vec<MassPosterior>, arcmin_method::Error> {
        let predictions = self
            .predict(cutouts)
            .map_err(|source| arcmin_method::Error::Method { method: NAME.to_owned(), source: Box::new(source) })?;
        Ok(predictions.iter().map(|prediction| self.posterior(prediction)).collect())
    }
}
