//! How the posteriors of a network are put right, told by clusters that it was neither fitted to nor chosen with.

use crate::about::Sky;
use crate::answer::Answer;
use crate::mixture::{LnMassScale, Mixture};
use crate::samples::SzSamples;
use crate::{Error, MedianCurve, SzMassConfig};
use arcmin_job::Progress;
use arcmin_method::ClusterCutoutSources;
use arcmin_nn::data::{Loader, LoaderSettings, Order, Position};
use arcmin_nn::networks::{MResUNet, Network};
use arcmin_nn::train::Report;
use arcmin_nn::{Pass, Value};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Samples that go through the network together.
const BATCH: usize = 64;
/// Groups of rising mass in each of which posteriors are to be right.
const N_GROUPS: usize = 4;
/// First and last step of the search.
const STEPS: [f64; 2] = [0.08, 0.001];

/// What is done to every posterior: three numbers from some thousand clusters, so that a network which is a little too sure of
/// itself or answers a little low is put right and not fitted again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Added to the means of all Gaussians, in the scaled ln M that goes from -1 to 1 over the masses of the training.
    pub shift: f64,
    /// Times those means, added to them.
    pub tilt: f64,
    /// Factor on the deviations of all Gaussians.
    pub widening: f64,
}

impl Calibration {
    /// Nothing is changed.
    pub const NONE: Self = Self { shift: 0.0, tilt: 0.0, widening: 1.0 };

    /// With one of the three numbers changed by a step.
    fn stepped(mut self, which: usize, step: f64) -> Self {
        match which {
            0 => self.shift += step,
            1 => self.tilt += step,
            _ => self.widening *= 1.0 + step,
        }
        self
    }
}

/// A mixture before it is put right, and the true scaled ln M.
type Told = (Mixture, f64);

/// The calibration under which the true masses of the calibration set lie evenly in their posteriors, in each of a few groups
/// of rising mass: the least mean square distance of the probability that is given to masses below the true one from its rank.
/// And the curve of the medians that posteriors then have.
///
/// (Where the true masses are likeliest is not the same: tails that are no Gaussian's pull there.)
pub(crate) fn calibrate(
    network: &MResUNet,
    config: &SzMassConfig,
    sky: &Sky,
    sources: &ClusterCutoutSources,
    report: Report,
) -> Result<(Calibration, Option<MedianCurve>), Error> {
    if config.n_components() == 0 {
        return Ok((Calibration::NONE, None));
    }
    let progress =
        (report == Report::Progress).then(|| Progress::new("clusters of the calibration", sources.calibration.len()));
    let answers = answers(network, config, sky, sources, progress.as_ref())?;
    progress.inspect(Progress::finish);
    let calibration = search(&grouped(answers.clone()));
    Ok((calibration, Some(MedianCurve::measured(medians(&answers, &calibration, sky)))))
}

/// `[ln M, ln median]` of each cluster under the prior of the training.
fn medians(answers: &[Told], calibration: &Calibration, sky: &Sky) -> Vec<[f64; 2]> {
    let (scale, prior) = (LnMassScale::new(sky.m200c_msun), sky.prior());
    let of = |(mixture, t): &Told| {
        let posterior = mixture.clone().calibrated(calibration).posterior(prior, sky.m200c_msun);
        [scale.ln_mass(*t), posterior.median().value().ln()]
    };
    answers.par_iter().map(of).collect()
}

/// The network's answers to the calibration set.
fn answers(
    network: &MResUNet,
    config: &SzMassConfig,
    sky: &Sky,
    sources: &ClusterCutoutSources,
    progress: Option<&Progress>,
) -> Result<Vec<Told>, Error> {
    let samples = Arc::new(SzSamples::new(Arc::clone(&sources.calibration), config, sky));
    let settings = LoaderSettings { batch_size: BATCH, queue_len: 2, order: Order::Straight };
    let loader = Loader::new("calibration", samples, settings)?;
    let scale = LnMassScale::new(sky.m200c_msun);
    let device = network.parameters().device();
    let mut answers = Vec::new();
    for batch in loader.batches(Position::default()) {
        let batch = batch?.to_device(&device)?;
        let output = network.forward(&Value::constant(batch.parts[0].clone()), &Pass::evaluation())?;
        let Some(mixture) = Answer::new(&output)?.mixture else { continue };
        let targets = batch.parts[2].flatten_all()?.to_vec1::<f32>()?;
        let rows = mixture.tensor().to_vec2::<f32>()?; // [n, 3 k]
        progress.inspect(|progress| progress.advance(rows.len() as u64));
        answers.extend(rows.iter().zip(targets).map(|(row, target)| (Mixture::new(row, scale), f64::from(target))));
    }
    Ok(answers)
}

/// In groups of rising mass, by what the network says: true masses would tell the answer.
fn grouped(mut answers: Vec<Told>) -> Vec<Vec<Told>> {
    answers.sort_by(|a, b| a.0.mean().total_cmp(&b.0.mean()));
    let n = answers.len().div_ceil(N_GROUPS).max(1);
    answers.chunks(n).map(<[Told]>::to_vec).collect()
}

/// Goes a step along each of the three numbers while that is better, and halves the steps when none is.
fn search(groups: &[Vec<Told>]) -> Calibration {
    let mut best = (miss(groups, &Calibration::NONE), Calibration::NONE);
    let [mut step, last_step] = STEPS;
    while step > last_step {
        let tried = (0..6).map(|i| best.1.stepped(i / 2, if i % 2 == 0 { step } else { -step }));
        let better = tried.map(|calibration| (miss(groups, &calibration), calibration));
        match better.min_by(|a, b| a.0.total_cmp(&b.0)).filter(|found| found.0 < best.0) {
            Some(found) => best = found,
            None => step *= 0.5,
        }
    }
    best.1
}

/// Mean square distance of the probability below the true masses from an even distribution, summed over groups.
fn miss(groups: &[Vec<Told>], calibration: &Calibration) -> f64 {
    let of_group = |group: &Vec<Told>| {
        let below = |(mixture, t): &Told| mixture.clone().calibrated(calibration).share_below_within(*t);
        let mut shares: Vec<f64> = group.par_iter().map(below).collect();
        shares.sort_by(f64::total_cmp);
        let n = shares.len() as f64;
        shares.iter().enumerate().map(|(i, share)| (share - (i as f64 + 0.5) / n).powi(2)).sum::<f64>() / n
    };
    groups.iter().map(of_group).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Posteriors whose means lie `shift` low and whose deviations are `narrow` times too small.
    fn told(shift: f64, narrow: f64) -> Vec<Told> {
        let scale = LnMassScale::new([2.5e13, 1.5e15]);
        let n = 4000;
        let one = |i: usize| {
            // Even quantiles of a normal law in a shuffled order, so that errors and means are independent.
            let share = ((i * 1237) % n) as f64 / n as f64 + 0.5 / n as f64;
            let deviation = 0.05;
            let mean = -0.6 + 1.2 * i as f64 / n as f64;
            let row = [0.0, (mean - shift) as f32, (deviation / narrow).ln() as f32];
            (Mixture::new(&row, scale), mean + deviation * normal_quantile(share))
        };
        (0..n).map(one).collect()
    }

    fn normal_quantile(share: f64) -> f64 {
        let (mut low, mut high) = (-8.0, 8.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            let below = 0.5 * libm::erfc(-middle / std::f64::consts::SQRT_2);
            if below < share { low = middle } else { high = middle }
        }
        low
    }

    #[test]
    fn posteriors_that_are_low_and_narrow_are_put_right() {
        let found = search(&grouped(told(0.03, 1.25)));
        assert!((found.shift - 0.03).abs() < 0.004, "{found:?}");
        assert!(found.tilt.abs() < 0.01, "{found:?}");
        assert!((found.widening - 1.25).abs() < 0.03, "{found:?}");
    }

    #[test]
    fn posteriors_that_are_right_stay_as_they_are() {
        let found = search(&grouped(told(0.0, 1.0)));
        assert!(
            found.shift.abs() < 0.003 && found.tilt.abs() < 0.006 && (found.widening - 1.0).abs() < 0.03,
            "{found:?}"
        );
    }
}
