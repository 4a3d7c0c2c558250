//! Connected peaks of a signal-to-noise map.
//!
//! Pixels above the threshold that touch (corners count) form a group, and each group is one candidate. Where two
//! peaks share a group, they are told apart when the lower one rises above the pass between them by at least a given
//! prominence; without one, groups are never split (DeepSz, Sect. 2.1).

use arcmin_maps::{PixelPosition, Shape};

/// Only pixels above this fraction of the peak enter its position: the far skirts of a group belong to the noise.
const POSITION_FRACTION: f64 = 0.5;

/// One peak.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Index of the highest pixel.
    pub pixel: usize,
    /// Its value.
    pub snr: f64,
    /// Mean position of the group's pixels above half of the peak, weighted by their values.
    pub centre: PixelPosition,
}

/// All peaks above a threshold by falling value; pixels that are not finite are passed over.
///
/// Pixels are taken by falling value (ties by index): each joins the highest neighbouring group or starts one, and
/// where groups meet the lower is merged unless it is prominent.
pub fn find_peaks(shape: Shape, snr: &[f32], threshold: f64, min_prominence: Option<f64>) -> Vec<Peak> {
    let mut order: Vec<u32> = (0..snr.len() as u32).filter(|&i| f64::from(snr[i as usize]) >= threshold).collect();
    order.sort_unstable_by(|&a, &b| snr[b as usize].total_cmp(&snr[a as usize]).then(a.cmp(&b)));
    let mut groups =
        Groups { snr, min_prominence, label_of: vec![NONE; snr.len()], peaks: Vec::new(), parent: Vec::new() };
    for &pixel in &order {
        groups.add(shape, pixel as usize);
    }
    groups.into_peaks(shape, &order)
}

/// No group yet.
const NONE: u32 = u32::MAX;

struct Groups<'a> {
    snr: &'a [f32],
    min_prominence: Option<f64>,
    /// Group of each pixel.
    label_of: Vec<u32>,
    /// Highest pixel of each group.
    peaks: Vec<usize>,
    /// Union-find: the group into which each was merged.
    parent: Vec<u32>,
}

impl Groups<'_> {
    fn add(&mut self, shape: Shape, pixel: usize) {
        let mut home = NONE;
        for neighbour in neighbours(shape, pixel) {
            let label = self.label_of[neighbour];
            if label == NONE {
                continue;
            }
            let root = self.root(label);
            home = if home == NONE { root } else { self.meet(home, root, pixel) };
        }
        if home == NONE {
            home = self.peaks.len() as u32;
            self.peaks.push(pixel);
            self.parent.push(home);
        }
        self.label_of[pixel] = home;
    }

    /// Two groups meet at a pixel: returns the one that gets it, merging the lower unless it stands out.
    fn meet(&mut self, a: u32, b: u32, pixel: usize) -> u32 {
        // Groups are numbered by falling peak.
        let (high, low) = (a.min(b), a.max(b));
        if high == low {
            return high;
        }
        let rise = f64::from(self.snr[self.peaks[low as usize]] - self.snr[pixel]);
        if self.min_prominence.is_none_or(|min| rise < min) {
            self.parent[low as usize] = high;
        }
        high
    }

    fn root(&mut self, label: u32) -> u32 {
        let mut root = label;
        while self.parent[root as usize] != root {
            root = self.parent[root as usize];
        }
        let mut at = label;
        while self.parent[at as usize] != root {
            at = std::mem::replace(&mut self.parent[at as usize], root);
        }
        root
    }

    fn into_peaks(mut self, shape: Shape, order: &[u32]) -> Vec<Peak> {
        let mut sums = vec![[0.0_f64; 3]; self.peaks.len()];
        for &pixel in order {
            let pixel = pixel as usize;
            let root = self.root(self.label_of[pixel]) as usize;
            let value = f64::from(self.snr[pixel]);
            if value >= POSITION_FRACTION * f64::from(self.snr[self.peaks[root]]) {
                let [weight, x, y] = &mut sums[root];
                *weight += value;
                *x += value * (pixel % shape.nx) as f64;
                *y += value * (pixel / shape.nx) as f64;
            }
        }
        let roots = (0..self.peaks.len()).filter(|&g| self.parent[g] as usize == g);
        roots
            .map(|group| {
                let [weight, x, y] = sums[group];
                let pixel = self.peaks[group];
                let centre = PixelPosition { x: x / weight, y: y / weight };
                Peak { pixel, snr: f64::from(self.snr[pixel]), centre }
            })
            .collect()
    }
}

/// The up to eight pixels around one.
fn neighbours(shape: Shape, pixel: usize) -> impl Iterator<Item = usize> {
    let (x, y) = (pixel % shape.nx, pixel / shape.nx);
    let (xs, ys) = (x.saturating_sub(1)..(x + 2).min(shape.nx), y.saturating_sub(1)..(y + 2).min(shape.ny));
    ys.flat_map(move |j| xs.clone().map(move |i| j * shape.nx + i)).filter(move |&other| other != pixel)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { ny: 9, nx: 12 };

    fn bumps(pass: f32) -> Vec<f32> {
        let mut map = vec![0.0; SHAPE.n_pixels()];
        map[4 * 12 + 2] = 9.0;
        map[4 * 12 + 3] = pass;
        map[4 * 12 + 4] = pass;
        map[4 * 12 + 5] = 7.0;
        map[8 * 12 + 11] = 6.0;
        map
    }

    #[test]
    fn connected_pixels_are_one_peak_unless_prominent() {
        for (pass, min_prominence, expected) in
            [(5.5, None, 2), (5.5, Some(1.0), 3), (5.5, Some(2.0), 2), (2.0, None, 3)]
        {
            let peaks = find_peaks(SHAPE, &bumps(pass), 5.0, min_prominence);
            assert_eq!(peaks.len(), expected, "pass {pass}, prominence {min_prominence:?}");
            assert_eq!(peaks[0].pixel, 4 * 12 + 2);
            assert!(peaks.windows(2).all(|w| w[0].snr >= w[1].snr));
        }
    }

    #[test]
    fn position_is_the_weighted_mean() {
        let mut map = vec![0.0; SHAPE.n_pixels()];
        map[3 * 12 + 6] = 8.0;
        map[3 * 12 + 7] = 8.0;
        let peaks = find_peaks(SHAPE, &map, 5.0, None);
        assert_eq!(peaks[0].centre, PixelPosition { x: 6.5, y: 3.0 });
    }
}
