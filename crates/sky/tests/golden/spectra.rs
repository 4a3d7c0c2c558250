//! Sections 06 and 07: the CMB and the foregrounds.

use arcmin_sky::foregrounds::{Component, George15};
use arcmin_sky::spectra::{cmb_lensed_tt, cmb_unlensed_tt, d_per_c};
use arcmin_sky::sz::tsz_g;
use arcmin_units::{Arcmin, Ghz};

use crate::table::Table;
use crate::tolerance;

/// Frequencies in GHz at which the curves of a band stand, for tSZ, dusty Poisson, dusty clustered and radio sources.
///
/// Those of the 150 GHz band are the effective frequencies of the model; the others are where the model meets the
/// spectrum of the band with itself (derived here), so that the spectra between two bands are the test.
fn effective(band: &str) -> [Ghz; 4] {
    let nu_ghz = match band {
        "95" => [95.675_873, 97.273_732, 96.952_526, 93.307_416],
        "150" => [152.3, 153.4, 153.4, 149.5],
        "220" => [218.146_515, 218.916_147, 219.297_392, 218.245_445],
        other => panic!("band {other}"),
    };
    nu_ghz.map(Ghz::new)
}

#[test]
fn cmb_spectra_are_those_of_camb() {
    let (lensed, unlensed) = (cmb_lensed_tt(), cmb_unlensed_tt());
    for row in Table::parse(include_str!("cmb.csv")).rows() {
        row.check("lensed_Dl_uK2", lensed.d_ell(row.number("l")), tolerance::CMB);
        row.check("unlensed_Dl_uK2", unlensed.d_ell(row.number("l")), tolerance::CMB);
    }
}

#[test]
fn cmb_correlations_are_those_of_the_reference() {
    let cmb = cmb_lensed_tt();
    let smoothed = cmb.smoothed(Arcmin::new(1.0).to_rad());
    for row in Table::parse(include_str!("cmb_correlation.csv")).rows() {
        let theta = Arcmin::new(row.number("theta_arcmin")).to_rad();
        row.check("xi_uK2", cmb.correlation_uk2(theta), tolerance::CMB_CORRELATION);
        row.check("xi_beam1_uK2", smoothed.correlation_uk2(theta), tolerance::CMB_CORRELATION);
    }
}

#[test]
fn foreground_shapes_are_the_best_fit_curves() {
    let model = George15::new();
    for row in Table::parse(include_str!("george15_d_ell.csv")).rows() {
        let ell = row.number("l");
        for (column, component) in [
            ("DG-Po", Component::DustyPoisson),
            ("DG-Cl", Component::DustyClustered),
            ("kSZ", Component::KineticSz),
            ("tSZ", Component::ThermalSz),
            ("RG", Component::Radio),
        ] {
            row.check(column, model.reference_c_ell(component, ell) * d_per_c(ell), tolerance::GEORGE15_D_ELL);
        }
    }
}

#[test]
fn amplitudes_between_bands_are_the_best_fit_curves() {
    let (model, ell) = (George15::new(), 3000.0);
    for row in Table::parse(include_str!("george15_bands.csv")).rows() {
        let (first, second) = row.text("bands").split_once('x').unwrap();
        let [tsz1, poisson1, clustered1, radio1] = effective(first);
        let [tsz2, poisson2, clustered2, radio2] = effective(second);
        for (column, component, nu1, nu2) in [
            ("tSZ", Component::ThermalSz, tsz1, tsz2),
            ("kSZ", Component::KineticSz, tsz1, tsz2),
            ("DG-Po", Component::DustyPoisson, poisson1, poisson2),
            ("DG-Cl", Component::DustyClustered, clustered1, clustered2),
            ("RG", Component::Radio, radio1, radio2),
        ] {
            let got = model.cross_c_ell(component, nu1, nu2, ell) * d_per_c(ell);
            row.check(column, got, tolerance::GEORGE15_SHAPE);
        }
    }
}

#[test]
fn frequencies_scale_as_the_formulae_say() {
    let (model, ell) = (George15::new(), 3000.0);
    for row in Table::parse(include_str!("george15_scaling.csv")).rows() {
        let nu = Ghz::new(row.number("nu_GHz"));
        for (column, component) in [
            ("DG_Po", Component::DustyPoisson),
            ("DG_Cl", Component::DustyClustered),
            ("RG", Component::Radio),
            ("tSZ", Component::ThermalSz),
            ("kSZ", Component::KineticSz),
        ] {
            let got = model.cross_c_ell(component, nu, nu, ell) * d_per_c(ell);
            row.check(column, got, tolerance::GEORGE15_SCALING);
        }
    }
}

#[test]
fn tsz_cib_correlation_is_the_best_fit_curve() {
    let model = George15::new();
    for row in Table::parse(include_str!("george15_d_ell.csv")).rows() {
        // One frequency stands for both effective ones, which scales the curve by a constant.
        let (ell, nu) = (row.number("l"), Ghz::new(152.3));
        let dust = |nu| {
            let of = |component| model.cross_c_ell(component, nu, nu, ell);
            of(Component::DustyPoisson) + of(Component::DustyClustered)
        };
        let to_band = (dust(Ghz::new(153.4)) / dust(nu)).sqrt();
        let got = model.tsz_cib_cross_c_ell(nu, nu, ell) * d_per_c(ell) * to_band;
        row.check("tSZ-CIB", got, tolerance::GEORGE15_D_ELL);
    }
}

#[test]
fn sz_background_of_the_deepsz_noise_model_scales_with_g() {
    let at_90 = tsz_g(Ghz::new(90.0));
    for row in Table::parse(include_str!("sz_background.csv")).rows() {
        let g = tsz_g(Ghz::new(row.number("nu_GHz")));
        row.check_with("g", g, tolerance::TSZ, tolerance::TSZ_ABSOLUTE);
        row.check("sz_background_D3000", 3.6 * (g / at_90).powi(2), tolerance::GEORGE15_SCALING);
    }
}
