//! Training steps and inference of the mResUNet at a narrow width: what the layers cost beside the convolutions.

use arcmin_nn::loss::mse;
use arcmin_nn::networks::{MResUNet, MResUNetConfig, Network};
use arcmin_nn::optimise::{Optimiser, OptimiserSettings, Rule};
use arcmin_nn::{Pass, Value};
use candle_core::{Device, Tensor};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const BATCH: usize = 4;

fn mresunet(criterion: &mut Criterion) {
    let network = MResUNet::new(&MResUNetConfig { width: 16, ..MResUNetConfig::default() }).expect("a small network");
    let pixel = |i: usize| (i * 7919 % 1009) as f32 / 1009.0 - 0.5;
    let pixels: Vec<f32> = (0..BATCH * 1600).map(pixel).collect();
    let images = Tensor::from_vec(pixels, (BATCH, 40, 40, 1), &Device::Cpu).expect("one value a pixel");
    let parameters = network.parameters();
    let mut optimiser = Optimiser::new(OptimiserSettings::plain(Rule::ADAM), parameters).expect("Adam's constants");
    let mut group = criterion.benchmark_group("mresunet 16 wide 40x40");
    group.throughput(Throughput::Elements(BATCH as u64)).sample_size(20);
    group.bench_function("training step", |b| {
        b.iter(|| {
            let answer = network.forward(&Value::constant(images.clone()), &Pass::training(1, 0)).expect("40 pixels");
            let gradients = mse(&answer, &images).and_then(Value::backward).expect("a recorded pass");
            optimiser.step(parameters, &gradients, 1e-3).expect("gradients of the parameters");
        });
    });
    group.bench_function("inference", |b| {
        b.iter(|| network.forward(&Value::constant(images.clone()), &Pass::evaluation()).expect("40 pixels"));
    });
    group.finish();
}

criterion_group!(benches, mresunet);
criterion_main!(benches);
