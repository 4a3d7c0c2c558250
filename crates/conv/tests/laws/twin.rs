//! The slow, obvious twin: the sum of the crate's documentation term by term in f64, and its derivatives by the same loops.

use arcmin_conv::{ConvGeometry, ConvSizes};

/// Sizes of `image [n, height, width]`, `channels [in, out]` and `step [stride, padding, dilation]`.
pub(crate) fn sizes(image: [usize; 3], channels: [usize; 2], kernel: usize, step: [usize; 3]) -> ConvSizes {
    let ([n, height, width], [in_channels, out_channels], [stride, padding, dilation]) = (image, channels, step);
    ConvSizes { n, height, width, in_channels, out_channels, kernel, stride, padding, dilation }
}

/// Output and both gradients.
pub(crate) struct Results<T> {
    pub(crate) output: Vec<T>,
    pub(crate) input_gradient: Vec<T>,
    pub(crate) weight_gradient: Vec<T>,
}

/// Input, weight and output gradient of a geometry.
pub(crate) struct Problem {
    pub(crate) geometry: ConvGeometry,
    pub(crate) input: Vec<f32>,
    pub(crate) weight: Vec<f32>,
    pub(crate) output_gradient: Vec<f32>,
}

/// Numbers of mean 0 and variance 1 (a sum of four uniform ones), from a small generator written out here.
pub(crate) fn noise(n: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
    };
    (0..n).map(|_| (0..4).map(|_| uniform()).sum::<f32>() * 3.0_f32.sqrt()).collect()
}

impl Problem {
    pub(crate) fn new(sizes: ConvSizes) -> Self {
        let geometry = ConvGeometry::new(sizes).expect("the sizes fit together");
        let len = |shape: [usize; 4]| shape.iter().product();
        Self {
            geometry,
            input: noise(len(geometry.input_shape()), 1),
            weight: noise(len(geometry.weight_shape()), 2),
            output_gradient: noise(len(geometry.output_shape()), 3),
        }
    }

    /// All three passes by loops in f64.
    pub(crate) fn by_loops(&self) -> Results<f64> {
        let sizes = self.geometry.sizes();
        let (ci, co) = (sizes.in_channels, sizes.out_channels);
        let [n, out_height, out_width, _] = self.geometry.output_shape();
        let mut results = Results {
            output: vec![0.0; self.output_gradient.len()],
            input_gradient: vec![0.0; self.input.len()],
            weight_gradient: vec![0.0; self.weight.len()],
        };
        let source = |out: usize, tap: usize, size: usize| {
            (out * sizes.stride + tap * sizes.dilation).checked_sub(sizes.padding).filter(|&at| at < size)
        };
        for image in 0..n {
            for (oy, ox) in (0..out_height).flat_map(|y| (0..out_width).map(move |x| (y, x))) {
                let o0 = ((image * out_height + oy) * out_width + ox) * co;
                for (ky, kx) in (0..sizes.kernel).flat_map(|y| (0..sizes.kernel).map(move |x| (y, x))) {
                    let (Some(y), Some(x)) = (source(oy, ky, sizes.height), source(ox, kx, sizes.width)) else {
                        continue;
                    };
                    let i0 = ((image * sizes.height + y) * sizes.width + x) * ci;
                    for i in 0..ci {
                        let w0 = ((ky * sizes.kernel + kx) * ci + i) * co;
                        for o in 0..co {
                            let (x, w) = (f64::from(self.input[i0 + i]), f64::from(self.weight[w0 + o]));
                            let g = f64::from(self.output_gradient[o0 + o]);
                            results.output[o0 + o] += x * w;
                            results.input_gradient[i0 + i] += g * w;
                            results.weight_gradient[w0 + o] += x * g;
                        }
                    }
                }
            }
        }
        results
    }
}

/// Relative L2 distance. NaN anywhere gives NaN.
pub(crate) fn distance(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let squares = found.iter().zip(expected).map(|(&f, &e)| ((f64::from(f) - e).powi(2), e * e));
    let (difference, scale) = squares.fold((0.0, 0.0), |sum, term| (sum.0 + term.0, sum.1 + term.1));
    if difference == 0.0 { 0.0 } else { (difference / scale).sqrt() }
}
