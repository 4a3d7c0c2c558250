//! The sum over rings of one order: the transpose of synthesis.

use super::climb::{Climb, Wide, load};
use super::legendre::{Rung, STRIDE};
use super::pairs::Columns;
use super::synthesis::MAX_WIDTH;
use num_complex::Complex64;
use pulp::{Simd, WithSimd};

/// Steps of the recursion that one group of rings takes before the next takes the same.
///
/// PERF: the sums over groups are kept as vectors meanwhile (16 KiB with AVX-512), so that lanes are added together once
/// a step of the recursion and not once a group.
const TILE: usize = 64;

/// The sums over a block's rings of one order, `sum_rings F q_k` at each step `k` of the recursion.
///
/// `row` holds north and south of each pair, weights included. The result is added to `sums`: with `F` the even part
/// north + south (re, im), then the odd one, `cos theta` (north - south).
pub(super) struct AnalyseOrder<'a> {
    pub(super) m: usize,
    /// `q_0 / sin^m theta`.
    pub(super) start: f64,
    pub(super) rungs: &'a [Rung],
    pub(super) columns: &'a Columns,
    pub(super) row: &'a [Complex64],
    pub(super) sums: &'a mut [[f64; 4]],
}

impl WithSimd for AnalyseOrder<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 { self.run::<S, 3>(simd) } else { self.run::<S, 2>(simd) }
    }
}

impl AnalyseOrder<'_> {
    #[inline(always)]
    fn run<S: Simd, const N: usize>(self, simd: S) {
        let mut groups = self.groups::<S, N>(simd);
        let zero = simd.splat_f64s(0.0);
        let mut tile = [[zero; 4]; TILE];
        for (first, (rungs, sums)) in self.rungs.chunks(TILE).zip(self.sums.chunks_mut(TILE)).enumerate() {
            tile.fill([zero; 4]);
            for group in &mut groups {
                group.add(simd, rungs, first * TILE, &mut tile);
            }
            for (sum, vectors) in sums.iter_mut().zip(&tile) {
                for (sum, &vector) in sum.iter_mut().zip(vectors) {
                    *sum += simd.reduce_sum_f64s(vector);
                }
            }
        }
    }

    /// The groups that this order reaches, each taken up to where its first value counts.
    #[inline(always)]
    fn groups<S: Simd, const N: usize>(&self, simd: S) -> Vec<Group<S, N>> {
        let width = S::F64_LANES * N;
        let mut groups = Vec::with_capacity(self.row.len().div_ceil(2 * width));
        for (group, row) in self.row.chunks(2 * width).enumerate() {
            let rings = group * width..(group + 1) * width;
            if self.m > self.columns.reach[rings.end - 1] {
                continue;
            }
            let (z, sin_theta) = (&self.columns.z[rings.clone()], &self.columns.sin_theta[rings]);
            let mut climb = Climb::<S, N>::new(simd, self.m, self.start, z, sin_theta);
            if let Some(next) = climb.rise(simd, self.rungs) {
                groups.push(Group::new(climb, next, z, row));
            }
        }
        groups
    }
}

/// A group of rings on its way through the recursion.
struct Group<S: Simd, const N: usize> {
    climb: Climb<S, N>,
    /// The step that it is at.
    next: usize,
    /// Even re, even im, odd re, odd im.
    parts: [Wide<S, N>; 4],
}

impl<S: Simd, const N: usize> Group<S, N> {
    #[inline(always)]
    fn new(climb: Climb<S, N>, next: usize, z: &[f64], row: &[Complex64]) -> Self {
        let mut parts = [[0.0; MAX_WIDTH]; 4];
        for (i, pair) in row.chunks_exact(2).enumerate() {
            let (even, odd) = (pair[0] + pair[1], (pair[0] - pair[1]) * z[i]);
            for (part, value) in parts.iter_mut().zip([even.re, even.im, odd.re, odd.im]) {
                part[i] = value;
            }
        }
        Self { climb, next, parts: parts.map(|part| load::<S, N>(&part)) }
    }

    /// Adds its part to the sums of the steps from `first` on.
    #[inline(always)]
    fn add(&mut self, simd: S, rungs: &[Rung], first: usize, tile: &mut [[S::f64s; 4]; TILE]) {
        // A group starts at a multiple of STRIDE, which TILE is one of.
        let skip = self.next.saturating_sub(first);
        if skip >= rungs.len() {
            return;
        }
        let (mut climb, parts) = (self.climb, self.parts);
        let mut chunks = rungs[skip..].chunks(STRIDE).zip(tile[skip..].chunks_mut(STRIDE));
        while !climb.all_visible(simd) {
            let Some((rungs, tile)) = chunks.next() else {
                self.leave(climb, first + rungs.len());
                return;
            };
            let visible = climb.visible(simd);
            for (rung, sums) in rungs.iter().zip(tile) {
                let q = std::array::from_fn(|i| simd.mul_f64s(climb.now[i], visible[i]));
                add_step::<S, N>(simd, &q, &parts, sums);
                climb.step(simd, rung);
            }
            climb.rescale(simd);
        }
        for (rungs, tile) in chunks {
            for (rung, sums) in rungs.iter().zip(tile) {
                add_step::<S, N>(simd, &climb.now, &parts, sums);
                climb.half_step(simd, rung);
            }
        }
        self.leave(climb, first + rungs.len());
    }

    #[inline(always)]
    fn leave(&mut self, climb: Climb<S, N>, next: usize) {
        self.climb = climb;
        self.next = next;
    }
}

#[inline(always)]
fn add_step<S: Simd, const N: usize>(simd: S, q: &Wide<S, N>, parts: &[Wide<S, N>; 4], sums: &mut [S::f64s; 4]) {
    for (sum, part) in sums.iter_mut().zip(parts) {
        let mut total = *sum;
        for i in 0..N {
            total = simd.mul_add_e_f64s(q[i], part[i], total);
        }
        *sum = total;
    }
}
