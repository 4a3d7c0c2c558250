//! Section 02 and the velocities of section 05: masses, power, growth, abundance, bias.

use arcmin_sky::concentration::{Concentration, DiemerKravtsov15, Duffy08};
use arcmin_sky::mass_definition::{angular_radius, radius, virial_overdensity};
use arcmin_sky::mass_function::Tinker08Parameters;
use arcmin_sky::power::LinearPower;
use arcmin_sky::{Cosmology, NfwHalo, Tinker08, Tinker10};
use arcmin_units::{HaloMass, M200c, M200m, M500c, MassDefinition, Mpc, Mvir, Redshift};

use crate::table::{Row, Table};
use crate::tolerance;

const TODAY: Redshift = Redshift::new(0.0);

/// A definition that the crate does not know, to show that any other can be added outside it.
#[derive(Clone, Copy)]
struct M2500c(f64);

impl HaloMass for M2500c {
    const DEFINITION: MassDefinition = MassDefinition::Critical(2500.0);

    fn from_msun(msun: f64) -> Self {
        Self(msun)
    }

    fn msun(self) -> f64 {
        self.0
    }
}

#[test]
fn radii_are_those_of_colossus_in_every_definition() {
    fn check<M: HaloMass>(row: &Row, name: &str, cosmology: &Cosmology) {
        let (mass, z) = (M::from_msun(row.number("M_Msun")), Redshift::new(row.number("z")));
        row.check(&format!("R{name}_Mpc"), radius(mass, z, cosmology).value(), tolerance::RADII);
        let theta = angular_radius(mass, z, cosmology).to_arcmin().value();
        row.check(&format!("theta{name}_arcmin"), theta, tolerance::RADII);
    }
    let cosmology = Cosmology::planck18();
    for row in Table::parse(include_str!("radii.csv")).rows() {
        let virial = virial_overdensity(Redshift::new(row.number("z")), &cosmology);
        row.check("Delta_vir_c", virial, tolerance::RADII);
        check::<M200c>(&row, "200c", &cosmology);
        check::<M500c>(&row, "500c", &cosmology);
        check::<M2500c>(&row, "2500c", &cosmology);
        check::<M200m>(&row, "200m", &cosmology);
        check::<Mvir>(&row, "vir", &cosmology);
    }
}

#[test]
fn masses_convert_as_in_colossus_and_concentrations_agree() {
    let cosmology = Cosmology::planck18();
    let power = LinearPower::eisenstein_hu98(&cosmology);
    for row in Table::parse(include_str!("mass_conversion.csv")).rows() {
        let (mass, z) = (M200c::new(row.number("M200c_Msun")), Redshift::new(row.number("z")));
        match row.text("model") {
            "duffy08" => row.check("c200c", Duffy08.c200c(mass, z, &cosmology), tolerance::DUFFY08),
            "diemer15" => {
                let model = DiemerKravtsov15::new(&power);
                row.check("c200c", model.c200c(mass, z, &cosmology), tolerance::DIEMER_KRAVTSOV15);
            }
            // Other models serve as further concentrations to convert with.
            _ => {}
        }
        let halo = NfwHalo::from_concentration(mass, row.number("c200c"), z, &cosmology).unwrap();
        let check = |column: &str, got: f64| row.check(column, got, tolerance::CONVERSION);
        check("M500c_Msun", halo.mass_in::<M500c>().value());
        check("c500c", halo.concentration_in::<M500c>());
        check("Mvir_Msun", halo.mass_in::<Mvir>().value());
        check("cvir", halo.concentration_in::<Mvir>());
        check("M200m_Msun", halo.mass_in::<M200m>().value());
        row.check("R500c_Mpc", halo.radius_in::<M500c>().value(), tolerance::RADII);
    }
}

#[test]
fn linear_power_is_that_of_colossus_and_of_a_camb_table() {
    let cosmology = Cosmology::planck18();
    let h = cosmology.h();
    let eisenstein_hu = LinearPower::eisenstein_hu98(&cosmology);
    let camb = LinearPower::from_table(&cosmology, include_str!("camb_power_planck18.txt")).unwrap();
    for row in Table::parse(include_str!("linear_power.csv")).rows() {
        let k_per_mpc = row.number("k_h_Mpc") * h;
        row.check("P_h3_eh98", eisenstein_hu.power(k_per_mpc, TODAY) * h.powi(3), tolerance::POWER);
        row.check("P_h3_camb", camb.power(k_per_mpc, TODAY) * h.powi(3), tolerance::POWER);
    }
}

#[test]
fn variance_and_growth_are_those_of_colossus() {
    let cosmology = Cosmology::planck18();
    let power = LinearPower::eisenstein_hu98(&cosmology);
    for row in Table::parse(include_str!("sigma_r.csv")).rows() {
        let radius = Mpc::new(row.number("R_Mpc_h") / cosmology.h());
        row.check("sigma", power.sigma_r(radius, TODAY), tolerance::SIGMA_R);
    }
    for row in Table::parse(include_str!("growth.csv")).rows() {
        row.check("D", power.growth().factor(Redshift::new(row.number("z"))), tolerance::GROWTH);
    }
}

#[test]
fn abundance_and_bias_are_those_of_colossus_and_pyccl() {
    let cosmology = Cosmology::planck18();
    let power = LinearPower::eisenstein_hu98(&cosmology);
    let camb = LinearPower::from_table(&cosmology, include_str!("camb_power_planck18.txt")).unwrap();
    let (abundance, abundance_camb, bias) = (Tinker08::new(&power), Tinker08::new(&camb), Tinker10::new(&power));
    for row in Table::parse(include_str!("mass_function.csv")).rows() {
        let (msun, z) = (row.number("M_Msun"), Redshift::new(row.number("z")));
        let mean = abundance.dn_dlnm(M200m::new(msun), z);
        row.check("dndlnM_200m", mean, tolerance::MASS_FUNCTION_200M);
        row.check("dndlnM_200m_pyccl_EH", mean, tolerance::MASS_FUNCTION_OTHER);
        let other = |column: &str, got: f64| row.check(column, got, tolerance::MASS_FUNCTION_OTHER);
        other("dndlnM_200c", abundance.dn_dlnm(M200c::new(msun), z));
        other("dndlnM_500c", abundance.dn_dlnm(M500c::new(msun), z));
        other("dndlnM_vir", abundance.dn_dlnm(Mvir::new(msun), z));
        let over_camb = abundance_camb.dn_dlnm(M200m::new(msun), z);
        row.check("dndlnM_200m_pyccl_CAMB", over_camb, tolerance::MASS_FUNCTION_CAMB);
        row.check("sigma_M", power.sigma_m(msun, z), tolerance::GROWTH);
        row.check("nu", power.peak_height(msun, z), tolerance::GROWTH);
        row.check("bias_T10_200m", bias.bias(M200m::new(msun), z), tolerance::BIAS);
        row.check("bias_T10_200c", bias.bias(M200c::new(msun), z), tolerance::BIAS);
    }
}

#[test]
fn multiplicity_follows_the_formula_of_the_paper() {
    let parameters = Tinker08Parameters::new(200.0, Redshift::new(0.7));
    for row in Table::parse(include_str!("tinker08_formula.csv")).rows() {
        row.check("A", parameters.amplitude, tolerance::TINKER08_FORMULA);
        row.check("a", parameters.slope, tolerance::TINKER08_FORMULA);
        row.check("b", parameters.scale, tolerance::TINKER08_FORMULA);
        row.check("c", parameters.cut, tolerance::TINKER08_FORMULA);
        row.check("f", parameters.multiplicity(row.number("sigma")), tolerance::TINKER08_FORMULA);
    }
}

/// Haloes above 2e14 Msun per square degree between z = 0.25 and 3, by the midpoint rule.
fn count_per_deg2<M: HaloMass>(cosmology: &Cosmology) -> f64 {
    let power = LinearPower::eisenstein_hu98(cosmology);
    let abundance = Tinker08::new(&power);
    let (n_z, n_m, ln_m_range) = (110, 120, 40.0_f64.ln());
    let (dz, dln_m) = (2.75 / f64::from(n_z), ln_m_range / f64::from(n_m));
    let slice = |i: i32| {
        let z = Redshift::new(0.25 + dz * (f64::from(i) + 0.5));
        let mass = |j: i32| M::from_msun(2e14 * (dln_m * (f64::from(j) + 0.5)).exp());
        let density: f64 = (0..n_m).map(|j| abundance.dn_dlnm(mass(j), z)).sum();
        density * dln_m * cosmology.comoving_volume_element_mpc3_sr(z) * dz
    };
    (0..n_z).map(slice).sum::<f64>() * 1.0_f64.to_radians().powi(2)
}

#[test]
fn cluster_counts_are_those_of_colossus() {
    for row in Table::parse(include_str!("cluster_counts.csv")).rows() {
        let cosmology = Cosmology::named(row.text("cosmology")).unwrap();
        let count = match row.text("definition") {
            "200c" => count_per_deg2::<M200c>(&cosmology),
            "500c" => count_per_deg2::<M500c>(&cosmology),
            "200m" => count_per_deg2::<M200m>(&cosmology),
            "vir" => count_per_deg2::<Mvir>(&cosmology),
            other => panic!("definition {other}"),
        };
        row.check("per_deg2", count, tolerance::COUNTS);
    }
}

#[test]
fn velocities_are_those_of_colossus() {
    let cosmology = Cosmology::planck18();
    let power = LinearPower::eisenstein_hu98(&cosmology);
    for row in Table::parse(include_str!("velocity_rms.csv")).rows() {
        let radius = Mpc::new(row.number("R_Mpc_h") / cosmology.h());
        let got = power.velocity_rms_1d_km_s(radius, Redshift::new(row.number("z")));
        row.check("sigma_v_1d_km_s", got, tolerance::VELOCITY);
    }
}
