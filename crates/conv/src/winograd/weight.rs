//! The weight gradient: for each point the sum over tiles of outer products of the transformed input and output gradient, and
//! one transform of the sums at the end.
//!
//! Two ways to share the work:
//! - where the sums of all points stay in the second-level cache, each task takes a chunk of the tiles block by block and adds
//!   to sums of its own. The number of chunks depends on the geometry alone;
//! - else all threads transform some tiles, then share out the points; the next tiles add to the same sums.
//!
//! Either way every sum is taken in an order that does not depend on the number of threads.

use super::tiles::{Frame, Planes, Tile, ToPlanes, WeightFromPlanes, cover, sort_by_sides, tiles_of_point};
use super::{Form, plane_step};
use crate::error::Error;
use crate::geometry::ConvGeometry;
use crate::outer::{OuterJob, add_outer_products};
use crate::rows::{PANEL, TILE_ROWS};
use crate::shared::{ALIGNMENT_SLACK, LINE, SharedOutput, aligned, for_each_task, n_pieces};
use crate::simd::Isa;
use rayon::prelude::*;
use std::ops::Range;

/// Planes of a stage. Fixed, as the order of the sum depends on it.
const STAGE_BYTES: usize = 12 << 20;
/// Tiles whose channels stay in the first-level cache while all of a panel's sums go over them.
const RUN_TILES: usize = 128;
/// Sums of all points that stay in the second-level cache.
const MAX_CHUNK_SUM_BYTES: usize = 1100 << 10;
/// Planes of a block of tiles beside them.
const BLOCK_BYTES: usize = 640 << 10;
/// Tiles that make sums of their own worth while, and how many such chunks there may be.
const MIN_CHUNK_TILES: usize = 64;
const MAX_CHUNKS: usize = 8;
/// Numbers of a task that adds the chunks' sums.
const SUM_LEN: usize = 4096;
/// Tasks of the last transform.
const TRANSFORM_TASKS: usize = 32;

/// Winograd's weight gradient for one geometry.
#[derive(Clone, Debug)]
pub(crate) struct WinogradWeight {
    form: Form,
    tiles: Vec<Tile>,
    input: Frame,
    output: Frame,
    /// Tiles of a stage, or of a block if there is more than one chunk.
    n_stage: usize,
    n_chunks: usize,
}

impl WinogradWeight {
    /// # Errors
    /// If the form does not serve the geometry.
    pub(crate) fn new(geometry: &ConvGeometry, form: Form) -> Result<Self, Error> {
        form.check(geometry)?;
        let sizes = geometry.sizes();
        let dilation = sizes.dilation;
        let frame = |shape, padding| Frame::new(shape, dilation, padding);
        let (input, output) = (frame(geometry.input_shape(), sizes.padding), frame(geometry.output_shape(), 0));
        let mut tiles = cover(sizes.n, [output.height, output.width], dilation, form);
        let tile_bytes = form.n_points() * size_of::<f32>() * (input.n_channels + output.n_channels);
        let sum_bytes = form.n_points() * size_of::<f32>() * input.n_channels * output.n_channels;
        let n_chunks =
            if sum_bytes <= MAX_CHUNK_SUM_BYTES { (tiles.len() / MIN_CHUNK_TILES).clamp(1, MAX_CHUNKS) } else { 1 };
        let (bytes, n_tiles) =
            if n_chunks > 1 { (BLOCK_BYTES, tiles.len().div_ceil(n_chunks)) } else { (STAGE_BYTES, tiles.len()) };
        let most = (bytes / tile_bytes).max(2 * TILE_ROWS);
        let n_stage = n_tiles.div_ceil(n_tiles.div_ceil(most));
        let n_tiles = tiles.len();
        for chunk in 0..n_chunks {
            tiles[bounds(chunk, n_tiles, n_chunks)].chunks_mut(n_stage).for_each(sort_by_sides);
        }
        Ok(Self { form, tiles, input, output, n_stage, n_chunks })
    }

    /// Distances of the planes of the input, of the output gradient, and of the sums.
    fn steps(&self) -> [usize; 3] {
        [
            plane_step(self.n_stage * self.input.n_channels),
            plane_step(self.n_stage * self.output.n_channels),
            plane_step(self.input.n_channels * self.output.n_channels),
        ]
    }

    /// Products of one stage: one for each point and panel.
    fn n_products(&self) -> usize {
        self.form.n_points() * self.output.n_channels.div_ceil(PANEL)
    }

    /// Numbers of the planes of a stage or block.
    fn planes_len(&self) -> usize {
        let [input_step, output_step, _] = self.steps();
        self.form.n_points() * (input_step + output_step)
    }

    /// Numbers of the sums of all points.
    fn sums_len(&self) -> usize {
        self.form.n_points() * self.steps()[2]
    }

    pub(crate) fn scratch_len(&self) -> usize {
        let n_planes = if self.n_chunks > 1 { n_pieces() } else { 1 };
        ALIGNMENT_SLACK + self.n_chunks * self.sums_len() + n_planes * self.planes_len()
    }

    pub(crate) fn run(&self, isa: Isa, input: &[f32], output: &[f32], weight: &mut [f32], scratch: &mut [f32]) {
        let (sums, work) = aligned(scratch).split_at_mut(self.n_chunks * self.sums_len());
        let step = Step { isa, plan: self, input, output };
        if self.n_chunks > 1 {
            step.chunks(sums, work);
        } else {
            step.stages(sums, &mut work[..self.planes_len()]);
        }
        let (total, others) = sums.split_at_mut(self.sums_len());
        if !others.is_empty() {
            total.par_chunks_mut(SUM_LEN).enumerate().for_each(|(i, total)| {
                for other in others.chunks_exact(self.sums_len()) {
                    let other = &other[i * SUM_LEN..][..total.len()];
                    total.iter_mut().zip(other).for_each(|(sum, &part)| *sum += part);
                }
            });
        }
        self.transform_sums(isa, total, SharedOutput::new(weight));
    }

    /// The sums to the gradient `[tap, in_channel, out_channel]`.
    fn transform_sums(&self, isa: Isa, sums: &[f32], weight: SharedOutput<'_>) {
        let [_, _, plane_step] = self.steps();
        let tap_step = self.input.n_channels * self.output.n_channels;
        let n_part = tap_step.div_ceil(TRANSFORM_TASKS).next_multiple_of(LINE);
        for_each_task(tap_step.div_ceil(n_part), &mut [], 0, |i, _| {
            let (first, end) = (i * n_part, tap_step.min((i + 1) * n_part));
            let side = self.form.points_side();
            let job = WeightFromPlanes { values: sums, plane_step, weight, tap_step, first, end, side };
            // SAFETY: the plan checked that the gradient has nine taps of `tap_step`; each task has a range of its own.
            unsafe { isa.run(job) };
        });
    }
}

/// The tiles of a chunk.
fn bounds(chunk: usize, n_tiles: usize, n_chunks: usize) -> Range<usize> {
    chunk * n_tiles / n_chunks..(chunk + 1) * n_tiles / n_chunks
}

/// The steps before the last transform, with what they share.
#[derive(Clone, Copy)]
struct Step<'a> {
    isa: Isa,
    plan: &'a WinogradWeight,
    input: &'a [f32],
    output: &'a [f32],
}

impl Step<'_> {
    /// Each task its chunk of tiles, with sums of its own.
    fn chunks(self, sums: &mut [f32], work: &mut [f32]) {
        let plan = self.plan;
        let sums = SharedOutput::new(sums);
        for_each_task(plan.n_chunks, work, plan.planes_len(), |chunk, work| {
            let (x, y) = work.split_at_mut(plan.form.n_points() * plan.steps()[0]);
            let tiles = &plan.tiles[bounds(chunk, plan.tiles.len(), plan.n_chunks)];
            for (i, tiles) in tiles.chunks(plan.n_stage).enumerate() {
                self.to_planes(tiles, 0, SharedOutput::new(x), SharedOutput::new(y));
                for task in 0..plan.n_products() {
                    self.add_products(task, tiles, x, y, sums, chunk * plan.sums_len(), i > 0);
                }
            }
        });
    }

    /// All threads the same tiles and sums.
    fn stages(self, sums: &mut [f32], work: &mut [f32]) {
        let plan = self.plan;
        let sums = SharedOutput::new(sums);
        let (x, y) = work.split_at_mut(plan.form.n_points() * plan.steps()[0]);
        for (i, tiles) in plan.tiles.chunks(plan.n_stage).enumerate() {
            let n_part = tiles.len().div_ceil(4 * rayon::current_num_threads());
            let parts: Vec<&[Tile]> = tiles.chunks(n_part).collect();
            let (shared_x, shared_y) = (SharedOutput::new(x), SharedOutput::new(y));
            for_each_task(parts.len(), &mut [], 0, |k, _| self.to_planes(parts[k], k * n_part, shared_x, shared_y));
            for_each_task(plan.n_products(), &mut [], 0, |task, _| {
                self.add_products(task, tiles, x, y, sums, 0, i > 0);
            });
        }
    }

    /// Tiles of input and output gradient to the planes' places from `first` on.
    fn to_planes(self, tiles: &[Tile], first: usize, x: SharedOutput<'_>, y: SharedOutput<'_>) {
        let (isa, plan) = (self.isa, self.plan);
        let [input_step, output_step, _] = plan.steps();
        let x_planes = Planes { start: first * plan.input.n_channels, step: input_step };
        let y_planes = Planes { start: first * plan.output.n_channels, step: output_step };
        let form = plan.form;
        // SAFETY: the frames are those of input and output, whose lengths the plan checked; the planes have room for a stage
        // or block of tiles, and each part writes its own.
        unsafe {
            ToPlanes { form, image: self.input, frame: plan.input, tiles, out: x, planes: x_planes }.input(isa);
            ToPlanes { form, image: self.output, frame: plan.output, tiles, out: y, planes: y_planes }.gradient(isa);
        }
    }

    /// Adds the tiles' outer products of one point and panel to the sums `[point, in_channel, out_channel]` from `start` on.
    #[allow(clippy::too_many_arguments, reason = "two ways to share the work call it, and bundling serves neither")]
    fn add_products(
        self,
        task: usize,
        tiles: &[Tile],
        x: &[f32],
        y: &[f32],
        sums: SharedOutput<'_>,
        start: usize,
        accumulate: bool,
    ) {
        let [input_step, output_step, sum_step] = self.plan.steps();
        let (n_rows, n_columns) = (self.plan.input.n_channels, self.plan.output.n_channels);
        let n_panels = n_columns.div_ceil(PANEL);
        let (point, panel) = (task / n_panels, task % n_panels);
        let with_point = tiles_of_point(tiles, point, self.plan.form);
        let mut offsets = [(0, 0); RUN_TILES];
        // Without tiles the first sums are set to zero.
        for run in 0..with_point.len().div_ceil(RUN_TILES).max(1) {
            let first = with_point.start + run * RUN_TILES;
            let n = RUN_TILES.min(with_point.end - first);
            for (i, offsets) in offsets[..n].iter_mut().enumerate() {
                *offsets = ((first + i) * n_rows, (first + i) * n_columns + panel * PANEL);
            }
            let job = OuterJob {
                pixels: &offsets[..n],
                x: &x[point * input_step..],
                y: &y[point * output_step..],
                n_rows,
                n_columns: (n_columns - panel * PANEL).min(PANEL),
                c: sums,
                c_start: start + point * sum_step + panel * PANEL,
                c_step: n_columns,
                accumulate: accumulate || run > 0,
            };
            // SAFETY: the planes hold these tiles, and the sums of a chunk, point and panel belong to one call at a time.
            unsafe { add_outer_products(self.isa, job) };
        }
    }
}
