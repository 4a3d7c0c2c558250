//! The four passes over a block of rings: orders to rings and back, each way in two halves.

use super::alm::Alm;
use super::analysis::AnalyseOrder;
use super::legendre::Ladder;
use super::pairs::{Columns, Pair};
use super::ring_fft::{RingPlan, RingScratch};
use super::sample::Sample;
use super::synthesis::SynthesiseOrder;
use crate::RingGeometry;
use num_complex::Complex64;
use pulp::Arch;
use rayon::prelude::*;

/// Pairs of rings, and orders, that a task takes together: their sums share cache lines.
const TOGETHER: usize = 8;

/// The pixels of a pair of rings, as far as the map holds them.
#[derive(Debug)]
pub(super) struct PairOfRings<'a, T> {
    pub(super) north: Option<&'a mut [T]>,
    pub(super) south: Option<&'a mut [T]>,
}

impl<T> Default for PairOfRings<'_, T> {
    fn default() -> Self {
        Self { north: None, south: None }
    }
}

/// Some pairs of rings and what the passes need to know of them.
pub(super) struct Block<'a> {
    pairs: &'a [Pair],
    columns: Columns,
    lmax: usize,
    starts: &'a [f64],
    belt: &'a RingPlan,
    /// The instructions that are used.
    arch: Arch,
}

/// Memory of a task that works on rings.
#[derive(Default)]
struct Worker {
    /// Sums of some rings, order after order.
    orders: Vec<Complex64>,
    fft: RingScratch,
}

impl<'a> Block<'a> {
    pub(super) fn new(pairs: &'a [Pair], lmax: usize, starts: &'a [f64], belt: &'a RingPlan, arch: Arch) -> Self {
        Self { pairs, columns: Columns::new(pairs, lmax), lmax, starts, belt, arch }
    }

    /// Complex numbers of one order: two a pair.
    fn row_len(&self) -> usize {
        2 * self.pairs.len()
    }

    /// For each order, `sum_l a_lm lambda_lm` on every ring: `sums[m][pair][north, south]`.
    ///
    /// What an order does not reach is left as it was.
    pub(super) fn synthesise_orders(&self, alm: &Alm, sums: &mut Vec<Complex64>) {
        sums.resize((self.lmax + 1) * self.row_len(), Complex64::default());
        sums.par_chunks_mut(self.row_len()).enumerate().for_each_init(Ladder::default, |ladder, (m, row)| {
            ladder.set_order(self.lmax, m);
            ladder.set_coefficients(alm.order(m));
            let (rungs, columns, start) = (&ladder.rungs, &self.columns, self.starts[m]);
            self.arch.dispatch(SynthesiseOrder { m, start, rungs, columns, row });
        });
    }

    /// From the sums of each order to the pixels of the rings.
    pub(super) fn sums_to_rings<T: Sample>(&self, sums: &[Complex64], rings: &mut [PairOfRings<'_, T>]) {
        let chunks = rings.par_chunks_mut(TOGETHER).enumerate();
        chunks.for_each_init(Worker::default, |worker, (chunk, rings)| {
            self.gather(sums, chunk * TOGETHER, rings.len(), &mut worker.orders);
            for (i, pixels) in rings.iter_mut().enumerate() {
                let idx = chunk * TOGETHER + i;
                let pair = &self.pairs[idx];
                let plan = self.plan(pair);
                let halves = [(pair.north, &mut pixels.north), (pair.south, &mut pixels.south)];
                for (half, (ring, pixels)) in halves.into_iter().enumerate() {
                    if let (Some(ring), Some(pixels)) = (ring, pixels) {
                        let orders = self.orders_of(idx, 2 * i + half, &worker.orders);
                        let values = plan.synthesise(&ring, orders, &mut worker.fft);
                        pixels.iter_mut().zip(values).for_each(|(pixel, value)| *pixel = T::from_f64(*value));
                    }
                }
            }
        });
    }

    /// From the pixels of the rings, less a model of them, to the sums of each order: `sums[pair][north, south][m]`.
    ///
    /// The model is given by its `sums[m][pair][north, south]`. The area of a pixel is multiplied in.
    pub(super) fn rings_to_sums<T: Sample>(
        &self,
        map: &Pixels<'_, T>,
        model: Option<&[Complex64]>,
        sums: &mut Vec<Complex64>,
    ) {
        let n_orders = self.lmax + 1;
        sums.resize(n_orders * self.row_len(), Complex64::default());
        let chunks = sums.par_chunks_mut(TOGETHER * 2 * n_orders).enumerate();
        chunks.for_each_init(Worker::default, |worker, (chunk, sums)| {
            if let Some(model) = model {
                self.gather(model, chunk * TOGETHER, sums.len() / (2 * n_orders), &mut worker.orders);
            }
            for (i, sums) in sums.chunks_mut(2 * n_orders).enumerate() {
                let idx = chunk * TOGETHER + i;
                let pair = &self.pairs[idx];
                let plan = self.plan(pair);
                for (half, (ring, sums)) in
                    [pair.north, pair.south].into_iter().zip(sums.chunks_mut(n_orders)).enumerate()
                {
                    let n_reached = ring.map_or(0, |_| self.columns.reach[idx] + 1);
                    sums[n_reached..].fill(Complex64::default());
                    let Some(ring) = ring else { continue };
                    let pixels = map.on(&ring);
                    match model {
                        Some(_) => {
                            let orders = self.orders_of(idx, 2 * i + half, &worker.orders);
                            let values = plan.synthesise(&ring, orders, &mut worker.fft);
                            values.iter_mut().zip(pixels).for_each(|(v, pixel)| *v = pixel.to_f64() - *v);
                        }
                        None => {
                            let values = worker.fft.ring_mut(&plan);
                            values.iter_mut().zip(pixels).for_each(|(v, pixel)| *v = pixel.to_f64());
                        }
                    }
                    plan.analyse(&ring, n_reached, &mut worker.fft, |m, value| sums[m] = value * map.pixel_area_sr);
                }
            }
        });
    }

    /// For each order, adds `sum_rings F_m lambda_lm` to its coefficients.
    pub(super) fn analyse_orders(&self, sums: &[Complex64], alm: &mut Alm) {
        let n_orders = self.lmax + 1;
        let mut orders = alm.orders_mut();
        let tasks = orders.par_chunks_mut(TOGETHER).enumerate();
        tasks.for_each_init(
            <(Ladder, Vec<Complex64>, Vec<[f64; 4]>)>::default,
            |(ladder, rows, totals), (task, orders)| {
                let first = task * TOGETHER;
                rows.resize(TOGETHER * self.row_len(), Complex64::default());
                for (ring, sums) in sums.chunks_exact(n_orders).enumerate() {
                    for (i, &value) in sums[first..].iter().take(TOGETHER).enumerate() {
                        rows[i * self.row_len() + ring] = value;
                    }
                }
                for (i, order) in orders.iter_mut().enumerate() {
                    let m = first + i;
                    ladder.set_order(self.lmax, m);
                    totals.clear();
                    totals.resize(ladder.rungs.len(), [0.0; 4]);
                    let (rungs, columns, start) = (&ladder.rungs, &self.columns, self.starts[m]);
                    let row = &rows[i * self.row_len()..][..self.row_len()];
                    self.arch.dispatch(AnalyseOrder { m, start, rungs, columns, row, sums: totals });
                    ladder.add_sums(totals, order);
                }
            },
        );
    }

    /// Brings the sums of some pairs together, order after order for each ring.
    fn gather(&self, sums: &[Complex64], first_pair: usize, n_pairs: usize, orders: &mut Vec<Complex64>) {
        let n_orders = self.columns.reach[first_pair + n_pairs - 1] + 1;
        orders.resize(2 * TOGETHER * (self.lmax + 1), Complex64::default());
        for (m, row) in sums.chunks_exact(self.row_len()).take(n_orders).enumerate() {
            for (ring, &value) in row[2 * first_pair..][..2 * n_pairs].iter().enumerate() {
                orders[ring * (self.lmax + 1) + m] = value;
            }
        }
    }

    /// The orders that reach a pair's ring, out of what was gathered.
    fn orders_of<'b>(
        &self,
        pair: usize,
        ring: usize,
        orders: &'b [Complex64],
    ) -> impl Iterator<Item = Complex64> + use<'b> {
        orders[ring * (self.lmax + 1)..][..self.columns.reach[pair] + 1].iter().copied()
    }

    fn plan(&self, pair: &Pair) -> RingPlan {
        let n = pair.either().n_pixels as usize;
        if n == self.belt.len() { self.belt.clone() } else { RingPlan::new(n) }
    }
}

/// Working memory of a transform: the sums of a block, and those of a model that is taken off the map.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) sums: Vec<Complex64>,
    pub(super) model: Vec<Complex64>,
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scratch({} and {} values)", self.sums.len(), self.model.len())
    }
}

/// The pixels of whole rings.
pub(super) struct Pixels<'a, T> {
    pub(super) values: &'a [T],
    /// Number in ring order of the first.
    pub(super) first_pixel: u64,
    pub(super) pixel_area_sr: f64,
}

impl<T> Pixels<'_, T> {
    fn on(&self, ring: &RingGeometry) -> &[T] {
        &self.values[(ring.first_pixel - self.first_pixel) as usize..][..ring.n_pixels as usize]
    }
}
