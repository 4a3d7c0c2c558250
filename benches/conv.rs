//! Convolution at the networks' shapes: forward and both gradients by each algorithm, in products per second.

use arcmin_conv::{Activation, Algorithm, AlgorithmChoice, ConvGeometry, ConvSizes, Pass, Plan};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Channels and side of the levels of the mResUNet on cutouts of 40 pixels.
const LEVELS: [(usize, usize); 4] = [(64, 40), (128, 20), (256, 10), (512, 5)];

fn conv(criterion: &mut Criterion) {
    for n in [4, 32] {
        for (channels, side) in LEVELS {
            for dilation in 1..=4 {
                let name = format!("{channels}at{side}_d{dilation}_b{n}");
                passes(criterion, &name, sizes(n, side, [channels; 2], 3, 1, dilation));
            }
        }
        for (channels, side) in &LEVELS[..3] {
            passes(
                criterion,
                &format!("{channels}at{side}_s2_b{n}"),
                sizes(n, *side, [*channels, 2 * channels], 3, 2, 1),
            );
        }
        passes(criterion, &format!("1x1_64at40_b{n}"), sizes(n, 40, [64, 64], 1, 1, 1));
        passes(criterion, &format!("1x1_256at10_b{n}"), sizes(n, 10, [256, 1024], 1, 1, 1));
    }
}

fn sizes(n: usize, side: usize, channels: [usize; 2], kernel: usize, stride: usize, dilation: usize) -> ConvSizes {
    let ([in_channels, out_channels], padding) = (channels, dilation * (kernel - 1) / 2);
    ConvSizes { n, height: side, width: side, in_channels, out_channels, kernel, stride, padding, dilation }
}

fn passes(criterion: &mut Criterion, name: &str, sizes: ConvSizes) {
    let geometry = ConvGeometry::new(sizes).expect("the sizes fit together");
    let numbers = |shape: [usize; 4]| -> Vec<f32> {
        (0..shape.iter().product()).map(|i| (i * 7919 % 1009) as f32 / 1009.0 - 0.5).collect()
    };
    let (input, weight) = (numbers(geometry.input_shape()), numbers(geometry.weight_shape()));
    let (mut output, gradient) = (numbers(geometry.output_shape()), numbers(geometry.output_shape()));
    let (mut input_gradient, mut weight_gradient) = (input.clone(), weight.clone());
    let mut group = criterion.benchmark_group("conv");
    group.throughput(Throughput::Elements(geometry.n_products() as u64)).sample_size(20);
    for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| algorithm.serves(&geometry)) {
        let plan = Plan::new(geometry, AlgorithmChoice::Only(algorithm)).expect("the algorithm serves the geometry");
        let len = Pass::ALL.map(|pass| plan.scratch_len(pass)).into_iter().max().unwrap_or(0);
        let mut scratch = vec![0.0; len];
        for pass in Pass::ALL {
            group.bench_function(BenchmarkId::new(format!("{pass:?}_{algorithm:?}"), name), |bencher| {
                bencher.iter(|| {
                    match pass {
                        Pass::Forward => {
                            plan.forward(&input, &weight, None, Activation::None, &mut output, &mut scratch)
                        }
                        Pass::InputGradient => {
                            plan.input_gradient(&gradient, &weight, &mut input_gradient, &mut scratch)
                        }
                        Pass::WeightGradient => {
                            plan.weight_gradient(&input, &gradient, &mut weight_gradient, &mut scratch)
                        }
                    }
                    .expect("the lengths are right");
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, conv);
criterion_main!(benches);
