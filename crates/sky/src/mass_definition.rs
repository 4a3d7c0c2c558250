//! Radii of spherical-overdensity masses.
//!
//! `M = 4 pi / 3 R^3 rho_threshold(z)`: what a definition fixes is the mean density inside the radius. The
//! definitions themselves are types in `arcmin-units`.

use std::f64::consts::PI;

use arcmin_units::{HaloMass, MassDefinition, Mpc, Radian, Redshift};

use crate::cosmology::Cosmology;

/// Mean density inside the radius of a definition, in Msun per physical Mpc^3.
pub fn threshold_density_msun_mpc3(definition: MassDefinition, z: Redshift, cosmology: &Cosmology) -> f64 {
    let critical = cosmology.critical_density_msun_mpc3(z);
    match definition {
        MassDefinition::Critical(overdensity) => overdensity * critical,
        MassDefinition::Mean(overdensity) => overdensity * cosmology.omega_m_z(z) * critical,
        MassDefinition::VirialBryanNorman98 => virial_overdensity(z, cosmology) * critical,
    }
}

/// Virial overdensity over the critical density, `18 pi^2 + 82 x - 39 x^2`, `x = omega_m(z) - 1`.
///
/// Source: BryanNorman98, Eq. 6 (flat universe).
pub fn virial_overdensity(z: Redshift, cosmology: &Cosmology) -> f64 {
    let x = cosmology.omega_m_z(z) - 1.0;
    18.0 * PI * PI + 82.0 * x - 39.0 * x * x
}

/// Overdensity of a definition over the mean matter density at redshift z.
pub fn mean_overdensity(definition: MassDefinition, z: Redshift, cosmology: &Cosmology) -> f64 {
    let mean = cosmology.omega_m_z(z) * cosmology.critical_density_msun_mpc3(z);
    threshold_density_msun_mpc3(definition, z, cosmology) / mean
}

/// Physical radius that encloses a mass, by the mass's own definition.
pub fn radius<M: HaloMass>(mass: M, z: Redshift, cosmology: &Cosmology) -> Mpc {
    let threshold = threshold_density_msun_mpc3(M::DEFINITION, z, cosmology);
    Mpc::new((3.0 * mass.msun() / (4.0 * PI * threshold)).cbrt())
}

/// Angle under which the radius of a mass is seen.
///
/// ```
/// use arcmin_sky::{Cosmology, mass_definition::angular_radius};
/// use arcmin_units::{M500c, Redshift};
/// let theta500 = angular_radius(M500c::new(1e14), Redshift::new(0.7), &Cosmology::planck18());
/// assert!((theta500.to_arcmin().value() - 1.25385).abs() < 1e-4);
/// ```
pub fn angular_radius<M: HaloMass>(mass: M, z: Redshift, cosmology: &Cosmology) -> Radian {
    Radian::new(radius(mass, z, cosmology).value() / cosmology.angular_diameter_distance(z).value())
}
