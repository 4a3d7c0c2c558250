//! Samples and batches.

use crate::{Error, Result};
use candle_core::{Device, Tensor};

/// Some numbers with a shape: an image `[h, w, c]`, a target, a weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Sizes of the axes; none for a single number.
    pub shape: Vec<usize>,
    /// Row-major elements.
    pub values: Vec<f32>,
}

/// What belongs to one example, in an order that the source and the loss agree on: commonly the image, then the target.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The parts, alike in number and shape for all samples of a source.
    pub parts: Vec<Part>,
}

/// Which sample, and in which epoch it is asked for: a source may vary its noise from epoch to epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleId {
    /// Number of the sample, below the source's length.
    pub index: u64,
    /// Number of the epoch, from 0.
    pub epoch: u64,
}

/// Samples by number, made or read when asked for.
///
/// The same id must always give the same bits: what a training resumed after a kill sees depends on it.
pub trait SampleSource: Send + Sync {
    /// How many samples there are.
    fn n_samples(&self) -> u64;

    /// One sample.
    ///
    /// # Errors
    /// Whatever keeps the source from making or reading it; the loader adds the index.
    fn sample(&self, id: SampleId) -> std::result::Result<Sample, Box<dyn std::error::Error + Send + Sync>>;
}

/// Samples stacked along a new first axis.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Which samples, in their order.
    pub indices: Vec<u64>,
    /// Each part of all samples, `[n, ..]`.
    pub parts: Vec<Tensor>,
}

impl Batch {
    /// The same on a device.
    ///
    /// # Errors
    /// When the device has no room.
    pub fn to_device(&self, device: &Device) -> Result<Self> {
        let parts = self.parts.iter().map(|part| part.to_device(device)).collect::<candle_core::Result<_>>()?;
        Ok(Self { indices: self.indices.clone(), parts })
    }

    /// Stacks samples.
    ///
    /// # Errors
    /// When they differ in shape.
    pub(crate) fn stack(indices: Vec<u64>, samples: &[Sample]) -> Result<Self> {
        let shapes = |sample: &Sample| sample.parts.iter().map(|part| part.shape.clone()).collect::<Vec<_>>();
        let expected = shapes(&samples[0]);
        for (&index, sample) in indices.iter().zip(samples) {
            let whole = sample.parts.iter().all(|part| part.shape.iter().product::<usize>() == part.values.len());
            if shapes(sample) != expected || !whole {
                let flat = |shapes: Vec<Vec<usize>>| shapes.concat();
                return Err(Error::SampleShape { index, expected: flat(expected), got: flat(shapes(sample)) });
            }
        }
        let parts = expected.iter().enumerate().map(|(i, shape)| {
            let values: Vec<f32> = samples.iter().flat_map(|sample| &sample.parts[i].values).copied().collect();
            let shape: Vec<usize> = std::iter::once(samples.len()).chain(shape.iter().copied()).collect();
            Ok(Tensor::from_vec(values, shape, &Device::Cpu)?)
        });
        Ok(Self { parts: parts.collect::<Result<_>>()?, indices })
    }
}
