//! Times of forward, and of forward with both gradients: ours in each precision, and candle's own in fp32 and TF32.

use arcmin_conv::cuda::Precision;
use arcmin_conv::tensor::{ConvOptions, conv2d};
use candle_core::{Device, Result, Tensor, Var};
use std::time::Instant;

/// Runs before the clock starts: the driver compiles PTX at the first.
const N_WARM_UP: usize = 5;
/// Runs of which the median is taken, each of `N_INNER` calls between two synchronisations.
const N_RUNS: usize = 15;
const N_INNER: usize = 20;

/// Image side and channels of the table in docs/results/convolution-gpu.md.
const SHAPES: &[(usize, usize)] = &[(40, 64), (20, 128), (10, 256), (5, 512)];

#[derive(Clone, Copy)]
struct Case {
    n: usize,
    side: usize,
    channels: usize,
    dilation: usize,
}

/// Prints one JSON line for each program, case and pass.
pub(crate) fn run(device: &Device) -> Result<()> {
    for n in [4, 32, 128] {
        for &(side, channels) in SHAPES {
            for dilation in [1, 4] {
                time_case(Case { n, side, channels, dilation }, device)?;
            }
        }
    }
    Ok(())
}

fn time_case(case: Case, device: &Device) -> Result<()> {
    let Case { n, side, channels, dilation } = case;
    let input = Var::randn(0f32, 1.0, (n, side, side, channels), device)?;
    let weight = Var::randn(0f32, 0.05, (3, 3, channels, channels), device)?;
    for precision in Precision::ALL {
        let options = ConvOptions { padding: dilation, dilation, precision, ..ConvOptions::default() };
        let name = format!("arcmin {}", precision.name());
        report(&name, case, device, || conv2d(&input, &weight, None, &options))?;
    }
    let input = Var::randn(0f32, 1.0, (n, channels, side, side), device)?;
    let weight = Var::randn(0f32, 0.05, (channels, channels, 3, 3), device)?;
    for (name, is_tf32) in [("candle fp32", false), ("candle tf32", true)] {
        candle_core::cuda::set_gemm_reduced_precision_f32(is_tf32);
        report(name, case, device, || input.conv2d(&weight, dilation, 1, dilation, 1))?;
    }
    candle_core::cuda::set_gemm_reduced_precision_f32(false);
    Ok(())
}

fn report(who: &str, case: Case, device: &Device, forward: impl Fn() -> Result<Tensor>) -> Result<()> {
    let forward_ms = median_ms(device, || forward().map(drop))?;
    // The gradient of half the sum of squares is the output itself, as the peer's script takes it.
    let both_ms = median_ms(device, || {
        let output = forward()?;
        (&output * output.detach())?.sum_all()?.backward().map(drop)
    })?;
    let Case { n, side, channels, dilation } = case;
    println!(
        "{{\"who\": \"{who}\", \"n\": {n}, \"side\": {side}, \"channels\": {channels}, \"dilation\": {dilation}, \
         \"forward_ms\": {forward_ms:.5}, \"forward_backward_ms\": {both_ms:.5}}}"
    );
    Ok(())
}

fn median_ms(device: &Device, f: impl Fn() -> Result<()>) -> Result<f64> {
    for _ in 0..N_WARM_UP {
        f()?;
    }
    device.synchronize()?;
    let mut times = Vec::with_capacity(N_RUNS);
    for _ in 0..N_RUNS {
        let start = Instant::now();
        for _ in 0..N_INNER {
            f()?;
        }
        device.synchronize()?;
        times.push(start.elapsed().as_secs_f64() * 1e3 / N_INNER as f64);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[N_RUNS / 2])
}
