//! Which pixels are observed, which are holes in the observed area, and how far the border is.

use crate::distance::{Beyond, distance_pixels};
use arcmin_maps::{Mask, Shape};

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
    shape: Shape,
    classes: Vec<PixelClass>,
    /// Distance in pixels to the nearest outside pixel; what lies beyond the image is outside.
    border_distance: Vec<f32>,
}

impl Footprint {
    /// Classifies the pixels of a mask; masked regions of up to `max_hole_pixels` that do not touch the edge are holes.
    pub fn new(mask: &Mask, max_hole_pixels: f64) -> Self {
        let shape = mask.geometry().shape();
        let mut classes: Vec<PixelClass> =
            mask.valid().iter().map(|&v| if v { PixelClass::Valid } else { PixelClass::Hole }).collect();
        let mut seen = vec![false; classes.len()];
        for start in 0..classes.len() {
            if classes[start] == PixelClass::Valid || seen[start] {
                continue;
            }
            let (region, touches_edge) = flood(shape, &classes, &mut seen, start);
            if touches_edge || region.len() as f64 > max_hole_pixels {
                region.iter().for_each(|&pixel| classes[pixel] = PixelClass::Outside);
            }
        }
        let is_outside = |i: usize| classes[i] == PixelClass::Outside;
        let border_distance = distance_pixels(shape, &is_outside, Beyond::InSet);
        Self { shape, classes, border_distance }
    }

    /// Number of rows and columns.
    pub fn shape(&self) -> Shape {
        self.shape
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
        let depth = has_holes.then(|| distance_pixels(self.shape, &is_valid, Beyond::NotInSet));
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
        range(y, self.shape.ny).any(|j| {
            range(x, self.shape.nx).any(|i| {
                let near = (i as f64 - x).hypot(j as f64 - y) <= radius;
                near && self.classes[j * self.shape.nx + i] == PixelClass::Hole
            })
        })
    }
}

/// The masked region (connected along sides) around a pixel, and whether it touches the image's edge.
fn flood(shape: Shape, classes: &[PixelClass], seen: &mut [bool], start: usize) -> (Vec<usize>, bool) {
    let Shape { ny, nx } = shape;
    let mut region = vec![start];
    seen[start] = true;
    let mut touches_edge = false;
    let mut next = 0;
    while let Some(&pixel) = region.get(next) {
        next += 1;
        let (x, y) = (pixel % nx, pixel / nx);
        if x == 0 || y == 0 || x + 1 == nx || y + 1 == ny {
            touches_edge = true;
        }
        let candidates = [
            (x > 0).then(|| pixel - 1),
            (x + 1 < nx).then(|| pixel + 1),
            (y > 0).then(|| pixel - nx),
            (y + 1 < ny).then(|| pixel + nx),
        ];
        for neighbour in candidates.into_iter().flatten() {
            if classes[neighbour] != PixelClass::Valid && !seen[neighbour] {
                seen[neighbour] = true;
                region.push(neighbour);
            }
        }
    }
    (region, touches_edge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_maps::Geometry;
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
