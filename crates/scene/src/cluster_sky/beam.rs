//! Smoothing of images that are wider than a cutout.

use crate::Error;
use arcmin_fft::{RealFft2, Wavenumbers};
use arcmin_maps::Beam;
use arcmin_units::Arcmin;

/// Smooths square images with a beam and cuts out their middle.
#[derive(Debug)]
pub struct SquareBeam {
    fft: RealFft2<f32>,
    /// Transfer function of each mode of the half spectrum.
    transfer: Vec<f32>,
    n_wide: usize,
    n_kept: usize,
}

impl SquareBeam {
    /// Plans for images of `n_wide` pixels a side of which `n_kept` are kept; the image is taken to be zero outside.
    pub(super) fn new(fwhm: Arcmin, pixel: Arcmin, n_wide: usize, n_kept: usize) -> Result<Self, Error> {
        if n_wide < n_kept || !(n_wide - n_kept).is_multiple_of(2) {
            let (min, max) = (n_kept as f64, f64::INFINITY);
            return Err(Error::ClusterOutOfRange { what: "side of a wide image", value: n_wide as f64, min, max });
        }
        let fft = RealFft2::new(n_wide, n_wide)?;
        let wavenumbers = Wavenumbers::new(n_wide, n_wide, pixel.to_rad().value())?;
        let beam = Beam::gaussian(fwhm)?;
        let modes = (0..fft.n_kx()).flat_map(|kx| (0..n_wide).map(move |ky| (kx, ky)));
        let transfer = modes.map(|(kx, ky)| beam.transfer(wavenumbers.ell(kx, ky)) as f32).collect();
        Ok(Self { fft, transfer, n_wide, n_kept })
    }

    /// The middle of an image through the beam; pixel `(n_wide/2, n_wide/2)` becomes `(n_kept/2, n_kept/2)`.
    ///
    /// # Panics
    /// When the image is not `n_wide` pixels a side.
    pub fn smooth_and_cut(&self, image: &[f32]) -> Vec<f32> {
        let mut scratch = self.fft.make_scratch();
        let mut spectrum = vec![Default::default(); self.fft.spectrum_len()];
        let mut smooth = vec![0.0; self.fft.map_len()];
        self.fft.forward(image, &mut spectrum, &mut scratch);
        spectrum.iter_mut().zip(&self.transfer).for_each(|(mode, transfer)| *mode *= *transfer);
        self.fft.inverse(&spectrum, &mut smooth, &mut scratch);
        let rim = (self.n_wide - self.n_kept) / 2;
        (0..self.n_kept).flat_map(|row| smooth[(rim + row) * self.n_wide + rim..][..self.n_kept].to_vec()).collect()
    }
}
