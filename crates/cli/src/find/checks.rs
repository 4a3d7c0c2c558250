//! How many of the candidates may be false, told from maps without clusters.

use super::args::Args;
use super::inputs;
use crate::record::Inputs;
use anyhow::{Context, Result, ensure};
use arcmin_eval::Score;
use arcmin_find_mmf::{MatchedFilter, Search};
use arcmin_maps::Observation;
use std::collections::BTreeMap;

/// Searches the negated maps and the half differences where that is asked for, and counts what is found there.
pub(super) fn false_detections(
    args: &Args,
    filter: &MatchedFilter,
    observation: &Observation,
    search: &Search,
    inputs: &mut Inputs,
) -> Result<BTreeMap<String, Score>> {
    let mut scores = BTreeMap::new();
    if args.negated {
        let negated = filter.search(&inputs::negated(observation)?).context("searching the negated maps")?;
        scores.insert("false.negated".to_owned(), super::counted(negated.detections.candidates.len()));
    }
    if !args.halves.is_empty() {
        let wanted = 2 * args.input.maps.len();
        ensure!(
            args.halves.len() == wanted,
            "--half needs two files for each --map: {wanted}, not {}",
            args.halves.len()
        );
        let difference = inputs::half_difference(args, observation, inputs)?;
        let noise = filter.search(&difference).context("searching the half difference")?;
        scores.insert("false.half_difference".to_owned(), super::counted(noise.detections.candidates.len()));
        scores.extend(sigma_ratio(search, &noise));
    }
    Ok(scores)
}

/// Noise of the half difference over that of the search at the fixed scale; below one, the map holds more than noise.
fn sigma_ratio(search: &Search, noise: &Search) -> Option<(String, Score)> {
    let sigma = |search: &Search| {
        let sigmas = search.tiles.iter().filter_map(|tile| tile.sigmas.first()).map(|sigma| sigma.used);
        let (sum, n) = sigmas.fold((0.0, 0u64), |(sum, n), sigma| (sum + sigma, n + 1));
        (n > 0).then(|| (sum / n as f64, n))
    };
    let ((ours, n), (halves, _)) = (sigma(search)?, sigma(noise)?);
    Some(("sigma.half_difference_over_map".to_owned(), Score::new(Some(halves / ours), None, n)))
}
