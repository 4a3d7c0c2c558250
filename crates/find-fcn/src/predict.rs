//! The network over a whole grid.

use crate::Error;
use crate::answer::N_OUTPUTS;
use crate::grid::Grid;
use arcmin_maps::Shape;
use arcmin_nn::networks::{CellNet, Network};
use arcmin_nn::{Pass, Value};
use candle_core::{Device, Tensor};

/// Side of the pieces that go through the network, in averaged pixels, without what they see beyond: it bounds the memory.
const PIECE: usize = 1024;

/// Answers of all cells, `[y, x, 6]`. Pieces of a large grid overlap by the network's reach, so that they meet without a seam.
pub(crate) fn answers(network: &CellNet, grid: &Grid) -> Result<Vec<f32>, Error> {
    let Shape { ny, nx } = grid.cells();
    let mut answers = vec![0.0; ny * nx * N_OUTPUTS];
    for y0 in (0..grid.shape.ny).step_by(PIECE) {
        for x0 in (0..grid.shape.nx).step_by(PIECE) {
            let reach = network.reach_pixels().next_multiple_of(2);
            let [rows, columns] =
                [(y0, grid.shape.ny), (x0, grid.shape.nx)].map(|(first, n)| Span::new(first, n, reach));
            let output = piece(network, grid, &rows, &columns)?;
            let width = columns.shown.len() / 2 * N_OUTPUTS;
            let skipped = (columns.core.start - columns.shown.start) / 2 * N_OUTPUTS;
            let n_row = columns.core.len() / 2 * N_OUTPUTS;
            for y in rows.core.clone().step_by(2) {
                let from = (y - rows.shown.start) / 2 * width + skipped;
                let to = (y / 2 * nx + columns.core.start / 2) * N_OUTPUTS;
                answers[to..to + n_row].copy_from_slice(&output[from..from + n_row]);
            }
        }
    }
    Ok(answers)
}

/// Averaged pixels of a piece along an axis.
struct Span {
    /// That it answers for.
    core: std::ops::Range<usize>,
    /// That the network is shown.
    shown: std::ops::Range<usize>,
}

impl Span {
    fn new(first: usize, n: usize, reach: usize) -> Self {
        let last = (first + PIECE).min(n);
        Self { core: first..last, shown: first.saturating_sub(reach)..(last + reach).min(n) }
    }
}

/// Answers for the cells that are shown.
fn piece(network: &CellNet, grid: &Grid, rows: &Span, columns: &Span) -> Result<Vec<f32>, Error> {
    let Grid { shape, n_channels, pixels, .. } = grid;
    let mut input = Vec::with_capacity(rows.shown.len() * columns.shown.len() * n_channels);
    for y in rows.shown.clone() {
        let first = (y * shape.nx + columns.shown.start) * n_channels;
        input.extend_from_slice(&pixels[first..first + columns.shown.len() * n_channels]);
    }
    let dims = (1, rows.shown.len(), columns.shown.len(), *n_channels);
    let input = Tensor::from_vec(input, dims, &Device::Cpu)?.to_device(&network.parameters().device())?;
    let output = network.forward(&Value::constant(input), &Pass::evaluation())?;
    Ok(output.tensor().to_device(&Device::Cpu)?.flatten_all()?.to_vec1::<f32>()?)
}
