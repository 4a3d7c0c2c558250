//! The op of candle: values against candle's own convolution, gradients against finite differences, errors.

use crate::twin::{distance, noise};
use arcmin_conv::Activation;
use arcmin_conv::tensor::{ConvOptions, conv2d};
use candle_core::{DType, Device, Result, Tensor, Var};

const CPU: Device = Device::Cpu;

fn tensor(shape: &[usize], seed: u64) -> Tensor {
    Tensor::from_vec(noise(shape.iter().product(), seed), shape, &CPU).expect("the shape fits")
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|flat| flat.to_vec1()).expect("f32 on the CPU")
}

/// candle's convolution, by way of its NCHW and OIHW layouts.
fn by_candle(input: &Tensor, weight: &Tensor, bias: &Tensor, options: &ConvOptions) -> Result<Tensor> {
    let (input, weight) = (input.permute((0, 3, 1, 2))?.contiguous()?, weight.permute((3, 2, 0, 1))?.contiguous()?);
    let output = input.conv2d(&weight, options.padding, options.stride, options.dilation, 1)?;
    let output = output.permute((0, 2, 3, 1))?.contiguous()?.broadcast_add(bias)?;
    match options.activation {
        Activation::None => Ok(output),
        Activation::Relu => output.relu(),
        Activation::Selu => {
            let below = (output.minimum(0.0)?.exp()? - 1.0)?;
            (output.relu()? + (below * 1.673_263_242_354_377_2)?)? * 1.050_700_987_355_480_5
        }
    }
}

/// candle's own gradient serves only strides that divide the way of the kernel exactly, as all of these do.
fn cases() -> Vec<(Vec<usize>, Vec<usize>, ConvOptions)> {
    let mut cases = Vec::new();
    for (stride, padding, dilation) in [(1, 1, 1), (2, 1, 1), (1, 3, 3), (2, 0, 2), (3, 0, 1)] {
        for activation in [Activation::None, Activation::Relu, Activation::Selu] {
            let options = ConvOptions { stride, padding, dilation, activation, ..ConvOptions::default() };
            cases.push((vec![2, 9, 15, 5], vec![3, 3, 5, 7], options));
        }
    }
    cases.push((vec![2, 8, 8, 64], vec![3, 3, 64, 64], ConvOptions { padding: 1, ..ConvOptions::default() }));
    cases.push((vec![3, 4, 5, 20], vec![1, 1, 20, 33], ConvOptions::default()));
    cases
}

#[test]
fn values_and_gradients_agree_with_candles_own_convolution() {
    for (input, weight, options) in cases() {
        let input = Var::from_tensor(&tensor(&input, 1)).unwrap();
        let weight = Var::from_tensor(&(tensor(&weight, 2) * 0.2).unwrap()).unwrap();
        let bias = Var::from_tensor(&tensor(&weight.dims()[3..], 3)).unwrap();
        let ours = conv2d(&input, &weight, Some(&bias), &options).unwrap();
        let theirs = by_candle(&input, &weight, &bias, &options).unwrap();
        let sensitivity = tensor(ours.dims(), 4);
        let our_gradients = (&ours * &sensitivity).unwrap().sum_all().unwrap().backward().unwrap();
        let their_gradients = (&theirs * &sensitivity).unwrap().sum_all().unwrap().backward().unwrap();
        let close = |what: &str, a: &Tensor, b: &Tensor| {
            let b: Vec<f64> = values(b).into_iter().map(f64::from).collect();
            let error = distance(&values(a), &b);
            assert!(error < 3e-6, "{what}: {error:.2e} {options:?}");
        };
        close("output", &ours, &theirs);
        for (what, var) in [("input", &input), ("weight", &weight), ("bias", &bias)] {
            close(what, our_gradients.get(var).unwrap(), their_gradients.get(var).unwrap());
        }
    }
}

/// Central differences of the sum of the output times fixed numbers, along one random direction of each argument.
#[test]
fn gradients_agree_with_finite_differences() {
    for (input, weight, options) in cases() {
        let arguments: Vec<Var> = [tensor(&input, 1), (tensor(&weight, 2) * 0.2).unwrap(), tensor(&weight[3..], 3)]
            .iter()
            .map(|t| Var::from_tensor(t).unwrap())
            .collect();
        let value = |arguments: &[Tensor]| -> (Tensor, f64) {
            let output = conv2d(&arguments[0], &arguments[1], Some(&arguments[2]), &options).unwrap();
            let weighted = (&output * tensor(output.dims(), 4)).unwrap();
            let sum = values(&weighted).iter().map(|&v| f64::from(v)).sum();
            (weighted.sum_all().unwrap(), sum)
        };
        let at: Vec<Tensor> = arguments.iter().map(|v| v.as_tensor().clone()).collect();
        let gradients = value(&at).0.backward().unwrap();
        for (i, var) in arguments.iter().enumerate() {
            let direction = tensor(var.dims(), 7 + i as u64);
            let step = 2e-4;
            let moved = |sign: f64| {
                let mut at = at.clone();
                at[i] = (&at[i] + (&direction * (sign * step)).unwrap()).unwrap();
                value(&at).1
            };
            let by_difference = (moved(1.0) - moved(-1.0)) / (2.0 * step);
            let gradient = values(gradients.get(var).unwrap());
            let by_gradient: f64 =
                gradient.iter().zip(values(&direction)).map(|(&g, d)| f64::from(g) * f64::from(d)).sum();
            let scale = gradient.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>().sqrt() + by_gradient.abs();
            let error = (by_difference - by_gradient).abs();
            // A pixel that crosses a kink within the step is off by half its slope, whatever the step: some do.
            let tolerance = if options.activation == Activation::None { 1e-3 } else { 3e-2 };
            assert!(error < tolerance * scale, "argument {i}: {by_difference} {by_gradient} of {scale} {options:?}");
        }
    }
}

#[test]
fn tensors_that_are_not_contiguous_give_the_same() {
    let options = ConvOptions { padding: 1, activation: Activation::Relu, ..ConvOptions::default() };
    let turned = Var::from_tensor(&tensor(&[2, 5, 7, 6], 1)).unwrap();
    let strided = turned.permute((0, 2, 3, 1)).unwrap();
    let wide = tensor(&[3, 3, 5, 9], 2);
    let narrow = wide.narrow(3, 2, 4).unwrap();
    let shifted = tensor(&[9], 3).narrow(0, 3, 4).unwrap();
    assert!(!strided.is_contiguous() && !narrow.is_contiguous());
    let ours = conv2d(&strided, &narrow, Some(&shifted), &options).unwrap();
    let copied = strided.copy().unwrap().contiguous().unwrap();
    let same = conv2d(&copied, &narrow.contiguous().unwrap(), Some(&shifted.copy().unwrap()), &options).unwrap();
    assert_eq!(values(&ours), values(&same));
    let gradients = ours.permute((3, 0, 1, 2)).unwrap().sqr().unwrap().sum_all().unwrap().backward().unwrap();
    assert_eq!(gradients.get(&turned).unwrap().dims(), [2, 5, 7, 6]);
}

#[test]
fn only_gradients_that_are_asked_for_are_computed() {
    let input = tensor(&[1, 4, 4, 3], 1);
    let weight = Var::from_tensor(&tensor(&[3, 3, 3, 2], 2)).unwrap();
    let bias = tensor(&[2], 3);
    let options = ConvOptions { padding: 1, ..ConvOptions::default() };
    let gradients = conv2d(&input, &weight, Some(&bias), &options).unwrap().sum_all().unwrap().backward().unwrap();
    assert!(gradients.get(&weight).is_some());
    assert!(gradients.get(&input).is_none() && gradients.get(&bias).is_none());
}

#[test]
fn without_bias_it_is_as_with_a_bias_of_zero() {
    let options = ConvOptions { padding: 1, activation: Activation::Selu, ..ConvOptions::default() };
    let (input, weight) = (Var::from_tensor(&tensor(&[1, 6, 6, 3], 1)).unwrap(), tensor(&[3, 3, 3, 4], 2));
    let zero = Tensor::zeros(4, DType::F32, &CPU).unwrap();
    let without = conv2d(&input, &weight, None, &options).unwrap();
    let with = conv2d(&input, &weight, Some(&zero), &options).unwrap();
    assert_eq!(values(&without), values(&with));
    let gradient = |output: &Tensor| {
        let gradients = output.sum_all().unwrap().backward().unwrap();
        values(gradients.get(&input).unwrap())
    };
    assert_eq!(gradient(&without), gradient(&with));
}

#[test]
fn arguments_that_do_not_fit_are_refused_with_what_was_expected() {
    let (input, weight) = (tensor(&[1, 6, 6, 3], 1), tensor(&[3, 3, 3, 4], 2));
    let options = ConvOptions::default();
    let refuse = |input: &Tensor, weight: &Tensor, bias: Option<&Tensor>, options: &ConvOptions| {
        conv2d(input, weight, bias, options).unwrap_err().to_string()
    };
    let message = refuse(&input, &tensor(&[3, 3, 5, 4], 2), None, &options);
    assert!(message.contains("[3, 3, 5, 4]") && message.contains("[3, 3, 3, 4]"), "{message}");
    let message = refuse(&input, &tensor(&[3, 1, 3, 4], 2), None, &options);
    assert!(message.contains("square"), "{message}");
    let message = refuse(&tensor(&[6, 6, 3], 1), &weight, None, &options);
    assert!(message.contains("[n, height, width, in_channels]"), "{message}");
    let message = refuse(&input, &weight, Some(&tensor(&[5], 3)), &options);
    assert!(message.contains("bias has shape [5], expected [4]"), "{message}");
    let message = refuse(&input.to_dtype(DType::F64).unwrap(), &weight, None, &options);
    assert!(message.contains("input holds F64, expected F32"), "{message}");
    let message = refuse(&input, &weight, None, &ConvOptions { dilation: 4, ..options });
    assert!(message.contains("spans 9 pixels"), "{message}");
    let empty = Tensor::zeros((0, 6, 6, 3), DType::F32, &CPU).unwrap();
    let message = refuse(&empty, &weight, None, &options);
    assert!(message.contains("number of images is 0"), "{message}");
}
