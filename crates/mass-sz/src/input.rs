//! What the network is shown.

use crate::config::{RedshiftInput, SzMassConfig};

/// Turns pixels in uK into the network's input.
#[derive(Clone, Debug)]
pub(crate) struct InputScaling {
    n_side: usize,
    n_bands: usize,
    /// Apodisation over the scale in uK, `[y, x]`.
    factors: Vec<f32>,
    redshift: RedshiftInput,
}

impl InputScaling {
    pub(crate) fn new(config: &SzMassConfig, n_side: usize, n_bands: usize, pixel_arcmin: f64) -> Self {
        let window = hann(n_side, pixel_arcmin, config.apodisation_arcmin);
        let factor = |i: usize| (window[i % n_side] * window[i / n_side] / config.input_scale_uk) as f32;
        Self { n_side, n_bands, factors: (0..n_side * n_side).map(factor).collect(), redshift: config.redshift }
    }

    /// Shape of one input, `[h, w, c]`.
    pub(crate) fn shape(&self) -> Vec<usize> {
        vec![self.n_side, self.n_side, self.n_bands + usize::from(self.redshift == RedshiftInput::Channel)]
    }

    /// Pixels `[band, y, x]` in uK as input `[y, x, channel]`.
    pub(crate) fn input(&self, pixels: &[f32], redshift: f64) -> Vec<f32> {
        let n_pixels = self.n_side * self.n_side;
        let mut input = Vec::with_capacity(self.shape().iter().product());
        for (i, factor) in self.factors.iter().enumerate() {
            input.extend((0..self.n_bands).map(|band| pixels[band * n_pixels + i] * factor));
            if self.redshift == RedshiftInput::Channel {
                input.push(redshift.ln_1p() as f32);
            }
        }
        input
    }
}

/// `w(d) = (1 - cos(pi d / edge)) / 2`, one beyond the edge, with `d` the distance of a pixel's centre from the map's border.
fn hann(n_side: usize, pixel_arcmin: f64, edge_arcmin: f64) -> Vec<f64> {
    let weight = |i: usize| {
        let from_border = (i.min(n_side - 1 - i) as f64 + 0.5) * pixel_arcmin;
        if from_border >= edge_arcmin {
            1.0
        } else {
            0.5 * (1.0 - (std::f64::consts::PI * from_border / edge_arcmin).cos())
        }
    };
    (0..n_side).map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edge_rises_to_one_within_its_width() {
        let window = hann(40, 0.25, 2.0);
        assert!((window[0] - 0.009_607_359_798_384_785).abs() < 1e-15);
        assert_eq!((window[0], window[8], window[20]), (window[39], 1.0, 1.0));
        assert!(window[..8].windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(hann(8, 0.25, 0.0), [1.0; 8]);
    }
}
