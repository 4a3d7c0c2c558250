//! The CMB of a tile lensed by its massive haloes: adding up the deflections, and moving the map.

#[path = "peers/halo_lensing.rs"]
mod halo_lensing;

use arcmin_scene::lensing::{Deflection, lens};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const SIDE: usize = 2048;

fn lensing(criterion: &mut Criterion) {
    let haloes = halo_lensing::haloes(SIDE).expect("haloes of positive mass");
    let taper = halo_lensing::taper().expect("a small angle");
    let (map, shape) = (halo_lensing::map(SIDE), halo_lensing::square(SIDE));
    let deflection = Deflection::of_haloes(shape, &haloes, &taper);
    assert!(deflection.x_pixels().iter().any(|alpha| *alpha > 0.5), "haloes of 8e14 Msun deflect by 1.6 pixels");
    let mut group = criterion.benchmark_group("lensing");
    group.throughput(Throughput::Elements((SIDE * SIDE) as u64)).sample_size(10);
    group.bench_function("deflection by 1800 haloes", |b| b.iter(|| Deflection::of_haloes(shape, &haloes, &taper)));
    group.bench_function("lens", |b| b.iter(|| lens(&map, &deflection)));
    group.finish();
}

criterion_group!(benches, lensing);
criterion_main!(benches);
