//! The width of a distribution without its tails.

/// Bins of the histogram of absolute values, and its upper end in units of the expected width.
const N_BINS: usize = 8000;
const UPPER: f64 = 8.0;
/// Gaussian sigma over the median absolute value.
const SIGMA_PER_MEDIAN: f64 = 1.482_602_218_505_602;

/// Robust rms about zero of values whose width is some one: `1.4826 median |v|`. `None` without values.
///
/// By a histogram, so that no copy of the map is made; the answer is good to 1e-3 of the expected width. Values beyond
/// 8 fall in the last bin.
pub(crate) fn robust_rms(values: impl Iterator<Item = f32>) -> Option<f64> {
    let mut counts = vec![0_u64; N_BINS + 1];
    let mut n = 0_u64;
    for value in values {
        let bin = (f64::from(value.abs()) * (N_BINS as f64 / UPPER)) as usize;
        counts[bin.min(N_BINS)] += 1;
        n += 1;
    }
    let mut below = 0;
    for (bin, &count) in counts.iter().enumerate() {
        if 2 * (below + count) >= n && count > 0 {
            let within = (n as f64 / 2.0 - below as f64) / count as f64;
            return Some(SIGMA_PER_MEDIAN * (bin as f64 + within) * UPPER / N_BINS as f64);
        }
        below += count;
    }
    None
}
