//! Names made from positions.

use arcmin_units::SkyPosition;

/// A name in the manner of the IAU: `PREFIX JHHMM.m-DDMM`, digits cut off and not rounded.
///
/// The position is equatorial (J2000).
///
/// ```
/// # use arcmin_maps::catalogue::name::iau_name;
/// # use arcmin_units::SkyPosition;
/// let position = SkyPosition::from_deg(352.9608, -50.864).unwrap();
/// assert_eq!(iau_name("ARC", position), "ARC J2331.8-5051");
/// ```
pub fn iau_name(prefix: &str, position: SkyPosition) -> String {
    // A hair is added before the cut, for a position that stands on a digit's edge but for rounding.
    const HAIR: f64 = 1e-6;
    let tenths_of_minute = (position.lon_deg() / 15.0 * 600.0 + HAIR) as u32 % 14_400;
    let arcmin = (position.lat_deg().abs() * 60.0 + HAIR) as u32;
    let sign = if position.lat_deg() < 0.0 { '-' } else { '+' };
    format!(
        "{prefix} J{:02}{:02}.{}{sign}{:02}{:02}",
        tenths_of_minute / 600,
        tenths_of_minute / 10 % 60,
        tenths_of_minute % 10,
        arcmin / 60,
        arcmin % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_cut_and_not_rounded() {
        for (ra_deg, dec_deg, expected) in [
            (0.0, 0.0, "X J0000.0+0000"),
            (15.0, -0.5, "X J0100.0-0030"),
            (15.0 * 23.99999, 89.999, "X J2359.9+8959"),
            (359.999_999_999_9, -90.0, "X J0000.0-9000"),
            (180.0, -0.001, "X J1200.0-0000"),
        ] {
            assert_eq!(iau_name("X", SkyPosition::from_deg(ra_deg, dec_deg).unwrap()), expected);
        }
    }
}
