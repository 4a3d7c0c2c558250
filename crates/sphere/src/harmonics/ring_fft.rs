//! The sum over orders on a ring by FFT, and its transpose.

use crate::RingGeometry;
use num_complex::Complex64;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::f64::consts::PI;
use std::sync::{Arc, OnceLock};

/// Length of the runs in which phases are found: one sine and cosine a run, and one a place in the run.
const RUN: usize = 64;

/// Both transforms of one length, each made when it is first asked for.
///
/// PERF: rings of the caps all differ in length, and their twiddle factors cost as much as the transform.
#[derive(Clone)]
pub(super) struct RingPlan {
    n: usize,
    to_ring: OnceLock<Arc<dyn ComplexToReal<f64>>>,
    from_ring: OnceLock<Arc<dyn RealToComplex<f64>>>,
}

impl std::fmt::Debug for RingPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RingPlan({})", self.n)
    }
}

/// Working memory of a thread.
#[derive(Default)]
pub(super) struct RingScratch {
    ring: Vec<f64>,
    bins: Vec<Complex64>,
    fft: Vec<Complex64>,
    phases: Phases,
}

impl RingPlan {
    pub(super) fn new(n: usize) -> Self {
        Self { n, to_ring: OnceLock::new(), from_ring: OnceLock::new() }
    }

    /// Length of the ring.
    pub(super) fn len(&self) -> usize {
        self.n
    }

    /// `f_j = Re sum_m F_m exp(i m phi_j)` with `m > 0` counted twice. Orders beyond `n / 2` fold back.
    pub(super) fn synthesise<'a>(
        &self,
        ring: &RingGeometry,
        orders: impl Iterator<Item = Complex64>,
        scratch: &'a mut RingScratch,
    ) -> &'a mut [f64] {
        let plan = self.to_ring.get_or_init(|| RealFftPlanner::new().plan_fft_inverse(self.n));
        scratch.reserve(self.n, plan.get_scratch_len());
        scratch.phases.begin(ring);
        let RingScratch { ring: values, bins, fft, phases } = scratch;
        bins.fill(Complex64::default());
        let half = self.n / 2;
        let (mut bin, mut m) = (0, 0);
        for order in orders {
            let value = phases.turn(m, order);
            match bin {
                0 => bins[0].re += if m == 0 { value.re } else { 2.0 * value.re },
                b if b < half => bins[b] += value,
                b if b == half => bins[b].re += 2.0 * value.re,
                b => bins[self.n - b] += value.conj(),
            }
            m += 1;
            bin = if bin + 1 == self.n { 0 } else { bin + 1 };
        }
        plan.process_with_scratch(bins, values, fft).expect("lengths are the plan's, ends are real");
        values
    }

    /// `F_m = sum_j f_j exp(-i m phi_j)`, given out order by order for `m = 0..n_orders`.
    pub(super) fn analyse(
        &self,
        ring: &RingGeometry,
        n_orders: usize,
        scratch: &mut RingScratch,
        mut give: impl FnMut(usize, Complex64),
    ) {
        let plan = self.from_ring.get_or_init(|| RealFftPlanner::new().plan_fft_forward(self.n));
        scratch.reserve(self.n, plan.get_scratch_len());
        scratch.phases.begin(ring);
        let RingScratch { ring: values, bins, fft, phases } = scratch;
        plan.process_with_scratch(values, bins, fft).expect("lengths are the plan's");
        let half = self.n / 2;
        let mut bin = 0;
        for m in 0..n_orders {
            let value = if bin <= half { bins[bin] } else { bins[self.n - bin].conj() };
            give(m, phases.turn(m, value.conj()).conj());
            bin = if bin + 1 == self.n { 0 } else { bin + 1 };
        }
    }
}

impl RingScratch {
    /// Memory for a ring's values, to be filled and then analysed.
    pub(super) fn ring_mut(&mut self, plan: &RingPlan) -> &mut [f64] {
        self.ring.resize(plan.n, 0.0);
        &mut self.ring
    }

    fn reserve(&mut self, n: usize, n_fft: usize) {
        self.ring.resize(n, 0.0);
        self.bins.resize(n / 2 + 1, Complex64::default());
        self.fft.resize(n_fft, Complex64::default());
    }
}

/// `exp(i m phi_first)` for growing m.
#[derive(Default)]
struct Phases {
    /// Pixels of the ring where `phi_first` is half a pixel, zero where it is zero.
    shifted: usize,
    within_run: Vec<Complex64>,
    of_run: Complex64,
}

impl Phases {
    fn begin(&mut self, ring: &RingGeometry) {
        self.shifted = if ring.is_shifted() { ring.n_pixels as usize } else { 0 };
        if self.shifted > 0 {
            self.within_run.clear();
            self.within_run.extend((0..RUN).map(|m| half_pixels(m, self.shifted)));
        }
    }

    /// `value exp(i m phi_first)`; to be called with m = 0, 1, 2, ...
    fn turn(&mut self, m: usize, value: Complex64) -> Complex64 {
        if self.shifted == 0 {
            return value;
        }
        if m.is_multiple_of(RUN) {
            self.of_run = half_pixels(m, self.shifted);
        }
        value * (self.of_run * self.within_run[m % RUN])
    }
}

/// `exp(i pi m / n)`, the angle brought below one turn first.
fn half_pixels(m: usize, n: usize) -> Complex64 {
    Complex64::from_polar(1.0, PI * (m % (2 * n)) as f64 / n as f64)
}
