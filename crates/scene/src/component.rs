//! The parts that a simulated sky is made of, kept or dropped by name.

use serde::{Deserialize, Serialize};

/// One part of the simulated sky.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// Primary anisotropies with the lensed spectrum.
    Cmb,
    /// Thermal SZ effect of the haloes, painted one by one.
    Tsz,
    /// Kinematic SZ effect, as a Gaussian field.
    Ksz,
    /// Unresolved dusty galaxies, Poisson term, as a Gaussian field.
    DustyPoisson,
    /// Unresolved dusty galaxies, clustered term, as a Gaussian field.
    DustyClustered,
    /// Unresolved radio galaxies, as a Gaussian field.
    Radio,
    /// All unresolved point sources together, as a Gaussian field.
    PointSources,
    /// Thermal SZ effect of haloes that are not painted, as a Gaussian field.
    TszBackground,
    /// White instrumental noise.
    Noise,
}

impl Component {
    /// All components.
    pub const ALL: [Component; 9] = [
        Component::Cmb,
        Component::Tsz,
        Component::Ksz,
        Component::DustyPoisson,
        Component::DustyClustered,
        Component::Radio,
        Component::PointSources,
        Component::TszBackground,
        Component::Noise,
    ];

    /// Name in configurations and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Component::Cmb => "cmb",
            Component::Tsz => "tsz",
            Component::Ksz => "ksz",
            Component::DustyPoisson => "dusty_poisson",
            Component::DustyClustered => "dusty_clustered",
            Component::Radio => "radio",
            Component::PointSources => "point_sources",
            Component::TszBackground => "tsz_background",
            Component::Noise => "noise",
        }
    }

    /// Number in the derivation of random streams; it must never change.
    pub(crate) const fn code(self) -> u64 {
        self as u64
    }
}

impl std::fmt::Display for Component {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
