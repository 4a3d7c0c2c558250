//! The parts that a simulated sky is made of, kept or dropped by name.

use serde::{Deserialize, Serialize};

/// One part of the simulated sky.
///
/// The numbers are part of random streams: a new component takes a new one, none is ever used again. Their order is
/// that in which components are summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// Primary anisotropies with the lensed spectrum.
    Cmb = 0,
    /// Thermal SZ effect of the haloes, painted one by one.
    Tsz = 1,
    /// Kinematic SZ effect, as a Gaussian field.
    Ksz = 2,
    /// Unresolved dusty galaxies, Poisson term, as a Gaussian field.
    DustyPoisson = 3,
    /// Unresolved dusty galaxies, clustered term, as a Gaussian field.
    DustyClustered = 4,
    /// Unresolved radio galaxies, as a Gaussian field.
    Radio = 5,
    /// All unresolved point sources together, as a Gaussian field.
    PointSources = 6,
    /// Thermal SZ effect of haloes that are not painted, as a Gaussian field.
    TszBackground = 7,
    /// White instrumental noise.
    Noise = 8,
    /// Kinematic SZ effect of the haloes, painted one by one.
    KszHaloes = 9,
    /// Radio galaxies, painted one by one.
    RadioSources = 10,
    /// Dusty galaxies, painted one by one.
    DustySources = 11,
    /// Dust of our galaxy, as a Gaussian field whose power differs from tile to tile.
    GalacticDust = 12,
    /// Deflection of the CMB by each massive halo.
    HaloLensing = 13,
}

impl Component {
    /// All components.
    pub const ALL: [Component; 14] = [
        Component::Cmb,
        Component::Tsz,
        Component::Ksz,
        Component::DustyPoisson,
        Component::DustyClustered,
        Component::Radio,
        Component::PointSources,
        Component::TszBackground,
        Component::Noise,
        Component::KszHaloes,
        Component::RadioSources,
        Component::DustySources,
        Component::GalacticDust,
        Component::HaloLensing,
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
            Component::KszHaloes => "ksz_haloes",
            Component::RadioSources => "radio_sources",
            Component::DustySources => "dusty_sources",
            Component::GalacticDust => "galactic_dust",
            Component::HaloLensing => "halo_lensing",
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
