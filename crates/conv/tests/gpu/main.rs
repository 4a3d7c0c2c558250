//! The op on a CUDA device against the slow f64 twin. The same body runs on the CPU, so that the test itself is tested.
//!
//! Without a device the GPU tests say `no GPU: skipped` on standard error, which the harness does not hide; with
//! ARCMIN_REQUIRE_GPU set they fail instead. A green line without a GPU therefore says nothing about the kernels' code on
//! one, and whoever runs this for that sets the variable.

mod device;
#[path = "../laws/twin.rs"]
mod twin;

use arcmin_conv::cuda::Precision;
use arcmin_conv::tensor::{ConvOptions, conv2d};
use arcmin_conv::{Activation, ConvSizes};
use candle_core::{Device, Result, Tensor, Var};
use device::gpu;
use twin::{Problem, distance, sizes};

/// Relative L2 error against f64; the emulated tests find about 3e-7, 3e-4 and 2.4e-3.
fn tolerance(precision: Precision) -> f64 {
    match precision {
        Precision::Fp32 => 2e-6,
        Precision::Tf32 => 6e-4,
        Precision::Bf16 => 6e-3,
    }
}

fn geometries() -> Vec<ConvSizes> {
    vec![
        sizes([2, 9, 7], [5, 3], 3, [1, 1, 1]),
        sizes([2, 12, 9], [8, 12], 3, [2, 1, 1]),
        sizes([2, 10, 9], [4, 8], 3, [2, 2, 2]),
        sizes([2, 9, 8], [4, 68], 1, [2, 0, 1]),
        sizes([1, 1, 1], [3, 1], 3, [1, 1, 1]),
        sizes([2, 11, 13], [20, 68], 3, [1, 4, 4]),
        sizes([2, 17, 16], [64, 64], 3, [1, 1, 1]),
    ]
}

/// Forward and the gradients of input, weight and bias by `backward`, on any device.
fn check(device: &Device, sizes: ConvSizes, precision: Precision) -> Result<()> {
    let problem = Problem::new(sizes);
    let geometry = problem.geometry;
    let on_device = |values: &[f32], shape: [usize; 4]| {
        Tensor::from_slice(values, shape.as_slice(), &Device::Cpu)?.to_device(device)
    };
    let input = Var::from_tensor(&on_device(&problem.input, geometry.input_shape())?)?;
    let weight = Var::from_tensor(&on_device(&problem.weight, geometry.weight_shape())?)?;
    let bias = Var::from_tensor(&Tensor::zeros(sizes.out_channels, candle_core::DType::F32, device)?)?;
    let sensitivity = on_device(&problem.output_gradient, geometry.output_shape())?;
    let ConvSizes { stride, padding, dilation, .. } = sizes;
    let options = ConvOptions { stride, padding, dilation, precision, ..ConvOptions::default() };
    let output = conv2d(&input, &weight, Some(&bias), &options)?;
    let gradients = (&output * &sensitivity)?.sum_all()?.backward()?;
    let expected = problem.by_loops();
    let values = |tensor: &Tensor| tensor.to_device(&Device::Cpu)?.flatten_all()?.to_vec1::<f32>();
    let of = |var: &Var| values(gradients.get(var).expect("it tracks"));
    let mut sums = vec![0.0; sizes.out_channels];
    for (i, &g) in problem.output_gradient.iter().enumerate() {
        sums[i % sizes.out_channels] += f64::from(g);
    }
    for (what, found, expected) in [
        ("output", values(&output)?, &expected.output),
        ("input gradient", of(&input)?, &expected.input_gradient),
        ("weight gradient", of(&weight)?, &expected.weight_gradient),
        ("bias gradient", of(&bias)?, &sums),
    ] {
        let error = distance(&found, expected);
        assert!(error < tolerance(precision), "{what} on {device:?}: off by {error:.2e}, {precision:?} {sizes:?}");
    }
    Ok(())
}

#[test]
fn the_op_on_the_cpu_agrees_with_the_slow_twin() {
    for sizes in geometries() {
        check(&Device::Cpu, sizes, Precision::Fp32).expect("the CPU serves these");
    }
}

#[test]
fn the_op_on_a_gpu_agrees_with_the_slow_twin() {
    let Some(device) = gpu("the_op_on_a_gpu_agrees_with_the_slow_twin") else { return };
    for sizes in geometries() {
        for precision in Precision::ALL {
            check(&device, sizes, precision).expect("the kernels run");
        }
    }
}

#[test]
fn activations_on_a_gpu_agree_with_the_cpu_and_every_run_gives_the_same_bits() {
    let Some(device) = gpu("activations_on_a_gpu_agree_with_the_cpu") else { return };
    let problem = Problem::new(sizes([4, 20, 20], [64, 128], 3, [1, 2, 2]));
    for activation in [Activation::None, Activation::Relu, Activation::Selu] {
        let options = ConvOptions { padding: 2, dilation: 2, activation, ..ConvOptions::default() };
        let run = |device: &Device| -> Result<Vec<Vec<f32>>> {
            let shape = problem.geometry.input_shape();
            let input = Var::from_tensor(&Tensor::from_slice(&problem.input, shape.as_slice(), device)?)?;
            let shape = problem.geometry.weight_shape();
            let weight = Var::from_tensor(&Tensor::from_slice(&problem.weight, shape.as_slice(), device)?)?;
            let bias = Var::from_tensor(&Tensor::from_slice(&twin::noise(128, 4), 128, device)?)?;
            let output = conv2d(&input, &weight, Some(&bias), &options)?;
            let gradients = output.sqr()?.sum_all()?.backward()?;
            let gradients = [&input, &weight, &bias].map(|var| gradients.get(var).expect("it tracks").clone());
            [output].iter().chain(&gradients).map(|t| t.to_device(&Device::Cpu)?.flatten_all()?.to_vec1()).collect()
        };
        let (ours, again, cpu) = (run(&device).unwrap(), run(&device).unwrap(), run(&Device::Cpu).unwrap());
        assert!(ours == again, "{activation:?}: two runs differ");
        for (found, expected) in ours.iter().zip(&cpu) {
            let expected: Vec<f64> = expected.iter().map(|&x| f64::from(x)).collect();
            assert!(distance(found, &expected) < 5e-6, "{activation:?}");
        }
    }
}
