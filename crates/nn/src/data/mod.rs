//! Samples from a source that may be larger than memory, in shuffled batches, read ahead on a thread of their own.

mod loader;
mod sample;

pub use loader::{Batches, Loader, LoaderSettings, Order, Position};
pub use sample::{Batch, Part, Sample, SampleId, SampleSource};
