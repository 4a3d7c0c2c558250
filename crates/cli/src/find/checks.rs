//! How many of the candidates may be false, told from maps without clusters.

use super::args::Args;
use super::inputs;
use super::method::{Answer, Method};
use crate::record::Inputs;
use anyhow::{Context, Result, ensure};
use arcmin_eval::Score;
use arcmin_find_mmf::{Keep, Treated};
use arcmin_maps::Observation;
use arcmin_method::Watch;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Searches the negated maps and the half differences where that is asked for, and counts what is found there.
pub(super) fn false_detections(
    args: &Args,
    method: &dyn Method,
    observation: &Observation,
    answer: &Answer,
    watch: &dyn Watch,
    inputs: &mut Inputs,
) -> Result<BTreeMap<String, Score>> {
    let mut scores = BTreeMap::new();
    if args.negated {
        let negated =
            search_clean(method, inputs::negated(observation)?, watch).context("searching the negated maps")?;
        scores.insert("false.negated".to_owned(), super::counted(negated.detections.candidates.len()));
    }
    if !args.halves.is_empty() {
        check_halves(args)?;
        let difference = inputs::half_difference(args, observation, inputs)?;
        let noise = search_clean(method, difference, watch).context("searching the half difference")?;
        scores.insert("false.half_difference".to_owned(), super::counted(noise.detections.candidates.len()));
        let mut sigmas = Sigmas::default();
        sigmas.add(answer, &noise);
        scores.extend(sigmas.score());
    }
    Ok(scores)
}

/// Searches maps in which sources are not sought again: they are those that were searched, turned or differenced.
pub(super) fn search_clean(method: &dyn Method, observation: Observation, watch: &dyn Watch) -> Result<Answer> {
    let clean = Treated { observation: Cow::Owned(observation), sources: Vec::new() };
    method.search(&clean, Keep::Best, watch)
}

/// Refuses a number of halves that does not go with the maps.
pub(super) fn check_halves(args: &Args) -> Result<()> {
    let wanted = 2 * args.input.maps.len();
    ensure!(args.halves.len() == wanted, "--half needs two files for each --map: {wanted}, not {}", args.halves.len());
    Ok(())
}

/// Noise of the half difference over that of the search at the first scale, mean over windows; below one, the map holds
/// more than noise.
#[derive(Default)]
pub(super) struct Sigmas {
    of_map: f64,
    of_halves: f64,
    n: u64,
}

impl Sigmas {
    /// Counts the windows of a filter's search and of that of the half difference.
    pub(super) fn add(&mut self, answer: &Answer, halves: &Answer) {
        for (map, halves) in answer.sigmas.iter().zip(&halves.sigmas) {
            (self.of_map, self.of_halves, self.n) = (self.of_map + map, self.of_halves + halves, self.n + 1);
        }
    }

    /// The ratio, where there was a window.
    pub(super) fn score(&self) -> Option<(String, Score)> {
        let name = "sigma.half_difference_over_map".to_owned();
        (self.n > 0).then(|| (name, Score::new(Some(self.of_halves / self.of_map), None, self.n)))
    }
}
