//! What the maps of a training were like.

use crate::Error;
use arcmin_maps::{BandMap, Beam, Observation};
use serde::{Deserialize, Serialize};

/// Frequencies agree within this share.
const NU_TOLERANCE: f64 = 0.01;
/// Noise levels agree within this share.
const NOISE_TOLERANCE: f64 = 0.1;
/// Full widths of beams agree within this many arcmin.
const BEAM_TOLERANCE_ARCMIN: f64 = 0.1;
/// Sizes of pixels agree within this share.
const PIXEL_TOLERANCE: f64 = 0.01;

/// What the maps of a training were like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sky {
    /// The bands, in the order in which the network takes them.
    pub bands: Vec<BandAbout>,
    /// Size of a pixel.
    pub pixel_arcmin: f64,
}

/// One band of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandAbout {
    /// Name.
    pub name: String,
    /// Effective frequency.
    pub nu_ghz: f64,
    /// Full width at half maximum of the beam; zero for none.
    pub beam_fwhm_arcmin: f64,
    /// White noise.
    pub noise_uk_arcmin: f64,
}

impl Sky {
    /// What an observation is like.
    ///
    /// # Errors
    /// [`Error::BadTile`] for what a finder cannot be told of: Compton y, a tabulated beam, an unknown noise level.
    pub fn of(observation: &Observation) -> Result<Self, Error> {
        let bad = |what: String| Error::BadTile { what };
        let band = |band: &arcmin_maps::Band| {
            let name = band.name.clone();
            let BandMap::Temperature { nu, .. } = &band.map else {
                return Err(bad(format!("band {name} is Compton y")));
            };
            let beam_fwhm_arcmin = match &band.beam {
                Beam::Delta => 0.0,
                Beam::Gaussian { fwhm } => fwhm.value(),
                Beam::Tabulated(_) => return Err(bad(format!("band {name} has a tabulated beam"))),
            };
            let noise_uk_arcmin =
                band.noise_arcmin.ok_or_else(|| bad(format!("the noise of band {name} is unknown")))?;
            Ok(BandAbout { name, nu_ghz: nu.value(), beam_fwhm_arcmin, noise_uk_arcmin })
        };
        let bands = observation.bands().iter().map(band).collect::<Result<_, _>>()?;
        Ok(Self { bands, pixel_arcmin: observation.geometry().pixel_size().to_arcmin().value() })
    }

    /// The sky of training and validation, which must be one.
    ///
    /// # Errors
    /// [`Error::BadTile`] when they differ.
    pub(crate) fn one(train: &Self, validation: &Self) -> Result<Self, Error> {
        if train == validation {
            return Ok(train.clone());
        }
        Err(Error::BadTile { what: format!("training tiles have {train}, validation tiles {validation}") })
    }

    /// Passes when an observation is like those of the training, names of bands aside.
    ///
    /// # Errors
    /// [`Error::OtherObservation`] with what was expected and what there is.
    pub fn check(&self, observation: &Observation) -> Result<(), Error> {
        let other = |got: String| Error::OtherObservation { expected: self.to_string(), got };
        let theirs = match Self::of(observation) {
            Ok(theirs) => theirs,
            Err(Error::BadTile { what }) => return Err(other(format!("something else ({what})"))),
            Err(error) => return Err(error),
        };
        let close = |ours: f64, theirs: f64, share: f64| (theirs - ours).abs() <= share * ours.abs();
        let alike = |(ours, theirs): (&BandAbout, &BandAbout)| {
            close(ours.nu_ghz, theirs.nu_ghz, NU_TOLERANCE)
                && close(ours.noise_uk_arcmin, theirs.noise_uk_arcmin, NOISE_TOLERANCE)
                && (ours.beam_fwhm_arcmin - theirs.beam_fwhm_arcmin).abs() <= BEAM_TOLERANCE_ARCMIN
        };
        let same = self.bands.len() == theirs.bands.len()
            && close(self.pixel_arcmin, theirs.pixel_arcmin, PIXEL_TOLERANCE)
            && self.bands.iter().zip(&theirs.bands).all(alike);
        if same { Ok(()) } else { Err(other(theirs.to_string())) }
    }
}

impl std::fmt::Display for Sky {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let band = |band: &BandAbout| {
            let BandAbout { nu_ghz, beam_fwhm_arcmin, noise_uk_arcmin, .. } = band;
            format!("{nu_ghz} GHz with {noise_uk_arcmin:.4} uK arcmin of noise and a beam of {beam_fwhm_arcmin}'")
        };
        let bands: Vec<String> = self.bands.iter().map(band).collect();
        write!(f, "{} on pixels of {:.4}'", bands.join(", "), self.pixel_arcmin)
    }
}
