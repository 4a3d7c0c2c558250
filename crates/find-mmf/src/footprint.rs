//! Which pixels are observed, which are holes in the observed area, and how far the border is.

use arcmin_maps::{Components, Geometry, Mask, Neighbours, Outside, Region, Shape};

/// What a pixel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelClass {
    /// Observed.
    Valid,
    /// Masked, in a small region with observed pixels all around.
    Hole,
    /// Masked, and connected to the map's edge or to a large masked region.
    Outside,
}

/// The classes of all pixels and their distances from the outside.
#[derive(Clone, Debug)]
pub struct Footprint {
    geometry: Geometry,
    classes: Vec<PixelClass>,
    /// Distance in pixels to the nearest outside pixel; what lies beyond the image is outside.
    border_distance: Vec<f32>,
}

impl Footprint {
    /// Classifies the pixels of a mask; masked regions of up to `max_hole_pixels` that do not touch the edge are holes.
    pub fn new(mask: &Mask, max_hole_pixels: f64) -> Self {
        let geometry = mask.geometry();
        let masked: Vec<bool> = mask.valid().iter().map(|&v| !v).collect();
        let components = Components::label(geometry.shape(), &masked, Neighbours::Four);
        let class_of = |region: &Region| match region {
            region if region.touches_border || region.n_pixels as f64 > max_hole_pixels => PixelClass::Outside,
            _ => PixelClass::Hole,
        };
        let of_region: Vec<PixelClass> = components.regions().iter().map(class_of).collect();
        let class = |&label: &u32| if label == 0 { PixelClass::Valid } else { of_region[label as usize - 1] };
        let classes: Vec<PixelClass> = components.labels().iter().map(class).collect();
        let inside = flags(geometry, classes.iter().map(|&class| class != PixelClass::Outside));
        let border_distance = inside.distance_to_invalid(Outside::Invalid);
        Self { geometry: geometry.clone(), classes, border_distance }
    }

    /// Distance in pixels of every pixel to the nearest of the chosen ones, zero for those; infinite without any.
    pub fn distance_to(&self, is_chosen: impl Fn(usize) -> bool) -> Vec<f32> {
        let rest = flags(&self.geometry, (0..self.classes.len()).map(|i| !is_chosen(i)));
        rest.distance_to_invalid(Outside::Ignored)
    }

    /// Number of rows and columns.
    pub fn shape(&self) -> Shape {
        self.geometry.shape()
    }

    /// Class of each pixel.
    pub fn classes(&self) -> &[PixelClass] {
        &self.classes
    }

    /// Distance in pixels of a pixel's centre from the border of the observed area.
    pub fn border_distance(&self, pixel: usize) -> f32 {
        self.border_distance[pixel] - 0.5
    }

    /// True where a search looks: at least `border` pixels inside, and no deeper than `reach` pixels in a hole.
    pub fn searched(&self, border: f64, reach: f64) -> Vec<bool> {
        let is_valid = |i: usize| self.classes[i] == PixelClass::Valid;
        let has_holes = self.classes.contains(&PixelClass::Hole);
        let depth = has_holes.then(|| self.distance_to(is_valid));
        let inside = |i: usize| match self.classes[i] {
            PixelClass::Outside => false,
            _ if f64::from(self.border_distance(i)) < border => false,
            PixelClass::Valid => true,
            PixelClass::Hole => depth.as_ref().is_some_and(|depth| f64::from(depth[i]) <= reach),
        };
        (0..self.classes.len()).map(inside).collect()
    }

    /// True when a hole lies within `radius` pixels of a position.
    pub fn hole_within(&self, x: f64, y: f64, radius: f64) -> bool {
        let range = |at: f64, n: usize| {
            let first = (at - radius).ceil().max(0.0) as usize;
            first..((at + radius).floor().max(-1.0) + 1.0).min(n as f64) as usize
        };
        range(y, self.shape().ny).any(|j| {
            range(x, self.shape().nx).any(|i| {
                let near = (i as f64 - x).hypot(j as f64 - y) <= radius;
                near && self.classes[j * self.shape().nx + i] == PixelClass::Hole
            })
        })
    }
}

fn flags(geometry: &Geometry, valid: impl Iterator<Item = bool>) -> Mask {
    Mask::new(geometry.clone(), valid.collect()).expect("one flag a pixel")
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_units::{Arcmin, SkyPosition};

    #[test]
    fn holes_are_told_from_the_outside() {
        let shape = Shape { ny: 20, nx: 30 };
        let centre = SkyPosition::from_deg(0.0, 0.0).unwrap();
        let mut mask = Mask::all_valid(Geometry::tile(centre, shape, Arcmin::new(0.5)).unwrap());
        let valid = mask.valid_mut();
        for y in 0..20 {
            valid[y * 30] = false;
        }
        for (y, x) in [(8, 8), (8, 9), (9, 8), (9, 9), (15, 20)] {
            valid[y * 30 + x] = false;
        }
        let footprint = Footprint::new(&mask, 3.0);
        let class = |y: usize, x: usize| footprint.classes()[y * 30 + x];
        assert_eq!(class(3, 0), PixelClass::Outside, "touches the edge");
        assert_eq!(class(8, 8), PixelClass::Outside, "too large for a hole");
        assert_eq!(class(15, 20), PixelClass::Hole);
        assert_eq!(class(15, 21), PixelClass::Valid);
        assert_eq!(footprint.border_distance(10 * 30 + 3), 2.5);
        let searched = footprint.searched(3.0, 1.0);
        assert!(searched[15 * 30 + 20] && !searched[0] && !searched[10 * 30 + 10] && searched[10 * 30 + 14]);
    }
}
