//! Flat-sky power spectra.

use crate::observation::check_geometry;
use crate::{Error, Geometry, Map, Shape, Weights};
use arcmin_fft::{RealFft2, Wavenumbers, good_size};
use arcmin_units::PixelUnit;
use num_complex::Complex;

/// Bins of multipoles.
#[derive(Clone, Debug, PartialEq)]
pub struct EllBins {
    edges: Vec<f64>,
}

impl EllBins {
    /// Bins `[edges[i], edges[i + 1])`.
    ///
    /// # Errors
    /// [`Error::BadBins`] unless there are two or more finite edges that increase from zero or above.
    pub fn new(edges: Vec<f64>) -> Result<Self, Error> {
        let increasing = edges.windows(2).all(|pair| pair[0] < pair[1]);
        let finite = edges.iter().all(|edge| edge.is_finite() && *edge >= 0.0);
        if edges.len() < 2 || !increasing || !finite {
            return Err(Error::BadBins { edges });
        }
        Ok(Self { edges })
    }

    /// `n_bins` bins of equal width from `ell_min` to `ell_max`.
    ///
    /// # Errors
    /// [`Error::BadBins`] when there would be none.
    pub fn linear(ell_min: f64, ell_max: f64, n_bins: usize) -> Result<Self, Error> {
        let width = (ell_max - ell_min) / n_bins as f64;
        Self::new((0..=n_bins).map(|i| ell_min + i as f64 * width).collect())
    }

    /// Edges of the bins.
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    fn index(&self, ell: f64) -> Option<usize> {
        let above = self.edges.partition_point(|edge| *edge <= ell);
        (above > 0 && above < self.edges.len()).then(|| above - 1)
    }
}

/// One bin of a measured spectrum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpectrumBin {
    /// Mean multipole of the modes in the bin.
    pub ell: f64,
    /// Power `C_l` in the product of the maps' units times steradian.
    pub c_ell: f64,
    /// Effective number `n` of independent real modes: a Gaussian field's auto spectrum has the error
    /// `C_l sqrt(2 / n)`.
    pub n_modes: f64,
}

/// A spectrum measured in bins; bins that hold no mode are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct BinnedSpectrum {
    bins: Vec<SpectrumBin>,
}

impl BinnedSpectrum {
    /// The bins by rising multipole.
    pub fn bins(&self) -> &[SpectrumBin] {
        &self.bins
    }

    /// `C_l` at any multipole: linear between the bins' mean multipoles, constant beyond the first and the last; `None`
    /// when there is no bin at all.
    pub fn c_ell(&self, ell: f64) -> Option<f64> {
        let above = self.bins.partition_point(|bin| bin.ell < ell);
        let (low, high) = (self.bins.get(above.wrapping_sub(1)), self.bins.get(above));
        match (low, high) {
            (Some(a), Some(b)) => Some(a.c_ell + (b.c_ell - a.c_ell) * (ell - a.ell) / (b.ell - a.ell)),
            (one, other) => one.or(other).map(|bin| bin.c_ell),
        }
    }
}

/// Auto spectrum of a map: [`cross_spectrum`] with itself.
///
/// # Errors
/// As [`cross_spectrum`].
pub fn auto_spectrum<U: PixelUnit>(map: &Map<U>, weights: &Weights, bins: &EllBins) -> Result<BinnedSpectrum, Error> {
    let tapered = Tapered::new(map, weights)?;
    tapered.cross(&tapered, bins)
}

/// Binned cross spectrum of two maps under common weights `w`, such as a tapered mask.
///
/// `C_b = A <Re[F_1 conj(F_2)]>_b / sum w^2`, where `F` is the sum over pixels of `w (map - mean) exp(-i l x)`, `mean`
/// the map's weighted mean, `A` the solid angle of a pixel and `<>_b` the mean over the modes of the bin.
///
/// Dividing by the mean of `w^2` corrects the power for the missing area. It does not undo the mask's coupling of
/// neighbouring multipoles: within the width of the mask's own transform, about `2 pi` over the size of its features,
/// the result is a running mean of the true spectrum. Use a taper where the spectrum is steep, and bins that are wider
/// than that. Neither beam nor pixel window is divided out. Pixels are taken as those at the image's centre, axes at
/// right angles. Deterministic: the same bits for any number of threads.
///
/// # Errors
/// [`Error::GeometryMismatch`] when the maps and weights lie on different grids, [`Error::NonFinite`] when a pixel of
/// positive weight is NaN or infinite, [`Error::NoWeight`] when all weights are zero.
pub fn cross_spectrum<U: PixelUnit, V: PixelUnit>(
    first: &Map<U>,
    second: &Map<V>,
    weights: &Weights,
    bins: &EllBins,
) -> Result<BinnedSpectrum, Error> {
    check_geometry("the second map", first.geometry(), second.geometry())?;
    Tapered::new(first, weights)?.cross(&Tapered::new(second, weights)?, bins)
}

/// The transform of a weighted map, padded with zeros to a good size.
struct Tapered {
    spectrum: Vec<Complex<f64>>,
    wavenumbers: Wavenumbers,
    n_kx: usize,
    /// `A / sum w^2`, from the power of the transform to `C_l`.
    c_ell_per_power: f64,
    /// `(sum w^2)^2 / (N sum w^4)`, the independent part of the padded plane's modes.
    independent_frac: f64,
}

impl Tapered {
    fn new<U: PixelUnit>(map: &Map<U>, weights: &Weights) -> Result<Self, Error> {
        check_geometry("the weights", map.geometry(), weights.geometry())?;
        let mean = weighted_mean(map, weights)?;
        let shape = map.geometry().shape();
        let padded = Shape { ny: good_size(shape.ny), nx: good_size(shape.nx) };
        let mut pixels = vec![0.0; padded.n_pixels()];
        let rows = map.pixels().chunks(shape.nx).zip(weights.values().chunks(shape.nx));
        for (out, (row, w)) in pixels.chunks_mut(padded.nx).zip(rows) {
            for ((out, &pixel), &w) in out.iter_mut().zip(row).zip(w).filter(|(_, w)| **w > 0.0) {
                *out = f64::from(w) * (f64::from(pixel) - mean);
            }
        }
        let fft = RealFft2::new(padded.ny, padded.nx).expect("good sizes are even and positive");
        let mut spectrum = vec![Complex::default(); fft.spectrum_len()];
        fft.forward(&pixels, &mut spectrum, &mut fft.make_scratch());
        let power = |exponent: i32| weights.values().iter().map(|w| f64::from(*w).powi(exponent)).sum::<f64>();
        let (w2, w4) = (power(2), power(4));
        let [pixel_y_rad, pixel_x_rad] = pixel_sides_rad(map.geometry());
        let wavenumbers = Wavenumbers::with_pixel_sizes(padded.ny, padded.nx, pixel_y_rad, pixel_x_rad)
            .expect("good sizes, and a geometry's pixels have positive sides");
        Ok(Self {
            spectrum,
            wavenumbers,
            n_kx: fft.n_kx(),
            c_ell_per_power: pixel_y_rad * pixel_x_rad / w2,
            independent_frac: w2 * w2 / (padded.n_pixels() as f64 * w4),
        })
    }

    fn cross(&self, other: &Self, bins: &EllBins) -> Result<BinnedSpectrum, Error> {
        let ny = self.spectrum.len() / self.n_kx;
        let mut sums = vec![[0.0; 3]; bins.edges.len() - 1];
        for kx in 0..self.n_kx {
            let count = self.wavenumbers.multiplicity(kx);
            for ky in 0..ny {
                let ell = self.wavenumbers.ell(kx, ky);
                // The zero mode was removed with the mean.
                let Some(idx) = bins.index(ell).filter(|_| ell > 0.0) else { continue };
                let (a, b) = (self.spectrum[kx * ny + ky], other.spectrum[kx * ny + ky]);
                let [n, ell_sum, power_sum] = &mut sums[idx];
                *n += count;
                *ell_sum += count * ell;
                *power_sum += count * (a.re * b.re + a.im * b.im);
            }
        }
        let bin = |[n, ell_sum, power_sum]: [f64; 3]| SpectrumBin {
            ell: ell_sum / n,
            c_ell: self.c_ell_per_power * power_sum / n,
            n_modes: n * self.independent_frac,
        };
        Ok(BinnedSpectrum { bins: sums.into_iter().filter(|[n, ..]| *n > 0.0).map(bin).collect() })
    }
}

fn weighted_mean<U: PixelUnit>(map: &Map<U>, weights: &Weights) -> Result<f64, Error> {
    let counted = || map.pixels().iter().zip(weights.values()).enumerate().filter(|(_, (_, w))| **w > 0.0);
    let mut bad = counted().filter(|(_, (pixel, _))| !pixel.is_finite()).map(|(i, _)| i);
    if let Some(first) = bad.next() {
        let nx = map.geometry().shape().nx;
        return Err(Error::NonFinite {
            what: "the map".to_owned(),
            count: 1 + bad.count(),
            x: first % nx,
            y: first / nx,
        });
    }
    let (sum, weight) = counted().fold((0.0, 0.0), |(sum, weight), (_, (pixel, w))| {
        (sum + f64::from(*pixel) * f64::from(*w), weight + f64::from(*w))
    });
    if weight > 0.0 { Ok(sum / weight) } else { Err(Error::NoWeight) }
}

/// Height and width of the pixel at the image's centre.
fn pixel_sides_rad(geometry: &Geometry) -> [f64; 2] {
    let side = geometry.pixel_size().value();
    match geometry.jacobian_at(geometry.shape().centre()) {
        Some([[a, b], [c, d]]) if a * d != b * c => [b.hypot(d), a.hypot(c)],
        _ => [side, side],
    }
}
