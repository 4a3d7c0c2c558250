//! Methods that were trained beforehand: they know one kind of maps.

use super::{Answer, Method, PEAK_BLUR, Reach, Tiling, weights};
use crate::find::args::Args;
use crate::find::score_map::{Asked, ScoreMap};
use crate::find::settings;
use crate::record::Inputs;
use anyhow::{Context, Result, anyhow, bail, ensure};
use arcmin_find_cnn::CnnFinder;
use arcmin_find_ensemble::{CutoutGrid, EnsembleFinder, Kind};
use arcmin_find_fcn::FcnFinder;
use arcmin_find_mmf::config::SourceTreatment;
use arcmin_find_mmf::{Keep, MatchedFilter, MatchedFilterConfig, PointSource, Treated};
use arcmin_maps::{Band, BandMap, Observation};
use arcmin_method::detections::flags;
use arcmin_method::{Candidate, ClusterFinder, Error, ScoreKind, Watch};
use arcmin_units::{Arcmin, Ghz};
use std::borrow::Cow;

/// A known cluster and a peak of the probability this close are the same.
const KNOWN_ARCMIN: f64 = 1.5;
/// Candidates below this probability are not listed unless --threshold says otherwise.
const DEFAULT_PROBABILITY_MIN: f64 = 0.5;
/// Below this one of the two scores of AND is below its own threshold.
const DEFAULT_AND_MIN: f64 = 1.0;
/// Middles of two tiles' cutouts of one cluster are less than twice this many strides apart, but for one pair in a thousand.
const CUTOUT_BLUR_STRIDES: f64 = 0.6;
/// How far what is left of a subtracted source reaches: a beam or so.
const SOURCE_REACH_ARCMIN: f64 = 2.0;
/// A band of the maps and one of the training whose frequencies differ by no more than this share may be the same.
const NU_TOLERANCE: f64 = 0.01;

/// What searches.
enum Finder {
    /// It answers with candidates.
    Plain(Box<dyn ClusterFinder>),
    /// It answers with a map of probabilities too.
    Mapping(Box<FcnFinder>),
}

/// A finder and what is to be known of it.
struct Trained {
    finder: Finder,
    /// The network in it, which knows what it was trained on.
    network: Box<dyn ClusterFinder>,
    /// Frequencies of its bands, in its order.
    nu: Vec<Ghz>,
    tiling: Tiling,
    reach: Reach,
    /// What takes point sources out of the maps before it looks, where the options ask for that.
    sources: Option<MatchedFilter>,
    /// How far a cluster may stand from a candidate that is no peak of the filter, along an axis.
    blur: Arcmin,
    /// Least score of a candidate.
    score_min: f64,
}

/// The network of the options.
pub(super) fn cnn(args: &Args, inputs: &mut Inputs) -> Result<Box<dyn Method>> {
    let network = weights::network(args, inputs)?;
    let score_min = probability_min(args, network.about().config.search.probability_min)?;
    let sources = sources(args, None)?;
    Ok(Box::new(Trained { sources, ..of_cutouts(Box::new(network.clone()), &network, Arcmin::new(0.0), score_min) }))
}

/// The network over whole maps of the options.
pub(super) fn fcn(args: &Args, inputs: &mut Inputs) -> Result<Box<dyn Method>> {
    let network = weights::map_network(args, inputs)?;
    let about = network.about();
    let score_min = probability_min(args, about.config.search.probability_min)?;
    let input = &about.config.input;
    let border = input.filter.as_ref().map_or(input.border_arcmin, |filter| filter.border_arcmin);
    // Peaks of one map are at least a separation apart.
    let separation = about.config.search.separation_arcmin;
    Ok(Box::new(Trained {
        nu: about.sky.bands.iter().map(|band| Ghz::new(band.nu_ghz)).collect(),
        tiling: Tiling { border: Arcmin::new(border), pixel: Some(Arcmin::new(about.sky.pixel_arcmin)) },
        reach: Reach { known: Arcmin::new(KNOWN_ARCMIN), claimed: Arcmin::new(separation) },
        sources: sources(args, input.filter.as_ref())?,
        blur: Arcmin::new(0.5 * separation),
        score_min,
        network: Box::new(network.clone()),
        finder: Finder::Mapping(Box::new(network)),
    }))
}

/// The filter and the network of the options as one.
pub(super) fn ensemble(args: &Args, inputs: &mut Inputs) -> Result<Box<dyn Method>> {
    let kind = combination(args)?;
    let weights::EnsembleParts { network, filter, combinations } = weights::ensemble(args, inputs)?;
    let fitted = combinations.get(kind).ok_or_else(|| anyhow!("--combination {kind}: the run has not fitted it"))?;
    let score_min = match kind {
        Kind::Calibrated => probability_min(args, 0.0)?,
        Kind::And => args.threshold.unwrap_or(DEFAULT_AND_MIN),
        Kind::RankProduct => args.threshold.context(
            "--combination prod needs --threshold: a product of ranks, 0 to 1, says how a candidate compares with those of the run and \
             has no natural limit",
        )?,
    };
    let border = Arcmin::new(filter.border_arcmin);
    let cutouts = network.about().config.cutouts;
    let grid = CutoutGrid { side_arcmin: cutouts.side_arcmin, stride_arcmin: cutouts.stride_arcmin };
    let sources = sources(args, Some(&filter))?;
    let filter = Box::new(MatchedFilter::new(&filter)?);
    let finder = EnsembleFinder::new(filter, Box::new(network.clone()), fitted.clone(), grid)?;
    Ok(Box::new(Trained { sources, ..of_cutouts(Box::new(finder), &network, border, score_min) }))
}

/// What takes out the point sources that the options ask for; the filter is that of the training, where there was one.
fn sources(args: &Args, trained_with: Option<&MatchedFilterConfig>) -> Result<Option<MatchedFilter>> {
    let Some(config) = settings::sources(args, None) else { return Ok(None) };
    ensure!(
        trained_with.is_none_or(|filter| filter.sources.is_none()),
        "--method {}: the filter of its training takes point sources out by itself, above the flux that it knows; leave \
         --mask-sources and --subtract-sources away",
        args.method
    );
    let settings = trained_with.cloned().unwrap_or_default();
    Ok(Some(MatchedFilter::new(&MatchedFilterConfig { sources: Some(config), ..settings })?))
}

fn combination(args: &Args) -> Result<Kind> {
    let Some(name) = &args.combination else { return Ok(Kind::Calibrated) };
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
    kind.ok_or_else(|| anyhow!("--combination {name} is not known: use {}", super::one_of(&Kind::ALL.map(Kind::name))))
}

fn probability_min(args: &Args, listed_from: f64) -> Result<f64> {
    let least = args.threshold.unwrap_or(DEFAULT_PROBABILITY_MIN.max(listed_from));
    ensure!((0.0..=1.0).contains(&least), "--threshold {least}: scores are probabilities, give one from 0 to 1");
    ensure!(least >= listed_from, "--threshold {least}: the network lists nothing below {listed_from}");
    Ok(least)
}

/// What answers with cutouts, or with one candidate a cutout; `border` is what it leaves out beside those.
fn of_cutouts(finder: Box<dyn ClusterFinder>, network: &CnnFinder, border: Arcmin, score_min: f64) -> Trained {
    let about = network.about();
    let (side, stride) = (about.config.cutouts.side_arcmin, about.config.cutouts.stride_arcmin);
    // A candidate is the middle of a cutout, its cluster at most half a stride away along each axis. The last cutout of a row
    // ends up to one stride before the tile does.
    let to_corner = Arcmin::new(0.5 * stride * std::f64::consts::SQRT_2);
    let border = Arcmin::new(border.value() + side + to_corner.value());
    Trained {
        finder: Finder::Plain(finder),
        network: Box::new(network.clone()),
        nu: about.sky.bands.iter().map(|band| Ghz::new(band.nu_ghz)).collect(),
        tiling: Tiling { border, pixel: Some(Arcmin::new(about.sky.pixel_arcmin)) },
        reach: Reach { known: to_corner, claimed: to_corner },
        sources: None,
        blur: Arcmin::new(CUTOUT_BLUR_STRIDES * stride),
        score_min,
    }
}

impl Trained {
    /// Whether the cluster of a candidate may lie so near to a source that what is left of it, or the hole in its place, tells.
    fn is_near_source(&self, candidate: &Candidate, treated: &Treated<'_>) -> bool {
        let config = self.sources.as_ref().and_then(|filter| filter.config().sources.as_ref());
        let hole_arcmin = config.map_or(0.0, |config| match config.treatment {
            SourceTreatment::Mask => config.mask_radius_arcmin,
            SourceTreatment::Subtract => 0.0,
        });
        let reach_arcmin = self.reach.known.value() + hole_arcmin + SOURCE_REACH_ARCMIN;
        let apart_arcmin = |source: &PointSource| source.position.separation(candidate.position).to_arcmin().value();
        treated.sources.iter().any(|source| apart_arcmin(source) <= reach_arcmin)
    }
}

impl Method for Trained {
    fn score_kind(&self) -> ScoreKind {
        match &self.finder {
            Finder::Plain(finder) => finder.score_kind(),
            Finder::Mapping(finder) => finder.score_kind(),
        }
    }

    fn check(&self, observation: &Observation) -> Result<()> {
        if let Some(band) = observation.bands().iter().find(|band| band.noise_arcmin.is_none()) {
            bail!("map {}: no noise level is known; give it with --noise-arcmin", band.name);
        }
        // One pixel is too small to hold anything, and enough to be refused.
        let corner = observation.window(0, 0, arcmin_maps::Shape { ny: 1, nx: 1 });
        self.network.find(&in_order(&corner, &self.nu)).map(drop).map_err(plain)
    }

    fn tiling(&self) -> Tiling {
        self.tiling
    }

    fn reach(&self) -> Reach {
        self.reach
    }

    fn blur(&self, candidate: &Candidate) -> Arcmin {
        // With amplitudes it is a peak of the filter of an ensemble.
        if candidate.best.is_some() { PEAK_BLUR } else { self.blur }
    }

    fn seeks_sources(&self) -> bool {
        self.sources.is_some()
    }

    fn treat<'a>(&self, observation: &'a Observation) -> Result<Treated<'a>> {
        match &self.sources {
            Some(filter) => Ok(filter.without_sources(observation)?),
            None => Ok(Treated { observation: Cow::Borrowed(observation), sources: Vec::new() }),
        }
    }

    fn search(&self, treated: &Treated<'_>, _keep: Keep, watch: &dyn Watch) -> Result<Answer> {
        let observation = in_order(&treated.observation, &self.nu);
        let (mut detections, map) = match &self.finder {
            Finder::Plain(finder) => (finder.find_watched(&observation, watch).map_err(plain)?, None),
            Finder::Mapping(finder) => {
                let search = finder.search_mapped(&observation, watch)?.ok_or_else(|| plain(Error::Interrupted))?;
                let asked = Asked::of(&finder.about().config);
                (search.detections, Some(ScoreMap::Probability(search.probability, asked)))
            }
        };
        detections.candidates.retain(|candidate| candidate.score >= self.score_min);
        for candidate in detections.candidates.iter_mut().filter(|candidate| self.is_near_source(candidate, treated)) {
            candidate.flags |= flags::NEAR_SOURCE;
        }
        Ok(Answer { detections, map, scales: Vec::new(), sigmas: Vec::new() })
    }
}

/// An error as the user is told of it: what a search reached is not kept.
fn plain(error: Error) -> anyhow::Error {
    match error {
        Error::Interrupted => anyhow!("interrupted: nothing was written, run the command again"),
        error => error.into(),
    }
}

/// The bands in the order of a training; as they are where they do not go with it one by one.
fn in_order<'a>(observation: &'a Observation, nu: &[Ghz]) -> Cow<'a, Observation> {
    let bands = observation.bands();
    let is_at = |band: &Band, wanted: Ghz| match band.map {
        BandMap::Temperature { nu, .. } => (nu.value() / wanted.value() - 1.0).abs() <= NU_TOLERANCE,
        BandMap::ComptonY(_) => false,
    };
    let place = |wanted: &Ghz| bands.iter().position(|band| is_at(band, *wanted));
    let Some(order) = nu.iter().map(place).collect::<Option<Vec<usize>>>() else { return Cow::Borrowed(observation) };
    let mut places = order.clone();
    places.sort_unstable();
    let is_whole = places.iter().copied().eq(0..bands.len());
    if !is_whole || order == places {
        return Cow::Borrowed(observation);
    }
    let bands = order.into_iter().map(|place| bands[place].clone()).collect();
    let ordered = Observation::new(bands, observation.mask().clone());
    Cow::Owned(ordered.expect("the bands of an observation are one in any order"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_maps::{Beam, Geometry, Map, Mask, Shape};
    use arcmin_units::SkyPosition;

    fn observation(nu_ghz: &[f64]) -> Observation {
        let centre = SkyPosition::from_deg(10.0, 10.0).expect("a position");
        let geometry = Geometry::tile(centre, Shape { ny: 2, nx: 2 }, Arcmin::new(0.25)).expect("a tile");
        let band = |(idx, nu): (usize, &f64)| Band {
            name: format!("{idx}"),
            beam: Beam::Delta,
            noise_arcmin: None,
            map: BandMap::Temperature {
                nu: Ghz::new(*nu),
                map: Map::new(geometry.clone(), vec![idx as f32; 4]).expect("a map"),
            },
        };
        let bands = nu_ghz.iter().enumerate().map(band).collect();
        Observation::new(bands, Mask::all_valid(geometry)).expect("bands")
    }

    fn names(nu_ghz: &[f64]) -> String {
        let observation = observation(nu_ghz);
        let ordered = in_order(&observation, &[90.0, 148.0, 219.0].map(Ghz::new));
        ordered.bands().iter().map(|band| band.name.as_str()).collect()
    }

    #[test]
    fn bands_come_in_the_order_of_the_training_where_they_go_with_it() {
        assert_eq!(names(&[90.0, 148.0, 219.0]), "012");
        assert_eq!(names(&[219.5, 90.3, 147.5]), "120");
        assert_eq!(names(&[219.0, 148.0]), "01");
        assert_eq!(names(&[219.0, 148.0, 95.0]), "012");
        assert_eq!(names(&[219.0, 148.0, 90.0, 90.1]), "0123", "there is no way to tell which of two is meant");
        assert_eq!(names(&[90.0, 90.1, 90.2]), "012");
    }
}
