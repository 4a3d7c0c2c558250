//! Exact Euclidean distance of every pixel to the nearest pixel of a set.

use arcmin_maps::Shape;
use rayon::prelude::*;

/// Whether what lies beyond the image belongs to the set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beyond {
    InSet,
    NotInSet,
}

/// Larger than any distance squared in an image.
const FAR: f32 = 1e9;

/// Distance in pixels, centre to centre, to the nearest pixel with `in_set` true; zero inside the set.
///
/// Felzenszwalb & Huttenlocher 2012: distances along columns by two sweeps, then the lower envelope of parabolas along
/// each row. Without any pixel in the set every distance is some 30,000.
pub(crate) fn distance_pixels(shape: Shape, in_set: &(dyn Fn(usize) -> bool + Sync), beyond: Beyond) -> Vec<f32> {
    let Shape { ny, nx } = shape;
    let start = if beyond == Beyond::InSet { 0.0 } else { FAR.sqrt() };
    let mut map: Vec<f32> = (0..ny * nx).map(|i| if in_set(i) { 0.0 } else { FAR.sqrt() }).collect();
    let mut sweep = |rows: &mut dyn Iterator<Item = usize>| {
        let mut last = vec![start; nx];
        for y in rows {
            for (value, last) in map[y * nx..][..nx].iter_mut().zip(&mut last) {
                *value = value.min(*last + 1.0);
                *last = *value;
            }
        }
    };
    sweep(&mut (0..ny));
    sweep(&mut (0..ny).rev());
    map.par_chunks_mut(nx).for_each(|row| envelope(row, beyond));
    map
}

/// Replaces column distances by distances: lower envelope of `(x - i)^2 + row[i]^2`.
fn envelope(row: &mut [f32], beyond: Beyond) {
    let n = row.len() as i64;
    let margin = i64::from(beyond == Beyond::InSet);
    let height = |i: i64| if i < 0 || i >= n { 0.0 } else { f64::from(row[i as usize]).powi(2) };
    let mut apex: Vec<i64> = Vec::with_capacity(row.len() + 2);
    let mut from: Vec<f64> = Vec::with_capacity(row.len() + 2);
    for i in -margin..n + margin {
        let mut start = f64::NEG_INFINITY;
        while let Some(&last) = apex.last() {
            let (a, b) = (last as f64, i as f64);
            start = (height(i) + b * b - height(last) - a * a) / (2.0 * (b - a));
            if start > *from.last().expect("as many starts as apexes") {
                break;
            }
            apex.pop();
            from.pop();
            start = f64::NEG_INFINITY;
        }
        apex.push(i);
        from.push(start);
    }
    let mut k = 0;
    let distances: Vec<f32> = (0..n)
        .map(|x| {
            while k + 1 < apex.len() && from[k + 1] < x as f64 {
                k += 1;
            }
            (((x - apex[k]) as f64).powi(2) + height(apex[k])).sqrt() as f32
        })
        .collect();
    row.copy_from_slice(&distances);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_equal_those_by_trying_every_pixel() {
        let shape = Shape { ny: 17, nx: 23 };
        let set = |i: usize| i.wrapping_mul(2_654_435_761) % 41 == 3;
        for beyond in [Beyond::InSet, Beyond::NotInSet] {
            let fast = distance_pixels(shape, &set, beyond);
            for (i, &d) in fast.iter().enumerate() {
                let (y, x) = ((i / 23) as f64, (i % 23) as f64);
                let members = (0..17 * 23).filter(|&j| set(j));
                let mut slow =
                    members.map(|j| (y - (j / 23) as f64).hypot(x - (j % 23) as f64)).fold(f64::INFINITY, f64::min);
                if beyond == Beyond::InSet {
                    slow = slow.min(x + 1.0).min(23.0 - x).min(y + 1.0).min(17.0 - y);
                }
                assert!((f64::from(d) - slow).abs() < 1e-4, "pixel {i}: {d}, by trying {slow}");
            }
        }
    }
}
