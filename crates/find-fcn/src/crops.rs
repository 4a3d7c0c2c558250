//! Pieces of tiles as training and validation samples.

use crate::labels::{LabelledHalo, N_TARGETS, cell_targets};
use crate::{Error, FcnConfig};
use arcmin_find_learned::{TileFile, Turn, stream};
use arcmin_nn::data::{Part, Sample, SampleId, SampleSource};
use rand::Rng;
use std::sync::Arc;

/// The tiles of a split.
pub(crate) type Tiles = Arc<Vec<TileFile<Vec<LabelledHalo>>>>;

/// How pieces are cut.
#[derive(Clone)]
struct Cutter {
    tiles: Tiles,
    /// Side and rim in cells.
    side: usize,
    rim: usize,
    radius_cells: f64,
}

/// First cell of a piece along x and y.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    tile: usize,
    x0: usize,
    y0: usize,
}

impl Cutter {
    fn new(tiles: &Tiles, config: &FcnConfig) -> Result<Self, Error> {
        let side = config.crops.side_cells;
        for tile in tiles.iter() {
            let [ny, nx, _] = tile.shape();
            let tile_cells = ny.min(nx) / 2;
            if tile_cells < side {
                return Err(Error::TileTooSmall { tile_cells, side_cells: side });
            }
        }
        let radius_cells = config.cells.radius_arcmin / config.input.cell_arcmin;
        Ok(Self { tiles: Arc::clone(tiles), side, rim: config.crops.rim_cells, radius_cells })
    }

    /// Rows and columns of cells of a tile.
    fn cells(&self, tile: usize) -> [usize; 2] {
        let [ny, nx, _] = self.tiles[tile].shape();
        [ny / 2, nx / 2]
    }

    /// Two parts: channels `[2 side, 2 side, channel]`, and what is asked of the cells, `[side, side, 6]`.
    fn cut(&self, Place { tile, x0, y0 }: Place, turn: Turn) -> Result<Sample, Error> {
        let side = self.side;
        let tile = &self.tiles[tile];
        let n_stored = tile.shape()[2];
        let stored = turn.apply(&tile.square(2 * x0, 2 * y0, 2 * side)?, n_stored);
        let mut pixels = Vec::with_capacity(stored.len() / n_stored * (n_stored - 1));
        stored.chunks_exact(n_stored).for_each(|pixel| pixels.extend_from_slice(&pixel[..n_stored - 1]));
        let within = |at: usize| (self.rim..side - self.rim).contains(&at);
        let counts = |i: usize| {
            let (x, y) = (i % side, i / side);
            within(x) && within(y) && stored[(2 * y * 2 * side + 2 * x) * n_stored + n_stored - 1] > 0.5
        };
        let counts: Vec<bool> = (0..side * side).map(counts).collect();
        let turned = |halo: &LabelledHalo| {
            let share = |at: f64, first: usize| (at + 0.5 - first as f64) / side as f64;
            let [x, y] = turn.position([share(halo.x, x0), share(halo.y, y0)]).map(|at| at * side as f64 - 0.5);
            LabelledHalo { x, y, ..*halo }
        };
        let haloes: Vec<LabelledHalo> = tile.labels().iter().map(turned).collect();
        let targets = cell_targets(&haloes, &counts, side, self.radius_cells);
        let values = targets.into_iter().flat_map(|target| target.to_row()).collect();
        let input = Part { shape: vec![2 * side, 2 * side, n_stored - 1], values: pixels };
        Ok(Sample { parts: vec![input, Part { shape: vec![side, side, N_TARGETS], values }] })
    }
}

/// Pieces anywhere on the tiles, turned; other ones in each epoch.
pub(crate) struct RandomCrops {
    cutter: Cutter,
    per_tile: usize,
    seed: u64,
}

impl RandomCrops {
    pub(crate) fn new(tiles: &Tiles, config: &FcnConfig) -> Result<Self, Error> {
        let (per_tile, seed) = (config.crops.per_tile, config.training.seed);
        Ok(Self { cutter: Cutter::new(tiles, config)?, per_tile, seed })
    }

    fn draw(&self, id: SampleId) -> (Place, Turn) {
        let tile = id.index as usize / self.per_tile;
        let mut rng = stream(self.seed, "training piece", id.epoch, id.index);
        let [ny, nx] = self.cutter.cells(tile);
        // The bias of a remainder of 64 bits is below 1e-15 for tiles of any size.
        let mut first = |n: usize| (rng.next_u64() % (n - self.cutter.side + 1) as u64) as usize;
        let place = Place { tile, x0: first(nx), y0: first(ny) };
        (place, Turn::new(rng.next_u64() % 8))
    }
}

impl SampleSource for RandomCrops {
    fn n_samples(&self) -> u64 {
        (self.cutter.tiles.len() * self.per_tile) as u64
    }

    fn sample(&self, id: SampleId) -> Result<Sample, Box<dyn std::error::Error + Send + Sync>> {
        let (place, turn) = self.draw(id);
        Ok(self.cutter.cut(place, turn)?)
    }
}

/// All cells of the tiles but their rims, piece by piece; the last pieces of a row or column lie over those before.
pub(crate) struct AllCrops {
    cutter: Cutter,
    places: Vec<Place>,
}

impl AllCrops {
    pub(crate) fn new(tiles: &Tiles, config: &FcnConfig) -> Result<Self, Error> {
        let cutter = Cutter::new(tiles, config)?;
        let mut places = Vec::new();
        for tile in 0..tiles.len() {
            let [ny, nx] = cutter.cells(tile);
            let firsts = |n: usize| {
                let last = n - cutter.side;
                (0..last).step_by(cutter.side - 2 * cutter.rim).chain([last])
            };
            places.extend(firsts(ny).flat_map(|y0| firsts(nx).map(move |x0| Place { tile, x0, y0 })));
        }
        Ok(Self { cutter, places })
    }
}

impl SampleSource for AllCrops {
    fn n_samples(&self) -> u64 {
        self.places.len() as u64
    }

    fn sample(&self, id: SampleId) -> Result<Sample, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.cutter.cut(self.places[id.index as usize], Turn::new(0))?)
    }
}
