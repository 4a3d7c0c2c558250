//! Spherical-harmonic transforms of a full sky up to lmax = 2 nside, in pixels per second.

use arcmin_sphere::Nside;
use arcmin_sphere::harmonics::{Alm, HarmonicTransform, RingRegion};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn harmonics(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("harmonics");
    group.sample_size(10);
    for n in [512, 2048] {
        let region = RingRegion::full_sky(Nside::new(n).expect("a power of two"));
        let transform = HarmonicTransform::new(region, 2 * n as usize).expect("the grid resolves 2 nside");
        let mut alm = Alm::zeros(transform.lmax());
        alm.values_mut().iter_mut().enumerate().for_each(|(i, a)| a.re = (i * 7919 % 1009) as f64 / 1009.0 - 0.5);
        let mut map = vec![0f32; transform.region().n_pixels()];
        transform.synthesise(&alm, &mut map);
        let mean_square = map.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / map.len() as f64;
        let ratio = mean_square / alm.mean_square();
        assert!((ratio - 1.0).abs() < 0.1, "the map's mean square is {ratio} of its coefficients'");
        group.throughput(Throughput::Elements(map.len() as u64));
        group.bench_function(BenchmarkId::new("synthesis", n), |b| b.iter(|| transform.synthesise(&alm, &mut map)));
        group.bench_function(BenchmarkId::new("analysis", n), |b| b.iter(|| transform.analyse(&map, 0)));
    }
    group.finish();
}

criterion_group!(benches, harmonics);
criterion_main!(benches);
