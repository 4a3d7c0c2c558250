//! Where physics meets pixels: simulated observations and their truth.
//!
//! What goes in: a [`SceneConfig`], checked into a [`Setup`]. What comes out: [`Scene`]s, each an observation (all
//! that a method may see) beside its truth (which only fitting and scoring may see). A [`Simulator`] makes one tile; a
//! [`SimulatedSource`] is all tiles of one [`Split`].
//!
//! Conventions: every tile is an independent light cone on its own piece of the sky, north up, east left, gnomonic.
//! Gaussian fields are flat; positions, solid angles and sizes of haloes are those on the sphere. Every random draw
//! has its own stream, derived from (seed, split, tile, what, index): see [`stream`].
//!
//! Begin with [`config`], then [`simulator`].

pub mod cluster;
pub mod cluster_sky;
pub mod clustering;
pub mod component;
mod component_maps;
pub mod config;
mod conversion;
pub mod dust;
pub mod error;
mod field;
mod foreground;
pub mod full_sky;
mod gas;
pub mod ksz_haloes;
pub mod lensing;
mod lightcone;
pub mod one_over_f;
mod paint;
mod population;
mod render;
pub mod scene;
pub mod setup;
pub mod simulator;
pub mod source;
pub mod sources;
pub mod split;
pub mod statistics;
pub mod stream;
mod tile;
mod tiling;
pub mod truth;
mod window;

pub use cluster_sky::{
    ClusterCutout, ClusterCutoutSource, ClusterSet, ClusterSetConfig, ClusterSky, ClusterSkyBand, ClusterSkyConfig,
    EpochMaps, Masses, SetKey,
};
pub use clustering::ClusteringConfig;
pub use component::Component;
pub use config::{
    BandConfig, CmbSpectrum, ConcentrationModel, ForegroundsConfig, HaloesConfig, PressureModel, SceneConfig,
    TilesConfig,
};
pub use dust::GalacticDustConfig;
pub use error::Error;
pub use full_sky::FullSky;
pub use ksz_haloes::KszHaloesConfig;
pub use lensing::HaloLensingConfig;
pub use one_over_f::OneOverFConfig;
pub use scene::{Scene, SceneSource};
pub use setup::Setup;
pub use simulator::{Haloes, Simulator};
pub use source::SimulatedSource;
pub use sources::{DustySourcesConfig, PointSource, RadioSourcesConfig, SourceKind};
pub use split::Split;
pub use statistics::{Statistic, check, check_catalogue};
pub use stream::TileKey;
pub use truth::{Halo, Truth};
