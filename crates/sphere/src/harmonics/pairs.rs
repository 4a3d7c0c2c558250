//! Rings in pairs of equal latitude north and south, and which of them are in work at a time.

use super::reach::largest_order;
use super::region::RingRegion;
use crate::RingGeometry;
use std::ops::Range;

/// Bytes of the sums of one block: two complex numbers a pair and order.
const BLOCK_BYTES: usize = 256 << 20;

/// A multiple of the size of every group of rings that the recursion works on at once: of 32 and of 24.
const GROUPS: usize = 96;

/// Two rings that mirror each other, of which a region may hold one alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    number: u64,
    pub(super) north: Option<RingGeometry>,
    pub(super) south: Option<RingGeometry>,
}

impl Pair {
    /// Either ring: all but the sign of z and the place of the pixels is the same.
    pub(super) fn either(&self) -> RingGeometry {
        self.north.or(self.south).expect("a pair has a ring")
    }

    /// Number of the pair, that of its northern ring.
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

/// The pairs of a region from the poles to the equator.
pub(super) fn pairs(region: &RingRegion) -> Vec<Pair> {
    let n_rings = region.nside().n_rings();
    let numbers = region.ring_numbers();
    let ring = |number: u64| numbers.contains(&number).then(|| region.nside().ring(number));
    let pair = |north: u64| {
        let south = n_rings + 1 - north;
        let pair = Pair { number: north, north: ring(north), south: if south == north { None } else { ring(south) } };
        (pair.north.is_some() || pair.south.is_some()).then_some(pair)
    };
    (1..=2 * region.nside().value()).filter_map(pair).collect()
}

/// Blocks of pairs, each a whole number of groups but for the last.
pub(super) fn blocks(n_pairs: usize, lmax: usize) -> Vec<Range<usize>> {
    let pair_bytes = 2 * size_of::<num_complex::Complex64>() * (lmax + 1);
    let fit = (BLOCK_BYTES / pair_bytes / GROUPS).max(2) * GROUPS;
    let n_blocks = n_pairs.div_ceil(fit);
    let size = n_pairs.div_ceil(n_blocks).next_multiple_of(GROUPS);
    (0..n_pairs).step_by(size).map(|first| first..(first + size).min(n_pairs)).collect()
}

/// What the recursion needs to know of a block's rings, filled up with the last ring to a whole number of groups.
#[derive(Debug)]
pub(super) struct Columns {
    /// |cos theta|.
    pub(super) z: Vec<f64>,
    pub(super) sin_theta: Vec<f64>,
    /// Largest order that matters; it grows towards the equator.
    pub(super) reach: Vec<usize>,
}

impl Columns {
    pub(super) fn new(pairs: &[Pair], lmax: usize) -> Self {
        let filled = pairs.len().next_multiple_of(GROUPS);
        let rings = (0..filled).map(|i| pairs[i.min(pairs.len() - 1)].either());
        let (z, sin_theta): (Vec<f64>, Vec<f64>) = rings.map(|ring| (ring.z.abs(), ring.sin_theta)).unzip();
        let reach = z.iter().zip(&sin_theta).map(|(&z, &sin)| largest_order(lmax, z, sin)).collect();
        Self { z, sin_theta, reach }
    }
}
