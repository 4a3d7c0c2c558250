//! Neural networks on candle's tensors: layers, losses, optimisers, training that resumes to the same bits, and the
//! networks of the papers.
//!
//! What goes in: tensors. What comes out: tensors; no sky, no cluster. Conventions that hold throughout: images are
//! `[n, h, w, c]`, kernels `[kh, kw, ci, co]`, all f32; weight files are safetensors with the names and layouts of a
//! PyTorch `state_dict`.
//!
//! A network works on the device where its [`Parameters`] lie: the CPU, or another one after [`Parameters::to_device`], with the
//! feature `cuda` a CUDA device. Images must lie there too; a [`train::Trainer`] sees to that. On the CPU results have the
//! same bits for any number of threads; on a device they have the same bits in each run on one kind of GPU as far as cuBLAS keeps
//! that promise, and differ from the CPU's in rounding. Random numbers, that is first weights, the order of samples and
//! dropout's masks, are drawn on the host and are the same everywhere. Nothing has run on a GPU yet.
//!
//! Begin reading with [`graph`] (how gradients come about), then a network, say [`networks::PlanckVgg`].
//!
//! Papers:
//! - `Klambauer17`: Klambauer et al., Self-normalizing neural networks, arXiv:1706.02515
//! - `Ioffe15`: Ioffe & Szegedy, Batch normalization, arXiv:1502.03167
//! - `Ulyanov16`: Ulyanov et al., Instance normalization, arXiv:1607.08022
//! - `Kingma14`: Kingma & Ba, Adam, arXiv:1412.6980
//! - `Gupta20`: Gupta & Reichardt, mResUNet for SZ masses, arXiv:2003.06135
//! - `Lin21`: Lin et al., DeepSZ, arXiv:2102.13123
//! - `Andres22`: de Andres et al., CNN masses of Planck clusters
//! - `Zbontar18`: Zbontar et al., fastMRI, arXiv:1811.08839

pub mod data;
mod error;
mod file;
mod floats;
pub mod graph;
mod kernel;
pub mod layers;
pub mod loss;
pub mod networks;
mod on_device;
pub mod ops;
pub mod optimise;
mod parameters;
mod pass;
mod random;
mod tensor_file;
pub mod train;
pub mod weights;

pub use error::{Error, Result};
pub use graph::{Gradients, Value};
pub use parameters::{Builder, Init, Parameter, Parameters, Role};
pub use pass::{Mode, Pass};
