//! The matched filter: twelve scales of three bands with the noise given, and a search with the noise measured.

#[path = "peers/matched_filter.rs"]
mod matched_filter;

use arcmin_find_mmf::{MatchedFilter, MatchedFilterConfig, Template};
use arcmin_maps::{Band, BandMap, Beam, Geometry, Map, Mask, Observation, Shape};
use arcmin_units::{Arcmin, Radian, SkyPosition};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const SIDE: usize = 2048;
/// Side of a released SPT map.
const SEARCH_SIDE: usize = 1560;

fn noise_given(criterion: &mut Criterion) {
    let maps = matched_filter::maps(SIDE);
    let best = matched_filter::run(&maps).expect("the noise is positive");
    assert!(best.snr.iter().all(|v| v.is_finite()) && best.scale.iter().any(|&scale| scale > 0));
    let mut group = criterion.benchmark_group("mmf");
    group.throughput(Throughput::Elements((SIDE * SIDE) as u64)).sample_size(10);
    group.bench_function("12 scales, 3 bands, noise given", |b| b.iter(|| matched_filter::run(&maps)));
    group.finish();
}

fn search(criterion: &mut Criterion) {
    let observation = y_observation();
    let filter = MatchedFilter::new(&MatchedFilterConfig::default()).expect("the default is valid");
    let found = filter.search(&observation).expect("the map has variance");
    assert!(!found.detections.candidates.is_empty(), "the injected clusters stand out");
    let mut group = criterion.benchmark_group("mmf");
    group.throughput(Throughput::Elements((SEARCH_SIDE * SEARCH_SIDE) as u64)).sample_size(10);
    group.bench_function("search, 1 y map, noise measured", |b| b.iter(|| filter.search(&observation)));
    group.finish();
}

/// Noise without structure, and clusters on a lattice.
fn y_observation() -> Observation {
    let n = SEARCH_SIDE;
    let centre = SkyPosition::from_deg(30.0, -20.0).expect("a position on the sky");
    let geometry = Geometry::tile(centre, Shape { ny: n, nx: n }, Arcmin::new(0.5)).expect("a small tile");
    let template = Template::beta(Arcmin::new(1.0));
    let from_lattice = |i: usize| (i % 312) as f64 - 156.0;
    let pixel = |i: usize| {
        let noise = ((i * 31 % 1_000_003 * 7919 % 1009) as f64 / 1009.0 - 0.5) * 1e-5;
        let theta = Radian::new(from_lattice(i % n).hypot(from_lattice(i / n)) * geometry.pixel_size().value());
        (noise + 3e-5 * template.at(theta)) as f32
    };
    let map = Map::new(geometry.clone(), (0..n * n).map(pixel).collect()).expect("one value a pixel");
    let band = Band { name: "y".to_owned(), beam: Beam::Delta, noise_arcmin: None, map: BandMap::ComptonY(map) };
    Observation::new(vec![band], Mask::all_valid(geometry)).expect("map and mask have one geometry")
}

criterion_group!(benches, noise_given, search);
criterion_main!(benches);
