//! Two finders as one.

use crate::{Combination, CutoutEvidence, CutoutGrid, Error};
use arcmin_maps::{EqualAreaLattice, Geometry, Mask, Observation, PixelPosition};
use arcmin_method::{Candidate, ClusterFinder, Detections, ScoreKind, Unwatched, Watch};
use std::collections::{BTreeMap, BTreeSet};

/// Runs two finders and answers with one candidate a cutout.
///
/// The candidate stands where the strongest one of the first finder does, with its amplitudes; where the first has none in
/// that cutout, it is the second's. What lies where one of the two did not search, or in a cutout of whose middle less than half
/// was searched, takes no part.
///
/// A candidate belongs to the cutout that holds its own position. Scores by cutouts ([`Lin21`](crate)) give it to the cutout of its
/// halo instead, which a finder at work cannot know: where a cluster lies on an edge the two finders may answer for
/// different cutouts here.
pub struct EnsembleFinder {
    first: Box<dyn ClusterFinder>,
    second: Box<dyn ClusterFinder>,
    combination: Combination,
    grid: CutoutGrid,
}

impl EnsembleFinder {
    /// From two finders and a combination that was fitted on what they say.
    ///
    /// # Errors
    /// [`Error::BadGrid`].
    pub fn new(
        first: Box<dyn ClusterFinder>,
        second: Box<dyn ClusterFinder>,
        combination: Combination,
        grid: CutoutGrid,
    ) -> Result<Self, Error> {
        grid.check()?;
        Ok(Self { first, second, combination, grid })
    }

    /// The strongest candidate of each cutout, of those on searched pixels.
    fn strongest<'a>(
        &self,
        answer: &'a Detections,
        searched: &Mask,
        cells: &EqualAreaLattice,
    ) -> BTreeMap<usize, &'a Candidate> {
        let mut strongest = BTreeMap::new();
        for candidate in &answer.candidates {
            if !searched.is_valid_at(candidate.position) {
                continue;
            }
            let pixel = searched.geometry().sky_to_pix(candidate.position);
            if let Some(cell) = pixel.and_then(|pixel| cells.number_at(pixel)) {
                // They come by falling score, so that the first one of a cutout is its strongest.
                strongest.entry(cell).or_insert(candidate);
            }
        }
        strongest
    }

    fn combine(&self, first: &Detections, second: &Detections) -> Detections {
        let cells = self.grid.over(first.searched.geometry());
        let searched = searched_by_both(&first.searched, &second.searched, &cells);
        let firsts = self.strongest(first, &searched, &cells);
        let seconds = self.strongest(second, &searched, &cells);
        let found: BTreeSet<&usize> = firsts.keys().chain(seconds.keys()).collect();
        let pair = |cell: &usize| (firsts.get(cell).copied(), seconds.get(cell).copied());
        let candidate = |cell| self.candidate(pair(cell), searched.geometry(), &cells);
        let mut candidates: Vec<Candidate> = found.into_iter().filter_map(candidate).collect();
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
        Detections { candidates, searched }
    }

    /// The candidate of a cutout in which either finder has one.
    fn candidate(
        &self,
        (first, second): (Option<&Candidate>, Option<&Candidate>),
        geometry: &Geometry,
        cells: &EqualAreaLattice,
    ) -> Option<Candidate> {
        let pixel_arcmin = geometry.pixel_size().to_arcmin().value();
        let from_middle = |first: &Candidate| cells.from_middle(geometry.sky_to_pix(first.position)?);
        let evidence = CutoutEvidence {
            first: first.map(|first| first.score),
            second: second.map(|second| second.score),
            scale_arcmin: first.and_then(|first| first.best.as_ref()).map(|best| best.scale_arcmin),
            from_middle_arcmin: first.and_then(from_middle).map(|pixels| pixels * pixel_arcmin),
        };
        Some(Candidate { score: self.combination.score(&evidence)?, ..first.or(second)?.clone() })
    }
}

/// Pixels that both searched, of cutouts of whose middle that is at least half.
fn searched_by_both(first: &Mask, second: &Mask, cells: &EqualAreaLattice) -> Mask {
    let nx = first.geometry().shape().nx;
    let cell_of = |idx: usize| cells.number_at(PixelPosition { x: (idx % nx) as f64, y: (idx / nx) as f64 });
    let mut searched = first.clone();
    let mut numbers = vec![(0u32, 0u32); cells.len()];
    for (idx, (valid, other)) in searched.valid_mut().iter_mut().zip(second.valid()).enumerate() {
        *valid &= other;
        if let Some(cell) = cell_of(idx) {
            numbers[cell].0 += u32::from(*valid);
            numbers[cell].1 += 1;
        }
    }
    for (idx, valid) in searched.valid_mut().iter_mut().enumerate() {
        *valid &= cell_of(idx).is_some_and(|cell| 2 * numbers[cell].0 >= numbers[cell].1);
    }
    searched
}

fn check_pixels(finder: &dyn ClusterFinder, answer: &Detections, asked: &Geometry) -> Result<(), Error> {
    if answer.searched.geometry() == asked {
        Ok(())
    } else {
        Err(Error::OtherPixels { finder: finder.name().to_owned() })
    }
}

impl ClusterFinder for EnsembleFinder {
    fn name(&self) -> &str {
        self.combination.kind().name()
    }

    fn find(&self, observation: &Observation) -> Result<Detections, arcmin_method::Error> {
        self.find_watched(observation, &Unwatched)
    }

    fn find_watched(&self, observation: &Observation, watch: &dyn Watch) -> Result<Detections, arcmin_method::Error> {
        let ours =
            |source: Error| arcmin_method::Error::Method { method: self.name().to_owned(), source: Box::new(source) };
        let answer = |finder: &dyn ClusterFinder| {
            let answer = finder.find_watched(observation, watch)?;
            check_pixels(finder, &answer, observation.geometry()).map_err(ours)?;
            Ok::<_, arcmin_method::Error>(answer)
        };
        Ok(self.combine(&answer(&*self.first)?, &answer(&*self.second)?))
    }

    fn score_kind(&self) -> ScoreKind {
        self.combination.kind().score_kind()
    }
}
