//! Sections 04, 05 and 09: pressure, Compton y, SZ spectra, units.

use arcmin_sky::pressure::{Arnaud10, Battaglia12, Gnfw, ProjectedGnfw};
use arcmin_sky::{Cosmology, brightness, sz};
use arcmin_units::constants::{FWHM_PER_SIGMA, T_CMB_K};
use arcmin_units::{Arcmin, Ghz, M200c, M500c, Mpc, Radian, Redshift};

use crate::table::{Row, Table};
use crate::tolerance;

fn cluster(row: &Row) -> Arnaud10 {
    let (mass, z) = (M500c::new(row.number("M500c")), Redshift::new(row.number("z")));
    Arnaud10::new(mass, z, &Cosmology::planck18()).unwrap()
}

#[test]
fn thermal_spectrum_and_its_first_order_are_those_of_the_formulae() {
    for row in Table::parse(include_str!("tsz_spectrum.csv")).rows() {
        let nu = Ghz::new(row.number("nu_GHz"));
        let check = |column: &str, got: f64| row.check_with(column, got, tolerance::TSZ, tolerance::TSZ_ABSOLUTE);
        check("x", brightness::x_nu(nu));
        check("g", sz::tsz_g(nu));
        row.check_with("y_to_uK", sz::tsz_uk_per_y(nu), tolerance::TSZ, tolerance::TSZ_ABSOLUTE * T_CMB_K * 1e6);
        check("g_rel1_Te2keV", sz::tsz_g_relativistic(nu, 2.0));
        check("g_rel1_Te5keV", sz::tsz_g_relativistic(nu, 5.0));
        check("g_rel1_Te10keV", sz::tsz_g_relativistic(nu, 10.0));
    }
}

#[test]
fn kinetic_effect_is_that_of_the_formula() {
    for row in Table::parse(include_str!("ksz.csv")).rows() {
        row.check("dT_uK", sz::ksz_uk(row.number("tau"), row.number("v_los_km_s")), tolerance::KSZ);
    }
}

#[test]
fn profile_integrals_are_those_of_the_paper() {
    for row in Table::parse(include_str!("arnaud_integrals.csv")).rows() {
        row.check("I1", 3.0 * Gnfw::ARNAUD10.sphere_integral(1.0), tolerance::Y);
        row.check("I5", 3.0 * Gnfw::ARNAUD10.sphere_integral(5.0), tolerance::Y);
        // The paper rounds the parameters it prints.
        row.check("Arnaud_I1", 3.0 * Gnfw::ARNAUD10.sphere_integral(1.0), 1e-3);
        row.check("Arnaud_I5", 3.0 * Gnfw::ARNAUD10.sphere_integral(5.0), 1e-3);
    }
}

#[test]
fn clusters_have_the_sizes_and_fluxes_of_the_reference() {
    for row in Table::parse(include_str!("arnaud10.csv")).rows() {
        let gas = cluster(&row);
        let check = |column: &str, got: f64| row.check(column, got, tolerance::Y);
        check("R500_Mpc", gas.r500().value());
        check("theta500_arcmin", gas.theta500().to_arcmin().value());
        row.check("y0_xmax5", gas.y0(), tolerance::Y_CENTRE);
        check("Ysph500_Mpc2", gas.y500_sph_mpc2());
        check("Ysph_5R500_Mpc2", gas.y_total_mpc2());
        check("Ycyl500_Mpc2", gas.y500_cyl_mpc2());
        check("Ysph500_arcmin2", gas.y500_sph_mpc2() * gas.arcmin2_per_mpc2());
        check("Ycyl500_arcmin2", gas.y500_cyl_mpc2() * gas.arcmin2_per_mpc2());
        let centre_uk = gas.y0() * sz::tsz_uk_per_y(Ghz::new(150.0));
        row.check("dT150_center_uK", centre_uk, tolerance::Y_CENTRE);
        check("pixel_centre_0125_y", gas.y(Arcmin::new(0.125 * f64::sqrt(2.0)).to_rad()));
        row.check("Arnaud_Ysph500_Mpc2", gas.y500_sph_mpc2(), tolerance::ARNAUD10_RELATION);
        row.check("Arnaud_Ycyl500_Mpc2", gas.y500_cyl_mpc2(), tolerance::ARNAUD10_RELATION);
    }
}

#[test]
fn profiles_of_y_are_those_of_the_reference() {
    let shape = ProjectedGnfw::arnaud10();
    for row in Table::parse(include_str!("arnaud10_profiles.csv")).rows() {
        let (gas, theta) = (cluster(&row), Arcmin::new(row.number("theta_arcmin")).to_rad());
        let absolute = tolerance::Y_CENTRE * gas.y0();
        row.check_with("y_xmax5", gas.y(theta), 0.0, absolute);
        let painted = gas.y0() * shape.at(theta.value() / gas.theta500().value());
        row.check_with("y_xmax5", painted, 0.0, absolute);
        let smoothed = gas.y_smoothed(theta, Arcmin::new(1.0).to_rad(), &shape);
        row.check_with("y_beam1", smoothed, tolerance::Y_SMOOTHED, absolute);
    }
}

#[test]
fn projected_shape_is_that_of_30_digit_arithmetic() {
    let shape = ProjectedGnfw::arnaud10();
    for row in Table::parse(include_str!("gnfw_shape.csv")).rows() {
        let x = row.number("x");
        row.check("line_integral", Gnfw::ARNAUD10.line_integral(x), tolerance::LINE_INTEGRAL);
        let painted = shape.at(x) * Gnfw::ARNAUD10.line_integral(0.0);
        row.check("line_integral", painted, tolerance::PROJECTED_TABLE);
    }
}

#[test]
fn pressure_is_that_of_pyccl() {
    let gas = Arnaud10::new(M500c::new(3e14), Redshift::new(0.7), &Cosmology::planck18()).unwrap();
    for row in Table::parse(include_str!("pressure.csv")).rows() {
        let pressure = gas.pressure_kev_cm3(Mpc::new(row.number("x") * gas.r500().value())) * 1e3;
        row.check("P_pyccl_eV_cm3", pressure, tolerance::PRESSURE);
        row.check("P_own_eV_cm3", pressure, tolerance::Y);
    }
}

#[test]
fn battaglia12_is_that_of_scipy() {
    for row in Table::parse(include_str!("battaglia12.csv")).rows() {
        let (mass, z) = (M200c::new(row.number("M200c")), Redshift::new(row.number("z")));
        let gas = Battaglia12::new(mass, z, &Cosmology::planck18()).unwrap();
        let r200_mpc = gas.r200().value();
        let pressure = |x: f64| gas.pressure_kev_cm3(Mpc::new(x * r200_mpc));
        let check = |column: &str, got: f64| row.check(column, got, tolerance::BATTAGLIA12);
        check("P_0.1R200_keV_cm3", pressure(0.1));
        check("P_R200_keV_cm3", pressure(1.0));
        check("y0", gas.y0());
        check("y_1arcmin", gas.y(Arcmin::new(1.0).to_rad()));
        check("y_R200", gas.y(Radian::new(gas.unit_angle().value() / 0.8)));
        check("Ysph_0.65R200_Mpc2", gas.y_sph_mpc2(Mpc::new(0.65 * r200_mpc)));
        check("Ysph_R200_Mpc2", gas.y_sph_mpc2(gas.r200()));
        check("Ytotal_Mpc2", gas.y_total_mpc2());
    }
}

#[test]
fn units_convert_as_the_formulae_say() {
    let square_pixel_sr = |arcmin: f64| Arcmin::new(arcmin).to_rad().value().powi(2);
    let sigma = Arcmin::new(1.0 / FWHM_PER_SIGMA).to_rad().value();
    for row in Table::parse(include_str!("units.csv")).rows() {
        let nu = Ghz::new(row.number("nu"));
        let check = |column: &str, got: f64| row.check(column, got, tolerance::UNITS);
        check("Jy_sr_per_uK", brightness::jy_sr_per_uk(nu));
        check("MJy_sr_per_K", brightness::jy_sr_per_uk(nu));
        check("dT_over_T_to_Jy_sr", brightness::jy_sr_per_uk(nu) * T_CMB_K * 1e6);
        check("uK_per_MJy_sr", brightness::uk_per_mjy_sr(nu));
        check("uK_of_1mJy_in_0p5arcmin_pixel", brightness::uk_of_flux(1.0, nu, square_pixel_sr(0.5)));
        check("uK_of_1mJy_in_0p25arcmin_pixel", brightness::uk_of_flux(1.0, nu, square_pixel_sr(0.25)));
        let beam_sr = 2.0 * std::f64::consts::PI * sigma * sigma;
        check("peak_uK_of_1mJy_1arcmin_gauss_beam", brightness::uk_of_flux(1.0, nu, beam_sr));
        check("y_to_uK", sz::tsz_uk_per_y(nu));
        check("y_to_MJy_sr", brightness::mjy_sr_per_y(nu));
        check("RJ_to_CMB", brightness::cmb_per_rj(nu));
    }
}
