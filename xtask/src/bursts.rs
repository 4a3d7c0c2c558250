//! Convolutions of ours beside PyTorch's two layouts, as it comes and tuned, and candle's own, in short bursts.
//!
//! Each side is one program that runs all along and answers one line with the time of a burst (`conv.py`,
//! `convolution.rs`). A round goes through all cases, and in each case through all sides; the table has the medians over the
//! rounds. A burst of one side is never more than a second away from those of the others.

use crate::peers::{Comparison, TUNED, target_dir};
use crate::workspace::{call, cargo, root, say};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

const N_ROUNDS: usize = 5;
const N_THREADS: &str = "2";
const BURST_MS: usize = 40;
/// PyTorch's threads look for work for some time after a burst; ours must not pay for that.
const PAUSE: Duration = Duration::from_millis(20);
/// Sums in `f32` in another order.
const CHECK_TOLERANCE: f64 = 1e-4;

/// Instruction sets that both sides may use.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum InstructionSets {
    /// All that the processor has.
    Best,
    /// None above AVX2.
    Avx2,
}

impl InstructionSets {
    /// The name that ours takes.
    fn isa(self) -> &'static str {
        if self == Self::Best { "best" } else { "avx2" }
    }

    /// The settings by which PyTorch takes no more.
    fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Best => &[],
            Self::Avx2 => &[("ATEN_CPU_CAPABILITY", "avx2"), ("ONEDNN_MAX_CPU_ISA", "AVX2")],
        }
    }
}

/// Channels in and out, side, kernel, stride and dilation.
type Shape = [usize; 6];

/// The levels of the mResUNet on cutouts of 40 pixels with all their dilations, its strided convolutions and some of 1x1.
fn shapes() -> Vec<Shape> {
    let mut shapes = Vec::new();
    for (channels, side) in [(64, 40), (128, 20), (256, 10), (512, 5)] {
        shapes.extend((1..=4).map(|dilation| [channels, channels, side, 3, 1, dilation]));
    }
    shapes.extend([[64, 128, 40, 3, 2, 1], [128, 256, 20, 3, 2, 1], [256, 512, 10, 3, 2, 1]]);
    shapes.extend([[64, 64, 40, 1, 1, 1], [256, 256, 10, 1, 1, 1], [256, 1024, 10, 1, 1, 1]]);
    shapes
}

/// A program that answers lines.
struct Side {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// What it called itself.
    peer: String,
}

#[derive(Deserialize)]
struct Greeting {
    peer: String,
}

#[derive(Deserialize)]
struct Burst {
    wall_ms: f64,
    check: f64,
}

impl Side {
    fn start(command: &mut Command) -> Result<Self> {
        let shown = format!("{command:?}").replace('"', "");
        let threads = [("OMP_NUM_THREADS", N_THREADS), ("MKL_NUM_THREADS", N_THREADS)];
        let command = command.arg(N_THREADS).envs(threads).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().with_context(|| format!("cannot start: {shown}"))?;
        let input = process.stdin.take().context("the pipe to the program was asked for")?;
        let output = BufReader::new(process.stdout.take().context("the pipe from the program was asked for")?);
        let mut side = Self { process, input, output, peer: shown };
        side.peer = side.answer::<Greeting>()?.peer;
        Ok(side)
    }

    fn answer<T: for<'de> Deserialize<'de>>(&mut self) -> Result<T> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("{}: not a timing: {line}", self.peer))
    }

    fn burst(&mut self, line: &str) -> Result<Burst> {
        writeln!(self.input, "{line}")?;
        self.input.flush()?;
        let burst = self.answer()?;
        std::thread::sleep(PAUSE);
        Ok(burst)
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // A failure leaves the programs waiting for lines. They hold nothing that must be written.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Times forward pass and both gradients of all shapes at batches 4 and 32, or at the one named.
pub(crate) fn run(python: &Path, sets: InstructionSets, batch: Option<&str>) -> Result<Vec<Comparison>> {
    let batches = [4, 32].into_iter().filter(|n: &usize| batch.is_none_or(|batch| batch == n.to_string()));
    let cases: Vec<(usize, Shape)> = batches.flat_map(|n| shapes().into_iter().map(move |s| (n, s))).collect();
    ensure!(!cases.is_empty(), "convolutions are timed at batches 4 and 32, not at {}", batch.unwrap_or_default());
    call(cargo().args(["build", "--release", "--quiet", "--package", "arcmin-conv", "--example", "conv_bursts"]))?;
    let script = root().join("benches").join("peers").join("conv.py");
    let program = format!("conv_bursts{}", std::env::consts::EXE_SUFFIX);
    let mut ours = Side::start(&mut Command::new(target_dir()?.join("release").join("examples").join(program)))?;
    let torch = |settings: &[(&str, &str)]| {
        Side::start(Command::new(python).arg(&script).envs(sets.settings().iter().chain(settings).copied()))
    };
    // PERF: threads that wait actively would take the processor from the other sides.
    let tuned: Vec<_> = TUNED.iter().copied().filter(|(name, _)| *name != "OMP_WAIT_POLICY").collect();
    let (mut plain, mut tuned) = (torch(&[])?, torch(&tuned)?);
    let mut times = vec![[const { Vec::new() }; 6]; cases.len()];
    for round in 0..N_ROUNDS {
        for ((n, shape), times) in cases.iter().zip(&mut times) {
            let [c_in, c_out, side, kernel, stride, dilation] = shape;
            let tail = format!("all {n} {c_in} {c_out} {side} {kernel} {stride} {dilation} {BURST_MS}");
            let our_burst = ours.burst(&format!("fastest:{} {tail}", sets.isa()))?;
            times[0].push(our_burst.wall_ms);
            for (i, times) in times[1..5].iter_mut().enumerate() {
                let (torch, layout) =
                    (if i < 2 { &mut plain } else { &mut tuned }, ["default", "channels_last"][i % 2]);
                let burst = torch.burst(&format!("{layout} {tail}"))?;
                let off = (burst.check / our_burst.check - 1.0).abs();
                ensure!(off < CHECK_TOLERANCE, "{tail}: ours gives {}, {layout} {}", our_burst.check, burst.check);
                times.push(burst.wall_ms);
            }
            // candle's own is so slow that one round of it is enough.
            if round == 0 && *n == 4 {
                times[5].push(ours.burst(&format!("candle {tail}"))?.wall_ms);
            }
        }
    }
    let peers = ["default", "channels_last", "tuned, default", "tuned, channels_last", "candle"];
    let mut comparisons = Vec::new();
    for ((n, shape), times) in cases.into_iter().zip(times) {
        let [c_in, c_out, side, kernel, stride, dilation] = shape;
        let suffix = if sets == InstructionSets::Best { "" } else { "_avx2" };
        let name = format!("conv{kernel}x{kernel}_{c_in}to{c_out}_at{side}_s{stride}_d{dilation}_b{n}{suffix}");
        let [ours_ms, theirs @ ..] = times.map(median);
        for (peer, peer_ms) in peers.iter().zip(theirs).filter(|(_, ms)| ms.is_finite()) {
            let peer = if *peer == "candle" { (*peer).to_owned() } else { format!("{} ({peer})", plain.peer) };
            comparisons.push(Comparison::of_times(&name, ours_ms * 1e-3, peer, peer_ms * 1e-3));
        }
    }
    tell(&comparisons);
    Ok(comparisons)
}

/// Prints the table and the mean of the ratios to the better of PyTorch's layouts, as it comes and tuned.
fn tell(comparisons: &[Comparison]) {
    comparisons.iter().for_each(|comparison| say(&comparison.line()));
    for tuned in [false, true] {
        let better: Vec<f64> = comparisons
            .chunk_by(|a, b| a.name == b.name)
            .map(|case| {
                let torch = case.iter().filter(|c| c.peer != "candle" && c.peer.contains("tuned") == tuned);
                torch.map(|comparison| comparison.ratio).fold(f64::INFINITY, f64::min)
            })
            .collect();
        let mean = (better.iter().map(|ratio| ratio.ln()).sum::<f64>() / better.len() as f64).exp();
        let least = better.iter().copied().fold(f64::INFINITY, f64::min);
        let how = if tuned { "tuned" } else { "as it comes" };
        say(&format!("against the better of PyTorch's layouts, {how}: geometric mean {mean:.2}, least {least:.2}"));
    }
}

/// Median, not a number for no times.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
