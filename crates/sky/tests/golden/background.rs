//! Section 01: constants, distances, densities, ages.

use arcmin_sky::Cosmology;
use arcmin_units::{Redshift, constants};

use crate::table::{Row, Table};
use crate::tolerance;

fn cosmology(row: &Row) -> Cosmology {
    let cosmology = Cosmology::named(row.text("cosmology")).unwrap();
    match row.text("radiation") {
        "rad" => cosmology,
        "norad" => cosmology.without_radiation(),
        other => panic!("radiation {other}"),
    }
}

#[test]
fn constants_are_those_of_astropy() {
    let table = Table::parse(include_str!("constants.csv"));
    let row = table.rows().next().unwrap();
    for (column, got) in [
        ("c_m_s", constants::C_M_S),
        ("G", constants::G_SI),
        ("h", constants::H_SI),
        ("k_B", constants::K_B_SI),
        ("Mpc_m", constants::MPC_M),
        ("Msun_kg", constants::MSUN_KG),
        ("sigma_T_m2", constants::SIGMA_T_M2),
        ("m_e_c2_keV", constants::M_E_C2_KEV),
        ("m_p_kg", constants::M_P_KG),
        ("keV_J", constants::KEV_J),
    ] {
        row.check(column, got, tolerance::CONSTANTS);
    }
}

#[test]
fn densities_today_are_those_of_astropy() {
    for row in Table::parse(include_str!("densities.csv")).rows() {
        let cosmology = cosmology(&row);
        row.check("Ode0", cosmology.omega_de(), tolerance::DISTANCES);
        let radiation = row.number("Ogamma0") + row.number("Onu0");
        assert!((cosmology.omega_r() - radiation).abs() <= tolerance::DISTANCES * radiation);
    }
}

#[test]
fn distances_volumes_and_ages_are_those_of_astropy() {
    for row in Table::parse(include_str!("distances.csv")).rows() {
        let (cosmology, z) = (cosmology(&row), Redshift::new(row.number("z")));
        let check = |column: &str, got: f64| row.check(column, got, tolerance::DISTANCES);
        check("E", cosmology.e_z(z));
        check("D_C_Mpc", cosmology.comoving_distance(z).value());
        check("D_A_Mpc", cosmology.angular_diameter_distance(z).value());
        check("D_L_Mpc", cosmology.luminosity_distance(z).value());
        check("rho_crit_Msun_Mpc3", cosmology.critical_density_msun_mpc3(z));
        check("Om_z", cosmology.omega_m_z(z));
        check("dVc_dz_dOmega_Mpc3_sr", cosmology.comoving_volume_element_mpc3_sr(z));
        check("age_Gyr", cosmology.age_gyr(z));
        let one_mpc = arcmin_units::Radian::new(1.0 / cosmology.angular_diameter_distance(z).value());
        check("arcmin_per_proper_Mpc", one_mpc.to_arcmin().value());
    }
}

#[test]
fn distances_between_redshifts_are_those_of_astropy() {
    for row in Table::parse(include_str!("lens_pairs.csv")).rows() {
        let cosmology = cosmology(&row);
        let (z_lens, z_source) = (Redshift::new(row.number("z_l")), Redshift::new(row.number("z_s")));
        let distance = cosmology.angular_diameter_distance_between(z_lens, z_source).value();
        row.check("D_A_ls_Mpc", distance, tolerance::DISTANCES);
        let critical = cosmology.critical_surface_density_msun_mpc2(z_lens, z_source);
        row.check("Sigma_cr_Msun_Mpc2", critical, tolerance::DISTANCES);
    }
}
