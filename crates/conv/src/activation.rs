//! What follows the sum of products: bias and activation, and on the way back the activation's derivative and the gradient
//! of the bias.

use crate::shared::SharedOutput;
use crate::simd::{Isa, Kernel, Simd};
use rayon::prelude::*;

/// Function applied to each element of the output after the bias.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Activation {
    /// The identity.
    #[default]
    None,
    /// `max(z, 0)`, with derivative 0 at 0.
    Relu,
    /// `lambda z` for `z > 0`, else `lambda alpha (exp(z) - 1)` (Klambauer et al. 2017, arXiv:1706.02515, Eq. 2).
    Selu,
}

/// `alpha` of SELU (Klambauer et al. 2017, Eq. 14), dimensionless.
pub const SELU_ALPHA: f32 = 1.673_263_2;
/// `lambda` of SELU (Klambauer et al. 2017, Eq. 14), dimensionless.
pub const SELU_SCALE: f32 = 1.050_701;

impl Activation {
    /// The function at `z`.
    #[inline(always)]
    fn apply(self, z: f32) -> f32 {
        match self {
            Self::None => z,
            // Not `max`: a NaN stays one.
            Self::Relu => {
                if z < 0.0 {
                    0.0
                } else {
                    z
                }
            }
            Self::Selu => {
                let below = SELU_SCALE * SELU_ALPHA * exp_minus_1_below_zero(if z > 0.0 { 0.0 } else { z });
                if z > 0.0 { SELU_SCALE * z } else { below }
            }
        }
    }

    /// The derivative, from the function's own value `y`.
    ///
    /// SELU: `lambda` for `y > 0`, else `lambda alpha exp(z) = y + lambda alpha`.
    #[inline(always)]
    fn derivative(self, y: f32) -> f32 {
        match self {
            Self::None => 1.0,
            Self::Relu => {
                if y > 0.0 {
                    1.0
                } else {
                    0.0
                }
            }
            Self::Selu => {
                if y > 0.0 {
                    SELU_SCALE
                } else {
                    y + SELU_SCALE * SELU_ALPHA
                }
            }
        }
    }
}

/// `exp(z) - 1` for `z <= 0`, to 1.5e-7 of the result's own scale of one; exact 0 at 0. NaN stays NaN.
///
/// Branch-free, so that the compiler makes vectors of it: `exp(z) = 2^n exp(r)` with `|r| <= ln 2 / 2`, and `exp(r) - 1` by
/// its Taylor polynomial of degree seven (remainder below 1e-8).
#[inline(always)]
fn exp_minus_1_below_zero(z: f32) -> f32 {
    /// Adding and taking away this number rounds to an integer.
    const ROUND: f32 = 12_582_912.0;
    /// `ln 2` in two parts, the first with few bits, so that `n` times it is exact.
    const LN_2_HIGH: f32 = 355.0 / 512.0;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    /// Below this `exp(z) - 1` is -1 in `f32`.
    const LOWEST: f32 = -80.0;
    let z = if z < LOWEST { LOWEST } else { z };
    let rounded = z * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = (z - n * LN_2_HIGH) - n * LN_2_LOW;
    let tail = r * (1.0 / 5040.0) + 1.0 / 720.0;
    let tail = tail * r + 1.0 / 120.0;
    let tail = tail * r + 1.0 / 24.0;
    let tail = tail * r + 1.0 / 6.0;
    let tail = tail * r + 0.5;
    let exp_r_minus_1 = tail * r * r + r;
    // The last bits of `rounded` are those of `n`.
    let two_to_n = f32::from_bits(rounded.to_bits().wrapping_add(127) << 23);
    two_to_n * exp_r_minus_1 + (two_to_n - 1.0)
}

/// Rows of a chunk of some 16,384 numbers: it depends on the number of channels alone, so that sums over chunks do too.
fn chunk_rows(n_channels: usize) -> usize {
    (16_384 / n_channels).max(1)
}

/// What each finished number of a result still gets: `activation(number + bias)`.
///
/// Tasks apply it to what they have just written, while that is in a cache.
#[derive(Clone, Copy)]
pub(crate) struct Finish<'a> {
    /// One number a channel, none for no bias.
    bias: Option<&'a [f32]>,
    activation: Activation,
}

impl<'a> Finish<'a> {
    /// Leaves the result as it is.
    pub(crate) const NOTHING: Self = Self { bias: None, activation: Activation::None };

    pub(crate) fn new(bias: Option<&'a [f32]>, activation: Activation) -> Self {
        Self { bias, activation }
    }

    /// Finishes the channels from `first_channel` on of pixels, which begin at `starts`.
    ///
    /// # Safety
    /// Each pixel's `n_channels` numbers must lie inside of the result, and no other task may touch them meanwhile.
    pub(crate) unsafe fn apply(
        self,
        isa: Isa,
        result: SharedOutput<'_>,
        starts: impl Iterator<Item = usize>,
        first_channel: usize,
        n_channels: usize,
    ) {
        let Self { bias, activation } = self;
        let bias = bias.map(|bias| &bias[first_channel..][..n_channels]);
        match activation {
            Activation::None if bias.is_none() => {}
            // One kernel for each activation: a choice inside of the loop is not taken out of it reliably.
            // SAFETY: the caller vouches for the pixels.
            Activation::None => unsafe { isa.run(FinishPixels { result, starts, n_channels, bias, f: |z| z }) },
            Activation::Relu => {
                let f = |z| Activation::Relu.apply(z);
                // SAFETY: as above.
                unsafe { isa.run(FinishPixels { result, starts, n_channels, bias, f }) }
            }
            Activation::Selu => {
                let f = |z| Activation::Selu.apply(z);
                // SAFETY: as above.
                unsafe { isa.run(FinishPixels { result, starts, n_channels, bias, f }) }
            }
        }
    }
}

struct FinishPixels<'a, P, F> {
    result: SharedOutput<'a>,
    starts: P,
    n_channels: usize,
    bias: Option<&'a [f32]>,
    f: F,
}

impl<P: Iterator<Item = usize>, F: Fn(f32) -> f32> Kernel for FinishPixels<'_, P, F> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self, _simd: S) {
        for start in self.starts {
            // SAFETY: the caller of `Finish::apply` vouches for the pixel.
            let pixel = unsafe { self.result.slice(start, self.n_channels) };
            match self.bias {
                Some(bias) => pixel.iter_mut().zip(bias).for_each(|(y, &b)| *y = (self.f)(*y + b)),
                None => pixel.iter_mut().for_each(|y| *y = (self.f)(*y)),
            }
        }
    }
}

/// Gradient behind the activation, `activation'(output) gradient`, and its sum over pixels, the gradient of the bias.
///
/// `output`, `gradient` and `behind` are `[pixel, channel]`. The sums are taken in chunks of fixed size and added in order in
/// `f64`, so that they do not depend on the number of threads.
pub(crate) fn differentiate(
    isa: Isa,
    output: &[f32],
    gradient: &[f32],
    activation: Activation,
    behind: &mut [f32],
    bias_gradient: &mut [f32],
) {
    let n_channels = bias_gradient.len();
    let chunk = chunk_rows(n_channels) * n_channels;
    let sums: Vec<Vec<f32>> = behind
        .par_chunks_mut(chunk)
        .zip(output.par_chunks(chunk))
        .zip(gradient.par_chunks(chunk))
        .map(|((behind, output), gradient)| {
            let mut sums = vec![0.0; n_channels];
            // SAFETY: the kernel works on slices.
            unsafe { isa.run(Derivative { output, gradient, activation, behind, sums: &mut sums }) };
            sums
        })
        .collect();
    for (channel, total) in bias_gradient.iter_mut().enumerate() {
        *total = sums.iter().map(|sums| f64::from(sums[channel])).sum::<f64>() as f32;
    }
}

struct Derivative<'a> {
    output: &'a [f32],
    gradient: &'a [f32],
    activation: Activation,
    behind: &'a mut [f32],
    sums: &'a mut [f32],
}

impl Kernel for Derivative<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self, _simd: S) {
        match self.activation {
            Activation::None => self.for_rows(|_| 1.0),
            Activation::Relu => self.for_rows(|y| Activation::Relu.derivative(y)),
            Activation::Selu => self.for_rows(|y| Activation::Selu.derivative(y)),
        }
    }
}

impl Derivative<'_> {
    #[inline(always)]
    fn for_rows(self, derivative: impl Fn(f32) -> f32) {
        let n = self.sums.len();
        let rows = self.output.chunks_exact(n).zip(self.gradient.chunks_exact(n));
        for ((output, gradient), behind) in rows.zip(self.behind.chunks_exact_mut(n)) {
            for channel in 0..n {
                behind[channel] = derivative(output[channel]) * gradient[channel];
                self.sums[channel] += behind[channel];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_is_exact_to_rounding() {
        let mut worst = 0.0_f64;
        for i in 0..200_000 {
            let z = -(i as f32) * 5e-4;
            worst = worst.max((f64::from(exp_minus_1_below_zero(z)) - f64::from(z).exp_m1()).abs());
        }
        assert!(worst < 1.5e-7, "{worst}");
        assert_eq!(exp_minus_1_below_zero(0.0), 0.0);
        assert!(exp_minus_1_below_zero(f32::NAN).is_nan());
        assert_eq!(exp_minus_1_below_zero(f32::NEG_INFINITY), -1.0);
        for z in [-1e-3_f32, -1e-5] {
            let relative = f64::from(exp_minus_1_below_zero(z)) / f64::from(z).exp_m1() - 1.0;
            assert!(relative.abs() < 2e-7, "{z}: {relative}");
        }
    }

    /// SELU values by PyTorch 2.x's documented constants, computed in f64 here: alpha 1.6732632423543772, scale
    /// 1.0507009873554805.
    #[test]
    fn selu_and_relu_have_their_values_and_slopes() {
        let (alpha, scale) = (1.673_263_242_354_377_2_f64, 1.050_700_987_355_480_5_f64);
        for z in [-30.0_f32, -3.0, -0.7, -1e-3, 0.0, 1e-3, 0.5, 9.0] {
            let x = f64::from(z);
            let selu = if x > 0.0 { scale * x } else { scale * alpha * x.exp_m1() };
            let slope = if x > 0.0 { scale } else { scale * alpha * x.exp() };
            let y = Activation::Selu.apply(z);
            assert!((f64::from(y) - selu).abs() < 4e-7 * (1.0 + selu.abs()), "{z}: {y} {selu}");
            assert!((f64::from(Activation::Selu.derivative(y)) - slope).abs() < 6e-7, "{z}");
            assert_eq!(Activation::Relu.apply(z), z.max(0.0));
            assert_eq!(Activation::Relu.derivative(z.max(0.0)), if z > 0.0 { 1.0 } else { 0.0 });
        }
        assert!(Activation::Relu.apply(f32::NAN).is_nan() && Activation::Selu.apply(f32::NAN).is_nan());
    }

    #[test]
    fn bias_and_its_gradient_serve_every_channel_count() {
        for isa in Isa::available() {
            for n_channels in [1, 3, 16, 70] {
                let n_pixels = 700;
                let z: Vec<f32> = (0..n_pixels * n_channels).map(|i| (i % 13) as f32 * 0.25 - 1.5).collect();
                let bias: Vec<f32> = (0..n_channels).map(|c| c as f32 * 0.125).collect();
                let gradient: Vec<f32> = (0..z.len()).map(|i| (i % 7) as f32 - 2.0).collect();
                for activation in [Activation::None, Activation::Relu, Activation::Selu] {
                    let mut y = z.clone();
                    let starts = (0..n_pixels).map(|pixel| pixel * n_channels);
                    let result = SharedOutput::new(&mut y);
                    // SAFETY: `y` holds the pixels, and no other task runs.
                    unsafe { Finish::new(Some(&bias), activation).apply(isa, result, starts, 0, n_channels) };
                    let (mut behind, mut sums) = (vec![0.0; z.len()], vec![0.0; n_channels]);
                    differentiate(isa, &y, &gradient, activation, &mut behind, &mut sums);
                    let (mut expected, mut scale) = (vec![0.0_f64; n_channels], 0.0);
                    for (i, &y) in y.iter().enumerate() {
                        let direct = activation.apply(z[i] + bias[i % n_channels]);
                        assert!((y - direct).abs() <= 3e-7 * direct.abs(), "{activation:?} {y} {direct}");
                        let term = f64::from(activation.derivative(y) * gradient[i]);
                        expected[i % n_channels] += term;
                        scale += term.abs() / n_channels as f64;
                    }
                    for (sum, expected) in sums.iter().zip(expected) {
                        let error = (f64::from(*sum) - expected).abs();
                        assert!(error < 4e-6 * scale, "{} {activation:?} {n_channels}: {sum} {expected}", isa.name());
                    }
                }
            }
        }
    }
}
