//! What the network is shown.

use crate::lattice::SIDE;
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

/// One of the eight ways in which a square lies on itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    is_transposed: bool,
    is_flipped_x: bool,
    is_flipped_y: bool,
}

impl Turn {
    /// The way with a number below 8; zero leaves all as it is.
    pub(crate) fn new(number: u64) -> Self {
        Self { is_transposed: number & 1 != 0, is_flipped_x: number & 2 != 0, is_flipped_y: number & 4 != 0 }
    }

    /// Pixels `[y, x, band]`, turned.
    pub(crate) fn apply(self, pixels: &[f32], n_bands: usize) -> Vec<f32> {
        let flip = |is_flipped: bool, at: usize| if is_flipped { SIDE - 1 - at } else { at };
        let mut turned = Vec::with_capacity(pixels.len());
        for y in 0..SIDE {
            for x in 0..SIDE {
                let (from_x, from_y) = (flip(self.is_flipped_x, x), flip(self.is_flipped_y, y));
                let (from_x, from_y) = if self.is_transposed { (from_y, from_x) } else { (from_x, from_y) };
                let first = (from_y * SIDE + from_x) * n_bands;
                turned.extend_from_slice(&pixels[first..first + n_bands]);
            }
        }
        turned
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

    #[test]
    fn the_eight_turns_differ_and_move_pixels_alone() {
        let pixels: Vec<f32> = (0..SIDE * SIDE * 2).map(|i| i as f32).collect();
        let turned: Vec<Vec<f32>> = (0..8).map(|number| Turn::new(number).apply(&pixels, 2)).collect();
        assert_eq!(turned[0], pixels);
        for (number, image) in turned.iter().enumerate() {
            assert!(turned[..number].iter().all(|other| other != image), "{number}");
            // Bands stay together, and all pixels are there.
            assert!(image.chunks(2).all(|pair| pair[1] == pair[0] + 1.0));
            let mut sorted = image.clone();
            sorted.sort_by(f32::total_cmp);
            assert_eq!(sorted, pixels);
        }
    }
}
