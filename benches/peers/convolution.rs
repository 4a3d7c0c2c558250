//! Convolutions of ours and of candle, timed in bursts as `conv.py` does: `conv_bursts THREADS`, then one line of JSON for
//! each line of standard input.
//!
//! A program of its own, built with the convolution crate alone, so that it can be tried without building the workspace.
//!
//! A line is `IMPLEMENTATION PASS N CHANNELS_IN CHANNELS_OUT SIDE KERNEL STRIDE DILATION MILLISECONDS`. `IMPLEMENTATION` is
//! `candle`, or `ALGORITHM:ISA` with `fastest`, `direct`, `f2` or `f4`, and `best` or a name of an instruction set. `PASS` is
//! `forward`, `selu` (with bias and SELU), `input`, `weight`, or `all` for one after another. The padding is half the dilated kernel.

use arcmin_conv::{Activation, Algorithm, AlgorithmChoice, ConvGeometry, ConvSizes, Isa, Pass, Plan};
use candle_core::{Device, Tensor, Var};
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

fn main() -> Result<()> {
    let n_threads = std::env::args().nth(1).ok_or("usage: conv_bursts THREADS")?.parse()?;
    rayon::ThreadPoolBuilder::new().num_threads(n_threads).build()?.install(answer_lines)
}

/// Answers the lines of standard input until it ends.
fn answer_lines() -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{{\"peer\": \"ours\"}}")?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let Burst { wall_ms, cpu_ms, check } = answer(&line).map_err(|error| format!("{line}: {error}"))?;
        writeln!(out, "{{\"wall_ms\": {wall_ms}, \"cpu_ms\": {cpu_ms}, \"check\": {check}}}")?;
        out.flush()?;
    }
    Ok(())
}

/// What a burst measured.
struct Burst {
    /// Median time of a repetition.
    wall_ms: f64,
    /// Mean processor time of a repetition in the thread that leads, which with one thread is all of it.
    cpu_ms: f64,
    /// A figure of the result.
    check: f64,
}

fn rms(values: &[f32]) -> f64 {
    (values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
}

fn answer(line: &str) -> Result<Burst> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [implementation, pass, numbers @ ..] = &words[..] else { return Err("the line is too short".into()) };
    let numbers: Vec<usize> = numbers.iter().map(|word| word.parse()).collect::<Result<_, _>>()?;
    let &[n, in_channels, out_channels, side, kernel, stride, dilation, milliseconds] = &numbers[..] else {
        return Err(format!("{} numbers, expected 8", numbers.len()).into());
    };
    let padding = dilation * (kernel - 1) / 2;
    let sizes =
        ConvSizes { n, height: side, width: side, in_channels, out_channels, kernel, stride, padding, dilation };
    match *implementation {
        "candle" => candle(&sizes, pass, milliseconds),
        _ => ours(&sizes, implementation, pass, milliseconds),
    }
}

/// The numbers that `conv.py` takes too, in the order of our layouts.
fn numbers(n: usize, seed: usize) -> Vec<f32> {
    (0..n).map(|i| ((i + seed) * 7919 % 1009) as f32 / 1009.0 - 0.5).collect()
}

fn ours(sizes: &ConvSizes, implementation: &str, pass: &str, milliseconds: usize) -> Result<Burst> {
    let (algorithm, isa) = implementation.split_once(':').ok_or("no instruction set")?;
    let choice = match algorithm {
        "fastest" => AlgorithmChoice::Fastest,
        "direct" => AlgorithmChoice::Only(Algorithm::Direct),
        "f2" => AlgorithmChoice::Only(Algorithm::WinogradF2),
        "f4" => AlgorithmChoice::Only(Algorithm::WinogradF4),
        _ => return Err(format!("no algorithm is named {algorithm}").into()),
    };
    let isa = if isa == "best" { Isa::best() } else { Isa::named(isa)? };
    let geometry = ConvGeometry::new(*sizes)?;
    let plan = Plan::with_isa(geometry, choice, isa)?;
    let array = |shape: [usize; 4], seed| numbers(shape.iter().product(), seed);
    let (input, weight) = (array(geometry.input_shape(), 1), array(geometry.weight_shape(), 2));
    let gradient = array(geometry.output_shape(), 3);
    let (mut output, mut input_gradient, mut weight_gradient) = (gradient.clone(), input.clone(), weight.clone());
    let len = Pass::ALL.into_iter().map(|pass| plan.scratch_len(pass)).max().unwrap_or(0);
    let mut scratch = vec![0.0; len];
    let passes: &[Pass] = match pass {
        "forward" | "selu" => &[Pass::Forward],
        "input" => &[Pass::InputGradient],
        "weight" => &[Pass::WeightGradient],
        "all" => &Pass::ALL,
        _ => return Err(format!("no pass is named {pass}").into()),
    };
    let bias = numbers(sizes.out_channels, 4);
    let (bias, activation) =
        if pass == "selu" { (Some(&bias[..]), Activation::Selu) } else { (None, Activation::None) };
    let mut run = || -> Result<()> {
        for pass in passes {
            match pass {
                Pass::Forward => plan.forward(&input, &weight, bias, activation, &mut output, &mut scratch)?,
                Pass::InputGradient => plan.input_gradient(&gradient, &weight, &mut input_gradient, &mut scratch)?,
                Pass::WeightGradient => plan.weight_gradient(&input, &gradient, &mut weight_gradient, &mut scratch)?,
            }
        }
        Ok(())
    };
    let (wall_ms, cpu_ms) = burst(&mut run, milliseconds)?;
    let check = match pass {
        "forward" | "selu" => rms(&output),
        "input" => rms(&input_gradient),
        "weight" => rms(&weight_gradient),
        _ => rms(&output) + rms(&input_gradient) + rms(&weight_gradient),
    };
    Ok(Burst { wall_ms, cpu_ms, check })
}

/// candle's own convolution on its own layouts; the figure of the result is that of the forward pass.
fn candle(sizes: &ConvSizes, pass: &str, milliseconds: usize) -> Result<Burst> {
    let ConvSizes { n, in_channels, out_channels, height, width, kernel, stride, padding, dilation } = *sizes;
    let variable = |shape: [usize; 4], seed| -> Result<Var> {
        let array = Tensor::from_vec(numbers(shape.iter().product(), seed), shape.as_slice(), &Device::Cpu)?;
        Ok(Var::from_tensor(&array)?)
    };
    let input = variable([n, in_channels, height, width], 1)?;
    let weight = variable([out_channels, in_channels, kernel, kernel], 2)?;
    let mut check = 0.0;
    let mut run = || -> Result<()> {
        let output = input.conv2d(&weight, padding, stride, dilation, 1)?;
        if pass == "all" {
            drop(black_box(output.backward()?));
        }
        check = output.sqr()?.mean_all()?.to_scalar::<f32>()?.sqrt().into();
        Ok(())
    };
    let (wall_ms, cpu_ms) = burst(&mut run, milliseconds)?;
    Ok(Burst { wall_ms, cpu_ms, check })
}

/// Median time and mean processor time in milliseconds over at least three repetitions, after one to warm up, in about the
/// time given.
fn burst(run: &mut impl FnMut() -> Result<()>, milliseconds: usize) -> Result<(f64, f64)> {
    run()?;
    let (start, start_cpu_ms, mut times) = (Instant::now(), thread_cpu_ms(), Vec::new());
    while times.len() < 3 || start.elapsed() < Duration::from_millis(milliseconds as u64) {
        let one = Instant::now();
        run()?;
        times.push(one.elapsed().as_secs_f64() * 1e3);
    }
    let cpu_ms = (thread_cpu_ms() - start_cpu_ms) / times.len() as f64;
    times.sort_by(f64::total_cmp);
    Ok((times[times.len() / 2], cpu_ms))
}

/// Processor time of this thread, where the system tells it, else zero.
fn thread_cpu_ms() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|word| word.parse::<f64>().ok()).unwrap_or(0.0) * 1e-6
}
