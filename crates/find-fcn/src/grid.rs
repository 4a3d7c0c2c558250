//! What the network is shown of an observation.

use crate::{Error, FcnConfig, ShownConfig};
use arcmin_find_mmf::{Keep, MatchedFilter};
use arcmin_maps::{Mask, Observation, Outside, PixelPosition, Shape};
use arcmin_units::Arcmin;
use rayon::prelude::*;

/// A map averaged to pixels of half a cell, with the channels that the network is shown.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    /// Rows and columns of averaged pixels, both even.
    pub(crate) shape: Shape,
    /// How many pixels of the map are averaged along each axis.
    pub(crate) bin: usize,
    pub(crate) n_channels: usize,
    /// `[y, x, channel]`.
    pub(crate) pixels: Vec<f32>,
    /// The pixels of the map that are searched.
    pub(crate) searched: Mask,
}

impl Grid {
    /// Bands without their local mean, then the filter's signals to noise, then those of the residual. Missing pixels are zero, which is the local mean.
    pub(crate) fn new(observation: &Observation, config: &FcnConfig) -> Result<Self, Error> {
        let geometry = observation.geometry();
        let pixel_arcmin = geometry.pixel_size().to_arcmin().value();
        let input = &config.input;
        let bin = (0.5 * input.cell_arcmin / pixel_arcmin + 1e-6).floor() as usize;
        if bin == 0 {
            return Err(Error::CellTooSmall { pixel_arcmin, cell_arcmin: input.cell_arcmin });
        }
        let map_shape = geometry.shape();
        let even = |n: usize| 2 * n.div_ceil(2 * bin);
        let shape = Shape { ny: even(map_shape.ny), nx: even(map_shape.nx) };
        let valid = observation.mask().valid();
        let half_width = (0.5 * input.high_pass_arcmin / (pixel_arcmin * bin as f64)).round() as usize;
        let mut channels = Vec::new();
        let bands = if input.shown == ShownConfig::Snr { &[] } else { observation.bands() };
        for band in bands {
            let (sums, numbers) = binned(band.map.pixels(), valid, map_shape, shape, bin);
            channels.push(without_local_mean(&sums, &numbers, shape, half_width, 1.0 / input.scale_uk as f32));
        }
        let searched = match &input.filter {
            None => observation.mask().eroded(Arcmin::new(input.border_arcmin), Outside::Invalid),
            Some(filter) => {
                let filter = MatchedFilter::new(filter)?;
                let keep = match input.shown {
                    ShownConfig::Bands => Keep::Best,
                    ShownConfig::BandsAndSnr | ShownConfig::Snr => Keep::EveryScale,
                    ShownConfig::BandsSnrAndResidual => Keep::Residuals { above_snr: input.residual_above_snr },
                };
                let search = filter.search_treated(&filter.without_sources(observation)?, keep)?;
                let searched = search.detections.searched;
                for scale in search.scales.iter().chain(&search.residuals) {
                    let (sums, numbers) = binned(scale.snr.pixels(), searched.valid(), map_shape, shape, bin);
                    let factor = 1.0 / input.scale_snr as f32;
                    let mean = |(sum, n): (&f32, &f32)| if *n > 0.0 { factor * sum / n } else { 0.0 };
                    channels.push(sums.iter().zip(&numbers).map(mean).collect());
                }
                searched.and(observation.mask())?
            }
        };
        let n_channels = channels.len();
        let mut pixels = vec![0.0; shape.n_pixels() * n_channels];
        pixels.par_chunks_mut(n_channels).enumerate().for_each(|(i, pixel)| {
            pixel.iter_mut().zip(&channels).for_each(|(value, channel)| *value = channel[i]);
        });
        Ok(Self { shape, bin, n_channels, pixels, searched })
    }

    /// Rows and columns of cells.
    pub(crate) fn cells(&self) -> Shape {
        Shape { ny: self.shape.ny / 2, nx: self.shape.nx / 2 }
    }

    /// Whether half of a cell's pixels or more are searched, of all cells.
    pub(crate) fn searched_cells(&self) -> Vec<bool> {
        let map_shape = self.searched.geometry().shape();
        let ones = vec![1.0; map_shape.n_pixels()];
        let (n, _) = binned(&ones, self.searched.valid(), map_shape, self.cells(), 2 * self.bin);
        let half = 0.5 * (2 * self.bin * 2 * self.bin) as f32;
        n.into_iter().map(|n| n >= half).collect()
    }

    /// Position on the map of a position on the grid of cells, where whole numbers are middles of cells.
    pub(crate) fn map_position(&self, [x, y]: [f64; 2]) -> PixelPosition {
        let side = (2 * self.bin) as f64;
        PixelPosition { x: (x + 0.5) * side - 0.5, y: (y + 0.5) * side - 0.5 }
    }

    /// The other way.
    pub(crate) fn cell_position(&self, at: PixelPosition) -> [f64; 2] {
        let side = (2 * self.bin) as f64;
        [at.x, at.y].map(|at| (at + 0.5) / side - 0.5)
    }
}

/// Sums of valid pixels and their numbers in squares of `bin` pixels, of which there are `to`; the last may be cut off.
fn binned(pixels: &[f32], valid: &[bool], from: Shape, to: Shape, bin: usize) -> (Vec<f32>, Vec<f32>) {
    let (mut sums, mut numbers) = (vec![0.0; to.n_pixels()], vec![0.0; to.n_pixels()]);
    let rows = sums.par_chunks_mut(to.nx).zip(numbers.par_chunks_mut(to.nx)).enumerate();
    rows.for_each(|(row, (sums, numbers))| {
        for y in row * bin..((row + 1) * bin).min(from.ny) {
            for x in 0..from.nx {
                let i = y * from.nx + x;
                if valid[i] {
                    sums[x / bin] += pixels[i];
                    numbers[x / bin] += 1.0;
                }
            }
        }
    });
    (sums, numbers)
}

/// Means of bins less the mean of all valid pixels within a square of `2 half_width + 1` bins, times a factor; zero where a bin
/// has none.
fn without_local_mean(sums: &[f32], numbers: &[f32], shape: Shape, half_width: usize, factor: f32) -> Vec<f32> {
    let (sum_about, number_about) = (Integral::new(sums, shape), Integral::new(numbers, shape));
    let value = |i: usize| {
        if numbers[i] == 0.0 {
            return 0.0;
        }
        let (x, y) = (i % shape.nx, i / shape.nx);
        let mean = sum_about.over(x, y, half_width) / number_about.over(x, y, half_width);
        factor * (sums[i] / numbers[i] - mean as f32)
    };
    (0..shape.n_pixels()).into_par_iter().map(value).collect()
}

/// Sums over rectangles from sums over all that lies above and to the left.
struct Integral {
    shape: Shape,
    /// `[ny + 1, nx + 1]`.
    sums: Vec<f64>,
}

impl Integral {
    fn new(values: &[f32], shape: Shape) -> Self {
        let width = shape.nx + 1;
        let mut sums = vec![0.0; width * (shape.ny + 1)];
        for y in 0..shape.ny {
            let mut row = 0.0;
            for x in 0..shape.nx {
                row += f64::from(values[y * shape.nx + x]);
                sums[(y + 1) * width + x + 1] = sums[y * width + x + 1] + row;
            }
        }
        Self { shape, sums }
    }

    /// Over the square about a pixel, cut off at the edges.
    fn over(&self, x: usize, y: usize, half_width: usize) -> f64 {
        let range = |at: usize, n: usize| (at.saturating_sub(half_width), (at + half_width + 1).min(n));
        let ((x0, x1), (y0, y1)) = (range(x, self.shape.nx), range(y, self.shape.ny));
        let at = |x: usize, y: usize| self.sums[y * (self.shape.nx + 1) + x];
        at(x1, y1) - at(x0, y1) - at(x1, y0) + at(x0, y0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize) -> Vec<f32> {
        let mut rng = arcmin_find_learned::stream(2, "pixels", 0, 0);
        (0..n).map(|_| (rand::Rng::next_u64(&mut rng) >> 40) as f32 / (1u64 << 24) as f32).collect()
    }

    /// The slow twins of averaging and of the local mean.
    #[test]
    fn channels_are_means_of_bins_less_the_mean_about_them() {
        let (from, bin, half_width) = (Shape { ny: 21, nx: 34 }, 2, 3);
        let to = Shape { ny: 12, nx: 18 };
        let pixels = numbers(from.n_pixels());
        let valid: Vec<bool> = (0..from.n_pixels()).map(|i| i % 5 != 0 && i / 34 != 4 && i / 34 != 5).collect();
        let (sums, counts) = binned(&pixels, &valid, from, to, bin);
        let channel = without_local_mean(&sums, &counts, to, half_width, 2.0);
        let over = |ys: std::ops::Range<i64>, xs: std::ops::Range<i64>| {
            let inside = |&i: &usize| ys.contains(&((i / 34) as i64)) && xs.contains(&((i % 34) as i64)) && valid[i];
            let values: Vec<f64> = (0..pixels.len()).filter(inside).map(|i| f64::from(pixels[i])).collect();
            (values.iter().sum::<f64>() / values.len().max(1) as f64, values.len())
        };
        for (i, value) in channel.iter().enumerate() {
            let (x, y) = ((i % 18) as i64, (i / 18) as i64);
            let (mean, n) = over(2 * y..2 * y + 2, 2 * x..2 * x + 2);
            let (about, _) = over(2 * (y - 3)..2 * (y + 4), 2 * (x - 3)..2 * (x + 4));
            let expected = if n == 0 { 0.0 } else { 2.0 * (mean - about) };
            assert!((f64::from(*value) - expected).abs() < 1e-5, "{x} {y}: {value} {expected}");
        }
        // A row of bins without a pixel, and columns beyond the map.
        assert!(channel[2 * 18..3 * 18].iter().all(|&value| value == 0.0) && channel[17] == 0.0);
    }
}
