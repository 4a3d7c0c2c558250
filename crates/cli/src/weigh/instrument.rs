//! Whether maps are like those that a network was trained on.

use anyhow::{Result, bail, ensure};
use arcmin_maps::Beam;
use arcmin_mass_sz::{Band, Sky};
use arcmin_units::constants::FWHM_PER_SIGMA;
use arcmin_units::{Ghz, Radian};

/// Relative differences up to which nothing is said, and up to which masses are flagged.
const BEAM_TOLERANCE: [f64; 2] = [0.03, 0.15];
const NOISE_TOLERANCE: [f64; 2] = [0.1, 0.3];
const FREQUENCY_TOLERANCE: f64 = 0.01;

/// What is known of one map.
pub(super) struct MapBand<'a> {
    pub(super) name: &'a str,
    /// `None` for Compton y.
    pub(super) nu: Option<Ghz>,
    pub(super) beam: &'a Beam,
    pub(super) noise_arcmin: Option<f64>,
}

/// How well the maps fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// As trained.
    Same,
    /// Off by so much that masses are flagged.
    Close,
}

/// Compares maps with the bands of a training, in their order.
pub(super) fn compare(maps: &[MapBand<'_>], sky: &Sky) -> Result<Fit> {
    ensure!(
        maps.len() == sky.bands.len(),
        "{} maps are given, the network takes {}: {}",
        maps.len(),
        sky.bands.len(),
        named(sky)
    );
    let mut fit = Fit::Same;
    for (map, band) in maps.iter().zip(&sky.bands) {
        check_frequency(map, band, sky)?;
        for close in [beam(map, band)?, noise(map, band)?] {
            fit = if close == Fit::Close { Fit::Close } else { fit };
        }
    }
    Ok(fit)
}

fn named(sky: &Sky) -> String {
    let one = |band: &Band| {
        format!("{} GHz, beam {}', noise {} uK arcmin", band.nu_ghz, band.beam_fwhm_arcmin, band.noise_uk_arcmin)
    };
    sky.bands.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn check_frequency(map: &MapBand<'_>, band: &Band, sky: &Sky) -> Result<()> {
    let name = map.name;
    let Some(nu) = map.nu else {
        bail!("map {name} is of Compton y, the network was trained on {}", named(sky));
    };
    ensure!(
        (nu.value() / band.nu_ghz - 1.0).abs() <= FREQUENCY_TOLERANCE,
        "map {name} is at {} GHz, the network was trained on {}",
        nu.value(),
        named(sky)
    );
    Ok(())
}

fn beam(map: &MapBand<'_>, band: &Band) -> Result<Fit> {
    let fwhm = match map.beam {
        Beam::Gaussian { fwhm } => fwhm.value(),
        Beam::Delta => bail!("map {}: no beam is known; give it with --beam-arcmin", map.name),
        Beam::Tabulated(_) => equivalent_fwhm(map.beam),
    };
    compared(map.name, "a beam", "'", fwhm, band.beam_fwhm_arcmin, BEAM_TOLERANCE)
}

fn noise(map: &MapBand<'_>, band: &Band) -> Result<Fit> {
    let Some(noise) = map.noise_arcmin else {
        bail!("map {}: no noise level is known; give it with --noise-arcmin", map.name);
    };
    compared(map.name, "noise", " uK arcmin", noise, band.noise_uk_arcmin, NOISE_TOLERANCE)
}

fn compared(name: &str, what: &str, unit: &str, ours: f64, trained: f64, [same, close]: [f64; 2]) -> Result<Fit> {
    let off = (ours / trained - 1.0).abs();
    ensure!(
        off <= close,
        "map {name} has {what} of {ours:.3}{unit}, the network was trained on {trained}{unit}: more than {:.0} % apart, its masses would be wrong; train one for this map with `cargo xtask run sz-mass`",
        100.0 * close
    );
    Ok(if off <= same { Fit::Same } else { Fit::Close })
}

/// The width of the Gaussian that has the beam's transfer function where that is one half.
fn equivalent_fwhm(beam: &Beam) -> f64 {
    let half = (1..50_000).map(f64::from).find(|&ell| beam.transfer(ell) < 0.5).unwrap_or(50_000.0);
    let sigma_rad = (2.0 * 2f64.ln()).sqrt() / half;
    Radian::new(sigma_rad * FWHM_PER_SIGMA).to_arcmin().value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_units::Arcmin;

    fn sky() -> Sky {
        let band = Band { name: "150".into(), nu_ghz: 150.0, beam_fwhm_arcmin: 1.0, noise_uk_arcmin: 5.0 };
        Sky { bands: vec![band], n_pixels_side: 40, pixel_arcmin: 0.25, m200c_msun: [2e13, 1e15], redshift: [0.2, 1.5] }
    }

    fn fit(nu: f64, beam: &Beam, noise: Option<f64>) -> Result<Fit> {
        compare(&[MapBand { name: "m", nu: Some(Ghz::new(nu)), beam, noise_arcmin: noise }], &sky())
    }

    fn gaussian(fwhm: f64) -> Beam {
        Beam::gaussian(Arcmin::new(fwhm)).expect("a width")
    }

    #[test]
    fn small_differences_pass_larger_ones_are_flagged_and_large_ones_refused() {
        assert_eq!(fit(150.0, &gaussian(1.0), Some(5.0)).expect("the same"), Fit::Same);
        assert_eq!(fit(149.5, &gaussian(1.1), Some(5.0)).expect("close"), Fit::Close);
        assert_eq!(fit(150.0, &gaussian(1.0), Some(6.0)).expect("close"), Fit::Close);
        let refusal = |fit: Result<Fit>| fit.expect_err("refused").to_string();
        assert!(
            refusal(fit(150.0, &gaussian(1.4), Some(5.0))).contains("a beam of 1.400', the network was trained on 1'")
        );
        assert!(refusal(fit(150.0, &gaussian(1.0), Some(18.0))).contains("noise of 18.000 uK arcmin"));
        assert!(refusal(fit(90.0, &gaussian(1.0), Some(5.0))).contains("90 GHz, the network was trained on 150 GHz"));
        assert!(refusal(fit(150.0, &Beam::Delta, Some(5.0))).contains("--beam-arcmin"));
        assert!(refusal(fit(150.0, &gaussian(1.0), None)).contains("--noise-arcmin"));
        assert!(refusal(compare(&[], &sky())).contains("0 maps are given, the network takes 1"));
    }

    #[test]
    fn a_table_of_a_gaussian_has_its_width() {
        let gaussian = gaussian(1.4);
        let ell: Vec<f64> = (0..3000).map(|i| 10.0 * f64::from(i)).collect();
        let b_ell = ell.iter().map(|&ell| gaussian.transfer(ell)).collect();
        let table = Beam::tabulated(ell, b_ell).expect("a table");
        assert!((equivalent_fwhm(&table) / 1.4 - 1.0).abs() < 1e-3);
    }
}
