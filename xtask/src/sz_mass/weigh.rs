//! Weighing a set: every method's answer to every map, kept in a file.

use super::sets::TestSet;
use super::settings::Settings;
use crate::run_dir::RunDir;
use anyhow::Result;
use arcmin_eval::{WeighedCluster, Weighing};
use arcmin_job::Progress;
use arcmin_mass_likelihood::{MassGrid, TemplateBank};
use arcmin_mass_sz::{MassPrior, SzMassEstimator};
use arcmin_scene::{ClusterCutout, ClusterCutoutSource, ClusterSky};
use arcmin_units::{M200c, Redshift};
use rayon::prelude::*;
use std::sync::Arc;

/// Maps that are weighed together.
const CHUNK: u64 = 256;

/// The methods, ready.
pub(super) struct Scales {
    sky: Arc<ClusterSky>,
    network: SzMassEstimator,
    paper_network: SzMassEstimator,
    bank: TemplateBank,
    /// Under the prior of the training, and under the paper's.
    grids: [MassGrid; 2],
}

impl Scales {
    /// Makes templates beside a trained network, which serves both priors.
    pub(super) fn new(settings: &Settings, sky: Arc<ClusterSky>, network: SzMassEstimator) -> Result<Self> {
        let [min, max] = settings.test.paper_prior_msun.map(M200c::new);
        let bank = TemplateBank::new(&sky, Redshift::new(settings.sky.redshift_min))?;
        let scatter = settings.train.y_ln_scatter;
        let grid = |range| MassGrid::uniform(&bank, range, scatter);
        let grids = [grid(settings.train.masses.range_msun())?, grid(settings.test.paper_prior_msun)?];
        let paper_network = network.clone().with_prior(MassPrior { min, max })?;
        Ok(Self { network, paper_network, sky, bank, grids })
    }

    /// Weighs all maps of a set.
    pub(super) fn weigh(&self, set: &dyn ClusterCutoutSource) -> Result<Weighing> {
        let progress = Progress::new("clusters", set.len());
        let mut clusters = Vec::new();
        for start in (0..set.len()).step_by(CHUNK as usize) {
            let cutouts: Vec<ClusterCutout> = (start..set.len().min(start + CHUNK))
                .into_par_iter()
                .map(|i| set.cutout(i, 0))
                .collect::<Result<_, _>>()?;
            clusters.extend(self.weigh_cutouts(&cutouts)?);
            progress.advance(cutouts.len() as u64);
        }
        progress.finish();
        Ok(Weighing::new(clusters))
    }

    /// Weighs some maps.
    pub(super) fn weigh_cutouts(&self, cutouts: &[ClusterCutout]) -> Result<Vec<WeighedCluster>> {
        let pixels = cutouts.iter().flat_map(|cutout| cutout.pixels.iter().copied()).collect();
        let redshifts: Vec<Redshift> = cutouts.iter().map(|cutout| cutout.redshift).collect();
        let predictions = self.network.predict(&self.sky.cutouts(pixels, &redshifts)?)?;
        let one = |(cutout, prediction): (&ClusterCutout, &arcmin_mass_sz::Prediction)| {
            let filtered = self.grids.each_ref().map(|grid| grid.posterior(&self.bank, &cutout.pixels).answer());
            let networks = [&self.network, &self.paper_network].map(|network| network.posterior(prediction));
            let methods = [
                ("sz_mass", networks[0]),
                ("sz_mass.paper_prior", networks[1]),
                ("matched_filter", filtered[0]),
                ("matched_filter.paper_prior", filtered[1]),
            ];
            WeighedCluster::new(cutout.m200c, cutout.amplitude, methods)
        };
        Ok(cutouts.par_iter().zip(&predictions).map(one).collect())
    }
}

/// The file of a set.
pub(super) fn file_name(set: TestSet) -> String {
    format!("weighed/{}.json.gz", set.name())
}

/// Reads a set that was weighed.
pub(super) fn read(dir: &RunDir, set: TestSet) -> Result<Option<Weighing>> {
    dir.read_json(&file_name(set))
}
