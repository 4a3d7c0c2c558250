//! Checks the convolution kernels on a GPU against f64 and times them beside candle's own.
//!
//! ```text
//! cargo run --release -p arcmin-conv --features cuda --example conv-gpu [check | time | all]
//! ```
//!
//! `check` compares every pass and precision with sums in f64 and gives the relative L2 errors; `time` prints one JSON line a
//! case and pass, as `benches/peers/conv_gpu.py` does for PyTorch. The program needs no Rust where it runs: carry the binary. Without
//! a GPU it says so and ends with exit code 3.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that talks to its user")]

#[cfg(feature = "cuda")]
mod check;
#[cfg(feature = "cuda")]
mod time;

use std::process::ExitCode;

/// No GPU: neither success nor an error.
const NO_GPU: u8 = 3;

#[cfg(not(feature = "cuda"))]
fn main() -> ExitCode {
    eprintln!("no GPU: this program was built without the feature `cuda`; nothing was checked or timed");
    ExitCode::from(NO_GPU)
}

#[cfg(feature = "cuda")]
fn main() -> ExitCode {
    let what = std::env::args().nth(1).unwrap_or_else(|| "all".to_owned());
    if !["check", "time", "all"].contains(&what.as_str()) {
        eprintln!("{what}: give check, time or all");
        return ExitCode::FAILURE;
    }
    let device = match candle_core::Device::new_cuda(0) {
        Ok(device) => device,
        Err(error) => {
            let error = error.to_string();
            let reason = error.lines().next().unwrap_or_default();
            eprintln!("no GPU: nothing was checked or timed ({reason})");
            return ExitCode::from(NO_GPU);
        }
    };
    let mut outcome = Ok(());
    if what != "time" {
        outcome = check::run(&device);
    }
    if outcome.is_ok() && what != "check" {
        outcome = time::run(&device);
    }
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
