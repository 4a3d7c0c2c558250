//! Clusters in a Compton-y map made in memory: white noise, a few clusters, a masked hole.
//!
//! `cargo run --release -p arcmin-find-mmf --example find_clusters`
#![allow(clippy::print_stdout)]

use arcmin_find_mmf::{MatchedFilter, MatchedFilterConfig, Template};
use arcmin_maps::{Band, BandMap, Beam, Geometry, Map, Mask, Observation, Shape};
use arcmin_units::{Arcmin, Radian, SkyPosition};
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

const SIDE: usize = 512;
const NOISE_Y_ARCMIN: f64 = 1e-6;
/// Column, row, central y, core radius in arcmin.
const CLUSTERS: [(f64, f64, f64, f64); 3] =
    [(150.0, 200.0, 3e-5, 0.5), (300.0, 320.0, 2e-5, 1.0), (400.0, 120.0, 1e-5, 1.5)];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let centre = SkyPosition::from_deg(352.5, -55.0).ok_or("not a position")?;
    let geometry = Geometry::tile(centre, Shape { ny: SIDE, nx: SIDE }, Arcmin::new(0.5))?;
    let map = Map::new(geometry.clone(), pixels(&geometry))?;
    let mut mask = Mask::all_valid(geometry.clone());
    for (i, valid) in mask.valid_mut().iter_mut().enumerate() {
        *valid = ((i % SIDE) as f64 - 310.0).hypot((i / SIDE) as f64 - 330.0) > 6.0;
    }
    let band = Band { name: "y".to_owned(), beam: Beam::Delta, noise_arcmin: None, map: BandMap::ComptonY(map) };
    let observation = Observation::new(vec![band], mask)?;
    let search = MatchedFilter::new(&MatchedFilterConfig::default())?.search(&observation)?;
    println!("searched {:.2} deg2", search.detections.searched.area_deg2());
    for candidate in search.detections.candidates.iter().filter(|c| c.score > 5.0) {
        let at = geometry.sky_to_pix(candidate.position).ok_or("off the map")?;
        let best = candidate.best.as_ref().ok_or("a matched filter measures sizes")?;
        let (y_c, template) = (best.y_c, &best.template);
        println!(
            "S/N {:5.1} at ({:5.1}, {:5.1}), y_c = ({:.2} +- {:.2})e-5, {template}, flags {}",
            candidate.score,
            at.x,
            at.y,
            1e5 * y_c.value,
            1e5 * y_c.error,
            candidate.flags
        );
    }
    Ok(())
}

fn pixels(geometry: &Geometry) -> Vec<f32> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let pixel_rad = geometry.pixel_size().value();
    let white = NOISE_Y_ARCMIN / geometry.pixel_size().to_arcmin().value();
    let mut pixel = |i: usize| {
        let noise: f64 = StandardNormal.sample(&mut rng);
        let signal = |&(x, y, y_c, core): &(f64, f64, f64, f64)| {
            let radius = ((i % SIDE) as f64 - x).hypot((i / SIDE) as f64 - y);
            y_c * Template::beta(Arcmin::new(core)).at(Radian::new(radius * pixel_rad))
        };
        (noise * white + CLUSTERS.iter().map(signal).sum::<f64>()) as f32
    };
    (0..geometry.shape().n_pixels()).map(&mut pixel).collect()
}
