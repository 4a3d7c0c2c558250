//! Weights in the order in which the kernels read them: panels of 64 columns, `[panel, tap, depth, 64]`, zeros behind the
//! last column.

use crate::rows::PANEL;
use std::ops::Range;

/// How weights `[tap, in_channels, out_channels]` are turned into the right side of a product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum WeightView {
    /// Forward: depth is the input channel, columns are the output channels.
    Forward,
    /// Input gradient: depth is the output channel, columns are the input channels, and taps count from the last.
    Transposed,
}

/// The weights of a convolution, seen as the right side of a product.
#[derive(Clone, Copy)]
pub(crate) struct Weights<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) in_channels: usize,
    pub(crate) out_channels: usize,
    pub(crate) view: WeightView,
}

impl Weights<'_> {
    /// Columns of the product's right side.
    pub(crate) fn n_columns(&self) -> usize {
        match self.view {
            WeightView::Forward => self.out_channels,
            WeightView::Transposed => self.in_channels,
        }
    }

    /// Packs the depths `depths` of one tap of one panel, `[depth, PANEL]`.
    pub(crate) fn pack(&self, panel: usize, tap: usize, depths: Range<usize>, packed: &mut [f32]) {
        let first = panel * PANEL;
        let packed = &mut packed[..depths.len() * PANEL];
        let n_columns = (self.n_columns() - first).min(PANEL);
        let tap_len = self.in_channels * self.out_channels;
        let tap = match self.view {
            WeightView::Forward => tap,
            WeightView::Transposed => self.values.len() / tap_len - 1 - tap,
        };
        let tap = &self.values[tap * tap_len..][..tap_len];
        match self.view {
            WeightView::Forward => {
                let from = tap.chunks_exact(self.out_channels).skip(depths.start);
                let rows = packed.chunks_exact_mut(PANEL).zip(from);
                for (to, from) in rows {
                    to[..n_columns].copy_from_slice(&from[first..first + n_columns]);
                    to[n_columns..].fill(0.0);
                }
            }
            WeightView::Transposed => {
                let from = &tap[first * self.out_channels..][..n_columns * self.out_channels];
                transpose(from, self.out_channels, depths, packed);
            }
        }
    }
}

/// Side of the blocks of a transposition: a block of both sides stays in the first-level cache.
const BLOCK: usize = 16;

/// `to[k][column] = from[column][depths.start + k]`, with rows of `PANEL` in `to` and of `step` in `from`; zeros behind the
/// last column.
fn transpose(from: &[f32], step: usize, depths: Range<usize>, to: &mut [f32]) {
    let n_columns = from.len() / step;
    if n_columns < PANEL {
        to.fill(0.0);
    }
    for k0 in (0..depths.len()).step_by(BLOCK) {
        let n_k = BLOCK.min(depths.len() - k0);
        for c0 in (0..n_columns).step_by(BLOCK) {
            let n_c = BLOCK.min(n_columns - c0);
            if n_k == BLOCK && n_c == BLOCK {
                transpose_block(&from[c0 * step + depths.start + k0..], step, &mut to[k0 * PANEL + c0..]);
                continue;
            }
            for c in c0..c0 + n_c {
                for k in k0..k0 + n_k {
                    to[k * PANEL + c] = from[c * step + depths.start + k];
                }
            }
        }
    }
}

/// A whole block, with lengths known to the compiler.
fn transpose_block(from: &[f32], step: usize, to: &mut [f32]) {
    let rows: [&[f32; BLOCK]; BLOCK] =
        std::array::from_fn(|c| from[c * step..].first_chunk().expect("the block lies inside of the weights"));
    for k in 0..BLOCK {
        let to: &mut [f32; BLOCK] = to[k * PANEL..].first_chunk_mut().expect("the block lies inside of the panel");
        for c in 0..BLOCK {
            to[c] = rows[c][k];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(weights: &Weights<'_>) -> usize {
        weights.values.len() / 2 / weights.n_columns()
    }

    #[test]
    fn both_views_hold_every_weight_once_and_zeros_behind() {
        for (in_channels, out_channels) in [(3, 5), (16, 16), (17, 70), (70, 33), (64, 128)] {
            let n_taps = 2;
            let values: Vec<f32> = (0..n_taps * in_channels * out_channels).map(|i| 1.0 + i as f32).collect();
            for view in [WeightView::Forward, WeightView::Transposed] {
                let weights = Weights { values: &values, in_channels, out_channels, view };
                for panel in 0..weights.n_columns().div_ceil(PANEL) {
                    for tap in 0..n_taps {
                        let first = (depth(&weights) / 3).min(17);
                        let mut packed = vec![f32::NAN; (depth(&weights) - first) * PANEL];
                        weights.pack(panel, tap, first..depth(&weights), &mut packed);
                        for (i, &value) in packed.iter().enumerate() {
                            let (k, column) = (first + i / PANEL, panel * PANEL + i % PANEL);
                            let (ci, co) = if view == WeightView::Forward { (k, column) } else { (column, k) };
                            let inside = column < weights.n_columns();
                            let tap = if view == WeightView::Forward { tap } else { n_taps - 1 - tap };
                            let expected =
                                if inside { values[(tap * in_channels + ci) * out_channels + co] } else { 0.0 };
                            assert_eq!(value, expected, "{view:?} {in_channels}x{out_channels} {panel} {tap} {i}");
                        }
                    }
                }
            }
        }
    }
}
