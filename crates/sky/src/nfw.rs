//! Haloes with the density profile of Navarro, Frenk & White 1997.
//!
//! `rho(r) = rho_s / [x (1+x)^2]`, `x = r / r_s`. One halo has one mass in each definition; the profile converts.

use std::f64::consts::PI;

use arcmin_units::{HaloMass, M200c, MassDefinition, Mpc, Redshift};

use crate::concentration::Concentration;
use crate::cosmology::Cosmology;
use crate::error::{Error, require_positive};
use crate::mass_definition::{radius, threshold_density_msun_mpc3};
use crate::nfw_lens::NfwLens;

/// A halo with an NFW profile at a redshift of a cosmology.
#[derive(Clone, Copy, Debug)]
pub struct NfwHalo {
    cosmology: Cosmology,
    z: Redshift,
    c200c: f64,
    scale_radius_mpc: f64,
    scale_density_msun_mpc3: f64,
}

impl NfwHalo {
    /// The halo of a given mass, in any definition, on a mean relation of mass and concentration.
    ///
    /// The relation speaks of M200c, so M200c is solved for: relative accuracy 1e-12.
    ///
    /// ```
    /// use arcmin_sky::{Cosmology, Duffy08, NfwHalo};
    /// use arcmin_units::{M200c, M500c, Redshift};
    /// let cosmology = Cosmology::planck18();
    /// let halo = NfwHalo::from_mass(M200c::new(3e14), Redshift::new(0.7), &Duffy08, &cosmology)?;
    /// assert!((halo.mass_in::<M500c>().value() / 1.948e14 - 1.0).abs() < 1e-3);
    /// # Ok::<(), arcmin_sky::Error>(())
    /// ```
    ///
    /// # Errors
    /// A mass that is not above zero, or a redshift that is negative or not finite.
    pub fn from_mass<M: HaloMass>(
        mass: M,
        z: Redshift,
        model: &(impl Concentration + ?Sized),
        cosmology: &Cosmology,
    ) -> Result<Self, Error> {
        require_positive("a halo mass in Msun", mass.msun())?;
        let halo = |m200c_msun: f64| {
            let m200c = M200c::new(m200c_msun);
            Self::from_concentration(m200c, model.c200c(m200c, z, cosmology), z, cosmology)
        };
        if M::DEFINITION == M200c::DEFINITION {
            return halo(mass.msun());
        }
        // The mass in any definition is nearly proportional to M200c, so the ratio of wanted to got converges fast.
        let mut m200c_msun = mass.msun();
        for _ in 0..60 {
            let ratio = mass.msun() / halo(m200c_msun)?.mass_in::<M>().msun();
            m200c_msun *= ratio;
            if (ratio - 1.0).abs() < 1e-13 {
                break;
            }
        }
        halo(m200c_msun)
    }

    /// The halo of a mass and a concentration `c200c = R200c / r_s`.
    ///
    /// # Errors
    /// A mass or concentration that is not above zero, or a redshift that is negative or not finite.
    pub fn from_concentration(mass: M200c, c200c: f64, z: Redshift, cosmology: &Cosmology) -> Result<Self, Error> {
        require_positive("a halo mass in Msun", mass.msun())?;
        require_positive("the concentration c200c", c200c)?;
        if !(z.value().is_finite() && z.value() >= 0.0) {
            return Err(Error::Parameter { name: "a halo's redshift", value: z.value(), expected: "0 or more" });
        }
        let scale_radius_mpc = radius(mass, z, cosmology).value() / c200c;
        let scale_density_msun_mpc3 = mass.msun() / (4.0 * PI * scale_radius_mpc.powi(3) * enclosed(c200c));
        Ok(Self { cosmology: *cosmology, z, c200c, scale_radius_mpc, scale_density_msun_mpc3 })
    }

    /// Redshift of the halo.
    pub fn redshift(&self) -> Redshift {
        self.z
    }

    /// Concentration `R200c / r_s`.
    pub fn c200c(&self) -> f64 {
        self.c200c
    }

    /// Physical scale radius `r_s`.
    pub fn scale_radius(&self) -> Mpc {
        Mpc::new(self.scale_radius_mpc)
    }

    /// Scale density `rho_s` in Msun per physical Mpc^3.
    pub fn scale_density_msun_mpc3(&self) -> f64 {
        self.scale_density_msun_mpc3
    }

    /// Physical radius of the halo in a definition.
    pub fn radius_in<M: HaloMass>(&self) -> Mpc {
        Mpc::new(self.concentration(M::DEFINITION) * self.scale_radius_mpc)
    }

    /// Mass of the halo in a definition.
    pub fn mass_in<M: HaloMass>(&self) -> M {
        M::from_msun(self.mass_within_msun(self.radius_in::<M>()))
    }

    /// Radius in a definition over the scale radius.
    pub fn concentration_in<M: HaloMass>(&self) -> f64 {
        self.concentration(M::DEFINITION)
    }

    /// Mass in Msun within a physical radius.
    pub fn mass_within_msun(&self, radius: Mpc) -> f64 {
        let volume = 4.0 * PI * self.scale_radius_mpc.powi(3);
        volume * self.scale_density_msun_mpc3 * enclosed(radius.value() / self.scale_radius_mpc)
    }

    /// The halo as a gravitational lens in front of a source.
    ///
    /// # Errors
    /// A halo at redshift zero, or a source that is not behind it.
    pub fn lens(&self, z_source: Redshift) -> Result<NfwLens, Error> {
        NfwLens::new(self, z_source, &self.cosmology)
    }

    fn concentration(&self, definition: MassDefinition) -> f64 {
        if definition == M200c::DEFINITION {
            return self.c200c;
        }
        let threshold = threshold_density_msun_mpc3(definition, self.z, &self.cosmology);
        solve_mean_density(threshold / (3.0 * self.scale_density_msun_mpc3), self.c200c)
    }
}

/// Mass within `x` scale radii, in units of `4 pi rho_s r_s^3`: `ln(1+x) - x/(1+x)`.
fn enclosed(x: f64) -> f64 {
    if x < 1e-3 {
        // The closed form loses digits to cancellation.
        return x * x * (0.5 - x * (2.0 / 3.0 - x * (0.75 - 0.8 * x)));
    }
    x.ln_1p() - x / (1.0 + x)
}

/// Solves `enclosed(x) / x^3 = target` by Newton's method in the logarithms, in which the curve is nearly straight.
fn solve_mean_density(target: f64, start: f64) -> f64 {
    let mut x = start;
    for _ in 0..50 {
        let mass = enclosed(x);
        let slope = x * x / ((1.0 + x) * (1.0 + x) * mass) - 3.0;
        let change = (target * x * x * x / mass).ln() / slope;
        x *= change.exp();
        if change.abs() < 1e-14 {
            break;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::concentration::Duffy08;
    use arcmin_units::{M200m, M500c, Mvir};
    use proptest::prelude::*;

    fn closes_the_circle<M: HaloMass>(halo: &NfwHalo, cosmology: &Cosmology) {
        let back = NfwHalo::from_mass(halo.mass_in::<M>(), halo.redshift(), &Duffy08, cosmology).unwrap();
        let relative = back.mass_in::<M200c>().value() / halo.mass_in::<M200c>().value() - 1.0;
        assert!(relative.abs() < 1e-11, "{:?} {relative:e}", M::DEFINITION);
        let radius = radius(halo.mass_in::<M>(), halo.redshift(), cosmology).value();
        assert!((halo.radius_in::<M>().value() / radius - 1.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn conversions_close_the_circle(log_mass in 11.0..16.0_f64, z in 0.0..4.0_f64) {
            let cosmology = Cosmology::planck18();
            let mass = M200c::new(10.0_f64.powf(log_mass));
            let halo = NfwHalo::from_mass(mass, Redshift::new(z), &Duffy08, &cosmology).unwrap();
            closes_the_circle::<M500c>(&halo, &cosmology);
            closes_the_circle::<M200m>(&halo, &cosmology);
            closes_the_circle::<Mvir>(&halo, &cosmology);
        }
    }

    #[test]
    fn enclosed_mass_series_joins_the_closed_form() {
        let closed = |x: f64| x.ln_1p() - x / (1.0 + x);
        assert!((enclosed(0.999e-3) / closed(0.999e-3) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn haloes_without_meaning_are_refused() {
        let cosmology = Cosmology::planck18();
        let z = Redshift::new(0.5);
        assert!(NfwHalo::from_mass(M500c::new(-1e14), z, &Duffy08, &cosmology).is_err());
        assert!(NfwHalo::from_mass(M500c::new(1e14), Redshift::new(f64::NAN), &Duffy08, &cosmology).is_err());
        assert!(NfwHalo::from_concentration(M200c::new(1e14), 0.0, z, &cosmology).is_err());
        let halo = NfwHalo::from_concentration(M200c::new(1e14), 4.0, z, &cosmology).unwrap();
        assert!(halo.lens(Redshift::new(0.4)).is_err());
    }
}
