//! From scenes with known haloes to a finder.

use crate::about::{Trained, WEIGHTS};
use crate::calibration::{Calibration, Matched, matched};
use crate::crops::{AllCrops, RandomCrops};
use crate::finder::find;
use crate::labels::{GridTiles, LabelledHalo, channels_and_searched};
use crate::objective::CellObjective;
use crate::predict::Shown;
use crate::{Error, FcnConfig, FcnFinder};
use arcmin_find_learned::{Fit, TileFile};
use arcmin_maps::Shape;
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
    let Some(calibration) = calibrate(&network, config, &validation, fit.stop)? else { return Ok(false) };
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
fn calibrate(
    network: &CellNet,
    config: &FcnConfig,
    tiles: &[TileFile<Vec<LabelledHalo>>],
    stop: &dyn Fn() -> bool,
) -> Result<Option<Calibration>, Error> {
    let radius_cells = config.cells.radius_arcmin / config.input.cell_arcmin;
    let mut all: Vec<Matched> = Vec::new();
    for tile in tiles {
        if stop() {
            return Ok(None);
        }
        let [ny, nx, n_stored] = tile.shape();
        let (pixels, searched) = channels_and_searched(&tile.pixels()?, nx, n_stored - 1);
        let shown = Shown { shape: Shape { ny, nx }, n_channels: n_stored - 1, pixels: &pixels };
        let peaks = find(network, shown, &searched, config, LEAST_LOG_ODDS, &Unwatched)?.expect("nobody stops it");
        all.extend(matched(peaks, tile.labels(), radius_cells));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Grid;
    use crate::labels::haloes;
    use crate::toy::ToySource;
    use arcmin_scene::SceneSource;

    /// The slow twin: the scenes once more, searched as by the finder.
    #[test]
    fn calibration_on_tiles_has_the_bits_of_that_on_scenes() {
        let config: FcnConfig =
            toml::from_str(include_str!("../tests/common/small_network.toml")).expect("the description parses");
        // So many haloes that peaks of a network which has learned nothing are likely to have one.
        let source = |seed, n_tiles| ToySource { seed, n_tiles, side: 138, n_haloes: 200, dec_deg: 0.0 };
        let folder = tempfile::tempdir().expect("a folder");
        let (train, validation) = (source(1, 1), source(2, 4));
        let stop = &|| false;
        let report = Report::Silent;
        let fit = Fit { config: &config, train: &train, validation: &validation, folder: folder.path(), report, stop };
        let [_, tiles] = fit.tiles(&GridTiles(&config)).expect("room").expect("not stopped");
        let network = CellNet::new(&config.network(3)).expect("a network");
        let on_tiles = calibrate(&network, &config, &tiles, stop).expect("tiles").expect("not stopped");
        let mut all = Vec::new();
        for tile in 0..validation.len() {
            let scene = validation.scene(tile).expect("a scene");
            let grid = Grid::new(&scene.observation, &config).expect("a grid");
            let searched = grid.searched_cells();
            let peaks = find(&network, Shown::of(&grid), &searched, &config, LEAST_LOG_ODDS, &Unwatched);
            let radius_cells = config.cells.radius_arcmin / config.input.cell_arcmin;
            all.extend(matched(
                peaks.expect("found").expect("not stopped"),
                &haloes(&scene, &grid, &config),
                radius_cells,
            ));
        }
        assert_eq!(on_tiles, Calibration::fit(&all));
        assert!(on_tiles.n_peaks[1] >= 10 && on_tiles.position_widening.factor != [1.0; 2], "{on_tiles:?}");
    }
}
