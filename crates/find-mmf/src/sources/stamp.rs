//! What a point source looks like on the pixels of a map.

use crate::Error;
use crate::template::{Sampling, pixel_window};
use arcmin_fft::{RealFft2, Scratch, Wavenumbers, good_size};
use arcmin_maps::{Beam, PixelPosition, Shape};
use num_complex::Complex;

/// Half the side of a stamp in full widths of the beam, and its largest value in pixels.
const REACH_FWHM: f64 = 6.0;
const REACH_MAX_PIXELS: f64 = 256.0;
/// A beam narrower than this many pixels is not sampled well enough to be subtracted.
const FWHM_MIN_PIXELS: f64 = 1.8;

/// Full width at half maximum of the Gaussian whose transfer falls to one half at the multipole `l` where the beam's does,
/// `4 ln 2 / l`; `None` without a beam.
pub(super) fn fwhm_rad(beam: &Beam) -> Option<f64> {
    if *beam == Beam::Delta {
        return None;
    }
    let (mut low, mut high) = (0.0, 1e6);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if beam.transfer(middle) > 0.5 {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(4.0 * std::f64::consts::LN_2 / low.max(1.0))
}

/// Draws beams of any amplitude, anywhere between the pixels.
pub(super) struct Stamp {
    side: usize,
    fft: RealFft2<f64>,
    scratch: Scratch<f64>,
    wavenumbers: Wavenumbers,
    pixel_rad: f64,
    /// Transfer of beam and pixel over the pixel's solid angle, as the half spectrum lies.
    transfer: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    map: Vec<f64>,
}

impl Stamp {
    /// The stamp of a band.
    ///
    /// # Errors
    /// [`Error::BeamTooNarrow`] when the beam spans less than two pixels or so.
    pub(super) fn new(band: &str, beam: &Beam, pixel_rad: f64, sampling: Sampling) -> Result<Self, Error> {
        let fwhm_pixels = fwhm_rad(beam).unwrap_or(0.0) / pixel_rad;
        if fwhm_pixels < FWHM_MIN_PIXELS {
            return Err(Error::BeamTooNarrow { band: band.to_owned(), fwhm_pixels });
        }
        let side = good_size(2 * (REACH_FWHM * fwhm_pixels).min(REACH_MAX_PIXELS).ceil() as usize + 2);
        let fft = RealFft2::new(side, side)?;
        let wavenumbers = Wavenumbers::new(side, side, pixel_rad)?;
        let mut transfer = vec![0.0; fft.spectrum_len()];
        for kx in 0..=side / 2 {
            for ky in 0..side {
                let window = match sampling {
                    Sampling::Centre => 1.0,
                    Sampling::PixelMean | Sampling::Harmonic => {
                        pixel_window(wavenumbers.ell_x()[kx], pixel_rad)
                            * pixel_window(wavenumbers.ell_y()[ky], pixel_rad)
                    }
                };
                transfer[kx * side + ky] = beam.transfer(wavenumbers.ell(kx, ky)) * window / (pixel_rad * pixel_rad);
            }
        }
        let spectrum = vec![Complex::default(); fft.spectrum_len()];
        let (scratch, map) = (fft.make_scratch(), vec![0.0; side * side]);
        Ok(Self { side, fft, scratch, wavenumbers, pixel_rad, transfer, spectrum, map })
    }

    /// Takes a source of an amplitude, in map unit times steradian, out of a map.
    pub(super) fn subtract(&mut self, shape: Shape, pixels: &mut [f32], at: PixelPosition, amplitude: f64) {
        let half = (self.side / 2) as i64;
        let (x0, y0) = (at.x.round() as i64 - half, at.y.round() as i64 - half);
        self.draw(at.x - x0 as f64, at.y - y0 as f64, amplitude);
        for j in 0..self.side as i64 {
            for i in 0..self.side as i64 {
                let (x, y) = (x0 + i, y0 + j);
                if x >= 0 && y >= 0 && x < shape.nx as i64 && y < shape.ny as i64 {
                    let value = self.map[j as usize * self.side + i as usize];
                    pixels[y as usize * shape.nx + x as usize] -= value as f32;
                }
            }
        }
    }

    /// Leaves `A b(x - x_0)` in the map: `A B(l) exp(-i l x_0)` transformed.
    fn draw(&mut self, x: f64, y: f64, amplitude: f64) {
        let turn = |ell: f64, at: f64| Complex::from_polar(1.0, -ell * at * self.pixel_rad);
        let turns_y: Vec<Complex<f64>> = self.wavenumbers.ell_y().iter().map(|&ell| turn(ell, y)).collect();
        for (kx, &ell_x) in self.wavenumbers.ell_x().iter().enumerate() {
            let turn_x = turn(ell_x, x) * amplitude;
            for (ky, turn_y) in turns_y.iter().enumerate() {
                let idx = kx * self.side + ky;
                self.spectrum[idx] = turn_x * turn_y * self.transfer[idx];
            }
        }
        self.fft.inverse(&self.spectrum, &mut self.map, &mut self.scratch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_units::{Arcmin, constants::FWHM_PER_SIGMA};

    /// The closed form: `A exp(-r^2 / 2 sigma^2) / (2 pi sigma^2)`.
    #[test]
    fn a_gaussian_beam_between_pixels_is_the_gaussian() {
        let pixel = Arcmin::new(0.5).to_rad().value();
        let beam = Beam::gaussian(Arcmin::new(1.4)).unwrap();
        assert!((fwhm_rad(&beam).unwrap() / Arcmin::new(1.4).to_rad().value() - 1.0).abs() < 1e-3);
        let mut stamp = Stamp::new("150", &beam, pixel, Sampling::Centre).unwrap();
        let shape = Shape { ny: 50, nx: 60 };
        let at = PixelPosition { x: 4.3, y: 40.8 };
        let mut pixels = vec![0.0_f32; shape.n_pixels()];
        stamp.subtract(shape, &mut pixels, at, -1e-6);
        let sigma = 1.4 / 0.5 / FWHM_PER_SIGMA;
        let peak = 1e-6 / (std::f64::consts::TAU * (sigma * pixel).powi(2));
        for (i, pixel) in pixels.iter().enumerate() {
            let r = ((i % 60) as f64 - at.x).hypot((i / 60) as f64 - at.y);
            let expected = peak * (-0.5 * (r / sigma).powi(2)).exp();
            assert!((f64::from(*pixel) - expected).abs() < 2e-3 * peak, "r = {r}: {pixel}, {expected}");
        }
        assert!(matches!(Stamp::new("90", &Beam::Delta, pixel, Sampling::Centre), Err(Error::BeamTooNarrow { .. })));
    }
}
