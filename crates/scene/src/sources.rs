//! Point sources that are painted one by one: radio and dusty galaxies.

use crate::tile::TileContext;
use crate::{Error, Setup};
use arcmin_units::SkyPosition;
use serde::{Deserialize, Serialize};

/// Radio galaxies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RadioSourcesConfig {}

/// Dusty galaxies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DustySourcesConfig {}

impl RadioSourcesConfig {
    pub(crate) fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl DustySourcesConfig {
    pub(crate) fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// What a point source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A radio galaxy.
    Radio,
    /// A dusty galaxy.
    Dusty,
}

/// One point source of a simulated sky.
#[derive(Clone, Debug, PartialEq)]
pub struct PointSource {
    /// What it is.
    pub kind: SourceKind,
    /// Position in the frame of the tile's geometry.
    pub position: SkyPosition,
    /// Flux density in each band.
    pub flux_mjy: Vec<f32>,
    /// Number of the halo that it lies in, `None` in the field.
    pub host: Option<u64>,
}

/// What point sources are drawn from.
#[derive(Clone, Debug)]
pub(crate) struct SourceModel {}

/// The point sources of one tile and its rim.
#[derive(Clone, Debug)]
pub(crate) struct TileSources {}

impl SourceModel {
    /// Tables for the sources of a survey; `None` when it has none.
    pub(crate) fn new(_setup: &Setup) -> Result<Option<Self>, Error> {
        Ok(None)
    }

    /// Draws the sources of a tile and its rim, each from its own streams.
    pub(crate) fn draw(&self, _tile: &TileContext) -> TileSources {
        TileSources {}
    }
}

impl TileSources {
    /// Adds the sources in one band to an image of the padded window in uK, each in the pixels where it lies.
    pub(crate) fn paint(&self, _band_idx: usize, _tile: &TileContext, _image: &mut [f32]) {}

    /// The sources that lie on the tile and are bright enough to be listed.
    pub(crate) fn truth(&self, _tile: &TileContext) -> Vec<PointSource> {
        Vec::new()
    }
}
