//! Lanes: sequences that are transformed side by side, in vector registers.
//!
//! [`Lanes::WIDTH`] sequences share every arithmetic operation, one in each lane of a register, so that no transform ever
//! moves a number between lanes. Element `i` of such a batch is `2 * WIDTH` floats: the real parts of all
//! lanes, then the imaginary parts. That is one 512-bit register each, two of 256 bits, or what the processor has:
//! `pulp` picks the instructions at run time and every lane sees the same operations whatever their number.

use crate::Real;
use crate::columns::{BatchToColumns, BlockToBatch, ColumnsToBlock};
use crate::even::{EvenColumns, EvenRows};
use crate::rows::{RowsForward, RowsInverse};
use pulp::{Arch, Simd, bytemuck};

/// One complex element of all lanes of a register.
#[derive(Clone, Copy)]
pub(crate) struct Z<V> {
    pub(crate) re: V,
    pub(crate) im: V,
}

/// Arithmetic of a register of floats.
pub(crate) trait Lanes: bytemuck::Pod + Send + Sync {
    // Entries that are compiled here once, not again in every crate that transforms something.
    fn rows_forward(task: RowsForward<'_, '_, Self>)
    where
        Self: Real;
    fn rows_inverse(task: RowsInverse<'_, Self>)
    where
        Self: Real;
    fn block_to_batch(task: BlockToBatch<'_, Self>)
    where
        Self: Real;
    fn batch_to_columns(task: BatchToColumns<'_, Self>)
    where
        Self: Real;
    fn columns_to_block(task: ColumnsToBlock<'_, Self>)
    where
        Self: Real;
    fn even_rows(task: EvenRows<'_, '_, Self>)
    where
        Self: Real;
    fn even_columns(task: EvenColumns<'_, Self>)
    where
        Self: Real;

    /// Number of sequences in a batch: 64 bytes of floats.
    const WIDTH: usize;
    /// The register.
    type Vector<S: Simd>: bytemuck::Pod;

    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    fn plus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn minus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn times<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// `a b + c`
    fn times_plus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>, c: Self::Vector<S>) -> Self::Vector<S>;
    /// `c - a b`
    fn times_minus_from<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;
    /// A small whole number.
    fn to_index(self) -> usize;
    /// Transposes 4 by 4 floats in each group of four lanes, the groups in an order of the processor's own.
    fn transpose_fours<S: Simd>(simd: S, rows: [Self::Vector<S>; 4]) -> [Self::Vector<S>; 4];
}

macro_rules! impl_lanes {
    ($float:ty, $width:literal, $vector:ident, $splat:ident, $add:ident, $sub:ident, $mul:ident, $mul_add:ident, $neg_mul_add:ident, $transpose:ident) => {
        impl Lanes for $float {
            fn rows_forward(task: RowsForward<'_, '_, Self>) {
                Arch::new().dispatch(task);
            }
            fn rows_inverse(task: RowsInverse<'_, Self>) {
                Arch::new().dispatch(task);
            }
            fn block_to_batch(task: BlockToBatch<'_, Self>) {
                Arch::new().dispatch(task);
            }
            fn batch_to_columns(task: BatchToColumns<'_, Self>) {
                Arch::new().dispatch(task);
            }
            fn columns_to_block(task: ColumnsToBlock<'_, Self>) {
                Arch::new().dispatch(task);
            }
            fn even_rows(task: EvenRows<'_, '_, Self>) {
                Arch::new().dispatch(task);
            }
            fn even_columns(task: EvenColumns<'_, Self>) {
                Arch::new().dispatch(task);
            }
            const WIDTH: usize = $width;
            type Vector<S: Simd> = S::$vector;

            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> S::$vector {
                simd.$splat(value)
            }
            #[inline(always)]
            fn plus<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$add(a, b)
            }
            #[inline(always)]
            fn minus<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$sub(a, b)
            }
            #[inline(always)]
            fn times<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$mul(a, b)
            }
            #[inline(always)]
            fn times_plus<S: Simd>(simd: S, a: S::$vector, b: S::$vector, c: S::$vector) -> S::$vector {
                simd.$mul_add(a, b, c)
            }
            #[inline(always)]
            fn times_minus_from<S: Simd>(simd: S, a: S::$vector, b: S::$vector, c: S::$vector) -> S::$vector {
                simd.$neg_mul_add(a, b, c)
            }
            #[inline(always)]
            fn to_index(self) -> usize {
                self as usize
            }
            #[inline(always)]
            fn transpose_fours<S: Simd>(simd: S, rows: [S::$vector; 4]) -> [S::$vector; 4] {
                simd.$transpose(rows)
            }
        }
    };
}

impl_lanes!(
    f32,
    16,
    f32s,
    splat_f32s,
    add_f32s,
    sub_f32s,
    mul_f32s,
    mul_add_e_f32s,
    negate_mul_add_e_f32s,
    deinterleave_shfl_f32s
);
impl_lanes!(
    f64,
    8,
    f64s,
    splat_f64s,
    add_f64s,
    sub_f64s,
    mul_f64s,
    mul_add_e_f64s,
    negate_mul_add_e_f64s,
    deinterleave_shfl_f64s
);
