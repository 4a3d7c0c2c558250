//! The weight gradient: for each point the sum over tiles of outer products of the transformed input and output gradient, and
//! one transform of the sums at the end.
//!
//! All threads transform some tiles, then share out the points; the next tiles add to the same sums, in order, so that the
//! bits do not depend on the number of threads.

use super::tiles::{Frame, Planes, Tile, ToPlanes, WeightFromPlanes, cover};
use super::transform::{GradientMatrix, InputMatrix};
use super::{Form, plane_step};
use crate::error::Error;
use crate::geometry::ConvGeometry;
use crate::outer::{OuterJob, add_outer_products};
use crate::rows::{PANEL, TILE_ROWS};
use crate::shared::{ALIGNMENT_SLACK, LINE, SharedOutput, aligned, for_each_task};
use crate::simd::Isa;

/// Planes of a stage. Fixed, as the order of the sum depends on it.
const STAGE_BYTES: usize = 12 << 20;
/// Tiles whose channels stay in the first-level cache while all of a panel's sums go over them.
const RUN_TILES: usize = 128;
/// Tasks of the last transform.
const TRANSFORM_TASKS: usize = 32;

/// Winograd's weight gradient for one geometry.
#[derive(Clone, Debug)]
pub(crate) struct WinogradWeight {
    form: Form,
    tiles: Vec<Tile>,
    input: Frame,
    output: Frame,
    /// Tiles of a stage.
    n_stage: usize,
}

impl WinogradWeight {
    /// # Errors
    /// If the form does not serve the geometry.
    pub(crate) fn new(geometry: &ConvGeometry, form: Form) -> Result<Self, Error> {
        form.check(geometry)?;
        let sizes = geometry.sizes();
        let dilation = sizes.dilation;
        let frame = |[_, height, width, n_channels]: [usize; 4], padding: usize| Frame {
            height,
            width,
            n_channels,
            dilation,
            padding,
        };
        let (input, output) = (frame(geometry.input_shape(), sizes.padding), frame(geometry.output_shape(), 0));
        let tiles = cover(sizes.n, [output.height, output.width], dilation, form.side());
        let tile_bytes = form.n_points() * size_of::<f32>() * (input.n_channels + output.n_channels);
        let most = (STAGE_BYTES / tile_bytes).max(2 * TILE_ROWS);
        let n_stage = tiles.len().div_ceil(tiles.len().div_ceil(most));
        Ok(Self { form, tiles, input, output, n_stage })
    }

    /// Distances of the planes of the input, of the output gradient, and of the sums.
    fn steps(&self) -> [usize; 3] {
        [
            plane_step(self.n_stage * self.input.n_channels),
            plane_step(self.n_stage * self.output.n_channels),
            plane_step(self.input.n_channels * self.output.n_channels),
        ]
    }

    pub(crate) fn scratch_len(&self) -> usize {
        ALIGNMENT_SLACK + self.form.n_points() * self.steps().iter().sum::<usize>()
    }

    pub(crate) fn run(&self, isa: Isa, input: &[f32], output: &[f32], weight: &mut [f32], scratch: &mut [f32]) {
        let [input_step, output_step, sum_step] = self.steps();
        let (x, rest) = aligned(scratch).split_at_mut(self.form.n_points() * input_step);
        let (y, rest) = rest.split_at_mut(self.form.n_points() * output_step);
        let sums = &mut rest[..self.form.n_points() * sum_step];
        for (i, tiles) in self.tiles.chunks(self.n_stage).enumerate() {
            self.to_planes(isa, input, output, tiles, SharedOutput::new(x), SharedOutput::new(y));
            self.add_products(isa, tiles.len(), x, y, SharedOutput::new(sums), i > 0);
        }
        self.transform_sums(isa, sums, SharedOutput::new(weight));
    }

    /// Tiles of input and output gradient to planes.
    fn to_planes(
        &self,
        isa: Isa,
        input: &[f32],
        output: &[f32],
        tiles: &[Tile],
        x: SharedOutput<'_>,
        y: SharedOutput<'_>,
    ) {
        let [input_step, output_step, _] = self.steps();
        let n_part = tiles.len().div_ceil(4 * rayon::current_num_threads());
        let parts: Vec<&[Tile]> = tiles.chunks(n_part).collect();
        for_each_task(parts.len(), &mut [], 0, |i, _| {
            let tiles = parts[i];
            let x_planes = Planes { start: i * n_part * self.input.n_channels, step: input_step };
            let y_planes = Planes { start: i * n_part * self.output.n_channels, step: output_step };
            // SAFETY: the frames are those of input and output, whose lengths the plan checked; the planes have room for
            // a stage of tiles, and each part writes its own.
            unsafe {
                let (matrix, image, frame) = (InputMatrix, input, self.input);
                match self.form {
                    Form::F2 => isa.run(ToPlanes::<_, 4, 4> { matrix, image, frame, tiles, out: x, planes: x_planes }),
                    Form::F4 => isa.run(ToPlanes::<_, 6, 6> { matrix, image, frame, tiles, out: x, planes: x_planes }),
                }
                let (matrix, image, frame) = (GradientMatrix, output, self.output);
                match self.form {
                    Form::F2 => isa.run(ToPlanes::<_, 2, 4> { matrix, image, frame, tiles, out: y, planes: y_planes }),
                    Form::F4 => isa.run(ToPlanes::<_, 4, 6> { matrix, image, frame, tiles, out: y, planes: y_planes }),
                }
            }
        });
    }

    /// Adds the tiles' outer products to the sums `[point, in_channel, out_channel]`.
    fn add_products(&self, isa: Isa, n_tiles: usize, x: &[f32], y: &[f32], sums: SharedOutput<'_>, accumulate: bool) {
        let [input_step, output_step, sum_step] = self.steps();
        let (n_rows, n_columns) = (self.input.n_channels, self.output.n_channels);
        let n_panels = n_columns.div_ceil(PANEL);
        for_each_task(self.form.n_points() * n_panels, &mut [], 0, |task, _| {
            let (point, panel) = (task / n_panels, task % n_panels);
            let tiles: Vec<(usize, usize)> =
                (0..n_tiles).map(|tile| (tile * n_rows, tile * n_columns + panel * PANEL)).collect();
            for (i, tiles) in tiles.chunks(RUN_TILES).enumerate() {
                let job = OuterJob {
                    pixels: tiles,
                    x: &x[point * input_step..],
                    y: &y[point * output_step..],
                    n_rows,
                    n_columns: (n_columns - panel * PANEL).min(PANEL),
                    c: sums,
                    c_start: point * sum_step + panel * PANEL,
                    c_step: n_columns,
                    accumulate: accumulate || i > 0,
                };
                // SAFETY: the planes hold these tiles, and the sums of a point and panel belong to this task.
                unsafe { add_outer_products(isa, job) };
            }
        });
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
