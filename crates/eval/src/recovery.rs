//! Recovered over injected Compton y.

use crate::Error;
use crate::binned::{bin_of, check_edges};
use crate::outcome::DetectionOutcome;
use crate::statistics::{Score, mean_and_error, median_and_error};
use crate::summary::{TileSummary, by_tile_number};

/// One cluster whose y was put in and measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecoverySample {
    /// Signal to noise, or the finder's score.
    pub snr: f64,
    /// Central y that was painted.
    pub injected_y: f64,
    /// Central y that was measured.
    pub recovered_y: f64,
}

/// Ratio of recovered to injected y over some samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecoverySummary {
    /// Mean ratio with its standard error.
    pub mean: Score,
    /// Median ratio with its standard error (robust).
    pub median: Score,
}

/// The ratio in one bin of S/N.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecoveryBin {
    /// Lower edge in S/N, inclusive.
    pub low: f64,
    /// Upper edge in S/N, exclusive.
    pub high: f64,
    /// The ratio.
    pub ratio: RecoverySummary,
}

/// Which of a finder's amplitudes is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amplitude {
    /// At the best scale. It is chosen for the largest S/N, so faint detections are biased high.
    Best,
    /// At the fixed scale.
    Fixed,
}

/// The detected targets at a threshold with their y; those without a measured or a positive painted y are left out.
pub fn samples(tiles: &[TileSummary], threshold: f64, amplitude: Amplitude) -> Vec<RecoverySample> {
    let found = by_tile_number(tiles).into_iter().flat_map(|tile| &tile.found);
    let counted = found.filter(|detection| detection.score >= threshold);
    counted.filter_map(|detection| sample(detection, amplitude)).collect()
}

fn sample(detection: &DetectionOutcome, amplitude: Amplitude) -> Option<RecoverySample> {
    let measured = match amplitude {
        Amplitude::Best => detection.y_best,
        Amplitude::Fixed => detection.y_fixed,
    };
    let injected_y = detection.counterpart?.true_y0;
    let recovered_y = measured?.value;
    (injected_y > 0.0).then_some(RecoverySample { snr: detection.score, injected_y, recovered_y })
}

/// Mean and median ratio of samples, such as forced photometry at known positions.
pub fn summarise(samples: &[RecoverySample]) -> RecoverySummary {
    let ratios: Vec<f64> = samples.iter().map(|sample| sample.recovered_y / sample.injected_y).collect();
    let count = ratios.len() as u64;
    let (mean, mean_error) = mean_and_error(&ratios);
    let (median, median_error) = median_and_error(&ratios);
    RecoverySummary { mean: Score::new(mean, mean_error, count), median: Score::new(median, median_error, count) }
}

/// The ratio in bins of S/N with the given rising edges.
///
/// # Errors
/// [`Error::BadEdges`] when there are fewer than two edges or they do not rise.
pub fn by_snr(samples: &[RecoverySample], edges: &[f64]) -> Result<Vec<RecoveryBin>, Error> {
    check_edges("S/N", edges)?;
    let mut in_bins = vec![Vec::new(); edges.len() - 1];
    for sample in samples {
        if let Some(bin) = bin_of(sample.snr, edges) {
            in_bins[bin].push(*sample);
        }
    }
    let bins = edges.windows(2).zip(in_bins);
    Ok(bins.map(|(edge, inside)| RecoveryBin { low: edge[0], high: edge[1], ratio: summarise(&inside) }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_bias_is_recovered_and_empty_bins_have_no_value() {
        let at = |snr: f64| RecoverySample { snr, injected_y: 1e-4, recovered_y: 1.1e-4 };
        let bins = by_snr(&[at(5.0), at(6.0), at(30.0)], &[4.0, 8.0, 16.0, 32.0]).unwrap();
        assert!((bins[0].ratio.mean.value.unwrap() - 1.1).abs() < 1e-12);
        assert_eq!(bins[1].ratio.mean, Score { value: None, error: None, count: 0 });
        assert_eq!((bins[2].ratio.mean.error, bins[2].ratio.mean.count), (None, 1));
    }
}
