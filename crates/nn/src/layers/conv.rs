//! Convolutions with their weights.

use crate::ops::{self, ConvOptions};
use crate::{Builder, Parameter, Pass, Result, Role, Value};

/// Whether a layer adds a vector; a normalisation that follows would take it out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// It does.
    With,
    /// It does not.
    Without,
}

/// Channels that go into a layer and come out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels {
    /// Into it.
    pub input: usize,
    /// Out of it.
    pub output: usize,
}

impl Channels {
    /// From `input` to `output`.
    pub const fn new(input: usize, output: usize) -> Self {
        Self { input, output }
    }
}

/// `activation(conv(x, weight) + bias)`, with tensors `weight` and `bias`.
#[derive(Clone, Debug)]
pub struct Conv {
    weight: Parameter,
    bias: Option<Parameter>,
    settings: ConvOptions,
}

impl Conv {
    /// A square kernel of side `kernel`, drawn as the builder says. The precision is not the settings' but that of a pass.
    ///
    /// # Errors
    /// When the tensors cannot be made.
    pub fn new(
        builder: &Builder,
        kernel: usize,
        channels: Channels,
        bias: Bias,
        settings: ConvOptions,
    ) -> Result<Self> {
        let taps = kernel * kernel;
        let (fan_in, fan_out) = (taps * channels.input, taps * channels.output);
        let shape = [kernel, kernel, channels.input, channels.output];
        let weight = builder.weight(Role::ConvWeight, &shape, fan_in, fan_out)?;
        let bias = (bias == Bias::With).then(|| builder.bias(channels.output, fan_in)).transpose()?;
        Ok(Self { weight, bias, settings })
    }

    /// Input `[n, h, w, ci]`, output `[n, ho, wo, co]`.
    ///
    /// # Errors
    /// When the input has another number of channels or is smaller than the kernel.
    pub fn forward(&self, x: &Value, pass: &Pass) -> Result<Value> {
        let bias = self.bias.as_ref().map(|bias| bias.value(pass));
        let options = ConvOptions { precision: pass.precision(), ..self.settings };
        ops::conv2d(x, &self.weight.value(pass), bias.as_ref(), &options)
    }
}

/// Transposed convolution with a 2x2 kernel and stride 2, without a bias, with the tensor `weight`.
#[derive(Clone, Debug)]
pub struct TransposeConv {
    weight: Parameter,
}

impl TransposeConv {
    /// Drawn as the builder says.
    ///
    /// # Errors
    /// When the tensor cannot be made.
    pub fn new(builder: &Builder, channels: Channels) -> Result<Self> {
        // PyTorch counts the kernel's second axis as what enters a unit, so that its default draws from 4 x output.
        let (fan_in, fan_out) = (4 * channels.output, 4 * channels.input);
        let weight =
            builder.weight(Role::TransposeConvWeight, &[channels.input, 2, 2, channels.output], fan_in, fan_out)?;
        Ok(Self { weight })
    }

    /// Input `[n, h, w, ci]`, output `[n, 2 h, 2 w, co]`.
    ///
    /// # Errors
    /// When the input has another number of channels.
    pub fn forward(&self, x: &Value, pass: &Pass) -> Result<Value> {
        ops::transpose_conv2x2(x, &self.weight.value(pass), pass.precision())
    }
}
