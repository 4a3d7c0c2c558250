//! From scenes with known haloes to a finder.

use crate::about::{Trained, WEIGHTS};
use crate::calibration::{Calibration, Matched, matched};
use crate::crops::{AllCrops, RandomCrops};
use crate::finder::find;
use crate::grid::Grid;
use crate::labels::{GridTiles, LabelledHalo, haloes};
use crate::objective::CellObjective;
use crate::{Error, FcnConfig, FcnFinder};
use arcmin_find_learned::{Error as LearnedError, Fit, TileFile};
use arcmin_method::{ClusterFinder, FinderRecipe, FinderSources, Unwatched};
use arcmin_nn::networks::{CellNet, Network};
use arcmin_nn::train::{Outcome, Report, Sources};
use candle_core::Tensor;
use std::path::Path;
use std::sync::Arc;

/// File of the trained weights in the folder of a fit.
const FILE: &str = "fcn.safetensors";

/// Least log-odds of the peaks that a finder is calibrated on: what lies below has next to no chance.
const LEAST_LOG_ODDS: f64 = -6.0;

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct FcnRecipe {
    config: FcnConfig,
    report: Report,
}

impl FcnRecipe {
    /// Checks a configuration.
    ///
    /// # Errors
    /// For the first value that cannot be.
    pub fn new(config: FcnConfig) -> Result<Self, Error> {
        config.check()?;
        Ok(Self { config, report: Report::Silent })
    }

    /// The same with progress of tiles and training shown or not.
    pub fn with_report(self, report: Report) -> Self {
        Self { report, ..self }
    }

    /// Fits, or reads what an earlier fit of the same configuration and sources left; `None` when `stop` said so. The folder
    /// holds the tiles while they are needed, a checkpoint and the learning curve of the training, and at the end
    /// `fcn.safetensors`, which [`FcnFinder::load`] reads. Processes that fit in one folder wait for each other, so that the
    /// first one trains and the others read.
    ///
    /// # Errors
    /// When a tile cannot be made, kept or read, there is no target, the folder holds a fit of another configuration, or the
    /// training fails.
    pub fn train(
        &self,
        sources: &FinderSources,
        folder: &Path,
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<FcnFinder>, Error> {
        let fit = Fit {
            config: &self.config,
            train: &*sources.train,
            validation: &*sources.validation,
            folder,
            report: self.report,
            stop,
        };
        fit.once(FILE, self.config.tiles, |path| run(&fit, path), FcnFinder::load, FcnFinder::about)
    }
}

/// False when it was stopped.
fn run(fit: &Fit<FcnConfig>, path: &Path) -> Result<bool, Error> {
    let config = fit.config;
    let Some([train, validation]) = fit.tiles(&GridTiles(config))? else { return Ok(false) };
    let n_targets = [("train", &train), ("validation", &validation)].map(|(split, tiles)| (split, n_targets(tiles)));
    if let Some(&(split, n_targets)) = n_targets.iter().find(|split| split.1 == 0) {
        return Err(Error::TooFewTargets { split, n_targets });
    }
    let mut about = fit.about(WEIGHTS.format, [train[0].sky(), validation[0].sky()])?;
    let network = CellNet::new(&config.network(config.n_channels(about.sky.bands.len())))?;
    expect_few(&network, &train, config)?;
    let (train, validation) = (Arc::new(train), Arc::new(validation));
    let samples = Sources {
        train: Arc::new(RandomCrops::new(&train, config)?),
        validation: Arc::new(AllCrops::new(&validation, config)?),
    };
    let objective = CellObjective { cells: config.cells };
    let outcome = fit.train(&network, objective, &config.training, &samples, &about)?;
    let Outcome::Finished { best_epoch, best_loss, curve } = outcome else { return Ok(false) };
    let Some(calibration) = calibrate(&network, fit)? else { return Ok(false) };
    about.trained = Some(Trained {
        n_targets: n_targets.map(|split| split.1 as u64),
        n_epochs: curve.len() as u64,
        best_epoch,
        cross_entropy: best_loss,
        calibration,
    });
    about.save(path, network.parameters())?;
    Ok(true)
}

/// On the peaks of all validation tiles, found as in a search; `None` when it was stopped.
fn calibrate(network: &CellNet, fit: &Fit<FcnConfig>) -> Result<Option<Calibration>, Error> {
    let config = fit.config;
    let mut all: Vec<Matched> = Vec::new();
    for tile in 0..fit.validation.len() {
        if (fit.stop)() {
            return Ok(None);
        }
        let scene = fit.validation.scene(tile).map_err(LearnedError::Scene)?;
        let grid = Grid::new(&scene.observation, config)?;
        let peaks = find(network, &grid, config, LEAST_LOG_ODDS, &Unwatched)?.expect("nobody stops it");
        let radius_cells = config.cells.radius_arcmin / config.input.cell_arcmin;
        all.extend(matched(peaks, &haloes(&scene, &grid, config), radius_cells));
    }
    Ok(Some(Calibration::fit(&all)))
}

/// Targets where tiles are searched: all that are labelled, as the border is narrow and takes part in no score.
fn n_targets(tiles: &[TileFile<Vec<LabelledHalo>>]) -> usize {
    tiles.iter().flat_map(|tile| tile.labels()).filter(|halo| halo.is_target).count()
}

/// Lets the network begin with the share of cells that are positive, which it would spend its first steps on otherwise.
fn expect_few(network: &CellNet, tiles: &[TileFile<Vec<LabelledHalo>>], config: &FcnConfig) -> Result<(), Error> {
    let cells_of_target = std::f64::consts::PI * (config.cells.radius_arcmin / config.input.cell_arcmin).powi(2);
    let n_cells: usize = tiles.iter().map(|tile| tile.shape()[0] * tile.shape()[1] / 4).sum();
    let share = (n_targets(tiles) as f64 * cells_of_target / n_cells as f64).min(0.5);
    let bias = network.parameters().named("last.bias").expect("the last layer has one");
    let mut values = bias.tensor().to_vec1::<f32>()?;
    values[0] = (share / (1.0 - share)).ln() as f32;
    bias.set(&Tensor::new(values, bias.tensor().device())?)?;
    Ok(())
}

impl FinderRecipe for FcnRecipe {
    fn fit(
        &self,
        sources: &FinderSources,
        folder: &Path,
        stop: &dyn Fn() -> bool,
    ) -> Result<Box<dyn ClusterFinder>, arcmin_method::Error> {
        let fitted = self.train(sources, folder, stop).map_err(crate::finder::of_method)?;
        fitted.map(|finder| Box::new(finder) as Box<dyn ClusterFinder>).ok_or(arcmin_method::Error::Interrupted)
    }
}
