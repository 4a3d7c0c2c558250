//! Floating-point pixels stored as scaled integers, with or without subtractive dithering (FITS40
//! section 10.2; White13).

/// Entries of the table of random numbers.
const N_RANDOM: usize = 10_000;
/// Stored value that `SUBTRACTIVE_DITHER_2` keeps for pixels that are exactly zero.
const EXACT_ZERO: i32 = -2_147_483_646;

/// How pixels were moved before they were rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dither {
    /// Not at all.
    None,
    /// By a random part of the step.
    Subtractive1,
    /// Likewise, but exact zeros stay zero.
    Subtractive2,
}

/// Scale of one tile and the stored value that means "no pixel".
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quantization {
    pub(crate) scale: f64,
    pub(crate) zero: f64,
    pub(crate) blank: Option<i64>,
    pub(crate) dither: Dither,
    /// `ZDITHER0`, 1 to 10000.
    pub(crate) seed: i64,
}

/// The table of random numbers of the convention (FITS40 appendix I): Park & Miller's generator.
pub(crate) fn random_table() -> Vec<f32> {
    let next = |seed: &u64| Some(seed * 16_807 % 2_147_483_647);
    let seeds = std::iter::successors(Some(16_807), next).take(N_RANDOM);
    seeds.map(|seed| (seed as f64 / 2_147_483_647.0) as f32).collect()
}

impl Quantization {
    /// Pixels of the tile `tile` (the first is 0); `random` is [`random_table`].
    ///
    /// `value = (stored - r + 1/2) * scale + zero`, with `r` from the table when dithered and
    /// `r = 1/2` else (FITS40 section 10.2); NaN where there is no pixel.
    pub(crate) fn restore(&self, stored: &[i32], tile: usize, random: &[f32]) -> Vec<f64> {
        let blank = self.blank;
        let is_blank = |x: i32| blank == Some(i64::from(x));
        if self.dither == Dither::None {
            let value = |&x: &i32| if is_blank(x) { f64::NAN } else { f64::from(x) * self.scale + self.zero };
            return stored.iter().map(value).collect();
        }
        let mut dither = Sequence::new(random, tile, self.seed);
        let restore = |&x: &i32| {
            let r = f64::from(dither.next());
            match x {
                x if is_blank(x) => f64::NAN,
                EXACT_ZERO if self.dither == Dither::Subtractive2 => 0.0,
                x => (f64::from(x) - r + 0.5) * self.scale + self.zero,
            }
        };
        stored.iter().map(restore).collect()
    }
}

/// The walk through the table: each tile starts elsewhere, each pass at a random place.
struct Sequence<'a> {
    random: &'a [f32],
    pass: usize,
    at: usize,
}

impl<'a> Sequence<'a> {
    fn new(random: &'a [f32], tile: usize, seed: i64) -> Self {
        let seed = seed.rem_euclid(N_RANDOM as i64) as usize;
        let pass = (tile % N_RANDOM + seed + N_RANDOM - 1) % N_RANDOM;
        let at = start_of_pass(random, pass);
        Self { random, pass, at }
    }

    fn next(&mut self) -> f32 {
        let value = self.random[self.at];
        self.at += 1;
        if self.at == N_RANDOM {
            self.pass = (self.pass + 1) % N_RANDOM;
            self.at = start_of_pass(self.random, self.pass);
        }
        value
    }
}

fn start_of_pass(random: &[f32], pass: usize) -> usize {
    (random[pass] * 500.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FITS40 appendix I: "the final seed value must be 1043618065".
    #[test]
    fn random_table_ends_where_the_standard_says() {
        let table = random_table();
        assert_eq!(table.len(), N_RANDOM);
        assert_eq!(table[N_RANDOM - 1], (1_043_618_065.0 / 2_147_483_647.0) as f32);
    }
}
