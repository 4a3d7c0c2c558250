//! The network over a whole grid.

use crate::Error;
use crate::answer::N_OUTPUTS;
use crate::grid::Grid;
use arcmin_maps::Shape;
use arcmin_method::Watch;
use arcmin_nn::networks::{CellNet, Network};
use arcmin_nn::{Pass, Value};
use candle_core::{Device, Tensor};

/// Side of the pieces that go through the network, in averaged pixels, without what they see beyond: it bounds the memory.
const PIECE: usize = 1024;

/// Averaged pixels of a map or of a tile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown<'a> {
    /// Rows and columns, both even.
    pub(crate) shape: Shape,
    pub(crate) n_channels: usize,
    /// `[y, x, channel]`.
    pub(crate) pixels: &'a [f32],
}

impl<'a> Shown<'a> {
    pub(crate) fn of(grid: &'a Grid) -> Self {
        Self { shape: grid.shape, n_channels: grid.n_channels, pixels: &grid.pixels }
    }

    /// Rows and columns of cells.
    pub(crate) fn cells(&self) -> Shape {
        Shape { ny: self.shape.ny / 2, nx: self.shape.nx / 2 }
    }
}

/// Answers of all cells, `[y, x, 6]`; `None` when the watch stopped it. Pieces of a large grid overlap by the network's reach, so that they meet without a seam.
pub(crate) fn answers(network: &CellNet, shown: Shown, watch: &dyn Watch) -> Result<Option<Vec<f32>>, Error> {
    answers_in_pieces(network, shown, PIECE, watch)
}

fn answers_in_pieces(
    network: &CellNet,
    shown: Shown,
    side: usize,
    watch: &dyn Watch,
) -> Result<Option<Vec<f32>>, Error> {
    watch.begins("pieces of the map", (shown.shape.ny.div_ceil(side) * shown.shape.nx.div_ceil(side)) as u64);
    let Shape { ny, nx } = shown.cells();
    let mut answers = vec![0.0; ny * nx * N_OUTPUTS];
    for y0 in (0..shown.shape.ny).step_by(side) {
        for x0 in (0..shown.shape.nx).step_by(side) {
            if watch.stops() {
                return Ok(None);
            }
            let reach = network.reach_pixels().next_multiple_of(2);
            let [rows, columns] = [(y0, shown.shape.ny), (x0, shown.shape.nx)]
                .map(|(first, n)| Span::new(first..(first + side).min(n), n, reach));
            let output = piece(network, shown, &rows, &columns)?;
            let width = columns.shown.len() / 2 * N_OUTPUTS;
            let skipped = (columns.core.start - columns.shown.start) / 2 * N_OUTPUTS;
            let n_row = columns.core.len() / 2 * N_OUTPUTS;
            for y in rows.core.clone().step_by(2) {
                let from = (y - rows.shown.start) / 2 * width + skipped;
                let to = (y / 2 * nx + columns.core.start / 2) * N_OUTPUTS;
                answers[to..to + n_row].copy_from_slice(&output[from..from + n_row]);
            }
            watch.done(1);
        }
    }
    Ok(Some(answers))
}

/// Averaged pixels of a piece along an axis.
struct Span {
    /// That it answers for.
    core: std::ops::Range<usize>,
    /// That the network is shown.
    shown: std::ops::Range<usize>,
}

impl Span {
    fn new(core: std::ops::Range<usize>, n: usize, reach: usize) -> Self {
        Self { shown: core.start.saturating_sub(reach)..(core.end + reach).min(n), core }
    }
}

/// Answers for the cells that are shown.
fn piece(network: &CellNet, shown: Shown, rows: &Span, columns: &Span) -> Result<Vec<f32>, Error> {
    let Shown { shape, n_channels, pixels } = shown;
    let mut input = Vec::with_capacity(rows.shown.len() * columns.shown.len() * n_channels);
    for y in rows.shown.clone() {
        let first = (y * shape.nx + columns.shown.start) * n_channels;
        input.extend_from_slice(&pixels[first..first + columns.shown.len() * n_channels]);
    }
    let dims = (1, rows.shown.len(), columns.shown.len(), n_channels);
    let input = Tensor::from_vec(input, dims, &Device::Cpu)?.to_device(&network.parameters().device())?;
    let output = network.forward(&Value::constant(input), &Pass::evaluation())?;
    Ok(output.tensor().to_device(&Device::Cpu)?.flatten_all()?.to_vec1::<f32>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_method::Unwatched;
    use arcmin_nn::networks::CellNetConfig;

    #[test]
    fn pieces_meet_without_a_seam() {
        let config =
            CellNetConfig { in_channels: 2, out_channels: N_OUTPUTS, width: 8, dilations: vec![1, 2], seed: 3 };
        let network = CellNet::new(&config).unwrap();
        let shape = Shape { ny: 90, nx: 134 };
        let mut rng = arcmin_find_learned::stream(1, "pixels", 0, 0);
        let number = |_| (rand::Rng::next_u64(&mut rng) >> 40) as f32 / 1e7;
        let pixels: Vec<f32> = (0..shape.n_pixels() * 2).map(number).collect();
        let shown = Shown { shape, n_channels: 2, pixels: &pixels };
        let whole = answers_in_pieces(&network, shown, 1024, &Unwatched).unwrap().unwrap();
        let pieces = answers_in_pieces(&network, shown, 32, &Unwatched).unwrap().unwrap();
        let largest = whole.iter().zip(&pieces).map(|(a, b)| (a - b).abs()).fold(0.0f32, f32::max);
        assert!(largest < 1e-4, "{largest}");
        let spread = whole.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        assert!(spread > 0.1, "{spread}");
    }
}
