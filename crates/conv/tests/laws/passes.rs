//! Every algorithm on every instruction set against loops in f64, and laws of the passes.

use crate::twin::{Problem, Results, distance, sizes};
use arcmin_conv::{Activation, Algorithm, AlgorithmChoice, ConvSizes, Isa, Pass, Plan};
use proptest::prelude::*;

/// Relative L2 error against f64 that each algorithm keeps: (forward and input gradient, weight gradient).
fn tolerance(algorithm: Algorithm) -> (f64, f64) {
    match algorithm {
        Algorithm::Direct => (1.5e-6, 3e-6),
        Algorithm::WinogradF2 => (1e-6, 3e-6),
        Algorithm::WinogradF4 => (5e-6, 3e-6),
    }
}

/// All three passes by a plan, with scratch and results full of NaN beforehand.
fn by_plan(problem: &Problem, choice: AlgorithmChoice, isa: Isa) -> Results<f32> {
    let plan = Plan::with_isa(problem.geometry, choice, isa).expect("the algorithm serves the geometry");
    let rubbish = |n: usize| vec![f32::NAN; n];
    let mut results = Results {
        output: rubbish(problem.output_gradient.len()),
        input_gradient: rubbish(problem.input.len()),
        weight_gradient: rubbish(problem.weight.len()),
    };
    let scratch = |pass| rubbish(plan.scratch_len(pass));
    plan.forward(
        &problem.input,
        &problem.weight,
        None,
        Activation::None,
        &mut results.output,
        &mut scratch(Pass::Forward),
    )
    .expect("the lengths are right");
    plan.input_gradient(
        &problem.output_gradient,
        &problem.weight,
        &mut results.input_gradient,
        &mut scratch(Pass::InputGradient),
    )
    .expect("the lengths are right");
    plan.weight_gradient(
        &problem.input,
        &problem.output_gradient,
        &mut results.weight_gradient,
        &mut scratch(Pass::WeightGradient),
    )
    .expect("the lengths are right");
    results
}

/// Every algorithm that serves the problem, on every instruction set.
fn check_all(sizes: ConvSizes) {
    let problem = Problem::new(sizes);
    let expected = problem.by_loops();
    for isa in Isa::available() {
        for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| algorithm.serves(&problem.geometry)) {
            check(&problem, &expected, algorithm, isa);
        }
    }
}

/// Any geometry that is valid, small enough for the twin.
fn any_sizes() -> impl Strategy<Value = ConvSizes> {
    let channels = || prop_oneof![1..=8_usize, 9..=70_usize, Just(64), Just(96), Just(130)];
    (
        1..=3_usize,
        1..=13_usize,
        1..=13_usize,
        channels(),
        channels(),
        1..=3_usize,
        1..=3_usize,
        0..=4_usize,
        1..=4_usize,
    )
        .prop_map(|(n, height, width, ci, co, kernel, stride, padding, dilation)| {
            sizes([n, height, width], [ci, co], kernel, [stride, padding, dilation])
        })
        .prop_filter("the kernel fits", |s| s.dilation * (s.kernel - 1) < s.height.min(s.width) + 2 * s.padding)
}

/// Geometries that Winograd's algorithms serve.
fn winograd_sizes() -> impl Strategy<Value = ConvSizes> {
    let channels = || prop_oneof![Just(16_usize), Just(48), Just(80), Just(128)];
    (1..=2_usize, 1..=14_usize, 1..=14_usize, channels(), channels(), 0..=8_usize, 1..=4_usize)
        .prop_map(|(n, height, width, ci, co, padding, dilation)| {
            sizes([n, height, width], [ci, co], 3, [1, padding.min(2 * dilation), dilation])
        })
        .prop_filter("the kernel fits", |s| 2 * s.dilation < s.height.min(s.width) + 2 * s.padding)
}

fn check(problem: &Problem, expected: &Results<f64>, algorithm: Algorithm, isa: Isa) {
    let found = by_plan(problem, AlgorithmChoice::Only(algorithm), isa);
    let (rows, weight) = tolerance(algorithm);
    let label = format!("{} {algorithm:?} {:?}", isa.name(), problem.geometry.sizes());
    for (what, found, expected, tolerance) in [
        ("output", &found.output, &expected.output, rows),
        ("input gradient", &found.input_gradient, &expected.input_gradient, rows),
        ("weight gradient", &found.weight_gradient, &expected.weight_gradient, weight),
    ] {
        let error = distance(found, expected);
        assert!(error <= tolerance, "{what} is off by {error:.2e}: {label}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_geometry_agrees_with_loops_on_every_instruction_set(sizes in any_sizes()) {
        check_all(sizes);
    }

    #[test]
    fn any_geometry_of_winograds_algorithms_agrees_with_loops(sizes in winograd_sizes()) {
        check_all(sizes);
    }
}

/// Shapes of the networks, cut down in batch and side.
fn network_sizes() -> Vec<ConvSizes> {
    let mut all = Vec::new();
    for (side, channels) in [(24, 64), (20, 128), (10, 256), (5, 512)] {
        for dilation in [1, 4] {
            all.push(sizes([1, side, side], [channels, channels], 3, [1, dilation, dilation]));
        }
    }
    all.push(sizes([2, 20, 20], [64, 128], 3, [2, 1, 1]));
    all.push(sizes([1, 40, 40], [1, 64], 3, [1, 1, 1]));
    all.push(sizes([1, 40, 40], [64, 1], 1, [1, 0, 1]));
    all.push(sizes([1, 10, 10], [256, 1024], 1, [1, 0, 1]));
    // Whose weight gradient is cut both by pixels and by channels.
    all.push(sizes([1, 24, 24], [256, 64], 1, [1, 0, 1]));
    all
}

#[test]
fn shapes_of_the_networks_agree_with_loops() {
    for sizes in network_sizes() {
        check_all(sizes);
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for sizes in network_sizes() {
        let problem = Problem::new(sizes);
        for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| algorithm.serves(&problem.geometry)) {
            let with_threads = |n: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("threads can be started");
                pool.install(|| by_plan(&problem, AlgorithmChoice::Only(algorithm), Isa::best()))
            };
            let one = with_threads(1);
            for n in [2, 3, 5] {
                let several = with_threads(n);
                let label = format!("{n} threads {algorithm:?} {sizes:?}");
                assert!(bits(&one.output) == bits(&several.output), "{label}");
                assert!(bits(&one.input_gradient) == bits(&several.input_gradient), "{label}");
                assert!(bits(&one.weight_gradient) == bits(&several.weight_gradient), "{label}");
            }
        }
    }
}

/// `<conv(x, w), g> = <x, input_gradient(g, w)> = <w, weight_gradient(x, g)>`: the three passes are one trilinear form.
#[test]
fn gradients_are_adjoint_to_the_forward_pass() {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    let norm = |a: &[f32]| dot(a, a).sqrt();
    for sizes in network_sizes() {
        let problem = Problem::new(sizes);
        let results = by_plan(&problem, AlgorithmChoice::Fastest, Isa::best());
        let forward = dot(&results.output, &problem.output_gradient);
        let scale = norm(&results.output) * norm(&problem.output_gradient);
        for adjoint in [dot(&results.input_gradient, &problem.input), dot(&results.weight_gradient, &problem.weight)] {
            assert!((forward - adjoint).abs() < 2e-6 * scale, "{forward} {adjoint} {sizes:?}");
        }
    }
}
