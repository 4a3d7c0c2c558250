//! Laws of the loader.

use arcmin_nn::Error;
use arcmin_nn::data::{Loader, LoaderSettings, Order, Part, Position, Sample, SampleId, SampleSource};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

struct Numbers {
    n: u64,
    bad: Option<u64>,
    n_read: AtomicU64,
}

impl SampleSource for Numbers {
    fn n_samples(&self) -> u64 {
        self.n
    }

    fn sample(&self, id: SampleId) -> Result<Sample, Box<dyn std::error::Error + Send + Sync>> {
        self.n_read.fetch_add(1, Ordering::SeqCst);
        if self.bad == Some(id.index) {
            return Err("no such tile".into());
        }
        Ok(Sample { parts: vec![Part { shape: vec![2], values: vec![id.index as f32, id.epoch as f32] }] })
    }
}

fn source(n: u64, bad: Option<u64>) -> Arc<Numbers> {
    Arc::new(Numbers { n, bad, n_read: AtomicU64::new(0) })
}

fn loader(source: &Arc<Numbers>, order: Order) -> Loader {
    let settings = LoaderSettings { batch_size: 4, queue_len: 2, order };
    Loader::new("training", Arc::clone(source) as Arc<dyn SampleSource>, settings).expect("settings with room")
}

fn indices(loader: &Loader, from: Position) -> Vec<Vec<u64>> {
    loader.batches(from).map(|batch| batch.expect("good samples").indices).collect()
}

#[test]
fn an_epoch_holds_every_sample_once_in_an_order_of_its_own() {
    let loader = loader(&source(23, None), Order::Shuffled { seed: 5 });
    let epoch = |epoch| indices(&loader, Position { epoch, batch: 0 });
    let mut all = epoch(0).concat();
    assert_ne!(all, epoch(1).concat());
    assert_eq!(all, epoch(0).concat());
    all.sort_unstable();
    assert_eq!(all, (0..23).collect::<Vec<_>>());
}

#[test]
fn a_position_in_the_middle_gives_the_rest() {
    let loader = loader(&source(23, None), Order::Shuffled { seed: 5 });
    let whole = indices(&loader, Position { epoch: 3, batch: 0 });
    assert_eq!(whole.len() as u64, loader.n_batches());
    for batch in 0..=whole.len() {
        assert_eq!(indices(&loader, Position { epoch: 3, batch: batch as u64 }), whole[batch..]);
    }
}

#[test]
fn reading_ahead_is_bounded() {
    let source = source(1_000, None);
    let mut batches = loader(&source, Order::Straight).batches(Position::default());
    batches.next().expect("a batch").expect("good samples");
    std::thread::sleep(std::time::Duration::from_millis(100));
    // One taken, two in the queue, one in the hand of the reader that waits for room.
    assert!(source.n_read.load(Ordering::SeqCst) <= 16, "{} samples read", source.n_read.load(Ordering::SeqCst));
    drop(batches);
}

#[test]
fn an_error_of_the_source_names_the_sample() {
    let results: Vec<_> = loader(&source(12, Some(6)), Order::Straight).batches(Position::default()).collect();
    assert_eq!(results.len(), 2, "nothing comes after an error");
    let error = results[1].as_ref().expect_err("sample 6 is bad");
    assert!(matches!(error, Error::Sample { index: 6, .. }));
    assert_eq!(error.to_string(), "sample 6: no such tile");
}

#[test]
fn an_empty_source_is_refused() {
    let settings = LoaderSettings { batch_size: 4, queue_len: 2, order: Order::Straight };
    let error = Loader::new("validation", source(0, None), settings).err().expect("no samples");
    assert_eq!(error.to_string(), "the validation source has no samples");
}
