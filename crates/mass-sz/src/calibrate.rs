//! How much wider the posteriors must be, told by the validation set.

use crate::about::Sky;
use crate::answer::Answer;
use crate::mixture::{LnMassScale, Mixture};
use crate::samples::SzSamples;
use crate::{Error, SzMassConfig};
use arcmin_method::ClusterCutoutSources;
use arcmin_nn::data::{Loader, LoaderSettings, Order, Position};
use arcmin_nn::networks::{MResUNet, Network};
use arcmin_nn::{Pass, Value};
use std::sync::Arc;

/// Factors that are tried: even steps of the logarithm.
const FACTORS: (f64, f64, usize) = (0.7, 1.6, 91);
/// Central intervals that are looked at.
const INTERVALS: [f64; 5] = [0.5, 0.68, 0.8, 0.9, 0.95];
/// Samples that go through the network together.
const BATCH: usize = 64;

/// The factor on the deviations of all Gaussians under which central intervals hold the true masses of the validation set as
/// often as they say: one number from some thousand clusters, so that a network which is a little too sure of itself is put
/// right and not fitted again. (Where the true masses are likeliest is not the same: tails that are no Gaussian's pull there.)
pub(crate) fn widening(
    network: &MResUNet,
    config: &SzMassConfig,
    sky: &Sky,
    sources: &ClusterCutoutSources,
) -> Result<f64, Error> {
    if config.n_components() == 0 {
        return Ok(1.0);
    }
    let samples = Arc::new(SzSamples::new(Arc::clone(&sources.validation), config, sky));
    let settings = LoaderSettings { batch_size: BATCH, queue_len: 2, order: Order::Straight };
    let loader = Loader::new("validation", samples, settings)?;
    let scale = LnMassScale::new(sky.m200c_msun);
    let device = network.parameters().device();
    let mut answers: Vec<(Mixture, f64)> = Vec::new();
    for batch in loader.batches(Position::default()) {
        let batch = batch?.to_device(&device)?;
        let output = network.forward(&Value::constant(batch.parts[0].clone()), &Pass::evaluation())?;
        let Some(mixture) = Answer::new(&output)?.mixture else { return Ok(1.0) };
        let targets = batch.parts[2].flatten_all()?.to_vec1::<f32>()?;
        let rows = mixture.tensor().to_vec2::<f32>()?; // [n, 3 k]
        let pair = |(row, target): (Vec<f32>, f32)| (Mixture::new(&row, scale, 1.0), f64::from(target));
        answers.extend(rows.into_iter().zip(targets).map(pair));
    }
    let (least, most, n) = FACTORS;
    let factors = (0..n).map(|i| least * (most / least).powf(i as f64 / (n - 1) as f64));
    let best = factors.map(|factor| (factor, miss(&answers, factor))).min_by(|a, b| a.1.total_cmp(&b.1));
    Ok(best.map_or(1.0, |(factor, _)| factor))
}

/// Sum over intervals of the squared distance between the share of truths that they hold and the share that they are to hold.
fn miss(answers: &[(Mixture, f64)], factor: f64) -> f64 {
    let from_median: Vec<f64> =
        answers.iter().map(|(mixture, t)| (mixture.share_below(*t, factor) - 0.5).abs()).collect();
    let held = |level: f64| from_median.iter().filter(|x| **x <= 0.5 * level).count() as f64 / answers.len() as f64;
    INTERVALS.iter().map(|&level| (held(level) - level).powi(2)).sum()
}
