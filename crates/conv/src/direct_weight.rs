//! The direct algorithm for the weight gradient: for each tap the sum over pixels of outer products of the input's and the
//! output gradient's channels, read in place.
//!
//! A task has a panel of output channels, a group of input channels and a group of taps, and goes through its pixels in
//! blocks: all its taps over one block, then the next. With few channels a group has all taps, so that images larger than a
//! cache are read once; with many it has one, whose sums then fit. Where panels and taps alone give too few tasks, the pixels are
//! cut into chunks with a partial sum each, and where there are too few pixels for that, the input channels into groups. Both
//! numbers depend on the geometry alone and the sums are added in order: the same bits come out for any number of threads.

use crate::direct::TapTable;
use crate::geometry::ConvGeometry;
use crate::outer::{OuterJob, add_outer_products};
use crate::rows::{PANEL, TILE_ROWS};
use crate::shared::{ALIGNMENT_SLACK, SharedOutput, aligned, for_each_task, n_pieces, whole_lines};
use crate::simd::Isa;
use rayon::prelude::*;

/// Pixels that a task's taps go over one after another.
const BLOCK_PIXELS: usize = 128;
/// Input channels up to which a task has all taps.
const MAX_ALL_TAPS_CHANNELS: usize = 128;
/// Input channels of a task that make reading the output gradient worth while.
///
/// PERF: each group reads and copies it anew. With groups of 54 and 132 channels in place of chunks of pixels, 256 channels to
/// 256 and to 1024 on 32 images of 10x10 took 2.7 and 9.7 ms with AVX2 and two threads, where they take 2.25 and 8.75.
const MIN_GROUP_CHANNELS: usize = 128;
/// Tasks that keep some tens of threads at work.
const WANTED_TASKS: usize = 24;
/// Pixels of a chunk that make its partial sum worth while.
const MIN_CHUNK_PIXELS: usize = 256;
/// Bound on the memory of the partial sums.
const MAX_PARTIAL_LEN: usize = 4 << 20;

/// The direct weight gradient of one geometry.
#[derive(Clone, Debug)]
pub(crate) struct DirectWeight {
    table: TapTable,
    n_pixels: usize,
    n_taps: usize,
    in_channels: usize,
    out_channels: usize,
    n_chunks: usize,
    group_channels: usize,
    group_taps: usize,
}

impl DirectWeight {
    pub(crate) fn new(geometry: &ConvGeometry) -> Self {
        let (in_channels, out_channels) = (geometry.sizes().in_channels, geometry.sizes().out_channels);
        let (n_pixels, n_taps) = (geometry.n_out_pixels(), geometry.n_taps());
        let n_panels = out_channels.div_ceil(PANEL);
        let group_taps = if in_channels <= MAX_ALL_TAPS_CHANNELS { n_taps } else { 1 };
        let n_tap_groups = n_taps / group_taps;
        let weight_len = n_taps * in_channels * whole_lines(out_channels);
        let n_chunks = WANTED_TASKS
            .div_ceil(n_panels * n_tap_groups)
            .min(n_pixels / MIN_CHUNK_PIXELS)
            .min(MAX_PARTIAL_LEN / weight_len)
            .max(1);
        let n_channel_groups =
            WANTED_TASKS.div_ceil(n_panels * n_tap_groups * n_chunks).min((in_channels / MIN_GROUP_CHANNELS).max(1));
        let group_channels = in_channels.div_ceil(n_channel_groups).next_multiple_of(TILE_ROWS);
        let table = TapTable::forward(geometry);
        Self { table, n_pixels, n_taps, in_channels, out_channels, n_chunks, group_channels, group_taps }
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
        let (n_tap_groups, n_channel_groups) =
            (self.n_taps / self.group_taps, self.in_channels.div_ceil(self.group_channels));
        let n_tasks = self.n_chunks * n_panels * n_tap_groups * n_channel_groups;
        for_each_task(n_tasks, blocks, self.block_len(), |task, block| {
            let (rest, group) = (task / n_channel_groups, task % n_channel_groups);
            let (rest, tap_group) = (rest / n_tap_groups, rest % n_tap_groups);
            let (chunk, panel) = (rest / n_panels, rest % n_panels);
            let (first_tap, first_channel) = (tap_group * self.group_taps, group * self.group_channels);
            self.sum_part(isa, input, output, sums, block, Part { chunk, panel, first_tap, first_channel });
        });
    }

    /// The pixels of a chunk.
    fn sum_part(&self, isa: Isa, input: &[f32], output: &[f32], sums: SharedOutput<'_>, block: &mut [f32], part: Part) {
        let columns = self.padded_columns();
        let first_column = part.panel * PANEL;
        let n_columns = (columns - first_column).min(PANEL);
        let bounds = |chunk: usize| chunk * self.n_pixels / self.n_chunks;
        let (start, end) = (bounds(part.chunk), bounds(part.chunk + 1));
        let mut pixels = Vec::with_capacity(BLOCK_PIXELS);
        for first in (start..end).step_by(BLOCK_PIXELS) {
            let block_end = (first + BLOCK_PIXELS).min(end);
            self.fill_block(&output[first * self.out_channels..block_end * self.out_channels], first_column, block);
            for tap in part.first_tap..part.first_tap + self.group_taps {
                self.table.list(tap, first, block_end, n_columns, &mut pixels);
                pixels.iter_mut().for_each(|(x, y)| (*x, *y) = (*x + part.first_channel, *y - first * n_columns));
                let job = OuterJob {
                    pixels: &pixels,
                    x: input,
                    y: block,
                    n_rows: (self.in_channels - part.first_channel).min(self.group_channels),
                    n_columns,
                    c: sums,
                    c_start: part.chunk * self.partial_len()
                        + (tap * self.in_channels + part.first_channel) * columns
                        + first_column,
                    c_step: columns,
                    accumulate: first > start,
                };
                // SAFETY: the table was made for these lengths of input and output, which the plan checked; the partial
                // sum of a chunk, panel, tap and range of channels belongs to this task.
                unsafe { add_outer_products(isa, job) };
            }
        }
    }

    /// Copies a panel of the pixels' output gradient, zeros behind the last channel.
    fn fill_block(&self, output: &[f32], first_column: usize, block: &mut [f32]) {
        let n_columns = (self.padded_columns() - first_column).min(PANEL);
        let n_inside = (self.out_channels - first_column).min(n_columns);
        for (from, to) in output.chunks_exact(self.out_channels).zip(block.chunks_exact_mut(n_columns)) {
            to[..n_inside].copy_from_slice(&from[first_column..][..n_inside]);
            to[n_inside..].fill(0.0);
        }
    }
}

/// What one task sums.
#[derive(Clone, Copy)]
struct Part {
    chunk: usize,
    panel: usize,
    first_tap: usize,
    first_channel: usize,
}
