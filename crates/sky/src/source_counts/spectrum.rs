//! How the flux of a source goes with frequency: broken power laws with scatter.

use arcmin_units::Ghz;

/// Spectra of a population: flux as a power law of frequency with one break, the indices normally distributed.
///
/// `ln S = const + alpha ln(nu / nu_break)`, `alpha = mean + scatter g` on each side of the break with one deviate `g` for
/// both, so that a source that is steep below is steep above.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SourceSpectrum {
    /// Where the index changes.
    pub break_nu: Ghz,
    /// Mean index below the break.
    pub index_below: f64,
    /// Mean index above the break.
    pub index_above: f64,
    /// Standard deviation of the index below the break.
    pub scatter_below: f64,
    /// Standard deviation of the index above the break.
    pub scatter_above: f64,
}

/// A log-normal ratio of fluxes: `exp(ln_median + ln_scatter g)` for a normal deviate `g`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FluxRatio {
    /// Logarithm of the median ratio.
    pub ln_median: f64,
    /// Change of the logarithm with the deviate; of either sign.
    pub ln_scatter: f64,
}

impl SourceSpectrum {
    /// Flux at `nu` over that at `reference`.
    ///
    /// ```
    /// use arcmin_sky::source_counts::SourceSpectrum;
    /// use arcmin_units::Ghz;
    /// let break_nu = Ghz::new(148.0);
    /// let (index_below, index_above) = (-0.7, -0.8);
    /// let spectrum = SourceSpectrum { break_nu, index_below, index_above, scatter_below: 0.3, scatter_above: 0.3 };
    /// let ratio = spectrum.flux_ratio(Ghz::new(90.0), break_nu);
    /// assert!((ratio.at(0.0) - (90.0f64 / 148.0).powf(-0.7)).abs() < 1e-12);
    /// assert!((ratio.at(1.0) - (90.0f64 / 148.0).powf(-0.4)).abs() < 1e-12);
    /// ```
    pub fn flux_ratio(&self, nu: Ghz, reference: Ghz) -> FluxRatio {
        let (at, from) = (self.over_break(nu), self.over_break(reference));
        FluxRatio { ln_median: at.ln_median - from.ln_median, ln_scatter: at.ln_scatter - from.ln_scatter }
    }

    /// Flux at `nu` over that at the break.
    fn over_break(&self, nu: Ghz) -> FluxRatio {
        let ln_nu = (nu.value() / self.break_nu.value()).ln();
        let (index, scatter) =
            if ln_nu < 0.0 { (self.index_below, self.scatter_below) } else { (self.index_above, self.scatter_above) };
        FluxRatio { ln_median: index * ln_nu, ln_scatter: scatter * ln_nu }
    }
}

impl FluxRatio {
    /// The ratio of a source with deviate `g`.
    #[inline]
    pub fn at(self, g: f64) -> f64 {
        (self.ln_median + self.ln_scatter * g).exp()
    }

    /// Mean of the n-th power of the ratio, `exp(n m + (n s)^2 / 2)`.
    pub fn mean_power(self, n: f64) -> f64 {
        (n * self.ln_median + 0.5 * (n * self.ln_scatter).powi(2)).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ratios_chain(nu in 50.0..400.0f64, other in 50.0..400.0f64, g in -3.0..3.0f64) {
            let break_nu = Ghz::new(148.0);
            let spectrum =
                SourceSpectrum { break_nu, index_below: 3.2, index_above: 3.4, scatter_below: 0.1, scatter_above: 0.3 };
            let ratio = |a, b| spectrum.flux_ratio(Ghz::new(a), Ghz::new(b)).at(g);
            let chained = ratio(nu, other) * ratio(other, 148.0);
            prop_assert!((chained / ratio(nu, 148.0) - 1.0).abs() < 1e-12);
            let (index, scatter) = if nu < 148.0 { (3.2, 0.1) } else { (3.4, 0.3) };
            let expected = (nu / 148.0).powf(index + scatter * g);
            prop_assert!((ratio(nu, 148.0) / expected - 1.0).abs() < 1e-12);
        }
    }
}
