//! Points laid down on pixels.

use arcmin_maps::{PixelPosition, Shape};

/// Pixels on each side of a band-limited point.
const REACH: usize = 6;

/// Adds a point to the pixel that holds it; positions are those of pixel centres.
pub(super) fn add_to_pixel(image: &mut [f32], shape: Shape, at: PixelPosition, value: f64) {
    let (x, y) = (at.x.round(), at.y.round());
    if x >= 0.0 && y >= 0.0 && x < shape.nx as f64 && y < shape.ny as f64 {
        image[y as usize * shape.nx + x as usize] += value as f32;
    }
}

/// Adds a band-limited point at its exact place: a Lanczos kernel of six lobes, whose sum is `value`.
///
/// Seen through a Gaussian beam of four pixels or more it is the image of the point to 1.5e-3 of the peak (to 3e-3 for
/// three pixels), where the pixel's centre would be wrong by as much as the beam changes in half a pixel.
pub(super) fn add_point(image: &mut [f32], shape: Shape, at: PixelPosition, value: f64) {
    let (x0, across) = taps(at.x);
    let (y0, along) = taps(at.y);
    for (row, weight_y) in (y0..).zip(along) {
        for (column, weight_x) in (x0..).zip(across) {
            if (0..shape.ny as i64).contains(&row) && (0..shape.nx as i64).contains(&column) {
                image[row as usize * shape.nx + column as usize] += (value * weight_x * weight_y) as f32;
            }
        }
    }
}

/// The first pixel of a kernel about a coordinate, and its weights, which sum to one.
fn taps(at: f64) -> (i64, [f64; 2 * REACH]) {
    let first = at.floor() as i64 + 1 - REACH as i64;
    let mut weights: [f64; 2 * REACH] = std::array::from_fn(|idx| {
        let distance = (first + idx as i64) as f64 - at;
        sinc(distance) * sinc(distance / REACH as f64)
    });
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    (first, weights)
}

/// `sin(pi x) / (pi x)`.
fn sinc(x: f64) -> f64 {
    let angle = std::f64::consts::PI * x;
    if angle.abs() < 1e-8 { 1.0 } else { angle.sin() / angle }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHAPE: Shape = Shape { ny: 48, nx: 48 };

    /// Value at the pixel `(row, column)` of an image seen through a Gaussian beam, by direct summation.
    fn through_beam(image: &[f32], row: usize, column: usize, sigma: f64) -> f64 {
        let weight = |idx: usize| {
            let (dy, dx) = ((idx / SHAPE.nx) as f64 - row as f64, (idx % SHAPE.nx) as f64 - column as f64);
            (-0.5 * (dx * dx + dy * dy) / (sigma * sigma)).exp() / (std::f64::consts::TAU * sigma * sigma)
        };
        image.iter().enumerate().map(|(idx, &value)| f64::from(value) * weight(idx)).sum()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn a_point_through_a_beam_is_the_beam_at_its_place(x in 22.0..25.0f64, y in 22.0..25.0f64) {
            for (fwhm, tolerance) in [(4.0, 1.5e-3), (3.0, 3e-3)] {
                let sigma = fwhm / 2.354_82;
                let mut image = vec![0.0; SHAPE.n_pixels()];
                add_point(&mut image, SHAPE, PixelPosition { x, y }, 1.0);
                let peak = 1.0 / (std::f64::consts::TAU * sigma * sigma);
                for (row, column) in [(23, 24), (20, 22), (26, 27)] {
                    let distance2 = (row as f64 - y).powi(2) + (column as f64 - x).powi(2);
                    let expected = peak * (-0.5 * distance2 / (sigma * sigma)).exp();
                    let got = through_beam(&image, row, column, sigma);
                    prop_assert!((got - expected).abs() < tolerance * peak, "{got} {expected}");
                }
            }
        }

        #[test]
        fn the_sum_is_the_flux_inside_and_nothing_breaks_at_the_edge(x in -9.0..57.0f64, y in -9.0..57.0f64) {
            let mut image = vec![0.0; SHAPE.n_pixels()];
            add_point(&mut image, SHAPE, PixelPosition { x, y }, 2.0);
            let sum: f32 = image.iter().sum();
            let inside = |at: f64| at > 6.0 && at < 41.0;
            prop_assert!(!(inside(x) && inside(y)) || (sum - 2.0).abs() < 1e-5, "{sum}");
            let mut nearest = vec![0.0; SHAPE.n_pixels()];
            add_to_pixel(&mut nearest, SHAPE, PixelPosition { x, y }, 2.0);
            let on_image = |at: f64| at > -0.5 && at < 47.5;
            prop_assert_eq!(nearest.iter().sum::<f32>() == 2.0, on_image(x) && on_image(y));
        }
    }
}
