//! Units of pixels as files name them.

use crate::Error;
use arcmin_fits::Header;
use arcmin_units::{ComptonY, MicroKelvinCmb, PixelUnit};

/// Keywords under which a unit is looked for.
const KEYWORDS: [&str; 3] = ["BUNIT", "UNITS", "TUNIT1"];

/// The unit of a file's pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileUnit {
    /// Thermodynamic temperature in uK_CMB.
    MicroKelvin,
    /// Thermodynamic temperature in mK_CMB.
    MilliKelvin,
    /// Thermodynamic temperature in K_CMB.
    Kelvin,
    /// Compton y.
    ComptonY,
}

impl FileUnit {
    /// The unit of a name such as `uK`, `K_CMB` or `compton-y`, `None` when it is not one of ours.
    ///
    /// Letter case counts only between milli and mega. `Tcmb`, which some surveys write, names a quantity and not a
    /// unit, so it is none; neither is a brightness temperature.
    ///
    /// ```
    /// # use arcmin_maps::file::FileUnit;
    /// assert_eq!(FileUnit::from_name("uK_CMB"), Some(FileUnit::MicroKelvin));
    /// assert_eq!(FileUnit::from_name("compton-y"), Some(FileUnit::ComptonY));
    /// assert_eq!(FileUnit::from_name("K_RJ"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        let plain: String = name.chars().filter(|c| !matches!(c, ' ' | '_' | '-' | '(' | ')')).collect();
        let lower = plain.to_ascii_lowercase();
        let temperature = lower.strip_suffix("cmb").or(lower.strip_suffix("thermo")).unwrap_or(&lower);
        match temperature {
            "uk" | "microk" | "microkelvin" | "\u{b5}k" | "\u{3bc}k" => Some(FileUnit::MicroKelvin),
            "mk" | "millikelvin" if !plain.starts_with('M') => Some(FileUnit::MilliKelvin),
            "k" | "kelvin" => Some(FileUnit::Kelvin),
            "y" | "comptony" | "comptonparameter" | "dimensionless" => Some(FileUnit::ComptonY),
            _ => None,
        }
    }

    /// The unit that a header names.
    ///
    /// # Errors
    /// [`Error::MissingUnit`], [`Error::UnknownUnit`], or [`Error::ContradictingUnits`] when two keywords differ.
    pub(super) fn from_header(header: &Header) -> Result<Self, Error> {
        let mut found: Option<(&str, FileUnit)> = None;
        for keyword in KEYWORDS {
            let name = header.get_str(keyword)?.unwrap_or_default().trim();
            if name.is_empty() {
                continue;
            }
            let place = header.place().clone();
            let unit = FileUnit::from_name(name).ok_or_else(|| Error::UnknownUnit {
                place: place.clone(),
                keyword,
                unit: name.to_owned(),
            })?;
            match found {
                Some((first, other)) if other != unit => {
                    return Err(Error::ContradictingUnits { place, first, second: keyword });
                }
                _ => found = Some((keyword, unit)),
            }
        }
        found.map(|(_, unit)| unit).ok_or_else(|| Error::MissingUnit { place: header.place().clone() })
    }

    /// What a pixel value is multiplied by to be in uK_CMB, or in y.
    pub(super) fn scale(self) -> f64 {
        match self {
            FileUnit::MicroKelvin | FileUnit::ComptonY => 1.0,
            FileUnit::MilliKelvin => 1e3,
            FileUnit::Kelvin => 1e6,
        }
    }
}

impl std::fmt::Display for FileUnit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            FileUnit::MicroKelvin => MicroKelvinCmb::BUNIT,
            FileUnit::MilliKelvin => "mK_CMB",
            FileUnit::Kelvin => "K_CMB",
            FileUnit::ComptonY => ComptonY::BUNIT,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_use_are_known_and_look_alikes_are_not() {
        use FileUnit::*;
        for (name, unit) in [
            ("uK", Some(MicroKelvin)),
            ("uK_CMB", Some(MicroKelvin)),
            ("microK", Some(MicroKelvin)),
            ("\u{3bc}K", Some(MicroKelvin)),
            ("uK (CMB)", Some(MicroKelvin)),
            ("mK", Some(MilliKelvin)),
            ("K_CMB", Some(Kelvin)),
            ("Kcmb", Some(Kelvin)),
            ("K", Some(Kelvin)),
            ("y", Some(ComptonY)),
            ("Compton-y", Some(ComptonY)),
            ("COMPTON_Y", Some(ComptonY)),
            ("MK", None),
            ("K_RJ", None),
            ("MJy/sr", None),
            ("Tcmb", None),
            ("cmb", None),
            ("", None),
        ] {
            assert_eq!(FileUnit::from_name(name), unit, "{name}");
        }
        for unit in [MicroKelvin, MilliKelvin, Kelvin, ComptonY] {
            assert_eq!(FileUnit::from_name(&unit.to_string()), Some(unit));
        }
    }
}
