//! Tiles of `WIDTH` by `WIDTH` floats, transposed in registers.
//!
//! Source and destination rows may lie anywhere: that serves pixels to lanes and back, and with rows that are the real and
//! imaginary parts of an element by turns it serves complex columns too.

use super::{WIDTH, vectors_mut};
use pulp::{Simd, bytemuck};

/// Where the rows of a tile begin.
pub(super) type RowStarts = [usize; WIDTH];

/// Row starts at a constant distance.
#[inline(always)]
pub(super) fn evenly(start: usize, stride: usize) -> RowStarts {
    let mut starts = [0; WIDTH];
    for (row, at) in starts.iter_mut().enumerate() {
        *at = start + row * stride;
    }
    starts
}

/// Which row of a tile goes where before the processor's own shuffle, so that the rows come out in order.
#[derive(Clone, Copy)]
pub(super) struct Tiler {
    /// Row for register `r` and group of four lanes `g`.
    rows: [[usize; 4]; 4],
}

impl Tiler {
    /// Asks the shuffle itself, by sending numbered lanes through it.
    #[inline(always)]
    pub(super) fn new<S: Simd>(simd: S) -> Self {
        let mut rows = [[0; 4]; 4];
        let mut numbered = [simd.splat_f64s(0.0); 4];
        for (r, register) in numbered.iter_mut().enumerate() {
            let lanes: &mut [f64] = bytemuck::cast_slice_mut(std::slice::from_mut(register));
            for (lane, value) in lanes.iter_mut().enumerate() {
                *value = (16 * r + lane) as f64;
            }
        }
        let shuffled = simd.deinterleave_shfl_f64s(numbered);
        let first: &[f64] = bytemuck::cast_slice(std::slice::from_ref(&shuffled[0]));
        if first.len() >= 4 {
            for (row, &source) in first.iter().enumerate() {
                let source = source as usize;
                rows[source / 16][source % 16 / 4] = row;
            }
        }
        Self { rows }
    }

    /// Writes float `x` of source row `r` to float `r` of destination row `x`.
    // PERF: left to the compiler, a transposition goes float by float, which takes three times as long.
    #[inline(always)]
    pub(super) fn transpose<S: Simd>(
        &self,
        simd: S,
        (from, from_rows): (&[f64], &RowStarts),
        (to, to_rows): (&mut [f64], &RowStarts),
    ) {
        let n_lanes = size_of::<S::f64s>() / size_of::<f64>();
        if n_lanes < 4 {
            for x in 0..WIDTH {
                for r in 0..WIDTH {
                    to[to_rows[x] + r] = from[from_rows[r] + x];
                }
            }
            return;
        }
        for x in (0..WIDTH).step_by(4) {
            for first in (0..WIDTH).step_by(n_lanes) {
                let mut registers = [simd.splat_f64s(0.0); 4];
                for (r, register) in registers.iter_mut().enumerate() {
                    let groups: &mut [f64] = bytemuck::cast_slice_mut(std::slice::from_mut(register));
                    for (g, group) in groups.chunks_exact_mut(4).enumerate() {
                        group.copy_from_slice(&from[from_rows[first + self.rows[r][g]] + x..][..4]);
                    }
                }
                let columns = simd.deinterleave_shfl_f64s(registers);
                for (i, column) in columns.into_iter().enumerate() {
                    vectors_mut::<S>(&mut to[to_rows[x + i] + first..][..n_lanes])[0] = column;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulp::{Arch, WithSimd};

    /// Transposes a tile with rows in an order of their own.
    struct Shuffled<'a> {
        from: &'a [f64],
        to: &'a mut [f64],
    }

    impl WithSimd for Shuffled<'_> {
        type Output = ();

        fn with_simd<S: Simd>(self, simd: S) {
            let mut from_rows = evenly(0, WIDTH + 1);
            from_rows[..WIDTH].reverse();
            Tiler::new(simd).transpose(simd, (self.from, &from_rows), (self.to, &evenly(2, WIDTH + 3)));
        }
    }

    fn check(dispatch: impl Fn(Shuffled<'_>)) {
        let w = WIDTH;
        let from: Vec<f64> = (0..w * (w + 1)).map(|i| i as f64).collect();
        let mut to = vec![0.0; 2 + w * (w + 3)];
        dispatch(Shuffled { from: &from, to: &mut to });
        for x in 0..w {
            for r in 0..w {
                assert_eq!(to[2 + x * (w + 3) + r], from[(w - 1 - r) * (w + 1) + x], "row {r}, column {x}");
            }
        }
    }

    #[test]
    fn tile_is_transposed_with_every_instruction_set() {
        check(|task| Arch::Scalar.dispatch(task));
        check(|task| Arch::new().dispatch(task));
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V3::try_new() {
            check(|task| Simd::vectorize(simd, task));
        }
    }
}
