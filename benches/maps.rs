//! Reading a released map, 1560 x 1560 pixels, plain and gzip'd FITS; cutting sources out of a mask.

use arcmin_maps::file::{ReadOptions, read_map, write_map};
use arcmin_maps::{Disc, Geometry, Map, Mask, PixelPosition, Shape};
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

/// Sources of 3' over a tile of 2048 x 2048 pixels: one, as many as a survey masks, and as many as its catalogue lists.
fn discs(criterion: &mut Criterion) {
    let centre = SkyPosition::from_deg(352.5, -55.0).expect("a position on the sky");
    let shape = Shape { ny: 2048, nx: 2048 };
    let geometry = Geometry::tile(centre, shape, Arcmin::new(0.25)).expect("a small tile");
    let disc = |i: usize| {
        let p = PixelPosition { x: (i * 7919 % 2048) as f64, y: (i * 104_729 % 2048) as f64 };
        Disc { centre: geometry.pix_to_sky(p).expect("a pixel of a TAN image"), radius: Arcmin::new(3.0) }
    };
    let mut group = criterion.benchmark_group("cut discs out of a mask");
    group.sample_size(20);
    for n in [1, 100, 3000] {
        let discs: Vec<_> = (0..n).map(disc).collect();
        let all = Mask::all_valid(geometry.clone());
        group.bench_function(n.to_string(), |b| b.iter(|| all.clone().without_discs(&discs)));
    }
    group.finish();
}

criterion_group!(benches, read, discs);
criterion_main!(benches);
