//! Missing pixels filled from their neighbours.

use super::{Cutouts, flags};
use crate::Shape;
use rayon::prelude::*;

/// The filling stops when no pixel changes by more than this part of the largest observed value.
const TOLERANCE: f32 = 1e-6;

impl Cutouts {
    /// Fills the missing pixels of every cutout with the harmonic function that continues its observed ones: each
    /// filled pixel is the mean of its four neighbours (the discrete Laplace equation); at the border of the cutout
    /// those that it has.
    ///
    /// This makes small holes inconspicuous for a network, and nothing more: it adds no noise, and it does not know
    /// how the sky is correlated, as the matched filter's own filling does. Filled pixels count as valid afterwards;
    /// the cutout is flagged [`flags::FILLED`] and keeps its other flags and [`n_missing`](Self::n_missing). A cutout
    /// without any pixel stays as it is.
    #[must_use]
    pub fn infilled(mut self) -> Self {
        let (shape, n_bands) = (self.shape(), self.bands.len());
        let n = shape.n_pixels();
        self.pixels
            .par_chunks_mut(n_bands * n)
            .zip(self.valid.par_chunks_mut(n))
            .zip(self.flags.par_iter_mut())
            .filter(|(_, flags)| **flags & flags::PARTLY_MISSING != 0)
            .for_each(|((pixels, valid), flags)| {
                pixels.chunks_exact_mut(n).for_each(|plane| fill(shape, plane, valid));
                valid.fill(true);
                *flags |= flags::FILLED;
            });
        self
    }
}

/// Solves the Laplace equation on the missing pixels by successive over-relaxation.
fn fill(shape: Shape, plane: &mut [f32], valid: &[bool]) {
    let Shape { ny, nx } = shape;
    let observed = || plane.iter().zip(valid).filter(|(_, valid)| **valid).map(|(pixel, _)| *pixel);
    let largest = observed().fold(0.0_f32, |largest, pixel| largest.max(pixel.abs()));
    let mean = observed().map(f64::from).sum::<f64>() / observed().count().max(1) as f64;
    let missing: Vec<usize> = (0..plane.len()).filter(|i| !valid[*i]).collect();
    missing.iter().for_each(|i| plane[*i] = mean as f32);
    let omega = 2.0 / (1.0 + (std::f64::consts::PI / (nx.max(ny) + 1) as f64).sin());
    for _ in 0..40 * (nx + ny) {
        let mut change = 0.0_f32;
        for &i in &missing {
            let (x, y) = (i % nx, i / nx);
            let beside = [
                (x > 0).then(|| i - 1),
                (x + 1 < nx).then_some(i + 1),
                (y > 0).then(|| i - nx),
                (y + 1 < ny).then_some(i + nx),
            ];
            let (sum, n) =
                beside.into_iter().flatten().fold((0.0, 0.0), |(sum, n), j| (sum + f64::from(plane[j]), n + 1.0));
            let step = (omega * (sum / n - f64::from(plane[i]))) as f32;
            plane[i] += step;
            change = change.max(step.abs());
        }
        if change <= TOLERANCE * largest {
            return;
        }
    }
}
