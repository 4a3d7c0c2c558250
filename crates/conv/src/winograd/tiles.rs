//! Tiles of an image in and out of Winograd's domain: the passes over memory before and after the products.
//!
//! In that domain arrays are planes `[point, tile, channel]`, one for each of the `points` of the transform.
//!
//! Dilation splits the image into phases: the pixels that lie a multiple of the dilation apart. A tile belongs to one phase,
//! and its pixels are read and written that far apart.

use super::transform::{Transform, WeightGradientMatrix, WeightMatrix, both_axes};
use crate::rows::PANEL;
use crate::shared::{LINE, SharedOutput};
use crate::simd::{Kernel, Simd, prefetch};

/// Where the first pixel of a tile lies in the output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tile {
    image: usize,
    row: usize,
    column: usize,
}

/// Tiles of `side` pixels that cover `n` images of `[height, width]` phase by phase.
pub(crate) fn cover(n: usize, [height, width]: [usize; 2], dilation: usize, side: usize) -> Vec<Tile> {
    let starts = |size: usize| {
        let phases = 0..dilation.min(size);
        phases.flat_map(move |phase| (phase..size).step_by(dilation * side)).collect::<Vec<_>>()
    };
    let (rows, columns) = (starts(height), starts(width));
    let mut tiles = Vec::with_capacity(n * rows.len() * columns.len());
    for image in 0..n {
        for &row in &rows {
            tiles.extend(columns.iter().map(|&column| Tile { image, row, column }));
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
    fn prefetch<const SIDE: usize>(&self, image: *const f32, tile: Tile) {
        let (rows, columns) = self.offsets::<SIDE>(tile);
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
    pub(crate) fn pixels(&self, tile: Tile, side: usize) -> impl Iterator<Item = usize> + use<> {
        let Self { height, width, n_channels, dilation, .. } = *self;
        let inside = move |start: usize, size: usize| (start..size).step_by(dilation).take(side);
        inside(tile.row, height).flat_map(move |row| {
            inside(tile.column, width).map(move |column| ((tile.image * height + row) * width + column) * n_channels)
        })
    }

    /// Offsets of a tile's pixels along both axes, `None` outside of the image.
    #[inline(always)]
    fn offsets<const SIDE: usize>(&self, tile: Tile) -> ([Option<usize>; SIDE], [Option<usize>; SIDE]) {
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

/// Tiles of an image to planes.
///
/// # Safety
/// The image must have the frame's pixels for all of the tiles' images, the planes room for all tiles, and no other task may
/// touch these meanwhile.
pub(crate) struct ToPlanes<'a, T, const IN: usize, const OUT: usize> {
    pub(crate) matrix: T,
    pub(crate) image: &'a [f32],
    pub(crate) frame: Frame,
    pub(crate) tiles: &'a [Tile],
    pub(crate) out: SharedOutput<'a>,
    pub(crate) planes: Planes,
}

impl<T: Transform<IN, OUT>, const IN: usize, const OUT: usize> Kernel for ToPlanes<'_, T, IN, OUT> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self, simd: S) {
        let n_channels = self.frame.n_channels;
        assert!(n_channels.is_multiple_of(S::LANES));
        for (i, &tile) in self.tiles.iter().enumerate() {
            if let Some(&next) = self.tiles.get(i + 1) {
                self.frame.prefetch::<IN>(self.image.as_ptr(), next);
            }
            let (rows, columns) = self.frame.offsets::<IN>(tile);
            let inside = rows.iter().chain(&columns).all(Option::is_some);
            let (known_rows, known_columns) =
                (rows.map(Option::unwrap_or_default), columns.map(Option::unwrap_or_default));
            for channel in (0..n_channels).step_by(S::LANES) {
                let read = |offset: usize| {
                    debug_assert!(offset + channel + S::LANES <= self.image.len());
                    // SAFETY: the offsets are those of pixels of the image, whose length the plan checked, and `channel`
                    // stays below their number of channels, a multiple of the vector's.
                    unsafe { simd.load(self.image.as_ptr().add(offset + channel)) }
                };
                let store = |row: usize, column: usize, value: S::V| {
                    let at = self.planes.start + (row * OUT + column) * self.planes.step + i * n_channels + channel;
                    // SAFETY: the caller gives planes with room for its tiles, which are this task's own.
                    unsafe { simd.store(self.out.at(at, S::LANES), value) };
                };
                if inside {
                    // PERF: tiles at the border are few, and without choices the loads of the others overlap.
                    both_axes(simd, self.matrix, |r, c| read(known_rows[r] + known_columns[c]), store);
                } else {
                    let load = |r: usize, c: usize| match (rows[r], columns[c]) {
                        (Some(row), Some(column)) => read(row + column),
                        _ => simd.zero(),
                    };
                    both_axes(simd, self.matrix, load, store);
                }
            }
        }
    }
}

/// Planes to tiles of an image; what lies outside of the image is dropped.
///
/// # Safety
/// As for [`ToPlanes`], with image and planes exchanged; no pixel may belong to two tiles.
pub(crate) struct FromPlanes<'a, T, const IN: usize, const OUT: usize> {
    pub(crate) matrix: T,
    pub(crate) values: &'a [f32],
    pub(crate) planes: Planes,
    pub(crate) frame: Frame,
    pub(crate) tiles: &'a [Tile],
    pub(crate) image: SharedOutput<'a>,
}

impl<T: Transform<IN, OUT>, const IN: usize, const OUT: usize> Kernel for FromPlanes<'_, T, IN, OUT> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self, simd: S) {
        let n_channels = self.frame.n_channels;
        assert!(n_channels.is_multiple_of(S::LANES));
        for (i, &tile) in self.tiles.iter().enumerate() {
            let (rows, columns) = self.frame.offsets::<OUT>(tile);
            for channel in (0..n_channels).step_by(S::LANES) {
                let load = |row: usize, column: usize| {
                    let at = self.planes.start + (row * IN + column) * self.planes.step + i * n_channels + channel;
                    debug_assert!(at + S::LANES <= self.values.len());
                    // SAFETY: the caller gives planes that hold its tiles.
                    unsafe { simd.load(self.values.as_ptr().add(at)) }
                };
                let store = |row: usize, column: usize, value: S::V| {
                    if let (Some(row), Some(column)) = (rows[row], columns[column]) {
                        // SAFETY: a pixel of the image, which belongs to this tile alone.
                        unsafe { simd.store(self.image.at(row + column + channel, S::LANES), value) };
                    }
                };
                both_axes(simd, self.matrix, load, store);
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
            both_axes::<S, _, 3, OUT>(simd, WeightMatrix, load, store);
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
            both_axes::<S, _, IN, 3>(simd, WeightGradientMatrix, load, store);
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
        for (height, width, dilation, side) in [(5, 5, 1, 2), (40, 40, 3, 4), (7, 1, 4, 4), (2, 9, 4, 2)] {
            let mut seen = vec![0; 2 * height * width];
            for tile in cover(2, [height, width], dilation, side) {
                for (i, j) in (0..side).flat_map(|i| (0..side).map(move |j| (i, j))) {
                    let (row, column) = (tile.row + i * dilation, tile.column + j * dilation);
                    if row < height && column < width {
                        seen[(tile.image * height + row) * width + column] += 1;
                    }
                }
            }
            assert!(seen.iter().all(|&n| n == 1), "{height}x{width} d{dilation} side {side}");
        }
    }
}
