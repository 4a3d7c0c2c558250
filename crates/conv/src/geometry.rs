//! The shape of a convolution.

use crate::error::Error;

/// What [`ConvGeometry::new`] checks: sizes of input, kernel and step.
///
/// Input `[n, height, width, in_channels]`, weight `[kernel, kernel, in_channels, out_channels]`, output
/// `[n, out_height, out_width, out_channels]`, all contiguous with the last axis fastest (NHWC and HWIO).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvSizes {
    /// Number of images.
    pub n: usize,
    /// Rows of an input image.
    pub height: usize,
    /// Columns of an input image.
    pub width: usize,
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Side of the square kernel.
    pub kernel: usize,
    /// Step of the kernel between output pixels.
    pub stride: usize,
    /// Zeros put around each image on every side.
    pub padding: usize,
    /// Distance of neighbouring taps of the kernel.
    pub dilation: usize,
}

/// A convolution whose sizes fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvGeometry {
    sizes: ConvSizes,
    out_height: usize,
    out_width: usize,
}

impl ConvGeometry {
    /// Checks the sizes and derives those of the output,
    /// `out = (in + 2 padding - dilation (kernel - 1) - 1) / stride + 1`, rounded down.
    ///
    /// # Errors
    /// If a size other than the padding is zero, the dilated kernel does not fit into the padded input, or an array has
    /// more elements than can be addressed.
    pub fn new(sizes: ConvSizes) -> Result<Self, Error> {
        let named = [
            (sizes.n, "number of images"),
            (sizes.height, "height of the input"),
            (sizes.width, "width of the input"),
            (sizes.in_channels, "number of input channels"),
            (sizes.out_channels, "number of output channels"),
            (sizes.kernel, "side of the kernel"),
            (sizes.stride, "stride"),
            (sizes.dilation, "dilation"),
        ];
        if let Some(&(_, what)) = named.iter().find(|(size, _)| *size == 0) {
            return Err(Error::Zero { what });
        }
        check_addressable("input", [sizes.n, sizes.height, sizes.width, sizes.in_channels])?;
        check_addressable("weight", [sizes.kernel, sizes.kernel, sizes.in_channels, sizes.out_channels])?;
        let out_height = out_size(sizes.height, &sizes)?;
        let out_width = out_size(sizes.width, &sizes)?;
        check_addressable("output", [sizes.n, out_height, out_width, sizes.out_channels])?;
        Ok(Self { sizes, out_height, out_width })
    }

    /// The sizes given to [`ConvGeometry::new`].
    pub fn sizes(&self) -> &ConvSizes {
        &self.sizes
    }

    /// Rows of an output image.
    pub fn out_height(&self) -> usize {
        self.out_height
    }

    /// Columns of an output image.
    pub fn out_width(&self) -> usize {
        self.out_width
    }

    /// Number of taps of the kernel.
    pub fn n_taps(&self) -> usize {
        self.sizes.kernel * self.sizes.kernel
    }

    /// Shape of the input, `[n, height, width, in_channels]`.
    pub fn input_shape(&self) -> [usize; 4] {
        [self.sizes.n, self.sizes.height, self.sizes.width, self.sizes.in_channels]
    }

    /// Shape of the weight, `[kernel, kernel, in_channels, out_channels]`.
    pub fn weight_shape(&self) -> [usize; 4] {
        [self.sizes.kernel, self.sizes.kernel, self.sizes.in_channels, self.sizes.out_channels]
    }

    /// Shape of the output, `[n, out_height, out_width, out_channels]`.
    pub fn output_shape(&self) -> [usize; 4] {
        [self.sizes.n, self.out_height, self.out_width, self.sizes.out_channels]
    }

    /// Number of output pixels of all images.
    pub fn n_out_pixels(&self) -> usize {
        self.sizes.n * self.out_height * self.out_width
    }

    /// Number of input pixels of all images.
    pub fn n_in_pixels(&self) -> usize {
        self.sizes.n * self.sizes.height * self.sizes.width
    }

    /// Multiplications of one pass when no tap falls outside of the image.
    pub fn n_products(&self) -> f64 {
        self.n_out_pixels() as f64 * (self.n_taps() * self.sizes.in_channels * self.sizes.out_channels) as f64
    }
}

fn out_size(size: usize, sizes: &ConvSizes) -> Result<usize, Error> {
    let ConvSizes { kernel, stride, padding, dilation, .. } = *sizes;
    let span = dilation.saturating_mul(kernel - 1).saturating_add(1);
    let padded = size.saturating_add(padding.saturating_mul(2));
    if span > padded {
        return Err(Error::KernelSpan { kernel, dilation, span, size, padding, padded });
    }
    Ok((padded - span) / stride + 1)
}

/// Offsets are kept in `isize`, as the allocator's own limit is.
fn check_addressable(what: &'static str, shape: [usize; 4]) -> Result<(), Error> {
    let bytes = shape.iter().try_fold(size_of::<f32>(), |product, &n| product.checked_mul(n));
    match bytes {
        Some(bytes) if isize::try_from(bytes).is_ok() => Ok(()),
        _ => Err(Error::TooLarge { what, shape }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: ConvSizes = ConvSizes {
        n: 2,
        height: 7,
        width: 9,
        in_channels: 3,
        out_channels: 5,
        kernel: 3,
        stride: 2,
        padding: 1,
        dilation: 1,
    };

    #[test]
    fn output_has_the_textbook_size() {
        let geometry = ConvGeometry::new(SIZES).unwrap();
        assert_eq!(geometry.output_shape(), [2, 4, 5, 5]);
        let dilated = ConvGeometry::new(ConvSizes { dilation: 4, padding: 4, stride: 1, ..SIZES }).unwrap();
        assert_eq!(dilated.output_shape(), [2, 7, 9, 5]);
    }

    #[test]
    fn sizes_that_do_not_fit_are_refused_with_both_numbers() {
        let refuse = |sizes| ConvGeometry::new(sizes).unwrap_err().to_string();
        assert_eq!(refuse(ConvSizes { n: 0, ..SIZES }), "number of images is 0, but must be at least 1");
        assert_eq!(refuse(ConvSizes { stride: 0, ..SIZES }), "stride is 0, but must be at least 1");
        let wide = refuse(ConvSizes { dilation: 5, padding: 0, ..SIZES });
        assert_eq!(wide, "a kernel of 3 with dilation 5 spans 11 pixels, but the input of 7 with padding 0 has 7");
        let huge = refuse(ConvSizes { height: usize::MAX / 2, ..SIZES });
        assert!(huge.starts_with("input of shape"), "{huge}");
    }
}
