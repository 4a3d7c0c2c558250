//! The linear layer.

use super::{Bias, Channels};
use crate::ops::{self, Activation, ConvOptions};
use crate::{Builder, Parameter, Pass, Result, Role, Value};

/// `activation(x weight + bias)`, with tensors `weight` and `bias`.
#[derive(Clone, Debug)]
pub struct Linear {
    weight: Parameter,
    bias: Option<Parameter>,
    activation: Activation,
}

impl Linear {
    /// Drawn as the builder says.
    ///
    /// # Errors
    /// When the tensors cannot be made.
    pub fn new(builder: &Builder, channels: Channels, bias: Bias, activation: Activation) -> Result<Self> {
        let Channels { input, output } = channels;
        let weight = builder.weight(Role::LinearWeight, &[input, output], input, output)?;
        let bias = (bias == Bias::With).then(|| builder.bias(output, input)).transpose()?;
        Ok(Self { weight, bias, activation })
    }

    /// Input `[n, in]`, output `[n, out]`.
    ///
    /// # Errors
    /// When the input has another number of columns.
    pub fn forward(&self, x: &Value, pass: &Pass) -> Result<Value> {
        let bias = self.bias.as_ref().map(|bias| bias.value(pass));
        let options = ConvOptions { precision: pass.precision(), ..ConvOptions::default().then(self.activation) };
        ops::linear(x, &self.weight.value(pass), bias.as_ref(), &options)
    }

    /// The matrix `[in, out]`.
    pub(crate) fn weight(&self) -> &Parameter {
        &self.weight
    }

    /// The vector added, if any.
    pub(crate) fn bias(&self) -> Option<&Parameter> {
        self.bias.as_ref()
    }
}
