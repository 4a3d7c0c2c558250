//! Lengths that transform quickly.

/// The smallest even length `>= n` that has no prime factor above 5.
///
/// Of the lengths with small factors powers of two are the cheapest for each pixel, but going up to the next one may
/// cost up to four times the area.
///
/// ```
/// assert_eq!(arcmin_fft::good_size(1559), 1600);
/// assert_eq!(arcmin_fft::good_size(2048), 2048);
/// ```
pub fn good_size(n: usize) -> usize {
    (n.max(2)..).find(|&m| m.is_multiple_of(2) && is_smooth(m)).expect("a power of two is always ahead")
}

fn is_smooth(mut n: usize) -> bool {
    for p in [2, 3, 5] {
        while n.is_multiple_of(p) {
            n /= p;
        }
    }
    n == 1
}
