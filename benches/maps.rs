//! Reading a released map: 1560 x 1560 pixels, plain and gzip'd FITS.

use arcmin_maps::file::{ReadOptions, read_map, write_map};
use arcmin_maps::{Geometry, Map, Shape};
use arcmin_units::{Arcmin, ComptonY, SkyPosition};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const SIDE: usize = 1560;

fn read(criterion: &mut Criterion) {
    let centre = SkyPosition::from_deg(352.5, -55.0).expect("a position on the sky");
    let geometry = Geometry::tile(centre, Shape { ny: SIDE, nx: SIDE }, Arcmin::new(0.5)).expect("a small tile");
    let pixel = |i: usize| ((i * 31 % 1_000_003 * 7919 % 1009) as f32 / 1009.0 - 0.5) * 1e-5;
    let map: Map<ComptonY> = Map::new(geometry, (0..SIDE * SIDE).map(pixel).collect()).expect("one value a pixel");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut group = criterion.benchmark_group("read a map");
    group.throughput(Throughput::Elements((SIDE * SIDE) as u64)).sample_size(20);
    for name in ["plain.fits", "packed.fits.gz"] {
        let path = folder.path().join(name);
        write_map(&path, &map).expect("the folder can be written");
        group.bench_function(name, |b| b.iter(|| read_map(&path, &ReadOptions::default()).expect("our own file")));
    }
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);
