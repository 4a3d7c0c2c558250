//! The trained network at work.

use crate::Error;
use crate::about::{About, WEIGHTS};
use crate::input::InputScaling;
use crate::lattice::{Lattice, Place, SIDE};
use crate::objective::log_odds;
use arcmin_find_learned::Platt;
use arcmin_maps::{Mask, Observation};
use arcmin_method::{Candidate, ClusterFinder, Detections, ScoreKind, Unwatched, Watch};
use arcmin_nn::networks::{DeepszResnet, Network};
use arcmin_nn::{Pass, Value, weights};
use candle_core::{Device, Tensor};
use std::path::Path;

/// Short name in records and reports.
const NAME: &str = "cnn";
/// Cutouts that go through the network together.
const BATCH: usize = 128;

/// Finds clusters with a trained network.
///
/// A candidate is a cutout: its position is the cutout's centre, from which the cluster lies up to half a stride away along
/// each axis, and its score is the probability that one does.
#[derive(Clone, Debug)]
pub struct CnnFinder {
    network: DeepszResnet,
    about: About,
    platt: Platt,
}

/// A cutout with its log-odds.
type Answered = (Place, f32);

impl CnnFinder {
    /// Reads weights that a fit wrote.
    ///
    /// # Errors
    /// When the file is missing, damaged, foreign, or of a network of another shape than its metadata say.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::from_bytes(&std::fs::read(path).map_err(arcmin_find_learned::Error::io(path))?, path)
    }

    /// From what a file holds; its path is for errors.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, Error> {
        let about: About = WEIGHTS.about(bytes, path)?;
        let trained = about.trained.as_ref().expect("such a file tells of a training that has ended");
        let platt = trained.platt;
        about.config.check()?;
        let network = DeepszResnet::new(&about.config.network(about.sky.bands.len()))?;
        weights::load_bytes(bytes, path, network.parameters())?;
        Ok(Self { network, about, platt })
    }

    /// The network that ships with arcmin: 90, 148 and 219 GHz with noise of 2.8, 2.6 and 6.6 uK arcmin, no beam, pixels of
    /// 0.25' (data/weights).
    ///
    /// # Errors
    /// None that a build with its own file meets.
    pub fn shipped() -> Result<Self, Error> {
        const FILE: &[u8] = include_bytes!("../../../data/weights/find-cnn-deepsz.safetensors");
        Self::from_bytes(FILE, Path::new("data/weights/find-cnn-deepsz.safetensors"))
    }

    /// How the network was made and trained.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Searches an observation.
    ///
    /// # Errors
    /// [`OtherObservation`](arcmin_find_learned::Error::OtherObservation) for bands, noise, beams or pixels other than those of the training.
    pub fn search(&self, observation: &Observation) -> Result<Detections, Error> {
        Ok(self.search_watched(observation, &Unwatched)?.expect("nobody stops it"))
    }

    /// The same while somebody watches; `None` when the watch stopped it.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn search_watched(&self, observation: &Observation, watch: &dyn Watch) -> Result<Option<Detections>, Error> {
        self.about.sky.check(observation)?;
        let lattice = Lattice::of_equal_area(observation.geometry(), &self.about.config.cutouts);
        let places = self.usable(observation.mask(), lattice.places());
        let Some(answered) = self.answer(observation, &places, watch)? else { return Ok(None) };
        let mut searched = Mask::all_valid(observation.geometry().clone());
        searched.valid_mut().fill(false);
        let nx = observation.geometry().shape().nx;
        for (place, _) in &answered {
            let [xs, ys] = lattice.central_pixels(place.cell);
            ys.for_each(|y| searched.valid_mut()[y * nx + xs.start..y * nx + xs.end].fill(true));
        }
        let mut candidates: Vec<Candidate> =
            answered.iter().filter_map(|answer| self.candidate(observation, answer)).collect();
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
        Ok(Some(Detections { candidates, searched }))
    }

    /// The cutouts of which enough is there.
    fn usable(&self, mask: &Mask, places: Vec<Place>) -> Vec<Place> {
        let nx = mask.geometry().shape().nx;
        let most = self.about.config.search.masked_share_max * (SIDE * SIDE) as f64;
        let n_missing = |place: &Place| {
            let row = |y: usize| &mask.valid()[(place.y0 + y) * nx + place.x0..][..SIDE];
            (0..SIDE).map(|y| row(y).iter().filter(|&&valid| !valid).count()).sum::<usize>()
        };
        places.into_iter().filter(|place| n_missing(place) as f64 <= most).collect()
    }

    /// What the network says of each cutout; `None` when the watch stopped it.
    fn answer(
        &self,
        observation: &Observation,
        places: &[Place],
        watch: &dyn Watch,
    ) -> Result<Option<Vec<Answered>>, Error> {
        let n_bands = observation.bands().len();
        let scaling = InputScaling::new(&self.about.config.input, n_bands)?;
        let device = self.network.parameters().device();
        let mut answered = Vec::with_capacity(places.len());
        watch.begins("cutouts", places.len() as u64);
        for batch in places.chunks(BATCH) {
            if watch.stops() {
                return Ok(None);
            }
            let mut input = Vec::with_capacity(batch.len() * SIDE * SIDE * n_bands);
            for place in batch {
                let mut pixels = cutout(observation, place);
                scaling.apply(&mut pixels);
                input.extend(pixels);
            }
            let input =
                Tensor::from_vec(input, (batch.len(), SIDE, SIDE, n_bands), &Device::Cpu)?.to_device(&device)?;
            let logits = self.network.forward(&Value::constant(input), &Pass::evaluation())?;
            answered.extend(batch.iter().copied().zip(log_odds(&logits)?));
            watch.done(batch.len() as u64);
        }
        Ok(Some(answered))
    }

    fn candidate(&self, observation: &Observation, &(place, log_odds): &Answered) -> Option<Candidate> {
        let score = self.platt.probability(f64::from(log_odds));
        let position = observation.geometry().pix_to_sky(place.centre)?;
        (score >= self.about.config.search.probability_min).then(|| Candidate::new(position, score))
    }
}

/// Pixels `[y, x, band]` of a cutout; missing ones take the mean of the others of their band.
fn cutout(observation: &Observation, place: &Place) -> Vec<f32> {
    let nx = observation.geometry().shape().nx;
    let n_bands = observation.bands().len();
    let valid = observation.mask().valid();
    let index = |i: usize| (place.y0 + i / SIDE) * nx + place.x0 + i % SIDE;
    let mut cutout = vec![0.0; SIDE * SIDE * n_bands];
    for (band_idx, band) in observation.bands().iter().enumerate() {
        let pixels = band.map.pixels();
        let there = (0..SIDE * SIDE).map(index).filter(|&i| valid[i]);
        let (sum, n) = there.fold((0.0, 0), |(sum, n), i| (sum + f64::from(pixels[i]), n + 1));
        let mean = (sum / f64::from(n.max(1))) as f32;
        for i in 0..SIDE * SIDE {
            let at = index(i);
            cutout[i * n_bands + band_idx] = if valid[at] { pixels[at] } else { mean };
        }
    }
    cutout
}

/// The contract's form of an error.
pub(crate) fn of_method(source: Error) -> arcmin_method::Error {
    arcmin_method::Error::Method { method: NAME.to_owned(), source: Box::new(source) }
}

impl ClusterFinder for CnnFinder {
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
