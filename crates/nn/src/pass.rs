//! What one run through a network is for.

use crate::ops::Precision;
use crate::random;
use rand::Rng;
use std::cell::Cell;

/// How layers behave that differ between training and use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Batch normalisation takes the statistics of the batch and moves its running ones; dropout drops.
    Train,
    /// Batch normalisation takes its running statistics; dropout does nothing.
    Evaluate,
}

/// One run through a network: its mode, whether gradients are recorded, and the random streams of its dropout layers.
///
/// The bits of a dropout layer follow from seed, step and the layer's place in the run.
#[derive(Debug)]
pub struct Pass {
    mode: Mode,
    records: bool,
    precision: Precision,
    seed: u64,
    step: u64,
    n_draws: Cell<u64>,
}

impl Pass {
    /// A training pass of step number `step`: each step has its own dropout.
    pub fn training(seed: u64, step: u64) -> Self {
        Self { mode: Mode::Train, records: true, seed, step, ..Self::evaluation() }
    }

    /// A pass that uses the network; nothing is recorded and intermediate tensors are freed at once.
    pub fn evaluation() -> Self {
        Self {
            mode: Mode::Evaluate,
            records: false,
            precision: Precision::Fp32,
            seed: 0,
            step: 0,
            n_draws: Cell::new(0),
        }
    }

    /// A pass that uses the network and records gradients.
    pub fn evaluation_with_gradients() -> Self {
        Self { records: true, ..Self::evaluation() }
    }

    /// The same with the factors of convolutions and linear layers rounded on the device; sums, norms, losses and weights
    /// are f32 in all. The CPU serves `f32` alone, which is the default.
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// In which numbers convolutions and linear layers multiply.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// How layers behave.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether parameters are leaves of a recorded graph.
    pub fn records(&self) -> bool {
        self.records
    }

    /// Key of the next random layer of this pass.
    pub(crate) fn next_key(&self) -> u64 {
        let draw = self.n_draws.replace(self.n_draws.get() + 1);
        random::stream(self.seed, "dropout", self.step.wrapping_mul(1 << 20).wrapping_add(draw)).next_u64()
    }
}
