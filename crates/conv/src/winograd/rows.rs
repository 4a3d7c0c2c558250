//! Forward pass and input gradient. The input gradient is the forward pass of the output's gradient with the kernel turned
//! round, its channels swapped, and a padding of twice the dilation less the padding.

use super::tiles::{Frame, FromPlanes, Planes, Tile, ToPlanes, WeightToPlanes, cover, sort_by_sides, tiles_of_point};
use super::{Form, plane_step};
use crate::activation::Finish;
use crate::error::Error;
use crate::geometry::ConvGeometry;
use crate::pack::{WeightView, Weights};
use crate::rows::{DenseRows, PANEL, RowsJob, TILE_ROWS, multiply_rows};
use crate::shared::{ALIGNMENT_SLACK, SharedOutput, aligned, for_each_task, n_pieces};
use crate::simd::Isa;

/// Weights in Winograd's domain that each block of tiles may read anew: what third-level caches deliver in time.
const MAX_BLOCK_WEIGHT_BYTES: usize = 3 << 20;
/// Planes of a block of tiles, which stay in the second-level cache.
const BLOCK_BYTES: usize = 640 << 10;
/// Tiles of a block: enough that the weights' way from memory is short beside the products.
const BLOCK_TILES: std::ops::RangeInclusive<usize> = 6..=96;
/// Planes of a stage, where the weights are too large for blocks.
const STAGE_BYTES: usize = 12 << 20;
/// Rows of weights that a task transforms at once.
const WEIGHT_DEPTHS: usize = 32;

/// How the three steps are shared out.
#[derive(Clone, Copy, Debug)]
enum Sharing {
    /// A task takes its tiles through all three steps.
    Blocks,
    /// All threads do one step for many tiles, then the next.
    Stages,
}

/// Winograd's forward pass or input gradient for one geometry.
#[derive(Clone, Debug)]
pub(crate) struct WinogradRows {
    form: Form,
    view: WeightView,
    tiles: Vec<Tile>,
    source: Frame,
    target: Frame,
    sharing: Sharing,
    /// Tiles of a block or stage.
    n_block: usize,
}

impl WinogradRows {
    /// # Errors
    /// If the form does not serve the geometry.
    pub(crate) fn new(geometry: &ConvGeometry, view: WeightView, form: Form) -> Result<Self, Error> {
        form.check(geometry)?;
        let sizes = geometry.sizes();
        let dilation = sizes.dilation;
        let frame = |shape, padding| Frame::new(shape, dilation, padding);
        let (input, output) = (geometry.input_shape(), geometry.output_shape());
        let (source, target) = match view {
            WeightView::Forward => (frame(input, sizes.padding), frame(output, 0)),
            WeightView::Transposed => (frame(output, 2 * dilation - sizes.padding), frame(input, 0)),
        };
        let mut tiles = cover(sizes.n, [target.height, target.width], dilation, form);
        sort_by_sides(&mut tiles);
        let (sharing, n_block) = share(form, source.n_channels, target.n_channels, tiles.len());
        Ok(Self { form, view, tiles, source, target, sharing, n_block })
    }

    fn depth(&self) -> usize {
        self.source.n_channels
    }

    fn n_panels(&self) -> usize {
        self.target.n_channels.div_ceil(PANEL)
    }

    /// Numbers of one plane of weights, `[panel, depth, PANEL]`.
    fn weight_plane(&self) -> usize {
        self.n_panels() * self.depth() * PANEL
    }

    /// Distances of the planes of a block before and after the products.
    fn block_steps(&self) -> (usize, usize) {
        (plane_step(self.n_block * self.depth()), plane_step(self.n_block * self.target.n_channels))
    }

    fn block_len(&self) -> usize {
        let (source, target) = self.block_steps();
        self.form.n_points() * (source + target)
    }

    pub(crate) fn scratch_len(&self) -> usize {
        let n_blocks = match self.sharing {
            Sharing::Blocks => n_pieces(),
            Sharing::Stages => 1,
        };
        let work = (n_blocks * self.block_len()).max(n_pieces() * packed_len());
        ALIGNMENT_SLACK + self.form.n_points() * self.weight_plane() + work
    }

    pub(crate) fn run(
        &self,
        isa: Isa,
        source: &[f32],
        weights: &Weights<'_>,
        finish: Finish<'_>,
        result: &mut [f32],
        scratch: &mut [f32],
    ) {
        assert_eq!(weights.view, self.view);
        let (planes, work) = aligned(scratch).split_at_mut(self.form.n_points() * self.weight_plane());
        self.transform_weights(isa, weights, planes, work);
        let step = Step { isa, rows: self, weights: planes, source, finish, result: SharedOutput::new(result) };
        match self.sharing {
            Sharing::Blocks => {
                for_each_task(self.tiles.len().div_ceil(self.n_block), work, self.block_len(), |i, work| {
                    let tiles = &self.tiles[i * self.n_block..];
                    step.block(&tiles[..tiles.len().min(self.n_block)], work);
                })
            }
            Sharing::Stages => {
                for tiles in self.tiles.chunks(self.n_block) {
                    step.stages(tiles, &mut work[..self.block_len()]);
                }
            }
        }
    }

    /// Weights to planes `[point, panel, depth, PANEL]`.
    fn transform_weights(&self, isa: Isa, weights: &Weights<'_>, planes: &mut [f32], work: &mut [f32]) {
        let out = SharedOutput::new(planes);
        let n_parts = self.depth().div_ceil(WEIGHT_DEPTHS);
        for_each_task(self.n_panels() * n_parts, work, packed_len(), |task, packed| {
            let (panel, part) = (task / n_parts, task % n_parts);
            let depths = part * WEIGHT_DEPTHS..self.depth().min((part + 1) * WEIGHT_DEPTHS);
            let n_depths = depths.len();
            for tap in 0..9 {
                weights.pack(panel, tap, depths.clone(), &mut packed[tap * n_depths * PANEL..]);
            }
            let start = (panel * self.depth() + depths.start) * PANEL;
            let planes = Planes { start, step: self.weight_plane() };
            let job = WeightToPlanes { taps: packed, n_depths, out, planes, side: self.form.points_side() };
            // SAFETY: the planes hold all panels and depths, and these depths of the panel belong to this task.
            unsafe { isa.run(job) };
        });
    }
}

/// Room for nine taps of some depths of a packed panel.
fn packed_len() -> usize {
    9 * WEIGHT_DEPTHS * PANEL
}

/// Blocks where their planes and the weights stay in cache and there are enough of them for the threads, else stages.
///
/// The number of threads decides who computes what, never what is computed: results are the same either way.
fn share(form: Form, depth: usize, n_columns: usize, n_tiles: usize) -> (Sharing, usize) {
    let points_bytes = form.n_points() * size_of::<f32>();
    let tile_bytes = points_bytes * (depth + n_columns);
    let n_threads = rayon::current_num_threads();
    let n_block = (BLOCK_BYTES / tile_bytes).clamp(*BLOCK_TILES.start(), *BLOCK_TILES.end()) / TILE_ROWS * TILE_ROWS;
    if points_bytes * depth * n_columns <= MAX_BLOCK_WEIGHT_BYTES && n_tiles >= n_block * n_threads {
        let n_blocks = n_tiles.div_ceil(n_block).next_multiple_of(n_threads);
        return (Sharing::Blocks, n_tiles.div_ceil(n_blocks));
    }
    let most = (STAGE_BYTES / tile_bytes).max(2 * TILE_ROWS) / (2 * TILE_ROWS) * (2 * TILE_ROWS);
    (Sharing::Stages, n_tiles.div_ceil(n_tiles.div_ceil(most)))
}

/// The steps behind the weights' transform, with what they share.
#[derive(Clone, Copy)]
struct Step<'a> {
    isa: Isa,
    rows: &'a WinogradRows,
    weights: &'a [f32],
    source: &'a [f32],
    finish: Finish<'a>,
    result: SharedOutput<'a>,
}

impl Step<'_> {
    /// All three steps of a block.
    fn block(self, tiles: &[Tile], work: &mut [f32]) {
        let (source_step, _) = self.rows.block_steps();
        let (before, after) = work.split_at_mut(self.rows.form.n_points() * source_step);
        self.source_to_planes(tiles, SharedOutput::new(before), 0);
        let shared = SharedOutput::new(after);
        for point in 0..self.rows.form.n_points() {
            for panel in 0..self.rows.n_panels() {
                self.multiply(tiles, before, shared, point, panel);
            }
        }
        self.planes_to_result(tiles, after, 0);
    }

    /// The three steps one after another, each shared by all threads.
    fn stages(self, tiles: &[Tile], work: &mut [f32]) {
        let (source_step, _) = self.rows.block_steps();
        let n_part = tiles.len().div_ceil(4 * rayon::current_num_threads());
        let parts: Vec<&[Tile]> = tiles.chunks(n_part).collect();
        let (before, after) = work.split_at_mut(self.rows.form.n_points() * source_step);
        let shared = SharedOutput::new(before);
        for_each_task(parts.len(), &mut [], 0, |i, _| self.source_to_planes(parts[i], shared, i * n_part));
        let shared = SharedOutput::new(after);
        let n_panels = self.rows.n_panels();
        for_each_task(self.rows.form.n_points() * n_panels, &mut [], 0, |task, _| {
            self.multiply(tiles, before, shared, task / n_panels, task % n_panels);
        });
        for_each_task(parts.len(), &mut [], 0, |i, _| self.planes_to_result(parts[i], after, i * n_part));
    }

    /// Tiles of the source to the planes' places from `first` on.
    fn source_to_planes(self, tiles: &[Tile], out: SharedOutput<'_>, first: usize) {
        let (step, _) = self.rows.block_steps();
        let planes = Planes { start: first * self.rows.depth(), step };
        let (form, image, frame) = (self.rows.form, self.source, self.rows.source);
        // SAFETY: the frame is that of the source, whose length the plan checked; the planes have room for a block of tiles,
        // and each part of a block writes its own.
        unsafe { ToPlanes { form, image, frame, tiles, out, planes }.input(self.isa) };
    }

    /// The products of one point and panel.
    fn multiply(self, tiles: &[Tile], before: &[f32], after: SharedOutput<'_>, point: usize, panel: usize) {
        let (source_step, target_step) = self.rows.block_steps();
        let (depth, n_columns) = (self.rows.depth(), self.rows.target.n_channels);
        let with_point = tiles_of_point(tiles, point, self.rows.form);
        let job = RowsJob {
            rule: &DenseRows { a_step: depth, c_step: n_columns },
            first_row: with_point.start,
            end_row: with_point.end,
            a: &before[point * source_step..],
            zeros: &[],
            b: &self.weights[point * self.rows.weight_plane() + panel * depth * PANEL..][..depth * PANEL],
            n_taps: 1,
            depth,
            c: after,
            first_column: point * target_step + panel * PANEL,
            n_columns: (n_columns - panel * PANEL).min(PANEL),
            accumulate: false,
        };
        // SAFETY: a plane holds a row for each of the tiles before and after, and the columns of a point and panel belong to one call.
        unsafe { multiply_rows(self.isa, job) };
    }

    /// Planes to the tiles of the result.
    fn planes_to_result(self, tiles: &[Tile], values: &[f32], first: usize) {
        let (_, step) = self.rows.block_steps();
        let (form, frame, image) = (self.rows.form, self.rows.target, self.result);
        let planes = Planes { start: first * frame.n_channels, step };
        // SAFETY: the frame is that of the result, whose length the plan checked; no two tiles share a pixel.
        unsafe {
            FromPlanes { form, values, planes, frame, tiles, image }.output(self.isa);
            let pixels = tiles.iter().flat_map(|tile| frame.pixels(*tile));
            self.finish.apply(self.isa, image, pixels, 0, frame.n_channels);
        }
    }
}
