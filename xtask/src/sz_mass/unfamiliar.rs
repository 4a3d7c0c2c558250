//! Clusters unlike those of the training, in place of the paper's hydrodynamical simulation.
//!
//! The clusters lie at redshifts around that of the training and are weighed as if they lay at it, as in the paper. Their
//! Compton y is off the training's relation by a known factor in mass, by which estimates are multiplied.

use super::scores::estimate;
use super::settings::Settings;
use super::weigh::Scales;
use anyhow::{Result, bail};
use arcmin_eval::mass_scores::{ln_ratios, of_groups};
use arcmin_eval::plot::MassPoint;
use arcmin_eval::statistics::Score;
use arcmin_eval::{WeighedCluster, Weighing};
use arcmin_job::{Interrupt, Progress};
use arcmin_scene::cluster::UnfamiliarClusters;
use arcmin_scene::{ClusterCutout, ClusterSky, SetKey, Split};
use arcmin_units::Redshift;
use rayon::prelude::*;

/// What was weighed, in a run's folder: the skies of the first cluster, then those of the next.
pub(super) const FILE: &str = "weighed/unfamiliar.json.gz";
/// Number of the set among those of the test; the others are numbered from zero.
const SET: u32 = 16;

/// Weighs every cluster on each of its skies.
pub(super) fn weigh(settings: &Settings, sky: &ClusterSky, scales: &Scales, interrupt: &Interrupt) -> Result<Weighing> {
    let clusters = UnfamiliarClusters::new(&settings.unfamiliar.clusters, settings.seed)?;
    let progress = Progress::new("unfamiliar clusters", clusters.len() as u64);
    let mut weighed = Vec::new();
    for index in 0..clusters.len() {
        if interrupt.requested() {
            bail!("interrupted: the same command goes on from here");
        }
        weighed.extend(weigh_one(settings, sky, scales, &clusters, index)?);
        progress.advance(1);
    }
    progress.finish();
    Ok(Weighing::new(weighed))
}

fn weigh_one(
    settings: &Settings,
    sky: &ClusterSky,
    scales: &Scales,
    clusters: &UnfamiliarClusters,
    index: usize,
) -> Result<Vec<WeighedCluster>> {
    let n_skies = settings.unfamiliar.n_skies;
    let cluster = clusters.cluster(index)?;
    let mut signal = Vec::new();
    for (band_idx, band) in sky.bands().iter().enumerate() {
        let beam = sky.beam_of_square(band_idx, cluster.n_pixels_side)?;
        signal.extend(beam.smooth_and_cut(&cluster.temperature_uk(band.nu)));
    }
    let cutout = |number: u64| {
        let mut pixels = sky.background(SetKey { split: Split::Test, set: SET }, index as u64 * n_skies + number);
        pixels.iter_mut().zip(&signal).for_each(|(pixel, signal)| *pixel += signal);
        let redshift = Redshift::new(settings.sky.redshift_min);
        ClusterCutout { pixels, profile: Vec::new(), m200c: cluster.m200c, redshift, amplitude: 1.0 }
    };
    scales.weigh_cutouts(&(0..n_skies).into_par_iter().map(cutout).collect::<Vec<_>>())
}

/// Mean and deviation of `ln(estimate / truth)` after rescaling, over all skies of all clusters.
pub(super) struct UnfamiliarScores {
    pub(super) mean: Score,
    pub(super) sigma: Score,
    /// Deviation of each cluster's mean over its skies.
    pub(super) sigma_of_clusters: Score,
    /// `ln(estimate / truth)` after rescaling, sky by sky.
    pub(super) ln_ratios: Vec<f64>,
    /// Mean and spread over skies of each cluster's rescaled estimate.
    pub(super) points: Vec<MassPoint>,
}

impl UnfamiliarScores {
    pub(super) fn new(weighing: &Weighing, weighed_as: &str, settings: &Settings) -> Self {
        let rescaling = settings.unfamiliar.clusters.mass_offset;
        let ln_ratios: Vec<f64> =
            ln_ratios(weighing, weighed_as, estimate(weighed_as)).iter().map(|x| x + rescaling.ln()).collect();
        let n_skies = settings.unfamiliar.n_skies as usize;
        let groups: Vec<Vec<f64>> = ln_ratios.chunks(n_skies).map(<[f64]>::to_vec).collect();
        let means: Vec<Vec<f64>> =
            groups.iter().map(|group| vec![group.iter().sum::<f64>() / group.len() as f64]).collect();
        let [mean, sigma] = of_groups(&groups, &settings.score);
        let [_, sigma_of_clusters] = of_groups(&means, &settings.score);
        let masses: Vec<f64> = weighing.of(weighed_as).map(|(mass, _)| mass).collect();
        let points = masses.chunks(n_skies).zip(&groups).map(|(masses, group)| point(masses[0], group)).collect();
        Self { mean, sigma, sigma_of_clusters, ln_ratios, points }
    }
}

fn point(true_msun: f64, ln_ratios: &[f64]) -> MassPoint {
    let n = ln_ratios.len() as f64;
    let mean = ln_ratios.iter().sum::<f64>() / n;
    let variance = ln_ratios.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    let estimate_msun = true_msun * mean.exp();
    MassPoint { true_msun, estimate_msun, error_msun: estimate_msun * variance.sqrt() }
}
