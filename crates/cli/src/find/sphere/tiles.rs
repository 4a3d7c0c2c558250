//! How the sphere is cut into flat tiles.

use crate::find::args::Args;
use crate::find::method::Tiling;
use crate::record::Inputs;
use anyhow::{Context, Result, ensure};
use arcmin_maps::healpix::HealpixObservation;
use arcmin_maps::{Catalogue, Geometry, Mask, PixelPosition, Shape, SkyTiling};
use arcmin_units::{Arcmin, Frame, Radian, SkyPosition};

const DEFAULT_TILE_DEG: f64 = 10.0;
/// Beyond the method's own border, so that what lies on the edge of a cell is searched by both neighbours.
const MARGIN_ARCMIN: f64 = 3.0;

/// The tiles of a search, and to which of them each direction belongs.
pub(super) struct Tiles {
    pub(super) frame: Frame,
    kind: Kind,
}

enum Kind {
    /// Tiles that cover the sphere.
    Cover(SkyTiling),
    /// Tiles around given centres; a direction belongs to the nearest.
    Around { centres: Vec<SkyPosition>, shape: Shape, pixel: Arcmin },
}

impl Tiles {
    pub(super) fn new(args: &Args, maps: &HealpixObservation, tiling: Tiling, inputs: &mut Inputs) -> Result<Self> {
        let frame = maps.bands()[0].map.frame();
        let pixel = match args.tile_pixel_arcmin {
            Some(pixel) => Arcmin::new(pixel),
            None => tiling.pixel.unwrap_or_else(|| maps.nside().resolution()),
        };
        let border = Arcmin::new(tiling.border.value() + MARGIN_ARCMIN);
        let width = Arcmin::new(60.0 * args.tile_deg.unwrap_or(DEFAULT_TILE_DEG));
        let cover = SkyTiling::new(width, border, pixel, frame)
            .context("--tile-deg, --tile-pixel-arcmin and the border that the method leaves out do not go together")?;
        let Some(path) = &args.tile_centres else { return Ok(Self { frame, kind: Kind::Cover(cover) }) };
        let centres = Catalogue::read(path)?;
        inputs.note(path)?;
        ensure!(!centres.is_empty(), "{} has no rows: there is no tile to search", path.display());
        let kind = Kind::Around { centres: centres.positions_in(frame), shape: cover.geometry(0).shape(), pixel };
        Ok(Self { frame, kind })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        match &self.kind {
            Kind::Cover(tiling) => tiling.len(),
            Kind::Around { centres, .. } => centres.len(),
        }
    }

    /// Centre of a tile, in the frame of the maps.
    pub(super) fn centre(&self, tile: usize) -> SkyPosition {
        match &self.kind {
            Kind::Cover(tiling) => tiling.centre(tile),
            Kind::Around { centres, .. } => centres[tile],
        }
    }

    /// Pixels of a tile.
    pub(super) fn geometry(&self, tile: usize) -> Result<Geometry> {
        match &self.kind {
            Kind::Cover(tiling) => Ok(tiling.geometry(tile)),
            Kind::Around { centres, shape, pixel } => {
                Ok(Geometry::tile(centres[tile], *shape, *pixel)?.in_frame(self.frame))
            }
        }
    }

    /// Half the diagonal of a tile.
    pub(super) fn radius(&self, tile: usize) -> Result<Radian> {
        let geometry = self.geometry(tile)?;
        let diagonal = (geometry.shape().nx as f64).hypot(geometry.shape().ny as f64);
        Ok(Radian::new(0.5 * diagonal * geometry.pixel_size().value()))
    }

    /// The tile to which a direction belongs.
    pub(super) fn owner(&self, position: SkyPosition) -> usize {
        match &self.kind {
            Kind::Cover(tiling) => tiling.owner(position),
            Kind::Around { centres, .. } => {
                let distance = |tile: &usize| centres[*tile].separation(position).value();
                (0..centres.len()).min_by(|a, b| distance(a).total_cmp(&distance(b))).expect("one centre at least")
            }
        }
    }
}

/// The searched pixels that no other tile counts.
pub(super) fn owned(searched: &Mask, tiles: &Tiles, tile: usize) -> Mask {
    let mut mask = searched.clone();
    let geometry = searched.geometry().clone();
    let nx = geometry.shape().nx;
    for (i, valid) in mask.valid_mut().iter_mut().enumerate().filter(|(_, valid)| **valid) {
        let p = PixelPosition { x: (i % nx) as f64, y: (i / nx) as f64 };
        *valid = geometry.pix_to_sky(p).is_some_and(|position| tiles.owner(position) == tile);
    }
    mask
}
