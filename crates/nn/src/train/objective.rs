//! What is to be made small.

use crate::data::Batch;
use crate::{Pass, Result, Value};

/// The loss of a network on a batch, averaged over its samples.
///
/// Closures are objectives: `|network: &UNet, batch: &Batch, pass: &Pass| mse(&network.forward(..)?, &batch.parts[1])`.
pub trait Objective<N> {
    /// One number.
    ///
    /// # Errors
    /// When the batch does not fit the network.
    fn loss(&self, network: &N, batch: &Batch, pass: &Pass) -> Result<Value>;
}

impl<N, F: Fn(&N, &Batch, &Pass) -> Result<Value>> Objective<N> for F {
    fn loss(&self, network: &N, batch: &Batch, pass: &Pass) -> Result<Value> {
        self(network, batch, pass)
    }
}
