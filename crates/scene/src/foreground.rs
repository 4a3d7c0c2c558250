//! Which Gaussian fields a sky has: spectra and band factors of every component but the painted ones.

use crate::config::CmbSpectrum;
use crate::dust;
use crate::field::Field;
use crate::setup::Setup;
use crate::{Component, ForegroundsConfig};
use arcmin_fft::Wavenumbers;
use arcmin_sky::foregrounds::{self, George15};
use arcmin_sky::spectra::{self, d_per_c};
use arcmin_sky::sz::tsz_g;
use arcmin_units::Ghz;

/// Multipole at which the power of point sources is quoted.
const ELL_PIVOT: f64 = 3000.0;
/// Frequency at which paper 003 gives the power of the SZ background.
const TSZ_BACKGROUND_NU: Ghz = Ghz::new(90.0);

/// A component's spectrum in uK^2 sr at its reference frequency, and the factor by which each band sees it.
pub(crate) struct FieldModel {
    /// Scatter between tiles of the logarithm of the power, about a median of one.
    pub(crate) power_ln_scatter: f64,
    pub(crate) c_ell_uk2_sr: Box<dyn Fn(f64) -> f64 + Send + Sync>,
    pub(crate) band_factors: Vec<f64>,
}

/// The model of a component, `None` for those that are no Gaussian field.
pub(crate) fn field_model(setup: &Setup, component: Component) -> Option<FieldModel> {
    let same_in_all_bands = vec![1.0; setup.bands.len()];
    match (component, &setup.foregrounds) {
        (
            Component::Tsz
            | Component::Noise
            | Component::KszHaloes
            | Component::RadioSources
            | Component::DustySources
            | Component::HaloLensing,
            _,
        ) => None,
        (Component::GalacticDust, _) => dust::field_model(setup),
        (Component::Cmb, _) if setup.has(Component::HaloLensing) => None,
        (Component::Cmb, _) => Some(FieldModel::new(cmb_c_ell(setup), same_in_all_bands)),
        (_, ForegroundsConfig::None) => None,
        (_, ForegroundsConfig::George15) => george15(setup, component),
        (Component::Ksz, ForegroundsConfig::Deepsz { ksz_d_ell_uk2, .. }) => {
            let d_ell = *ksz_d_ell_uk2;
            Some(FieldModel::new(move |ell| d_ell / d_per_c(ell), same_in_all_bands))
        }
        (Component::TszBackground, ForegroundsConfig::Deepsz { tsz_background_d_ell_90ghz_uk2, .. }) => {
            let d_ell = *tsz_background_d_ell_90ghz_uk2;
            let factors = setup.bands.iter().map(|band| tsz_g(band.nu) / tsz_g(TSZ_BACKGROUND_NU));
            Some(FieldModel::new(move |ell| d_ell / d_per_c(ell), factors.collect()))
        }
        (Component::PointSources, ForegroundsConfig::Deepsz { point_sources_d3000_uk2, .. }) => {
            let factors = point_sources_d3000_uk2.iter().map(|d_3000| d_3000.sqrt());
            Some(FieldModel::new(|_| 1.0 / d_per_c(ELL_PIVOT), factors.collect()))
        }
        (Component::DustyPoisson | Component::DustyClustered | Component::Radio, ForegroundsConfig::Deepsz { .. }) => {
            None
        }
    }
}

/// The spectrum of the CMB in uK^2 sr.
pub(crate) fn cmb_c_ell(setup: &Setup) -> impl Fn(f64) -> f64 + Send + Sync + 'static {
    let spectrum = match setup.cmb_spectrum {
        CmbSpectrum::Planck18 => spectra::cmb_lensed_tt(),
        CmbSpectrum::SehgalWmap5 => spectra::cmb_lensed_tt_sehgal_wmap5(),
    };
    move |ell| spectrum.c_ell(ell)
}

/// The Gaussian fields of a sky on a grid.
pub(crate) fn fields(setup: &Setup, wavenumbers: &Wavenumbers, pixel_sr: f64) -> Vec<Field> {
    let field = |&component: &Component| {
        let model = field_model(setup, component)?;
        let field = Field::new(component, model.c_ell_uk2_sr, &model.band_factors, wavenumbers, pixel_sr);
        Some(field.with_power_ln_scatter(model.power_ln_scatter))
    };
    setup.components.iter().filter_map(field).collect()
}

impl FieldModel {
    /// A field of the same power on all tiles.
    pub(crate) fn new(c_ell_uk2_sr: impl Fn(f64) -> f64 + Send + Sync + 'static, band_factors: Vec<f64>) -> Self {
        Self { power_ln_scatter: 0.0, c_ell_uk2_sr: Box::new(c_ell_uk2_sr), band_factors }
    }
}

fn george15(setup: &Setup, component: Component) -> Option<FieldModel> {
    let name = match component {
        Component::Ksz => foregrounds::Component::KineticSz,
        Component::TszBackground => foregrounds::Component::ThermalSz,
        Component::DustyPoisson => foregrounds::Component::DustyPoisson,
        Component::DustyClustered => foregrounds::Component::DustyClustered,
        Component::Radio => foregrounds::Component::Radio,
        _ => return None,
    };
    let model = George15::new();
    let factors = setup.bands.iter().map(|band| George15::frequency_scaling(name, band.nu)).collect();
    Some(FieldModel::new(move |ell| model.reference_c_ell(name, ell), factors))
}
