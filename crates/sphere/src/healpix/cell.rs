//! Where a pixel is: the cell of a base pixel or the place on a ring, and how each order counts them.

use super::Nside;
use super::direction::{Direction, Height, Pole};

/// A pixel within one of the 12 base pixels: `x` grows to the north-east, `y` to the north-west (G05 Fig. 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) face: u64,
    pub(super) x: u64,
    pub(super) y: u64,
}

/// A pixel on a ring: the ring from 1 in the north, the place from 0 in the east.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub(super) ring: u64,
    pub(super) at: u64,
}

/// Which two of the diagonal lines bound a pixel: `up` counts those that rise to the east, `down` those that fall.
///
/// In the belt both are counted around the sky, in a cap within its quarter.
#[derive(Clone, Copy, Debug)]
pub enum Lines {
    Belt { up: u64, down: u64 },
    Cap { pole: Pole, quarter: u64, up: u64, down: u64 },
}

/// Ring of the southern corner of each row of base pixels, in units of nside.
const FACE_RING: [u64; 3] = [2, 3, 4];

/// Longitude of a base pixel's centre in units of pi/4.
fn face_eighths(face: u64) -> u64 {
    2 * (face % 4) + u64::from(face / 4 != 1)
}

impl Lines {
    pub(super) fn around(nside: Nside, direction: &Direction) -> Self {
        let n = nside.value();
        let (scale, quarters) = (n as f64, direction.quarters);
        match direction.height {
            Height::Belt { z } => {
                let (east, north) = (scale * (0.5 + quarters), 0.75 * scale * z);
                Lines::Belt { up: (east - north) as u64, down: (east + north) as u64 }
            }
            Height::Cap { pole, sigma } => {
                let quarter = quarters as u64;
                let part = quarters - quarter as f64;
                let radius = scale * sigma;
                // On the border to the belt rounding may reach the line beyond.
                let [up, down] = [part * radius, (1.0 - part) * radius].map(|line| (line as u64).min(n - 1));
                Lines::Cap { pole, quarter, up, down }
            }
        }
    }

    pub(super) fn cell(self, nside: Nside) -> Cell {
        let n = nside.value();
        match self {
            Lines::Belt { up, down } => belt_cell(n, up, down),
            Lines::Cap { pole: Pole::North, quarter, up, down } => {
                Cell { face: quarter, x: n - 1 - down, y: n - 1 - up }
            }
            Lines::Cap { pole: Pole::South, quarter, up, down } => Cell { face: 8 + quarter, x: up, y: down },
        }
    }

    pub(super) fn place(self, nside: Nside) -> Place {
        let n = nside.value();
        match self {
            Lines::Belt { up, down } => {
                let ring = (2 * n + up).saturating_sub(down).clamp(n, 3 * n);
                let at = (up + down + 1 - n) / 2;
                Place { ring, at: if at < 4 * n { at } else { at - 4 * n } }
            }
            Lines::Cap { pole, quarter, up, down } => {
                let from_pole = (up + down + 1).min(n);
                let at = (quarter * from_pole + up).min(4 * from_pole - 1);
                Place { ring: if pole == Pole::North { from_pole } else { 4 * n - from_pole }, at }
            }
        }
    }
}

/// The cell between two lines that cross in the belt; `n` is a power of two, as cells are the nested order's.
fn belt_cell(n: u64, up: u64, down: u64) -> Cell {
    let (order, within) = (n.trailing_zeros(), n - 1);
    let (of_up, of_down) = (up >> order, down >> order);
    let face = match of_up.cmp(&of_down) {
        std::cmp::Ordering::Equal => 4 + of_up % 4,
        std::cmp::Ordering::Less => of_up,
        std::cmp::Ordering::Greater => 8 + of_down,
    };
    Cell { face, x: down & within, y: within - (up & within) }
}

impl Cell {
    /// The number in nested order: the bits of `x` and `y` in turn, above them the face (G05 section 5.3).
    pub(super) fn nested(self, order: u32) -> u64 {
        (self.face << (2 * order)) | interleave(self.x, self.y)
    }

    pub(super) fn of_nested(order: u32, pixel: u64) -> Self {
        let within = pixel & ((1 << (2 * order)) - 1);
        Self { face: pixel >> (2 * order), x: squeeze(within), y: squeeze(within >> 1) }
    }

    pub(super) fn place(self, nside: Nside) -> Place {
        let n = nside.value();
        let ring = FACE_RING[(self.face / 4) as usize] * n - self.x - self.y - 1;
        let (quarter, _) = nside.ring_layout(ring);
        // Twice the place, and one more where the ring is shifted: the longitude in units of pi / (4 quarter).
        let twice = face_eighths(self.face) * quarter + self.x + 8 * quarter - self.y;
        Place { ring, at: (twice / 2) % (4 * quarter) }
    }
}

impl Place {
    pub(super) fn ring_number(self, nside: Nside) -> u64 {
        nside.first_pixel(self.ring) + self.at
    }

    pub(super) fn of_ring_number(nside: Nside, pixel: u64) -> Self {
        let ring = nside.ring_of_pixel(pixel);
        Self { ring, at: pixel - nside.first_pixel(ring) }
    }

    pub(super) fn cell(self, nside: Nside) -> Cell {
        let n = nside.value();
        let Self { ring, at } = self;
        if ring >= n && ring <= 3 * n {
            let twice = 2 * at + u64::from(nside.ring_layout(ring).1);
            return belt_cell(n, (twice + ring - n - 1) / 2, (twice + 3 * n - ring - 1) / 2);
        }
        let (from_pole, _) = nside.ring_layout(ring);
        let (quarter, up) = (at / from_pole, at % from_pole);
        let pole = if ring < n { Pole::North } else { Pole::South };
        Lines::Cap { pole, quarter, up, down: from_pole - 1 - up }.cell(nside)
    }
}

/// The bits of `x` and `y` in turn, that of `x` first.
fn interleave(x: u64, y: u64) -> u64 {
    if (x | y) >> 16 != 0 {
        return spread(x) | (spread(y) << 1);
    }
    // Numbers of 16 bits side by side, both spread at once.
    let mut bits = x | (y << 32);
    for (shift, mask) in
        [(8, 0x00ff_00ff_00ff_00ff), (4, 0x0f0f_0f0f_0f0f_0f0f), (2, 0x3333_3333_3333_3333), (1, 0x5555_5555_5555_5555)]
    {
        bits = (bits | (bits << shift)) & mask;
    }
    (bits & 0xffff_ffff) | (bits >> 32 << 1)
}

/// Puts a zero before each of the 32 lower bits.
fn spread(x: u64) -> u64 {
    let mut bits = x;
    for (shift, mask) in [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        bits = (bits | (bits << shift)) & mask;
    }
    bits
}

/// Takes every second bit, from the lowest.
fn squeeze(bits: u64) -> u64 {
    let mut x = bits & 0x5555_5555_5555_5555;
    for (shift, mask) in [
        (1, 0x3333_3333_3333_3333),
        (2, 0x0f0f_0f0f_0f0f_0f0f),
        (4, 0x00ff_00ff_00ff_00ff),
        (8, 0x0000_ffff_0000_ffff),
        (16, 0x0000_0000_ffff_ffff),
    ] {
        x = (x | (x >> shift)) & mask;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bits_come_in_turn(x in 0_u64..1 << 29, y in 0_u64..1 << 29, drop in 0..29) {
            let (x, y) = (x >> drop, y >> drop);
            prop_assert_eq!(interleave(x, y), spread(x) | (spread(y) << 1));
            prop_assert_eq!((squeeze(interleave(x, y)), squeeze(interleave(x, y) >> 1)), (x, y));
        }
    }
}
