//! The direct algorithm for the weight gradient: for each tap the sum over pixels of outer products of the input's and the
//! output gradient's channels, read in place.
//!
//! Where panels and taps alone give too few tasks, the pixels are cut into chunks with a partial sum each. Their number
//! depends on the geometry alone and they are added in order: the same bits come out for any number of threads.

use crate::direct::TapTable;
use crate::geometry::ConvGeometry;
use crate::outer::{OuterJob, add_outer_products};
use crate::rows::PANEL;
use crate::shared::{ALIGNMENT_SLACK, SharedOutput, aligned, for_each_task, n_pieces, whole_lines};
use crate::simd::Isa;
use rayon::prelude::*;

/// Pixels whose channels stay in the first-level cache while all tiles of the result go over them.
const BLOCK_PIXELS: usize = 96;
/// Tasks that keep some tens of threads at work.
const WANTED_TASKS: usize = 32;
/// Pixels of a chunk that make its partial sum worth while.
const MIN_CHUNK_PIXELS: usize = 256;
/// Bound on the memory of the partial sums.
const MAX_PARTIAL_LEN: usize = 4 << 20;
/// Input channels of a task: some tiles' worth, so that a block of pixels is read from cache by most of them.
const MIN_TASK_CHANNELS: usize = 48;

/// The direct weight gradient of one geometry.
#[derive(Clone, Debug)]
pub(crate) struct DirectWeight {
    table: TapTable,
    n_pixels: usize,
    n_taps: usize,
    in_channels: usize,
    out_channels: usize,
    n_chunks: usize,
    task_channels: usize,
}

impl DirectWeight {
    pub(crate) fn new(geometry: &ConvGeometry) -> Self {
        let (in_channels, out_channels) = (geometry.sizes().in_channels, geometry.sizes().out_channels);
        let (n_pixels, n_taps) = (geometry.n_out_pixels(), geometry.n_taps());
        let n_tiles = out_channels.div_ceil(PANEL) * n_taps;
        let n_channel_tasks = WANTED_TASKS.div_ceil(n_tiles).min(in_channels / MIN_TASK_CHANNELS).max(1);
        let task_channels = in_channels.div_ceil(n_channel_tasks).next_multiple_of(6);
        let weight_len = n_taps * in_channels * whole_lines(out_channels);
        let n_chunks = WANTED_TASKS
            .div_ceil(n_tiles * in_channels.div_ceil(task_channels))
            .min(n_pixels / MIN_CHUNK_PIXELS)
            .min(MAX_PARTIAL_LEN / weight_len)
            .max(1);
        let table = TapTable::forward(geometry);
        Self { table, n_pixels, n_taps, in_channels, out_channels, n_chunks, task_channels }
    }

    /// Columns of a partial sum: whole vectors.
    fn padded_columns(&self) -> usize {
        whole_lines(self.out_channels)
    }

    fn partial_len(&self) -> usize {
        self.n_taps * self.in_channels * self.padded_columns()
    }

    /// Whether tasks write the gradient itself.
    fn is_in_place(&self) -> bool {
        self.n_chunks == 1 && self.padded_columns() == self.out_channels
    }

    /// Room of a task for a block of the output gradient in whole vectors, one pixel behind the other.
    ///
    /// PERF: read in place, the channels of a panel lie at a power of two from those of the next pixel, fall into few sets of
    /// the first-level cache, and push each other out: 29 instead of 17 ms for 128 channels on 32 images of 20x20.
    fn block_len(&self) -> usize {
        BLOCK_PIXELS * whole_lines(self.out_channels).min(PANEL)
    }

    pub(crate) fn scratch_len(&self) -> usize {
        let partial = if self.is_in_place() { 0 } else { self.n_chunks * self.partial_len() };
        ALIGNMENT_SLACK + partial + n_pieces() * self.block_len()
    }

    /// `weight[tap, i, j] = sum over pixels of input[pixel + tap, i] output[pixel, j]`.
    pub(crate) fn run(&self, isa: Isa, input: &[f32], output: &[f32], weight: &mut [f32], scratch: &mut [f32]) {
        assert_eq!(weight.len(), self.n_taps * self.in_channels * self.out_channels);
        let scratch = aligned(scratch);
        if self.is_in_place() {
            self.sum_products(isa, input, output, SharedOutput::new(weight), scratch);
            return;
        }
        let (partial, blocks) = scratch.split_at_mut(self.n_chunks * self.partial_len());
        self.sum_products(isa, input, output, SharedOutput::new(partial), blocks);
        let (columns, partial_len) = (self.padded_columns(), self.partial_len());
        let partial = &*partial;
        weight.par_chunks_exact_mut(self.out_channels).with_min_len(16).enumerate().for_each(|(row, weight)| {
            weight.copy_from_slice(&partial[row * columns..][..self.out_channels]);
            for chunk in 1..self.n_chunks {
                let partial = &partial[chunk * partial_len + row * columns..][..self.out_channels];
                weight.iter_mut().zip(partial).for_each(|(sum, &part)| *sum += part);
            }
        });
    }

    fn sum_products(&self, isa: Isa, input: &[f32], output: &[f32], sums: SharedOutput<'_>, blocks: &mut [f32]) {
        let n_panels = self.out_channels.div_ceil(PANEL);
        let n_channel_tasks = self.in_channels.div_ceil(self.task_channels);
        let n_tasks = self.n_chunks * n_panels * self.n_taps * n_channel_tasks;
        for_each_task(n_tasks, blocks, self.block_len(), |task, block| {
            let (rest, channel_task) = (task / n_channel_tasks, task % n_channel_tasks);
            let (rest, tap) = (rest / self.n_taps, rest % self.n_taps);
            let (chunk, panel) = (rest / n_panels, rest % n_panels);
            let part = Part { chunk, panel, tap, first_channel: channel_task * self.task_channels };
            self.sum_part(isa, input, output, sums, block, part);
        });
    }

    /// One tap and panel over the pixels of a chunk.
    fn sum_part(&self, isa: Isa, input: &[f32], output: &[f32], sums: SharedOutput<'_>, block: &mut [f32], part: Part) {
        let columns = self.padded_columns();
        let first_column = part.panel * PANEL;
        let n_columns = (columns - first_column).min(PANEL);
        let n_rows = (self.in_channels - part.first_channel).min(self.task_channels);
        let bounds = |chunk: usize| chunk * self.n_pixels / self.n_chunks;
        let end = bounds(part.chunk + 1);
        let mut pixels = Vec::with_capacity(BLOCK_PIXELS);
        let mut accumulate = false;
        for first in (bounds(part.chunk)..end).step_by(BLOCK_PIXELS) {
            let block_end = (first + BLOCK_PIXELS).min(end);
            self.table.list(part.tap, first, block_end, self.out_channels, &mut pixels);
            if pixels.is_empty() && (accumulate || block_end < end) {
                continue;
            }
            pixels.iter_mut().for_each(|pixel| pixel.0 += part.first_channel);
            self.fill_block(output, first_column, n_columns, &mut pixels, block);
            let job = OuterJob {
                pixels: &pixels,
                x: input,
                y: block,
                n_rows,
                n_columns,
                c: sums,
                c_start: part.chunk * self.partial_len()
                    + (part.tap * self.in_channels + part.first_channel) * columns
                    + first_column,
                c_step: columns,
                accumulate,
            };
            // SAFETY: the table was made for these lengths of input and output, which the plan checked; the partial sum
            // of a chunk, tap, panel and range of channels belongs to this task.
            unsafe { add_outer_products(isa, job) };
            accumulate = true;
        }
    }

    /// Copies the output gradient of the pixels, zeros behind the last channel, and points the pixels there.
    fn fill_block(
        &self,
        output: &[f32],
        first_column: usize,
        n_columns: usize,
        pixels: &mut [(usize, usize)],
        block: &mut [f32],
    ) {
        let n_inside = (self.out_channels - first_column).min(n_columns);
        for (pixel, row) in pixels.iter_mut().zip(block.chunks_exact_mut(n_columns)) {
            row[..n_inside].copy_from_slice(&output[pixel.1 + first_column..][..n_inside]);
            row[n_inside..].fill(0.0);
        }
        pixels.iter_mut().enumerate().for_each(|(i, pixel)| pixel.1 = i * n_columns);
    }
}

/// What one task sums.
#[derive(Clone, Copy)]
struct Part {
    chunk: usize,
    panel: usize,
    tap: usize,
    first_channel: usize,
}
