//! The arguments of `arcmin cutouts`.

use super::How;
use crate::input::{self, MapArgs};
use anyhow::{Result, bail, ensure};
use arcmin_maps::Interpolation;
use arcmin_maps::cutouts::{CentrePixel, CutoutGrid, CutoutProjection};
use arcmin_units::Arcmin;
use std::path::PathBuf;

/// Cut squares of the sky out of flat or HEALPix maps, around the rows of a catalogue.
///
/// A cutout that reaches beyond the map, or onto masked pixels, is NaN there and flagged; a row outside the map gives a
/// cutout of NaN. It is an error when no row lies inside.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) input: MapArgs,
    /// Catalogue (FITS, CSV or DS9 regions) of the centres; its columns go with the cutouts
    #[arg(long, value_name = "FILE")]
    pub(crate) catalogue: PathBuf,
    /// Folder to write to: cutouts.fits with the image [cutout, band, y, x] and a table of centres and flags; record.json
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Pixels a side; 32 unless --size-arcmin is given
    #[arg(long, conflicts_with = "size_arcmin")]
    pub(crate) side: Option<usize>,
    /// Width of a cutout, instead of --side; rounded up to whole pixels
    #[arg(long = "size-arcmin", value_name = "ARCMIN")]
    pub(crate) size_arcmin: Option<f64>,
    /// Side of a pixel; 0.25 unless given
    #[arg(long = "pixel-arcmin", value_name = "ARCMIN")]
    pub(crate) pixel_arcmin: Option<f64>,
    /// Projection around each centre: zea or tan; or map: the pixels of a flat map as they are
    #[arg(long, default_value = "zea")]
    pub(crate) projection: String,
    /// How a pixel gets its value: nearest or bilinear
    #[arg(long, default_value = "nearest")]
    pub(crate) interpolation: String,
    /// Where the centre lies: middle, half-side for CRPIX = side/2 as in the public DeepSZ code, or after-middle for pixel side/2
    #[arg(long, default_value = "middle")]
    pub(crate) centre: String,
    /// Frame whose north is up: equatorial or galactic
    #[arg(long, default_value = "equatorial")]
    pub(crate) north: String,
    /// Catalogue of point sources to mask
    #[arg(long, value_name = "FILE")]
    pub(crate) sources: Option<PathBuf>,
    /// Radius to mask around each source; without it the catalogue's column maskRadiusArcmin tells
    #[arg(long = "source-radius-arcmin", value_name = "ARCMIN", requires = "sources")]
    pub(crate) source_radius_arcmin: Option<f64>,
    /// Fill missing pixels smoothly from their neighbours (harmonic, no noise) instead of leaving NaN
    #[arg(long)]
    pub(crate) infill: bool,
}

impl Args {
    /// What the options about the cutouts' pixels come to.
    pub(super) fn checked(&self) -> Result<How> {
        let centre = match self.centre.as_str() {
            "middle" => CentrePixel::Middle,
            "half-side" => CentrePixel::HalfSide,
            "after-middle" => CentrePixel::AfterMiddle,
            other => bail!("--centre {other} is not known: use middle, half-side or after-middle"),
        };
        let projection = match self.projection.as_str() {
            "zea" => CutoutProjection::Zea,
            "tan" => CutoutProjection::Tan,
            "map" => return self.aligned(centre),
            other => bail!("--projection {other} is not known: use zea, tan or map"),
        };
        let interpolation = interpolation(&self.interpolation)?;
        let pixel_arcmin = self.pixel_arcmin.unwrap_or(DEFAULT_PIXEL_ARCMIN);
        ensure!(
            pixel_arcmin.is_finite() && pixel_arcmin > 0.0,
            "--pixel-arcmin {pixel_arcmin} is not a number above zero"
        );
        let side = match self.size_arcmin {
            None => self.side.unwrap_or(DEFAULT_SIDE),
            // A hair is taken off, so that 8' of 0.25' pixels are 32 in spite of rounding.
            Some(size_arcmin) => (size_arcmin / pixel_arcmin - 1e-9).ceil() as usize,
        };
        let north = input::frame(&self.north, "--north")?;
        let grid = CutoutGrid::new(projection, side, Arcmin::new(pixel_arcmin))?.centred(centre).in_frame(north);
        Ok(How::Projected { grid, interpolation })
    }

    fn aligned(&self, centre: CentrePixel) -> Result<How> {
        for (given, option) in [(self.pixel_arcmin, "--pixel-arcmin"), (self.size_arcmin, "--size-arcmin")] {
            ensure!(
                given.is_none(),
                "{option} does not go with --projection map, whose pixels are the map's: use --side"
            );
        }
        Ok(How::Aligned { side: self.side.unwrap_or(DEFAULT_SIDE), centre })
    }
}

const DEFAULT_SIDE: usize = 32;
const DEFAULT_PIXEL_ARCMIN: f64 = 0.25;

/// The interpolation of a name.
pub(crate) fn interpolation(name: &str) -> Result<Interpolation> {
    match name {
        "nearest" => Ok(Interpolation::Nearest),
        "bilinear" => Ok(Interpolation::Bilinear),
        other => bail!("--interpolation {other} is not known: use nearest or bilinear"),
    }
}
