//! The 2-D real FFT core: forward, inverse and the fused filter pass, in pixels per second.

use arcmin_fft::{HalfPlane, Real, RealFft2};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use num_complex::Complex;
use std::any::type_name;

const SIDES: [usize; 3] = [1024, 2048, 4096];

fn fft(criterion: &mut Criterion) {
    for n in SIDES {
        passes::<f32>(criterion, n);
        passes::<f64>(criterion, n);
    }
}

fn passes<T: Real + Into<f64>>(criterion: &mut Criterion, n: usize) {
    let plan = RealFft2::<T>::new(n, n).expect("the side is not zero");
    let map: Vec<T> = (0..n * n).map(|i| T::from_f64_lossy((i * 7919 % 1009) as f64 / 1009.0 - 0.5)).collect();
    let ones = vec![T::from_f64_lossy(1.0); plan.spectrum_len()];
    let (mut out, mut spectrum) = (map.clone(), vec![Complex::default(); plan.spectrum_len()]);
    let mut scratch = plan.make_scratch();
    plan.filter(&map, &HalfPlane(&ones), &mut out, &mut scratch);
    let error = map.iter().zip(&out).map(|(&a, &b)| (a - b).into().abs()).fold(0.0, f64::max);
    assert!(error < 1e-5, "a filter of ones must give the map back, but differs by {error}");

    let mut group = criterion.benchmark_group("fft");
    group.throughput(Throughput::Elements((n * n) as u64)).sample_size(20);
    let id = |pass: &str| BenchmarkId::new(format!("{pass}_{}", type_name::<T>()), n);
    group.bench_function(id("forward"), |b| b.iter(|| plan.forward(&map, &mut spectrum, &mut scratch)));
    group.bench_function(id("inverse"), |b| b.iter(|| plan.inverse(&spectrum, &mut out, &mut scratch)));
    group.bench_function(id("filter"), |b| b.iter(|| plan.filter(&map, &HalfPlane(&ones), &mut out, &mut scratch)));
    group.finish();
}

criterion_group!(benches, fft);
criterion_main!(benches);
