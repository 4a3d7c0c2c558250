//! The filter on a real Compton-y map, with the files that `ARCMIN_DATA` names; the map has no licence to be carried.
#![allow(clippy::print_stdout)] // A test that is skipped says so.

use arcmin_find_mmf::config::NoiseConfig;
use arcmin_find_mmf::footprint::Footprint;
use arcmin_find_mmf::{MatchedFilter, MatchedFilterConfig};
use arcmin_maps::file::{FileUnit, ReadOptions, read_map};
use arcmin_maps::{Beam, Catalogue, Map, Mask, Observation};
use arcmin_method::Detections;
use arcmin_units::{ComptonY, SkyPosition};
use std::path::Path;

/// What the public analysis of this map calls found: within 1.5 arcmin, above S/N 5.
const MATCH_ARCMIN: f64 = 1.5;
const SNR_FOUND: f64 = 5.0;
/// Clusters must lie this far inside the footprint.
const INSIDE_ARCMIN: f64 = 20.0;

fn observation(file: &Path) -> Observation {
    let options = ReadOptions { unit: Some(FileUnit::ComptonY), beam: Some(Beam::Delta), ..ReadOptions::default() };
    let band = read_map(file, &options).unwrap().into_band("y").unwrap();
    let geometry = band.map.geometry().clone();
    let valid = band.map.pixels().iter().map(|&v| v != 0.0).collect();
    Observation::new(vec![band], Mask::new(geometry, valid).unwrap()).unwrap()
}

fn search(observation: &Observation) -> Detections {
    MatchedFilter::new(&MatchedFilterConfig::default()).unwrap().search(observation).unwrap().detections
}

/// The same without following the noise from place to place.
fn one_level(observation: &Observation) -> Detections {
    let noise = NoiseConfig::Measured { iterations: 2, subtract_above_snr: 4.5, local_rms_arcmin: 0.0 };
    let config = MatchedFilterConfig { noise, ..MatchedFilterConfig::default() };
    MatchedFilter::new(&config).unwrap().search(observation).unwrap().detections
}

fn with_pixels(observation: &Observation, pixels: Vec<f32>) -> Observation {
    let geometry = observation.geometry().clone();
    let map = arcmin_maps::BandMap::ComptonY(Map::<ComptonY>::new(geometry, pixels).unwrap());
    let band = arcmin_maps::Band { map, ..observation.bands()[0].clone() };
    Observation::new(vec![band], observation.mask().clone()).unwrap()
}

/// Published clusters with redshift and significance above 5, well inside the footprint; true for those with an
/// unmasked centre.
fn published(catalogue: &Catalogue, mask: &Mask) -> Vec<(SkyPosition, bool)> {
    let geometry = mask.geometry();
    let pixel_arcmin = geometry.pixel_size().to_arcmin().value();
    let footprint = Footprint::new(mask, 1000.0 / (pixel_arcmin * pixel_arcmin));
    let (redshift, xi) = (catalogue.f64("redshift").unwrap(), catalogue.f64("xi").unwrap());
    let mut chosen: Vec<(SkyPosition, bool)> = Vec::new();
    let is_chosen = |&(i, _): &(usize, &SkyPosition)| redshift[i] > 0.0 && xi[i] > 5.0;
    for (_, &position) in catalogue.positions().iter().enumerate().filter(is_chosen) {
        let Some(pixel) = geometry.pixel_index(position) else { continue };
        let inside = f64::from(footprint.border_distance(pixel)) * pixel_arcmin >= INSIDE_ARCMIN;
        if inside && chosen.iter().all(|(other, _)| other.separation(position).to_arcmin().value() > 1.0) {
            chosen.push((position, mask.valid()[pixel]));
        }
    }
    chosen
}

fn is_found(detections: &Detections, position: SkyPosition) -> bool {
    let near = |c: &&arcmin_method::Candidate| c.position.separation(position).to_arcmin().value() < MATCH_ARCMIN;
    detections.candidates.iter().filter(near).any(|c| c.score > SNR_FOUND)
}

fn n_above(detections: &Detections, snr: f64) -> usize {
    detections.candidates.iter().filter(|c| c.score > snr).count()
}

#[test]
fn published_clusters_are_found_in_the_real_map() {
    let Some(folder) = std::env::var_os("ARCMIN_DATA") else {
        println!("skipped: ARCMIN_DATA is not set");
        return;
    };
    let data = Path::new(&folder).join("data");
    let maps = data.join("spt100d_ymap");
    let full = observation(&maps.join("ymv_full_proj0.fits"));
    let detections = search(&full);
    let clusters = published(&Catalogue::read(&data.join("spt_sz/SPT2500d.fits")).unwrap(), full.mask());
    let count = |open: bool| clusters.iter().filter(|c| c.1 == open).count();
    let found = |open: bool| clusters.iter().filter(|c| c.1 == open && is_found(&detections, c.0)).count();
    println!("open {} of {}, in holes {} of {}", found(true), count(true), found(false), count(false));
    println!("with one level of noise: {} above 5", n_above(&one_level(&full), 5.0));
    println!("{} above 5 in {:.1} deg2", n_above(&detections, 5.0), detections.searched.area_deg2());
    assert!(count(true) >= 15 && found(true) == count(true), "{} of {}", found(true), count(true));
    assert!(found(false) >= 1, "of {} in holes none was found", count(false));

    let negated = full.bands()[0].map.pixels().iter().map(|v| -v).collect();
    let n_negated = n_above(&search(&with_pixels(&full, negated)), 5.0);
    let half = |n: usize| observation(&maps.join(format!("ymv_half{n}_proj0_f32.fits")));
    let (one, two) = (half(1), half(2));
    let pairs = one.bands()[0].map.pixels().iter().zip(two.bands()[0].map.pixels());
    let difference: Vec<f32> = pairs.map(|(a, b)| (a - b) / 2.0).collect();
    let n_noise = n_above(&search(&with_pixels(&full, difference.clone())), 5.0);
    let n_one_level = n_above(&one_level(&with_pixels(&full, difference)), 5.0);
    println!("above 5: negated map {n_negated}, half-difference {n_noise} ({n_one_level} with one level of noise)");
    assert!(n_noise < 15 && n_noise < n_one_level / 2, "half-difference: {n_noise} above 5, {n_one_level}");
}
