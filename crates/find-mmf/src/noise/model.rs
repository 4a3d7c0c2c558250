//! Noise from a model of the sky and the instrument.

use super::NoiseCovariance;
use crate::Error;
use arcmin_maps::{Band, BandMap, Beam};
use arcmin_sky::foregrounds::{Component, George15};
use arcmin_sky::spectra::{Spectrum, cmb_lensed_tt};
use arcmin_sky::sz::tsz_uk_per_y;
use arcmin_units::{Arcmin, Ghz};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// A level `D_3000` in uK_CMB^2 at a frequency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelAtFrequency {
    /// Frequency in GHz.
    pub nu_ghz: f64,
    /// `D_ell` at ell = 3000 in uK_CMB^2.
    pub d3000_uk2: f64,
}

/// Which sky stands behind the clusters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum SkyModel {
    /// The terms of DeepSz, Sect. 2.1: lensed CMB; kSZ flat in `D_ell`; point sources flat in `C_ell`, fully
    /// correlated between bands; a background of SZ sources flat in `D_ell` that scales as `g(nu)`.
    Levels {
        /// `D_ell` of the kinetic SZ effect in uK_CMB^2, all ell.
        ksz_d_ell_uk2: f64,
        /// Point sources; levels at other frequencies follow a power law between (and beyond) the neighbours.
        point_sources: Vec<LevelAtFrequency>,
        /// The SZ background at one frequency.
        sz_background: LevelAtFrequency,
    },
    /// Lensed CMB and the best-fit foregrounds of George et al. 2015.
    George15,
}

impl SkyModel {
    /// The numbers of DeepSz, Sect. 2.1.
    pub fn deepsz() -> Self {
        let level = |nu_ghz, d3000_uk2| LevelAtFrequency { nu_ghz, d3000_uk2 };
        Self::Levels {
            ksz_d_ell_uk2: 2.0,
            point_sources: vec![level(90.0, 2.7), level(148.0, 8.8), level(219.0, 71.0)],
            sz_background: level(90.0, 3.6),
        }
    }
}

/// Modelled noise: the sky through each band's beam, and white noise.
///
/// A map of Compton y holds, of the sky's terms, the SZ background alone, in units of y.
#[derive(Clone, Debug)]
pub struct ModelNoise {
    cmb: Option<Spectrum>,
    /// One for a temperature band, zero for a map of y.
    sees_cmb: Vec<f64>,
    foregrounds: Foregrounds,
    beams: Vec<Beam>,
    /// White noise power in map unit squared times steradian.
    white_sr: Vec<f64>,
}

impl ModelNoise {
    /// The noise of the given bands, the lensed CMB of Planck 2018 included.
    ///
    /// # Errors
    /// [`Error::MissingNoise`] when a band has no noise level.
    pub fn new(sky: &SkyModel, bands: &[Band]) -> Result<Self, Error> {
        let nus: Vec<Option<Ghz>> = bands.iter().map(frequency).collect();
        Ok(Self {
            cmb: Some(cmb_lensed_tt()),
            sees_cmb: nus.iter().map(|nu| if nu.is_some() { 1.0 } else { 0.0 }).collect(),
            foregrounds: Foregrounds::of(sky, &nus),
            beams: bands.iter().map(|band| band.beam.clone()).collect(),
            white_sr: bands.iter().map(white_power_sr).collect::<Result<_, _>>()?,
        })
    }

    /// The same with another spectrum of the CMB, `None` for no CMB at all.
    pub fn with_cmb(self, cmb: Option<Spectrum>) -> Self {
        Self { cmb, ..self }
    }
}

impl NoiseCovariance for ModelNoise {
    fn n_bands(&self) -> usize {
        self.beams.len()
    }

    /// Below ell = 2 the spectra are held constant.
    fn covariance(&self, ell: f64, matrix: &mut [f64]) {
        let ell = ell.max(2.0);
        let n = self.n_bands();
        let cmb = self.cmb.as_ref().map_or(0.0, |cmb| cmb.c_ell(ell));
        for i in 0..n {
            let beam = self.beams[i].transfer(ell);
            for j in i..n {
                let sky = cmb * self.sees_cmb[i] * self.sees_cmb[j] + self.foregrounds.c_ell(i * n + j, ell);
                let value = sky * beam * self.beams[j].transfer(ell);
                matrix[i * n + j] = value;
                matrix[j * n + i] = value;
            }
            matrix[i * n + i] += self.white_sr[i];
        }
    }
}

/// Foreground cross spectra of every pair of bands, `[i * n_bands + j]`, before the beams.
#[derive(Clone, Debug)]
enum Foregrounds {
    /// `C_ell = flat_c + flat_d C_ell / D_ell`.
    Levels { flat_c: Vec<f64>, flat_d: Vec<f64> },
    /// Tables with a step in ell, linear in between: evaluating the model at each mode would take seconds.
    Tables(Vec<Vec<f64>>),
}

/// Step in ell and number of rows of [`Foregrounds::Tables`]; beyond their end the last value holds.
const TABLE_STEP: f64 = 20.0;
const TABLE_ROWS: usize = 2501;

impl Foregrounds {
    fn of(sky: &SkyModel, nus: &[Option<Ghz>]) -> Self {
        let pairs = || nus.iter().flat_map(|&a| nus.iter().map(move |&b| (a, b)));
        match sky {
            SkyModel::Levels { ksz_d_ell_uk2, point_sources, sz_background } => {
                let sources = |nu: Option<Ghz>| nu.map_or(0.0, |nu| d3000_at(point_sources, nu).sqrt());
                let ksz = |nu: Option<Ghz>| nu.map_or(0.0, |_| ksz_d_ell_uk2.sqrt());
                let sz = |nu| sz_background.d3000_uk2.sqrt() * sz_ratio(nu, Ghz::new(sz_background.nu_ghz));
                Self::Levels {
                    flat_c: pairs().map(|(a, b)| sources(a) * sources(b) * c_per_d(3000.0)).collect(),
                    flat_d: pairs().map(|(a, b)| ksz(a) * ksz(b) + sz(a) * sz(b)).collect(),
                }
            }
            SkyModel::George15 => {
                let model = George15::new();
                let ells: Vec<f64> = (0..TABLE_ROWS).map(|row| (row as f64 * TABLE_STEP).max(2.0)).collect();
                let table = |(a, b)| ells.iter().map(|&ell| george15_c_ell(&model, a, b, ell)).collect();
                Self::Tables(pairs().map(table).collect())
            }
        }
    }

    fn c_ell(&self, pair: usize, ell: f64) -> f64 {
        match self {
            Self::Levels { flat_c, flat_d } => flat_c[pair] + flat_d[pair] * c_per_d(ell),
            Self::Tables(tables) => {
                let at = (ell / TABLE_STEP).min((TABLE_ROWS - 1) as f64);
                let row = (at as usize).min(TABLE_ROWS - 2);
                let frac = at - row as f64;
                tables[pair][row] * (1.0 - frac) + tables[pair][row + 1] * frac
            }
        }
    }
}

/// Cross spectrum of George et al. 2015; a missing frequency stands for Compton y.
fn george15_c_ell(model: &George15, nu_a: Option<Ghz>, nu_b: Option<Ghz>, ell: f64) -> f64 {
    if let (Some(a), Some(b)) = (nu_a, nu_b) {
        return model.total_cross_c_ell(a, b, ell);
    }
    let reference = Ghz::new(150.0);
    model.cross_c_ell(Component::ThermalSz, reference, reference, ell)
        * sz_ratio(nu_a, reference)
        * sz_ratio(nu_b, reference)
}

/// SZ signal of a band over that of the reference band; a missing frequency stands for Compton y.
fn sz_ratio(nu: Option<Ghz>, reference: Ghz) -> f64 {
    nu.map_or(1.0, tsz_uk_per_y) / tsz_uk_per_y(reference)
}

fn frequency(band: &Band) -> Option<Ghz> {
    match &band.map {
        BandMap::Temperature { nu, .. } => Some(*nu),
        BandMap::ComptonY(_) => None,
    }
}

fn white_power_sr(band: &Band) -> Result<f64, Error> {
    let noise_arcmin = band.noise_arcmin.ok_or_else(|| Error::MissingNoise { band: band.name.clone() })?;
    Ok((noise_arcmin * Arcmin::new(1.0).to_rad().value()).powi(2))
}

/// `C_ell / D_ell = 2 pi / (ell (ell + 1))`.
fn c_per_d(ell: f64) -> f64 {
    2.0 * PI / (ell * (ell + 1.0))
}

/// Level at a frequency: power law through the two nearest given ones, the one level where there is but one.
fn d3000_at(levels: &[LevelAtFrequency], nu: Ghz) -> f64 {
    let mut near: Vec<&LevelAtFrequency> = levels.iter().collect();
    near.sort_by(|a, b| (a.nu_ghz - nu.value()).abs().total_cmp(&(b.nu_ghz - nu.value()).abs()));
    match near[..] {
        [] => 0.0,
        [only] => only.d3000_uk2,
        [a, ..] if a.nu_ghz == nu.value() => a.d3000_uk2,
        [a, b, ..] => {
            let slope = (b.d3000_uk2 / a.d3000_uk2).ln() / (b.nu_ghz / a.nu_ghz).ln();
            a.d3000_uk2 * (nu.value() / a.nu_ghz).powf(slope)
        }
    }
}
