//! What a method sees: bands over one geometry, and the mask.

use crate::{Beam, Error, Geometry, Map, Mask, Shape};
use arcmin_units::{ComptonY, Ghz, MicroKelvinCmb};

/// The map of one band, with what it measures in its type.
#[derive(Clone, Debug, PartialEq)]
pub enum BandMap {
    /// Thermodynamic temperature at an effective frequency.
    Temperature {
        /// Effective frequency for the SZ spectrum.
        nu: Ghz,
        /// The map.
        map: Map<MicroKelvinCmb>,
    },
    /// Compton y, component separation already done.
    ComptonY(Map<ComptonY>),
}

impl BandMap {
    /// Where the pixels lie.
    pub fn geometry(&self) -> &Geometry {
        match self {
            BandMap::Temperature { map, .. } => map.geometry(),
            BandMap::ComptonY(map) => map.geometry(),
        }
    }

    /// The window whose first pixel is `(x0, y0)`; it may reach beyond the map, where its pixels mean nothing.
    pub fn window(&self, x0: i64, y0: i64, shape: Shape) -> Self {
        match self {
            BandMap::Temperature { nu, map } => BandMap::Temperature { nu: *nu, map: map.window(x0, y0, shape).0 },
            BandMap::ComptonY(map) => BandMap::ComptonY(map.window(x0, y0, shape).0),
        }
    }

    /// The same map, NaN where a mask on its grid is not valid: how a file without a mask shows its gaps.
    ///
    /// # Errors
    /// [`Error::GeometryMismatch`] when the mask lies on another grid.
    pub fn with_nan_where_masked(&self, mask: &Mask) -> Result<Self, Error> {
        Ok(match self {
            BandMap::Temperature { nu, map } => {
                BandMap::Temperature { nu: *nu, map: map.clone().with_nan_where_masked(mask)? }
            }
            BandMap::ComptonY(map) => BandMap::ComptonY(map.clone().with_nan_where_masked(mask)?),
        })
    }

    /// Pixels `[y, x]` in the map's own unit (uK_CMB or y).
    pub fn pixels(&self) -> &[f32] {
        match self {
            BandMap::Temperature { map, .. } => map.pixels(),
            BandMap::ComptonY(map) => map.pixels(),
        }
    }
}

/// One band of an observation.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Name, unique in the observation, e.g. `150`.
    pub name: String,
    /// Beam of the map.
    pub beam: Beam,
    /// White noise level in map unit times arcmin, where known.
    pub noise_arcmin: Option<f64>,
    /// The map.
    pub map: BandMap,
}

/// Bands with beam, noise and unit over one geometry, and the pixels that may be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    bands: Vec<Band>,
    mask: Mask,
}

impl Observation {
    /// Checks and joins bands and mask.
    ///
    /// # Errors
    /// No band, two bands of one name, a band or mask on another geometry than the first band's, a noise level that
    /// is negative or not finite, or an unmasked pixel that is NaN or infinite.
    pub fn new(bands: Vec<Band>, mask: Mask) -> Result<Self, Error> {
        let geometry = bands.first().ok_or(Error::NoBands)?.map.geometry();
        check_geometry("the mask", geometry, mask.geometry())?;
        for (idx, band) in bands.iter().enumerate() {
            if bands[..idx].iter().any(|other| other.name == band.name) {
                return Err(Error::DuplicateBand { name: band.name.clone() });
            }
            check_geometry(&format!("band {}", band.name), geometry, band.map.geometry())?;
            check_noise(band)?;
            check_finite(band, &mask)?;
        }
        Ok(Self { bands, mask })
    }

    /// The window whose first pixel is `(x0, y0)`; what lies outside the image is masked.
    pub fn window(&self, x0: i64, y0: i64, shape: Shape) -> Self {
        let bands =
            self.bands.iter().map(|band| Band { map: band.map.window(x0, y0, shape), ..band.clone() }).collect();
        Self { bands, mask: self.mask.window(x0, y0, shape) }
    }

    /// The bands, in the order given.
    pub fn bands(&self) -> &[Band] {
        &self.bands
    }

    /// Which pixels may be used.
    pub fn mask(&self) -> &Mask {
        &self.mask
    }

    /// The geometry that all bands share.
    pub fn geometry(&self) -> &Geometry {
        self.mask.geometry()
    }
}

/// Passes when both say the same in the sense of [`Geometry::same_grid`].
pub(crate) fn check_geometry(what: &str, expected: &Geometry, got: &Geometry) -> Result<(), Error> {
    if expected.same_grid(got) {
        return Ok(());
    }
    Err(Error::GeometryMismatch {
        what: what.to_owned(),
        expected: Box::new(expected.clone()),
        got: Box::new(got.clone()),
    })
}

fn check_noise(band: &Band) -> Result<(), Error> {
    match band.noise_arcmin {
        Some(noise_arcmin) if !(noise_arcmin.is_finite() && noise_arcmin >= 0.0) => {
            Err(Error::BadNoise { band: band.name.clone(), noise_arcmin })
        }
        _ => Ok(()),
    }
}

fn check_finite(band: &Band, mask: &Mask) -> Result<(), Error> {
    let nx = mask.geometry().shape().nx;
    let bad = |&(_, (pixel, &valid)): &(usize, (&f32, &bool))| valid && !pixel.is_finite();
    let mut bad_pixels = band.map.pixels().iter().zip(mask.valid()).enumerate().filter(bad);
    let Some((first, _)) = bad_pixels.next() else { return Ok(()) };
    Err(Error::NonFinite {
        what: format!("band {}", band.name),
        count: 1 + bad_pixels.count(),
        x: first % nx,
        y: first / nx,
    })
}
