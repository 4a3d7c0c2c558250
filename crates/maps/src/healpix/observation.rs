//! Bands on HEALPix grids that are searched or cut out together.

use super::{HealpixMap, OrderedPixels};
use crate::{Beam, Error};
use arcmin_sphere::healpix::Nside;
use arcmin_units::{ComptonY, Frame, Ghz, MicroKelvinCmb, PixelUnit, SkyPosition};

/// The map of one band, with what it measures in its type.
#[derive(Clone, Debug)]
pub enum HealpixBandMap {
    /// Thermodynamic temperature, at an effective frequency where one is known.
    Temperature {
        /// Effective frequency for the SZ spectrum.
        nu: Option<Ghz>,
        /// The map.
        map: HealpixMap<MicroKelvinCmb>,
    },
    /// Compton y, component separation already done.
    ComptonY(HealpixMap<ComptonY>),
}

impl HealpixBandMap {
    /// Resolution.
    pub fn nside(&self) -> Nside {
        match self {
            HealpixBandMap::Temperature { map, .. } => map.nside(),
            HealpixBandMap::ComptonY(map) => map.nside(),
        }
    }

    /// Frame of the positions.
    pub fn frame(&self) -> Frame {
        match self {
            HealpixBandMap::Temperature { map, .. } => map.frame(),
            HealpixBandMap::ComptonY(map) => map.frame(),
        }
    }

    /// The pixels, with their order as a type, in the map's own unit (uK_CMB or y).
    pub fn pixels(&self) -> &OrderedPixels {
        match self {
            HealpixBandMap::Temperature { map, .. } => map.pixels(),
            HealpixBandMap::ComptonY(map) => map.pixels(),
        }
    }

    /// The value of the pixel that holds a position of the map's frame; `None` when it is missing.
    pub fn nearest(&self, position: SkyPosition) -> Option<f32> {
        match self {
            HealpixBandMap::Temperature { map, .. } => map.nearest(position),
            HealpixBandMap::ComptonY(map) => map.nearest(position),
        }
    }

    /// Name of the unit, as in a FITS `BUNIT` card.
    pub fn unit_name(&self) -> &'static str {
        match self {
            HealpixBandMap::Temperature { .. } => MicroKelvinCmb::BUNIT,
            HealpixBandMap::ComptonY(_) => ComptonY::BUNIT,
        }
    }
}

/// One band on a HEALPix grid.
#[derive(Clone, Debug)]
pub struct HealpixBand {
    /// Name, unique in the observation, e.g. `150`.
    pub name: String,
    /// Beam of the map.
    pub beam: Beam,
    /// White noise level in map unit times arcmin, where known.
    pub noise_arcmin: Option<f64>,
    /// The map.
    pub map: HealpixBandMap,
}

/// Bands of one resolution. Each may have its own order, frame and coverage: a direction is missing when it is in any.
#[derive(Clone, Debug)]
pub struct HealpixObservation {
    pub(super) bands: Vec<HealpixBand>,
}

impl HealpixObservation {
    /// Checks and joins bands.
    ///
    /// # Errors
    /// No band ([`Error::NoBands`]), two of one name ([`Error::DuplicateBand`]), or bands of different resolutions
    /// ([`Error::BandNside`]).
    pub fn new(bands: Vec<HealpixBand>) -> Result<Self, Error> {
        let first = bands.first().ok_or(Error::NoBands)?;
        let expected = first.map.nside();
        for (idx, band) in bands.iter().enumerate() {
            if bands[..idx].iter().any(|other| other.name == band.name) {
                return Err(Error::DuplicateBand { name: band.name.clone() });
            }
            let got = band.map.nside();
            if got != expected {
                let (first, band) = (first.name.clone(), band.name.clone());
                return Err(Error::BandNside { band, got: got.value(), first, expected: expected.value() });
            }
        }
        Ok(Self { bands })
    }

    /// The same bands with the pixels missing that are exactly zero, as some surveys write where they did not observe.
    #[must_use]
    pub fn with_zeros_missing(mut self) -> Self {
        for band in &mut self.bands {
            let pixels = match &mut band.map {
                HealpixBandMap::Temperature { map, .. } => map.pixels_mut(),
                HealpixBandMap::ComptonY(map) => map.pixels_mut(),
            };
            let values = match pixels {
                OrderedPixels::Ring(pixels) => pixels.raw_mut(),
                OrderedPixels::Nested(pixels) => pixels.raw_mut(),
            };
            values.iter_mut().filter(|value| **value == 0.0).for_each(|value| *value = f32::NAN);
        }
        self
    }

    /// The same bands without the pixels at which a mask of the same resolution is zero or missing; the mask lies in the
    /// frame of the bands.
    ///
    /// # Errors
    /// [`Error::NsideDiffers`], and [`Error::Sphere`] for different orders of which one cannot be.
    pub fn masked(self, mask: &OrderedPixels) -> Result<Self, Error> {
        let one = |band: HealpixBand| {
            let map = match band.map {
                HealpixBandMap::Temperature { nu, map } => HealpixBandMap::Temperature { nu, map: map.masked(mask)? },
                HealpixBandMap::ComptonY(map) => HealpixBandMap::ComptonY(map.masked(mask)?),
            };
            Ok(HealpixBand { map, ..band })
        };
        Ok(Self { bands: self.bands.into_iter().map(one).collect::<Result<_, Error>>()? })
    }

    /// The bands, in the order given.
    pub fn bands(&self) -> &[HealpixBand] {
        &self.bands
    }

    /// Resolution of all bands.
    pub fn nside(&self) -> Nside {
        self.bands[0].map.nside()
    }
}
