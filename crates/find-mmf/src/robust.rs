//! The width of a distribution without its tails.

use rayon::prelude::*;

/// Bins of the histogram of absolute values, and its upper end in units of the expected width.
const N_BINS: usize = 8000;
const UPPER: f64 = 8.0;
/// Gaussian sigma over the median absolute value.
const SIGMA_PER_MEDIAN: f64 = 1.482_602_218_505_602;
/// Rows that one task counts.
const TASK_ROWS: usize = 64;

/// Counts of absolute values whose width is some one, so that a median needs no copy of the map.
///
/// Values beyond 8 fall in the last bin.
pub(crate) struct Histogram(Vec<u64>);

impl Histogram {
    /// Counts values.
    pub(crate) fn of(values: impl Iterator<Item = f32>) -> Self {
        let mut counts = Self(vec![0; N_BINS + 1]);
        counts.add(values);
        counts
    }

    /// Counts the values of `n` rows, in parallel.
    pub(crate) fn of_rows<I: Iterator<Item = f32>>(n: usize, row: impl Fn(usize) -> I + Sync) -> Self {
        let tasks = (0..n.div_ceil(TASK_ROWS)).into_par_iter();
        let count = |task: usize| Self::of((task * TASK_ROWS..n.min((task + 1) * TASK_ROWS)).flat_map(&row));
        tasks.map(count).reduce(|| Self(vec![0; N_BINS + 1]), Self::plus)
    }

    fn add(&mut self, values: impl Iterator<Item = f32>) {
        for value in values {
            let bin = (f64::from(value.abs()) * (N_BINS as f64 / UPPER)) as usize;
            self.0[bin.min(N_BINS)] += 1;
        }
    }

    fn plus(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a += b);
        self
    }

    /// How many values there are.
    pub(crate) fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Robust rms about zero, `1.4826 median |v|`, good to 1e-3 of the expected width. `None` without values.
    pub(crate) fn rms(&self) -> Option<f64> {
        let n = self.count();
        let mut below = 0;
        for (bin, &count) in self.0.iter().enumerate() {
            if 2 * (below + count) >= n && count > 0 {
                let within = (n as f64 / 2.0 - below as f64) / count as f64;
                return Some(SIGMA_PER_MEDIAN * (bin as f64 + within) * UPPER / N_BINS as f64);
            }
            below += count;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rms_is_that_of_the_sorted_values_and_rows_add_up() {
        let values: Vec<f32> = (0..10_001_u32).map(|i| ((i * 7919 % 10_001) as f32 / 5000.0 - 1.0) * 2.0).collect();
        let mut sorted: Vec<f32> = values.iter().map(|v| v.abs()).collect();
        sorted.sort_by(f32::total_cmp);
        let expected = SIGMA_PER_MEDIAN * f64::from(sorted[5000]);
        let all = Histogram::of(values.iter().copied());
        assert!((all.rms().unwrap() - expected).abs() < 2e-3, "{:?} and {expected}", all.rms());
        let rows = Histogram::of_rows(73, |row| values[row * 137..(row + 1) * 137].iter().copied());
        assert_eq!((rows.count(), rows.rms()), (10_001, all.rms()));
        assert_eq!(Histogram::of(std::iter::empty()).rms(), None);
    }
}
