//! The training loop: early stopping, learning curves, and checkpoints from which a killed run ends in the same bits.
//!
//! ```
//! use arcmin_nn::data::{Batch, Part, Sample, SampleId, SampleSource};
//! use arcmin_nn::networks::{Network, PlanckVgg, PlanckVggConfig};
//! use arcmin_nn::ops::Precision;
//! use arcmin_nn::optimise::{OptimiserSettings, Rule, ScheduleSettings};
//! use arcmin_nn::train::{Outcome, Sources, TrainSettings, Trainer};
//! use arcmin_nn::{Pass, Value, loss::mse, weights};
//! use candle_core::Device;
//! use std::sync::Arc;
//!
//! /// Cutouts of one brightness each, which is to be told.
//! struct Lamps;
//! impl SampleSource for Lamps {
//!     fn n_samples(&self) -> u64 {
//!         8
//!     }
//!     fn sample(&self, id: SampleId) -> Result<Sample, Box<dyn std::error::Error + Send + Sync>> {
//!         let brightness = id.index as f32 / 8.0;
//!         let image = Part { shape: vec![22, 22, 1], values: vec![brightness; 22 * 22] };
//!         Ok(Sample { parts: vec![image, Part { shape: vec![1], values: vec![brightness] }] })
//!     }
//! }
//!
//! let network = PlanckVgg::new(&PlanckVggConfig { width: 2, ..Default::default() })?;
//! // A GPU where there is one and the build has the feature `cuda`; `precision` may then be `Tf32` or `Bf16`.
//! network.parameters().to_device(&Device::cuda_if_available(0)?)?;
//! let objective = |network: &PlanckVgg, batch: &Batch, pass: &Pass| {
//!     mse(&network.forward(&Value::constant(batch.parts[0].clone()), pass)?, &batch.parts[1])
//! };
//! let settings = TrainSettings {
//!     batch_size: 4,
//!     max_epochs: 2,
//!     patience_epochs: 15,
//!     clip_norm: None,
//!     optimiser: OptimiserSettings::plain(Rule::ADAM),
//!     schedule: ScheduleSettings::constant(1e-3),
//!     seed: 1,
//!     precision: Precision::Fp32,
//!     checkpoint_every_batches: 100,
//! };
//! let folder = tempfile::tempdir().expect("a folder for checkpoint, curve and weights");
//! let about = serde_json::json!({ "network": "planck_vgg", "width": 2 });
//! let sources = Sources { train: Arc::new(Lamps), validation: Arc::new(Lamps) };
//! // A second call goes on from the checkpoint of the first, if that was stopped or killed.
//! let outcome = Trainer::new(&network, objective, settings, about, folder.path()).run(&sources, &|| false)?;
//! assert!(matches!(outcome, Outcome::Finished { .. }));
//! let again = PlanckVgg::new(&PlanckVggConfig { width: 2, ..Default::default() })?;
//! weights::load(&folder.path().join("weights.safetensors"), again.parameters())?;
//! # Ok::<(), arcmin_nn::Error>(())
//! ```

mod checkpoint;
mod curve;
mod objective;
mod settings;
mod state;
mod trainer;

pub use curve::{CurveRow, curve_csv};
pub use objective::Objective;
pub use settings::{Report, TrainSettings};
pub(crate) use state::bits;
pub use trainer::{Outcome, Sources, Trainer};
