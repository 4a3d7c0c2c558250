//! Cutouts: small squares of the sky around given positions, as networks take them.
//!
//! [`Cutouts`] holds any number of them, `[cutout, band, y, x]`, with the pixels that count, the catalogue of their
//! centres and the grid on which they lie. A [`Cutter`] makes them from flat or HEALPix maps: copied off the map's own
//! pixels, or sampled on a [`CutoutGrid`] of their own; all at once, or chunk by chunk where they do not fit in memory.
//!
//! A cutout that reaches beyond what was observed is masked there and flagged; it is never filled with zeros that look
//! like sky.

mod cutter;
mod file;
mod grid;
mod infill;

pub use cutter::{Chunks, Cutter};
pub use file::write_cutouts;
pub use grid::{CentrePixel, CutoutGrid, CutoutProjection};

use crate::{Catalogue, Error, Geometry, Shape};
use arcmin_units::{ComptonY, Frame, Ghz, MicroKelvinCmb, PixelUnit, SkyPosition};

/// Bits of a cutout's flags.
pub mod flags {
    /// The centre lies outside the map or on a masked pixel.
    pub const CENTRE_MISSING: u32 = 1;
    /// Some pixels are missing.
    pub const PARTLY_MISSING: u32 = 2;
    /// No pixel is left.
    pub const ALL_MISSING: u32 = 4;
    /// Missing pixels were filled from their neighbours.
    pub const FILLED: u32 = 8;
}

/// What the pixels of a band measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutoutUnit {
    /// Thermodynamic temperature in uK_CMB.
    MicroKelvinCmb,
    /// Compton y.
    ComptonY,
}

impl CutoutUnit {
    /// Name as in a FITS `BUNIT` card.
    pub const fn name(self) -> &'static str {
        match self {
            CutoutUnit::MicroKelvinCmb => MicroKelvinCmb::BUNIT,
            CutoutUnit::ComptonY => ComptonY::BUNIT,
        }
    }
}

/// One band of all cutouts.
#[derive(Clone, Debug, PartialEq)]
pub struct CutoutBand {
    /// Name, unique among the bands.
    pub name: String,
    /// What its pixels measure.
    pub unit: CutoutUnit,
    /// Effective frequency of a temperature, where known.
    pub nu: Option<Ghz>,
}

/// Where the pixels of cutouts lie.
#[derive(Clone, Debug, PartialEq)]
pub enum CutoutLayout {
    /// Each on a grid of its own around its centre.
    Projected(CutoutGrid),
    /// On the pixels of a map from which they were copied.
    Aligned {
        /// Geometry of that map.
        map: Geometry,
        /// Pixels a side.
        side: usize,
        /// First pixel `[x, y]` of each cutout; it may lie outside the map.
        first_pixels: Vec<[i64; 2]>,
    },
}

impl CutoutLayout {
    /// Rows and columns of one cutout.
    pub fn shape(&self) -> Shape {
        match self {
            CutoutLayout::Projected(grid) => grid.shape(),
            CutoutLayout::Aligned { side, .. } => Shape { ny: *side, nx: *side },
        }
    }

    /// True when both lie on one grid, or on one map.
    fn same_kind(&self, other: &Self) -> bool {
        match (self, other) {
            (CutoutLayout::Projected(a), CutoutLayout::Projected(b)) => a == b,
            (CutoutLayout::Aligned { map: a, side: m, .. }, CutoutLayout::Aligned { map: b, side: n, .. }) => {
                m == n && a.same_grid(b)
            }
            _ => false,
        }
    }
}

/// Any number of cutouts: pixels `[cutout, band, y, x]`, row-major and contiguous, `f32`.
///
/// A pixel that is missing holds zero, which means nothing: [`valid`](Self::valid) tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Cutouts {
    layout: CutoutLayout,
    bands: Vec<CutoutBand>,
    catalogue: Catalogue,
    pixels: Vec<f32>,
    valid: Vec<bool>,
    flags: Vec<u32>,
    n_missing: Vec<u32>,
}

impl Cutouts {
    /// Checks and joins the parts: `pixels` `[cutout, band, y, x]`, `valid` `[cutout, y, x]`, one row of the catalogue a
    /// cutout. The flags follow from `valid`; `centre_missing` tells the one that does not.
    ///
    /// # Errors
    /// [`Error::NoBands`], [`Error::DuplicateBand`], and [`Error::CutoutPixels`] when an array has not the length that
    /// the catalogue asks for.
    pub fn new(
        layout: CutoutLayout,
        bands: Vec<CutoutBand>,
        catalogue: Catalogue,
        (pixels, valid, centre_missing): (Vec<f32>, Vec<bool>, Vec<bool>),
    ) -> Result<Self, Error> {
        if bands.is_empty() {
            return Err(Error::NoBands);
        }
        for (idx, band) in bands.iter().enumerate() {
            if bands[..idx].iter().any(|other| other.name == band.name) {
                return Err(Error::DuplicateBand { name: band.name.clone() });
            }
        }
        let (n, n_pixels) = (catalogue.len(), layout.shape().n_pixels());
        let n_corners = match &layout {
            CutoutLayout::Projected(_) => n,
            CutoutLayout::Aligned { first_pixels, .. } => first_pixels.len(),
        };
        for (what, expected, got) in [
            ("pixels", n * bands.len() * n_pixels, pixels.len()),
            ("flags of pixels", n * n_pixels, valid.len()),
            ("flags of centres", n, centre_missing.len()),
            ("first pixels", n, n_corners),
            ("pixels a side or more", n_pixels.max(1), n_pixels),
        ] {
            if expected != got {
                return Err(Error::CutoutPixels { what, cutouts: n, expected, got });
            }
        }
        let n_missing: Vec<u32> =
            valid.chunks(n_pixels).map(|valid| valid.iter().filter(|v| !**v).count() as u32).collect();
        let flags =
            centre_missing.into_iter().zip(&n_missing).map(|(c, n)| flags_of(c, *n as usize, n_pixels)).collect();
        Ok(Self { layout, bands, catalogue, pixels, valid, flags, n_missing })
    }

    /// Some of the cutouts, in the order asked for.
    ///
    /// # Panics
    /// When there is no such cutout.
    pub fn take(&self, cutouts: &[usize]) -> Self {
        let layout = match &self.layout {
            CutoutLayout::Aligned { map, side, first_pixels } => CutoutLayout::Aligned {
                map: map.clone(),
                side: *side,
                first_pixels: cutouts.iter().map(|&idx| first_pixels[idx]).collect(),
            },
            projected => projected.clone(),
        };
        Self {
            layout,
            bands: self.bands.clone(),
            catalogue: self.catalogue.take(cutouts),
            pixels: cutouts.iter().flat_map(|&idx| self.cutout(idx).iter().copied()).collect(),
            valid: cutouts.iter().flat_map(|&idx| self.valid(idx).iter().copied()).collect(),
            flags: cutouts.iter().map(|&idx| self.flags[idx]).collect(),
            n_missing: cutouts.iter().map(|&idx| self.n_missing[idx]).collect(),
        }
    }

    /// Number of cutouts.
    pub fn len(&self) -> usize {
        self.catalogue.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.catalogue.is_empty()
    }

    /// Where the pixels lie.
    pub fn layout(&self) -> &CutoutLayout {
        &self.layout
    }

    /// Rows and columns of one cutout.
    pub fn shape(&self) -> Shape {
        self.layout.shape()
    }

    /// The bands, in the order of the pixels.
    pub fn bands(&self) -> &[CutoutBand] {
        &self.bands
    }

    /// Centres and whatever columns came with them, one row a cutout.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Pixels of all cutouts, `[cutout, band, y, x]`.
    pub fn pixels(&self) -> &[f32] {
        &self.pixels
    }

    /// Pixels of one cutout, `[band, y, x]`.
    ///
    /// # Panics
    /// When there is no such cutout.
    pub fn cutout(&self, idx: usize) -> &[f32] {
        let n = self.bands.len() * self.shape().n_pixels();
        &self.pixels[idx * n..(idx + 1) * n]
    }

    /// Which pixels of one cutout count, `[y, x]`, for all bands.
    ///
    /// # Panics
    /// When there is no such cutout.
    pub fn valid(&self, idx: usize) -> &[bool] {
        let n = self.shape().n_pixels();
        &self.valid[idx * n..(idx + 1) * n]
    }

    /// Sums of the bits of [`flags`], one a cutout.
    pub fn flags(&self) -> &[u32] {
        &self.flags
    }

    /// How many pixels of each cutout were missing, before any were filled.
    pub fn n_missing(&self) -> &[u32] {
        &self.n_missing
    }

    /// Where the pixels of one cutout lie.
    ///
    /// # Panics
    /// When there is no such cutout.
    pub fn geometry(&self, idx: usize) -> Geometry {
        match &self.layout {
            CutoutLayout::Projected(grid) => {
                let centre = self.catalogue.positions()[idx];
                grid.geometry(crate::convert_frame(centre, Frame::Equatorial, grid.frame()))
            }
            CutoutLayout::Aligned { map, first_pixels, .. } => {
                let [x0, y0] = first_pixels[idx];
                map.window(x0, y0, self.shape())
            }
        }
    }

    /// Equatorial positions of the centres, one a cutout.
    pub fn positions(&self) -> &[SkyPosition] {
        self.catalogue.positions()
    }

    /// How many are flagged.
    pub fn counts(&self) -> CutoutCounts {
        let mut counts = CutoutCounts::default();
        self.flags.iter().for_each(|flags| counts.count(*flags));
        counts
    }
}

/// How many cutouts there are, and how many carry each flag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CutoutCounts {
    /// All of them.
    pub total: usize,
    /// Their centre lies outside the map or on a masked pixel.
    pub centre_missing: usize,
    /// Some of their pixels are missing.
    pub partly_missing: usize,
    /// No pixel of them is left.
    pub all_missing: usize,
}

impl CutoutCounts {
    fn count(&mut self, flags: u32) {
        let has = |bit| usize::from(flags & bit != 0);
        self.total += 1;
        self.centre_missing += has(flags::CENTRE_MISSING);
        self.partly_missing += has(flags::PARTLY_MISSING);
        self.all_missing += has(flags::ALL_MISSING);
    }

    /// Adds the counts of another chunk.
    pub fn add(&mut self, other: &Self) {
        self.total += other.total;
        self.centre_missing += other.centre_missing;
        self.partly_missing += other.partly_missing;
        self.all_missing += other.all_missing;
    }
}

fn flags_of(centre_missing: bool, n_missing: usize, n_pixels: usize) -> u32 {
    let missing = match n_missing {
        0 => 0,
        n if n < n_pixels => flags::PARTLY_MISSING,
        _ => flags::ALL_MISSING,
    };
    missing | if centre_missing { flags::CENTRE_MISSING } else { 0 }
}
