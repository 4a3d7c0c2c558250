//! The gradient of every operation agrees with finite differences.

use arcmin_nn::ops::{
    Activation, ConvOptions, Precision, add, append_vector, avg_pool2d, concat, conv2d, dropout,
    flatten_channels_first, global_avg_pool, instance_norm, leaky_relu, linear, max_pool2d, relu, selu,
    transpose_conv2x2, upsample_bilinear2, upsample_nearest2,
};
use arcmin_nn::{Pass, Result, Value};
use candle_core::{Device, Tensor};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Step of the differences. Rounding gives an error of 1e-7 / step, curvature one of step^2.
const STEP: f32 = 3e-3;
/// Largest error over the largest gradient.
const TOLERANCE: f64 = 3e-3;

/// Numbers in -1..1 that keep 0.02 away from zero, where rectifiers have a kink.
fn numbers(n: usize, seed: u64) -> Vec<f32> {
    let mut stream = Xoshiro256PlusPlus::seed_from_u64(seed);
    let away = |x: f32| if x.abs() < 0.02 { x.signum() * 0.02 + x } else { x };
    (0..n).map(|_| away(stream.random_range(-1.0f32..1.0))).collect()
}

fn tensor(values: &[f32], shape: &[usize]) -> Tensor {
    Tensor::from_slice(values, shape, &Device::Cpu).expect("as many values as the shape has")
}

fn floats(value: &Value) -> Vec<f32> {
    value.tensor().flatten_all().and_then(|t| t.to_vec1()).expect("an f32 tensor")
}

/// `sum weights y`, as the end of a graph.
fn weighted_sum(y: &Value, weights: &[f32]) -> Value {
    let sum: f32 = floats(y).iter().zip(weights).map(|(y, w)| y * w).sum();
    let gradient = tensor(weights, y.dims());
    Value::operation(&[y], tensor(&[sum], &[]), move |_| Ok(vec![Some(gradient)]))
}

/// Compares gradients by all inputs of the given shapes.
fn check(name: &str, shapes: &[&[usize]], op: impl Fn(&[Value]) -> Result<Value>) -> Result<()> {
    let inputs: Vec<Vec<f32>> =
        shapes.iter().enumerate().map(|(i, shape)| numbers(shape.iter().product(), 7 + i as u64)).collect();
    let leaves: Vec<_> = inputs.iter().zip(shapes).map(|(x, shape)| Value::input(tensor(x, shape))).collect();
    let values: Vec<Value> = leaves.iter().map(|(value, _)| value.clone()).collect();
    let y = op(&values)?;
    let weights = numbers(y.tensor().elem_count(), 99);
    let gradients = weighted_sum(&y, &weights).backward()?;
    let evaluate = |inputs: &[Vec<f32>]| -> Result<f64> {
        let values: Vec<Value> = inputs.iter().zip(shapes).map(|(x, s)| Value::constant(tensor(x, s))).collect();
        let y = floats(&op(&values)?);
        Ok(y.iter().zip(&weights).map(|(y, w)| f64::from(*y) * f64::from(*w)).sum())
    };
    for (which, (_, id)) in leaves.iter().enumerate() {
        let gradient =
            gradients.of_leaf(*id).expect("the sum depends on each input").flatten_all()?.to_vec1::<f32>()?;
        let largest = gradient.iter().fold(0.0f64, |m, g| m.max(f64::from(g.abs())));
        // Every third element keeps the test short.
        for i in (0..gradient.len()).step_by(3) {
            let shifted = |by: f32| {
                let mut inputs = inputs.clone();
                inputs[which][i] += by;
                evaluate(&inputs)
            };
            let difference = (shifted(STEP)? - shifted(-STEP)?) / (2.0 * f64::from(STEP));
            let error = (difference - f64::from(gradient[i])).abs();
            assert!(
                error <= TOLERANCE * largest.max(0.1),
                "{name}: input {which}, element {i}: gradient {}, difference {difference}",
                gradient[i]
            );
        }
    }
    Ok(())
}

#[test]
fn convolutions() -> Result<()> {
    let cases = [
        ("3x3", ConvOptions::same3(1)),
        ("dilated", ConvOptions::same3(2)),
        ("strided", ConvOptions { stride: 2, ..ConvOptions::same3(1) }),
        ("valid with ReLU", ConvOptions::default().then(Activation::Relu)),
        ("SELU", ConvOptions::same3(1).then(Activation::Selu)),
    ];
    for (name, settings) in cases {
        check(name, &[&[2, 6, 5, 3], &[3, 3, 3, 4], &[4]], |x| conv2d(&x[0], &x[1], Some(&x[2]), &settings))?;
    }
    check("1x1 without bias", &[&[2, 3, 4, 3], &[1, 1, 3, 5]], |x| {
        conv2d(&x[0], &x[1], None, &ConvOptions::default())
    })?;
    check("linear", &[&[3, 5], &[5, 4], &[4]], |x| {
        linear(&x[0], &x[1], Some(&x[2]), &ConvOptions::default().then(Activation::Selu))
    })?;
    check("transposed", &[&[2, 3, 4, 3], &[3, 2, 2, 5]], |x| transpose_conv2x2(&x[0], &x[1], Precision::Fp32))
}

#[test]
fn activations_and_joins() -> Result<()> {
    let shape: &[usize] = &[2, 3, 4, 3];
    check("relu", &[shape], |x| relu(&x[0]))?;
    check("leaky relu", &[shape], |x| leaky_relu(&x[0], 0.2))?;
    check("selu", &[shape], |x| selu(&x[0]))?;
    check("add", &[shape, shape], |x| add(&x[0], &x[1]))?;
    check("concat", &[shape, &[2, 3, 4, 5]], |x| concat(&x[0], &x[1]))?;
    check("flatten", &[shape], |x| flatten_channels_first(&x[0]))?;
    check("append", &[shape], |x| append_vector(&x[0], &tensor(&numbers(4, 3), &[2, 2])))?;
    check("dropout", &[shape], |x| dropout(&x[0], 0.4, &Pass::training(1, 2)))?;
    check("shared input", &[shape], |x| add(&upsample_nearest2(&x[0])?, &upsample_bilinear2(&x[0])?))
}

#[test]
fn pooling_and_upsampling() -> Result<()> {
    let odd: &[usize] = &[2, 5, 7, 3];
    for side in [2, 3] {
        check("max pool", &[odd], |x| max_pool2d(&x[0], side))?;
        check("average pool", &[odd], |x| avg_pool2d(&x[0], side))?;
    }
    check("global pool", &[odd], |x| global_avg_pool(&x[0]))?;
    check("nearest", &[odd], |x| upsample_nearest2(&x[0]))?;
    check("bilinear", &[odd], |x| upsample_bilinear2(&x[0]))?;
    check("bilinear of one pixel", &[&[1, 1, 1, 2]], |x| upsample_bilinear2(&x[0]))
}

#[test]
fn instance_normalisation() -> Result<()> {
    check("instance norm", &[&[2, 4, 3, 3]], |x| instance_norm(&x[0], 1e-5))
}

#[test]
fn selu_is_finite_and_has_a_finite_gradient_at_large_inputs() -> Result<()> {
    let (x, id) = Value::input(tensor(&[-1e4, -100.0, 100.0, 1e4], &[4]));
    let y = selu(&x)?;
    assert!(floats(&y).iter().all(|y| y.is_finite()));
    let gradients = weighted_sum(&y, &[1.0; 4]).backward()?;
    let gradient = gradients.of_leaf(id).expect("a leaf").to_vec1::<f32>()?;
    assert!(gradient.iter().all(|g| g.is_finite()), "{gradient:?}");
    assert_eq!(gradient[..2], [0.0, 0.0]);
    Ok(())
}

#[test]
fn wrong_shapes_are_told() {
    let x = Value::constant(tensor(&[0.0; 12], &[1, 2, 2, 3]));
    let kernel = Value::constant(tensor(&[0.0; 72], &[3, 3, 4, 2]));
    let error = conv2d(&x, &kernel, None, &ConvOptions::default()).expect_err("3 channels into a kernel of 4");
    assert!(error.to_string().contains("[k, k, 3, co]"), "{error}");
    assert!(max_pool2d(&x, 3).is_err());
    let empty = Value::constant(Tensor::zeros((0, 2, 2, 3), candle_core::DType::F32, &Device::Cpu).expect("a shape"));
    assert!(upsample_nearest2(&empty).is_err());
    let double = Value::constant(Tensor::zeros((1, 2, 2, 3), candle_core::DType::F64, &Device::Cpu).expect("a shape"));
    let error = relu(&double).expect_err("f64");
    assert!(error.to_string().contains("needs f32, got f64"), "{error}");
}
