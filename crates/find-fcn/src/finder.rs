//! The trained network at work.

use crate::about::{About, WEIGHTS};
use crate::calibration::Calibration;
use crate::grid::Grid;
use crate::labels::PIVOT_MSUN;
use crate::peaks::{Peak, peaks};
use crate::predict::{Shown, answers};
use crate::probability::{FcnSearch, ProbabilityMap};
use crate::{Error, FcnConfig};
use arcmin_find_learned::Error as LearnedError;
use arcmin_maps::Observation;
use arcmin_method::{Candidate, ClusterFinder, Detections, MassMeasured, ScoreKind, Unwatched, Watch};
use arcmin_nn::networks::CellNet;
use arcmin_nn::{networks::Network, weights};
use arcmin_units::{Arcmin, Mvir};
use std::path::Path;

/// Short name in records and reports.
const NAME: &str = "fcn";

/// Finds clusters with a trained network.
///
/// A candidate's score is the probability that a target lies within the radius of its position; it carries a virial mass and the
/// error of its position.
#[derive(Clone, Debug)]
pub struct FcnFinder {
    network: CellNet,
    about: About,
    calibration: Calibration,
}

impl FcnFinder {
    /// Reads weights that a fit wrote.
    ///
    /// # Errors
    /// When the file is missing, damaged, foreign, or of a network of another shape than its metadata say.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::from_bytes(&std::fs::read(path).map_err(LearnedError::io(path))?, path)
    }

    /// From what a file holds; its path is for errors.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, Error> {
        let about: About = WEIGHTS.about(bytes, path)?;
        let trained = about.trained.as_ref().expect("such a file tells of a training that has ended");
        let calibration = trained.calibration;
        about.config.check()?;
        let n_channels = about.config.n_channels(about.sky.bands.len());
        let network = CellNet::new(&about.config.network(n_channels))?;
        weights::load_bytes(bytes, path, network.parameters())?;
        Ok(Self { network, about, calibration })
    }

    /// The finder that ships, of a quick run of the experiment `deepsz`: see `docs/weights.md`.
    ///
    /// # Errors
    /// None that a build with its own file meets.
    pub fn shipped() -> Result<Self, Error> {
        const FILE: &[u8] = include_bytes!("../../../data/weights/find-fcn-deepsz.safetensors");
        Self::from_bytes(FILE, Path::new("data/weights/find-fcn-deepsz.safetensors"))
    }

    /// How the network was made and trained.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Searches an observation.
    ///
    /// # Errors
    /// [`OtherObservation`](LearnedError::OtherObservation) for bands, noise, beams or pixels other than those of the training;
    /// those of the matched filter.
    pub fn search(&self, observation: &Observation) -> Result<Detections, Error> {
        Ok(self.search_watched(observation, &Unwatched)?.expect("nobody stops it"))
    }

    /// The same while somebody watches; `None` when the watch stopped it.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn search_watched(&self, observation: &Observation, watch: &dyn Watch) -> Result<Option<Detections>, Error> {
        Ok(self.search_mapped(observation, watch)?.map(|search| search.detections))
    }

    /// The same with the map of which the candidates are the peaks, in the same pass of the network.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn search_mapped(&self, observation: &Observation, watch: &dyn Watch) -> Result<Option<FcnSearch>, Error> {
        self.about.sky.check(observation)?;
        let (config, platt) = (&self.about.config, &self.calibration.platt);
        let grid = Grid::new(observation, config)?;
        let least = platt.log_odds(config.search.probability_min);
        let (shown, searched) = (Shown::of(&grid), grid.searched_cells());
        let Some(answers) = answered(&self.network, shown, &searched, watch)? else { return Ok(None) };
        let peaks = peaks(&answers, &searched, grid.cells(), least, radius_cells(config));
        let candidate = |peak: &Peak| self.candidate(peak, &grid);
        let mut candidates: Vec<Candidate> = peaks.iter().filter_map(candidate).collect();
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
        let probability = ProbabilityMap::new(&answers, searched, &grid, platt);
        Ok(Some(FcnSearch { detections: Detections { candidates, searched: grid.searched }, probability }))
    }

    fn candidate(&self, peak: &Peak, grid: &Grid) -> Option<Candidate> {
        let Calibration { platt, mass_shift, mass_widening, position_widening, .. } = self.calibration;
        // The position may fall on a pixel that was not searched, and so may the cell's middle, where half of it was.
        let places = [peak.position(), [peak.x as f64, peak.y as f64]].map(|at| grid.map_position(at));
        let mut positions = places.into_iter().filter_map(|at| grid.searched.geometry().pix_to_sky(at));
        let position = positions.find(|&position| grid.searched.is_valid_at(position))?;
        let answer = &peak.answer;
        let mvir = Mvir::new(PIVOT_MSUN * (answer.ln_mass + mass_shift).exp());
        let ln_error = mass_widening.at(answer.log_odds) * answer.ln_sigma_mass.exp();
        let position_error =
            position_widening.at(answer.log_odds) * answer.ln_sigma_offset.exp() * self.about.config.input.cell_arcmin;
        Some(Candidate {
            mass: Some(MassMeasured { mvir, ln_error }),
            position_error: Some(Arcmin::new(position_error)),
            ..Candidate::new(position, platt.probability(answer.log_odds))
        })
    }
}

/// The peaks of at least some log-odds among the searched cells; `None` when the watch stopped it.
pub(crate) fn find(
    network: &CellNet,
    shown: Shown,
    searched: &[bool],
    config: &FcnConfig,
    least: f64,
    watch: &dyn Watch,
) -> Result<Option<Vec<Peak>>, Error> {
    let of = |answers: Vec<f32>| peaks(&answers, searched, shown.cells(), least, radius_cells(config));
    Ok(answered(network, shown, searched, watch)?.map(of))
}

/// Of peaks closer than this the higher one counts.
fn radius_cells(config: &FcnConfig) -> f64 {
    config.search.separation_arcmin / config.input.cell_arcmin
}

/// What the network says of the cells, nothing where none is searched; `None` when the watch stopped it.
fn answered(
    network: &CellNet,
    shown: Shown<'_>,
    searched: &[bool],
    watch: &dyn Watch,
) -> Result<Option<Vec<f32>>, Error> {
    if searched.contains(&true) { answers(network, shown, watch) } else { Ok(Some(Vec::new())) }
}

/// The contract's form of an error.
pub(crate) fn of_method(source: Error) -> arcmin_method::Error {
    arcmin_method::Error::Method { method: NAME.to_owned(), source: Box::new(source) }
}

impl ClusterFinder for FcnFinder {
    fn name(&self) -> &str {
        NAME
    }

    fn find(&self, observation: &Observation) -> Result<Detections, arcmin_method::Error> {
        self.search(observation).map_err(of_method)
    }

    fn find_watched(&self, observation: &Observation, watch: &dyn Watch) -> Result<Detections, arcmin_method::Error> {
        self.search_watched(observation, watch).map_err(of_method)?.ok_or(arcmin_method::Error::Interrupted)
    }

    fn score_kind(&self) -> ScoreKind {
        ScoreKind::Probability
    }
}
