//! Errors of each pass against float64 on the CPU.

use arcmin_conv::cuda::Precision;
use arcmin_conv::tensor::{ConvOptions, conv2d};
use candle_core::{DType, Device, Error, Result, Tensor, Var};

/// Largest relative L2 error, as the emulated tests bound it.
fn tolerance(precision: Precision) -> f64 {
    match precision {
        Precision::Fp32 => 5e-6,
        Precision::Tf32 => 6e-4,
        Precision::Bf16 => 6e-3,
    }
}

/// Image side, channels in and out, kernel, stride, dilation: those of the networks, and sizes off every tile.
const CASES: &[(usize, usize, usize, usize, usize, usize)] = &[
    (40, 64, 64, 3, 1, 1),
    (40, 64, 64, 3, 1, 4),
    (20, 128, 128, 3, 1, 2),
    (10, 256, 256, 3, 1, 3),
    (5, 512, 512, 3, 1, 1),
    (40, 1, 64, 3, 1, 1),
    (40, 64, 1, 3, 1, 1),
    (40, 64, 128, 3, 2, 1),
    (40, 256, 64, 1, 1, 1),
    (13, 37, 29, 3, 2, 2),
];

/// Prints a table; an error beyond the tolerance is an error of the program.
pub(crate) fn run(device: &Device) -> Result<()> {
    println!("{:44} {:>5} {:>9} {:>9} {:>9}", "case (batch 4)", "", "output", "input g.", "weight g.");
    let mut worst: Option<String> = None;
    for &case in CASES {
        for precision in Precision::ALL {
            let errors = errors(case, precision, device)?;
            let [output, input, weight] = errors;
            let (side, ci, co, kernel, stride, dilation) = case;
            let name = format!("{ci} to {co} at {side}x{side} k{kernel} s{stride} d{dilation}");
            println!("{name:44} {:>5} {output:9.2e} {input:9.2e} {weight:9.2e}", precision.name());
            // Written so that NaN is beyond it too.
            if !errors.iter().all(|&error| error < tolerance(precision)) {
                worst.get_or_insert(format!("{name} in {} is beyond {:.0e}", precision.name(), tolerance(precision)));
            }
        }
    }
    worst.map_or(Ok(()), |what| Err(Error::Msg(what)))
}

/// Relative L2 errors of output, input gradient and weight gradient; candle's own convolution in f64 on the CPU is the truth.
fn errors(
    (side, ci, co, kernel, stride, dilation): (usize, usize, usize, usize, usize, usize),
    precision: Precision,
    device: &Device,
) -> Result<[f64; 3]> {
    let cpu = &Device::Cpu;
    let padding = dilation * (kernel - 1) / 2;
    let input = Tensor::randn(0f32, 1.0, (4, side, side, ci), cpu)?;
    let weight = Tensor::randn(0f32, 1.0, (kernel, kernel, ci, co), cpu)?;
    let exact_input = Var::from_tensor(&input.to_dtype(DType::F64)?)?;
    let exact_weight = Var::from_tensor(&weight.to_dtype(DType::F64)?)?;
    let (nchw, oihw) = (exact_input.permute((0, 3, 1, 2))?, exact_weight.permute((3, 2, 0, 1))?);
    let exact = nchw.contiguous()?.conv2d(&oihw.contiguous()?, padding, stride, dilation, 1)?;
    let exact = exact.permute((0, 2, 3, 1))?.contiguous()?;
    let sensitivity = Tensor::randn(0f32, 1.0, exact.shape(), cpu)?;
    let exact_gradients = (&exact * sensitivity.to_dtype(DType::F64)?)?.sum_all()?.backward()?;

    let input = Var::from_tensor(&input.to_device(device)?)?;
    let weight = Var::from_tensor(&weight.to_device(device)?)?;
    let options = ConvOptions { stride, padding, dilation, precision, ..ConvOptions::default() };
    let output = conv2d(&input, &weight, None, &options)?;
    let gradients = (&output * sensitivity.to_device(device)?)?.sum_all()?.backward()?;
    let missing = || Error::Msg("a gradient is missing".to_owned());
    Ok([
        distance(&output, &exact)?,
        distance(gradients.get(&input).ok_or_else(missing)?, exact_gradients.get(&exact_input).ok_or_else(missing)?)?,
        distance(gradients.get(&weight).ok_or_else(missing)?, exact_gradients.get(&exact_weight).ok_or_else(missing)?)?,
    ])
}

fn distance(found: &Tensor, exact: &Tensor) -> Result<f64> {
    let found = found.to_device(&Device::Cpu)?.to_dtype(DType::F64)?;
    let squares = |t: &Tensor| t.sqr()?.sum_all()?.to_scalar::<f64>();
    Ok((squares(&(found - exact)?)? / squares(exact)?).sqrt())
}
