//! Pieces of tiles as training and validation samples.

use crate::labels::{LabelledHalo, N_TARGETS, cell_targets, channels_and_searched};
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
        let n_channels = tile.shape()[2] - 1;
        let stored = turn.apply(&tile.square(2 * x0, 2 * y0, 2 * side)?, n_channels + 1);
        let (pixels, searched) = channels_and_searched(&stored, 2 * side, n_channels);
        let within = |at: usize| (self.rim..side - self.rim).contains(&at);
        let counts = |i: usize| within(i % side) && within(i / side) && searched[i];
        let counts: Vec<bool> = (0..side * side).map(counts).collect();
        let turned = |halo: &LabelledHalo| {
            let share = |at: f64, first: usize| (at + 0.5 - first as f64) / side as f64;
            let [x, y] = turn.position([share(halo.x, x0), share(halo.y, y0)]).map(|at| at * side as f64 - 0.5);
            LabelledHalo { x, y, ..*halo }
        };
        let haloes: Vec<LabelledHalo> = tile.labels().iter().map(turned).collect();
        let targets = cell_targets(&haloes, &counts, side, self.radius_cells);
        let values = targets.into_iter().flat_map(|target| target.to_row()).collect();
        let input = Part { shape: vec![2 * side, 2 * side, n_channels], values: pixels };
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

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_find_learned::{BandAbout, Sky, Tile};

    const RADIUS: f64 = 0.9;

    /// A tile of 40 x 48 cells whose channel shows where its haloes are; the first 6 rows of cells are not searched.
    fn tiles(folder: &std::path::Path) -> Tiles {
        let haloes: Vec<LabelledHalo> = [(10.2, 12.4), (30.0, 8.8), (22.6, 33.1)]
            .map(|(x, y)| LabelledHalo { x, y, ln_mass: 0.1 * x, is_target: true })
            .to_vec();
        let (ny, nx) = (80, 96);
        let value = |i: usize| {
            let (x, y) = (((i % nx) as f64 + 0.5) / 2.0 - 0.5, ((i / nx) as f64 + 0.5) / 2.0 - 0.5);
            let is_near = |halo: &LabelledHalo| (halo.x - x).hypot(halo.y - y) < RADIUS;
            f32::from(u8::from(haloes.iter().any(is_near)))
        };
        let pixels = (0..ny * nx).flat_map(|i| [value(i), f32::from(u8::from(i / nx >= 12))]).collect();
        let band = BandAbout { name: "148".into(), nu_ghz: 148.0, beam_fwhm_arcmin: 0.0, noise_uk_arcmin: 1.0 };
        let sky = Sky { bands: vec![band], pixel_arcmin: 0.5 };
        let stem = folder.join("train-0000");
        TileFile::write(&stem, "f", Tile { sky, shape: [ny, nx, 2], pixels, labels: haloes }).expect("room");
        Arc::new(vec![TileFile::open(&stem, "f").expect("whole").expect("there")])
    }

    fn config() -> FcnConfig {
        let mut config: FcnConfig =
            toml::from_str(include_str!("../tests/common/small_network.toml")).expect("the description parses");
        config.crops.side_cells = 16;
        config.crops.rim_cells = 2;
        config.cells.radius_arcmin = RADIUS;
        config
    }

    /// However a piece is cut and turned, cells are positive where the channel shows a halo.
    #[test]
    fn labels_turn_with_the_pixels() {
        let folder = tempfile::tempdir().expect("a folder");
        let crops = RandomCrops::new(&tiles(folder.path()), &config()).expect("room for pieces");
        let mut n_positives = 0;
        for index in 0..200 {
            let sample = crops.cutter.cut(crops.draw(SampleId { index: 0, epoch: index }).0, Turn::new(index % 8));
            let sample = sample.expect("a sample");
            assert_eq!([&sample.parts[0].shape, &sample.parts[1].shape], [&vec![32, 32, 1], &vec![16, 16, 6]]);
            for (i, row) in sample.parts[1].values.chunks(6).enumerate() {
                let target = crate::labels::CellTarget::of_row(row);
                let (x, y) = (i % 16, i / 16);
                let pixels = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(dy, dx)| (2 * y + dy) * 32 + 2 * x + dx);
                let n_shown = pixels.iter().filter(|&&pixel| sample.parts[0].values[pixel] == 1.0).count();
                // The middle of a cell is the corner of its four pixels: where all or none show a halo there is no doubt.
                if n_shown == 4 || n_shown == 0 {
                    assert_eq!(target.is_positive, n_shown == 4, "{index}: {x} {y}");
                }
                n_positives += u64::from(target.is_positive);
                if !(2..14).contains(&x) || !(2..14).contains(&y) {
                    assert!(!target.counts);
                }
                if let Some(([dx, dy], ln_mass)) = target.halo {
                    assert!(dx.hypot(dy) <= RADIUS && [1.02, 3.0, 2.26].iter().any(|m| (m - ln_mass).abs() < 1e-6));
                }
            }
        }
        assert!(n_positives > 100);
    }

    #[test]
    fn validation_asks_for_each_cell_that_is_searched_and_no_rim() {
        let folder = tempfile::tempdir().expect("a folder");
        let all = AllCrops::new(&tiles(folder.path()), &config()).expect("room for pieces");
        let mut asked = vec![0; 40 * 48];
        for (index, place) in all.places.iter().enumerate() {
            let sample = all.sample(SampleId { index: index as u64, epoch: 0 }).expect("a sample");
            for (i, row) in sample.parts[1].values.chunks(6).enumerate().filter(|(_, row)| row[0] > 0.5) {
                assert!(row[1] < 0.5 || row[2] > 0.5, "a target is heavy enough to be weighed here");
                asked[(place.y0 + i / 16) * 48 + place.x0 + i % 16] += 1;
            }
        }
        for (i, n) in asked.into_iter().enumerate() {
            let inside = (2..46).contains(&(i % 48)) && (6..38).contains(&(i / 48));
            assert_eq!(n > 0, inside, "{} {}", i % 48, i / 48);
        }
    }

    #[test]
    fn the_same_sample_has_the_same_bits_and_another_epoch_another_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let crops = RandomCrops::new(&tiles(folder.path()), &config()).expect("room for pieces");
        let id = SampleId { index: 3, epoch: 1 };
        assert_eq!(crops.sample(id).expect("a sample"), crops.sample(id).expect("a sample"));
        assert_ne!(crops.draw(id), crops.draw(SampleId { epoch: 2, ..id }));
    }
}
