//! Errors by drawing the sample again.
//!
//! The unit drawn with replacement is a whole tile, since neighbours on the sky share noise and structure. With
//! fewer than [`MIN_TILES`] tiles the spread over so few units says little, and single objects are drawn instead.

use crate::sweep::Counts;
use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

/// Fewest tiles for which tiles are drawn rather than objects.
pub const MIN_TILES: usize = 8;

/// What is drawn with replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A whole tile.
    Tile,
    /// A target halo with its detection, or an impure detection.
    Object,
}

impl Unit {
    /// Tiles where there are enough of them, else objects.
    pub fn for_tiles(n_tiles: usize) -> Self {
        if n_tiles >= MIN_TILES { Unit::Tile } else { Unit::Object }
    }
}

/// Calls `each` with `weights[unit]`, the number of times that each unit is drawn, once a replicate.
///
/// Each replicate draws from its own stream, so replicate `r` is the same however many there are.
pub(crate) fn for_each_replicate(n_units: usize, replicates: u32, seed: u64, mut each: impl FnMut(&[u32])) {
    let mut weights = vec![0u32; n_units];
    for replicate in 0..replicates {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(stream(seed, replicate));
        weights.fill(0);
        for _ in 0..n_units {
            weights[rng.random_range(0..n_units as u64) as usize] += 1;
        }
        each(&weights);
    }
}

/// A seed for one replicate: the golden-ratio step of SplitMix64, whose finaliser `seed_from_u64` applies.
fn stream(seed: u64, replicate: u32) -> u64 {
    seed.wrapping_add((u64::from(replicate) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)).rotate_left(17)
}

/// Sum of the counts of all units in each replicate.
pub(crate) fn replicate_counts(units: &[Counts], replicates: u32, seed: u64) -> Vec<Counts> {
    let mut sums = Vec::with_capacity(replicates as usize);
    for_each_replicate(units.len(), replicates, seed, |weights| {
        sums.push(units.iter().zip(weights).map(|(&counts, &weight)| counts.times(u64::from(weight))).sum());
    });
    sums
}

/// Standard deviation of a statistic over replicates; replicates for which it has no value are left out.
pub(crate) fn spread(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let values: Vec<f64> = values.flatten().collect();
    if values.len() < 2 {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    Some((values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicates_do_not_depend_on_how_many_are_drawn() {
        let draw = |replicates| {
            let mut all = Vec::new();
            for_each_replicate(9, replicates, 7, |weights| all.push(weights.to_vec()));
            all
        };
        assert_eq!(draw(3)[..], draw(10)[..3]);
        assert!(draw(10).iter().all(|weights| weights.iter().sum::<u32>() == 9));
    }

    #[test]
    fn spread_of_a_mean_is_sigma_over_root_n() {
        // 400 units, half with one detection: the binomial error of the fraction is 0.5 / 20 = 0.025. The spread of
        // 2000 replicates scatters by 1.6 %, so 8 % is 5 sigma: false alarm 6e-7.
        let unit = |idx: u64| Counts { targets: 1, found: idx % 2, ..Counts::default() };
        let units: Vec<Counts> = (0..400).map(unit).collect();
        let sums = replicate_counts(&units, 2000, 1);
        let error = spread(sums.iter().map(Counts::completeness)).unwrap();
        assert!((error / 0.025 - 1.0).abs() < 0.08, "{error}");
    }

    #[test]
    fn no_unit_gives_no_spread() {
        assert_eq!(spread(replicate_counts(&[], 10, 1).iter().map(Counts::completeness)), None);
    }
}
