//! Section 03: NFW lenses at z = 0.7 in front of z = 1100.

use arcmin_sky::{Cosmology, Duffy08, NfwHalo, NfwLens};
use arcmin_units::{Arcmin, M200c, Mpc, Radian, Redshift};

use crate::table::Table;
use crate::tolerance::LENSING;

const Z_LENS: Redshift = Redshift::new(0.7);
const Z_SOURCE: Redshift = Redshift::new(1100.0);

fn halo(m200c_msun: f64) -> NfwHalo {
    NfwHalo::from_mass(M200c::new(m200c_msun), Z_LENS, &Duffy08, &Cosmology::planck18()).unwrap()
}

/// Angle and size of the largest deflection, by golden-section search.
fn largest_deflection(lens: &NfwLens) -> (f64, f64) {
    let at = |theta_arcmin: f64| lens.deflection(Arcmin::new(theta_arcmin).to_rad()).to_arcmin().value();
    let section = 0.618_033_988_749_894_8;
    let (mut low, mut high) = (0.05, 10.0);
    while high - low > 1e-7 {
        let (inner, outer) = (high - section * (high - low), low + section * (high - low));
        if at(inner) < at(outer) { low = inner } else { high = outer }
    }
    (low, at(low))
}

#[test]
fn haloes_and_largest_deflections_are_those_of_the_reference() {
    for row in Table::parse(include_str!("nfw_lens.csv")).rows() {
        let halo = halo(row.number("M200c"));
        let lens = halo.lens(Z_SOURCE).unwrap();
        let check = |column: &str, got: f64| row.check(column, got, LENSING);
        check("c200c", halo.c200c());
        check("R200c_Mpc", halo.radius_in::<M200c>().value());
        check("r_s_Mpc", halo.scale_radius().value());
        check("rho_s", halo.scale_density_msun_mpc3());
        check("theta_s_arcmin", lens.theta_s().to_arcmin().value());
        check("Sigma_cr", lens.critical_surface_density_msun_mpc2());
        let (theta_arcmin, alpha_arcmin) = largest_deflection(&lens);
        check("alpha_max_arcmin", alpha_arcmin);
        // The maximum is flat: its place is known a thousand times worse than its height.
        row.check("theta_at_alpha_max_arcmin", theta_arcmin, 0.02);
    }
}

#[test]
fn profiles_are_those_of_the_reference() {
    let distance_mpc = Cosmology::planck18().angular_diameter_distance(Z_LENS).value();
    for row in Table::parse(include_str!("nfw_profiles.csv")).rows() {
        let lens = halo(row.number("M200c")).lens(Z_SOURCE).unwrap();
        let theta: Radian = Arcmin::new(row.number("theta_arcmin")).to_rad();
        let radius = Mpc::new(theta.value() * distance_mpc);
        row.check("Sigma_Msun_Mpc2", lens.sigma_msun_mpc2(radius), LENSING);
        row.check("kappa", lens.kappa(theta), LENSING);
        row.check("kappa_mean", lens.kappa_mean(theta), LENSING);
        row.check("alpha_arcmin", lens.deflection(theta).to_arcmin().value(), LENSING);
    }
}

#[test]
fn convergence_at_the_pixel_nearest_to_the_centre() {
    for row in Table::parse(include_str!("nfw_pixel.csv")).rows() {
        let (mass, c200c) = (M200c::new(row.number("M200c")), row.number("c200c"));
        let halo = NfwHalo::from_concentration(mass, c200c, Z_LENS, &Cosmology::planck18()).unwrap();
        let theta = Arcmin::new(row.number("r_nearest_arcmin")).to_rad();
        row.check("kappa_at_nearest", halo.lens(Z_SOURCE).unwrap().kappa(theta), LENSING);
    }
}
