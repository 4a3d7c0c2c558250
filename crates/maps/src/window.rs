//! Rectangular windows of pixel arrays that may reach beyond them.

use crate::Shape;

/// The part `start..end` of a window's axis that lies inside an axis of length `n`, `x0` being the window's first pixel.
fn overlap(n: usize, x0: i64, n_window: usize) -> std::ops::Range<usize> {
    let end = (n as i64).saturating_sub(x0).clamp(0, n_window as i64);
    let start = x0.saturating_neg().clamp(0, end);
    start as usize..end as usize
}

/// Copies a window of an array `[y, x]`; what lies outside the array is the default value.
pub(crate) fn copy_window<T: Copy + Default>(from: Shape, array: &[T], (x0, y0): (i64, i64), window: Shape) -> Vec<T> {
    let mut out = vec![T::default(); window.n_pixels()];
    copy_window_into(from, array, (x0, y0), window, &mut out);
    out
}

/// Copies a window of an array `[y, x]` to `out`, which is left as it is where the window reaches beyond the array.
pub(crate) fn copy_window_into<T: Copy>(from: Shape, array: &[T], (x0, y0): (i64, i64), window: Shape, out: &mut [T]) {
    let columns = overlap(from.nx, x0, window.nx);
    if columns.is_empty() {
        return;
    }
    for y in overlap(from.ny, y0, window.ny) {
        let first = (y as i64 + y0) as usize * from.nx + (columns.start as i64 + x0) as usize;
        let row = &mut out[y * window.nx..(y + 1) * window.nx];
        row[columns.clone()].copy_from_slice(&array[first..first + columns.len()]);
    }
}

/// Flags of a window's pixels, true inside the array.
pub(crate) fn is_inside(from: Shape, (x0, y0): (i64, i64), window: Shape) -> Vec<bool> {
    let (columns, rows) = (overlap(from.nx, x0, window.nx), overlap(from.ny, y0, window.ny));
    (0..window.ny)
        .flat_map(|y| (0..window.nx).map(move |x| (x, y)))
        .map(|(x, y)| columns.contains(&x) && rows.contains(&y))
        .collect()
}
