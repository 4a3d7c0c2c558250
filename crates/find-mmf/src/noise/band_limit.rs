//! Where the power of a band-limited map ends.
//!
//! Some maps hold modes up to a multipole only: beyond it there is neither signal nor noise. A matched filter divides
//! by the noise and would amplify the empty modes without bound. The rule (derived here): power must fall by a factor
//! of `DROP` between 0.95 and 1.05 ell, a slope of -21, and stay `STAYS_BELOW` times lower from there on. The
//! steepest sky, the damping tail of the CMB, reaches a slope of -15 where noise and lensing take over; a beam of 1.4 arcmin reaches -13 at ell = 15,000, where
//! white noise has long taken over in any real map.

/// Factor by which power falls within ten per cent of ell.
const DROP: f64 = 8.0;
/// Factor by which all later power lies below that before the drop.
const STAYS_BELOW: f64 = 20.0;
/// Below this multipole filters of map makers cut, and bins are too wide to tell.
const ELL_FIRST: f64 = 1000.0;
/// The limit is where power is still this fraction of that before the drop.
const KEPT: f64 = 0.5;

/// The highest multipole with power, `None` when the map is not band-limited.
///
/// `power[i]` is the noise power in the bin of centre `(i + 1/2) bin_width`.
pub fn band_limit(power: &[f64], bin_width: f64) -> Option<f64> {
    let at = |ell: f64| power[((ell / bin_width) as usize).min(power.len() - 1)];
    let centre = |bin: usize| (bin as f64 + 0.5) * bin_width;
    let first = (ELL_FIRST / bin_width).ceil() as usize;
    let mut largest_later = 0.0_f64;
    let mut steepest: Option<(f64, usize)> = None;
    for bin in (first..power.len()).rev() {
        let ell = centre(bin);
        if 1.15 * ell >= centre(power.len() - 1) {
            continue;
        }
        largest_later = largest_later.max(at(1.15 * ell));
        let (before, after) = (at(0.95 * ell), at(1.05 * ell));
        let is_limit = before > DROP * after && before > STAYS_BELOW * largest_later;
        if is_limit && steepest.is_none_or(|(drop, _)| before / after > drop) {
            steepest = Some((before / after, bin));
        }
    }
    let (_, drop) = steepest?;
    let before = at(0.95 * centre(drop));
    let reach = (1.1 * centre(drop) / bin_width) as usize;
    let last = (first..=reach).rev().find(|&bin| power.get(bin).is_some_and(|&p| p >= KEPT * before))?;
    Some(centre(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_map_is_found_and_sky_with_noise_is_not() {
        // CMB with its lensed tail, and white noise of 1 uK arcmin, in uK^2 sr.
        let sky = |ell: f64| 6.3 / ell.powi(2) * (2000.0 * (-(ell / 1300.0).powf(1.8)).exp() + 0.3) + 8.5e-8;
        let bins = 400;
        let ell = |bin: usize| (bin as f64 + 0.5) * 50.0;
        let open: Vec<f64> = (0..bins).map(|b| sky(ell(b))).collect();
        assert_eq!(band_limit(&open, 50.0), None);
        for cut in [3000.0, 7000.0, 12_000.0] {
            let limited: Vec<f64> = (0..bins).map(|b| sky(ell(b)) * if ell(b) > cut { 1e-4 } else { 1.0 }).collect();
            let found = band_limit(&limited, 50.0).unwrap();
            assert!((found - cut).abs() <= 100.0, "cut at {cut}, found {found}");
        }
    }
}
