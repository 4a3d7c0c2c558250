//! Units of pixels as files name them.

use super::brightness::jy_sr_per_uk;
use crate::Error;
use arcmin_fits::Header;
use arcmin_units::{ComptonY, Ghz, MicroKelvinCmb, PixelUnit};

/// Keywords under which the unit of an image is looked for.
const IMAGE_KEYWORDS: [&str; 3] = ["BUNIT", "UNITS", "TUNIT1"];

/// The unit of a file's pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileUnit {
    /// Thermodynamic temperature in uK_CMB.
    MicroKelvin,
    /// Thermodynamic temperature in mK_CMB.
    MilliKelvin,
    /// Thermodynamic temperature in K_CMB.
    Kelvin,
    /// Brightness in Jy/sr at the map's frequency, as the departure from the CMB's mean.
    JanskyPerSteradian,
    /// Brightness in MJy/sr at the map's frequency, as the departure from the CMB's mean.
    MegaJanskyPerSteradian,
    /// Compton y.
    ComptonY,
}

impl FileUnit {
    /// The unit of a name such as `uK`, `K_CMB` or `compton-y`, `None` when it is not one of ours.
    ///
    /// Letter case counts only between milli and mega. A brightness is one at the map's frequency itself, without the
    /// conventions by which some surveys refer theirs to other spectra. `Tcmb`, which some surveys write, names a quantity and not a
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
        let thermal = [",thermodynamic", "thermodynamic", "thermo", "cmb"];
        let temperature = thermal.iter().find_map(|suffix| lower.strip_suffix(suffix)).unwrap_or(&lower);
        match temperature {
            "uk" | "muk" | "microk" | "microkelvin" | "\u{b5}k" | "\u{3bc}k" => Some(FileUnit::MicroKelvin),
            "mk" | "millikelvin" if !plain.starts_with('M') => Some(FileUnit::MilliKelvin),
            "k" | "kelvin" => Some(FileUnit::Kelvin),
            "jy/sr" | "jy/ster" | "jy/steradian" | "jysr1" | "jy.sr1" | "jy*sr1" => Some(FileUnit::JanskyPerSteradian),
            "mjy/sr" | "mjy/ster" | "mjy/steradian" | "mjysr1" | "mjy.sr1" | "mjy*sr1" if plain.starts_with('M') => {
                Some(FileUnit::MegaJanskyPerSteradian)
            }
            "y" | "comptony" | "comptonparameter" | "dimensionless" => Some(FileUnit::ComptonY),
            _ => None,
        }
    }

    /// The unit that the header of an image names.
    ///
    /// # Errors
    /// As [`from_keywords`](Self::from_keywords).
    pub(super) fn from_header(header: &Header) -> Result<Self, Error> {
        Self::from_keywords(header, &IMAGE_KEYWORDS)
    }

    /// The unit that a header names under some keywords.
    ///
    /// # Errors
    /// [`Error::MissingUnit`], [`Error::UnknownUnit`], or [`Error::ContradictingUnits`] when two keywords differ.
    pub(crate) fn from_keywords(header: &Header, keywords: &[&'static str]) -> Result<Self, Error> {
        let mut found: Option<(&'static str, FileUnit)> = None;
        for &keyword in keywords {
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

    /// What a pixel value is multiplied by to be in uK_CMB, or in y; `None` for a brightness without a frequency.
    ///
    /// ```
    /// # use arcmin_maps::file::FileUnit;
    /// # use arcmin_units::Ghz;
    /// let uk_per_mjy_sr = FileUnit::MegaJanskyPerSteradian.scale(Some(Ghz::new(150.0))).unwrap();
    /// assert!((uk_per_mjy_sr - 2509.53).abs() < 0.01);
    /// ```
    pub fn scale(self, nu: Option<Ghz>) -> Option<f64> {
        match self {
            FileUnit::MicroKelvin | FileUnit::ComptonY => Some(1.0),
            FileUnit::MilliKelvin => Some(1e3),
            FileUnit::Kelvin => Some(1e6),
            FileUnit::JanskyPerSteradian => nu.map(|nu| 1.0 / jy_sr_per_uk(nu)),
            FileUnit::MegaJanskyPerSteradian => nu.map(|nu| 1e6 / jy_sr_per_uk(nu)),
        }
    }
}

impl std::fmt::Display for FileUnit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            FileUnit::MicroKelvin => MicroKelvinCmb::BUNIT,
            FileUnit::MilliKelvin => "mK_CMB",
            FileUnit::Kelvin => "K_CMB",
            FileUnit::JanskyPerSteradian => "Jy/sr",
            FileUnit::MegaJanskyPerSteradian => "MJy/sr",
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
            ("MJy/sr", Some(MegaJanskyPerSteradian)),
            ("Jy/sr", Some(JanskyPerSteradian)),
            ("Jy sr-1", Some(JanskyPerSteradian)),
            ("MJy.sr-1", Some(MegaJanskyPerSteradian)),
            ("mJy/sr", None),
            ("Jy/beam", None),
            ("muK", Some(MicroKelvin)),
            ("mK,thermodynamic", Some(MilliKelvin)),
            ("Tcmb", None),
            ("cmb", None),
            ("", None),
        ] {
            assert_eq!(FileUnit::from_name(name), unit, "{name}");
        }
        for unit in [MicroKelvin, MilliKelvin, Kelvin, JanskyPerSteradian, MegaJanskyPerSteradian, ComptonY] {
            assert_eq!(FileUnit::from_name(&unit.to_string()), Some(unit));
        }
    }
}
