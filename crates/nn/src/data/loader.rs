//! Batches, read ahead.

use super::sample::{Batch, SampleId, SampleSource};
use crate::random;
use crate::{Error, Result};
use rand::Rng;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// In which order an epoch goes through the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// By number.
    Straight,
    /// Anew in each epoch, as the seed says.
    Shuffled {
        /// Of all epochs' orders.
        seed: u64,
    },
}

/// How samples become batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoaderSettings {
    /// Samples of a batch; the last of an epoch may have fewer.
    pub batch_size: usize,
    /// Batches read ahead at most, which bounds the memory.
    pub queue_len: usize,
    /// In which order.
    pub order: Order,
}

/// Where in the stream of batches one stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Number of the epoch, from 0.
    pub epoch: u64,
    /// Number of the next batch within the epoch, from 0.
    pub batch: u64,
}

/// Turns a source into batches.
#[derive(Clone)]
pub struct Loader {
    source: Arc<dyn SampleSource>,
    settings: LoaderSettings,
}

impl Loader {
    /// Checks the settings.
    ///
    /// # Errors
    /// When the batch or the queue has no room, or the source is empty; `what` names the source in the error.
    pub fn new(what: &'static str, source: Arc<dyn SampleSource>, settings: LoaderSettings) -> Result<Self> {
        for (what, value) in [("batch_size", settings.batch_size), ("queue_len", settings.queue_len)] {
            if value == 0 {
                return Err(Error::Setting { what, value: "0".to_owned(), must: "above zero" });
            }
        }
        if source.n_samples() == 0 {
            return Err(Error::NoSamples { what });
        }
        Ok(Self { source, settings })
    }

    /// Batches of an epoch.
    pub fn n_batches(&self) -> u64 {
        self.source.n_samples().div_ceil(self.settings.batch_size as u64)
    }

    /// The batches of the position's epoch from the position on, read ahead by a thread that ends with the iterator.
    pub fn batches(&self, from: Position) -> Batches {
        let (sender, receiver) = sync_channel(self.settings.queue_len);
        let loader = self.clone();
        let left = self.n_batches().saturating_sub(from.batch);
        let reader = std::thread::spawn(move || {
            let order = loader.order(from.epoch);
            for indices in order.chunks(loader.settings.batch_size).skip(from.batch as usize) {
                let batch = loader.read(indices, from.epoch);
                let failed = batch.is_err();
                // Nobody listens any more when the iterator was dropped: the rest need not be read.
                if sender.send(batch).is_err() || failed {
                    return;
                }
            }
        });
        Batches { receiver: Some(receiver), reader: Some(reader), left }
    }

    /// The order of an epoch: Fisher and Yates's shuffle.
    fn order(&self, epoch: u64) -> Vec<u64> {
        let mut order: Vec<u64> = (0..self.source.n_samples()).collect();
        if let Order::Shuffled { seed } = self.settings.order {
            let mut stream = random::stream(seed, "shuffle", epoch);
            for i in (1..order.len()).rev() {
                // The bias of a remainder of 64 bits is below 1e-9 for 1e10 samples.
                order.swap(i, (stream.next_u64() % (i as u64 + 1)) as usize);
            }
        }
        order
    }

    fn read(&self, indices: &[u64], epoch: u64) -> Result<Batch> {
        let read = |&index: &u64| {
            self.source.sample(SampleId { index, epoch }).map_err(|source| Error::Sample { index, source })
        };
        let samples = indices.iter().map(read).collect::<Result<Vec<_>>>()?;
        Batch::stack(indices.to_vec(), &samples)
    }
}

/// Iterator over the rest of an epoch.
pub struct Batches {
    receiver: Option<Receiver<Result<Batch>>>,
    reader: Option<JoinHandle<()>>,
    left: u64,
}

impl Iterator for Batches {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let batch = receive(self.receiver.as_ref()?);
        if batch.is_err() {
            self.left = 0;
        }
        Some(batch)
    }
}

/// How long a thread of the pool that has nothing else to do waits for a batch before it looks for work again.
const PATIENCE: Duration = Duration::from_micros(200);

/// The next batch. A thread of rayon's pool meanwhile does what the pool has to do: the source may have asked it for that.
fn receive(receiver: &Receiver<Result<Batch>>) -> Result<Batch> {
    loop {
        let received = match rayon::yield_now() {
            None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(rayon::Yield::Executed) => receiver.recv_timeout(Duration::ZERO),
            Some(rayon::Yield::Idle) => receiver.recv_timeout(PATIENCE),
        };
        match received {
            Ok(batch) => return batch,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(Error::LoaderStopped),
        }
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        // The reader ends once it finds nobody listening; a panic of the source has been reported as `LoaderStopped`.
        drop(self.receiver.take());
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}
