//! The description of the point sources.
//!
//! # The numbers of the DeepSZ sky
//! Lin et al. 2021, Sec. 2.1, give the power of the Sehgal et al. 2010 sky without sources above 2 mJy: flat `C_l` with
//! D_3000 = 2.7, 8.8, 71 uK^2 at 90, 148, 219 GHz. They are met to 3% as the shot noise of both kinds together, with
//!
//! - dusty: N0 = 6600 per square degree and S0 = 0.729 mJy (7180 in the counts); index 3.36 below 148 GHz (148 to 90) and
//!   3.27 above it (148 to 219). The order is that of a modified black body, which grows flatter towards its peak: these
//!   are the indices of `nu^1.505 B_nu(20 K)`, the dust of George15's Poisson power, between those bands. (The other
//!   order, 3.2 below and 3.4 above, would give 148 GHz 10% too little beside 219 GHz.) 0.3% of the sources lensed by 10, which gives the 0.2 per square degree above 20 mJy at 220 GHz that Everett
//!   et al. 2020 (arXiv:2003.03431) find (1% gives 0.44, and twice the shot noise);
//! - radio: the published counts (3.2 per square degree above 2 mJy, 1.0 above 6.4 mJy) with index -0.1. With the index of
//!   -0.7 that brighter sources have, these counts alone give 3.0 uK^2 at 90 GHz, more than the whole there, and with half
//!   the sources the counts would be wrong. Above 148 GHz the index is 0.1 less.
//!
//! The clustering of dusty galaxies, 50 uK^2 at 219 GHz (George15), comes on top: the paper's numbers are those of a flat
//! spectrum. At 148 and 90 GHz it is 5.9 and 0.8 uK^2, as the same galaxies make it; George15 find 2.6 and 0.13.
//!
//! Of the radio sources 10% lie in haloes, in proportion to mass. Then 0.16% of the clusters above 2e14 Msun host one above
//! 5 mJy, as most of the mass in haloes is in small ones. With the mass to the power 2.5 it would be 2%, but the sum of
//! faint sources in the heaviest clusters then hides them: completeness falls from 0.88 at 4e14 Msun to 0.5 at 1.2e15
//! Msun, where the paper's matched filter finds all, and recovered over injected y is 0.85 in the mean.

use super::REFERENCE_NU;
use crate::Error;
use crate::setup::{not_negative, positive, require};
use arcmin_sky::source_counts::{SourcePopulation, SourceSpectrum, dezotti05_150ghz, geach17_219ghz};
use serde::{Deserialize, Serialize};

/// Radio galaxies: counts of de Zotti et al. 2005 at 150 GHz, power-law spectra with a break at 148 GHz.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RadioSourcesConfig {
    /// Number of sources over that of the published counts.
    pub abundance_factor: f64,
    /// Mean spectral index (flux as nu^index) below 148 GHz.
    pub spectral_index_below_148ghz: f64,
    /// Mean spectral index above 148 GHz.
    pub spectral_index_above_148ghz: f64,
    /// Standard deviation of the index from source to source, the same shift on both sides.
    pub spectral_index_scatter: f64,
    /// Share of the sources that lie in haloes of M200m > 1e13 Msun, the brightest of each at the centre in 70% of them.
    pub halo_share: f64,
    /// A halo's expected number of sources goes as its mass to this power.
    pub halo_mass_slope: f64,
    /// Sources brighter than this at 148 GHz are taken out of the maps; none when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_above_mjy: Option<f64>,
}

/// Dusty galaxies: counts of the form of Geach et al. 2017 at 219 GHz, power-law spectra with a break at 148 GHz,
/// log-normal clustering.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DustySourcesConfig {
    /// N0 of the counts.
    pub n0_per_deg2: f64,
    /// S0 of the counts at 219 GHz.
    pub s0_mjy: f64,
    /// Spectral index (flux as nu^index) below 148 GHz, without scatter of its own: 3.36 in the DeepSZ sky.
    pub spectral_index_below_148ghz: f64,
    /// Mean spectral index above 148 GHz: 3.27 in the DeepSZ sky, the flatter of the two.
    pub spectral_index_above_148ghz: f64,
    /// Standard deviation of the index above 148 GHz from source to source.
    pub spectral_index_scatter: f64,
    /// Share of the sources that are strongly lensed.
    pub lensed_share: f64,
    /// By how much lensed sources are brighter.
    pub lensing_magnification: f64,
    /// Power of their clustering at 219 GHz and l = 3000, beside the shot noise; goes as l^0.8.
    pub clustered_d3000_219ghz_uk2: f64,
    /// Share of the variance of their density, on scales above some arcminutes, that follows the haloes of the tile.
    pub halo_tied_share: f64,
    /// Sources brighter than this at 148 GHz are taken out of the maps; none when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_above_mjy: Option<f64>,
}

impl RadioSourcesConfig {
    pub(crate) fn check(&self) -> Result<(), Error> {
        positive("radio_sources.abundance_factor", self.abundance_factor)?;
        check_index("radio_sources.spectral_index_below_148ghz", self.spectral_index_below_148ghz)?;
        check_index("radio_sources.spectral_index_above_148ghz", self.spectral_index_above_148ghz)?;
        check_scatter("radio_sources.spectral_index_scatter", self.spectral_index_scatter)?;
        check_share("radio_sources.halo_share", self.halo_share)?;
        let slope = self.halo_mass_slope;
        require("radio_sources.halo_mass_slope", slope, (0.0..=4.0).contains(&slope), "from 0 to 4")?;
        self.removed_above_mjy.map_or(Ok(()), |flux| positive("radio_sources.removed_above_mjy", flux))
    }

    pub(crate) fn population(&self) -> SourcePopulation {
        let spectrum = SourceSpectrum {
            break_nu: REFERENCE_NU,
            index_below: self.spectral_index_below_148ghz,
            index_above: self.spectral_index_above_148ghz,
            scatter_below: self.spectral_index_scatter,
            scatter_above: self.spectral_index_scatter,
        };
        SourcePopulation { counts: dezotti05_150ghz().scaled(self.abundance_factor), spectrum }
    }
}

impl DustySourcesConfig {
    pub(crate) fn check(&self) -> Result<(), Error> {
        positive("dusty_sources.n0_per_deg2", self.n0_per_deg2)?;
        positive("dusty_sources.s0_mjy", self.s0_mjy)?;
        check_index("dusty_sources.spectral_index_below_148ghz", self.spectral_index_below_148ghz)?;
        check_index("dusty_sources.spectral_index_above_148ghz", self.spectral_index_above_148ghz)?;
        check_scatter("dusty_sources.spectral_index_scatter", self.spectral_index_scatter)?;
        check_share("dusty_sources.lensed_share", self.lensed_share)?;
        let mu = self.lensing_magnification;
        require("dusty_sources.lensing_magnification", mu, mu > 1.0 && mu <= 1000.0, "above 1 and at most 1000")?;
        not_negative("dusty_sources.clustered_d3000_219ghz_uk2", self.clustered_d3000_219ghz_uk2)?;
        check_share("dusty_sources.halo_tied_share", self.halo_tied_share)?;
        self.removed_above_mjy.map_or(Ok(()), |flux| positive("dusty_sources.removed_above_mjy", flux))
    }

    pub(crate) fn population(&self) -> Result<SourcePopulation, Error> {
        let counts = geach17_219ghz(self.n0_per_deg2, self.s0_mjy)?;
        let spectrum = SourceSpectrum {
            break_nu: REFERENCE_NU,
            index_below: self.spectral_index_below_148ghz,
            index_above: self.spectral_index_above_148ghz,
            scatter_below: 0.0,
            scatter_above: self.spectral_index_scatter,
        };
        Ok(SourcePopulation { counts: counts.lensed(self.lensed_share, self.lensing_magnification), spectrum })
    }
}

fn check_index(key: &'static str, index: f64) -> Result<(), Error> {
    require(key, index, (-5.0..=6.0).contains(&index), "from -5 to 6")
}

fn check_scatter(key: &'static str, scatter: f64) -> Result<(), Error> {
    require(key, scatter, (0.0..=1.0).contains(&scatter), "from 0 to 1")
}

fn check_share(key: &'static str, share: f64) -> Result<(), Error> {
    require(key, share, (0.0..=1.0).contains(&share), "from 0 to 1")
}

#[cfg(test)]
mod tests {
    use arcmin_units::constants::{H_SI, K_B_SI};

    /// The two dusty indices in their order, from `nu^1.505 B_nu(20 K)` between 90, 148 and 219 GHz.
    #[test]
    fn dusty_indices_are_those_of_the_modified_black_body() {
        let ln_flux = |nu_ghz: f64| 4.505 * nu_ghz.ln() - (H_SI * nu_ghz * 1e9 / (K_B_SI * 20.0)).exp_m1().ln();
        let index = |from: f64, to: f64| (ln_flux(to) - ln_flux(from)) / (to / from).ln();
        assert!((index(90.0, 148.0) - 3.36).abs() < 0.005, "{}", index(90.0, 148.0));
        assert!((index(148.0, 219.0) - 3.27).abs() < 0.005, "{}", index(148.0, 219.0));
    }
}
