//! Connected regions of pixels, and the holes of a footprint.

use super::{DEG2_PER_SR, Mask, pixel_area_sr};
use crate::Shape;

/// Which pixels touch each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbours {
    /// Those that share an edge.
    Four,
    /// Those that share an edge or a corner.
    Eight,
}

/// The connected regions of a set of pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Components {
    labels: Vec<u32>,
    regions: Vec<Region>,
}

/// One connected region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Number of its pixels.
    pub n_pixels: usize,
    /// True when one of them lies on the border of the image.
    pub touches_border: bool,
}

impl Components {
    /// Labels the connected regions of the `chosen` pixels `[y, x]`, in the order of their first pixels.
    ///
    /// Two passes with a union-find of provisional labels (RP66): time grows with the pixels.
    ///
    /// # Panics
    /// When the flags do not fit the shape.
    pub fn label(shape: Shape, chosen: &[bool], neighbours: Neighbours) -> Self {
        assert_eq!(chosen.len(), shape.n_pixels(), "one flag a pixel");
        let mut labels = vec![0_u32; chosen.len()];
        let mut parents = vec![0_u32];
        for i in (0..chosen.len()).filter(|&i| chosen[i]) {
            let mut label = 0;
            for j in before(i, shape.nx, neighbours).into_iter().flatten().filter(|&j| chosen[j]) {
                label = if label == 0 { labels[j] } else { join(&mut parents, label, labels[j]) };
            }
            if label == 0 {
                label = parents.len() as u32;
                parents.push(label);
            }
            labels[i] = label;
        }
        Self::renumbered(shape, labels, parents)
    }

    /// Replaces provisional labels by final ones, 1 upwards without gaps, and counts the regions' pixels.
    fn renumbered(shape: Shape, mut labels: Vec<u32>, mut parents: Vec<u32>) -> Self {
        let mut finals = vec![0_u32; parents.len()];
        let mut regions: Vec<Region> = Vec::new();
        for (i, label) in labels.iter_mut().enumerate().filter(|(_, label)| **label != 0) {
            let root = root(&mut parents, *label) as usize;
            if finals[root] == 0 {
                regions.push(Region { n_pixels: 0, touches_border: false });
                finals[root] = regions.len() as u32;
            }
            *label = finals[root];
            let region = &mut regions[finals[root] as usize - 1];
            let (x, y) = (i % shape.nx, i / shape.nx);
            region.n_pixels += 1;
            region.touches_border |= x == 0 || y == 0 || x + 1 == shape.nx || y + 1 == shape.ny;
        }
        Self { labels, regions }
    }

    /// Number of its region for each pixel `[y, x]`, from 1; zero for pixels that were not chosen.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// The regions; the first has label 1.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }
}

/// The neighbours of pixel `i` that come before it.
fn before(i: usize, nx: usize, neighbours: Neighbours) -> [Option<usize>; 4] {
    let (left, up) = (!i.is_multiple_of(nx), i >= nx);
    let (right, corners) = (!(i + 1).is_multiple_of(nx), neighbours == Neighbours::Eight);
    [
        left.then(|| i - 1),
        up.then(|| i - nx),
        (corners && up && left).then(|| i - nx - 1),
        (corners && up && right).then(|| i - nx + 1),
    ]
}

fn root(parents: &mut [u32], label: u32) -> u32 {
    let mut node = label;
    while parents[node as usize] != node {
        let above = parents[parents[node as usize] as usize];
        parents[node as usize] = above;
        node = above;
    }
    node
}

/// Joins the sets of two labels and returns the smaller root.
fn join(parents: &mut [u32], a: u32, b: u32) -> u32 {
    let (a, b) = (root(parents, a), root(parents, b));
    let (low, high) = (a.min(b), a.max(b));
    parents[high as usize] = low;
    low
}

impl Mask {
    /// The connected regions of valid pixels.
    pub fn valid_components(&self, neighbours: Neighbours) -> Components {
        Components::label(self.geometry().shape(), self.valid(), neighbours)
    }

    /// The invalid pixels that valid ones enclose, as flags `[y, x]`, in holes of at most `max_area_deg2`.
    ///
    /// A hole is a region of invalid pixels, joined by their edges, that does not reach the border of the image: the
    /// place of a masked source, unlike the outside of a survey. Give infinity to have holes of any size.
    pub fn enclosed_holes(&self, max_area_deg2: f64) -> Vec<bool> {
        let invalid: Vec<bool> = self.valid().iter().map(|v| !v).collect();
        let components = Components::label(self.geometry().shape(), &invalid, Neighbours::Four);
        let mut area_sr = vec![0.0; components.regions.len()];
        for (i, &label) in components.labels.iter().enumerate().filter(|(_, label)| **label != 0) {
            let nx = self.geometry().shape().nx;
            area_sr[label as usize - 1] += pixel_area_sr(self.geometry(), i % nx, i / nx);
        }
        let is_hole: Vec<bool> = std::iter::zip(&components.regions, &area_sr)
            .map(|(region, area)| !region.touches_border && area * DEG2_PER_SR <= max_area_deg2)
            .collect();
        components.labels.iter().map(|&label| label != 0 && is_hole[label as usize - 1]).collect()
    }

    /// The mask with its [`enclosed_holes`](Self::enclosed_holes) made valid: the footprint of a survey.
    pub fn with_holes_closed(&self, max_area_deg2: f64) -> Self {
        let holes = self.enclosed_holes(max_area_deg2);
        let mut closed = self.clone();
        closed.valid_mut().iter_mut().zip(holes).for_each(|(valid, hole)| *valid |= hole);
        closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Geometry;
    use arcmin_units::{Arcmin, SkyPosition};
    use proptest::prelude::*;

    /// The obvious twin: a flood fill from each pixel that has no label yet.
    fn flood(shape: Shape, chosen: &[bool], neighbours: Neighbours) -> Vec<u32> {
        let mut labels = vec![0; chosen.len()];
        let mut next = 0;
        for start in 0..chosen.len() {
            if !chosen[start] || labels[start] != 0 {
                continue;
            }
            next += 1;
            let mut stack = vec![start];
            while let Some(i) = stack.pop() {
                labels[i] = next;
                let (x, y) = ((i % shape.nx) as i64, (i / shape.nx) as i64);
                for (dx, dy) in (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dx, dy))) {
                    let (u, v) = (x + dx, y + dy);
                    let edge = dx == 0 || dy == 0 || neighbours == Neighbours::Eight;
                    if edge && u >= 0 && v >= 0 && u < shape.nx as i64 && v < shape.ny as i64 {
                        let j = v as usize * shape.nx + u as usize;
                        if chosen[j] && labels[j] == 0 {
                            stack.push(j);
                        }
                    }
                }
            }
        }
        labels
    }

    proptest! {
        #[test]
        fn labels_equal_a_flood_fill(nx in 1_usize..20, ny in 1_usize..20, bits in prop::collection::vec(0..10, 400), fill in 2..9) {
            let shape = Shape { ny, nx };
            let chosen: Vec<bool> = bits[..nx * ny].iter().map(|b| *b < fill).collect();
            for neighbours in [Neighbours::Four, Neighbours::Eight] {
                let components = Components::label(shape, &chosen, neighbours);
                let expected = flood(shape, &chosen, neighbours);
                prop_assert_eq!(components.labels(), &expected[..]);
                for (idx, region) in components.regions().iter().enumerate() {
                    prop_assert_eq!(region.n_pixels, expected.iter().filter(|l| **l as usize == idx + 1).count());
                }
            }
        }
    }

    #[test]
    fn holes_are_closed_up_to_their_area_and_the_outside_stays_open() {
        let picture = [
            "..........", //
            ".########.", //
            ".#.####..#", //
            ".#######.#", //
            ".####.###.", //
            ".###.....#", // this one leaks out through the gap in the last row
            ".####.###.", //
        ];
        let shape = Shape { ny: picture.len(), nx: 10 };
        let valid: Vec<bool> = picture.iter().flat_map(|row| row.bytes().map(|b| b == b'#')).collect();
        let geometry = Geometry::tile(SkyPosition::from_deg(0.0, 0.0).unwrap(), shape, Arcmin::new(1.0)).unwrap();
        let mask = Mask::new(geometry, valid).unwrap();
        let n_holes = |max_pixels: f64| mask.enclosed_holes(max_pixels / 3600.0).iter().filter(|h| **h).count();
        assert_eq!(n_holes(f64::INFINITY), 4);
        assert_eq!(n_holes(1.5), 1);
        assert_eq!(n_holes(0.5), 0);
        assert_eq!(mask.with_holes_closed(f64::INFINITY).n_valid(), mask.n_valid() + 4);
    }
}
