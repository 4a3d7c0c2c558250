//! The numbers of the test set, as written in a file. Each has a default and may be given on its own.

use crate::Error;
use crate::PressureModel;
use crate::cluster::{ClusterConfig, GasConfig};
use crate::setup::{HaloRange, positive, require};
use arcmin_units::{M200m, Redshift};
use serde::{Deserialize, Serialize};

/// Scatter of ln pressure within a dynamical state that makes the scatter of the cylindrical Y500 at a given M200c that of the
/// Magneticum clusters, 0.19: concentrations, states, shapes, mergers and turbulence make 0.171 of it, from 1200 clusters of
/// 4e14 Msun in three projections each. The test `scatter_of_y_is_as_stated` holds the sum.
const PRESSURE_LN_SCATTER: f64 = 0.085;

/// The test set: how many clusters, of which masses, off which relation, and on what pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UnfamiliarConfig {
    /// Name of the cosmology.
    pub cosmology: String,
    /// Number of clusters.
    pub n_clusters: usize,
    /// Redshifts, taken in turn.
    pub redshifts: Vec<f64>,
    /// Least and greatest M200c; drawn from the mass function of Tinker08 in between.
    pub m200c_msun: [f64; 2],
    /// The clusters have the Compton y that Arnaud10 gives to their mass divided by this.
    pub mass_offset: f64,
    /// Pixels along a side.
    pub n_pixels_side: usize,
    /// Size of a pixel.
    pub pixel_arcmin: f64,
    /// Haloes on the line of sight; `None` in code for none.
    pub neighbours: Option<NeighboursConfig>,
    /// The cluster model.
    pub model: ClusterConfig,
}

/// Haloes on the line of sight, at random places, with the gas of Arnaud10.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NeighboursConfig {
    /// Least and greatest M200m.
    pub m200m_msun: [f64; 2],
    /// Least and greatest redshift.
    pub z: [f64; 2],
    /// Angle from the cluster within which their centres lie.
    pub radius_arcmin: f64,
}

impl Default for UnfamiliarConfig {
    fn default() -> Self {
        let gas = GasConfig { pressure_ln_scatter: PRESSURE_LN_SCATTER, ..GasConfig::default() };
        Self {
            cosmology: "wmap7".to_owned(),
            n_clusters: 95,
            redshifts: vec![0.67, 0.73],
            m200c_msun: [2e14, 7e14],
            mass_offset: 1.287,
            n_pixels_side: 80,
            pixel_arcmin: 0.25,
            neighbours: Some(NeighboursConfig::default()),
            model: ClusterConfig { gas, ..ClusterConfig::default() },
        }
    }
}

impl Default for NeighboursConfig {
    fn default() -> Self {
        Self { m200m_msun: [1e13, 1e15], z: [0.02, 3.0], radius_arcmin: 10.0 }
    }
}

impl UnfamiliarConfig {
    /// Checks every value but those that the model and the grid check.
    pub(super) fn check(&self) -> Result<(), Error> {
        let n = self.n_clusters as f64;
        require("n_clusters", n, (1..=1_000_000).contains(&self.n_clusters), "from 1 to 1000000")?;
        require("redshifts", 0.0, !self.redshifts.is_empty(), "one redshift or more")?;
        for &z in &self.redshifts {
            require("redshifts", z, (0.01..=3.0).contains(&z), "from 0.01 to 3")?;
        }
        let [least, most] = self.m200c_msun;
        require("m200c_msun", least, (1e13..=5e15).contains(&least), "from 1e13 to 5e15 Msun")?;
        require("m200c_msun", most, most > least && most <= 5e15, "two masses, the least first, up to 5e15 Msun")?;
        require("mass_offset", self.mass_offset, (0.1..=10.0).contains(&self.mass_offset), "from 0.1 to 10")?;
        self.neighbours.as_ref().map_or(Ok(()), NeighboursConfig::check)
    }
}

impl NeighboursConfig {
    fn check(&self) -> Result<(), Error> {
        let ([least, most], [near, far]) = (self.m200m_msun, self.z);
        positive("neighbours.m200m_msun", least)?;
        require(
            "neighbours.m200m_msun",
            most,
            most > least && most <= 1e17,
            "two masses, the least first, up to 1e17 Msun",
        )?;
        positive("neighbours.z", near)?;
        require("neighbours.z", far, far > near && far <= 10.0, "two redshifts, the least first, up to 10")?;
        let radius = self.radius_arcmin;
        require("neighbours.radius_arcmin", radius, radius > 0.0 && radius <= 120.0, "above 0 and at most 120")
    }

    /// The range of haloes as the light cone takes it.
    pub(super) fn range(&self) -> HaloRange {
        HaloRange {
            m200m_min: M200m::new(self.m200m_msun[0]),
            m200m_max: M200m::new(self.m200m_msun[1]),
            z_min: Redshift::new(self.z[0]),
            z_max: Redshift::new(self.z[1]),
            y_ln_scatter: 0.0,
            concentration_ln_scatter: 0.0,
            pressure: PressureModel::Arnaud10,
            abundance_factor: 1.0,
        }
    }
}
