//! Cutouts of 32 x 32 pixels: three bands off a tile of 2048 x 2048, and one band off a HEALPix map.

#[path = "peers/cutout_sky.rs"]
mod cutout_sky;

use arcmin_maps::cutouts::{CentrePixel, CutoutGrid, CutoutProjection, Cutter};
use arcmin_maps::{
    Band, BandMap, Beam, Catalogue, Geometry, Interpolation, Map, Mask, Observation, PixelPosition, Shape,
};
use arcmin_units::{Arcmin, Frame, Ghz, SkyPosition};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

const TILE_SIDE: usize = 2048;
const SIDE: usize = 32;
const N_CUTOUTS: usize = 10_000;
/// As many as make 1 GB of pixels would not stay in memory: they come in chunks.
const CHUNK: usize = 1024;
const NSIDE: u64 = 1024;

fn tile() -> Observation {
    let centre = SkyPosition::from_deg(30.0, -45.0).expect("a position");
    let shape = Shape { ny: TILE_SIDE, nx: TILE_SIDE };
    let geometry = Geometry::tile(centre, shape, Arcmin::new(0.25)).expect("a tile");
    let band = |k: usize| {
        let pixel = |i: usize| ((i * (31 + k) % 1_000_003 * 7919 % 1009) as f32 / 1009.0 - 0.5) * 100.0;
        let map = Map::new(geometry.clone(), (0..shape.n_pixels()).map(pixel).collect()).expect("one value a pixel");
        let map = BandMap::Temperature { nu: Ghz::new([90.0, 148.0, 219.0][k]), map };
        Band { name: k.to_string(), beam: Beam::Delta, noise_arcmin: None, map }
    };
    Observation::new((0..3).map(band).collect(), Mask::all_valid(geometry.clone())).expect("three bands")
}

/// Positions all over the tile.
fn positions(tile: &Observation) -> Catalogue {
    let side = TILE_SIDE as f64;
    let position = |k: usize| {
        let p = PixelPosition { x: k as f64 * 0.618_034 % 1.0 * side, y: (k as f64 + 0.5) / N_CUTOUTS as f64 * side };
        tile.geometry().pix_to_sky(p).expect("a tile shows sky")
    };
    Catalogue::new(&(0..N_CUTOUTS).map(position).collect::<Vec<_>>(), Frame::Equatorial)
}

fn consume(cutter: &Cutter<'_>, catalogue: &Catalogue) -> f32 {
    let chunks = cutter.chunks(catalogue, CHUNK).expect("positions inside");
    chunks.map(|chunk| black_box(chunk.pixels())[chunk.pixels().len() / 2]).sum()
}

fn from_tile(criterion: &mut Criterion) {
    let tile = tile();
    let catalogue = positions(&tile);
    let grid = CutoutGrid::new(CutoutProjection::Zea, SIDE, Arcmin::new(0.25)).expect("a grid");
    let cutters = [
        ("copied", Cutter::aligned(&tile, SIDE, CentrePixel::Middle).expect("a side above zero")),
        ("nearest", Cutter::new(&tile, grid, Interpolation::Nearest)),
        ("bilinear", Cutter::new(&tile, grid, Interpolation::Bilinear)),
    ];
    let mut group = criterion.benchmark_group("32x32x3 cutouts of a tile");
    group.throughput(Throughput::Elements(N_CUTOUTS as u64)).sample_size(10);
    for (name, cutter) in &cutters {
        group.bench_function(*name, |b| b.iter(|| consume(cutter, &catalogue)));
    }
    group.finish();
}

fn from_healpix(criterion: &mut Criterion) {
    let maps = cutout_sky::map(NSIDE).expect("a map");
    let catalogue = cutout_sky::centres(N_CUTOUTS);
    let mut group = criterion.benchmark_group("32x32 cutouts of a HEALPix map");
    group.throughput(Throughput::Elements(N_CUTOUTS as u64)).sample_size(10);
    for how in ["nearest", "bilinear"] {
        group.bench_function(how, |b| b.iter(|| cutout_sky::cut(&maps, how, &catalogue).expect("positions inside")));
    }
    group.finish();
}

criterion_group!(benches, from_tile, from_healpix);
criterion_main!(benches);
