//! Masses with their definition in the type, and lengths.
//!
//! A spherical-overdensity mass means nothing without its overdensity: at cluster scale `M500c` and `Mvir` of one
//! halo differ by a factor of 1.7. So each definition is a type of its own, and going from one to another takes a
//! halo profile (`arcmin-sky`).

use crate::newtype::scalar_newtype;

/// What the mean density inside the radius of a halo is measured in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MassDefinition {
    /// A multiple of the critical density at the halo's redshift.
    Critical(f64),
    /// A multiple of the mean matter density at the halo's redshift.
    Mean(f64),
    /// The virial overdensity of Bryan & Norman 1998, with respect to the critical density.
    VirialBryanNorman98,
}

/// A mass in Msun whose definition is known from its type.
pub trait HaloMass: Copy {
    /// The definition that this type stands for.
    const DEFINITION: MassDefinition;

    /// Wraps a mass in Msun (no h).
    fn from_msun(msun: f64) -> Self;

    /// The mass in Msun (no h).
    fn msun(self) -> f64;
}

macro_rules! mass_newtype {
    ($(#[$doc:meta])* $name:ident, $definition:expr) => {
        scalar_newtype!($(#[$doc])* $name, " Msun");

        impl HaloMass for $name {
            const DEFINITION: MassDefinition = $definition;

            fn from_msun(msun: f64) -> Self {
                Self::new(msun)
            }

            fn msun(self) -> f64 {
                self.value()
            }
        }
    };
}

mass_newtype!(
    /// Mass in Msun inside the radius of mean density 200 times critical.
    M200c, MassDefinition::Critical(200.0)
);
mass_newtype!(
    /// Mass in Msun inside the radius of mean density 500 times critical.
    M500c, MassDefinition::Critical(500.0)
);
mass_newtype!(
    /// Mass in Msun inside the radius of mean density 200 times the mean matter density.
    M200m, MassDefinition::Mean(200.0)
);
mass_newtype!(
    /// Virial mass in Msun after Bryan & Norman 1998.
    Mvir, MassDefinition::VirialBryanNorman98
);

scalar_newtype!(
    /// A length in Mpc (no h); whether it is comoving or physical is said where it is used.
    Mpc, " Mpc"
);
