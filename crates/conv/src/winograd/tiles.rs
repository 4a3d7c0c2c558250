//! Tiles of an image in and out of Winograd's domain: the passes over memory before and after the products.
//!
//! In that domain arrays are planes `[point, tile, channel]`, one for each of the `points` of the transform.
//!
//! Dilation splits the image into phases: the pixels that lie a multiple of the dilation apart. A tile belongs to one phase,
//! and its pixels are read and written that far apart.

use super::Form;
use super::transform::{
    GradientMatrix, InputMatrix, OutputMatrix, PairInputMatrix, Transform, WeightGradientMatrix, WeightMatrix,
    both_axes,
};
use crate::rows::PANEL;
use crate::shared::{LINE, SharedOutput};
use crate::simd::{Isa, Kernel, Simd, prefetch};
use std::ops::Range;

/// Pixels of a tile along one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Side {
    Two,
    Four,
}

impl Side {
    pub(crate) fn n_pixels(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
        }
    }
}

/// Where the first pixel of a tile lies in the output, and the tile's sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tile {
    image: usize,
    row: usize,
    column: usize,
    height: Side,
    width: Side,
}

impl Tile {
    /// Place in an order in which the tiles of each point lie one behind the other.
    fn rank(&self) -> usize {
        match (self.height, self.width) {
            (Side::Two, Side::Four) => 0,
            (Side::Four, Side::Four) => 1,
            (Side::Four, Side::Two) => 2,
            (Side::Two, Side::Two) => 3,
        }
    }
}

/// Sorts tiles so that those of each point lie one behind the other, as [`tiles_of_point`] expects.
pub(crate) fn sort_by_sides(tiles: &mut [Tile]) {
    tiles.sort_by_key(Tile::rank);
}

/// Which of some sorted tiles have a point: a side of two pixels lacks the points 2 and -2 of F(4x4).
pub(crate) fn tiles_of_point(tiles: &[Tile], point: usize, form: Form) -> Range<usize> {
    let (row, column) = (point / form.points_side(), point % form.points_side());
    let is_wide = |index: usize| form == Form::F4 && (3..5).contains(&index);
    let ranks = match (is_wide(row), is_wide(column)) {
        (true, true) => 1..2,
        (true, false) => 1..3,
        (false, true) => 0..2,
        (false, false) => 0..4,
    };
    let before = |rank: usize| tiles.partition_point(|tile| tile.rank() < rank);
    before(ranks.start)..before(ranks.end)
}

/// First pixels and sides of the tiles along an axis of `size` pixels, phase by phase.
fn along(size: usize, dilation: usize, form: Form) -> impl Iterator<Item = (usize, Side)> {
    (0..dilation.min(size)).flat_map(move |phase| {
        let starts = (phase..size).step_by(dilation * form.side());
        starts.map(move |start| {
            let n_left = (size - start).div_ceil(dilation);
            (start, if form == Form::F2 || n_left <= 2 { Side::Two } else { Side::Four })
        })
    })
}

/// Points of all tiles along an axis.
pub(crate) fn n_points_along(size: usize, dilation: usize, form: Form) -> usize {
    along(size, dilation, form).map(|(_, side)| side.n_pixels() + 2).sum()
}

/// Tiles that cover `n` images of `[height, width]` phase by phase.
pub(crate) fn cover(n: usize, [height, width]: [usize; 2], dilation: usize, form: Form) -> Vec<Tile> {
    let columns: Vec<(usize, Side)> = along(width, dilation, form).collect();
    let mut tiles = Vec::new();
    for image in 0..n {
        for (row, height) in along(height, dilation, form) {
            tiles.extend(columns.iter().map(|&(column, width)| Tile { image, row, column, height, width }));
        }
    }
    tiles
}

/// Images whose pixels are read or written tile by tile, `[image, height, width, channel]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// A multiple of 16.
    pub(crate) n_channels: usize,
    pub(crate) dilation: usize,
    /// How far left and above of the output's pixel a tile begins.
    pub(crate) padding: usize,
}

impl Frame {
    /// Images of a shape `[image, height, width, channel]`.
    pub(crate) fn new([_, height, width, n_channels]: [usize; 4], dilation: usize, padding: usize) -> Self {
        Self { height, width, n_channels, dilation, padding }
    }

    /// Asks for a tile's pixels inside of the image.
    ///
    /// PERF: the processor does not foresee the rows of the next tile by itself: a forward pass of 64 channels on 32 images of
    /// 40x40 takes 6.8 ms with, and 9.7 without. For the pixels that tiles are written to it gains nothing.
    #[inline(always)]
    fn prefetch<const HEIGHT: usize, const WIDTH: usize>(&self, image: *const f32, tile: Tile) {
        let (rows, columns) = self.offsets::<HEIGHT, WIDTH>(tile);
        for row in rows.into_iter().flatten() {
            for column in columns.into_iter().flatten() {
                for channel in (0..self.n_channels).step_by(LINE) {
                    prefetch(image.wrapping_add(row + column + channel));
                }
            }
        }
    }

    /// Offsets of a tile's pixels inside of the image, for a padding of zero.
    #[inline(always)]
    pub(crate) fn pixels(&self, tile: Tile) -> impl Iterator<Item = usize> + use<> {
        let Self { height, width, n_channels, dilation, .. } = *self;
        let inside = move |start: usize, size: usize, side: Side| (start..size).step_by(dilation).take(side.n_pixels());
        inside(tile.row, height, tile.height).flat_map(move |row| {
            inside(tile.column, width, tile.width)
                .map(move |column| ((tile.image * height + row) * width + column) * n_channels)
        })
    }

    /// Offsets of a tile's pixels along both axes, `None` outside of the image.
    #[inline(always)]
    fn offsets<const HEIGHT: usize, const WIDTH: usize>(
        &self,
        tile: Tile,
    ) -> ([Option<usize>; HEIGHT], [Option<usize>; WIDTH]) {
        let at = |start: usize, i: usize, size: usize| {
            (start + i * self.dilation).checked_sub(self.padding).filter(|&at| at < size)
        };
        let first_row = tile.image * self.height;
        let step = self.width * self.n_channels;
        (
            std::array::from_fn(|i| at(tile.row, i, self.height).map(|row| (first_row + row) * step)),
            std::array::from_fn(|i| at(tile.column, i, self.width).map(|column| column * self.n_channels)),
        )
    }
}

/// Planes of points in a slice: point `p` of tile `t` lies at `start + p * step + t * channels`.
#[derive(Clone, Copy)]
pub(crate) struct Planes {
    pub(crate) start: usize,
    pub(crate) step: usize,
}

/// The point of a form of `side` points that a tile with `n` points along this axis has as its `i`-th: all of them, or all
/// but 2 and -2, which come before the last.
#[inline(always)]
fn point(i: usize, n: usize, side: usize) -> usize {
    if i + 1 == n { side - 1 } else { i }
}

/// Tiles of an image to planes.
#[derive(Clone, Copy)]
pub(crate) struct ToPlanes<'a> {
    pub(crate) form: Form,
    pub(crate) image: &'a [f32],
    pub(crate) frame: Frame,
    pub(crate) tiles: &'a [Tile],
    pub(crate) out: SharedOutput<'a>,
    pub(crate) planes: Planes,
}

impl ToPlanes<'_> {
    /// Each run of tiles of the same sides, with its planes.
    fn runs(self) -> impl Iterator<Item = Self> {
        let mut start = self.planes.start;
        self.tiles.chunk_by(|a, b| a.rank() == b.rank()).map(move |tiles| {
            let planes = Planes { start, ..self.planes };
            start += tiles.len() * self.frame.n_channels;
            Self { tiles, planes, ..self }
        })
    }

    /// Transforms the input's tiles.
    ///
    /// # Safety
    /// The image must have the frame's pixels for all of the tiles' images, the planes room for all tiles, and no other task
    /// may touch these meanwhile.
    pub(crate) unsafe fn input(self, isa: Isa) {
        const ALL: InputMatrix = InputMatrix;
        const PAIR: PairInputMatrix = PairInputMatrix;
        for job in self.runs() {
            // SAFETY: the caller vouches for all runs.
            unsafe {
                match (job.form, job.tiles[0].height, job.tiles[0].width) {
                    (Form::F2, _, _) => isa.run(Gather::<_, _, 4, 4, 4, 4>(job, ALL, ALL)),
                    (Form::F4, Side::Four, Side::Four) => isa.run(Gather::<_, _, 6, 6, 6, 6>(job, ALL, ALL)),
                    (Form::F4, Side::Four, Side::Two) => isa.run(Gather::<_, _, 6, 6, 4, 4>(job, ALL, PAIR)),
                    (Form::F4, Side::Two, Side::Four) => isa.run(Gather::<_, _, 4, 4, 6, 6>(job, PAIR, ALL)),
                    (Form::F4, Side::Two, Side::Two) => isa.run(Gather::<_, _, 4, 4, 4, 4>(job, PAIR, PAIR)),
                }
            }
        }
    }

    /// Transforms the output gradient's tiles.
    ///
    /// # Safety
    /// As [`ToPlanes::input`].
    pub(crate) unsafe fn gradient(self, isa: Isa) {
        const ALL: GradientMatrix = GradientMatrix;
        for job in self.runs() {
            // SAFETY: the caller vouches for all runs.
            unsafe {
                match (job.tiles[0].height, job.tiles[0].width) {
                    (Side::Four, Side::Four) => isa.run(Gather::<_, _, 4, 6, 4, 6>(job, ALL, ALL)),
                    (Side::Four, Side::Two) => isa.run(Gather::<_, _, 4, 6, 2, 4>(job, ALL, ALL)),
                    (Side::Two, Side::Four) => isa.run(Gather::<_, _, 2, 4, 4, 6>(job, ALL, ALL)),
                    (Side::Two, Side::Two) => isa.run(Gather::<_, _, 2, 4, 2, 4>(job, ALL, ALL)),
                }
            }
        }
    }
}

/// Tiles of the same sides to planes, with a matrix for the rows and one for the columns.
struct Gather<'a, M, N, const HEIGHT: usize, const ROWS: usize, const WIDTH: usize, const COLUMNS: usize>(
    ToPlanes<'a>,
    M,
    N,
);

impl<M, N, const HEIGHT: usize, const ROWS: usize, const WIDTH: usize, const COLUMNS: usize> Kernel
    for Gather<'_, M, N, HEIGHT, ROWS, WIDTH, COLUMNS>
where
    M: Transform<HEIGHT, ROWS>,
    N: Transform<WIDTH, COLUMNS>,
{
    #[inline(always)]
    unsafe fn run<S: Simd>(self, simd: S) {
        let Self(job, rows_matrix, columns_matrix) = self;
        let matrices = (rows_matrix, columns_matrix);
        let (n_channels, side) = (job.frame.n_channels, job.form.points_side());
        assert!(n_channels.is_multiple_of(S::LANES) && ROWS <= side && COLUMNS <= side);
        for (i, &tile) in job.tiles.iter().enumerate() {
            if let Some(&next) = job.tiles.get(i + 1) {
                job.frame.prefetch::<HEIGHT, WIDTH>(job.image.as_ptr(), next);
            }
            let (rows, columns) = job.frame.offsets::<HEIGHT, WIDTH>(tile);
            let inside = rows.iter().all(Option::is_some) && columns.iter().all(Option::is_some);
            let (known_rows, known_columns) =
                (rows.map(Option::unwrap_or_default), columns.map(Option::unwrap_or_default));
            for channel in (0..n_channels).step_by(S::LANES) {
                let read = |offset: usize| {
                    debug_assert!(offset + channel + S::LANES <= job.image.len());
                    // SAFETY: the offsets are those of pixels of the image, whose length the plan checked, and `channel`
                    // stays below their number of channels, a multiple of the vector's.
                    unsafe { simd.load(job.image.as_ptr().add(offset + channel)) }
                };
                let store = |row: usize, column: usize, value: S::V| {
                    let point = point(row, ROWS, side) * side + point(column, COLUMNS, side);
                    let at = job.planes.start + point * job.planes.step + i * n_channels + channel;
                    // SAFETY: the caller gives planes with room for its tiles, which are this task's own.
                    unsafe { simd.store(job.out.at(at, S::LANES), value) };
                };
                if inside {
                    // PERF: tiles at the border are few, and without choices the loads of the others overlap.
                    both_axes(simd, matrices, |r, c| read(known_rows[r] + known_columns[c]), store);
                } else {
                    let load = |r: usize, c: usize| match (rows[r], columns[c]) {
                        (Some(row), Some(column)) => read(row + column),
                        _ => simd.zero(),
                    };
                    both_axes(simd, matrices, load, store);
                }
            }
        }
    }
}

/// Planes to tiles of an image; what lies outside of the image is dropped.
#[derive(Clone, Copy)]
pub(crate) struct FromPlanes<'a> {
    pub(crate) form: Form,
    pub(crate) values: &'a [f32],
    pub(crate) planes: Planes,
    pub(crate) frame: Frame,
    pub(crate) tiles: &'a [Tile],
    pub(crate) image: SharedOutput<'a>,
}

impl FromPlanes<'_> {
    /// Transforms the products to the output's tiles.
    ///
    /// # Safety
    /// As [`ToPlanes::input`], with image and planes exchanged; no pixel may belong to two tiles.
    pub(crate) unsafe fn output(self, isa: Isa) {
        let mut start = self.planes.start;
        for tiles in self.tiles.chunk_by(|a, b| a.rank() == b.rank()) {
            let job = Self { tiles, planes: Planes { start, ..self.planes }, ..self };
            start += tiles.len() * self.frame.n_channels;
            // SAFETY: the caller vouches for all runs.
            unsafe {
                match (tiles[0].height, tiles[0].width) {
                    (Side::Four, Side::Four) => isa.run(Scatter::<6, 4, 6, 4>(job)),
                    (Side::Four, Side::Two) => isa.run(Scatter::<6, 4, 4, 2>(job)),
                    (Side::Two, Side::Four) => isa.run(Scatter::<4, 2, 6, 4>(job)),
                    (Side::Two, Side::Two) => isa.run(Scatter::<4, 2, 4, 2>(job)),
                }
            }
        }
    }
}

/// Planes to tiles of the same sides.
struct Scatter<'a, const ROWS: usize, const HEIGHT: usize, const COLUMNS: usize, const WIDTH: usize>(FromPlanes<'a>);

impl<const ROWS: usize, const HEIGHT: usize, const COLUMNS: usize, const WIDTH: usize> Kernel
    for Scatter<'_, ROWS, HEIGHT, COLUMNS, WIDTH>
where
    OutputMatrix: Transform<ROWS, HEIGHT> + Transform<COLUMNS, WIDTH>,
{
    #[inline(always)]
    unsafe fn run<S: Simd>(self, simd: S) {
        let job = self.0;
        let (n_channels, side) = (job.frame.n_channels, job.form.points_side());
        assert!(n_channels.is_multiple_of(S::LANES) && ROWS <= side && COLUMNS <= side);
        for (i, &tile) in job.tiles.iter().enumerate() {
            let (rows, columns) = job.frame.offsets::<HEIGHT, WIDTH>(tile);
            for channel in (0..n_channels).step_by(S::LANES) {
                let load = |row: usize, column: usize| {
                    let point = point(row, ROWS, side) * side + point(column, COLUMNS, side);
                    let at = job.planes.start + point * job.planes.step + i * n_channels + channel;
                    debug_assert!(at + S::LANES <= job.values.len());
                    // SAFETY: the caller gives planes that hold its tiles.
                    unsafe { simd.load(job.values.as_ptr().add(at)) }
                };
                let store = |row: usize, column: usize, value: S::V| {
                    if let (Some(row), Some(column)) = (rows[row], columns[column]) {
                        // SAFETY: a pixel of the image, which belongs to this tile alone.
                        unsafe { simd.store(job.image.at(row + column + channel, S::LANES), value) };
                    }
                };
                both_axes::<_, _, _, ROWS, HEIGHT, COLUMNS, WIDTH>(simd, (OutputMatrix, OutputMatrix), load, store);
            }
        }
    }
}

/// Packed weights `[tap, depth, PANEL]` to planes `[point, depth, PANEL]`.
///
/// # Safety
/// The planes must have room for `n_depths` rows, which no other task touches meanwhile.
pub(crate) struct WeightToPlanes<'a> {
    pub(crate) taps: &'a [f32],
    pub(crate) n_depths: usize,
    pub(crate) out: SharedOutput<'a>,
    pub(crate) planes: Planes,
    /// Points along one axis.
    pub(crate) side: usize,
}

impl WeightToPlanes<'_> {
    #[inline(always)]
    fn transform<S: Simd, const OUT: usize>(&self, simd: S)
    where
        WeightMatrix: Transform<3, OUT>,
    {
        let n = self.n_depths * PANEL;
        assert!(self.taps.len() >= 9 * n);
        for at in (0..n).step_by(S::LANES) {
            // SAFETY: `at + LANES <= n`, and there are nine taps of `n`.
            let load = |r: usize, c: usize| unsafe { simd.load(self.taps.as_ptr().add((r * 3 + c) * n + at)) };
            let store = |r: usize, c: usize, value: S::V| {
                let to = self.planes.start + (r * OUT + c) * self.planes.step + at;
                // SAFETY: the caller gives planes with room for these depths, which are this task's own.
                unsafe { simd.store(self.out.at(to, S::LANES), value) };
            };
            both_axes::<_, _, _, 3, OUT, 3, OUT>(simd, (WeightMatrix, WeightMatrix), load, store);
        }
    }
}

impl Kernel for WeightToPlanes<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self, simd: S) {
        if self.side == 4 { self.transform::<S, 4>(simd) } else { self.transform::<S, 6>(simd) }
    }
}

/// Planes `[point, in_channel, out_channel]` to the weight gradient `[tap, in_channel, out_channel]`, for a range of both.
///
/// # Safety
/// Each of nine taps must hold the range, which no other task touches meanwhile.
pub(crate) struct WeightFromPlanes<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) plane_step: usize,
    pub(crate) weight: SharedOutput<'a>,
    pub(crate) tap_step: usize,
    /// The numbers `first .. end` of each plane and tap, a multiple of 16 of them.
    pub(crate) first: usize,
    pub(crate) end: usize,
    /// Points along one axis.
    pub(crate) side: usize,
}

impl WeightFromPlanes<'_> {
    #[inline(always)]
    fn transform<S: Simd, const IN: usize>(&self, simd: S)
    where
        WeightGradientMatrix: Transform<IN, 3>,
    {
        assert!((self.end - self.first).is_multiple_of(S::LANES));
        assert!(self.values.len() >= (IN * IN - 1) * self.plane_step + self.end);
        for at in (self.first..self.end).step_by(S::LANES) {
            let load = |r: usize, c: usize| {
                // SAFETY: `at + LANES <= end`, and the planes have been checked to hold `end` numbers.
                unsafe { simd.load(self.values.as_ptr().add((r * IN + c) * self.plane_step + at)) }
            };
            let store = |r: usize, c: usize, value: S::V| {
                // SAFETY: the range lies inside of each tap and is this task's own.
                unsafe { simd.store(self.weight.at((r * 3 + c) * self.tap_step + at, S::LANES), value) };
            };
            let matrices = (WeightGradientMatrix, WeightGradientMatrix);
            both_axes::<_, _, _, IN, 3, IN, 3>(simd, matrices, load, store);
        }
    }
}

impl Kernel for WeightFromPlanes<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self, simd: S) {
        if self.side == 4 { self.transform::<S, 4>(simd) } else { self.transform::<S, 6>(simd) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_every_pixel_once() {
        use Form::{F2, F4};
        for (height, width, dilation, form) in
            [(5, 5, 1, F2), (40, 40, 3, F4), (7, 1, 4, F4), (2, 9, 4, F2), (10, 6, 1, F4)]
        {
            let mut seen = vec![0; 2 * height * width];
            let frame = Frame::new([2, height, width, 1], dilation, 0);
            for tile in cover(2, [height, width], dilation, form) {
                frame.pixels(tile).for_each(|pixel| seen[pixel] += 1);
            }
            assert!(seen.iter().all(|&n| n == 1), "{height}x{width} d{dilation} {form:?}");
        }
    }

    #[test]
    fn one_or_two_pixels_left_take_four_points() {
        let sides =
            |size, dilation| along(size, dilation, Form::F4).map(|(_, side)| side.n_pixels()).collect::<Vec<_>>();
        assert_eq!(sides(11, 1), [4, 4, 4]);
        assert_eq!(sides(10, 1), [4, 4, 2]);
        assert_eq!(sides(5, 1), [4, 2]);
        assert_eq!(sides(11, 2), [4, 2, 4, 2]);
        assert_eq!(n_points_along(40, 4, Form::F4), 4 * (6 + 6 + 4));
    }

    #[test]
    fn the_tiles_of_a_point_are_those_whose_sides_have_it() {
        let mut tiles = cover(1, [10, 6], 1, Form::F4);
        sort_by_sides(&mut tiles);
        for point in 0..36 {
            let has = |index: usize, side: Side| side == Side::Four || ![3, 4].contains(&index);
            let range = tiles_of_point(&tiles, point, Form::F4);
            for (i, tile) in tiles.iter().enumerate() {
                let expected = has(point / 6, tile.height) && has(point % 6, tile.width);
                assert_eq!(range.contains(&i), expected, "point {point}, {tile:?}");
            }
        }
    }
}
