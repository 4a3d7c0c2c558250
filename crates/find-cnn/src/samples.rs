//! Cutouts as training and validation samples.

use crate::cutout_set::CutoutSet;
use crate::input::InputScaling;
use crate::lattice::SIDE;
use crate::{CnnConfig, Error, SamplingConfig};
use arcmin_find_learned::{Turn, stream};
use arcmin_nn::data::{Part, Sample, SampleId, SampleSource};
use rand::Rng;
use std::sync::Arc;

/// Two parts: input `[32, 32, band]`, and one for a cutout with a cluster, zero for one without.
fn sample(pixels: Vec<f32>, is_positive: bool) -> Sample {
    let n_bands = pixels.len() / (SIDE * SIDE);
    let input = Part { shape: vec![SIDE, SIDE, n_bands], values: pixels };
    let label = Part { shape: vec![1], values: vec![f32::from(u8::from(is_positive))] };
    Sample { parts: vec![input, label] }
}

/// All cutouts of a set, in their order.
pub(crate) struct WholeSet {
    set: Arc<CutoutSet>,
    scaling: InputScaling,
}

impl WholeSet {
    pub(crate) fn new(set: Arc<CutoutSet>, config: &CnnConfig) -> Result<Self, Error> {
        let scaling = InputScaling::new(&config.input, set.sky().bands.len())?;
        Ok(Self { set, scaling })
    }
}

impl SampleSource for WholeSet {
    fn n_samples(&self) -> u64 {
        self.set.len() as u64
    }

    fn sample(&self, id: SampleId) -> Result<Sample, Box<dyn std::error::Error + Send + Sync>> {
        let index = id.index as usize;
        let mut pixels = self.set.pixels(index)?;
        self.scaling.apply(&mut pixels);
        Ok(sample(pixels, self.set.is_positive(index)))
    }
}

/// Epochs of one length in which cutouts with and without a cluster stand in a ratio that changes from epoch to epoch.
///
/// Of an epoch's `n` samples the first `n / (1 + r)` have a cluster and are drawn with replacement; the others go round all
/// cutouts without one, in an order of their own, from where the epoch before ended. (The loader shuffles the numbers.)
pub(crate) struct Resampled {
    set: Arc<CutoutSet>,
    scaling: InputScaling,
    sampling: SamplingConfig,
    n_samples: u64,
    is_augmented: bool,
    seed: u64,
    positives: Vec<u32>,
    /// In the order in which they go round.
    negatives: Vec<u32>,
}

impl Resampled {
    pub(crate) fn new(set: Arc<CutoutSet>, config: &CnnConfig) -> Result<Self, Error> {
        let seed = config.training.seed;
        let mut negatives = set.with_label(false);
        let mut rng = stream(seed, "order of negatives", 0, 0);
        for i in (1..negatives.len()).rev() {
            // The bias of a remainder of 64 bits is below 1e-9 for 1e10 cutouts.
            negatives.swap(i, (rng.next_u64() % (i as u64 + 1)) as usize);
        }
        Ok(Self {
            scaling: InputScaling::new(&config.input, set.sky().bands.len())?,
            sampling: config.sampling.clone(),
            n_samples: config.sampling.batches_per_epoch * config.training.batch_size as u64,
            is_augmented: config.augment,
            seed,
            positives: set.with_label(true),
            negatives,
            set,
        })
    }

    /// Samples of an epoch that have a cluster.
    fn n_positives(&self, epoch: u64) -> u64 {
        (self.n_samples as f64 / (1.0 + self.sampling.ratio(epoch))).round().max(1.0) as u64
    }

    /// The cutout of a sample, and how it is turned.
    fn draw(&self, id: SampleId) -> (u32, Turn) {
        let mut rng = stream(self.seed, "training cutout", id.epoch, id.index);
        let (positive, turn) = (rng.next_u64(), rng.next_u64() % 8);
        let turn = Turn::new(if self.is_augmented { turn } else { 0 });
        let n_positives = self.n_positives(id.epoch);
        if id.index < n_positives {
            return (self.positives[(positive % self.positives.len() as u64) as usize], turn);
        }
        let before: u64 = (0..id.epoch).map(|epoch| self.n_samples - self.n_positives(epoch)).sum();
        let number = (before + id.index - n_positives) % self.negatives.len() as u64;
        (self.negatives[number as usize], turn)
    }
}

impl SampleSource for Resampled {
    fn n_samples(&self) -> u64 {
        self.n_samples
    }

    fn sample(&self, id: SampleId) -> Result<Sample, Box<dyn std::error::Error + Send + Sync>> {
        let (index, turn) = self.draw(id);
        let mut pixels = turn.apply(&self.set.pixels(index as usize)?, self.set.sky().bands.len());
        self.scaling.apply(&mut pixels);
        Ok(sample(pixels, self.set.is_positive(index as usize)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AdjacentNegatives;
    use crate::label::CutoutTiles;
    use crate::toy::ToySource;
    use arcmin_find_learned::TileStore;
    use arcmin_nn::train::Report;
    use std::collections::BTreeSet;

    fn set(adjacent: AdjacentNegatives, config: &CnnConfig) -> Arc<CutoutSet> {
        let folder = tempfile::tempdir().expect("a folder");
        let source = ToySource { seed: 5, n_tiles: 2, side: 200, n_haloes: 12, dec_deg: 0.0 };
        let store = TileStore { folder: folder.path(), split: "train", source: &source, kind: &CutoutTiles(config) };
        assert!(store.make(Report::Silent, &|| false).expect("room"));
        Arc::new(CutoutSet::new(store.open().expect("tiles"), "train", adjacent).expect("clusters"))
    }

    fn config() -> CnnConfig {
        toml::from_str(include_str!("../tests/common/small_network.toml")).expect("the description parses")
    }

    #[test]
    fn adjacent_negatives_are_dropped_and_counted_and_positives_never_are() {
        let config = config();
        let [all, diagonal, eight] =
            [AdjacentNegatives::Keep, AdjacentNegatives::DropDiagonal, AdjacentNegatives::DropAll]
                .map(|a| set(a, &config));
        assert_eq!((all.len(), all.counts.n_dropped), (128, 0));
        for less in [&diagonal, &eight] {
            assert_eq!(less.counts.n_positives, all.counts.n_positives);
            assert_eq!(less.len() as u64 + less.counts.n_dropped, all.counts.n_cutouts);
            assert_eq!(less.with_label(true).len() as u64, all.counts.n_positives);
        }
        assert!(0 < diagonal.counts.n_dropped && diagonal.counts.n_dropped < eight.counts.n_dropped);
    }

    #[test]
    fn epochs_have_their_ratio_and_negatives_go_round_all_of_them() {
        let config = config();
        let set = set(AdjacentNegatives::DropDiagonal, &config);
        let samples = Resampled::new(Arc::clone(&set), &config).expect("a set");
        let n = samples.n_samples();
        assert_eq!(n, 20 * 32);
        let mut order = Vec::new();
        for (epoch, ratio) in [(0, 1.0), (2, 1.0), (3, 2.0), (5, 2.0), (99, 2.0)] {
            let drawn: Vec<u32> = (0..n).map(|index| samples.draw(SampleId { index, epoch }).0).collect();
            let n_positives = drawn.iter().filter(|&&index| set.is_positive(index as usize)).count();
            let expected = n as f64 / (1.0 + ratio);
            assert!((n_positives as f64 - expected).abs() < 1.0, "{n_positives}, {expected}");
            if epoch == 0 {
                order = drawn[n_positives..].to_vec();
            }
        }
        let seen: BTreeSet<u32> = order.iter().copied().collect();
        assert_eq!(seen, set.with_label(false).into_iter().collect(), "320 draws go round all negatives");
        // The next epoch goes on where this one ended.
        let next = samples.draw(SampleId { index: n / 2, epoch: 1 }).0;
        assert_eq!(next, order[320 % seen.len()]);
    }

    #[test]
    fn the_same_sample_has_the_same_bits_and_another_epoch_turns_it_anew() {
        let config = config();
        let set = set(AdjacentNegatives::Keep, &config);
        let samples = Resampled::new(Arc::clone(&set), &config).expect("a set");
        let sample = |index, epoch| samples.sample(SampleId { index, epoch }).expect("a sample");
        assert_eq!(sample(3, 1), sample(3, 1));
        assert_ne!(sample(3, 1), sample(3, 2));
        assert_eq!(sample(3, 1).parts[0].shape, [32, 32, 3]);
        let plain = CnnConfig { augment: false, ..config };
        let samples = Resampled::new(Arc::clone(&set), &plain).expect("a set");
        let id = SampleId { index: 600, epoch: 0 };
        let mut pixels = set.pixels(samples.draw(id).0 as usize).expect("pixels");
        pixels.iter_mut().for_each(|pixel| *pixel *= 0.01);
        assert_eq!(samples.sample(id).expect("a sample").parts[0].values, pixels);
    }
}
