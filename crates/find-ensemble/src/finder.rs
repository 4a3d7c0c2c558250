//! Two finders as one.

use crate::{Combination, CutoutGrid, Error};
use arcmin_maps::{EqualAreaLattice, Geometry, Mask, Observation, PixelPosition};
use arcmin_method::{Candidate, ClusterFinder, Detections, ScoreKind, Unwatched, Watch};
use std::collections::BTreeMap;

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
            let pixel = searched.geometry().sky_to_pix(candidate.position);
            let place = pixel.filter(|&pixel| is_valid(searched, pixel)).and_then(|pixel| cells.number_at(pixel));
            if let Some(cell) = place {
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
        let mut candidates = Vec::new();
        let mut seconds = self.strongest(second, &searched, &cells);
        for (cell, candidate) in &firsts {
            let other = seconds.remove(cell).map(|other| other.score);
            candidates.extend(self.candidate(candidate, Some(candidate.score), other));
        }
        candidates.extend(seconds.values().filter_map(|other| self.candidate(other, None, Some(other.score))));
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
        Detections { candidates, searched }
    }

    fn candidate(&self, at: &Candidate, first: Option<f64>, second: Option<f64>) -> Option<Candidate> {
        let score = self.combination.score(first, second)?;
        Some(Candidate { score, ..at.clone() })
    }
}

fn is_valid(mask: &Mask, pixel: PixelPosition) -> bool {
    let shape = mask.geometry().shape();
    let (x, y) = (pixel.x.round(), pixel.y.round());
    let inside = x >= 0.0 && y >= 0.0 && x < shape.nx as f64 && y < shape.ny as f64;
    inside && mask.valid()[y as usize * shape.nx + x as usize]
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
