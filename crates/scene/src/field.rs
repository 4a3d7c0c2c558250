//! Gaussian fields, drawn in Fourier space.
//!
//! Each component is one field with a spectrum, seen by every band with that band's factor: all published foreground
//! terms in use are fully correlated between bands. (One that is not is a sum of several such fields.) On a grid of
//! `n` pixels of solid angle `Omega` a mode is `F(k) = sqrt(n C_l / Omega) g`, with `g` a complex normal deviate of
//! unit mean square and `g(-k) = conj g(k)`; the mean, `k = 0`, is set to zero.
//!
//! Drawing the half plane at once saves the forward transform of white noise, and its law is the same.

use crate::stream::Draw;
use crate::{Component, TileKey};
use arcmin_fft::Wavenumbers;
use num_complex::Complex;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// One Gaussian component: a spectrum and how each band sees it.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    component: Component,
    /// `sqrt(C_l / Omega)` in uK, zero at l = 0.
    amplitude_uk: EllTable,
    /// Temperature of each band over that of the spectrum.
    band_factors: Vec<f32>,
    power_ln_scatter: f64,
}

impl Field {
    /// A field with the given spectrum (uK^2 sr) on a grid, and each band's factor.
    pub(crate) fn new(
        component: Component,
        c_ell_uk2_sr: impl Fn(f64) -> f64,
        band_factors: &[f64],
        wavenumbers: &Wavenumbers,
        pixel_sr: f64,
    ) -> Self {
        let amplitude = |ell: f64| {
            if ell == 0.0 { 0.0 } else { (c_ell_uk2_sr(ell) / pixel_sr).sqrt() }
        };
        let band_factors = band_factors.iter().map(|&factor| factor as f32).collect();
        Self { component, amplitude_uk: EllTable::new(amplitude, wavenumbers), band_factors, power_ln_scatter: 0.0 }
    }

    /// The field with a power that differs from tile to tile, log-normal about that of the spectrum.
    pub(crate) fn with_power_ln_scatter(self, power_ln_scatter: f64) -> Self {
        Self { power_ln_scatter, ..self }
    }

    /// Amplitude on a tile over that of the spectrum.
    pub(crate) fn tile_factor(&self, key: TileKey) -> f32 {
        tile_factor(self.component, self.power_ln_scatter, key) as f32
    }

    /// Adds the column `kx` of the field, as a band sees it, to a column of a half spectrum.
    ///
    /// `tile_factor` is [`Self::tile_factor`] of the same key.
    pub(crate) fn add_column(
        &self,
        band_idx: usize,
        key: TileKey,
        tile_factor: f32,
        column: &Column,
        modes: &mut [Complex<f32>],
    ) {
        let factor = self.band_factors[band_idx] * column.norm * tile_factor;
        if factor == 0.0 {
            return;
        }
        let rng = &mut key.stream(Draw::Field { component: self.component, kx: column.kx });
        column.add_deviates(rng, |ell| factor * self.amplitude_uk.at(ell), modes);
    }
}

/// Amplitude of a component on a tile over the median, for a scatter of the logarithm of its power.
pub(crate) fn tile_factor(component: Component, power_ln_scatter: f64, key: TileKey) -> f64 {
    if power_ln_scatter == 0.0 {
        return 1.0;
    }
    let normal: f64 = StandardNormal.sample(&mut key.stream(Draw::FieldPower { component }));
    (0.5 * power_ln_scatter * normal).exp()
}

/// A function of the multipole at l = 0, 1, 2, ... up to the grid's highest, linear in between, in single precision.
#[derive(Clone, Debug)]
pub(crate) struct EllTable {
    values: Vec<f32>,
}

impl EllTable {
    /// Tabulates a function for a grid.
    pub(crate) fn new(function: impl Fn(f64) -> f64, wavenumbers: &Wavenumbers) -> Self {
        let n_ell = wavenumbers.ell_max().ceil() as usize + 2;
        Self { values: (0..n_ell).map(|ell| function(ell as f64) as f32).collect() }
    }

    /// The value at a multipole of the grid.
    pub(crate) fn at(&self, ell: f32) -> f32 {
        let idx = ell as usize;
        let (low, high) = (self.values[idx], self.values[idx + 1]);
        low + (high - low) * (ell - idx as f32)
    }
}

/// What all components share in one column of the half plane.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) kx: usize,
    /// Multipole at each ky.
    pub(crate) ell: Vec<f32>,
    /// Whether k and -k both lie in this column: so for the first and the last.
    pub(crate) is_own_mirror: bool,
    /// Square root of the number of pixels.
    pub(crate) norm: f32,
}

impl Column {
    /// Column `kx` of a half plane.
    pub(crate) fn new(wavenumbers: &Wavenumbers, kx: usize) -> Self {
        let (ell_x, ell_y) = (wavenumbers.ell_x()[kx], wavenumbers.ell_y());
        let nx = 2 * (wavenumbers.ell_x().len() - 1);
        Self {
            kx,
            ell: ell_y.iter().map(|ell_y| (ell_x * ell_x + ell_y * ell_y).sqrt() as f32).collect(),
            is_own_mirror: kx == 0 || 2 * kx == nx,
            norm: ((nx * ell_y.len()) as f32).sqrt(),
        }
    }

    /// Adds complex normal deviates of unit mean square times an amplitude of the multipole, with the symmetry of a real map.
    pub(crate) fn add_deviates(&self, rng: &mut impl Rng, amplitude: impl Fn(f32) -> f32, modes: &mut [Complex<f32>]) {
        let mut normal = || -> f32 { StandardNormal.sample(rng) };
        if !self.is_own_mirror {
            for (mode, &ell) in modes.iter_mut().zip(&self.ell) {
                *mode += Complex::new(normal(), normal()) * (amplitude(ell) * std::f32::consts::FRAC_1_SQRT_2);
            }
            return;
        }
        // The columns kx = 0 and nx/2 hold both k and -k: the upper half is the conjugate of the lower one.
        let ny = modes.len();
        for ky in 0..=ny / 2 {
            let mirror = (ny - ky) % ny;
            let deviate = Complex::new(normal(), normal()) * std::f32::consts::FRAC_1_SQRT_2;
            if mirror == ky {
                modes[ky] += deviate.re * std::f32::consts::SQRT_2 * amplitude(self.ell[ky]);
            } else {
                modes[ky] += deviate * amplitude(self.ell[ky]);
                modes[mirror] += deviate.conj() * amplitude(self.ell[ky]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Split;
    use arcmin_fft::RealFft2;

    const N: usize = 128;
    const PIXEL_SR: f64 = 1e-8;
    const KEY: TileKey = TileKey { seed: 3, split: Split::Train, tile: 0 };

    fn c_ell(ell: f64) -> f64 {
        1e-3 / (1.0 + (ell / 3000.0).powi(2))
    }

    /// The half spectrum of one tile's field in one band.
    fn draw(tile: u64, band_idx: usize, wavenumbers: &Wavenumbers) -> Vec<Complex<f32>> {
        let field = Field::new(Component::Cmb, c_ell, &[1.0, -0.5], wavenumbers, PIXEL_SR);
        let mut modes = vec![Complex::default(); N * (N / 2 + 1)];
        for (kx, column) in modes.chunks_exact_mut(N).enumerate() {
            field.add_column(band_idx, TileKey { tile, ..KEY }, 1.0, &Column::new(wavenumbers, kx), column);
        }
        modes
    }

    fn wavenumbers() -> Wavenumbers {
        Wavenumbers::new(N, N, PIXEL_SR.sqrt()).unwrap()
    }

    #[test]
    fn spectra_are_those_of_real_maps_without_mean() {
        let modes = draw(0, 0, &wavenumbers());
        let fft = RealFft2::<f32>::new(N, N).unwrap();
        let (mut map, mut back) = (vec![0f32; N * N], vec![Complex::default(); modes.len()]);
        fft.inverse(&modes, &mut map, &mut fft.make_scratch());
        fft.forward(&map, &mut back, &mut fft.make_scratch());
        let scale = modes.iter().map(|mode| mode.norm()).fold(0.0, f32::max);
        assert_eq!(modes[0], Complex::default());
        for (idx, (a, b)) in modes.iter().zip(&back).enumerate() {
            assert!((a - b).norm() < 1e-5 * scale, "mode {} {}: {a} {b}", idx / N, idx % N);
        }
    }

    /// Power over spectrum in ten bins, mean square of each kind of mode on its own; false alarm below 1e-3 (4.5 sigma
    /// in 13 numbers, the tails of chi-square included).
    #[test]
    fn power_is_that_of_the_spectrum() {
        let wavenumbers = wavenumbers();
        let ell_max = wavenumbers.ell_max();
        let mut bins = vec![(0.0, 0.0); 13];
        for tile in 0..12 {
            for (idx, mode) in draw(tile, 0, &wavenumbers).iter().enumerate().skip(1) {
                let (kx, ky) = (idx / N, idx % N);
                let ell = wavenumbers.ell(kx, ky);
                let ratio = f64::from(mode.norm_sqr()) * PIXEL_SR / ((N * N) as f64 * c_ell(ell));
                let own_mirror = (kx == 0 || kx == N / 2) && (ky == 0 || ky == N / 2);
                let edge = [(kx == 0, 10), (kx == N / 2, 11), (own_mirror, 12)];
                let kinds = edge.iter().filter(|(is, _)| *is).map(|(_, bin)| *bin);
                for bin in kinds.chain([(10.0 * ell / (ell_max * 1.001)) as usize]) {
                    // Independent deviates: a complex mode has two, and those that are each other's mirror share them.
                    let weight = if own_mirror { 0.5 } else { 0.5 * wavenumbers.multiplicity(kx) };
                    bins[bin].0 += weight * ratio;
                    bins[bin].1 += weight;
                }
            }
        }
        for (bin, (sum, n_modes)) in bins.iter().enumerate() {
            let sigma = 1.0 / n_modes.sqrt();
            assert!((sum / n_modes - 1.0).abs() < 4.5 * sigma, "bin {bin}: {} of {n_modes} modes", sum / n_modes);
        }
    }

    #[test]
    fn bands_see_the_same_field_times_their_factor() {
        let wavenumbers = wavenumbers();
        for (first, second) in draw(0, 0, &wavenumbers).iter().zip(draw(0, 1, &wavenumbers)) {
            assert!((first * -0.5 - second).norm() <= 1e-6 * first.norm());
        }
    }
}
