//! The direct algorithm for the forward pass and the input gradient: a matrix product whose left side is the image itself,
//! read in place, so that no copy of shifted images (im2col) is made.
//!
//! Two orders of work:
//! - all taps of six pixels at once, with the packed weights of 64 output channels kept in the second-level cache. Taps
//!   outside of the image multiply zeros;
//! - tap after tap, adding to the result, where those weights are too large, or where many taps fall outside of the image or
//!   between the pixels of a strided one: those are then left out. Where one task has all rows of a panel, it packs each tap's
//!   weights for itself, just before it reads them.

use crate::activation::Finish;
use crate::geometry::ConvGeometry;
use crate::pack::{WeightView, Weights};
use crate::rows::{ListedRows, PANEL, RowRule, RowsJob, TILE_ROWS, multiply_rows};
use crate::shared::{ALIGNMENT_SLACK, SharedOutput, aligned, for_each_task, n_pieces, whole_lines};
use crate::simd::Isa;
use rayon::prelude::*;
use std::ops::Range;

/// Packed weights of one panel that stay in the second-level cache beside the image.
const MAX_PANEL_BYTES: usize = 512 << 10;
/// Share of taps outside of the image from which leaving them out pays.
const MAX_WASTE: f64 = 0.08;
/// Rows of a task: enough to keep the pipeline full.
const MIN_TASK_ROWS: usize = 96;
/// Rows of a task that goes tap after tap: enough that reading or packing the weights is cheap beside multiplying them.
const MIN_TAP_TASK_ROWS: usize = 396;
/// Tasks that the rows of one panel are cut into at most. Fixed, so that results do not depend on the threads.
const MAX_ROW_TASKS: usize = 32;

/// Offset of a tap that falls outside of the image.
const OUTSIDE: isize = -1;

/// Where the taps of each pixel of the result lie in the source image.
#[derive(Clone, Debug)]
pub(crate) struct TapTable {
    /// Pixels of one result image, rows and columns.
    height: usize,
    width: usize,
    n_taps: usize,
    /// Offset by tap and result row, `[tap, height]`, and by tap and result column, `[tap, width]`.
    row_offsets: Vec<isize>,
    column_offsets: Vec<isize>,
    /// Numbers of one source image, and of one pixel of it.
    image_len: usize,
    depth: usize,
}

impl TapTable {
    /// The forward pass: the result is the output, the source the input.
    pub(crate) fn forward(geometry: &ConvGeometry) -> Self {
        let sizes = *geometry.sizes();
        let source = |out: usize, tap: usize, size: usize| {
            (out * sizes.stride + tap * sizes.dilation).checked_sub(sizes.padding).filter(|&at| at < size)
        };
        let [_, height, width, depth] = geometry.input_shape();
        let [_, out_height, out_width, _] = geometry.output_shape();
        Self::new(sizes.kernel, [out_height, out_width], [height, width, depth], source)
    }

    /// The input gradient: the result is the gradient of the input, the source that of the output, with the taps in reverse
    /// order. So the source is read forwards, as caches expect.
    pub(crate) fn input_gradient(geometry: &ConvGeometry) -> Self {
        let sizes = *geometry.sizes();
        let source = |at: usize, tap: usize, out_size: usize| {
            let tap = sizes.kernel - 1 - tap;
            let shifted = (at + sizes.padding).checked_sub(tap * sizes.dilation)?;
            let out = shifted / sizes.stride;
            (shifted.is_multiple_of(sizes.stride) && out < out_size).then_some(out)
        };
        let [_, height, width, _] = geometry.input_shape();
        let [_, out_height, out_width, depth] = geometry.output_shape();
        Self::new(sizes.kernel, [height, width], [out_height, out_width, depth], source)
    }

    fn new(
        kernel: usize,
        [height, width]: [usize; 2],
        [source_height, source_width, depth]: [usize; 3],
        source: impl Fn(usize, usize, usize) -> Option<usize>,
    ) -> Self {
        let offset = |at: Option<usize>, step: usize| at.map_or(OUTSIDE, |at| (at * step).cast_signed());
        let mut row_offsets = Vec::with_capacity(kernel * kernel * height);
        let mut column_offsets = Vec::with_capacity(kernel * kernel * width);
        for tap in 0..kernel * kernel {
            let (tap_row, tap_column) = (tap / kernel, tap % kernel);
            let rows = (0..height).map(|row| offset(source(row, tap_row, source_height), source_width * depth));
            row_offsets.extend(rows);
            let columns = (0..width).map(|column| offset(source(column, tap_column, source_width), depth));
            column_offsets.extend(columns);
        }
        let image_len = source_height * source_width * depth;
        Self { height, width, n_taps: kernel * kernel, row_offsets, column_offsets, image_len, depth }
    }

    /// Share of all taps of all pixels that lie inside of the source image.
    pub(crate) fn inside_fraction(&self) -> f64 {
        let count = |offsets: &[isize]| offsets.iter().filter(|&&offset| offset != OUTSIDE).count() as f64;
        let per_tap = |tap: usize| {
            count(&self.row_offsets[tap * self.height..][..self.height])
                * count(&self.column_offsets[tap * self.width..][..self.width])
        };
        (0..self.n_taps).map(per_tap).sum::<f64>() / (self.n_taps * self.height * self.width) as f64
    }

    #[inline(always)]
    fn offset(&self, place: Place, tap: usize) -> Option<usize> {
        let row = self.row_offsets[tap * self.height + place.row];
        let column = self.column_offsets[tap * self.width + place.column];
        (row != OUTSIDE && column != OUTSIDE).then(|| place.image + (row + column).cast_unsigned())
    }

    #[inline(always)]
    fn place(&self, pixel: usize) -> Place {
        let row = pixel / self.width;
        let image = row / self.height;
        Place { image: image * self.image_len, row: row % self.height, column: pixel % self.width }
    }

    /// Pairs of source and result offsets of the pixels `first .. end` for which the tap lies inside.
    ///
    /// A pixel's result lies at `pixel * step`.
    pub(crate) fn list(&self, tap: usize, first: usize, end: usize, step: usize, list: &mut Vec<(usize, usize)>) {
        list.clear();
        let mut pixel = first;
        while pixel < end {
            let place = self.place(pixel);
            let in_row = (self.width - place.column).min(end - pixel);
            let row = self.row_offsets[tap * self.height + place.row];
            if row != OUTSIDE {
                let columns = &self.column_offsets[tap * self.width + place.column..][..in_row];
                let start = place.image + row.cast_unsigned();
                let inside = columns.iter().enumerate().filter(|&(_, &column)| column != OUTSIDE);
                list.extend(inside.map(|(i, &column)| (start + column.cast_unsigned(), (pixel + i) * step)));
            }
            pixel += in_row;
        }
    }
}

/// A pixel of the result, and where its image begins in the source.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    image: usize,
    row: usize,
    column: usize,
}

/// The rows of the product, one for each pixel of the result.
struct PixelRows<'a> {
    table: &'a TapTable,
    step: usize,
}

impl RowRule for PixelRows<'_> {
    type Place = Place;
    const HAS_ZEROS: bool = true;
    const IS_STREAM: bool = true;

    #[inline(always)]
    fn locate(&self, row: usize) -> Place {
        self.table.place(row)
    }
    #[inline(always)]
    fn source(&self, place: Place, tap: usize) -> Option<usize> {
        self.table.offset(place, tap)
    }
    #[inline(always)]
    fn target(&self, row: usize) -> usize {
        row * self.step
    }
}

/// The rows of a 1x1 convolution of stride 1 without padding: source and result have the same pixels.
///
/// PERF: nothing to divide or to look up for each strip of a tile: with AVX2, 3.7 instead of 4.4 ms of one thread for 64 channels
/// on 32 images of 40x40, and 14.5 instead of 15.2 for 256 to 1024 on 10x10.
struct SamePixels {
    depth: usize,
    step: usize,
}

impl RowRule for SamePixels {
    type Place = usize;
    const HAS_ZEROS: bool = false;
    const IS_STREAM: bool = true;

    #[inline(always)]
    fn locate(&self, row: usize) -> usize {
        row * self.depth
    }
    #[inline(always)]
    fn source(&self, place: usize, _tap: usize) -> Option<usize> {
        Some(place)
    }
    #[inline(always)]
    fn target(&self, row: usize) -> usize {
        row * self.step
    }
}

/// The direct algorithm for one geometry and direction.
#[derive(Clone, Debug)]
pub(crate) struct DirectRows {
    table: TapTable,
    view: WeightView,
    n_pixels: usize,
    n_columns: usize,
    taps_outermost: bool,
    task_rows: usize,
    has_same_pixels: bool,
    /// Whether tasks go through all panels of some rows before the next rows, else through all rows of a panel.
    rows_outermost: bool,
}

impl DirectRows {
    pub(crate) fn new(geometry: &ConvGeometry, view: WeightView) -> Self {
        let (table, n_pixels, n_columns) = match view {
            WeightView::Forward => {
                (TapTable::forward(geometry), geometry.n_out_pixels(), geometry.sizes().out_channels)
            }
            WeightView::Transposed => {
                (TapTable::input_gradient(geometry), geometry.n_in_pixels(), geometry.sizes().in_channels)
            }
        };
        let panel_bytes = table.n_taps * table.depth * PANEL * size_of::<f32>();
        let taps_outermost = table.n_taps > 1
            && (panel_bytes > MAX_PANEL_BYTES
                || (table.inside_fraction() < 1.0 - MAX_WASTE && table.depth >= PANEL / 2));
        let min_rows = if taps_outermost { MIN_TAP_TASK_ROWS } else { MIN_TASK_ROWS };
        let task_rows = n_pixels.div_ceil(MAX_ROW_TASKS).max(min_rows).next_multiple_of(TILE_ROWS);
        let sizes = geometry.sizes();
        let has_same_pixels = sizes.kernel == 1 && sizes.stride == 1 && sizes.padding == 0;
        // PERF: rows longer than those of the result are what panels had better find in a cache again: 14.8 instead of 15.6 ms with
        // AVX2 for the input gradient of 256 to 1024 channels on 32 images of 10x10. The other way round it is no gain.
        let rows_outermost = has_same_pixels && n_columns <= table.depth;
        Self { table, view, n_pixels, n_columns, taps_outermost, task_rows, has_same_pixels, rows_outermost }
    }

    fn n_panels(&self) -> usize {
        self.n_columns.div_ceil(PANEL)
    }

    /// Packed numbers of one tap of one panel.
    fn tap_len(&self) -> usize {
        self.table.depth * PANEL
    }

    /// Whether each task packs the weights that it reads, which no other does.
    fn tasks_pack(&self) -> bool {
        self.taps_outermost && self.n_pixels <= self.task_rows
    }

    pub(crate) fn scratch_len(&self) -> usize {
        let packed = if self.tasks_pack() { n_pieces() } else { self.n_panels() * self.table.n_taps };
        ALIGNMENT_SLACK + whole_lines(self.table.depth) + packed * self.tap_len()
    }

    /// `result[pixel] = finish(sum over taps of source[pixel + tap] W[tap])`.
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
        assert_eq!(result.len(), self.n_pixels * self.n_columns);
        let (zeros, packed) = aligned(scratch).split_at_mut(whole_lines(self.table.depth));
        zeros.fill(0.0);
        let result = SharedOutput::new(result);
        let job = Job { isa, source, result, zeros, finish };
        if self.tasks_pack() {
            for_each_task(self.n_tasks(), packed, self.tap_len(), |task, room| {
                self.tap_by_tap(&job, task, Packed::WhenRead { weights, room });
            });
            return;
        }
        let packed = self.pack(weights, packed);
        for_each_task(self.n_tasks(), &mut [], 0, |task, _| {
            if self.taps_outermost {
                self.tap_by_tap(&job, task, Packed::Before { packed, n_taps: self.table.n_taps });
            } else {
                self.all_taps(&job, task, packed);
            }
        });
    }

    /// Packs all weights.
    fn pack<'p>(&self, weights: &Weights<'_>, packed: &'p mut [f32]) -> &'p [f32] {
        let n_taps = self.table.n_taps;
        let packed = &mut packed[..self.n_panels() * n_taps * self.tap_len()];
        let taps = packed.par_chunks_exact_mut(self.tap_len()).enumerate();
        taps.for_each(|(i, packed)| weights.pack(i / n_taps, i % n_taps, 0..self.table.depth, packed));
        packed
    }

    /// Panel, and first and last row, of a task.
    fn part(&self, task: usize) -> (usize, usize, usize) {
        let n_row_tasks = self.n_pixels.div_ceil(self.task_rows);
        let (panel, part) = if self.rows_outermost {
            (task % self.n_panels(), task / self.n_panels())
        } else {
            (task / n_row_tasks, task % n_row_tasks)
        };
        (panel, part * self.task_rows, ((part + 1) * self.task_rows).min(self.n_pixels))
    }

    fn n_tasks(&self) -> usize {
        self.n_panels() * self.n_pixels.div_ceil(self.task_rows)
    }

    fn all_taps(&self, job: &Job<'_>, task: usize, packed: &[f32]) {
        let (panel, first_row, end_row) = self.part(task);
        if self.has_same_pixels {
            let rule = SamePixels { depth: self.table.depth, step: self.n_columns };
            self.multiply(job, &rule, panel, first_row..end_row, packed);
        } else {
            let rule = PixelRows { table: &self.table, step: self.n_columns };
            self.multiply(job, &rule, panel, first_row..end_row, packed);
        }
        self.finish(job, task);
    }

    /// All taps of some rows of a panel.
    fn multiply<R: RowRule>(&self, job: &Job<'_>, rule: &R, panel: usize, rows: Range<usize>, packed: &[f32]) {
        let panel_len = self.table.n_taps * self.tap_len();
        let rows = RowsJob {
            rule,
            first_row: rows.start,
            end_row: rows.end,
            a: job.source,
            zeros: job.zeros,
            b: &packed[panel * panel_len..][..panel_len],
            n_taps: self.table.n_taps,
            depth: self.table.depth,
            c: job.result,
            first_column: panel * PANEL,
            n_columns: (self.n_columns - panel * PANEL).min(PANEL),
            accumulate: false,
        };
        // SAFETY: the table was made for these lengths of source and result, which `run` and the plan checked, and each task
        // has rows and columns of its own.
        unsafe { multiply_rows(job.isa, rows) };
    }

    fn finish(&self, job: &Job<'_>, task: usize) {
        let (panel, first_row, end_row) = self.part(task);
        let first_column = panel * PANEL;
        let starts = (first_row..end_row).map(|row| row * self.n_columns + first_column);
        // SAFETY: the task's own rows and columns, inside of the result.
        unsafe {
            job.finish.apply(job.isa, job.result, starts, first_column, (self.n_columns - first_column).min(PANEL));
        }
    }

    fn tap_by_tap(&self, job: &Job<'_>, task: usize, mut packed: Packed<'_>) {
        let (panel, first_row, end_row) = self.part(task);
        let first_column = panel * PANEL;
        let n_columns = (self.n_columns - first_column).min(PANEL);
        for row in first_row..end_row {
            // SAFETY: the task's own rows and columns, inside of the result.
            unsafe { job.result.slice(row * self.n_columns + first_column, n_columns) }.fill(0.0);
        }
        let mut list = Vec::with_capacity(end_row - first_row);
        for tap in 0..self.table.n_taps {
            self.table.list(tap, first_row, end_row, self.n_columns, &mut list);
            if list.is_empty() {
                continue;
            }
            let rows = RowsJob {
                rule: &ListedRows(&list),
                first_row: 0,
                end_row: list.len(),
                a: job.source,
                zeros: job.zeros,
                b: packed.tap(panel, tap, self.table.depth),
                n_taps: 1,
                depth: self.table.depth,
                c: job.result,
                first_column,
                n_columns,
                accumulate: true,
            };
            // SAFETY: as in `all_taps`.
            unsafe { multiply_rows(job.isa, rows) };
        }
        self.finish(job, task);
    }
}

/// What all tasks of a run share.
struct Job<'a> {
    isa: Isa,
    source: &'a [f32],
    result: SharedOutput<'a>,
    zeros: &'a [f32],
    finish: Finish<'a>,
}

/// Packed weights of a task that goes tap after tap.
enum Packed<'a> {
    /// Packed beforehand, `[panel, tap, depth, PANEL]`.
    Before { packed: &'a [f32], n_taps: usize },
    /// Packed by the task itself, one tap after another in the same room.
    WhenRead { weights: &'a Weights<'a>, room: &'a mut [f32] },
}

impl Packed<'_> {
    fn tap(&mut self, panel: usize, tap: usize, depth: usize) -> &[f32] {
        match self {
            Self::Before { packed, n_taps } => &packed[(panel * *n_taps + tap) * depth * PANEL..][..depth * PANEL],
            Self::WhenRead { weights, room } => {
                weights.pack(panel, tap, 0..depth, room);
                room
            }
        }
    }
}
