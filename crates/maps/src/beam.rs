//! The instrument's beam in harmonic space.

use crate::Error;
use arcmin_units::Arcmin;
use arcmin_units::constants::FWHM_PER_SIGMA;
use std::path::Path;

/// Harmonic transfer function of a beam, one at l = 0.
#[derive(Clone, Debug, PartialEq)]
pub enum Beam {
    /// No smoothing at all.
    Delta,
    /// Gaussian of the given full width at half maximum.
    Gaussian {
        /// Full width at half maximum.
        fwhm: Arcmin,
    },
    /// A table of `B_l`.
    Tabulated(BeamTable),
}

/// Transfer function at some multipoles, linear in between, constant below the first and zero beyond the last.
#[derive(Clone, Debug, PartialEq)]
pub struct BeamTable {
    ell: Vec<f64>,
    b_ell: Vec<f64>,
}

impl Beam {
    /// A Gaussian beam; zero width is [`Beam::Delta`].
    ///
    /// # Errors
    /// [`Error::BadBeam`] when the width is negative or not finite.
    pub fn gaussian(fwhm: Arcmin) -> Result<Self, Error> {
        let value = fwhm.value();
        if value == 0.0 {
            return Ok(Beam::Delta);
        }
        if !(value.is_finite() && value > 0.0) {
            return Err(Error::BadBeam { reason: format!("a full width of {fwhm} is not a positive number") });
        }
        Ok(Beam::Gaussian { fwhm })
    }

    /// A beam from multipoles and its transfer function there, see [`BeamTable::new`].
    ///
    /// # Errors
    /// As [`BeamTable::new`].
    pub fn tabulated(ell: Vec<f64>, b_ell: Vec<f64>) -> Result<Self, Error> {
        Ok(Beam::Tabulated(BeamTable::new(ell, b_ell)?))
    }

    /// Transfer function `B(l)`; Gaussian: `exp(-l(l+1) sigma^2 / 2)`.
    pub fn transfer(&self, ell: f64) -> f64 {
        match self {
            Beam::Delta => 1.0,
            Beam::Gaussian { fwhm } => {
                let sigma_rad = fwhm.to_rad().value() / FWHM_PER_SIGMA;
                (-0.5 * ell * (ell + 1.0) * sigma_rad * sigma_rad).exp()
            }
            Beam::Tabulated(table) => table.at(ell),
        }
    }
}

impl BeamTable {
    /// A table of multipoles and the transfer function there.
    ///
    /// # Errors
    /// [`Error::BadBeam`] when the lists differ in length or hold fewer than two entries, when a number is not finite,
    /// when the multipoles do not increase from zero or above, or when the first entry is not positive.
    pub fn new(ell: Vec<f64>, b_ell: Vec<f64>) -> Result<Self, Error> {
        let bad = |reason: String| Err(Error::BadBeam { reason });
        if ell.len() != b_ell.len() || ell.len() < 2 {
            return bad(format!("{} multipoles and {} values are no table", ell.len(), b_ell.len()));
        }
        if let Some(i) = (0..ell.len()).find(|&i| !(ell[i].is_finite() && b_ell[i].is_finite())) {
            return bad(format!("entry {} is l = {}, B = {}", i + 1, ell[i], b_ell[i]));
        }
        if ell[0] < 0.0 || ell.windows(2).any(|pair| pair[0] >= pair[1]) {
            return bad("the multipoles do not increase from zero or above".to_owned());
        }
        if b_ell[0] <= 0.0 {
            return bad(format!("it begins with B = {}, not a positive number", b_ell[0]));
        }
        Ok(Self { ell, b_ell })
    }

    /// Reads a text table: a line holds `l` and `B_l`, parted by blanks or a comma; `#` begins a comment.
    ///
    /// Further columns are ignored.
    ///
    /// # Errors
    /// [`Error::ReadText`] or [`Error::BadLine`] when the file cannot be read or a line is not a pair of numbers, and
    /// [`Error::InBeamFile`] when the numbers are no beam.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = crate::text_file::read(path)?;
        let (mut ell, mut b_ell) = (Vec::new(), Vec::new());
        for (idx, line) in text.lines().enumerate() {
            let content = line.split('#').next().unwrap_or_default().trim();
            if content.is_empty() {
                continue;
            }
            let fields = content.split(|c: char| c == ',' || c.is_whitespace()).filter(|field| !field.is_empty());
            let numbers: Vec<f64> = fields.take(2).map_while(|field| field.parse().ok()).collect();
            let [l, b] = numbers[..] else {
                return Err(Error::BadLine { path: path.into(), line: idx + 1, expected: "a multipole and a value" });
            };
            ell.push(l);
            b_ell.push(b);
        }
        Self::new(ell, b_ell).map_err(|source| Error::InBeamFile { path: path.into(), source: Box::new(source) })
    }

    fn at(&self, ell: f64) -> f64 {
        let (x, y) = (&self.ell, &self.b_ell);
        match x.partition_point(|&l| l < ell) {
            0 => y[0],
            i if i == x.len() => 0.0,
            i => y[i - 1] + (y[i] - y[i - 1]) * (ell - x[i - 1]) / (x[i] - x[i - 1]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of healpy 1.20.1 for a width of one arcminute.
    #[test]
    fn gaussian_agrees_with_healpy() {
        let beam = Beam::gaussian(Arcmin::new(1.0)).unwrap();
        let golden = [
            (1000.0, 0.992_391_772_309_987),
            (3000.0, 0.933_615_978_752_429_5),
            (8000.0, 0.613_631_261_252_634_3),
            (20_000.0, 0.047_262_983_592_850_44),
        ];
        for (ell, expected) in golden {
            assert!((beam.transfer(ell) / expected - 1.0).abs() < 1e-9, "l = {ell}");
        }
    }

    #[test]
    fn gaussian_falls_to_half_at_its_own_width_in_the_flat_limit() {
        // B = exp(-l^2 sigma^2 / 2) is one half at l = sqrt(2 ln 2) / sigma = 4 ln 2 / fwhm.
        let fwhm = Arcmin::new(1.4);
        let ell_half = 4.0 * std::f64::consts::LN_2 / fwhm.to_rad().value();
        let beam = Beam::gaussian(fwhm).unwrap();
        assert!((beam.transfer(ell_half) - 0.5).abs() < 1e-4);
        assert_eq!(beam.transfer(0.0), 1.0);
    }

    #[test]
    fn table_is_linear_inside_constant_below_and_zero_above() {
        let beam = Beam::tabulated(vec![2.0, 10.0, 30.0], vec![1.0, 0.8, 0.2]).unwrap();
        for (ell, expected) in [(0.0, 1.0), (2.0, 1.0), (6.0, 0.9), (10.0, 0.8), (25.0, 0.35), (30.0, 0.2), (30.1, 0.0)]
        {
            assert!((beam.transfer(ell) - expected).abs() < 1e-12, "l = {ell}");
        }
    }

    #[test]
    fn tables_that_are_none_are_refused() {
        for (ell, b_ell) in [
            (vec![], vec![]),
            (vec![1.0], vec![1.0]),
            (vec![1.0, 2.0], vec![1.0]),
            (vec![2.0, 1.0], vec![1.0, 0.9]),
            (vec![-1.0, 1.0], vec![1.0, 0.9]),
            (vec![0.0, f64::NAN], vec![1.0, 0.9]),
            (vec![0.0, 1.0], vec![0.0, 0.9]),
        ] {
            assert!(matches!(Beam::tabulated(ell.clone(), b_ell), Err(Error::BadBeam { .. })), "{ell:?}");
        }
        assert!(Beam::gaussian(Arcmin::new(-1.0)).is_err());
    }

    #[test]
    fn table_is_read_from_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("beam.txt");
        std::fs::write(&path, "# l  B_l\n0 1.0\n1000,0.5 # half\n\n 2000\t0.25 0.1\n").unwrap();
        let expected = BeamTable::new(vec![0.0, 1000.0, 2000.0], vec![1.0, 0.5, 0.25]).unwrap();
        assert_eq!(BeamTable::read(&path).unwrap(), expected);
        for (text, part) in [("0 1.0\n1000 half\n", "beam.txt, line 2"), ("0 1\n0 1\n", "beam.txt: beam is not usable")]
        {
            std::fs::write(&path, text).unwrap();
            let message = BeamTable::read(&path).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        }
    }
}
