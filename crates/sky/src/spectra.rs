//! Angular power spectra, and those of the CMB that are shipped.

use std::f64::consts::PI;

use arcmin_units::Radian;
use arcmin_units::constants::FWHM_PER_SIGMA;

use crate::error::Error;
use crate::table::{cubic_in_rows, data_lines};

/// What the tables of this file hold, for messages.
const TABLE: &str = "an angular power spectrum";
/// Multipoles that a table may hold: one bad digit must not ask for gigabytes.
const ELL_TABLE: std::ops::RangeInclusive<u32> = 2..=1_000_000;

/// An angular power spectrum `C_l` in uK_CMB^2 sr, at every integer multipole of a range.
///
/// Between multipoles `C_l` is linear. Below the first it is held constant, above the last it is zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    ell_min: usize,
    c_ell: Vec<f64>,
}

impl Spectrum {
    /// A spectrum with `c_ell[i]` in uK^2 sr at `ell_min + i`.
    ///
    /// # Errors
    /// Fewer than two values, or one that is negative or not finite.
    pub fn new(ell_min: usize, c_ell: Vec<f64>) -> Result<Self, Error> {
        if c_ell.len() < 2 {
            return Err(Error::TableTooShort { table: TABLE, got: c_ell.len(), needed: 2 });
        }
        match c_ell.iter().find(|value| !(value.is_finite() && **value >= 0.0)) {
            Some(&value) => Err(Error::Parameter { name: "C_l in uK^2 sr", value, expected: "0 or more" }),
            None => Ok(Self { ell_min, c_ell }),
        }
    }

    /// A spectrum from a text table of two columns, integer l (2 to 1000000, increasing) and `D_l` in uK^2.
    ///
    /// Empty lines and those that start with `#` are skipped, further columns ignored. Multipoles that the table leaves out are filled
    /// by the cubic through the four nearest rows in `ln D_l` against l.
    ///
    /// # Errors
    /// A line without these numbers, l that does not increase, or fewer than four rows.
    pub fn from_d_ell_table(text: &str) -> Result<Self, Error> {
        let rows = parse_d_ell_table(text)?;
        let (first, last) = (rows[0].0 as usize, rows[rows.len() - 1].0 as usize);
        let mut row = rows.iter().peekable();
        let c_ell = (first..=last).map(|ell| {
            let ln_d_ell = match row.next_if(|row| row.0 == ell as f64) {
                Some(&(_, value)) => value,
                None => cubic_in_rows(&rows, ell as f64),
            };
            ln_d_ell.exp() / d_per_c(ell as f64)
        });
        Self::new(first, c_ell.collect())
    }

    /// First and last multipole.
    pub fn ell_range(&self) -> (usize, usize) {
        (self.ell_min, self.ell_min + self.c_ell.len() - 1)
    }

    /// `C_l` in uK^2 sr at any l, 0 or more.
    pub fn c_ell(&self, ell: f64) -> f64 {
        let above_first = ell - self.ell_min as f64;
        if above_first <= 0.0 {
            return self.c_ell[0];
        }
        let left = above_first as usize;
        match self.c_ell.get(left..left + 2) {
            Some(pair) => pair[0] + (pair[1] - pair[0]) * (above_first - left as f64),
            None if above_first == (self.c_ell.len() - 1) as f64 => self.c_ell[self.c_ell.len() - 1],
            None => 0.0,
        }
    }

    /// `D_l = l (l+1) C_l / (2 pi)` in uK^2 at any l.
    pub fn d_ell(&self, ell: f64) -> f64 {
        d_per_c(ell) * self.c_ell(ell)
    }

    /// The spectrum as seen with a Gaussian beam, `C_l exp(-l(l+1) sigma^2)`.
    pub fn smoothed(&self, beam_fwhm: Radian) -> Self {
        let sigma = beam_fwhm.value() / FWHM_PER_SIGMA;
        let c_ell = self.c_ell.iter().enumerate().map(|(i, &value)| {
            let ell = (self.ell_min + i) as f64;
            value * (-ell * (ell + 1.0) * sigma * sigma).exp()
        });
        Self { ell_min: self.ell_min, c_ell: c_ell.collect() }
    }

    /// Correlation in uK^2 of two directions a small angle apart, `sum (2l+1)/(4 pi) C_l J0((l+1/2) theta)`.
    ///
    /// The flat-sky form of the Legendre sum, right to 1e-3 for angles below some degrees.
    pub fn correlation_uk2(&self, theta: Radian) -> f64 {
        let terms = self.c_ell.iter().enumerate().map(|(i, &value)| {
            let ell = (self.ell_min + i) as f64;
            (2.0 * ell + 1.0) / (4.0 * PI) * value * libm::j0((ell + 0.5) * theta.value())
        });
        terms.sum()
    }
}

/// `D_l / C_l = l (l+1) / (2 pi)`.
pub fn d_per_c(ell: f64) -> f64 {
    ell * (ell + 1.0) / (2.0 * PI)
}

/// Lensed temperature spectrum of the Planck 2018 best fit, l = 2 to 14000, every l as CAMB gives it.
///
/// Above l = 4000 it depends on the model of non-linear lensing (`data/README.md` has all parameters).
pub fn cmb_lensed_tt() -> Spectrum {
    shipped(include_str!("../../../data/cmb_lensed_tt_planck18.txt"))
}

/// Unlensed temperature spectrum of the Planck 2018 best fit, l = 2 to 14000; shipped thinned, right to 1e-4.
pub fn cmb_unlensed_tt() -> Spectrum {
    shipped(include_str!("../../../data/cmb_unlensed_tt_planck18.txt"))
}

/// Lensed temperature spectrum of the cosmology `sehgal_wmap5`, l = 2 to 14000; shipped thinned, right to 1e-4.
pub fn cmb_lensed_tt_sehgal_wmap5() -> Spectrum {
    shipped(include_str!("../../../data/cmb_lensed_tt_sehgal_wmap5.txt"))
}

fn shipped(text: &str) -> Spectrum {
    Spectrum::from_d_ell_table(text).expect("shipped tables are read by the tests")
}

/// Rows `(l, ln D_l)`.
fn parse_d_ell_table(text: &str) -> Result<Vec<(f64, f64)>, Error> {
    let mut rows: Vec<(f64, f64)> = Vec::new();
    for (line_number, line) in data_lines(text) {
        let mut words = line.split_whitespace();
        let ell =
            words.next().and_then(|word| word.parse::<u32>().ok()).filter(|ell| ELL_TABLE.contains(ell)).map(f64::from);
        let d_ell = words.next().and_then(|word| word.parse::<f64>().ok()).filter(|d| d.is_finite() && *d > 0.0);
        match (ell, d_ell) {
            (Some(ell), Some(d_ell)) if rows.last().is_none_or(|last| last.0 < ell) => rows.push((ell, d_ell.ln())),
            _ => {
                let expected = "an integer l from 2 to 1000000, larger than before, and D_l in uK^2 above 0";
                return Err(Error::TableLine { table: TABLE, line: line_number, text: line.to_owned(), expected });
            }
        }
    }
    if rows.len() < 4 {
        return Err(Error::TableTooShort { table: TABLE, got: rows.len(), needed: 4 });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shipped_tables_span_the_multipoles_they_promise_and_have_their_first_peak() {
        for spectrum in [cmb_lensed_tt(), cmb_unlensed_tt(), cmb_lensed_tt_sehgal_wmap5()] {
            assert_eq!(spectrum.ell_range(), (2, 14_000));
            let peak =
                (100..400).max_by(|&a, &b| spectrum.d_ell(f64::from(a)).total_cmp(&spectrum.d_ell(f64::from(b))));
            assert!(peak.is_some_and(|ell| (215..225).contains(&ell)), "{peak:?}");
            assert!((5650.0..5800.0).contains(&spectrum.d_ell(220.0)));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "([0-9]{1,9} [0-9e.-]{1,6}\n){0,8}[ -~]{0,12}") {
            let _ = Spectrum::from_d_ell_table(&text);
        }
    }

    #[test]
    fn spectrum_is_linear_between_multipoles_and_ends_as_documented() {
        let spectrum = Spectrum::new(2, vec![8.0, 4.0, 1.0]).unwrap();
        for (ell, expected) in [(0.0, 8.0), (2.0, 8.0), (2.5, 6.0), (3.75, 1.75), (4.0, 1.0), (4.01, 0.0), (1e9, 0.0)] {
            assert_eq!(spectrum.c_ell(ell), expected, "{ell}");
        }
    }

    #[test]
    fn thinned_tables_are_filled_along_power_laws() {
        let mut text = String::from("# l D_l\n");
        for ell in [2, 3, 5, 8, 13, 21, 34] {
            text += &format!("{ell} {:e}\n", 1e3 * (-0.1 * f64::from(ell)).exp());
        }
        let spectrum = Spectrum::from_d_ell_table(&text).unwrap();
        for ell in 2..=34_i32 {
            let expected = 1e3 * (-0.1 * f64::from(ell)).exp();
            assert!((spectrum.d_ell(f64::from(ell)) / expected - 1.0).abs() < 1e-12, "{ell}");
        }
    }

    #[test]
    fn broken_tables_are_refused_with_the_line() {
        for (text, needle) in [
            ("", "0 rows"),
            ("2 1\n3 nan\n", "line 2"),
            ("2 1\n2 1\n", "line 2"),
            ("1 1\n", "line 1"),
            ("2 1\n\n3 -1\n", "line 3"),
            ("2.5 1\n", "line 1"),
        ] {
            let message = Spectrum::from_d_ell_table(text).unwrap_err().to_string();
            assert!(message.contains(needle), "{text:?}: {message}");
        }
        assert!(Spectrum::new(2, vec![1.0, -1.0]).is_err());
    }
}
