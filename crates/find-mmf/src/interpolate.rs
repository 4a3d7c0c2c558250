//! Values of filtered maps between their pixels.

use crate::grid::Grid;
use arcmin_maps::PixelPosition;

/// Half width of the interpolation kernel in pixels.
const LANCZOS: i64 = 4;

/// Value between the pixels of a periodic grid, by Lanczos interpolation: filtered maps are band-limited.
pub(crate) fn interpolate(map: &[f32], grid: &Grid, at: PixelPosition) -> f64 {
    let (x0, y0) = (at.x.floor() as i64, at.y.floor() as i64);
    let (mut sum, mut weight_sum) = (0.0, 0.0);
    for j in y0 - LANCZOS + 1..=y0 + LANCZOS {
        let weight_y = lanczos(at.y - j as f64);
        let row = j.rem_euclid(grid.ny() as i64) as usize * grid.nx();
        for i in x0 - LANCZOS + 1..=x0 + LANCZOS {
            let weight = weight_y * lanczos(at.x - i as f64);
            let column = i.rem_euclid(grid.nx() as i64) as usize;
            sum += weight * f64::from(map[row + column]);
            weight_sum += weight;
        }
    }
    sum / weight_sum
}

/// `sinc(x) sinc(x / a)` within `|x| < a`.
fn lanczos(x: f64) -> f64 {
    let a = LANCZOS as f64;
    let sinc = |t: f64| if t == 0.0 { 1.0 } else { (std::f64::consts::PI * t).sin() / (std::f64::consts::PI * t) };
    if x.abs() < a { sinc(x) * sinc(x / a) } else { 0.0 }
}
