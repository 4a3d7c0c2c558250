//! The smooth edge that map makers give to source holes, measured and divided out.
//!
//! A hole that was cut with a smooth edge is surrounded by pixels that look valid but hold a faded sky: clusters there
//! are lost, and the map is not stationary. Where the typical amplitude of the map falls towards the holes, the ratio
//! to that far from holes is taken as the gain, a function of the distance from the hole, and divided out; pixels with
//! a gain below `GAIN_MIN` are masked. A map whose holes have sharp edges shows no such fall and is left alone.
//! Derived here; the tests of the real map say what it brings.

use crate::footprint::{Footprint, PixelClass};

use arcmin_maps::{Components, Mask, Neighbours, Observation};

/// Smaller holes are dead pixels rather than masked sources.
const HOLE_MIN_ARCMIN2: f64 = 5.0;
/// Where the amplitude far from holes begins, and how far the gain is followed.
const FAR_ARCMIN: f64 = 10.0;
/// Below this gain a pixel is masked: the error of the gain itself would dominate.
const GAIN_MIN: f32 = 0.1;
/// Holes have a smooth edge when the gain of the innermost ring is below this.
const TAPERED_BELOW: f32 = 0.5;
/// Fewest pixels from which a ring's amplitude is taken.
const RING_MIN: usize = 200;

/// Gains near holes.
#[derive(Clone, Debug)]
pub struct HoleTaper {
    /// Distance of each pixel from the nearest source hole, in pixels.
    distance: Vec<f32>,
    /// Gain of each band in rings one pixel wide, never falling outwards; one beyond the last.
    gains: Vec<Vec<f32>>,
}

impl HoleTaper {
    /// Measures the gains; `None` when there are no source holes or their edges are sharp.
    pub fn measure(observation: &Observation, footprint: &Footprint) -> Option<Self> {
        let pixel_arcmin = observation.geometry().pixel_size().to_arcmin().value();
        let is_source_hole = source_holes(footprint, HOLE_MIN_ARCMIN2 / (pixel_arcmin * pixel_arcmin))?;
        let distance = footprint.distance_to(|i| is_source_hole[i]);
        let n_rings = (FAR_ARCMIN / pixel_arcmin).ceil() as usize;
        let mut gains = Vec::with_capacity(observation.bands().len());
        for band in observation.bands() {
            gains.push(ring_gains(band.map.pixels(), footprint, &distance, n_rings, FAR_ARCMIN / pixel_arcmin)?);
        }
        let tapered = gains.iter().any(|gain| gain[1.min(gain.len() - 1)] < TAPERED_BELOW);
        tapered.then_some(Self { distance, gains })
    }

    /// Gain of a band at a pixel.
    pub fn gain(&self, band: usize, pixel: usize) -> f32 {
        let gains = &self.gains[band];
        // Ring i holds distances in [i + 1/2, i + 3/2).
        let at = self.distance[pixel] - 1.0;
        if at <= 0.0 {
            return gains[0];
        }
        let ring = at as usize;
        let gain = |i: usize| gains.get(i).copied().unwrap_or(1.0);
        gain(ring) + (gain(ring + 1) - gain(ring)) * (at - ring as f32)
    }

    /// The mask without the pixels whose gain, in any band, is too low to be divided out.
    pub fn tighten(&self, mask: &Mask) -> Mask {
        let mut tight = mask.clone();
        for (pixel, valid) in tight.valid_mut().iter_mut().enumerate() {
            *valid &= (0..self.gains.len()).all(|band| self.gain(band, pixel) >= GAIN_MIN);
        }
        tight
    }
}

/// Holes of at least `min_pixels`, `None` when there is none.
fn source_holes(footprint: &Footprint, min_pixels: f64) -> Option<Vec<bool>> {
    let is_hole: Vec<bool> = footprint.classes().iter().map(|&class| class == PixelClass::Hole).collect();
    let components = Components::label(footprint.shape(), &is_hole, Neighbours::Four);
    let is_large = |label: u32| label > 0 && components.regions()[label as usize - 1].n_pixels as f64 >= min_pixels;
    let is_source: Vec<bool> = components.labels().iter().map(|&label| is_large(label)).collect();
    is_source.contains(&true).then_some(is_source)
}

/// Median absolute value in rings around the holes over that far away, made to rise outwards.
fn ring_gains(pixels: &[f32], footprint: &Footprint, distance: &[f32], n_rings: usize, far: f64) -> Option<Vec<f32>> {
    let mut rings = vec![Vec::new(); n_rings];
    let mut beyond = Vec::new();
    for (i, &value) in pixels.iter().enumerate() {
        if footprint.classes()[i] != PixelClass::Valid || f64::from(footprint.border_distance(i)) < 2.0 * far {
            continue;
        }
        match rings.get_mut((distance[i] - 0.5).max(0.0) as usize) {
            Some(ring) => ring.push(value.abs()),
            None => beyond.push(value.abs()),
        }
    }
    let level = median(beyond).filter(|&level| level > 0.0)?;
    let mut gains: Vec<f32> =
        rings.into_iter().map(|ring| median(ring).map_or(1.0, |m| (m / level).min(1.0))).collect();
    for ring in (0..gains.len().saturating_sub(1)).rev() {
        gains[ring] = gains[ring].min(gains[ring + 1]);
    }
    Some(gains)
}

fn median(mut values: Vec<f32>) -> Option<f32> {
    if values.len() < RING_MIN {
        return None;
    }
    let middle = values.len() / 2;
    Some(*values.select_nth_unstable_by(middle, f32::total_cmp).1)
}
