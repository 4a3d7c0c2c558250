//! How a large map is cut into overlapping windows.

use arcmin_maps::Shape;

/// A rectangle of pixels of the whole map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// First column.
    pub x0: usize,
    /// First row.
    pub y0: usize,
    /// Columns and rows.
    pub shape: Shape,
}

impl Rect {
    /// True when pixel `(x, y)` of the whole map lies inside.
    pub fn contains(&self, x: usize, y: usize) -> bool {
        (self.x0..self.x0 + self.shape.nx).contains(&x) && (self.y0..self.y0 + self.shape.ny).contains(&y)
    }
}

/// A window that is filtered as one, and the core of it whose pixels are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Name as it stands in catalogues, `tile-ROW-COLUMN`.
    pub name: String,
    /// Pixels whose result is kept; the cores of all tiles cover the map once.
    pub core: Rect,
    /// Pixels that are filtered.
    pub window: Rect,
}

/// Cuts a map: windows of at most `max_side` pixels a side, reaching `overlap` pixels beyond their cores.
///
/// A side that fits in one window is not cut.
pub fn tiles(shape: Shape, max_side: usize, overlap: usize) -> Vec<Tile> {
    let rows = intervals(shape.ny, max_side, overlap);
    let columns = intervals(shape.nx, max_side, overlap);
    let mut tiles = Vec::with_capacity(rows.len() * columns.len());
    for (row, &(core_y, window_y)) in rows.iter().enumerate() {
        for (column, &(core_x, window_x)) in columns.iter().enumerate() {
            let rect = |y: (usize, usize), x: (usize, usize)| Rect {
                x0: x.0,
                y0: y.0,
                shape: Shape { ny: y.1 - y.0, nx: x.1 - x.0 },
            };
            let name = format!("tile-{row}-{column}");
            tiles.push(Tile { name, core: rect(core_y, core_x), window: rect(window_y, window_x) });
        }
    }
    tiles
}

/// Cores and windows along one side, as `(start, end)`.
fn intervals(n: usize, max_side: usize, overlap: usize) -> Vec<((usize, usize), (usize, usize))> {
    let step = max_side.saturating_sub(2 * overlap).max(1);
    let count = if n <= max_side { 1 } else { n.div_ceil(step) };
    let edge = |i: usize| i * n / count;
    (0..count)
        .map(|i| {
            let core = (edge(i), edge(i + 1));
            (core, (core.0.saturating_sub(overlap), (core.1 + overlap).min(n)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_cover_every_pixel_once_and_windows_fit() {
        for (ny, nx, max_side, overlap) in [(100, 100, 100, 10), (101, 250, 64, 10), (1000, 30, 128, 20)] {
            let mut covered = vec![0; ny * nx];
            for tile in tiles(Shape { ny, nx }, max_side, overlap) {
                assert!(tile.window.shape.ny <= max_side && tile.window.shape.nx <= max_side);
                for y in 0..ny {
                    for x in (0..nx).filter(|&x| tile.core.contains(x, y)) {
                        covered[y * nx + x] += 1;
                        assert!(tile.window.contains(x, y));
                    }
                }
            }
            assert!(covered.iter().all(|&n| n == 1), "{ny} {nx} {max_side} {overlap}");
        }
    }
}
