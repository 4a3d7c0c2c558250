//! What the network is shown.

use crate::{Error, InputConfig};

/// Turns pixels in uK into the network's input, in place.
#[derive(Clone, Debug)]
pub(crate) enum InputScaling {
    /// By band, what pixels are multiplied by.
    Scaled(Vec<f32>),
    MinMax,
}

impl InputScaling {
    pub(crate) fn new(config: &InputConfig, n_bands: usize) -> Result<Self, Error> {
        let InputConfig::Scaled { scale_uk } = config else { return Ok(Self::MinMax) };
        let factor = |scale: &f64| (1.0 / scale) as f32;
        match scale_uk.len() {
            1 => Ok(Self::Scaled(vec![factor(&scale_uk[0]); n_bands])),
            got if got == n_bands => Ok(Self::Scaled(scale_uk.iter().map(factor).collect())),
            got => Err(Error::ScaleCount { got, n_bands }),
        }
    }

    /// Pixels `[y, x, band]` of one cutout.
    pub(crate) fn apply(&self, pixels: &mut [f32]) {
        match self {
            Self::Scaled(factors) => {
                for pixel in pixels.chunks_exact_mut(factors.len()) {
                    pixel.iter_mut().zip(factors).for_each(|(value, factor)| *value *= factor);
                }
            }
            Self::MinMax => {
                let least = pixels.iter().copied().fold(f32::INFINITY, f32::min);
                let most = pixels.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                // A cutout of one value has nothing to be scaled by.
                let factor = 1.0 / (most - least).max(f32::MIN_POSITIVE);
                pixels.iter_mut().for_each(|pixel| *pixel = (*pixel - least) * factor);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_scaled_each_by_its_own_or_all_by_one() {
        let mut pixels = vec![10.0, 20.0, 30.0, 60.0];
        let config = InputConfig::Scaled { scale_uk: vec![10.0, 20.0] };
        InputScaling::new(&config, 2).unwrap().apply(&mut pixels);
        assert_eq!(pixels, [1.0, 1.0, 3.0, 3.0]);
        InputScaling::new(&InputConfig::default(), 2).unwrap().apply(&mut pixels);
        assert!((pixels[2] - 0.03).abs() < 1e-7);
        assert!(matches!(InputScaling::new(&config, 3), Err(Error::ScaleCount { got: 2, n_bands: 3 })));
    }

    #[test]
    fn min_max_is_joint_over_bands_and_leaves_a_flat_cutout_finite() {
        let scaling = InputScaling::new(&InputConfig::MinMax, 2).unwrap();
        let mut pixels = vec![-10.0, 0.0, 10.0, 5.0];
        scaling.apply(&mut pixels);
        assert_eq!(pixels, [0.0, 0.5, 1.0, 0.75]);
        let mut flat = vec![3.0; 4];
        scaling.apply(&mut flat);
        assert_eq!(flat, [0.0; 4]);
    }
}
