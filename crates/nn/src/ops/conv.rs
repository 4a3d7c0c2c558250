//! Convolutions, and what reduces to them: linear layers and transposed convolutions of side and stride 2.

use crate::floats::{check_f32, image_shape};
use crate::{Error, Result, Value};
use arcmin_conv::Activation;
pub use arcmin_conv::cuda::Precision;
use arcmin_conv::tensor::Convolution;
pub use arcmin_conv::tensor::{ConvOptions, Winograd};
use candle_core::{Device, Tensor};

/// `activation(conv(input, weight) + bias)`.
///
/// Input `[n, h, w, ci]`, weight `[k, k, ci, co]`, bias `[co]`, output `[n, ho, wo, co]`.
///
/// # Errors
/// When shapes, types or devices do not fit, the kernel is larger than the padded image, or the CPU is asked for another
/// precision than `f32`.
pub fn conv2d(input: &Value, weight: &Value, bias: Option<&Value>, settings: &ConvOptions) -> Result<Value> {
    check(input, weight, bias, settings)?;
    let convolution = Convolution::new(input.tensor(), weight.tensor(), settings)?;
    let output = convolution.forward(input.tensor(), weight.tensor(), bias.map(Value::tensor))?;
    let step = Step {
        convolution,
        input: input.tensor().clone(),
        weight: weight.tensor().clone(),
        output: (settings.activation != Activation::None).then(|| output.clone()),
        needs: [input.needs_gradient(), weight.needs_gradient(), bias.is_some_and(Value::needs_gradient)],
    };
    let inputs: Vec<&Value> = [Some(input), Some(weight), bias].into_iter().flatten().collect();
    let n_inputs = inputs.len();
    Ok(Value::operation(&inputs, output, move |gradient| {
        let mut gradients = step.backward(gradient)?;
        gradients.truncate(n_inputs);
        Ok(gradients)
    }))
}

fn check(input: &Value, weight: &Value, bias: Option<&Value>, settings: &ConvOptions) -> Result<()> {
    let [_, _, _, in_channels] = image_shape("the input of a convolution", input.tensor())?;
    let [kernel, kernel_width, weight_channels, _] = image_shape("the kernel of a convolution", weight.tensor())?;
    if kernel != kernel_width || weight_channels != in_channels {
        return Err(Error::Shape {
            what: "the kernel of a convolution".to_owned(),
            expected: format!("[k, k, {in_channels}, co]"),
            got: weight.dims().to_vec(),
        });
    }
    check_f32("the input of a convolution", input.tensor())?;
    check_f32("the kernel of a convolution", weight.tensor())?;
    bias.map_or(Ok(()), |bias| check_f32("the bias of a convolution", bias.tensor()))?;
    check_precision(settings.precision, input.tensor().device())
}

/// Checks that a device multiplies in a precision: CPUs do so in f32 alone.
pub(crate) fn check_precision(precision: Precision, device: &Device) -> Result<()> {
    match precision {
        Precision::Fp32 => Ok(()),
        _ if device.is_cuda() => Ok(()),
        _ => Err(Error::Precision { precision: precision.name() }),
    }
}

/// What a convolution's backward pass needs.
struct Step {
    convolution: Convolution,
    input: Tensor,
    weight: Tensor,
    /// Where an activation follows.
    output: Option<Tensor>,
    needs: [bool; 3],
}

impl Step {
    /// Gradients of input, weight and bias.
    fn backward(self, gradient: Tensor) -> Result<Vec<Option<Tensor>>> {
        let Self { convolution, input, weight, output, needs } = self;
        let [needs_input, needs_weight, needs_bias] = needs;
        let (gradient, bias_gradient) = match (output, needs_bias) {
            (None, false) => (gradient, None),
            (output, _) => {
                let (behind, sums) =
                    convolution.activation_gradient(output.as_ref().unwrap_or(&gradient), &gradient)?;
                (behind, needs_bias.then_some(sums))
            }
        };
        let weight_gradient = needs_weight.then(|| convolution.weight_gradient(&input, &gradient)).transpose()?;
        drop(input);
        let input_gradient = needs_input.then(|| convolution.input_gradient(&gradient, &weight)).transpose()?;
        Ok(vec![input_gradient, weight_gradient, bias_gradient])
    }
}

/// `activation(input weight + bias)`: input `[n, in]`, weight `[in, out]`, bias `[out]`, output `[n, out]`. Of the options
/// activation and precision count.
///
/// # Errors
/// As [`conv2d`].
pub fn linear(input: &Value, weight: &Value, bias: Option<&Value>, options: &ConvOptions) -> Result<Value> {
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
    let ConvOptions { activation, precision, .. } = *options;
    let output = conv2d(&input, &weight, bias, &ConvOptions { activation, precision, ..ConvOptions::default() })?;
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
/// `[ci, 2, 2, co]`, output `[n, 2 h, 2 w, co]`. On a CPU the precision is `f32`.
///
/// # Errors
/// As [`conv2d`].
pub fn transpose_conv2x2(input: &Value, weight: &Value, precision: Precision) -> Result<Value> {
    let [n, h, w, _] = image_shape("the input of a transposed convolution", input.tensor())?;
    let &[ci, 2, 2, co] = weight.dims() else {
        return Err(Error::Shape {
            what: "the kernel of a transposed convolution".to_owned(),
            expected: "[ci, 2, 2, co]".to_owned(),
            got: weight.dims().to_vec(),
        });
    };
    let weight = reshape(weight, &[1, 1, ci, 4 * co])?;
    let squares = conv2d(input, &weight, None, &ConvOptions { precision, ..ConvOptions::default() })?;
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
