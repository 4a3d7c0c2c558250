//! Galaxy clusters in three dimensions, from which every view is projected.
//!
//! What goes in: a [`ClusterConfig`], checked into a [`ClusterModel`]. What comes out: [`Cluster`]s, each one geometry with
//! one set of parts: a triaxial main halo, sometimes a second one that merges with it, subhaloes, their gas, and one
//! turbulent field that stirs the gas. [`Cluster::project`] looks at it along a [`Direction`] and gives a
//! [`ClusterView`]: Compton y, the kinetic term and the projected mass on the same pixels. Views of the same cluster from
//! many directions share the model, so a new kind of view is one more integral over the same parts.
//!
//! [`UnfamiliarClusters`] are the test set of mass estimators that were trained on round clusters: drawn from this model,
//! off the relation of mass and Compton y that the training knew, among neighbours on the line of sight.
//!
//! Conventions: physical Mpc about the centre of the main halo, which lies on pixel `(n / 2, n / 2)` of a view. Ellipsoids
//! keep the volume of the sphere that they replace, so that masses and fluxes are those of the spherical profile.
//!
//! ```
//! use arcmin_scene::cluster::{ClusterConfig, ClusterModel, Direction, ViewGrid};
//! use arcmin_scene::{Split, TileKey};
//! use arcmin_sky::Cosmology;
//! use arcmin_units::{Arcmin, M200c, Redshift};
//! let model = ClusterModel::new(&ClusterConfig::default(), &Cosmology::wmap7())?;
//! let key = TileKey { seed: 1, split: Split::Test, tile: 0 };
//! let cluster = model.draw(M200c::new(4e14), Redshift::new(0.67), key)?;
//! let view = cluster.project(&Direction::AXES[2], &ViewGrid::new(40, Arcmin::new(0.25))?);
//! assert!(view.compton_y[20 * 40 + 20] > 2e-5);
//! # Ok::<(), arcmin_scene::Error>(())
//! ```
//!
//! # Papers
//! - `JingSuto02`: Jing & Suto, Triaxial modelling of halo density profiles, astro-ph/0202064
//! - `Giocoli10`: Giocoli et al., The substructure hierarchy in dark matter haloes, arXiv:0911.0436
//! - `BaltzMarshallOguri09`: Baltz, Marshall & Oguri, Analytic models of plausible gravitational lens potentials,
//!   arXiv:0705.0682
//! - `TakadaJain03`: Takada & Jain, The three-point correlation function in cosmology, astro-ph/0209167
//! - `Vikhlinin06`: Vikhlinin et al., Chandra sample of nearby relaxed galaxy clusters, astro-ph/0507092
//! - `Stark77`: Stark, Triaxial models of the bulge of M31, ApJ 213, 368

mod config;
mod direction;
mod drawn;
mod gas;
mod mass_profile;
mod model;
mod parts;
mod shape;
mod state;
mod stirred;
mod subhaloes;
mod turbulence;
mod unfamiliar;
mod view;

pub use config::{ClusterConfig, GasConfig, HaloShapeConfig, MergerConfig, SubhaloesConfig, TurbulenceConfig};
pub use direction::Direction;
pub use drawn::Cluster;
pub use model::ClusterModel;
pub use state::{ByState, DynamicalState};
pub use unfamiliar::{NeighboursConfig, UnfamiliarCluster, UnfamiliarClusters, UnfamiliarConfig};
pub use view::{ClusterView, ViewGrid};
