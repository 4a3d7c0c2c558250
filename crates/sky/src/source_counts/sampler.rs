//! Draws fluxes: the inverse of the cumulative counts as a table without searching.

use super::SourceCounts;

/// Bins of the table in each factor of two of the share of brighter sources.
const BINS_PER_OCTAVE_LOG2: u32 = 7;
/// Factors of two that the table covers: one source in 2^44 is brighter than the last entry.
const N_OCTAVES: u32 = 44;
/// Bits of the mantissa of an f64.
const MANTISSA_BITS: u32 = 52;

/// The flux as a function of the share of sources that are brighter.
///
/// The table is linear in the share within bins of 2^-7 of an octave, which the bits of the share name: a draw costs one
/// look-up. Fluxes are right to 1e-4 (4e-5 where N(>S) goes as S^-0.5).
#[derive(Clone, Debug)]
pub struct FluxSampler {
    n_per_sr: f64,
    /// Fluxes at the bin edges, from the smallest share to a share of one.
    fluxes_mjy: Vec<f64>,
    /// Bits of the smallest share, its lower mantissa cut off.
    first_bin: u64,
}

impl FluxSampler {
    /// Tabulates the counts above a flux.
    pub(crate) fn new(counts: &SourceCounts, s_min_mjy: f64) -> Self {
        let n_per_sr = counts.n_above_per_sr(s_min_mjy);
        let smallest = 0.5f64.powi(N_OCTAVES as i32);
        let first_bin = bin(smallest);
        let n_bins = bin(1.0) - first_bin;
        let share = |idx: u64| f64::from_bits((first_bin + idx) << (MANTISSA_BITS - BINS_PER_OCTAVE_LOG2));
        let flux = |idx| counts.flux_of_n_above(n_per_sr * share(idx));
        // A share of exactly one falls into the bin beyond the last.
        let mut fluxes_mjy: Vec<f64> = (0..=n_bins).map(flux).collect();
        fluxes_mjy.push(fluxes_mjy[n_bins as usize]);
        Self { n_per_sr, fluxes_mjy, first_bin }
    }

    /// Sources above the least flux, per steradian.
    pub fn n_per_sr(&self) -> f64 {
        self.n_per_sr
    }

    /// The flux in mJy that a share of the sources exceeds; the share is above 0 and at most 1.
    ///
    /// For a uniform deviate in (0, 1] this is a flux drawn from the counts.
    #[inline]
    pub fn flux_mjy(&self, share: f64) -> f64 {
        let idx = bin(share).saturating_sub(self.first_bin) as usize;
        let shift = MANTISSA_BITS - BINS_PER_OCTAVE_LOG2;
        let within = (share.to_bits() & ((1 << shift) - 1)) as f64 / (1u64 << shift) as f64;
        let pair = &self.fluxes_mjy[idx..idx + 2];
        pair[0] + (pair[1] - pair[0]) * within
    }
}

/// Exponent and upper mantissa of a positive number.
#[inline]
fn bin(share: f64) -> u64 {
    share.to_bits() >> (MANTISSA_BITS - BINS_PER_OCTAVE_LOG2)
}

#[cfg(test)]
mod tests {
    use crate::source_counts::{dezotti05_150ghz, geach17_219ghz};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_table_is_the_inverse(ln_share in -25.0..0.0f64) {
            let share = ln_share.exp();
            let dusty = geach17_219ghz(7180.0, 0.729).unwrap();
            for (counts, s_min) in [(dezotti05_150ghz(), 0.01), (dusty.clone(), 0.1), (dusty.lensed(0.01, 10.0), 0.1)] {
                let sampler = counts.sampler(s_min);
                let exact = counts.flux_of_n_above(share * counts.n_above_per_sr(s_min));
                let got = sampler.flux_mjy(share);
                prop_assert!((got / exact - 1.0).abs() < 1e-4, "{share}: {got} {exact}");
            }
        }
    }

    #[test]
    fn the_ends_are_the_least_flux_and_the_brightest_source() {
        let counts = dezotti05_150ghz();
        let sampler = counts.sampler(0.5);
        assert!((sampler.flux_mjy(1.0) - 0.5).abs() < 1e-9);
        assert!((sampler.flux_mjy(f64::EPSILON) / 1e4 - 1.0).abs() < 1e-3);
        assert!((sampler.n_per_sr() / counts.n_above_per_sr(0.5) - 1.0).abs() < 1e-15);
    }
}
