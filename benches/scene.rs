//! Simulating one tile of 2048 x 2048 pixels in three bands, and its parts.

#[path = "peers/painted_haloes.rs"]
mod painted_haloes;

use arcmin_scene::{Haloes, SceneConfig, Simulator, Split};
use criterion::{Criterion, criterion_group, criterion_main};
use std::time::Duration;

/// The sky that `cargo xtask run deepsz` searches.
const EXPERIMENT: &str = include_str!("../xtask/experiments/deepsz.toml");

/// That sky, of these components alone where they are given.
fn simulator(components: Option<&[&str]>) -> Simulator {
    let experiment: toml::Table = EXPERIMENT.parse().expect("the experiment is TOML");
    let mut sky = experiment["settings"]["scene"].as_table().expect("the experiment has a sky").clone();
    sky.insert("seed".into(), 1.into());
    if let Some(components) = components {
        sky.insert("components".into(), components.to_vec().into());
    }
    let config: SceneConfig = sky.try_into().expect("the experiment's sky parses");
    Simulator::new(config.check().expect("a sky")).expect("a simulator")
}

fn scenes(c: &mut Criterion) {
    let mut group = c.benchmark_group("scene_2048_3bands");
    group.sample_size(10).measurement_time(Duration::from_secs(20));
    let scene = |simulator: &Simulator| simulator.scene(Split::Test, 0, Haloes::Drawn).expect("a scene");
    let all = simulator(None);
    group.bench_function("all", |b| b.iter(|| scene(&all)));
    group.bench_function("clustered_haloes", |b| b.iter(|| all.drawn_haloes(Split::Test, 0).expect("haloes")));
    let cmb_tsz = simulator(Some(&["cmb", "tsz", "noise"]));
    group.bench_function("cmb_tsz_noise", |b| b.iter(|| scene(&cmb_tsz)));
    let sky = painted_haloes::Sky::new(2048).expect("a sky of haloes");
    group.bench_function("painting_20000_haloes", |b| b.iter(|| sky.paint().expect("an image")));
    group.finish();
}

criterion_group!(benches, scenes);
criterion_main!(benches);
