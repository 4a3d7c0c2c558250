//! Sets of pixels as runs of consecutive numbers.

use super::{Healpix, Ordering, PixelIndex};
use rayon::slice::ParallelSliceMut;
use std::ops::Range;

/// Any pixels of a grid, kept as runs of consecutive numbers: discs, footprints and partial maps have few of them.
///
/// Its pixels are counted from 0 by rising number ([`rank`](Self::rank)), which is where a map of the set alone keeps
/// their values. Memory is some 40 bytes a run, whatever the resolution.
#[derive(Clone, Debug, PartialEq)]
pub struct PixelSet<O: Ordering> {
    grid: Healpix<O>,
    /// Runs in rising order, apart from each other.
    runs: Vec<Run>,
    /// For each piece of `1 << shift` numbers the first run that ends beyond its beginning.
    first_runs: Vec<u32>,
    shift: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    start: u64,
    end: u64,
    /// Pixels of the set before this run.
    before: u64,
}

impl<O: Ordering> PixelSet<O> {
    /// The set of all pixels in some ranges of numbers, in any order; they may overlap.
    ///
    /// # Panics
    /// When a range reaches beyond the grid, or there are 2^32 runs or more.
    pub fn from_ranges(grid: Healpix<O>, ranges: impl IntoIterator<Item = Range<u64>>) -> Self {
        let mut ranges: Vec<Range<u64>> = ranges.into_iter().filter(|range| !range.is_empty()).collect();
        if !ranges.is_sorted_by_key(|range| range.start) {
            ranges.sort_unstable_by_key(|range| range.start);
        }
        let mut runs: Vec<Run> = Vec::new();
        for Range { start, end } in ranges {
            assert!(end <= grid.n_pixels(), "pixels {start} to {end} of nside {}", grid.nside());
            match runs.last_mut() {
                Some(last) if start <= last.end => last.end = last.end.max(end),
                _ => runs.push(Run { start, end, before: 0 }),
            }
        }
        runs.shrink_to_fit();
        let mut before = 0;
        for run in &mut runs {
            run.before = before;
            before += run.end - run.start;
        }
        Self::indexed(grid, runs)
    }

    /// The set of single pixels, in any order; one may come more than once.
    ///
    /// # Panics
    /// When a pixel lies beyond the grid.
    pub fn from_pixels(grid: Healpix<O>, pixels: impl IntoIterator<Item = PixelIndex<O>>) -> Self {
        let mut numbers: Vec<u64> = pixels.into_iter().map(PixelIndex::number).collect();
        if !numbers.is_sorted() {
            numbers.par_sort_unstable();
        }
        Self::from_ranges(grid, Joined { numbers: numbers.into_iter(), run: None })
    }

    /// Makes the table that leads to a run in a step or two: as many pieces as runs, or up to twice as many.
    fn indexed(grid: Healpix<O>, runs: Vec<Run>) -> Self {
        let n_runs = u32::try_from(runs.len()).expect("fewer than 2^32 runs");
        let mut shift = 0;
        while grid.n_pixels() >> shift > 2 * u64::from(n_runs) + 1 {
            shift += 1;
        }
        let n_pieces = (grid.n_pixels() >> shift) + 2;
        let mut first_runs = Vec::with_capacity(n_pieces as usize);
        let mut run = 0;
        for piece in 0..n_pieces {
            while run < runs.len() && runs[run].end <= piece << shift {
                run += 1;
            }
            first_runs.push(run as u32);
        }
        Self { grid, runs, first_runs, shift }
    }

    /// The grid whose pixels they are.
    pub fn grid(&self) -> Healpix<O> {
        self.grid
    }

    /// Number of pixels.
    pub fn len(&self) -> u64 {
        self.runs.last().map_or(0, |run| run.before + run.end - run.start)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The runs of consecutive numbers, in rising order and apart from each other.
    pub fn runs(&self) -> impl ExactSizeIterator<Item = Range<u64>> + Clone + '_ {
        self.runs.iter().map(|run| run.start..run.end)
    }

    /// The pixels by rising number.
    pub fn pixels(&self) -> impl Iterator<Item = PixelIndex<O>> + Clone + '_ {
        self.runs().flatten().map(PixelIndex::new)
    }

    /// Whether a pixel is in the set.
    pub fn contains(&self, pixel: PixelIndex<O>) -> bool {
        self.rank(pixel).is_some()
    }

    /// How many pixels of the set come before this one; `None` when it is not in the set.
    pub fn rank(&self, pixel: PixelIndex<O>) -> Option<u64> {
        let number = pixel.number();
        let piece = (number >> self.shift) as usize;
        let [from, to] = [self.first_runs.get(piece)?, self.first_runs.get(piece + 1)?].map(|run| *run as usize);
        // The run that ends beyond the next piece's beginning may hold it too.
        let nearby = &self.runs[from..self.runs.len().min(to + 1)];
        let run = nearby[..].get(nearby.partition_point(|run| run.end <= number))?;
        (run.start <= number).then(|| run.before + number - run.start)
    }
}

/// Joins numbers that follow each other into ranges.
struct Joined<I> {
    numbers: I,
    run: Option<Range<u64>>,
}

impl<I: Iterator<Item = u64>> Iterator for Joined<I> {
    type Item = Range<u64>;

    fn next(&mut self) -> Option<Range<u64>> {
        for number in self.numbers.by_ref() {
            match &mut self.run {
                Some(run) if run.end == number => run.end += 1,
                run => {
                    if let Some(whole) = run.replace(number..number + 1) {
                        return Some(whole);
                    }
                }
            }
        }
        self.run.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::healpix::{Nested, Nside};
    use proptest::prelude::*;

    fn grid(nside: u64) -> Healpix<Nested> {
        Healpix::nested(Nside::new(nside).unwrap()).unwrap()
    }

    proptest! {
        #[test]
        fn ranks_count_the_members(numbers in prop::collection::vec(0..192u64, 0..120)) {
            let set = PixelSet::from_pixels(grid(4), numbers.iter().map(|n| PixelIndex::new(*n)));
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            sorted.dedup();
            prop_assert_eq!(set.len(), sorted.len() as u64);
            prop_assert_eq!(set.pixels().map(PixelIndex::number).collect::<Vec<_>>(), sorted.clone());
            for number in 0..200 {
                let expected = sorted.binary_search(&number).ok().map(|rank| rank as u64);
                prop_assert_eq!(set.rank(PixelIndex::new(number)), expected, "pixel {}", number);
            }
        }

        #[test]
        fn overlapping_ranges_are_joined(ranges in prop::collection::vec((0..700u64, 0..60u64), 0..20)) {
            let ranges: Vec<_> = ranges.into_iter().map(|(start, len)| start..start + len).collect();
            let set = PixelSet::from_ranges(grid(8), ranges.clone());
            for number in 0..768 {
                let expected = ranges.iter().any(|range| range.contains(&number));
                prop_assert_eq!(set.contains(PixelIndex::new(number)), expected);
            }
            let runs: Vec<_> = set.runs().collect();
            prop_assert!(runs.windows(2).all(|pair| pair[0].end < pair[1].start));
        }
    }

    #[test]
    fn a_set_on_the_finest_grid_is_small() {
        let grid = grid(1 << 29);
        let last = grid.n_pixels() - 1;
        let set = PixelSet::from_pixels(grid, [0, 1, 1 << 50, last].map(PixelIndex::new));
        assert_eq!(set.len(), 4);
        assert_eq!(set.rank(PixelIndex::new(last)), Some(3));
        assert_eq!(set.rank(PixelIndex::new(1 << 50)), Some(2));
        assert_eq!(set.rank(PixelIndex::new(2)), None);
        assert!(set.first_runs.len() < 20);
    }
}
