//! Fewer pixels by averaging whole blocks, or more by repeating them.

use super::MapPixels;

/// The map at the resolution of the picture.
pub(super) struct Shrunk {
    /// Pixels of the picture along x.
    pub(super) width: usize,
    /// Pixels of the picture along y.
    pub(super) height: usize,
    /// Map pixels averaged into one cell, along each axis.
    pub(super) block: usize,
    /// Picture pixels that one cell takes, along each axis.
    pub(super) repeat: usize,
    /// Number of cells along x.
    pub(super) n_x: usize,
    /// Mean of the valid pixels of each cell `[y, x]`; `None` where none is valid.
    pub(super) cells: Vec<Option<f32>>,
}

impl Shrunk {
    pub(super) fn new(map: &MapPixels<'_>, max_side_px: usize) -> Self {
        let shape = map.geometry.shape();
        let longest = shape.nx.max(shape.ny);
        let block = longest.div_ceil(max_side_px);
        let repeat = if block == 1 { max_side_px / longest } else { 1 };
        let (n_x, n_y) = (shape.nx.div_ceil(block), shape.ny.div_ceil(block));
        let mut cells = Vec::with_capacity(n_x * n_y);
        for row in 0..n_y {
            cells.extend((0..n_x).map(|column| cell_mean(map, block, row, column)));
        }
        Self { width: n_x * repeat, height: n_y * repeat, block, repeat, n_x, cells }
    }

    /// Picture pixels per map pixel.
    pub(super) fn zoom(&self) -> f64 {
        self.repeat as f64 / self.block as f64
    }
}

fn cell_mean(map: &MapPixels<'_>, block: usize, row: usize, column: usize) -> Option<f32> {
    let shape = map.geometry.shape();
    let (mut sum, mut n) = (0.0, 0u32);
    for y in row * block..((row + 1) * block).min(shape.ny) {
        for x in column * block..((column + 1) * block).min(shape.nx) {
            let idx = y * shape.nx + x;
            let pixel = map.pixels[idx];
            if pixel.is_finite() && map.valid.is_none_or(|valid| valid[idx]) {
                sum += f64::from(pixel);
                n += 1;
            }
        }
    }
    (n > 0).then(|| (sum / f64::from(n)) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_maps::{Geometry, Shape};
    use arcmin_units::{Arcmin, SkyPosition};

    #[test]
    fn blocks_average_valid_pixels_only() {
        let centre = SkyPosition::from_deg(0.0, 0.0).unwrap();
        let geometry = Geometry::tile(centre, Shape { ny: 2, nx: 3 }, Arcmin::new(1.0)).unwrap();
        let pixels = [1.0, 3.0, f32::NAN, 5.0, 100.0, 7.0];
        let valid = [true, true, true, true, false, false];
        let map = MapPixels { geometry: &geometry, pixels: &pixels, valid: Some(&valid) };
        let shrunk = Shrunk::new(&map, 2);
        assert_eq!((shrunk.block, shrunk.width, shrunk.height), (2, 2, 1));
        assert_eq!(shrunk.cells, [Some(3.0), None]);
        let grown = Shrunk::new(&map, 7);
        assert_eq!((grown.block, grown.repeat, grown.width, grown.height), (1, 2, 6, 4));
    }
}
