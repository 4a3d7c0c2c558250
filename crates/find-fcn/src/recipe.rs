//! From scenes with known haloes to a finder.

use crate::about::{About, FORMAT, Trained};
use crate::calibration::{Calibration, Matched, matched};
use crate::crops::{AllCrops, RandomCrops, Tiles};
use crate::finder::find;
use crate::grid::Grid;
use crate::labels::{GridTiles, haloes};
use crate::objective::CellObjective;
use crate::{Error, FcnConfig, FcnFinder};
use arcmin_find_learned::{Error as LearnedError, FitLock, Sky, TileStore, TilesKept, identity};
use arcmin_method::{ClusterFinder, FinderRecipe, FinderSources, Unwatched};
use arcmin_nn::networks::{CellNet, Network};
use arcmin_nn::train::{Outcome, Report, Sources, Trainer};
use arcmin_nn::weights;
use arcmin_scene::SceneSource;
use candle_core::Tensor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// File of the trained weights in the folder of a fit, and the folder of its tiles.
const WEIGHTS: &str = "fcn.safetensors";
const TILES: &str = "tiles";

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
        std::fs::create_dir_all(folder).map_err(LearnedError::io(folder))?;
        let Some(_lock) = FitLock::wait(folder, stop)? else { return Ok(None) };
        let fit = Fit { recipe: self, sources, folder, tiles: folder.join(TILES) };
        let path = folder.join(WEIGHTS);
        let finder = match path.exists() {
            true => fit.fitted(FcnFinder::load(&path)?, path)?,
            false => match fit.run(stop)? {
                Some(finder) => finder,
                None => return Ok(None),
            },
        };
        if self.config.tiles == TilesKept::Deleted && fit.tiles.exists() {
            std::fs::remove_dir_all(&fit.tiles).map_err(LearnedError::io(&fit.tiles))?;
        }
        Ok(Some(finder))
    }
}

/// A fit under way.
struct Fit<'a> {
    recipe: &'a FcnRecipe,
    sources: &'a FinderSources,
    folder: &'a Path,
    tiles: PathBuf,
}

impl Fit<'_> {
    fn config(&self) -> &FcnConfig {
        &self.recipe.config
    }

    /// The finder of an earlier fit, if that was this one.
    fn fitted(&self, finder: FcnFinder, path: PathBuf) -> Result<FcnFinder, Error> {
        let about = finder.about();
        // By way of JSON, as what is in the file came: decimal digits need not come back as the same bits.
        let text = serde_json::to_string(self.config()).expect("a plain struct with string keys");
        let config: FcnConfig = serde_json::from_str(&text).expect("it has just been written");
        let is_ours = about.config == config && about.sources == self.identities();
        if is_ours { Ok(finder) } else { Err(Error::OtherFit { path }) }
    }

    fn identities(&self) -> [(String, u64); 2] {
        [identity(&*self.sources.train), identity(&*self.sources.validation)]
    }

    /// The tiles of a split; `None` when `stop` said so.
    fn tiles(
        &self,
        split: &'static str,
        source: &dyn SceneSource,
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<Tiles>, Error> {
        let store = TileStore { folder: &self.tiles, split, source, kind: &GridTiles(self.config()) };
        if !store.make(self.recipe.report, stop)? {
            return Ok(None);
        }
        let tiles = store.open()?;
        match n_targets(&tiles) {
            0 => Err(Error::TooFewTargets { split, n_targets: 0 }),
            _ => Ok(Some(Arc::new(tiles))),
        }
    }

    fn run(&self, stop: &dyn Fn() -> bool) -> Result<Option<FcnFinder>, Error> {
        let Some(train) = self.tiles("train", &*self.sources.train, stop)? else { return Ok(None) };
        let Some(validation) = self.tiles("validation", &*self.sources.validation, stop)? else { return Ok(None) };
        let config = self.config();
        let sky = Sky::one(train[0].sky(), validation[0].sky())?;
        let network = CellNet::new(&config.network(config.n_channels(sky.bands.len())))?;
        expect_few(&network, &train, config)?;
        let (config_kept, sources) = (config.clone(), self.identities());
        let mut about = About { format: FORMAT, config: config_kept, sky, sources, trained: None };
        let of_checkpoint = serde_json::to_value(&about).expect("a plain struct with string keys");
        let objective = CellObjective { cells: config.cells };
        let sources = Sources {
            train: Arc::new(RandomCrops::new(&train, config)?),
            validation: Arc::new(AllCrops::new(&validation, config)?),
        };
        let trainer = Trainer::new(&network, objective, config.training.clone(), of_checkpoint, self.folder);
        let outcome = trainer.with_report(self.recipe.report).run(&sources, stop)?;
        let Outcome::Finished { best_epoch, best_loss, curve } = outcome else { return Ok(None) };
        let Some(calibration) = self.calibrate(&network, stop)? else { return Ok(None) };
        about.trained = Some(Trained {
            n_targets: [&train, &validation].map(|tiles| n_targets(tiles) as u64),
            n_epochs: curve.len() as u64,
            best_epoch,
            cross_entropy: best_loss,
            calibration,
        });
        let line = serde_json::to_string(&about).expect("a plain struct with string keys");
        let path = self.folder.join(WEIGHTS);
        weights::save(&path, network.parameters(), &line)?;
        // Read back: a number in decimal digits need not come back as the same bits, and those who read must agree.
        Ok(Some(FcnFinder::load(&path)?))
    }

    /// On the peaks of all validation tiles, found as in a search; `None` when `stop` said so.
    fn calibrate(&self, network: &CellNet, stop: &dyn Fn() -> bool) -> Result<Option<Calibration>, Error> {
        let config = self.config();
        let source = &self.sources.validation;
        let mut all: Vec<Matched> = Vec::new();
        for tile in 0..source.len() {
            if stop() {
                return Ok(None);
            }
            let scene = source.scene(tile).map_err(LearnedError::Scene)?;
            let grid = Grid::new(&scene.observation, config)?;
            let peaks = find(network, &grid, config, LEAST_LOG_ODDS, &Unwatched)?.expect("nobody stops it");
            let radius_cells = config.cells.radius_arcmin / config.input.cell_arcmin;
            all.extend(matched(peaks, &haloes(&scene, &grid, config), radius_cells));
        }
        Ok(Some(Calibration::fit(&all)))
    }
}

/// Targets where tiles are searched: all that are labelled, as the border is narrow and takes part in no score.
fn n_targets(tiles: &[arcmin_find_learned::TileFile<Vec<crate::labels::LabelledHalo>>]) -> usize {
    tiles.iter().flat_map(|tile| tile.labels()).filter(|halo| halo.is_target).count()
}

/// Lets the network begin with the share of cells that are positive, which it would spend its first steps on otherwise.
fn expect_few(network: &CellNet, tiles: &Tiles, config: &FcnConfig) -> Result<(), Error> {
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
