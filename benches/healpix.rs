//! HEALPix: pixels of 1e7 positions, weights, and cutout-like reads of maps in either order.

use arcmin_maps::healpix::HealpixPixels;
use arcmin_maps::{HealpixMap, Interpolation};
use arcmin_sphere::healpix::{Healpix, Nside};
use arcmin_units::{Frame, MicroKelvinCmb, Radian, SkyPosition};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::f64::consts::TAU;

const N_POSITIONS: usize = 10_000_000;

/// Positions all over the sky.
fn scattered(n: usize) -> Vec<SkyPosition> {
    let position = |i: usize| {
        let z = 1.0 - 2.0 * (((i * 7919 % 1_000_003) as f64 + 0.5) / 1_000_003.0);
        let lon = TAU * (((i * 104_729 % 1_000_033) as f64 + 0.5) / 1_000_033.0);
        SkyPosition::new(Radian::new(lon), Radian::new(z.asin())).expect("a position on the sky")
    };
    (0..n).map(position).collect()
}

/// Positions in squares of 32 x 32 pixels of 0.25 arcmin around scattered centres, as cutouts take them.
fn squares(n: usize) -> Vec<SkyPosition> {
    let step = f64::to_radians(0.25 / 60.0);
    let of_square = |centre: SkyPosition| {
        let cos = centre.lat().value().cos().max(1e-3);
        (0..32 * 32).map(move |i| {
            let [x, y] = [i % 32, i / 32].map(|k| (f64::from(k) - 15.5) * step);
            let lat = (centre.lat().value() + y).clamp(-1.57, 1.57);
            SkyPosition::new(Radian::new(centre.lon().value() + x / cos), Radian::new(lat)).expect("on the sky")
        })
    };
    scattered(n).into_iter().flat_map(of_square).collect()
}

fn indices(criterion: &mut Criterion) {
    let nside = Nside::new(8192).expect("a resolution");
    let (ring, nested) = (Healpix::ring(nside), Healpix::nested(nside).expect("a power of two"));
    let positions = scattered(N_POSITIONS);
    let mut group = criterion.benchmark_group("healpix nside 8192");
    group.sample_size(10).throughput(Throughput::Elements(N_POSITIONS as u64));
    group.bench_function("pixels in ring order", |b| b.iter(|| ring.pixels_at_all(&positions)));
    group.bench_function("pixels in nested order", |b| b.iter(|| nested.pixels_at_all(&positions)));
    let positions = &positions[..N_POSITIONS / 10];
    group.throughput(Throughput::Elements(positions.len() as u64));
    group.bench_function("bilinear weights in ring order", |b| b.iter(|| ring.bilinear_at_all(positions)));
    group.bench_function("bilinear weights in nested order", |b| b.iter(|| nested.bilinear_at_all(positions)));
    group.finish();
}

/// 201 million pixels, 805 MB: far beyond every cache.
fn values(criterion: &mut Criterion) {
    let grid = Healpix::ring(Nside::new(4096).expect("a resolution"));
    let values = (0..grid.n_pixels()).map(|i| (i % 1009) as f32).collect();
    let mut map = HealpixMap::<MicroKelvinCmb>::new(Frame::Galactic, HealpixPixels::full(grid, values).expect("full"));
    let positions = squares(1000);
    let mut group = criterion.benchmark_group("values of 1000 squares, nside 4096");
    group.sample_size(10).throughput(Throughput::Elements(positions.len() as u64));
    for order in ["ring", "nested"] {
        if order == "nested" {
            map = map.into_nested().expect("a power of two");
        }
        for (name, how) in [("nearest", Interpolation::Nearest), ("bilinear", Interpolation::Bilinear)] {
            group.bench_function(format!("{order} {name}"), |b| b.iter(|| map.sample(&positions, how)));
        }
    }
    group.finish();
}

criterion_group!(benches, indices, values);
criterion_main!(benches);
