//! Convolutions, and what reduces to them: linear layers and transposed convolutions of side and stride 2.

use crate::floats::{image_shape, tensor, with_floats};
use crate::{Error, Result, Value};
pub use arcmin_conv::tensor::{ConvOptions, Winograd};
use arcmin_conv::{Activation, ConvGeometry, ConvSizes, Plan, with_scratch};
use candle_core::Tensor;

/// `activation(conv(input, weight) + bias)`.
///
/// Input `[n, h, w, ci]`, weight `[k, k, ci, co]`, bias `[co]`, output `[n, ho, wo, co]`.
///
/// # Errors
/// When shapes, types or devices do not fit, or the kernel is larger than the padded image.
pub fn conv2d(input: &Value, weight: &Value, bias: Option<&Value>, settings: &ConvOptions) -> Result<Value> {
    let plan = plan(input, weight, settings)?;
    let output = forward(&plan, input.tensor(), weight.tensor(), bias.map(Value::tensor), settings.activation)?;
    let step = Step {
        input: input.tensor().clone(),
        weight: weight.tensor().clone(),
        output: (settings.activation != Activation::None).then(|| output.clone()),
        activation: settings.activation,
        needs: [input.needs_gradient(), weight.needs_gradient(), bias.is_some_and(Value::needs_gradient)],
        plan,
    };
    let inputs: Vec<&Value> = [Some(input), Some(weight), bias].into_iter().flatten().collect();
    let n_inputs = inputs.len();
    Ok(Value::operation(&inputs, output, move |gradient| {
        let mut gradients = step.backward(gradient)?;
        gradients.truncate(n_inputs);
        Ok(gradients)
    }))
}

fn plan(input: &Value, weight: &Value, settings: &ConvOptions) -> Result<Plan> {
    let [n, height, width, in_channels] = image_shape("the input of a convolution", input.tensor())?;
    let [kernel, kernel_width, weight_channels, out_channels] =
        image_shape("the kernel of a convolution", weight.tensor())?;
    if kernel != kernel_width || weight_channels != in_channels {
        return Err(Error::Shape {
            what: "the kernel of a convolution".to_owned(),
            expected: format!("[k, k, {in_channels}, co]"),
            got: weight.dims().to_vec(),
        });
    }
    let ConvOptions { stride, padding, dilation, .. } = *settings;
    let sizes = ConvSizes { n, height, width, in_channels, out_channels, kernel, stride, padding, dilation };
    let geometry = ConvGeometry::new(sizes).map_err(candle_core::Error::wrap)?;
    Ok(Plan::new(geometry, settings.algorithms()).map_err(candle_core::Error::wrap)?)
}

fn forward(
    plan: &Plan,
    input: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    activation: Activation,
) -> Result<Tensor> {
    let shape = plan.geometry().output_shape();
    let mut output = vec![0.0; shape.iter().product()];
    with_floats("the input of a convolution", input, |input| {
        with_floats("the kernel of a convolution", weight, |weight| {
            let mut run = |bias: Option<&[f32]>| -> Result<()> {
                let len = plan.scratch_len(arcmin_conv::Pass::Forward);
                let pass = |scratch: &mut [f32]| plan.forward(input, weight, bias, activation, &mut output, scratch);
                Ok(with_scratch(len, pass).map_err(candle_core::Error::wrap)?)
            };
            match bias {
                Some(bias) => with_floats("the bias of a convolution", bias, |bias| run(Some(bias)))?,
                None => run(None),
            }
        })
    })???;
    tensor(output, &shape)
}

/// What a convolution's backward pass needs.
struct Step {
    plan: Plan,
    input: Tensor,
    weight: Tensor,
    output: Option<Tensor>,
    activation: Activation,
    needs: [bool; 3],
}

impl Step {
    /// Gradients of input, weight and bias.
    fn backward(self, gradient: Tensor) -> Result<Vec<Option<Tensor>>> {
        let [needs_input, needs_weight, needs_bias] = self.needs;
        let mut bias_gradient = vec![0.0; self.plan.geometry().sizes().out_channels];
        let gradient = match (&self.output, needs_bias) {
            (None, false) => gradient,
            (output, _) => {
                self.behind_activation(output.as_ref().unwrap_or(&gradient), &gradient, &mut bias_gradient)?
            }
        };
        let Self { plan, input, weight, .. } = self;
        let weight_gradient = needs_weight.then(|| weight_gradient(&plan, &input, &gradient)).transpose()?;
        drop(input);
        let input_gradient = needs_input.then(|| input_gradient(&plan, &gradient, &weight)).transpose()?;
        let n_channels = bias_gradient.len();
        let bias_gradient = needs_bias.then(|| tensor(bias_gradient, &[n_channels])).transpose()?;
        Ok(vec![input_gradient, weight_gradient, bias_gradient])
    }

    fn behind_activation(&self, output: &Tensor, gradient: &Tensor, bias_gradient: &mut [f32]) -> Result<Tensor> {
        let mut behind = vec![0.0; gradient.elem_count()];
        with_floats("the output of a convolution", output, |output| {
            with_floats("the gradient of a convolution", gradient, |gradient| {
                self.plan
                    .activation_gradient(output, gradient, self.activation, &mut behind, bias_gradient)
                    .map_err(candle_core::Error::wrap)
            })
        })???;
        tensor(behind, gradient.dims())
    }
}

fn weight_gradient(plan: &Plan, input: &Tensor, gradient: &Tensor) -> Result<Tensor> {
    let shape = plan.geometry().weight_shape();
    let mut result = vec![0.0; shape.iter().product()];
    with_floats("the input of a convolution", input, |input| {
        with_floats("the gradient of a convolution", gradient, |gradient| {
            with_scratch(plan.scratch_len(arcmin_conv::Pass::WeightGradient), |scratch| {
                plan.weight_gradient(input, gradient, &mut result, scratch)
            })
            .map_err(candle_core::Error::wrap)
        })
    })???;
    tensor(result, &shape)
}

fn input_gradient(plan: &Plan, gradient: &Tensor, weight: &Tensor) -> Result<Tensor> {
    let shape = plan.geometry().input_shape();
    let mut result = vec![0.0; shape.iter().product()];
    with_floats("the gradient of a convolution", gradient, |gradient| {
        with_floats("the kernel of a convolution", weight, |weight| {
            with_scratch(plan.scratch_len(arcmin_conv::Pass::InputGradient), |scratch| {
                plan.input_gradient(gradient, weight, &mut result, scratch)
            })
            .map_err(candle_core::Error::wrap)
        })
    })???;
    tensor(result, &shape)
}

/// `activation(input weight + bias)`: input `[n, in]`, weight `[in, out]`, bias `[out]`, output `[n, out]`.
///
/// # Errors
/// As [`conv2d`].
pub fn linear(input: &Value, weight: &Value, bias: Option<&Value>, activation: Activation) -> Result<Value> {
    let (&[n, n_in], &[weight_in, n_out]) = (input.dims(), weight.dims()) else {
        return Err(Error::Shape {
            what: "the input of a linear layer".to_owned(),
            expected: "[n, in]".to_owned(),
            got: input.dims().to_vec(),
        });
    };
    if n_in != weight_in {
        return Err(Error::Shape {
            what: "the input of a linear layer".to_owned(),
            expected: format!("[n, {weight_in}]"),
            got: input.dims().to_vec(),
        });
    }
    // A matrix product is a 1x1 convolution over pixels: one image whose pixels are the rows.
    let (input, weight) = (reshape(input, &[1, 1, n, n_in])?, reshape(weight, &[1, 1, n_in, n_out])?);
    let output = conv2d(&input, &weight, bias, &ConvOptions::default().then(activation))?;
    reshape(&output, &[n, n_out])
}

/// The same elements under another shape.
pub(crate) fn reshape(x: &Value, shape: &[usize]) -> Result<Value> {
    let before = x.dims().to_vec();
    let output = x.tensor().reshape(shape)?;
    Ok(Value::operation(&[x], output, move |gradient| Ok(vec![Some(gradient.reshape(before)?)])))
}

/// Transposed convolution with a 2x2 kernel and stride 2: each pixel becomes a square of four.
///
/// `output[n, 2 y + k, 2 x + l, o] = sum_i input[n, y, x, i] weight[i, k, l, o]`; input `[n, h, w, ci]`, weight
/// `[ci, 2, 2, co]`, output `[n, 2 h, 2 w, co]`.
///
/// # Errors
/// As [`conv2d`].
pub fn transpose_conv2x2(input: &Value, weight: &Value) -> Result<Value> {
    let [n, h, w, _] = image_shape("the input of a transposed convolution", input.tensor())?;
    let &[ci, 2, 2, co] = weight.dims() else {
        return Err(Error::Shape {
            what: "the kernel of a transposed convolution".to_owned(),
            expected: "[ci, 2, 2, co]".to_owned(),
            got: weight.dims().to_vec(),
        });
    };
    let weight = reshape(weight, &[1, 1, ci, 4 * co])?;
    let squares = conv2d(input, &weight, None, &ConvOptions::default())?;
    let output =
        permute_floats(squares.tensor(), &[n * h, w, 2, 2 * co], [0, 2, 1, 3])?.reshape((n, 2 * h, 2 * w, co))?;
    Ok(Value::operation(&[&squares], output, move |gradient| {
        let gradient = permute_floats(&gradient, &[n * h, 2, w, 2 * co], [0, 2, 1, 3])?;
        Ok(vec![Some(gradient.reshape((n, h, w, 4 * co))?)])
    }))
}

/// Seen under `shape`, the axes in another order, made contiguous.
fn permute_floats(x: &Tensor, shape: &[usize], order: [usize; 4]) -> Result<Tensor> {
    Ok(x.reshape(shape)?.permute(order)?.contiguous()?)
}
