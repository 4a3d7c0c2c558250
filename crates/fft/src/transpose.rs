//! Tiles of `WIDTH` by `WIDTH` floats, transposed in registers.
//!
//! Source and destination rows may lie anywhere: that serves pixels to lanes and back, and with rows that are the real and
//! imaginary parts of an element by turns it serves complex columns too.

use crate::Real;
use crate::batch::vectors_mut;
use pulp::{Simd, bytemuck};

/// The widest tile.
const MAX_WIDTH: usize = 16;

/// Where the rows of a tile begin.
pub(crate) type RowStarts = [usize; MAX_WIDTH];

/// Row starts at a constant distance.
#[inline(always)]
pub(crate) fn evenly(start: usize, stride: usize) -> RowStarts {
    let mut starts = [0; MAX_WIDTH];
    for (row, at) in starts.iter_mut().enumerate() {
        *at = start + row * stride;
    }
    starts
}

/// Which row of a tile goes where before the processor's own shuffle, so that the rows come out in order.
#[derive(Clone, Copy)]
pub(crate) struct Tiler {
    /// Row for register `r` and group of four lanes `g`.
    rows: [[usize; 4]; 4],
}

impl Tiler {
    /// Asks the shuffle itself, by sending numbered lanes through it.
    #[inline(always)]
    pub(crate) fn new<S: Simd, T: Real>(simd: S) -> Self {
        let mut rows = [[0; 4]; 4];
        let mut numbered = [T::splat(simd, T::zero()); 4];
        for (r, register) in numbered.iter_mut().enumerate() {
            let lanes: &mut [T] = bytemuck::cast_slice_mut(std::slice::from_mut(register));
            for (lane, value) in lanes.iter_mut().enumerate() {
                *value = T::from_f64_lossy((16 * r + lane) as f64);
            }
        }
        let shuffled = T::transpose_fours(simd, numbered);
        let first: &[T] = bytemuck::cast_slice(std::slice::from_ref(&shuffled[0]));
        if first.len() >= 4 {
            for (row, source) in first.iter().enumerate() {
                let source = source.to_index();
                rows[source / 16][source % 16 / 4] = row;
            }
        }
        Self { rows }
    }

    /// Writes float `x` of source row `r` to float `r` of destination row `x`.
    // PERF: left to the compiler, a transposition goes float by float, which takes three times as long.
    #[inline(always)]
    pub(crate) fn transpose<S: Simd, T: Real>(
        &self,
        simd: S,
        (from, from_rows): (&[T], &RowStarts),
        (to, to_rows): (&mut [T], &RowStarts),
    ) {
        let n_lanes = size_of::<T::Vector<S>>() / size_of::<T>();
        if n_lanes < 4 {
            for x in 0..T::WIDTH {
                for r in 0..T::WIDTH {
                    to[to_rows[x] + r] = from[from_rows[r] + x];
                }
            }
            return;
        }
        for x in (0..T::WIDTH).step_by(4) {
            for first in (0..T::WIDTH).step_by(n_lanes) {
                let mut registers = [T::splat(simd, T::zero()); 4];
                for (r, register) in registers.iter_mut().enumerate() {
                    let groups: &mut [T] = bytemuck::cast_slice_mut(std::slice::from_mut(register));
                    for (g, group) in groups.chunks_exact_mut(4).enumerate() {
                        group.copy_from_slice(&from[from_rows[first + self.rows[r][g]] + x..][..4]);
                    }
                }
                let columns = T::transpose_fours(simd, registers);
                for (i, column) in columns.into_iter().enumerate() {
                    vectors_mut::<S, T>(&mut to[to_rows[x + i] + first..][..n_lanes])[0] = column;
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
    struct Shuffled<'a, T> {
        from: &'a [T],
        to: &'a mut [T],
    }

    impl<T: Real> WithSimd for Shuffled<'_, T> {
        type Output = ();

        fn with_simd<S: Simd>(self, simd: S) {
            let mut from_rows = evenly(0, T::WIDTH + 1);
            from_rows[..T::WIDTH].reverse();
            Tiler::new::<S, T>(simd).transpose(simd, (self.from, &from_rows), (self.to, &evenly(2, T::WIDTH + 3)));
        }
    }

    fn check<T: Real>(dispatch: impl Fn(Shuffled<'_, T>)) {
        let w = T::WIDTH;
        let from: Vec<T> = (0..w * (w + 1)).map(|i| T::from_f64_lossy(i as f64)).collect();
        let mut to = vec![T::zero(); 2 + w * (w + 3)];
        dispatch(Shuffled { from: &from, to: &mut to });
        for x in 0..w {
            for r in 0..w {
                assert_eq!(to[2 + x * (w + 3) + r], from[(w - 1 - r) * (w + 1) + x], "row {r}, column {x}");
            }
        }
    }

    #[test]
    fn tile_is_transposed_with_every_instruction_set() {
        check::<f32>(|task| Arch::Scalar.dispatch(task));
        check::<f64>(|task| Arch::Scalar.dispatch(task));
        check::<f32>(|task| Arch::new().dispatch(task));
        check::<f64>(|task| Arch::new().dispatch(task));
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V3::try_new() {
            check::<f32>(|task| Simd::vectorize(simd, task));
            check::<f64>(|task| Simd::vectorize(simd, task));
        }
    }
}
