//! Sets of cutouts around clusters: for training, validation and tests.

use super::ClusterSky;
use crate::setup::{not_negative, require};
use crate::stream::{CutoutDraw, Draw};
use crate::{Error, Split, TileKey};
use arcmin_units::{M200c, Redshift};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Number of maps that sets of one split are apart in their random streams.
const SET_STRIDE: u64 = 1 << 32;

/// The name of a set: sets of different keys share no random stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetKey {
    /// What the set is for.
    pub split: Split,
    /// Number of the set within its split.
    pub set: u32,
}

impl SetKey {
    /// The root of the random streams of one map.
    pub(super) fn map(self, seed: u64, index: u64) -> TileKey {
        TileKey { seed, split: self.split, tile: u64::from(self.set) * SET_STRIDE + index }
    }
}

/// Which masses a set has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Masses {
    /// Those listed, in turn.
    Listed {
        /// M200c.
        m200c_msun: Vec<f64>,
    },
    /// Any between two, all equally likely.
    Uniform {
        /// Least M200c.
        min_msun: f64,
        /// Largest M200c.
        max_msun: f64,
    },
}

impl Masses {
    /// Least and largest, in Msun.
    pub fn range_msun(&self) -> [f64; 2] {
        match self {
            Masses::Uniform { min_msun, max_msun } => [*min_msun, *max_msun],
            Masses::Listed { m200c_msun } => [
                m200c_msun.iter().copied().fold(f64::INFINITY, f64::min),
                m200c_msun.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            ],
        }
    }
}

/// What a map is in later epochs of a training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EpochMaps {
    /// The same, as in Gupta20.
    #[default]
    Same,
    /// Another cluster on other random fields.
    Fresh,
}

/// A set of cutouts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterSetConfig {
    /// Number of maps.
    pub n_maps: u64,
    /// Their masses.
    pub masses: Masses,
    /// Scatter of the logarithm of the amplitude at given mass, about a median of one.
    pub y_ln_scatter: f64,
    /// What a map is in later epochs.
    #[serde(default)]
    pub epochs: EpochMaps,
}

impl ClusterSetConfig {
    fn check(&self) -> Result<(), Error> {
        require("n_maps", self.n_maps as f64, (1..SET_STRIDE).contains(&self.n_maps), "from 1 to 2^32 - 1")?;
        not_negative("y_ln_scatter", self.y_ln_scatter)?;
        match &self.masses {
            Masses::Listed { m200c_msun } => {
                require("masses.m200c_msun", m200c_msun.len() as f64, !m200c_msun.is_empty(), "a list with a mass")
            }
            Masses::Uniform { min_msun, max_msun } => {
                require("masses.max_msun", *max_msun, max_msun >= min_msun, "at least min_msun")
            }
        }
    }
}

/// One map around a cluster, and what is true of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterCutout {
    /// Observed pixels, `[band, y, x]` in uK.
    pub pixels: Vec<f32>,
    /// The thermal SZ image that they show, without beam, `[y, x]` in uK of the first band.
    pub profile: Vec<f32>,
    /// Mass.
    pub m200c: M200c,
    /// Redshift.
    pub redshift: Redshift,
    /// Amplitude over the median at that mass.
    pub amplitude: f64,
}

/// A stream of maps around clusters; map `index` of an epoch is the same for any order of asking.
pub trait ClusterCutoutSource: Send + Sync {
    /// The sky of which they are pieces.
    fn sky(&self) -> &ClusterSky;

    /// Their masses.
    fn masses(&self) -> &Masses;

    /// Number of maps.
    fn len(&self) -> u64;

    /// True when there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One map, as it is in an epoch of a training.
    ///
    /// # Errors
    /// Whatever keeps it from being made.
    fn cutout(&self, index: u64, epoch: u64) -> Result<ClusterCutout, Error>;
}

/// A set whose maps are drawn when they are asked for; nothing of them is kept.
#[derive(Debug)]
pub struct ClusterSet {
    sky: Arc<ClusterSky>,
    key: SetKey,
    config: ClusterSetConfig,
}

impl ClusterSet {
    /// A set of a sky's maps.
    ///
    /// # Errors
    /// The first value of the description that cannot be.
    pub fn new(sky: Arc<ClusterSky>, key: SetKey, config: &ClusterSetConfig) -> Result<Self, Error> {
        config.check()?;
        Ok(Self { sky, key, config: config.clone() })
    }

    /// The mass of a map.
    fn mass(&self, index: u64, key: TileKey, epoch: u64) -> M200c {
        M200c::new(match &self.config.masses {
            Masses::Listed { m200c_msun } => m200c_msun[(index % m200c_msun.len() as u64) as usize],
            Masses::Uniform { min_msun, max_msun } => {
                let share: f64 = key.stream(Draw::Cutout { what: CutoutDraw::Mass, epoch }).random();
                min_msun + (max_msun - min_msun) * share
            }
        })
    }

    fn redshift(&self, key: TileKey, epoch: u64) -> Redshift {
        let (min, max) = (self.sky.config.redshift_min, self.sky.config.redshift_max);
        let share: f64 = key.stream(Draw::Cutout { what: CutoutDraw::Redshift, epoch }).random();
        Redshift::new(min + (max - min) * share)
    }

    fn amplitude(&self, key: TileKey, epoch: u64) -> f64 {
        let normal: f64 = StandardNormal.sample(&mut key.stream(Draw::Cutout { what: CutoutDraw::Amplitude, epoch }));
        (self.config.y_ln_scatter * normal).exp()
    }
}

impl ClusterCutoutSource for ClusterSet {
    fn sky(&self) -> &ClusterSky {
        &self.sky
    }

    fn masses(&self) -> &Masses {
        &self.config.masses
    }

    fn len(&self) -> u64 {
        self.config.n_maps
    }

    fn cutout(&self, index: u64, epoch: u64) -> Result<ClusterCutout, Error> {
        if index >= self.len() {
            return Err(Error::NoSuchScene { index: index as usize, len: self.len() as usize });
        }
        let epoch = if self.config.epochs == EpochMaps::Same { 0 } else { epoch };
        let key = self.key.map(self.sky.setup.seed, index);
        let (m200c, redshift) = (self.mass(index, key, epoch), self.redshift(key, epoch));
        let amplitude = self.amplitude(key, epoch);
        let gas = self.sky.gas(m200c, redshift)?;
        let mut pixels = self.sky.fields_of_map(key, epoch);
        self.sky.add_cluster(&gas, amplitude, &mut pixels);
        Ok(ClusterCutout { pixels, profile: self.sky.bare_cluster(&gas, amplitude), m200c, redshift, amplitude })
    }
}
