//! Differential counts as power laws between knots, whose integrals are exact.

use arcmin_units::Ghz;

use super::FluxSampler;
use crate::brightness::jy_sr_per_uk;

/// Square degrees in a steradian.
const DEG2_PER_SR: f64 = (180.0 / std::f64::consts::PI) * (180.0 / std::f64::consts::PI);

/// Differential source counts `dN/dS` at one frequency: power laws between knots, nothing outside them.
///
/// ```
/// use arcmin_sky::source_counts::dezotti05_150ghz;
/// let per_deg2 = dezotti05_150ghz().n_above_per_deg2(2.0);
/// assert!((per_deg2 - 3.189).abs() < 0.003);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SourceCounts {
    nu: Ghz,
    knots: Vec<Knot>,
}

/// A flux, the counts there, and what lies above.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Knot {
    s_mjy: f64,
    /// Per mJy and steradian.
    dn_ds: f64,
    /// Logarithmic slope of `dN/dS` up to the next knot.
    slope: f64,
    /// `N(>S)` per steradian.
    n_above: f64,
}

impl SourceCounts {
    /// Counts at `nu` through rows of flux (mJy, growing) and `dN/dS` (per mJy and steradian, above zero).
    ///
    /// # Panics
    /// With fewer than two rows or rows out of order: tables are this crate's own.
    pub(crate) fn new(nu: Ghz, rows: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let knot = |(s_mjy, dn_ds)| Knot { s_mjy, dn_ds, slope: 0.0, n_above: 0.0 };
        let mut knots: Vec<Knot> = rows.into_iter().map(knot).collect();
        assert!(knots.len() >= 2, "counts need two knots");
        for idx in (0..knots.len() - 1).rev() {
            let (next, knot) = (knots[idx + 1], &mut knots[idx]);
            assert!(knot.s_mjy > 0.0 && knot.s_mjy < next.s_mjy && knot.dn_ds > 0.0, "counts rise in flux");
            knot.slope = (next.dn_ds / knot.dn_ds).ln() / (next.s_mjy / knot.s_mjy).ln();
            knot.n_above = next.n_above + knot.moment(0, knot.s_mjy, next.s_mjy);
        }
        Self { nu, knots }
    }

    /// The frequency of the fluxes.
    pub fn nu(&self) -> Ghz {
        self.nu
    }

    /// The smallest and the largest flux in mJy; there are no sources outside.
    pub fn range_mjy(&self) -> [f64; 2] {
        [self.knots[0].s_mjy, self.knots[self.knots.len() - 1].s_mjy]
    }

    /// The same counts with `factor` times as many sources.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Self::new(self.nu, self.knots.iter().map(|knot| (knot.s_mjy, factor * knot.dn_ds)))
    }

    /// The same sources, a share of which is seen brighter: `(1 - f) n(S) + f n(S / mu) / mu`.
    ///
    /// The simplest model of strong lensing: a share `f` of sources, whatever their flux, magnified by `mu > 1`.
    #[must_use]
    pub fn lensed(&self, share: f64, magnification: f64) -> Self {
        if share == 0.0 {
            return self.clone();
        }
        let own = self.knots.iter().map(|knot| knot.s_mjy);
        let moved = own.clone().map(|s| s * magnification);
        let mut fluxes: Vec<f64> = own.chain(moved).collect();
        fluxes.sort_by(f64::total_cmp);
        // Knots closer than rounding have no slope between them.
        fluxes.dedup_by(|b, a| *b < *a * (1.0 + 1e-9));
        let density = |s: f64| {
            let brighter = self.dn_ds_per_mjy_sr(s / magnification) / magnification;
            (1.0 - share) * self.dn_ds_per_mjy_sr(s) + share * brighter
        };
        // At the very ends one of the terms stops, and the last knot may hold nothing.
        Self::new(self.nu, fluxes.into_iter().map(|s| (s, density(s))).filter(|row| row.1 > 0.0))
    }

    /// `dN/dS` per mJy and steradian.
    pub fn dn_ds_per_mjy_sr(&self, s_mjy: f64) -> f64 {
        let [first, last] = self.range_mjy();
        if !(first..=last).contains(&s_mjy) {
            return 0.0;
        }
        let knot = &self.knots[self.segment(s_mjy)];
        knot.dn_ds * (s_mjy / knot.s_mjy).powf(knot.slope)
    }

    /// Sources brighter than a flux, per steradian.
    pub fn n_above_per_sr(&self, s_mjy: f64) -> f64 {
        let [first, last] = self.range_mjy();
        if s_mjy >= last {
            return 0.0;
        }
        let at = s_mjy.max(first);
        let segment = self.segment(at);
        let next = &self.knots[segment + 1];
        next.n_above + self.knots[segment].moment(0, at, next.s_mjy)
    }

    /// Sources brighter than a flux, per square degree.
    pub fn n_above_per_deg2(&self, s_mjy: f64) -> f64 {
        self.n_above_per_sr(s_mjy) / DEG2_PER_SR
    }

    /// The flux that `n_per_sr` sources per steradian exceed: the inverse of [`Self::n_above_per_sr`].
    pub fn flux_of_n_above(&self, n_per_sr: f64) -> f64 {
        let n_per_sr = n_per_sr.clamp(0.0, self.knots[0].n_above);
        let segment = self.knots.partition_point(|knot| knot.n_above >= n_per_sr).clamp(1, self.knots.len() - 1) - 1;
        let (knot, next) = (&self.knots[segment], &self.knots[segment + 1]);
        // N(>S) - N(>next) as a share of the segment, whose antiderivative is S^(slope + 1), or ln S.
        let share = (n_per_sr - next.n_above) / (knot.n_above - next.n_above);
        let (power, ln_width) = (knot.slope + 1.0, (next.s_mjy / knot.s_mjy).ln());
        let along = if (power * ln_width).abs() < 1e-9 {
            (1.0 - share) * ln_width
        } else {
            ((1.0 - share) * (power * ln_width).exp_m1()).ln_1p() / power
        };
        knot.s_mjy * along.exp()
    }

    /// `int S^n dN/dS dS` over the fluxes from `from_mjy` to `to_mjy`, in mJy^n per steradian.
    pub fn moment(&self, n: i32, [from_mjy, to_mjy]: [f64; 2]) -> f64 {
        let [first, last] = self.range_mjy();
        let (from, to) = (from_mjy.max(first), to_mjy.min(last));
        if from >= to {
            return 0.0;
        }
        let segments = self.segment(from)..=self.segment(to);
        let part = |idx: usize| {
            let (knot, next) = (&self.knots[idx], &self.knots[idx + 1]);
            knot.moment(n, from.max(knot.s_mjy), to.min(next.s_mjy))
        };
        segments.map(part).sum()
    }

    /// Mean intensity in Jy/sr of the sources below a flux, `int S dN/dS dS`.
    pub fn intensity_jy_sr(&self, below_mjy: f64) -> f64 {
        1e-3 * self.moment(1, [0.0, below_mjy])
    }

    /// Shot noise in uK_CMB^2 sr, at the frequency of the counts, of the sources below a flux:
    /// `int S^2 dN/dS dS / (dB/dT)^2`.
    pub fn c_ell_uk2_sr(&self, below_mjy: f64) -> f64 {
        1e-6 * self.moment(2, [0.0, below_mjy]) / jy_sr_per_uk(self.nu).powi(2)
    }

    /// What draws fluxes above `s_min_mjy`.
    pub fn sampler(&self, s_min_mjy: f64) -> FluxSampler {
        FluxSampler::new(self, s_min_mjy)
    }

    /// The segment that holds a flux within the range.
    fn segment(&self, s_mjy: f64) -> usize {
        self.knots.partition_point(|knot| knot.s_mjy <= s_mjy).clamp(1, self.knots.len() - 1) - 1
    }
}

impl Knot {
    /// `int S^n dN/dS dS` between two fluxes of the segment that begins here.
    fn moment(&self, n: i32, from: f64, to: f64) -> f64 {
        let power = self.slope + f64::from(n) + 1.0;
        let ln_width = (to / from).ln();
        let at_from = self.dn_ds * (from / self.s_mjy).powf(self.slope) * from.powi(n + 1);
        let steps = power * ln_width;
        // (e^x - 1) / x, which goes to one where the integrand goes as 1 / S.
        let growth = if steps.abs() < 1e-9 { 1.0 } else { steps.exp_m1() / steps };
        at_from * ln_width * growth
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quadrature::simpson;
    use crate::source_counts::{dezotti05_150ghz, geach17_219ghz};
    use proptest::prelude::*;

    fn models() -> [SourceCounts; 3] {
        let dusty = geach17_219ghz(7180.0, 0.729).unwrap();
        [dezotti05_150ghz(), dusty.clone(), dusty.lensed(0.01, 10.0)]
    }

    #[test]
    fn integrals_are_those_of_the_slow_rule() {
        for counts in models() {
            for n in 0..=2 {
                for range in [[0.05, 0.7], [0.1, 5.0], [2.0, 20.0]] {
                    let [a, b] = range.map(f64::ln);
                    let slow = simpson(a, b, 20_000, |ln_s| {
                        let s = ln_s.exp();
                        counts.dn_ds_per_mjy_sr(s) * s.powi(n + 1)
                    });
                    let got = counts.moment(n, range);
                    assert!((got / slow - 1.0).abs() < 1e-6, "{n} {range:?}: {got} {slow}");
                }
            }
        }
    }

    #[test]
    fn lensing_keeps_the_number_and_raises_the_flux() {
        let [_, plain, lensed] = models();
        let number = lensed.n_above_per_sr(0.0) / plain.n_above_per_sr(0.0);
        assert!((number - 1.0).abs() < 1e-3, "{number}");
        for (n, expected) in [(1, 0.99 + 0.1), (2, 0.99 + 1.0)] {
            let ratio = lensed.moment(n, [0.0, 1e9]) / plain.moment(n, [0.0, 1e9]);
            assert!((ratio / expected - 1.0).abs() < 1e-3, "{n}: {ratio}");
        }
        assert_eq!(plain.lensed(0.0, 10.0), plain);
    }

    proptest! {
        #[test]
        fn numbers_above_are_inverted(share in 1e-7..1.0f64) {
            for counts in models() {
                let n = share * counts.n_above_per_sr(0.01);
                let s = counts.flux_of_n_above(n);
                prop_assert!((counts.n_above_per_sr(s) / n - 1.0).abs() < 1e-9, "{s}");
            }
        }

        #[test]
        fn moments_add_up_and_scale(a in 0.01..1.0f64, b in 1.0..3.0f64, c in 3.0..300.0f64, factor in 0.1..10.0f64) {
            for counts in models() {
                for n in 0..=2 {
                    let whole = counts.moment(n, [a, c]);
                    let parts = counts.moment(n, [a, b]) + counts.moment(n, [b, c]);
                    prop_assert!((parts / whole - 1.0).abs() < 1e-12);
                    let scaled = counts.scaled(factor).moment(n, [a, c]);
                    prop_assert!((scaled / (factor * whole) - 1.0).abs() < 1e-9);
                }
            }
        }
    }

    #[test]
    fn there_is_nothing_outside_the_knots() {
        for counts in models() {
            let [first, last] = counts.range_mjy();
            assert_eq!(counts.dn_ds_per_mjy_sr(0.99 * first), 0.0);
            assert_eq!(counts.dn_ds_per_mjy_sr(1.01 * last), 0.0);
            assert_eq!(counts.n_above_per_sr(last), 0.0);
            assert_eq!(counts.n_above_per_sr(0.0), counts.n_above_per_sr(first));
            assert_eq!(counts.moment(2, [last, 2.0 * last]), 0.0);
            assert!((counts.flux_of_n_above(0.0) / last - 1.0).abs() < 1e-12);
        }
    }
}
