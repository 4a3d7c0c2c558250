//! The loop itself.

use super::checkpoint::{self, BestWeights};
use super::curve::{CurveRow, curve_csv};
use super::objective::Objective;
use super::settings::{Report, TrainSettings};
use super::state::{Best, Running, State};
use crate::data::{Batch, Loader, LoaderSettings, Order, Position, SampleSource};
use crate::networks::Network;
use crate::ops::check_precision;
use crate::optimise::{Optimiser, Schedule, check_most, clip, loss_and_norm};
use crate::{Error, Gradients, Pass, Result, file, weights};
use arcmin_job::Progress;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Batches read ahead while one is trained on.
const QUEUE_LEN: usize = 4;

/// Files in the folder of a training.
const CHECKPOINT: &str = "checkpoint.safetensors";
const CURVE: &str = "curve.csv";
const WEIGHTS: &str = "weights.safetensors";

/// Samples to train on and to validate with.
pub struct Sources {
    /// Trained on.
    pub train: Arc<dyn SampleSource>,
    /// Looked at after each epoch.
    pub validation: Arc<dyn SampleSource>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Training is over; the network holds the weights of the best epoch.
    Finished {
        /// Number of the best epoch, from 0.
        best_epoch: u64,
        /// Its validation loss, or its cost where the objective has one.
        best_loss: f64,
        /// All epochs.
        curve: Vec<CurveRow>,
    },
    /// It was stopped; the checkpoint holds all that is needed to go on.
    Interrupted {
        /// Steps taken so far.
        n_steps: u64,
    },
}

/// Trains one network in one folder, where it keeps `checkpoint.safetensors`, `curve.csv` and, at the end,
/// `weights.safetensors`.
pub struct Trainer<'a, N, O> {
    network: &'a N,
    objective: O,
    settings: TrainSettings,
    config: Json,
    folder: PathBuf,
    report: Report,
}

impl<'a, N: Network, O: Objective<N>> Trainer<'a, N, O> {
    /// `about` is the caller's part of the configuration (the network's and the data's): a checkpoint made under another
    /// one is refused.
    pub fn new(network: &'a N, objective: O, settings: TrainSettings, about: Json, folder: &Path) -> Self {
        let config = json!({ "about": about, "settings": settings });
        Self { network, objective, settings, config, folder: folder.to_owned(), report: Report::Silent }
    }

    /// The same with progress shown or not.
    pub fn with_report(self, report: Report) -> Self {
        Self { report, ..self }
    }

    /// Trains until the validation loss (or the objective's cost) has stopped improving, the epochs are used up, or `stop` says so, which is asked
    /// before each batch. Goes on from the checkpoint of the folder if there is one, and ends in the same bits as a run
    /// that was never stopped. One process at a time may train in a folder.
    ///
    /// # Errors
    /// When the checkpoint is another configuration's, a sample cannot be made, a loss or gradient is not finite, or the
    /// folder cannot be written.
    pub fn run(&self, sources: &Sources, stop: &dyn Fn() -> bool) -> Result<Outcome> {
        check_precision(self.settings.precision, &self.network.parameters().device())?;
        self.settings.clip_norm.map_or(Ok(()), check_most)?;
        let order = Order::Shuffled { seed: self.settings.seed };
        let train = self.loader("training", &sources.train, order)?;
        let validation = self.loader("validation", &sources.validation, Order::Straight)?;
        std::fs::create_dir_all(&self.folder).map_err(|source| Error::Io { path: self.folder.clone(), source })?;
        file::remove_leftovers(&self.folder, &[CHECKPOINT, CURVE, WEIGHTS])?;
        let mut run = Run::start(self)?;
        while !run.state.finished {
            if !run.epoch(&train, stop)? {
                run.write_checkpoint()?;
                return Ok(Outcome::Interrupted { n_steps: run.state.n_steps });
            }
            run.end_epoch(&validation)?;
        }
        run.finish()
    }

    fn loader(&self, what: &'static str, source: &Arc<dyn SampleSource>, order: Order) -> Result<Loader> {
        let settings = LoaderSettings { batch_size: self.settings.batch_size, queue_len: QUEUE_LEN, order };
        Loader::new(what, Arc::clone(source), settings)
    }
}

/// A training under way.
struct Run<'a, 'b, N, O> {
    trainer: &'a Trainer<'b, N, O>,
    optimiser: Optimiser,
    state: State,
    best: BestWeights,
}

impl<'a, 'b, N: Network, O: Objective<N>> Run<'a, 'b, N, O> {
    /// Where the checkpoint stands, or at the beginning.
    fn start(trainer: &'a Trainer<'b, N, O>) -> Result<Self> {
        let parameters = trainer.network.parameters();
        let mut optimiser = Optimiser::new(trainer.settings.optimiser, parameters)?;
        let schedule = Schedule::new(trainer.settings.schedule)?;
        let path = trainer.folder.join(CHECKPOINT);
        let (state, best) = match checkpoint::read(&path, &trainer.config, parameters, &mut optimiser)? {
            Some(kept) => kept,
            None => (
                State {
                    position: Position::default(),
                    n_steps: 0,
                    schedule,
                    running: Running::default(),
                    best: None,
                    curve: Vec::new(),
                    finished: trainer.settings.max_epochs == 0,
                },
                BestWeights::new(),
            ),
        };
        Ok(Self { trainer, optimiser, state, best })
    }

    /// The rest of the running epoch; false when it was stopped.
    fn epoch(&mut self, train: &Loader, stop: &dyn Fn() -> bool) -> Result<bool> {
        let shown = self.trainer.report == Report::Progress;
        let progress = shown.then(|| Progress::new("batches of this epoch", train.n_batches()));
        if let Some(progress) = &progress {
            progress.advance(self.state.position.batch);
        }
        for batch in train.batches(self.state.position) {
            if stop() {
                return Ok(false);
            }
            self.step(&batch?)?;
            self.state.position.batch += 1;
            if let Some(progress) = &progress {
                progress.advance(1);
            }
            let every = self.trainer.settings.checkpoint_every_batches;
            if every > 0 && self.state.position.batch.is_multiple_of(every) {
                self.write_checkpoint()?;
            }
        }
        if let Some(progress) = progress {
            progress.finish();
        }
        Ok(true)
    }

    fn step(&mut self, batch: &Batch) -> Result<()> {
        let trainer = self.trainer;
        let parameters = trainer.network.parameters();
        let pass = Pass::training(trainer.settings.seed, self.state.n_steps).with_precision(trainer.settings.precision);
        let loss = trainer.objective.loss(trainer.network, &batch.to_device(&parameters.device())?, &pass)?;
        let loss_tensor = loss.tensor().clone();
        let mut gradients = loss.backward()?;
        let (value, norm) = loss_and_norm(&loss_tensor, parameters, &gradients)?;
        let Position { epoch, batch: number } = self.state.position;
        if !value.is_finite() {
            return Err(Error::NonFiniteLoss { epoch, batch: number, loss: value, samples: batch.indices.clone() });
        }
        if !norm.is_finite() {
            return Err(self.non_finite_gradient(&gradients, batch));
        }
        if let Some(most) = trainer.settings.clip_norm {
            clip(parameters, &mut gradients, norm, most)?;
        }
        let rate = self.state.schedule.rate(self.state.n_steps);
        self.optimiser.step(parameters, &gradients, rate)?;
        self.state.n_steps += 1;
        self.state.running.add(value, batch.indices.len(), norm, rate);
        Ok(())
    }

    /// The error that names the first parameter whose gradient is not finite.
    fn non_finite_gradient(&self, gradients: &Gradients, batch: &Batch) -> Error {
        let parameters = self.trainer.network.parameters();
        let Position { epoch, batch: number } = self.state.position;
        let is_bad = |name: &&crate::Parameter| {
            let gradient = gradients.of_leaf(name.id());
            gradient.is_some_and(|g| {
                !crate::floats::to_vec("a gradient", g).unwrap_or_default().iter().all(|x| x.is_finite())
            })
        };
        let parameter = parameters.trained().find(is_bad).map_or("all parameters together", |p| p.name()).to_owned();
        Error::NonFiniteGradient { parameter, epoch, batch: number, samples: batch.indices.clone() }
    }

    /// Validates, remembers the best, and decides whether to go on.
    fn end_epoch(&mut self, validation: &Loader) -> Result<()> {
        let (validation_loss, validation_cost) = self.validate(validation)?;
        let cost = validation_cost.unwrap_or(validation_loss);
        let epoch = self.state.position.epoch;
        let running = std::mem::take(&mut self.state.running);
        self.state.curve.push(CurveRow {
            epoch,
            n_steps: self.state.n_steps,
            learning_rate: running.rate,
            train_loss: running.loss / running.n_samples.max(1) as f64,
            validation_loss,
            validation_cost,
            gradient_norm: running.norm / running.n_batches.max(1) as f64,
        });
        self.state.schedule.observe(validation_loss);
        if self.state.best.is_none_or(|best| cost < best.loss) {
            self.state.best = Some(Best { epoch, loss: cost });
            self.best = weights::entries(self.trainer.network.parameters())?;
        }
        self.state.position = Position { epoch: epoch + 1, batch: 0 };
        let settings = &self.trainer.settings;
        let since_best = self.state.best.map_or(0, |best| epoch - best.epoch);
        self.state.finished = since_best >= settings.patience_epochs || epoch + 1 >= settings.max_epochs;
        let curve = curve_csv(&self.state.curve);
        file::replace(&self.trainer.folder.join(CURVE), curve.as_bytes())?;
        self.write_checkpoint()
    }

    /// Mean loss of the validation samples, and their cost where the objective has one.
    fn validate(&self, validation: &Loader) -> Result<(f64, Option<f64>)> {
        let (mut sum, mut n) = (0.0, 0);
        let mut kept = Vec::new();
        let position = Position { epoch: self.state.position.epoch, batch: 0 };
        let device = self.trainer.network.parameters().device();
        for (number, batch) in validation.batches(position).enumerate() {
            let batch = batch?.to_device(&device)?;
            let pass = Pass::evaluation().with_precision(self.trainer.settings.precision);
            let (loss, of_samples) = self.trainer.objective.judge(self.trainer.network, &batch, &pass)?;
            if !loss.is_finite() {
                let (epoch, batch_number) = (position.epoch, number as u64);
                return Err(Error::NonFiniteLoss { epoch, batch: batch_number, loss, samples: batch.indices });
            }
            sum += loss * batch.indices.len() as f64;
            n += batch.indices.len();
            kept.extend(of_samples);
        }
        Ok((sum / n as f64, self.trainer.objective.cost(&kept)))
    }

    fn write_checkpoint(&self) -> Result<()> {
        let Trainer { network, config, folder, .. } = self.trainer;
        let path = folder.join(CHECKPOINT);
        checkpoint::write(&path, config, &self.state, network.parameters(), &self.optimiser, &self.best)
    }

    /// Puts the best weights into the network and beside the checkpoint.
    fn finish(self) -> Result<Outcome> {
        let Trainer { network, config, folder, .. } = self.trainer;
        let Some(best) = self.state.best else {
            let value = self.trainer.settings.max_epochs.to_string();
            return Err(Error::Setting { what: "max_epochs", value, must: "above zero" });
        };
        let path = folder.join(WEIGHTS);
        weights::fill(&path, &self.best, network.parameters())?;
        weights::save(&path, network.parameters(), &config.to_string())?;
        Ok(Outcome::Finished { best_epoch: best.epoch, best_loss: best.loss, curve: self.state.curve })
    }
}
