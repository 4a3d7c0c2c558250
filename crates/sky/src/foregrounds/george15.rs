//! George et al. 2015: extragalactic foregrounds as measured by the South Pole Telescope.

use arcmin_units::Ghz;

use crate::brightness::{jy_sr_per_uk, planck_jy_sr};
use crate::spectra::d_per_c;
use crate::sz::tsz_g;
use crate::table::{UniformTable, data_lines};

/// Multipole at which amplitudes are quoted.
const ELL_PIVOT: f64 = 3000.0;
/// First, last and step of the multipoles of the SZ templates.
const ELL_TEMPLATE: [f64; 3] = [10.0, 12_000.0, 10.0];

/// `D_3000` in uK^2 at 150 GHz of the best fit, for sources below 6.4 mJy at 150 GHz.
const DUSTY_POISSON_UK2: f64 = 9.415_211_677_551_27;
const DUSTY_CLUSTERED_UK2: f64 = 3.367_258_310_317_993;
const RADIO_UK2: f64 = 1.005_275_011_062_622;
/// Effective frequencies in GHz of the 150 GHz band, to which those amplitudes refer.
const NU_DUST: Ghz = Ghz::new(153.4);
const NU_RADIO: Ghz = Ghz::new(149.5);
const NU_TSZ: Ghz = Ghz::new(152.3);
/// Spectra of the dusty galaxies, `nu^beta B_nu(T)`, and of the radio galaxies, `nu^alpha`, in intensity.
const BETA_POISSON: f64 = 1.505;
const BETA_CLUSTERED: f64 = 2.51;
const T_DUST_K: f64 = 20.0;
const ALPHA_RADIO: f64 = -0.9;
/// Correlation of tSZ and CIB in the best fit: of its curves, the same in all bands and at all l.
const XI_TSZ_CIB: f64 = 0.101_769;

/// A foreground of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Component {
    /// Thermal SZ effect of all clusters (template of Shaw10).
    ThermalSz,
    /// Kinetic SZ effect (templates of Shaw12 and, patchy, Zahn12).
    KineticSz,
    /// Shot noise of dusty galaxies, constant `C_l`.
    DustyPoisson,
    /// Clustering of dusty galaxies, `D_l ~ l^0.8`.
    DustyClustered,
    /// Shot noise of radio galaxies below 6.4 mJy at 150 GHz, constant `C_l`.
    Radio,
}

impl Component {
    /// All components, in a fixed order.
    pub const ALL: [Self; 5] =
        [Self::ThermalSz, Self::KineticSz, Self::DustyPoisson, Self::DustyClustered, Self::Radio];
}

/// The best-fit foregrounds of George15, each fully correlated between bands.
///
/// `D_l(nu1, nu2) = D_l(nu0, nu0) f(nu1) f(nu2) / f(nu0)^2`, with f in thermodynamic temperature: g for the tSZ effect,
/// 1 for the kSZ effect, `nu^beta B_nu(20 K) / (dB/dT)` for dust and `nu^-0.9 / (dB/dT)` for radio.
///
/// Differs: cirrus and the tSZ-radio correlation are left out, and the tSZ-CIB correlation is a term of its own
/// ([`Self::tsz_cib_cross_c_ell`]) that no total contains. Templates end at l = 12000; beyond, Poisson terms keep
/// `C_l`, the clustered one its power law, and the SZ terms `D_l`. Below l = 10 the SZ terms keep `C_l`.
#[derive(Clone, Debug)]
pub struct George15 {
    tsz_d_ell: UniformTable,
    ksz_d_ell: UniformTable,
}

impl Default for George15 {
    fn default() -> Self {
        Self::new()
    }
}

impl George15 {
    /// Reads the shipped templates.
    pub fn new() -> Self {
        let text = include_str!("../../../../data/george15_sz_templates.txt");
        let rows: Vec<[f64; 2]> = data_lines(text)
            .map(|(_, line)| {
                let mut d_ell =
                    line.split_whitespace().skip(1).map(|word| word.parse().expect("the tests read this table"));
                std::array::from_fn(|_| d_ell.next().expect("the tests read this table"))
            })
            .collect();
        let template = |column: usize| {
            UniformTable::from_values(ELL_TEMPLATE[0], ELL_TEMPLATE[2], rows.iter().map(|row| row[column]).collect())
        };
        Self { tsz_d_ell: template(0), ksz_d_ell: template(1) }
    }

    /// Cross spectrum of one component between two frequencies, in uK_CMB^2 sr; of either sign for the tSZ effect.
    ///
    /// ```
    /// use arcmin_sky::foregrounds::{Component, George15};
    /// use arcmin_units::Ghz;
    /// let nu = Ghz::new(150.0);
    /// let c_ell = George15::new().cross_c_ell(Component::Radio, nu, nu, 3000.0);
    /// assert!((c_ell * 3000.0 * 3001.0 / std::f64::consts::TAU - 0.993).abs() < 1e-3);
    /// ```
    pub fn cross_c_ell(&self, component: Component, nu1: Ghz, nu2: Ghz, ell: f64) -> f64 {
        self.reference_c_ell(component, ell)
            * Self::frequency_scaling(component, nu1)
            * Self::frequency_scaling(component, nu2)
    }

    /// Sum of [`Self::cross_c_ell`] over all components, in uK_CMB^2 sr.
    pub fn total_cross_c_ell(&self, nu1: Ghz, nu2: Ghz, ell: f64) -> f64 {
        Component::ALL.iter().map(|&component| self.cross_c_ell(component, nu1, nu2, ell)).sum()
    }

    /// Spectrum of a component at the effective frequency of the 150 GHz band, in uK_CMB^2 sr; `ell > 0`.
    pub fn reference_c_ell(&self, component: Component, ell: f64) -> f64 {
        match component {
            Component::ThermalSz => template_c_ell(&self.tsz_d_ell, ell),
            Component::KineticSz => template_c_ell(&self.ksz_d_ell, ell),
            Component::DustyPoisson => DUSTY_POISSON_UK2 / d_per_c(ELL_PIVOT),
            Component::DustyClustered => DUSTY_CLUSTERED_UK2 * (ell / ELL_PIVOT).powf(0.8) / d_per_c(ell),
            Component::Radio => RADIO_UK2 / d_per_c(ELL_PIVOT),
        }
    }

    /// Temperature of a component at a frequency over that at its reference frequency; negative where its sign differs.
    pub fn frequency_scaling(component: Component, nu: Ghz) -> f64 {
        match component {
            Component::ThermalSz => tsz_g(nu) / tsz_g(NU_TSZ),
            Component::KineticSz => 1.0,
            Component::DustyPoisson => dust_temperature(nu, BETA_POISSON) / dust_temperature(NU_DUST, BETA_POISSON),
            Component::DustyClustered => {
                dust_temperature(nu, BETA_CLUSTERED) / dust_temperature(NU_DUST, BETA_CLUSTERED)
            }
            Component::Radio => radio_temperature(nu) / radio_temperature(NU_RADIO),
        }
    }

    /// The correlation of tSZ and dusty galaxies, in uK_CMB^2 sr: a term to add to a total, negative below 217 GHz.
    ///
    /// `-xi [s(nu1) sqrt(tSZ_11 CIB_22) + s(nu2) sqrt(tSZ_22 CIB_11)]`, with s = 1 below the tSZ null and -1 above it,
    /// CIB the sum of the dusty components and xi = 0.102 (form and xi are those of the best-fit curves of George15, which they meet to 1e-6).
    pub fn tsz_cib_cross_c_ell(&self, nu1: Ghz, nu2: Ghz, ell: f64) -> f64 {
        let tsz_reference = self.reference_c_ell(Component::ThermalSz, ell).sqrt();
        let tsz = |nu| tsz_reference * Self::frequency_scaling(Component::ThermalSz, nu);
        let cib = |nu| {
            let poisson = self.cross_c_ell(Component::DustyPoisson, nu, nu, ell);
            (poisson + self.cross_c_ell(Component::DustyClustered, nu, nu, ell)).sqrt()
        };
        -XI_TSZ_CIB * (tsz(nu1) * cib(nu2) + tsz(nu2) * cib(nu1))
    }
}

/// A template in `C_l`, with `D_l` held beyond its end and `C_l` before its start.
fn template_c_ell(d_ell: &UniformTable, ell: f64) -> f64 {
    let [first, last, _] = ELL_TEMPLATE;
    if ell < first { d_ell.at(first) / d_per_c(first) } else { d_ell.at(ell.min(last)) / d_per_c(ell) }
}

/// `nu^beta B_nu(20 K) / (dB/dT)`, in arbitrary units.
fn dust_temperature(nu: Ghz, beta: f64) -> f64 {
    nu.value().powf(beta) * planck_jy_sr(nu, T_DUST_K) / jy_sr_per_uk(nu)
}

/// `nu^alpha / (dB/dT)`, in arbitrary units.
fn radio_temperature(nu: Ghz) -> f64 {
    nu.value().powf(ALPHA_RADIO) / jy_sr_per_uk(nu)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_templates_have_every_row() {
        let model = George15::new();
        for (component, expected) in [(Component::ThermalSz, 1.259_142), (Component::KineticSz, 2.367_744)] {
            let last = model.reference_c_ell(component, 12_000.0) * d_per_c(12_000.0);
            assert!((last / expected - 1.0).abs() < 1e-6, "{component:?}");
            let beyond = model.reference_c_ell(component, 43_200.0) * d_per_c(43_200.0);
            assert!((beyond / last - 1.0).abs() < 1e-12, "{component:?}");
        }
    }

    #[test]
    fn components_are_fully_correlated_between_bands() {
        let (model, nu1, nu2) = (George15::new(), Ghz::new(90.0), Ghz::new(219.0));
        for component in Component::ALL {
            let at = |a, b| model.cross_c_ell(component, a, b, 4321.0);
            let coefficient = at(nu1, nu2) / (at(nu1, nu1) * at(nu2, nu2)).sqrt();
            assert!((coefficient.abs() - 1.0).abs() < 1e-12, "{component:?}");
            assert_eq!(coefficient < 0.0, component == Component::ThermalSz, "{component:?}");
        }
    }
}
