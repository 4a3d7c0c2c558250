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

    /// The loss of a validation batch, and what of its samples [`Self::cost`] is to see: nothing unless told otherwise.
    ///
    /// # Errors
    /// When the batch does not fit the network.
    fn judge(&self, network: &N, batch: &Batch, pass: &Pass) -> Result<(f64, Vec<f32>)> {
        Ok((self.loss(network, batch, pass)?.scalar()?, Vec::new()))
    }

    /// What an epoch is chosen by, least first, from what was kept of all validation samples in their order; the mean loss
    /// where there is none.
    fn cost(&self, _kept: &[f32]) -> Option<f64> {
        None
    }
}

impl<N, F: Fn(&N, &Batch, &Pass) -> Result<Value>> Objective<N> for F {
    fn loss(&self, network: &N, batch: &Batch, pass: &Pass) -> Result<Value> {
        self(network, batch, pass)
    }
}
