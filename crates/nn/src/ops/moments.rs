//! What normalisations share: sums over rows of channels, and the passes that use them.
//!
//! A row is one pixel's channels. All loops run over rows outside and channels inside, so that memory is read in order.

use crate::kernel::vectorised;

/// Mean of each channel and the sum of squared deviations from it, over some rows.
pub(crate) struct Moments {
    pub(crate) n_rows: f64,
    pub(crate) mean: Vec<f64>,
    pub(crate) squares: Vec<f64>,
}

impl Moments {
    /// Of the rows `x [row, channel]`, in two passes in f32: accurate to 1e-6 of the deviation for the rows of one piece.
    pub(crate) fn of(x: &[f32], n_channels: usize) -> Self {
        let mut mean = vec![0.0; n_channels];
        let mut squares = vec![0.0; n_channels];
        vectorised(
            #[inline(always)]
            || two_passes(x, &mut mean, &mut squares),
        );
        let double = |v: Vec<f32>| v.into_iter().map(f64::from).collect();
        Self { n_rows: (x.len() / n_channels) as f64, mean: double(mean), squares: double(squares) }
    }

    /// Of these rows and others together (Chan, Golub & LeVeque 1983, Eq. 2.1).
    pub(crate) fn with(mut self, other: &Self) -> Self {
        let n = self.n_rows + other.n_rows;
        for channel in 0..self.mean.len() {
            let difference = other.mean[channel] - self.mean[channel];
            self.mean[channel] += difference * other.n_rows / n;
            self.squares[channel] += other.squares[channel] + difference * difference * self.n_rows * other.n_rows / n;
        }
        self.n_rows = n;
        self
    }

    /// `1 / sqrt(variance + epsilon)` of each channel, the variance being that of these rows alone.
    pub(crate) fn inverse_deviation(&self, epsilon: f64) -> Vec<f32> {
        self.squares.iter().map(|squares| (1.0 / (squares / self.n_rows + epsilon).sqrt()) as f32).collect()
    }

    /// Mean of each channel.
    pub(crate) fn mean_f32(&self) -> Vec<f32> {
        self.mean.iter().map(|&mean| mean as f32).collect()
    }
}

#[inline(always)]
fn two_passes(x: &[f32], mean: &mut [f32], squares: &mut [f32]) {
    let c = mean.len();
    let inverse = 1.0 / (x.len() / c) as f32;
    for row in x.chunks_exact(c) {
        for (mean, x) in mean.iter_mut().zip(row) {
            *mean += x;
        }
    }
    mean.iter_mut().for_each(|mean| *mean *= inverse);
    for row in x.chunks_exact(c) {
        for ((squares, mean), x) in squares.iter_mut().zip(&*mean).zip(row) {
            *squares += (x - mean) * (x - mean);
        }
    }
}

/// `out = x a + b` for each channel.
pub(crate) fn scale_rows(x: &[f32], a: &[f32], b: &[f32], out: &mut [f32]) {
    let c = a.len();
    vectorised(
        #[inline(always)]
        || {
            for (x, out) in x.chunks_exact(c).zip(out.chunks_exact_mut(c)) {
                for (((out, x), a), b) in out.iter_mut().zip(x).zip(a).zip(b) {
                    *out = x * a + b;
                }
            }
        },
    );
}

/// `out = x a + b + y` for each channel.
pub(crate) fn scale_rows_and_add(x: &[f32], a: &[f32], b: &[f32], y: &[f32], out: &mut [f32]) {
    let c = a.len();
    vectorised(
        #[inline(always)]
        || {
            for ((x, y), out) in x.chunks_exact(c).zip(y.chunks_exact(c)).zip(out.chunks_exact_mut(c)) {
                for ((((out, x), a), b), y) in out.iter_mut().zip(x).zip(a).zip(b).zip(y) {
                    *out = x * a + b + y;
                }
            }
        },
    );
}

/// Sums over rows of the gradient, and of the gradient times the deviation from the mean: both, one after the other.
pub(crate) fn gradient_sums(x: &[f32], gradient: &[f32], mean: &[f32]) -> Vec<f64> {
    let c = mean.len();
    let (mut sum, mut product) = (vec![0.0f32; c], vec![0.0f32; c]);
    vectorised(
        #[inline(always)]
        || {
            for (x, g) in x.chunks_exact(c).zip(gradient.chunks_exact(c)) {
                for ((((sum, product), mean), x), g) in sum.iter_mut().zip(&mut product).zip(mean).zip(x).zip(g) {
                    *sum += g;
                    *product += g * (x - mean);
                }
            }
        },
    );
    sum.into_iter().chain(product).map(f64::from).collect()
}

/// `out = gradient k0 + x k1 + k2` for each channel.
pub(crate) fn combine_rows(x: &[f32], gradient: &[f32], k: [&[f32]; 3], out: &mut [f32]) {
    let [k0, k1, k2] = k;
    let c = k0.len();
    vectorised(
        #[inline(always)]
        || {
            for ((x, g), out) in x.chunks_exact(c).zip(gradient.chunks_exact(c)).zip(out.chunks_exact_mut(c)) {
                for (((((out, x), g), k0), k1), k2) in out.iter_mut().zip(x).zip(g).zip(k0).zip(k1).zip(k2) {
                    *out = g * k0 + x * k1 + k2;
                }
            }
        },
    );
}

/// Factors of [`combine_rows`] for the gradient of `(x - mean) inverse scale` when mean and deviation follow from the rows:
/// `scale inverse [g - <g> - (x - mean) inverse^2 <g (x - mean)>]`, the averages being over rows.
pub(crate) fn normalisation_factors(
    sums: &[f64],
    n_rows: f64,
    mean: &[f32],
    inverse: &[f32],
    scale: impl Fn(usize) -> f32,
) -> [Vec<f32>; 3] {
    let c = mean.len();
    let mut factors = [vec![0.0; c], vec![0.0; c], vec![0.0; c]];
    for channel in 0..c {
        let inverse = f64::from(inverse[channel]);
        let k0 = f64::from(scale(channel)) * inverse;
        let k1 = -k0 * inverse * inverse * sums[c + channel] / n_rows;
        let k2 = -k0 * sums[channel] / n_rows - k1 * f64::from(mean[channel]);
        [factors[0][channel], factors[1][channel], factors[2][channel]] = [k0 as f32, k1 as f32, k2 as f32];
    }
    factors
}
