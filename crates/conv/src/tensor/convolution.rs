//! The passes of one convolution on tensors, for callers who record their own graph.

use super::{Conv2d, ConvOptions, check_bias, check_kinds, contiguous, zeros};
#[cfg(feature = "cuda")]
use crate::cuda::device::OnDevice;
use crate::error::Error;
use crate::plan::{Pass, Plan};
use crate::scratch::with_scratch;
use candle_core::{Result, Storage, Tensor};

/// A convolution of fixed sizes on one device. Nothing that it does is recorded in candle's graph.
///
/// All tensors are `f32` on the device of the input that it was made for: the CPU or, with the feature `cuda`, a CUDA device.
/// What is not contiguous is copied.
pub struct Convolution {
    options: ConvOptions,
    place: Place,
}

/// Who computes.
enum Place {
    Cpu(Box<Plan>),
    #[cfg(feature = "cuda")]
    Device(OnDevice),
}

impl Convolution {
    /// For inputs and weights of these shapes on this device.
    ///
    /// # Errors
    /// As [`conv2d`](super::conv2d).
    pub fn new(input: &Tensor, weight: &Tensor, options: &ConvOptions) -> Result<Self> {
        check_kinds(input, weight, None)?;
        let op = Conv2d { options: *options };
        #[cfg(feature = "cuda")]
        if input.device().is_cuda() {
            let place = Place::Device(op.on_device(input.dims(), weight.dims())?);
            return Ok(Self { options: *options, place });
        }
        Ok(Self { options: *options, place: Place::Cpu(Box::new(op.plan(input.dims(), weight.dims())?)) })
    }

    /// `activation(conv(input, weight) + bias)`: `[n, ho, wo, co]`.
    ///
    /// # Errors
    /// When a tensor has another shape, type or device than planned for.
    pub fn forward(&self, input: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        check_kinds(input, weight, bias)?;
        bias.map_or(Ok(()), |bias| check_bias(bias, weight.dims()[3]))?;
        match &self.place {
            Place::Cpu(plan) => forward(plan, &self.options, input, weight, bias),
            #[cfg(feature = "cuda")]
            Place::Device(device) => device.forward_of_tensors(input, weight, bias, self.options.activation),
        }
    }

    /// Gradient behind the activation, and that of the bias, from the output and its gradient.
    ///
    /// # Errors
    /// As [`Convolution::forward`].
    pub fn activation_gradient(&self, output: &Tensor, gradient: &Tensor) -> Result<(Tensor, Tensor)> {
        match &self.place {
            Place::Cpu(plan) => activation_gradient(plan, &self.options, output, gradient),
            #[cfg(feature = "cuda")]
            Place::Device(device) => device.activation_gradient(output, gradient, self.options.activation),
        }
    }

    /// Gradient of the weight from the input and the gradient behind the activation.
    ///
    /// # Errors
    /// As [`Convolution::forward`].
    pub fn weight_gradient(&self, input: &Tensor, gradient: &Tensor) -> Result<Tensor> {
        match &self.place {
            Place::Cpu(plan) => weight_gradient(plan, input, gradient),
            #[cfg(feature = "cuda")]
            Place::Device(device) => device.weight_gradient(input, gradient),
        }
    }

    /// Gradient of the input from the gradient behind the activation and the weight.
    ///
    /// # Errors
    /// As [`Convolution::forward`].
    pub fn input_gradient(&self, gradient: &Tensor, weight: &Tensor) -> Result<Tensor> {
        match &self.place {
            Place::Cpu(plan) => input_gradient(plan, gradient, weight),
            #[cfg(feature = "cuda")]
            Place::Device(device) => device.input_gradient(gradient, weight),
        }
    }
}

fn forward(
    plan: &Plan,
    options: &ConvOptions,
    input: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
) -> Result<Tensor> {
    let shape = plan.geometry().output_shape();
    let mut output = zeros(&shape);
    read("input", input, |input| {
        read("weight", weight, |weight| {
            let mut run = |bias: Option<&[f32]>| {
                with_scratch(plan.scratch_len(Pass::Forward), |scratch| {
                    plan.forward(input, weight, bias, options.activation, &mut output, scratch)
                })
                .map_err(candle_core::Error::wrap)
            };
            match bias {
                Some(bias) => read("bias", bias, |bias| run(Some(bias))),
                None => run(None),
            }
        })
    })?;
    Tensor::from_vec(output, shape.as_slice(), input.device())
}

fn activation_gradient(
    plan: &Plan,
    options: &ConvOptions,
    output: &Tensor,
    gradient: &Tensor,
) -> Result<(Tensor, Tensor)> {
    let mut behind = zeros(&plan.geometry().output_shape());
    let mut sums = vec![0.0; plan.geometry().sizes().out_channels];
    read("output", output, |output| {
        read("gradient", gradient, |gradient| {
            plan.activation_gradient(output, gradient, options.activation, &mut behind, &mut sums)
                .map_err(candle_core::Error::wrap)
        })
    })?;
    let n_channels = sums.len();
    let behind = Tensor::from_vec(behind, output.shape(), output.device())?;
    Ok((behind, Tensor::from_vec(sums, n_channels, output.device())?))
}

fn weight_gradient(plan: &Plan, input: &Tensor, gradient: &Tensor) -> Result<Tensor> {
    let shape = plan.geometry().weight_shape();
    let mut result = zeros(&shape);
    read("input", input, |input| {
        read("gradient", gradient, |gradient| {
            with_scratch(plan.scratch_len(Pass::WeightGradient), |scratch| {
                plan.weight_gradient(input, gradient, &mut result, scratch)
            })
            .map_err(candle_core::Error::wrap)
        })
    })?;
    Tensor::from_vec(result, shape.as_slice(), input.device())
}

fn input_gradient(plan: &Plan, gradient: &Tensor, weight: &Tensor) -> Result<Tensor> {
    let shape = plan.geometry().input_shape();
    let mut result = zeros(&shape);
    read("weight", weight, |weight| {
        read("gradient", gradient, |gradient| {
            with_scratch(plan.scratch_len(Pass::InputGradient), |scratch| {
                plan.input_gradient(gradient, weight, &mut result, scratch)
            })
            .map_err(candle_core::Error::wrap)
        })
    })?;
    Tensor::from_vec(result, shape.as_slice(), weight.device())
}

/// Lends the elements of a tensor on the CPU.
fn read<T>(what: &'static str, tensor: &Tensor, f: impl FnOnce(&[f32]) -> Result<T>) -> Result<T> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => f(contiguous(storage, layout)?),
        _ => {
            let error = Error::Device { what, found: format!("{:?}", tensor.device()) };
            Err(candle_core::Error::wrap(error))
        }
    }
}
