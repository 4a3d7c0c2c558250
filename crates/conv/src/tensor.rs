//! The convolution as an op on candle's tensors, with its gradients.
//!
//! The tensors lie on the CPU or, with the feature `cuda`, on a CUDA device. The checks, the geometry and the backward
//! pass's choice of gradients do not depend on the device. [`Convolution`] is the same without candle's graph.

mod convolution;

pub use convolution::Convolution;

use crate::activation::Activation;
use crate::choice::AlgorithmChoice;
use crate::cuda::Precision;
#[cfg(feature = "cuda")]
use crate::cuda::device::OnDevice;
use crate::error::Error;
use crate::geometry::{ConvGeometry, ConvSizes};
use crate::plan::{Pass, Plan};
use crate::scratch::with_scratch;
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp2, CustomOp3, DType, Device, Layout, Result, Shape, Tensor};

/// Whether Winograd's algorithms may be taken: they are up to twice as fast as the direct one, at four times its rounding
/// error (crate documentation).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Winograd {
    /// Where measured rules say so.
    #[default]
    Allowed,
    /// Never.
    Forbidden,
}

/// Settings of [`conv2d`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvOptions {
    /// Step of the kernel between output pixels.
    pub stride: usize,
    /// Zeros put around each image on every side.
    pub padding: usize,
    /// Distance of neighbouring taps of the kernel.
    pub dilation: usize,
    /// Applied after the bias.
    pub activation: Activation,
    /// Whether Winograd's algorithms may be taken, on a CPU: a CUDA device has none.
    pub winograd: Winograd,
    /// Rounding of the factors on a CUDA device.
    pub precision: Precision,
}

impl Default for ConvOptions {
    /// Stride and dilation 1, no padding, no activation, the fastest algorithm on the CPU, `f32` on a device.
    fn default() -> Self {
        Self {
            stride: 1,
            padding: 0,
            dilation: 1,
            activation: Activation::None,
            winograd: Winograd::Allowed,
            precision: Precision::Fp32,
        }
    }
}

impl ConvOptions {
    /// Stride 1 and as much padding as keeps the size of the image, for a 3x3 kernel of this dilation.
    pub fn same3(dilation: usize) -> Self {
        Self { padding: dilation, dilation, ..Self::default() }
    }

    /// The same, followed by an activation.
    pub fn then(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    /// The algorithms that a plan may take.
    pub fn algorithms(&self) -> AlgorithmChoice {
        match self.winograd {
            Winograd::Allowed => AlgorithmChoice::Fastest,
            Winograd::Forbidden => AlgorithmChoice::WithoutWinograd,
        }
    }
}

/// `activation(conv(input, weight) + bias)` with gradients for all three.
///
/// `input [n, h, w, ci]`, `weight [kernel, kernel, ci, co]`, `bias [co]`, result `[n, ho, wo, co]`, all `f32` on one device:
/// the CPU or, with the feature `cuda`, a CUDA device. Tensors that are not contiguous are copied. This is the
/// cross-correlation that networks call convolution.
///
/// # Errors
/// If an argument's shape, type or device is not as above, or the kernel does not fit into the padded image.
pub fn conv2d(input: &Tensor, weight: &Tensor, bias: Option<&Tensor>, options: &ConvOptions) -> Result<Tensor> {
    check_kinds(input, weight, bias)?;
    let op = Conv2d { options: *options };
    op.geometry(input.dims(), weight.dims()).map_err(candle_core::Error::wrap)?;
    let (input, weight) = (input.contiguous()?, weight.contiguous()?);
    let Some(bias) = bias else {
        return input.apply_op2(&weight, op);
    };
    check_bias(bias, weight.dims()[3])?;
    input.apply_op3(&weight, &bias.contiguous()?, op)
}

fn check_kinds(input: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<()> {
    for (what, tensor) in [("input", Some(input)), ("weight", Some(weight)), ("bias", bias)] {
        tensor.map_or(Ok(()), |tensor| check_kind(what, tensor)).map_err(candle_core::Error::wrap)?;
    }
    Ok(())
}

fn check_bias(bias: &Tensor, n_channels: usize) -> Result<()> {
    if bias.dims() == [n_channels] {
        return Ok(());
    }
    let expected = format!("[{n_channels}], one for each output channel of the weight");
    Err(candle_core::Error::wrap(Error::Shape { what: "bias", expected, found: bias.dims().to_vec() }))
}

fn check_kind(what: &'static str, tensor: &Tensor) -> std::result::Result<(), Error> {
    if tensor.dtype() != DType::F32 {
        return Err(Error::DType { what, found: format!("{:?}", tensor.dtype()) });
    }
    let is_served = match tensor.device() {
        Device::Cpu => true,
        Device::Cuda(_) => cfg!(feature = "cuda"),
        Device::Metal(_) => false,
    };
    if !is_served {
        return Err(Error::Device { what, found: format!("{:?}", tensor.device()) });
    }
    Ok(())
}

/// The op in candle's graph, with or without bias.
#[derive(Clone, Copy, Debug)]
struct Conv2d {
    options: ConvOptions,
}

/// Gradients of input, weight and bias; `None` where nobody asks.
type Gradients = (Option<Tensor>, Option<Tensor>, Option<Tensor>);

impl Conv2d {
    fn geometry(&self, input: &[usize], weight: &[usize]) -> std::result::Result<ConvGeometry, Error> {
        let &[n, height, width, in_channels] = input else {
            let expected = "[n, height, width, in_channels]".to_owned();
            return Err(Error::Shape { what: "input", expected, found: input.to_vec() });
        };
        let wrong = |expected: String| Error::Shape { what: "weight", expected, found: weight.to_vec() };
        let &[kernel, kernel_width, weight_channels, out_channels] = weight else {
            return Err(wrong("[kernel, kernel, in_channels, out_channels]".to_owned()));
        };
        if kernel != kernel_width {
            return Err(wrong(format!("a square kernel [{kernel}, {kernel}, ..]")));
        }
        if weight_channels != in_channels {
            return Err(wrong(format!(
                "[{kernel}, {kernel}, {in_channels}, {out_channels}] for an input of {in_channels} channels"
            )));
        }
        let ConvOptions { stride, padding, dilation, .. } = self.options;
        ConvGeometry::new(ConvSizes { n, height, width, in_channels, out_channels, kernel, stride, padding, dilation })
    }

    fn plan(&self, input: &[usize], weight: &[usize]) -> Result<Plan> {
        let geometry = self.geometry(input, weight).map_err(candle_core::Error::wrap)?;
        Plan::new(geometry, self.options.algorithms()).map_err(candle_core::Error::wrap)
    }

    fn forward_on_cpu(
        &self,
        (input, input_layout): (&CpuStorage, &Layout),
        (weight, weight_layout): (&CpuStorage, &Layout),
        bias: Option<(&CpuStorage, &Layout)>,
    ) -> Result<(CpuStorage, Shape)> {
        let plan = self.plan(input_layout.dims(), weight_layout.dims())?;
        let bias = bias.map(|(bias, layout)| contiguous(bias, layout)).transpose()?;
        let (input, weight) = (contiguous(input, input_layout)?, contiguous(weight, weight_layout)?);
        let mut output = zeros(&plan.geometry().output_shape());
        with_scratch(plan.scratch_len(Pass::Forward), |scratch| {
            plan.forward(input, weight, bias, self.options.activation, &mut output, scratch)
        })
        .map_err(candle_core::Error::wrap)?;
        Ok((CpuStorage::F32(output), Shape::from(plan.geometry().output_shape().as_slice())))
    }

    fn gradients(
        &self,
        input: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
        output: &Tensor,
        gradient: &Tensor,
    ) -> Result<Gradients> {
        let passes = Convolution::new(input, weight, &self.options)?;
        let gradient = gradient.contiguous()?;
        let bias_tracks = bias.is_some_and(Tensor::track_op);
        let (gradient, bias_gradient) = if self.options.activation == Activation::None && !bias_tracks {
            (gradient, None)
        } else {
            let (behind, sums) = passes.activation_gradient(output, &gradient)?;
            (behind, bias_tracks.then_some(sums))
        };
        let weight_gradient = weight.track_op().then(|| passes.weight_gradient(input, &gradient)).transpose()?;
        let input_gradient = input.track_op().then(|| passes.input_gradient(&gradient, weight)).transpose()?;
        Ok((input_gradient, weight_gradient, bias_gradient))
    }

    #[cfg(feature = "cuda")]
    fn on_device(&self, input: &[usize], weight: &[usize]) -> Result<OnDevice> {
        let geometry = self.geometry(input, weight).map_err(candle_core::Error::wrap)?;
        Ok(OnDevice { geometry, precision: self.options.precision })
    }

    #[cfg(feature = "cuda")]
    fn forward_on_device(
        &self,
        input: (&CudaStorage, &Layout),
        weight: (&CudaStorage, &Layout),
        bias: Option<(&CudaStorage, &Layout)>,
    ) -> Result<(CudaStorage, Shape)> {
        let convolution = self.on_device(input.1.dims(), weight.1.dims())?;
        let output = convolution.forward(input, weight, bias, self.options.activation)?;
        Ok((output, Shape::from(convolution.geometry.output_shape().as_slice())))
    }
}

impl CustomOp3 for Conv2d {
    fn name(&self) -> &'static str {
        "arcmin-conv2d-bias"
    }

    fn cpu_fwd(
        &self,
        input: &CpuStorage,
        input_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.forward_on_cpu((input, input_layout), (weight, weight_layout), Some((bias, bias_layout)))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        input: &CudaStorage,
        input_layout: &Layout,
        weight: &CudaStorage,
        weight_layout: &Layout,
        bias: &CudaStorage,
        bias_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        self.forward_on_device((input, input_layout), (weight, weight_layout), Some((bias, bias_layout)))
    }

    fn bwd(
        &self,
        input: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        output: &Tensor,
        gradient: &Tensor,
    ) -> Result<Gradients> {
        self.gradients(input, weight, Some(bias), output, gradient)
    }
}

impl CustomOp2 for Conv2d {
    fn name(&self) -> &'static str {
        "arcmin-conv2d"
    }

    fn cpu_fwd(
        &self,
        input: &CpuStorage,
        input_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.forward_on_cpu((input, input_layout), (weight, weight_layout), None)
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        input: &CudaStorage,
        input_layout: &Layout,
        weight: &CudaStorage,
        weight_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        self.forward_on_device((input, input_layout), (weight, weight_layout), None)
    }

    fn bwd(
        &self,
        input: &Tensor,
        weight: &Tensor,
        output: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (input, weight, _) = self.gradients(input, weight, None, output, gradient)?;
        Ok((input, weight))
    }
}

fn zeros(shape: &[usize]) -> Vec<f32> {
    vec![0.0; shape.iter().product()]
}

/// The elements of a contiguous storage, which may begin behind an offset.
fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let (start, end) = layout
        .contiguous_offsets()
        .ok_or_else(|| candle_core::Error::RequiresContiguous { op: "arcmin-conv2d" }.bt())?;
    Ok(&storage.as_slice::<f32>()?[start..end])
}
