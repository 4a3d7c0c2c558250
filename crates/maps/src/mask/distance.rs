//! Distances to the edge of a mask: erosion, dilation and tapers.

use super::Mask;
use crate::{Shape, Weights};
use arcmin_units::Arcmin;
use rayon::prelude::*;
use std::f64::consts::PI;

/// What lies beyond the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// Invalid pixels: the border of the image is an edge.
    Invalid,
    /// Nothing that counts: the border of the image is no edge.
    Ignored,
}

impl Mask {
    /// Distance in pixels from each pixel's centre to that of the nearest invalid pixel, `[y, x]`: zero for invalid
    /// pixels, infinite when there is none.
    ///
    /// Exact and Euclidean, in time that grows with the pixels (MRH00).
    pub fn distance_to_invalid(&self, outside: Outside) -> Vec<f32> {
        let targets: Vec<bool> = self.valid().iter().map(|v| !v).collect();
        distance_to(self.geometry().shape(), &targets, outside)
    }

    /// Valid pixels that lie farther than `radius` from every invalid one.
    ///
    /// The radius is counted in pixels of the size at the image's centre, taken as square.
    pub fn eroded(&self, radius: Arcmin, outside: Outside) -> Self {
        let radius_pixels = self.in_pixels(radius);
        let distance = self.distance_to_invalid(outside);
        self.with_valid(distance.iter().map(|d| *d > radius_pixels).collect())
    }

    /// All pixels within `radius` of a valid one.
    ///
    /// The radius is counted in pixels of the size at the image's centre, taken as square.
    pub fn dilated(&self, radius: Arcmin) -> Self {
        let radius_pixels = self.in_pixels(radius);
        let distance = distance_to(self.geometry().shape(), self.valid(), Outside::Ignored);
        self.with_valid(distance.iter().map(|d| *d <= radius_pixels).collect())
    }

    /// Weights that rise from zero at the mask's edge to one at `width` inside: `w = [1 - cos(pi d / width)] / 2`
    /// (Hann), with `d` the distance to the nearest invalid pixel.
    ///
    /// A width of zero gives the mask itself. The width is counted in pixels as in [`eroded`](Self::eroded).
    pub fn hann_taper(&self, width: Arcmin, outside: Outside) -> Weights {
        let width_pixels = self.in_pixels(width);
        let weight = |d: &f32| match *d {
            0.0 => 0.0,
            d if d < width_pixels => (0.5 - 0.5 * (PI * f64::from(d) / f64::from(width_pixels)).cos()) as f32,
            _ => 1.0,
        };
        let weights = self.distance_to_invalid(outside).par_iter().map(weight).collect();
        Weights::new(self.geometry().clone(), weights)
            .expect("the distances have the mask's shape and weights lie in 0..1")
    }

    fn in_pixels(&self, radius: Arcmin) -> f32 {
        let geometry = self.geometry();
        let area_sr = geometry.pixel_area_sr_at(geometry.shape().centre()).unwrap_or(geometry.pixel_area_sr());
        (radius.to_rad().value() / area_sr.sqrt()) as f32
    }

    fn with_valid(&self, valid: Vec<bool>) -> Self {
        Self::new(self.geometry().clone(), valid).expect("the flags have the mask's shape")
    }
}

/// Distance in pixels to the nearest target.
fn distance_to(shape: Shape, targets: &[bool], outside: Outside) -> Vec<f32> {
    let Shape { ny, nx } = shape;
    let columns = distance_along_columns(shape, targets);
    let mut distance = vec![0.0_f32; shape.n_pixels()];
    distance.par_chunks_mut(nx).zip(columns.par_chunks(nx)).enumerate().for_each(|(y, (out, along_y))| {
        let mut squared = vec![u64::MAX; nx];
        combine_row(along_y, &mut squared);
        for (x, (out, squared)) in out.iter_mut().zip(squared).enumerate() {
            let to_border = (x + 1).min(nx - x).min(y + 1).min(ny - y) as u64;
            *out = match (outside, squared) {
                (Outside::Invalid, squared) => (squared.min(to_border * to_border) as f64).sqrt() as f32,
                (Outside::Ignored, u64::MAX) => f32::INFINITY,
                (Outside::Ignored, squared) => (squared as f64).sqrt() as f32,
            };
        }
    });
    distance
}

/// Marks a column without any target.
const NONE: u32 = u32::MAX;

/// Distance to the nearest target in the same column.
fn distance_along_columns(shape: Shape, targets: &[bool]) -> Vec<u32> {
    let Shape { ny, nx } = shape;
    let mut distance: Vec<u32> = targets.iter().map(|t| if *t { 0 } else { NONE }).collect();
    let step = |from: &[u32], to: &mut [u32]| {
        from.iter().zip(to).for_each(|(from, to)| *to = (*to).min(from.saturating_add(1)));
    };
    for y in 1..ny {
        let (above, here) = distance.split_at_mut(y * nx);
        step(&above[(y - 1) * nx..], &mut here[..nx]);
    }
    for y in (1..ny).rev() {
        let (here, below) = distance.split_at_mut(y * nx);
        step(&below[..nx], &mut here[(y - 1) * nx..]);
    }
    distance
}

/// Lower envelope of the parabolas `(x - i)^2 + along_y[i]^2`; leaves `squared` alone when no column has a target.
fn combine_row(along_y: &[u32], squared: &mut [u64]) {
    // Each entry is a parabola's column and the first x at which it is the lowest.
    let mut envelope: Vec<(usize, usize)> = Vec::with_capacity(along_y.len());
    let height = |i: usize| i64::from(along_y[i]).pow(2);
    let value = |x: usize, i: usize| (x as i64 - i as i64).pow(2) + height(i);
    for i in (0..along_y.len()).filter(|&i| along_y[i] != NONE) {
        while envelope.last().is_some_and(|&(j, first)| value(first, j) > value(first, i)) {
            envelope.pop();
        }
        let Some(&(j, _)) = envelope.last() else {
            envelope.push((i, 0));
            continue;
        };
        // Parabola i is strictly below j from the first integer beyond their crossing.
        let (a, b) = (i as i64, j as i64);
        let crossing = (a * a - b * b + height(i) - height(j)).div_euclid(2 * (a - b)) + 1;
        if crossing < along_y.len() as i64 {
            envelope.push((i, crossing.max(0) as usize));
        }
    }
    for (k, &(i, first)) in envelope.iter().enumerate() {
        let end = envelope.get(k + 1).map_or(along_y.len(), |next| next.1);
        (first..end).for_each(|x| squared[x] = value(x, i) as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Geometry;
    use arcmin_units::SkyPosition;
    use proptest::prelude::*;

    fn mask(shape: Shape, valid: Vec<bool>) -> Mask {
        let centre = SkyPosition::from_deg(0.0, 0.0).unwrap();
        Mask::new(Geometry::tile(centre, shape, Arcmin::new(0.5)).unwrap(), valid).unwrap()
    }

    /// The obvious twin: look at every invalid pixel, and at those just outside the image.
    fn brute(mask: &Mask, outside: Outside) -> Vec<f32> {
        let Shape { ny, nx } = mask.geometry().shape();
        let margin = i64::from(outside == Outside::Invalid);
        let mut targets = Vec::new();
        for (y, x) in (-margin..ny as i64 + margin).flat_map(|y| (-margin..nx as i64 + margin).map(move |x| (y, x))) {
            let inside = x >= 0 && y >= 0 && x < nx as i64 && y < ny as i64;
            if !inside || !mask.valid()[y as usize * nx + x as usize] {
                targets.push((y, x));
            }
        }
        let nearest = |(y, x): (i64, i64)| targets.iter().map(|(v, u)| (y - v).pow(2) + (x - u).pow(2)).min();
        let pixels = (0..ny as i64).flat_map(|y| (0..nx as i64).map(move |x| (y, x)));
        pixels.map(|p| nearest(p).map_or(f32::INFINITY, |d2| (d2 as f64).sqrt() as f32)).collect()
    }

    proptest! {
        #[test]
        fn distances_equal_those_by_brute_force(
            nx in 1_usize..24, ny in 1_usize..24, bits in prop::collection::vec(0..40, 576), n_invalid in 0..20,
        ) {
            let valid = bits[..nx * ny].iter().map(|b| *b >= n_invalid).collect();
            let mask = mask(Shape { ny, nx }, valid);
            for outside in [Outside::Invalid, Outside::Ignored] {
                prop_assert_eq!(mask.distance_to_invalid(outside), brute(&mask, outside));
            }
        }
    }

    fn disc() -> Mask {
        let shape = Shape { ny: 61, nx: 61 };
        let inside = |i: usize| ((i % 61) as f64 - 30.0).hypot((i / 61) as f64 - 30.0) <= 20.0;
        mask(shape, (0..shape.n_pixels()).map(inside).collect())
    }

    #[test]
    fn dilation_is_erosion_of_the_complement() {
        let radius = Arcmin::new(2.25);
        let eroded_complement = disc().inverted().eroded(radius, Outside::Ignored);
        assert_eq!(disc().dilated(radius), eroded_complement.inverted());
        assert!(disc().eroded(radius, Outside::Invalid).n_valid() < disc().n_valid());
    }

    #[test]
    fn taper_rises_from_zero_outside_to_one_inside() {
        let half_plane = mask(Shape { ny: 61, nx: 61 }, (0..61 * 61).map(|i| i % 61 >= 10).collect());
        let weights = half_plane.hann_taper(Arcmin::new(5.0), Outside::Ignored);
        let row = &weights.values()[30 * 61..31 * 61];
        assert_eq!(row[9], 0.0);
        assert!(row[10] > 0.0 && row[10] < 0.03, "{}", row[10]);
        assert!(row[10..=20].is_sorted());
        assert_eq!(row[30], 1.0);
        assert!((row[14] - 0.5).abs() < 1e-6, "half way at half the width: {}", row[14]);
    }

    #[test]
    fn taper_without_width_is_the_mask() {
        let weights = disc().hann_taper(Arcmin::new(0.0), Outside::Invalid);
        assert!(weights.values().iter().zip(disc().valid()).all(|(w, v)| *w == f32::from(u8::from(*v))));
    }
}
