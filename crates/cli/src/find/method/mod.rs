//! The ways to find clusters, by name.

mod filter;
mod options;
mod trained;
mod weights;

use super::args::Args;
use super::score_map::ScoreMap;
use crate::record::Inputs;
use anyhow::{Result, anyhow};
use arcmin_find_mmf::{Keep, ScaleMap, Treated};
use arcmin_maps::Observation;
use arcmin_method::{Candidate, Detections, ScoreKind, Watch};
use arcmin_units::Arcmin;
use std::borrow::Cow;

/// A method that `--method` may name.
struct Entry {
    name: &'static str,
    /// The options that it takes beside those that all methods do.
    takes: &'static [&'static str],
    /// Makes it of the options.
    prepare: fn(&Args, &mut Inputs) -> Result<Box<dyn Method>>,
}

/// All methods; a new one is an entry here.
const METHODS: &[Entry] = &[
    Entry { name: "mmf", takes: options::OF_THE_FILTER, prepare: filter::prepare },
    Entry { name: "cnn", takes: &["--weights"], prepare: trained::cnn },
    Entry { name: "fcn", takes: &["--weights"], prepare: trained::fcn },
    Entry { name: "ensemble", takes: &["--weights", "--combination"], prepare: trained::ensemble },
];

/// The method that the options ask for; options of others are refused.
pub(super) fn prepare(args: &Args, inputs: &mut Inputs) -> Result<Box<dyn Method>> {
    let names: Vec<&str> = METHODS.iter().map(|entry| entry.name).collect();
    let entry = METHODS.iter().find(|entry| entry.name == args.method);
    let entry = entry.ok_or_else(|| anyhow!("--method {} is not known: use {}", args.method, one_of(&names)))?;
    options::check(args, entry)?;
    (entry.prepare)(args, inputs)
}

/// Names in one phrase.
fn one_of(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}

/// Peaks of the filter of one cluster in two tiles are less than twice this apart.
const PEAK_BLUR: Arcmin = Arcmin::new(0.5);

/// A method with its settings.
pub(super) trait Method {
    /// What its scores are.
    fn score_kind(&self) -> ScoreKind;

    /// Refuses maps that it cannot search, before any work is done.
    fn check(&self, observation: &Observation) -> Result<()>;

    /// Which flat tiles it needs on the sphere.
    fn tiling(&self) -> Tiling;

    /// How well its positions are to be believed.
    fn reach(&self) -> Reach;

    /// How far the cluster of one of its candidates may stand from it along an axis: where tiles overlap, candidates of two that
    /// are no further apart than both their blurs together may be of one cluster.
    fn blur(&self, candidate: &Candidate) -> Arcmin;

    /// Whether it looks for point sources.
    fn seeks_sources(&self) -> bool {
        false
    }

    /// The maps as it searches them, without the point sources that it was told to take out.
    fn treat<'a>(&self, observation: &'a Observation) -> Result<Treated<'a>> {
        Ok(Treated { observation: Cow::Borrowed(observation), sources: Vec::new() })
    }

    /// Searches maps that are treated.
    fn search(&self, treated: &Treated<'_>, keep: Keep, watch: &dyn Watch) -> Result<Answer>;
}

/// What a method finds.
pub(super) struct Answer {
    pub(super) detections: Detections,
    /// The map of which the candidates are the peaks, where there is one.
    pub(super) map: Option<ScoreMap>,
    /// The matched filter's signal to noise at each scale, where it was asked for.
    pub(super) scales: Vec<ScaleMap>,
    /// Its noise of y_c at the first scale, window by window.
    pub(super) sigmas: Vec<f64>,
}

/// What a method asks of the tiles that cover a sphere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tiling {
    /// What it may leave unsearched along the edges of a tile.
    pub(super) border: Arcmin,
    /// The pixels that it must have, where it knows no other.
    pub(super) pixel: Option<Arcmin>,
}

/// How far a candidate may stand from its cluster.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// A known cluster this close to a candidate is found.
    pub(super) known: Arcmin,
    /// A candidate this far beyond the cell of its tile may be of a cluster within.
    pub(super) claimed: Arcmin,
}
