//! The numbers of the cluster model, as written in a file. Each has a default and may be given on its own.

use super::ByState;
use crate::setup::{not_negative, positive, require};
use crate::{ConcentrationModel, Error};
use serde::{Deserialize, Serialize};

/// The cluster model: how haloes, their substructure and their gas are drawn.
///
/// ```
/// use arcmin_scene::cluster::ClusterConfig;
/// let config: ClusterConfig = toml::from_str("[merger]\nmass_ratio = [0.2, 0.4]").unwrap();
/// assert_eq!(config.merger.distance_r200, [0.3, 1.0]);
/// assert!(toml::from_str::<ClusterConfig>("velocity_rms_km_s = 300.0").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterConfig {
    /// Mean relation of mass and concentration.
    pub concentration: ConcentrationModel,
    /// Share of clusters in each dynamical state.
    pub states: ByState<f64>,
    /// Rms of the velocity of clusters along any line of sight.
    pub bulk_velocity_rms_km_s: f64,
    /// The main halo.
    pub halo: HaloShapeConfig,
    /// The second halo of disturbed clusters.
    pub merger: MergerConfig,
    /// Subhaloes.
    pub subhaloes: SubhaloesConfig,
    /// The gas.
    pub gas: GasConfig,
    /// What stirs the gas.
    pub turbulence: TurbulenceConfig,
}

/// Shape, concentration and centre of main haloes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HaloShapeConfig {
    /// Mean of the ratio of the shortest to the longest axis (JingSuto02, Eq. 17, is close to 0.5 for clusters). The
    /// middle axis is uniform between the two.
    pub axis_ratio_mean: f64,
    /// Standard deviation of that ratio, before the limits.
    pub axis_ratio_sigma: f64,
    /// Least ratio; the greatest is 1.
    pub axis_ratio_min: f64,
    /// Scatter of ln c200c at a given mass, over all states.
    pub ln_c_scatter: f64,
    /// Mean offset of ln c200c by state: relaxed clusters formed early.
    pub ln_c_offset: ByState<f64>,
    /// Median distance of the gas's centre from that of the dark matter, in R200c, by state.
    pub gas_offset_r200: ByState<f64>,
    /// Scatter of the logarithm of that distance.
    pub gas_offset_ln_scatter: f64,
}

/// The second halo of disturbed clusters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MergerConfig {
    /// Mass over that of the main halo: least and greatest, uniform in between.
    pub mass_ratio: [f64; 2],
    /// Distance from the main halo in R200c: least and greatest, uniform in between.
    pub distance_r200: [f64; 2],
    /// Greatest distance in R200c by which its gas lags behind, uniform from zero.
    pub gas_lag_max_r200: f64,
}

/// Subhaloes: `dN / dln mu = amplitude mu^-slope exp(-cutoff mu^3)`, `mu = m / M200c`   (Giocoli10, Eq. 3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SubhaloesConfig {
    /// Amplitude; zero leaves subhaloes out. The default puts 0.098 of the mass into them.
    pub amplitude: f64,
    /// Slope.
    pub slope: f64,
    /// Cut-off.
    pub cutoff: f64,
    /// Least and greatest mass over M200c.
    pub mu: [f64; 2],
    /// Concentration of their number density over that of the host.
    pub concentration_ratio: f64,
    /// Truncation radius in scale radii.
    pub truncation_scale_radii: f64,
    /// Mass over M200c from which on they keep gas.
    pub gas_mu_min: f64,
    /// Radius in R200c outside of which most of their gas is kept: the share kept is `1 - exp(-r / this)`.
    pub stripping_r200: f64,
}

/// The gas.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GasConfig {
    /// Scatter of ln pressure at a given mass, beside that between states.
    pub pressure_ln_scatter: f64,
    /// Mean offset of ln pressure by state.
    pub ln_pressure_offset: ByState<f64>,
    /// Factor on all pressures; 1 is Arnaud10.
    pub pressure_factor: f64,
    /// Gas over total mass within R500c at M500c = 5e14 Msun.
    pub gas_fraction: f64,
    /// Slope of the gas fraction with M500c.
    pub gas_fraction_slope: f64,
    /// Scatter of the logarithm of the gas fraction.
    pub gas_fraction_ln_scatter: f64,
    /// Core radius of the density in R500c by state: with and without a cool core.
    pub core_r500: ByState<f64>,
    /// Axis ratios of the gas are `1 - shape_kept (1 - q)` for a halo with ratios q: the potential is rounder.
    pub shape_kept: f64,
}

/// A Gaussian field with a power of `(k^2 + k_injection^2)^(-11/6)` that multiplies pressure and density by its exponential,
/// and three more for the velocity within the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TurbulenceConfig {
    /// Rms of ln pressure within half of R500c; zero leaves the fluctuations out.
    pub ln_rms_centre: f64,
    /// Rms of ln pressure from R200c on; it rises linearly with radius in between.
    pub ln_rms_r200: f64,
    /// Wavelength at which motions are driven.
    pub injection_mpc: f64,
    /// Rms of the velocity within the cluster along any line of sight.
    pub velocity_rms_km_s: f64,
}

impl Default for ClusterConfig {
    fn default() -> Self {
        Self {
            concentration: ConcentrationModel::DiemerKravtsov15,
            states: ByState { relaxed: 0.4, intermediate: 0.3, disturbed: 0.3 },
            bulk_velocity_rms_km_s: 290.0,
            halo: HaloShapeConfig::default(),
            merger: MergerConfig::default(),
            subhaloes: SubhaloesConfig::default(),
            gas: GasConfig::default(),
            turbulence: TurbulenceConfig::default(),
        }
    }
}

impl Default for HaloShapeConfig {
    fn default() -> Self {
        Self {
            axis_ratio_mean: 0.5,
            axis_ratio_sigma: 0.1,
            axis_ratio_min: 0.3,
            ln_c_scatter: 0.35,
            ln_c_offset: ByState { relaxed: 0.12, intermediate: 0.0, disturbed: -0.16 },
            gas_offset_r200: ByState { relaxed: 0.02, intermediate: 0.04, disturbed: 0.08 },
            gas_offset_ln_scatter: 0.5,
        }
    }
}

impl Default for MergerConfig {
    fn default() -> Self {
        Self { mass_ratio: [0.1, 0.5], distance_r200: [0.3, 1.0], gas_lag_max_r200: 0.1 }
    }
}

impl Default for SubhaloesConfig {
    fn default() -> Self {
        Self {
            amplitude: 0.02,
            slope: 0.9,
            cutoff: 12.3,
            mu: [1e-4, 0.3],
            concentration_ratio: 0.4,
            truncation_scale_radii: 2.0,
            gas_mu_min: 0.02,
            stripping_r200: 0.3,
        }
    }
}

impl Default for GasConfig {
    fn default() -> Self {
        Self {
            pressure_ln_scatter: 0.12,
            ln_pressure_offset: ByState { relaxed: 0.05, intermediate: 0.0, disturbed: -0.05 },
            pressure_factor: 1.0,
            gas_fraction: 0.125,
            gas_fraction_slope: 0.13,
            gas_fraction_ln_scatter: 0.08,
            core_r500: ByState { relaxed: 0.04, intermediate: 0.15, disturbed: 0.15 },
            shape_kept: 0.6,
        }
    }
}

impl Default for TurbulenceConfig {
    fn default() -> Self {
        Self { ln_rms_centre: 0.10, ln_rms_r200: 0.25, injection_mpc: 0.4, velocity_rms_km_s: 100.0 }
    }
}

impl ClusterConfig {
    /// Round and smooth clusters without scatter, substructure, turbulence or motion: those of the analytic profiles.
    pub fn smooth_spheres() -> Self {
        let none = ByState::same(0.0);
        Self {
            states: ByState { relaxed: 0.0, intermediate: 1.0, disturbed: 0.0 },
            bulk_velocity_rms_km_s: 0.0,
            halo: HaloShapeConfig {
                axis_ratio_mean: 1.0,
                axis_ratio_sigma: 0.0,
                ln_c_scatter: 0.0,
                ln_c_offset: none,
                gas_offset_r200: none,
                ..HaloShapeConfig::default()
            },
            subhaloes: SubhaloesConfig { amplitude: 0.0, ..SubhaloesConfig::default() },
            gas: GasConfig {
                pressure_ln_scatter: 0.0,
                ln_pressure_offset: none,
                gas_fraction_ln_scatter: 0.0,
                ..GasConfig::default()
            },
            turbulence: TurbulenceConfig {
                ln_rms_centre: 0.0,
                ln_rms_r200: 0.0,
                velocity_rms_km_s: 0.0,
                ..TurbulenceConfig::default()
            },
            ..Self::default()
        }
    }

    /// Checks every value.
    pub(crate) fn check(&self) -> Result<(), Error> {
        for share in self.states.values() {
            not_negative("states", share)?;
        }
        let sum: f64 = self.states.values().iter().sum();
        require("states", sum, (sum - 1.0).abs() < 1e-9, "three shares that add up to 1")?;
        not_negative("bulk_velocity_rms_km_s", self.bulk_velocity_rms_km_s)?;
        self.halo.check(&self.states)?;
        self.merger.check()?;
        self.subhaloes.check()?;
        self.gas.check()?;
        self.turbulence.check()
    }
}

impl HaloShapeConfig {
    fn check(&self, states: &ByState<f64>) -> Result<(), Error> {
        within("halo.axis_ratio_min", self.axis_ratio_min, [0.1, 1.0], "from 0.1 to 1")?;
        let mean_fits = (self.axis_ratio_min..=1.0).contains(&self.axis_ratio_mean);
        require("halo.axis_ratio_mean", self.axis_ratio_mean, mean_fits, "from axis_ratio_min to 1")?;
        within("halo.axis_ratio_sigma", self.axis_ratio_sigma, [0.0, 1.0], "from 0 to 1")?;
        within("halo.ln_c_scatter", self.ln_c_scatter, [0.0, 1.0], "from 0 to 1")?;
        for offset in self.ln_c_offset.values() {
            within("halo.ln_c_offset", offset, [-1.0, 1.0], "from -1 to 1")?;
        }
        let fits = self.ln_c_offset.moments(states)[1].sqrt() <= self.ln_c_scatter + 1e-12;
        require("halo.ln_c_scatter", self.ln_c_scatter, fits, "no less than the scatter that ln_c_offset makes")?;
        for offset in self.gas_offset_r200.values() {
            within("halo.gas_offset_r200", offset, [0.0, 1.0], "from 0 to 1")?;
        }
        within("halo.gas_offset_ln_scatter", self.gas_offset_ln_scatter, [0.0, 1.0], "from 0 to 1")
    }

    /// The scatter of ln c200c within one state.
    pub(crate) fn ln_c_scatter_in_state(&self, states: &ByState<f64>) -> f64 {
        (self.ln_c_scatter.powi(2) - self.ln_c_offset.moments(states)[1]).max(0.0).sqrt()
    }
}

impl MergerConfig {
    fn check(&self) -> Result<(), Error> {
        ordered("merger.mass_ratio", self.mass_ratio, [0.01, 1.0], "two numbers from 0.01 to 1, the least first")?;
        ordered(
            "merger.distance_r200",
            self.distance_r200,
            [0.01, 2.0],
            "two numbers from 0.01 to 2, the least first",
        )?;
        within("merger.gas_lag_max_r200", self.gas_lag_max_r200, [0.0, 1.0], "from 0 to 1")
    }
}

impl SubhaloesConfig {
    fn check(&self) -> Result<(), Error> {
        not_negative("subhaloes.amplitude", self.amplitude)?;
        within("subhaloes.slope", self.slope, [0.1, 0.99], "from 0.1 to 0.99")?;
        not_negative("subhaloes.cutoff", self.cutoff)?;
        ordered("subhaloes.mu", self.mu, [1e-6, 0.5], "two numbers from 1e-6 to 0.5, the least first")?;
        let mean_sum = self.amplitude * self.mu[1].powf(1.0 - self.slope) / (1.0 - self.slope);
        require(
            "subhaloes.amplitude",
            self.amplitude,
            mean_sum <= 0.4,
            "such that subhaloes hold less than 0.4 of the mass",
        )?;
        let mean_number = self.amplitude * self.mu[0].powf(-self.slope) / self.slope;
        require("subhaloes.mu", self.mu[0], mean_number <= 1e5, "such that a cluster has 1e5 subhaloes at most")?;
        within("subhaloes.concentration_ratio", self.concentration_ratio, [0.05, 2.0], "from 0.05 to 2")?;
        within("subhaloes.truncation_scale_radii", self.truncation_scale_radii, [0.2, 20.0], "from 0.2 to 20")?;
        positive("subhaloes.gas_mu_min", self.gas_mu_min)?;
        positive("subhaloes.stripping_r200", self.stripping_r200)
    }

    /// Mean number of subhaloes but for the cut-off.
    pub(crate) fn mean_number_uncut(&self) -> f64 {
        self.amplitude / self.slope * (self.mu[0].powf(-self.slope) - self.mu[1].powf(-self.slope))
    }
}

impl GasConfig {
    fn check(&self) -> Result<(), Error> {
        within("gas.pressure_ln_scatter", self.pressure_ln_scatter, [0.0, 1.0], "from 0 to 1")?;
        for offset in self.ln_pressure_offset.values() {
            within("gas.ln_pressure_offset", offset, [-1.0, 1.0], "from -1 to 1")?;
        }
        positive("gas.pressure_factor", self.pressure_factor)?;
        within("gas.gas_fraction", self.gas_fraction, [1e-3, 0.3], "from 0.001 to 0.3")?;
        within("gas.gas_fraction_slope", self.gas_fraction_slope, [-1.0, 1.0], "from -1 to 1")?;
        within("gas.gas_fraction_ln_scatter", self.gas_fraction_ln_scatter, [0.0, 1.0], "from 0 to 1")?;
        for core in self.core_r500.values() {
            within("gas.core_r500", core, [0.005, 1.0], "from 0.005 to 1")?;
        }
        within("gas.shape_kept", self.shape_kept, [0.0, 1.0], "from 0 to 1")
    }
}

impl TurbulenceConfig {
    fn check(&self) -> Result<(), Error> {
        within("turbulence.ln_rms_centre", self.ln_rms_centre, [0.0, 1.0], "from 0 to 1")?;
        within("turbulence.ln_rms_r200", self.ln_rms_r200, [0.0, 1.0], "from 0 to 1")?;
        within("turbulence.injection_mpc", self.injection_mpc, [0.05, 5.0], "from 0.05 to 5")?;
        not_negative("turbulence.velocity_rms_km_s", self.velocity_rms_km_s)
    }

    /// Whether the gas is stirred at all.
    pub(crate) fn stirs(&self) -> bool {
        self.ln_rms_centre > 0.0 || self.ln_rms_r200 > 0.0 || self.velocity_rms_km_s > 0.0
    }
}

fn within(key: &'static str, value: f64, [least, most]: [f64; 2], must_be: &'static str) -> Result<(), Error> {
    require(key, value, (least..=most).contains(&value), must_be)
}

fn ordered(key: &'static str, [low, high]: [f64; 2], range: [f64; 2], must_be: &'static str) -> Result<(), Error> {
    within(key, low, range, must_be)?;
    within(key, high, range, must_be)?;
    require(key, low, low <= high, must_be)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_and_smooth_spheres_are_accepted() {
        ClusterConfig::default().check().unwrap();
        ClusterConfig::smooth_spheres().check().unwrap();
        let text = toml::to_string(&ClusterConfig::default()).unwrap();
        assert_eq!(toml::from_str::<ClusterConfig>(&text).unwrap(), ClusterConfig::default());
    }

    #[test]
    fn bad_values_are_refused_by_their_key() {
        type Change = fn(&mut ClusterConfig);
        let cases: [(&str, Change); 26] = [
            ("states", |c| c.states.relaxed = 0.5),
            ("states", |c| c.states = ByState { relaxed: -0.2, intermediate: 0.6, disturbed: 0.6 }),
            ("bulk_velocity_rms_km_s", |c| c.bulk_velocity_rms_km_s = f64::NAN),
            ("axis_ratio_min", |c| c.halo.axis_ratio_min = 0.0),
            ("axis_ratio_mean", |c| c.halo.axis_ratio_mean = 0.2),
            ("axis_ratio_sigma", |c| c.halo.axis_ratio_sigma = -0.1),
            ("ln_c_scatter", |c| c.halo.ln_c_scatter = 0.05),
            ("ln_c_offset", |c| c.halo.ln_c_offset.relaxed = 3.0),
            ("gas_offset_r200", |c| c.halo.gas_offset_r200.disturbed = -1.0),
            ("gas_offset_ln_scatter", |c| c.halo.gas_offset_ln_scatter = f64::INFINITY),
            ("mass_ratio", |c| c.merger.mass_ratio = [0.5, 0.1]),
            ("distance_r200", |c| c.merger.distance_r200 = [0.0, 1.0]),
            ("gas_lag_max_r200", |c| c.merger.gas_lag_max_r200 = -0.1),
            ("subhaloes.amplitude", |c| c.subhaloes.amplitude = 0.2),
            ("subhaloes.slope", |c| c.subhaloes.slope = 1.0),
            ("subhaloes.mu", |c| c.subhaloes.mu = [0.3, 1e-4]),
            ("concentration_ratio", |c| c.subhaloes.concentration_ratio = 0.0),
            ("truncation_scale_radii", |c| c.subhaloes.truncation_scale_radii = 0.0),
            ("stripping_r200", |c| c.subhaloes.stripping_r200 = 0.0),
            ("pressure_ln_scatter", |c| c.gas.pressure_ln_scatter = -0.1),
            ("pressure_factor", |c| c.gas.pressure_factor = 0.0),
            ("gas.gas_fraction", |c| c.gas.gas_fraction = 0.5),
            ("core_r500", |c| c.gas.core_r500.relaxed = 0.0),
            ("shape_kept", |c| c.gas.shape_kept = 1.5),
            ("ln_rms_centre", |c| c.turbulence.ln_rms_centre = -0.1),
            ("injection_mpc", |c| c.turbulence.injection_mpc = 0.0),
        ];
        for (key, change) in cases {
            let mut config = ClusterConfig::default();
            change(&mut config);
            let message = config.check().unwrap_err().to_string();
            assert!(message.contains(key), "{key}: {message}");
        }
    }
}
