//! Every kernel against the twin, over geometries, cuts, precisions and orders of threads.

use crate::emulator::{Arrays, Barriers, Build, Emulator};
use crate::twin::{Problem, distance, noise, sizes};
use arcmin_conv::cuda::{Alignment, Bias, CudaPlan, Cut, Job, Precision, Slot, TileSide};
use arcmin_conv::{Activation, ConvSizes};

/// Relative L2 error against f64: of sums of `f32` products alone, and with the rounding of both factors. Each factor is off
/// by up to 2^-11 (TF32) or 2^-8 (bf16) of itself, both together by some 0.6 times that in the mean square; without the
/// rounding they would be below a tenth of it.
const SUM_ERROR: f64 = 1e-6;

fn rounding_error(precision: Precision) -> std::ops::Range<f64> {
    match precision {
        Precision::Fp32 => 0.0..SUM_ERROR,
        Precision::Tf32 => 1e-4..6e-4,
        Precision::Bf16 => 8e-4..6e-3,
    }
}

/// Few numbers may cancel, so that they are small beside the terms that they are sums of.
fn slack(n: usize) -> f64 {
    if n < 64 { 10.0 } else { 1.0 }
}

/// Strides, dilations, odd sizes, channels off the tile, taps that miss every pixel, phases without taps.
fn geometries() -> Vec<ConvSizes> {
    vec![
        sizes([2, 9, 7], [5, 3], 3, [1, 1, 1]),
        sizes([1, 13, 11], [1, 20], 3, [1, 1, 1]),
        sizes([2, 6, 5], [12, 20], 1, [1, 0, 1]),
        sizes([1, 11, 13], [20, 68], 3, [1, 2, 2]),
        sizes([2, 12, 9], [8, 12], 3, [2, 1, 1]),
        sizes([2, 10, 9], [4, 8], 3, [2, 2, 2]),
        sizes([1, 14, 10], [7, 6], 3, [3, 0, 1]),
        sizes([1, 13, 17], [12, 4], 3, [1, 3, 3]),
        sizes([2, 10, 10], [64, 4], 3, [1, 4, 4]),
        sizes([2, 9, 8], [4, 68], 1, [2, 0, 1]),
        sizes([1, 11, 9], [4, 4], 5, [2, 3, 3]),
        sizes([3, 5, 5], [72, 68], 3, [1, 1, 1]),
        sizes([40, 2, 2], [16, 8], 3, [1, 1, 1]),
        sizes([1, 1, 1], [3, 1], 3, [1, 1, 1]),
    ]
}

const JOBS: [Job; 3] =
    [Job::Forward { bias: Bias::Absent, activation: Activation::None }, Job::InputGradient, Job::WeightGradient];

/// The arrays of a problem, results full of NaN.
fn arrays(problem: &Problem) -> Arrays {
    let nan = |n: usize| vec![f32::NAN; n];
    Arrays::from([
        (Slot::Input, problem.input.clone()),
        (Slot::Weight, problem.weight.clone()),
        (Slot::OutputGradient, problem.output_gradient.clone()),
        (Slot::Bias, noise(problem.geometry.sizes().out_channels, 4)),
        (Slot::Output, nan(problem.output_gradient.len())),
        (Slot::Behind, nan(problem.output_gradient.len())),
        (Slot::InputGradient, nan(problem.input.len())),
        (Slot::WeightGradient, nan(problem.weight.len())),
        (Slot::BiasGradient, nan(problem.geometry.sizes().out_channels)),
    ])
}

/// To the 10 or 7 bits of mantissa of a precision, as the PTX manual says of `cvt.rna.tf32` and `cvt.rn.bf16`.
fn rounded(x: f32, precision: Precision) -> f32 {
    let bits = x.to_bits();
    match precision {
        Precision::Fp32 => x,
        Precision::Tf32 => f32::from_bits((bits + (1 << 12)) >> 13 << 13),
        Precision::Bf16 => f32::from_bits((bits + 0x7fff + (bits >> 16 & 1)) >> 16 << 16),
    }
}

/// The same problem with both factors of each pass rounded: what the tensor cores multiply.
fn rounded_problem(problem: &Problem, precision: Precision) -> Problem {
    let round = |values: &[f32]| values.iter().map(|&x| rounded(x, precision)).collect();
    Problem {
        geometry: problem.geometry,
        input: round(&problem.input),
        weight: round(&problem.weight),
        output_gradient: round(&problem.output_gradient),
    }
}

/// Runs the three products and compares each with the twin, and with the twin of rounded factors.
fn check(emulator: &mut Emulator, sizes: ConvSizes, precision: Precision, cut: Option<Cut>, seed: u32) {
    let problem = Problem::new(sizes);
    let (exact, of_rounded) = (problem.by_loops(), rounded_problem(&problem, precision).by_loops());
    let mut arrays = arrays(&problem);
    for job in JOBS {
        let plan = CudaPlan::with_cut(&problem.geometry, job, precision, Alignment::Bytes16, cut).expect("it is small");
        emulator.run(&plan, &mut arrays, seed, Barriers::Keep);
    }
    let pairs = [
        (Slot::Output, &exact.output, &of_rounded.output),
        (Slot::InputGradient, &exact.input_gradient, &of_rounded.input_gradient),
        (Slot::WeightGradient, &exact.weight_gradient, &of_rounded.weight_gradient),
    ];
    for (slot, exact, of_rounded) in pairs {
        let case = format!("{slot:?} {precision:?} {cut:?} seed {seed} {sizes:?}");
        let slack = slack(exact.len());
        let error = distance(&arrays[&slot], of_rounded);
        assert!(error < SUM_ERROR * slack, "{case}: sums are off by {error:.2e}");
        let (error, bounds) = (distance(&arrays[&slot], exact), rounding_error(precision));
        let is_rounded = slack > 1.0 || error >= bounds.start;
        assert!(error < bounds.end * slack && is_rounded, "{case}: off by {error:.2e} with rounding");
    }
}

#[test]
fn products_agree_with_the_slow_twin() {
    let Some(mut emulator) = Emulator::start(Build::Fast) else { return };
    for (i, sizes) in geometries().into_iter().enumerate() {
        for (precision, seed) in Precision::ALL.into_iter().zip(3 * i as u32..) {
            check(&mut emulator, sizes, precision, None, seed);
        }
    }
}

#[test]
fn every_cut_of_a_product_agrees_with_the_slow_twin() {
    let Some(mut emulator) = Emulator::start(Build::Fast) else { return };
    let (odd, strided) = (sizes([1, 13, 11], [20, 132], 3, [1, 2, 2]), sizes([1, 23, 14], [132, 12], 3, [2, 1, 1]));
    for (tile, n_splits) in [(TileSide::Large, 1), (TileSide::Large, 3), (TileSide::Small, 1), (TileSide::Small, 40)] {
        let cut = Some(Cut { tile, n_splits });
        for precision in Precision::ALL {
            check(&mut emulator, odd, precision, cut, 5);
            check(&mut emulator, strided, precision, cut, 6);
        }
    }
}

#[test]
fn arrays_off_sixteen_bytes_give_the_same() {
    let Some(mut emulator) = Emulator::start(Build::Fast) else { return };
    let problem = Problem::new(sizes([2, 9, 8], [8, 20], 3, [1, 1, 1]));
    let exact = problem.by_loops();
    let mut arrays = arrays(&problem);
    for job in JOBS {
        let plan = CudaPlan::new(&problem.geometry, job, Precision::Fp32, Alignment::Bytes4).expect("it is small");
        assert!(plan.calls()[0].kernel.ends_with("_1"));
        emulator.run(&plan, &mut arrays, 1, Barriers::Keep);
    }
    assert!(distance(&arrays[&Slot::Output], &exact.output) < SUM_ERROR);
    assert!(distance(&arrays[&Slot::InputGradient], &exact.input_gradient) < SUM_ERROR);
    assert!(distance(&arrays[&Slot::WeightGradient], &exact.weight_gradient) < SUM_ERROR);
}

/// `activation(z)` and its derivative in f64.
fn activation_and_slope(activation: Activation, z: f64) -> (f64, f64) {
    let (alpha, scale) = (1.673_263_242_354_377_2, 1.050_700_987_355_480_5);
    match activation {
        Activation::None => (z, 1.0),
        Activation::Relu => (z.max(0.0), if z > 0.0 { 1.0 } else { 0.0 }),
        Activation::Selu if z > 0.0 => (scale * z, scale),
        Activation::Selu => (scale * alpha * z.exp_m1(), scale * alpha * z.exp()),
    }
}

#[test]
fn bias_and_activation_and_their_gradients_agree_with_the_slow_twin() {
    let Some(mut emulator) = Emulator::start(Build::Fast) else { return };
    for sizes in [sizes([2, 9, 7], [5, 3], 3, [1, 1, 1]), sizes([3, 20, 12], [16, 68], 3, [1, 1, 1])] {
        for activation in [Activation::None, Activation::Relu, Activation::Selu] {
            for (bias, n_splits) in [(Bias::Added, 1), (Bias::Added, 4), (Bias::Absent, 1), (Bias::Absent, 2)] {
                check_activation(&mut emulator, sizes, activation, bias, n_splits);
            }
        }
    }
}

fn check_activation(emulator: &mut Emulator, sizes: ConvSizes, activation: Activation, bias: Bias, n_splits: usize) {
    let problem = Problem::new(sizes);
    let mut arrays = arrays(&problem);
    let cut = Some(Cut { tile: TileSide::Small, n_splits });
    let forward = Job::Forward { bias, activation };
    let plan = CudaPlan::with_cut(&problem.geometry, forward, Precision::Fp32, Alignment::Bytes16, cut);
    emulator.run(&plan.expect("it is small"), &mut arrays, 7, Barriers::Keep);
    let backward = Job::ActivationGradient { activation };
    let plan = CudaPlan::new(&problem.geometry, backward, Precision::Fp32, Alignment::Bytes16);
    emulator.run(&plan.expect("it is small"), &mut arrays, 8, Barriers::Keep);
    let n_channels = sizes.out_channels;
    let added = |channel: usize| if bias == Bias::Added { f64::from(arrays[&Slot::Bias][channel]) } else { 0.0 };
    let mut sums = vec![0.0; n_channels];
    let (mut output, mut behind) = (Vec::new(), Vec::new());
    for (i, z) in problem.by_loops().output.into_iter().enumerate() {
        let (value, slope) = activation_and_slope(activation, z + added(i % n_channels));
        output.push(value);
        behind.push(slope * f64::from(problem.output_gradient[i]));
        sums[i % n_channels] += behind[i];
    }
    let case = format!("{activation:?} {bias:?} {n_splits} splits {sizes:?}");
    assert!(distance(&arrays[&Slot::Output], &output) < SUM_ERROR, "output {case}");
    let error = distance(&arrays[&Slot::BiasGradient], &sums);
    assert!(error < SUM_ERROR * slack(n_channels), "bias gradient {case}: {error:.2e}");
    if activation == Activation::None {
        assert!(arrays[&Slot::Behind].iter().all(|x| x.is_nan()), "without an activation nothing is written");
    } else {
        assert!(distance(&arrays[&Slot::Behind], &behind) < SUM_ERROR, "behind {case}");
    }
}

/// Bits of all results for an order of threads.
fn bits(emulator: &mut Emulator, problem: &Problem, precision: Precision, seed: u32, barriers: Barriers) -> Vec<u32> {
    let mut arrays = arrays(problem);
    let backward = Job::ActivationGradient { activation: Activation::Relu };
    for job in JOBS.into_iter().chain([backward]) {
        let plan = CudaPlan::new(&problem.geometry, job, precision, Alignment::Bytes16).expect("it is small");
        emulator.run(&plan, &mut arrays, seed, barriers);
    }
    let results = [Slot::Output, Slot::InputGradient, Slot::WeightGradient, Slot::Behind, Slot::BiasGradient];
    results.iter().flat_map(|slot| arrays[slot].iter().map(|x| x.to_bits())).collect()
}

#[test]
fn no_order_of_threads_changes_a_bit() {
    let Some(mut emulator) = Emulator::start(Build::Fast) else { return };
    let problem = Problem::new(sizes([2, 12, 9], [24, 20], 3, [1, 1, 1]));
    for precision in Precision::ALL {
        let first = bits(&mut emulator, &problem, precision, 1, Barriers::Keep);
        for seed in 2..6 {
            assert!(bits(&mut emulator, &problem, precision, seed, Barriers::Keep) == first, "{precision:?} {seed}");
        }
    }
}

#[test]
fn a_missing_barrier_is_noticed() {
    let Some(mut emulator) = Emulator::start(Build::Fast) else { return };
    let problem = Problem::new(sizes([2, 12, 9], [24, 20], 3, [1, 1, 1]));
    for precision in Precision::ALL {
        let right = bits(&mut emulator, &problem, precision, 1, Barriers::Keep);
        for seed in 1..4 {
            assert!(bits(&mut emulator, &problem, precision, seed, Barriers::Drop) != right, "{precision:?} {seed}");
        }
    }
}

#[test]
fn the_address_sanitizer_finds_no_access_outside_of_arrays() {
    let Some(mut emulator) = Emulator::start(Build::Sanitized) else { return };
    for (i, sizes) in geometries().into_iter().enumerate() {
        check(&mut emulator, sizes, Precision::ALL[i % 3], None, 11);
    }
    let cut = Some(Cut { tile: TileSide::Large, n_splits: 2 });
    for precision in Precision::ALL {
        check(&mut emulator, sizes([1, 7, 20], [12, 132], 3, [1, 1, 1]), precision, cut, 12);
    }
    for (activation, n_splits) in [(Activation::Selu, 1), (Activation::Relu, 3)] {
        check_activation(&mut emulator, sizes([3, 9, 7], [8, 36], 3, [1, 1, 1]), activation, Bias::Added, n_splits);
    }
}
