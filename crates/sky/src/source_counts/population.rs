//! A population of sources: counts at one frequency, spectra for the others.

use arcmin_units::Ghz;

use super::{SourceCounts, SourceSpectrum};
use crate::brightness::jy_sr_per_uk;

/// Normal deviates at which integrals over the scatter of the spectra are taken: even steps between these ends.
const DEVIATE_MAX: f64 = 6.0;
const N_DEVIATES: usize = 121;

/// Sources of one kind: their counts at one frequency, and spectra that take each to any other.
#[derive(Clone, Debug, PartialEq)]
pub struct SourcePopulation {
    /// Counts at the reference frequency.
    pub counts: SourceCounts,
    /// Spectra about that frequency.
    pub spectrum: SourceSpectrum,
}

/// Which sources are left in a map: those fainter than a flux at a frequency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FluxCut {
    /// Frequency at which the flux is measured.
    pub nu: Ghz,
    /// Largest flux that is left; infinite for no cut.
    pub below_mjy: f64,
}

impl FluxCut {
    /// No source is taken out.
    pub const NONE: Self = Self { nu: Ghz::new(150.0), below_mjy: f64::INFINITY };
}

impl SourcePopulation {
    /// Sources brighter than a flux at a frequency, per steradian.
    pub fn n_above_per_sr(&self, nu: Ghz, s_mjy: f64) -> f64 {
        let ratio = self.spectrum.flux_ratio(nu, self.counts.nu());
        mean_over_deviates(|g| self.counts.n_above_per_sr(s_mjy / ratio.at(g)))
    }

    /// Mean temperature in uK_CMB of the sources that a cut leaves.
    pub fn mean_uk(&self, nu: Ghz, cut: FluxCut) -> f64 {
        1e-3 * self.moment(&[nu], cut) / jy_sr_per_uk(nu)
    }

    /// Shot noise between two frequencies in uK_CMB^2 sr, `int S(nu1) S(nu2) dN / (dB/dT)_1 (dB/dT)_2`, of the sources
    /// that a cut leaves.
    ///
    /// ```
    /// use arcmin_sky::source_counts::{FluxCut, SourcePopulation, SourceSpectrum, dezotti05_150ghz};
    /// use arcmin_units::Ghz;
    /// let nu = Ghz::new(150.0);
    /// let flat =
    ///     SourceSpectrum { break_nu: nu, index_below: 0.0, index_above: 0.0, scatter_below: 0.0, scatter_above: 0.0 };
    /// let radio = SourcePopulation { counts: dezotti05_150ghz(), spectrum: flat };
    /// let d_3000 = radio.cross_c_ell_uk2_sr(nu, nu, FluxCut { nu, below_mjy: 6.4 }) * 3000.0 * 3001.0
    ///     / std::f64::consts::TAU;
    /// assert!((d_3000 - 1.165).abs() < 0.005);
    /// ```
    pub fn cross_c_ell_uk2_sr(&self, nu1: Ghz, nu2: Ghz, cut: FluxCut) -> f64 {
        1e-6 * self.moment(&[nu1, nu2], cut) / (jy_sr_per_uk(nu1) * jy_sr_per_uk(nu2))
    }

    /// `int S^4 dN / (dB/dT)^4` in uK_CMB^4 sr^3: over the area and the square of the shot noise it is the relative variance
    /// that the finite number of sources gives to a measured power.
    pub fn fourth_moment_uk4_sr3(&self, nu: Ghz, cut: FluxCut) -> f64 {
        1e-12 * self.moment(&[nu; 4], cut) / jy_sr_per_uk(nu).powi(4)
    }

    /// `int prod_i S(nu_i) dN` of the sources that a cut leaves, in mJy^n per steradian.
    fn moment(&self, nus: &[Ghz], cut: FluxCut) -> f64 {
        let reference = self.counts.nu();
        let ratio = |nu| self.spectrum.flux_ratio(nu, reference);
        let ratios: Vec<_> = nus.iter().map(|&nu| ratio(nu)).collect();
        let at_cut = ratio(cut.nu);
        mean_over_deviates(|g| {
            let product: f64 = ratios.iter().map(|ratio| ratio.at(g)).product();
            product * self.counts.moment(nus.len() as i32, [0.0, cut.below_mjy / at_cut.at(g)])
        })
    }
}

/// The mean of a function of a normal deviate, by the trapezoid rule, which is exact to 1e-8 for smooth functions.
fn mean_over_deviates(f: impl Fn(f64) -> f64) -> f64 {
    let deviate = |idx: usize| DEVIATE_MAX * (2.0 * idx as f64 / (N_DEVIATES - 1) as f64 - 1.0);
    let (mut sum, mut weights) = (0.0, 0.0);
    for g in (0..N_DEVIATES).map(deviate) {
        let weight = (-0.5 * g * g).exp();
        sum += weight * f(g);
        weights += weight;
    }
    sum / weights
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source_counts::{dezotti05_150ghz, geach17_219ghz};

    const BREAK: Ghz = Ghz::new(148.0);

    fn dusty() -> SourcePopulation {
        let spectrum = SourceSpectrum {
            break_nu: BREAK,
            index_below: 3.2,
            index_above: 3.4,
            scatter_below: 0.0,
            scatter_above: 0.3,
        };
        SourcePopulation { counts: geach17_219ghz(7180.0, 0.729).unwrap(), spectrum }
    }

    /// Without a cut the scatter is a log-normal factor of its own.
    #[test]
    fn without_a_cut_the_power_is_that_of_the_counts_times_the_mean_square_ratio() {
        let sources = dusty();
        let (nu, reference) = (Ghz::new(90.0), sources.counts.nu());
        let mean_square = sources.spectrum.flux_ratio(nu, reference).mean_power(2.0);
        let expected = sources.counts.c_ell_uk2_sr(f64::INFINITY)
            * mean_square
            * (jy_sr_per_uk(reference) / jy_sr_per_uk(nu)).powi(2);
        let got = sources.cross_c_ell_uk2_sr(nu, nu, FluxCut::NONE);
        assert!((got / expected - 1.0).abs() < 1e-6, "{got} {expected}");
    }

    /// Scatter decorrelates the bands; a cut at the reference frequency itself does not see it.
    #[test]
    fn cuts_and_scatter_act_as_they_should() {
        let sources = dusty();
        let (low, high) = (Ghz::new(148.0), Ghz::new(219.0));
        let c = |a, b| sources.cross_c_ell_uk2_sr(a, b, FluxCut::NONE);
        let correlation = c(low, high) / (c(low, low) * c(high, high)).sqrt();
        // exp(-s^2 / 2) for a scatter s of ln S(148) at given S(219).
        let scatter: f64 = 0.3 * (219.0f64 / 148.0).ln();
        assert!((correlation / (-0.5 * scatter * scatter).exp() - 1.0).abs() < 1e-6, "{correlation}");
        let cut = FluxCut { nu: high, below_mjy: 1.0 };
        let at_reference = sources.cross_c_ell_uk2_sr(high, high, cut);
        assert!((at_reference / sources.counts.c_ell_uk2_sr(1.0) - 1.0).abs() < 1e-9);
        assert!(sources.cross_c_ell_uk2_sr(low, low, FluxCut { nu: low, below_mjy: 0.3 }) < c(low, low));
    }

    /// A steep radio population is thinner at higher frequency, by the mean of `ratio^slope` for power-law counts.
    #[test]
    fn counts_move_with_the_spectrum() {
        let spectrum = SourceSpectrum {
            break_nu: BREAK,
            index_below: -0.7,
            index_above: -0.8,
            scatter_below: 0.3,
            scatter_above: 0.3,
        };
        let radio = SourcePopulation { counts: dezotti05_150ghz(), spectrum };
        let per_sr = |nu| radio.n_above_per_sr(Ghz::new(nu), 2.0);
        assert!((per_sr(150.0) / radio.counts.n_above_per_sr(2.0) - 1.0).abs() < 1e-6);
        assert!(per_sr(90.0) > 1.3 * per_sr(150.0) && per_sr(219.0) < 0.8 * per_sr(150.0));
    }
}
